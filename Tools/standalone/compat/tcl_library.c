/* Tcl's unix/tclUnixInit.c, with its scripts and encodings beside the
   library, in tcl8.6, wherever that lies: no program that uses it has to
   tell where, and no environment variable is needed.  TCL_LIBRARY, the
   user's choice, is tried first.  Where they are not beside the library,
   everything is as Tcl has it. */

#define _GNU_SOURCE

#define TclpInitLibraryPath init_library_path
#define TclpSetVariables set_variables
#include "tclUnixInit_upstream.c"
#undef TclpInitLibraryPath
#undef TclpSetVariables

#include "beside.h"

#define SCRIPTS "/tcl" TCL_VERSION

/* Make *directory* that of the library and all its packages, as Tcl encodes
   it. */
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

/* Add them to the directories below which Tcl looks for encodings: a list,
   allocated by Tcl, and its length. */
void
TclpInitLibraryPath(char **value, int *length, Tcl_Encoding *encoding)
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
    ckfree(*value);
    *length = Tcl_DStringLength(&list);
    *value = ckalloc(*length + 1);
    memcpy(*value, Tcl_DStringValue(&list), *length + 1);
    Tcl_DStringFree(&list);
    Tcl_DStringFree(&path);
}

/* Of each new interpreter, what tclvars(n) describes: where packages are,
   Tk among them, and, for Tcl_Init(), where Tcl's own scripts are. */
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
