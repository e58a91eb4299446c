/* Find data files relative to the shared library that contains this code.

   The prefix that a dependency was configured with exists nowhere, so its data
   cannot be found there.  Include this header in one C file of the library. */

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Cut the last component off a path. */
static int
standalone_go_up(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash == NULL) {
        return 0;
    }
    *slash = '\0';
    return 1;
}

/* Reduce the path of a file to its directory.  If that ends with /.., as with
   a RUNPATH of $ORIGIN/../.., resolve the end; keep links before it. */
static int
standalone_dirname(char *path)
{
    int up = 0;

    if (!standalone_go_up(path)) {
        return 0;
    }
    for (size_t n = strlen(path); n > 3 && strcmp(path + n - 3, "/..") == 0;
         n = strlen(path))
    {
        path[n - 3] = '\0';
        up++;
    }
    while (up-- > 0) {
        if (!standalone_go_up(path)) {
            return 0;
        }
    }
    return 1;
}

/* Write the directory of this library into *path*, of PATH_MAX bytes, if
   *file* exists relative to it.  Try the directory that it was loaded from,
   then the one that links lead to.  Return 0 if neither has the file. */
static int
standalone_directory(char *path, const char *file)
{
    Dl_info info;
    char wanted[PATH_MAX];

    if (dladdr((void *)standalone_directory, &info) == 0
        || info.dli_fname == NULL || strlen(info.dli_fname) >= PATH_MAX)
    {
        return 0;
    }
    for (int i = 0; i < 2; i++) {
        if (i == 0) {
            strcpy(path, info.dli_fname);
        }
        else if (realpath(info.dli_fname, path) == NULL) {
            return 0;
        }
        if (standalone_dirname(path)
            && snprintf(wanted, PATH_MAX, "%s/%s", path, file) < PATH_MAX
            && access(wanted, R_OK) == 0)
        {
            return 1;
        }
    }
    return 0;
}
