/* The directories in which libX11 looks for its data about locales, such as
   UTF-8 and dead keys: the system's directory, then the one of this Python.
   libX11 puts XLOCALEDIR, which the user may set, before them.

   This code is part of lib/libtk8.6.so.  share/X11/locale is next to lib or,
   in an application made by PyInstaller or Nuitka, next to the library
   itself, so no environment variable is needed. */

#define _GNU_SOURCE
#include "beside.h"

#include <pthread.h>

#define SYSTEM "/usr/share/X11/locale"
#define LOCALES "share/X11/locale"

/* The callers' buffers have this size: XLC_BUFSIZE in lcFile.c. */
static char directories[256] = SYSTEM;

static void
find(void)
{
    char path[PATH_MAX], list[PATH_MAX + sizeof(SYSTEM LOCALES) + 2];

    if (!standalone_directory(path, LOCALES)
        && !(standalone_directory(path, "../" LOCALES)
             && standalone_go_up(path)))
    {
        return;
    }
    snprintf(list, sizeof(list), SYSTEM ":%s/" LOCALES, path);
    if (strlen(list) < sizeof(directories)) {
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
