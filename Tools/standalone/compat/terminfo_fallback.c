/* What ncurses asks last, when no database has an entry for $TERM: first
   the terminals that are compiled in, then share/terminfo of the Python
   that runs.  It takes the place of ncurses/fallback.c, and includes what
   tinfo/MKfallback.sh would have that be.

   Everything that uses ncurses gets here (_curses, libedit), in a venv,
   with -I, in a subinterpreter; no environment variable is needed, and
   nothing is done before a terminal is looked up. */

#include <curses.priv.h>
#include <tic.h>

#include <wchar.h>

#define _nc_fallback2 _nc_compiled_in
NCURSES_EXPORT(const TERMTYPE2 *) _nc_compiled_in(const char *name);
#include "compiled_in.c"
#undef _nc_fallback2

/* Functions of CPython that need neither the GIL nor an interpreter.  Weak,
   because ncurses' own programs, and libedit's configure, link this without
   CPython; not from its headers, because one build of ncurses serves all
   versions.  sys._stdlib_dir is the first one's answer, which is NULL before
   Py_Initialize().  Py_GetPrefix() would be public, but gives the venv's
   directory since 3.14 (https://github.com/python/cpython/pull/126987). */
extern wchar_t *_Py_GetStdlibDir(void) __attribute__((weak));
extern wchar_t *Py_GetPrefix(void) __attribute__((weak));
extern char *_Py_EncodeLocaleRaw(const wchar_t *, size_t *)
    __attribute__((weak));
extern void PyMem_RawFree(void *) __attribute__((weak));

/* Cut lib/python3.13 from the directory of the standard library.  Programs
   that PyInstaller makes have none, but the directory that share/ is in. */
static void
cut_library(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash != NULL && strncmp(slash, "/python3.", 9) == 0) {
        *slash = '\0';
        slash = strrchr(path, '/');
        if (slash != NULL) {
            *slash = '\0';
        }
    }
}

/* Write the path of the entry for *name* into *path*, of PATH_MAX bytes.

   CPython's C code encodes names of files like this: what could not be
   decoded becomes the same bytes again.  Without UTF-8 mode the locale is
   asked that is set by now: a program that left for one in which it cannot
   write the directory's name has only what is compiled in. */
static bool
entry_path(char *path, const char *name)
{
    wchar_t *stdlib;
    char *prefix;
    int length = -1;

    if (_Py_GetStdlibDir == NULL || _Py_EncodeLocaleRaw == NULL
        || PyMem_RawFree == NULL)
    {
        return FALSE;
    }
    stdlib = _Py_GetStdlibDir();
    if (stdlib == NULL && Py_GetPrefix != NULL) {
        stdlib = Py_GetPrefix();    /* what Nuitka sets instead */
    }
    if (stdlib == NULL
        || (prefix = _Py_EncodeLocaleRaw(stdlib, NULL)) == NULL)
    {
        return FALSE;
    }
    cut_library(prefix);
    length = snprintf(path, PATH_MAX, "%s/share/terminfo/" LEAF_FMT "/%s",
                      prefix, *name, name);
    PyMem_RawFree(prefix);
    return length > 0 && length < PATH_MAX;
}

/* Read the entry for *name* into *entry*.  A file that is damaged is no
   entry. */
static bool
read_bundled(TERMTYPE2 *entry, const char *name)
{
    char path[PATH_MAX];
    unsigned i;

    /* No name leads out of the database. */
    if (*name == '\0' || *name == '.' || strchr(name, '/') != NULL
        || !entry_path(path, name)
        || _nc_read_file_entry(path, entry) != TGETENT_YES)
    {
        return FALSE;
    }
    /* Seen in a damaged file.  ncurses copies such a table only together
       with names, and would free the same one twice. */
    if (NUM_EXT_NAMES(entry) == 0 && entry->ext_str_table != NULL) {
        return FALSE;
    }
    /* The library counts on it that what is cancelled is absent. */
    for_each_boolean(i, entry) {
        if (!VALID_BOOLEAN(entry->Booleans[i])) {
            entry->Booleans[i] = FALSE;
        }
    }
    for_each_string(i, entry) {
        if (entry->Strings[i] == CANCELLED_STRING) {
            entry->Strings[i] = ABSENT_STRING;
        }
    }
    return TRUE;
}

/* setupterm() copies the answer at once.  Like the rest of ncurses' state,
   what the answer points to is not for two threads at the same time. */
NCURSES_EXPORT(const TERMTYPE2 *)
_nc_fallback2(const char *name)
{
    static TERMTYPE2 bundled;
    const TERMTYPE2 *compiled_in = _nc_compiled_in(name);

    if (compiled_in != NULL) {
        return compiled_in;
    }
    _nc_free_termtype2(&bundled);
    return read_bundled(&bundled, name) ? &bundled : NULL;
}
