/* Tcl's unix/tclUnixInit.c, changed to find Tcl's scripts and encodings in
   the directory tcl8.6 or tcl9.0 next to the library.  Programs that use the
   library need no setting for that and no environment variable.  TCL_LIBRARY, which
   the user may set, still comes first.  If there is no such directory, Tcl
   searches as usual. */

#define _GNU_SOURCE

#define TclpInitLibraryPath init_library_path
#define TclpSetVariables set_variables
#include "tclUnixInit_upstream.c"
#undef TclpInitLibraryPath
#undef TclpSetVariables

#include "beside.h"

#define SCRIPTS "/tcl" TCL_VERSION

#if TCL_MAJOR_VERSION < 9
typedef int list_length;
#else
typedef size_t list_length;
#endif

/* Store the directory of the library and of all its packages in *directory*,
   in Tcl's encoding. */
static int
find_packages(Tcl_DString *directory)
{
    char path[PATH_MAX];

    if (!standalone_directory(path, SCRIPTS "/init.tcl")) {
        return 0;
    }
    Tcl_ExternalToUtfDString(NULL, path, -1, directory);
    return 1;
}

/* Add our directory to those that Tcl searches for encodings.  *value* is a
   list that Tcl allocated. */
void
TclpInitLibraryPath(char **value, list_length *length, Tcl_Encoding *encoding)
{
    Tcl_DString path, list;

    init_library_path(value, length, encoding);
    if (!find_packages(&path)) {
        return;
    }
    Tcl_DStringAppend(&path, SCRIPTS, -1);
    Tcl_DStringInit(&list);
    Tcl_DStringAppend(&list, *value, *length);
    Tcl_DStringAppendElement(&list, Tcl_DStringValue(&path));
    Tcl_Free(*value);
    *length = Tcl_DStringLength(&list);
    *value = Tcl_Alloc(*length + 1);
    memcpy(*value, Tcl_DStringValue(&list), *length + 1);
    Tcl_DStringFree(&list);
    Tcl_DStringFree(&path);
}

/* Set variables in each new interpreter, see tclvars(n): the directory of
   packages such as Tk and, for Tcl_Init(), the directory of Tcl's scripts. */
void
TclpSetVariables(Tcl_Interp *interp)
{
    Tcl_DString path;

    set_variables(interp);
    if (!find_packages(&path)) {
        return;
    }
    Tcl_UnsetVar(interp, "tcl_pkgPath", TCL_GLOBAL_ONLY);
    Tcl_SetVar(interp, "tcl_pkgPath", Tcl_DStringValue(&path),
               TCL_GLOBAL_ONLY | TCL_LIST_ELEMENT);
    Tcl_DStringAppend(&path, SCRIPTS, -1);
    Tcl_SetVar(interp, "tclDefaultLibrary", Tcl_DStringValue(&path),
               TCL_GLOBAL_ONLY);
    Tcl_DStringFree(&path);
}
