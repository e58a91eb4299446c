/* The functions that text.h declares, and libedit's own chartype.c. */

#include "config.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "text.h"

/* ncurses' table of character widths, which ncurses itself does not use on
   this system. */
#define NCURSES_EXPORT(type) static __attribute__((unused)) type
#define mk_wcwidth mk_wcwidth           /* ask for this function */
/* Modes that it may be set to, but is not. */
enum {WcSoftHyphen = 1, WcPrivateFullwidth = 2, WcEmojiFullwidth = 4};
#include <wcwidth.h>

/* Functions of CPython that need neither the GIL nor an interpreter.  Weak,
   because configure scripts link libedit without CPython. */
extern wchar_t *Py_DecodeLocale(const char *, size_t *)
    __attribute__((weak));
extern void PyMem_RawFree(void *) __attribute__((weak));

#define INVALID ((size_t)-1)
#define INCOMPLETE ((size_t)-2)
#define IS_ESCAPED(c) ((c) >= 0xdc80 && (c) <= 0xdcff)
#define IS_SURROGATE(c) ((c) >= 0xd800 && (c) <= 0xdfff)

/* Does Python decode text as UTF-8 now? */
static int
is_utf8(void)
{
    size_t length = 0;
    wchar_t *decoded;
    int result;

    if (Py_DecodeLocale == NULL || PyMem_RawFree == NULL
        || (decoded = Py_DecodeLocale("\xc3\xa9", &length)) == NULL)
    {
        return 0;
    }
    result = length == 1 && decoded[0] == 0xe9;
    PyMem_RawFree(decoded);
    return result;
}

/* The length of a character whose first byte is *byte*; 0 if none is. */
static size_t
utf8_length(unsigned char byte)
{
    return byte < 0xc2 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3
         : byte < 0xf5 ? 4 : 0;
}

/* Decode a non-ASCII character: https://www.rfc-editor.org/rfc/rfc3629 */
static size_t
utf8_decode(wchar_t *result, const unsigned char *bytes, size_t available)
{
    size_t length = utf8_length(bytes[0]), i;
    uint32_t c = bytes[0] & (0x7f >> length);

    if (length == 0) {
        return INVALID;
    }
    for (i = 1; i < length; i++) {
        if (i == available) {
            return INCOMPLETE;
        }
        if ((bytes[i] & 0xc0) != 0x80) {
            return INVALID;
        }
        c = c << 6 | (bytes[i] & 0x3f);
        /* Overlong encodings, surrogates, values beyond Unicode. */
        if (i == 1 && ((length == 3 && (c < 0x20 || (c >= 0x360 && c < 0x380)))
                       || (length == 4 && (c < 0x10 || c > 0x10f))))
        {
            return INVALID;
        }
    }
    *result = (wchar_t)c;
    return length;
}

static size_t
utf8_encode(char *result, uint32_t c)
{
    size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

    if (c > 0x10ffff || IS_SURROGATE(c)) {
        return INVALID;
    }
    for (i = length - 1; i > 0; i--) {
        result[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    result[0] = (char)((0xf00 >> length & 0xff) | c);
    return length;
}

size_t
text_mbrtowc(wchar_t *result, const char *bytes, size_t available,
             mbstate_t *unused)
{
    mbstate_t state;
    size_t length;

    (void)unused;
    if (available == 0) {
        return INCOMPLETE;
    }
    if ((unsigned char)*bytes < 0x80) {
        *result = *bytes;
        return *bytes != '\0';
    }
    if (is_utf8()) {
        length = utf8_decode(result, (const unsigned char *)bytes, available);
    }
    else {
        memset(&state, 0, sizeof(state));
        length = (mbrtowc)(result, bytes, available, &state);
    }
    if (length == INVALID && available == 1) {
        *result = 0xdc00 + (unsigned char)*bytes;
        return 1;
    }
    return length;
}

size_t
text_wcrtomb(char *result, wchar_t c, mbstate_t *unused)
{
    mbstate_t state;

    (void)unused;
    if ((uint32_t)c < 0x80) {
        *result = (char)c;
        return 1;
    }
    if (IS_ESCAPED(c)) {
        *result = (char)(c - 0xdc00);
        return 1;
    }
    if (is_utf8()) {
        return utf8_encode(result, (uint32_t)c);
    }
    memset(&state, 0, sizeof(state));
    return (wcrtomb)(result, c, &state);
}

int
text_wctomb(char *result, wchar_t c)
{
    return result == NULL ? 0 : (int)text_wcrtomb(result, c, NULL);
}

size_t
text_mbstowcs(wchar_t *result, const char *bytes, size_t size)
{
    size_t left = strlen(bytes), count = 0, length;
    wchar_t c;

    for (; left > 0; count++) {
        if (result != NULL && count == size) {
            return count;
        }
        length = text_mbrtowc(&c, bytes, left, NULL);
        if (length == INVALID || length == INCOMPLETE) {
            length = 1;
            c = 0xdc00 + (unsigned char)*bytes;
        }
        if (result != NULL) {
            result[count] = c;
        }
        bytes += length;
        left -= length;
    }
    if (result != NULL && count < size) {
        result[count] = L'\0';
    }
    return count;
}

size_t
text_wcstombs(char *result, const wchar_t *text, size_t size)
{
    char bytes[MB_LEN_MAX];
    size_t count = 0, length;

    for (; *text != L'\0'; text++) {
        length = text_wcrtomb(bytes, *text, NULL);
        if (length == INVALID) {
            continue;
        }
        if (result != NULL) {
            if (count + length > size) {
                return count;
            }
            memcpy(result + count, bytes, length);
        }
        count += length;
    }
    if (result != NULL && count < size) {
        result[count] = '\0';
    }
    return count;
}

int
text_iswprint(wint_t c)
{
    return (iswprint)(c) || (c >= 0xa0 && c <= 0x10ffff && !IS_SURROGATE(c)
                           && is_utf8() && mk_wcwidth(c) >= 0);
}

int
text_wcwidth(wchar_t c)
{
    int width = (wcwidth)(c);

    return width >= 0 ? width
         : text_iswprint((wint_t)c) ? mk_wcwidth((uint32_t)c) : -1;
}

#include "chartype_upstream.c"
