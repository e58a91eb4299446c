/* close_range(2), in glibc since 2.34, in Linux since 5.9.

   _posixsubprocess.c calls it between vfork() and exec(). */

#include <sys/syscall.h>
#include <unistd.h>

int
close_range(unsigned int first, unsigned int last, int flags)
{
    return (int)syscall(SYS_close_range, first, last, flags);
}
