/* Where libX11 looks for what it has to know of locales, UTF-8 and dead keys
   among it: the system's directory, then that of the Python that this code
   belongs to.  XLOCALEDIR, the user's choice, it puts before them.

   This code is in lib/python3.13/lib-dynload/_tkinter.*.so, and that is how
   it finds share/X11/locale beside it: no environment variable is needed. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define SYSTEM "/usr/share/X11/locale"
#define BELOW_PREFIX 4

/* As long as the callers have room for: XLC_BUFSIZE in lcFile.c. */
static char directories[256] = SYSTEM;

static void
find(void)
{
    Dl_info info;
    char path[PATH_MAX], list[sizeof(directories)];
    int i, length;

    if (dladdr((void *)find, &info) == 0 || info.dli_fname == NULL
        || strlen(info.dli_fname) >= sizeof(path))
    {
        return;
    }
    strcpy(path, info.dli_fname);
    for (i = 0; i < BELOW_PREFIX; i++) {
        char *slash = strrchr(path, '/');
        if (slash == NULL) {
            return;
        }
        *slash = '\0';
    }
    length = snprintf(list, sizeof(list), SYSTEM ":%s/share/X11/locale", path);
    if (length < (int)sizeof(list)) {
        strcpy(directories, list);
    }
}

const char *
_XStandaloneLocaleDir(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, find);
    return directories;
}
