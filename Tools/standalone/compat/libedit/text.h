/* Make libedit convert text as Python does, not as the C library does.

   Python may be in UTF-8 mode although the C library's locale is "C", or has
   another encoding: https://docs.python.org/3/library/os.html#utf8-mode.
   libedit would then lose typed characters, and dereference NULL if it cannot
   decode a prompt.  The recipe makes chartype.h include this file, so that all
   conversions in libedit use these functions. */

#ifndef STANDALONE_TEXT_H
#define STANDALONE_TEXT_H

#include <stdlib.h>
#include <wchar.h>
#include <wctype.h>

/* Like the functions of the C library with the same names after "text_".  But
   undecodable bytes become lone surrogates, and these become bytes again, as
   in Python (PEP 383), so converting a string never fails. */
size_t text_mbrtowc(wchar_t *, const char *, size_t, mbstate_t *);
size_t text_wcrtomb(char *, wchar_t, mbstate_t *);
int text_wctomb(char *, wchar_t);
size_t text_mbstowcs(wchar_t *, const char *, size_t);
size_t text_wcstombs(char *, const wchar_t *, size_t);
int text_iswprint(wint_t);
int text_wcwidth(wchar_t);

/* (mbrtowc)(...) still calls the C library. */
#undef wctomb
#undef mbstowcs
#undef wcstombs
#undef iswprint
#define mbrtowc(to, from, size, state)  text_mbrtowc(to, from, size, state)
#define wcrtomb(to, from, state)        text_wcrtomb(to, from, state)
#define wctomb(to, from)                text_wctomb(to, from)
#define mbstowcs(to, from, size)        text_mbstowcs(to, from, size)
#define wcstombs(to, from, size)        text_wcstombs(to, from, size)
#define iswprint(character)             text_iswprint(character)
#define wcwidth(character)              text_wcwidth(character)

#endif
