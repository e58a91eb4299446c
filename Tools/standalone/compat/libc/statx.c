/* statx(2), in glibc since 2.28, in Linux since 4.11.  os.statx() exists
   since CPython 3.15. */

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int
statx(int directory, const char *path, int flags, unsigned int mask,
      struct statx *buffer)
{
    return (int)syscall(SYS_statx, directory, path, flags, mask, buffer);
}
