/* Where libX11 looks for what it has to know of locales, UTF-8 and dead keys
   among it: the system's directory, then that of the Python that this code
   belongs to.  XLOCALEDIR, the user's choice, it puts before them.

   This code is in lib/libtk8.6.so, and share/X11/locale lies beside lib, or,
   in an application that was made by PyInstaller or Nuitka, beside that
   file: no environment variable is needed. */

#define _GNU_SOURCE
#include "beside.h"

#include <pthread.h>

#define SYSTEM "/usr/share/X11/locale"
#define LOCALES "share/X11/locale"

/* As long as the callers have room for: XLC_BUFSIZE in lcFile.c. */
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
