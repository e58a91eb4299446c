/* What libedit asks the C library about text, asked of Python instead.

   Python may be in UTF-8 mode while the C library's locale is "C", or has
   another encoding: https://docs.python.org/3/library/os.html#utf8-mode.
   libedit would then lose what is typed, and use the NULL that it gets for
   a prompt that it cannot decode.  The recipe has chartype.h include this,
   so that every conversion of libedit's comes here. */

#ifndef STANDALONE_TEXT_H
#define STANDALONE_TEXT_H

#include <stdlib.h>
#include <wchar.h>
#include <wctype.h>

/* As the functions of the C library whose names end the same.  Bytes that
   mean nothing become lone surrogates and bytes again, as in Python
   (PEP 383), so that converting a string does not fail. */
size_t text_mbrtowc(wchar_t *, const char *, size_t, mbstate_t *);
size_t text_wcrtomb(char *, wchar_t, mbstate_t *);
int text_wctomb(char *, wchar_t);
size_t text_mbstowcs(wchar_t *, const char *, size_t);
size_t text_wcstombs(char *, const wchar_t *, size_t);
int text_iswprint(wint_t);
int text_wcwidth(wchar_t);

/* (mbrtowc)(...) is still the C library's. */
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
