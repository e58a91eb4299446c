/* The last step of ncurses' search, after no database had an entry for $TERM:
   the terminals that are compiled in, then share/terminfo of the running
   Python.  This file replaces ncurses/fallback.c, and includes the output of
   tinfo/MKfallback.sh, which would otherwise be that file.

   It serves all users of ncurses (_curses, libedit), also in a venv, with -I
   and in a subinterpreter.  It needs no environment variable, and does nothing
   before a terminal is looked up. */

#include <curses.priv.h>
#include <tic.h>

#include <wchar.h>

#define _nc_fallback2 _nc_compiled_in
NCURSES_EXPORT(const TERMTYPE2 *) _nc_compiled_in(const char *name);
#include "compiled_in.c"
#undef _nc_fallback2

/* Functions of CPython that need neither the GIL nor an interpreter.  They are
   weak, because ncurses' programs and libedit's configure link this file
   without CPython.  They are declared here, because one build of ncurses is
   used for all versions of CPython.  The first one returns sys._stdlib_dir, or
   NULL before Py_Initialize().  Py_GetPrefix() is public, but since 3.14 it
   returns the venv (https://github.com/python/cpython/pull/126987). */
extern wchar_t *_Py_GetStdlibDir(void) __attribute__((weak));
extern wchar_t *Py_GetPrefix(void) __attribute__((weak));
extern char *_Py_EncodeLocaleRaw(const wchar_t *, size_t *)
    __attribute__((weak));
extern void PyMem_RawFree(void *) __attribute__((weak));

/* Cut lib/python3.13 from the directory of the standard library.  In programs
   made by PyInstaller, the path does not end so, and share/ is in it. */
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

   Encode the directory as CPython's C code does, which restores undecodable
   bytes.  Outside UTF-8 mode, this uses the current locale.  If the program
   has set one that cannot encode the directory, return FALSE, so that only
   the compiled-in terminals are found. */
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
        stdlib = Py_GetPrefix();    /* Nuitka sets only the prefix */
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

/* Read the entry for *name* into *entry*.  Return FALSE if there is none, or
   if the file is damaged. */
static bool
read_bundled(TERMTYPE2 *entry, const char *name)
{
    char path[PATH_MAX];
    unsigned i;

    /* A name must not lead out of the database. */
    if (*name == '\0' || *name == '.' || strchr(name, '/') != NULL
        || !entry_path(path, name)
        || _nc_read_file_entry(path, entry) != TGETENT_YES)
    {
        return FALSE;
    }
    /* Found in a damaged file.  ncurses copies this table only if there are
       names, and would otherwise free the same table twice. */
    if (NUM_EXT_NAMES(entry) == 0 && entry->ext_str_table != NULL) {
        return FALSE;
    }
    /* Replace cancelled capabilities, which the library does not expect. */
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

/* setupterm() copies the result at once.  Like the rest of ncurses' state, the
   static result must not be used by two threads at the same time. */
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
