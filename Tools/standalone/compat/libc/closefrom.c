/* closefrom(3), in glibc since 2.34.

   Called where close_range() failed: on Linux before 5.9 or in a sandbox.
   glibc's ends the process if it then cannot read /proc; this one tries
   each number that may be open.  Safe after fork(): it allocates nothing. */

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What getdents64(2) fills in; glibc's dirent64 has the same layout. */
typedef struct dirent64 entry;

static void
close_listed(int directory, int lowest)
{
    _Alignas(entry) char buffer[4096];
    long size;

    while ((size = syscall(SYS_getdents64, directory, buffer,
                           sizeof(buffer))) > 0)
    {
        const entry *at;
        for (long offset = 0; offset < size; offset += at->d_reclen) {
            at = (const entry *)(buffer + offset);
            int fd = at->d_name[0] == '.' ? -1 : atoi(at->d_name);
            if (fd >= lowest && fd != directory) {
                close(fd);
            }
        }
    }
}

void
closefrom(int lowest)
{
    if (lowest < 0) {
        lowest = 0;
    }
    if (close_range((unsigned int)lowest, ~0U, 0) == 0) {
        return;
    }
    int directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
        close_listed(directory, lowest);
        close(directory);
        return;
    }
    long end = sysconf(_SC_OPEN_MAX);
    for (long fd = lowest; fd < end; fd++) {
        close((int)fd);
    }
}
