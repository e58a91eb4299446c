/* closefrom(3), in glibc since 2.34.

   CPython calls it if close_range() failed: on Linux before 5.9 or in a
   sandbox.  If glibc's version cannot read /proc, it ends the process; this
   one tries all numbers.  It is safe after fork(): it allocates nothing. */

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The entries that getdents64(2) writes; dirent64 has the same layout. */
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
