/* Where files are that belong to the shared library this is compiled into.

   A dependency that comes with data is configured for a prefix that nobody
   has.  Included once in a library, by the C file that needs it. */

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Cut the last component of a path. */
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

/* The directory of a file, without the /.. at its end that a RUNPATH of
   $ORIGIN/../.. leaves there.  Links before that are kept. */
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

/* Write into *path*, of PATH_MAX bytes, the directory of this library if
   *file* exists relative to it: the directory it was loaded from, else the
   one that links lead to.  Return 0 if there is none. */
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
