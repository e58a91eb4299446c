/* getrandom(2), in glibc since 2.25, in Linux since 3.17. */

#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t
getrandom(void *buffer, size_t length, unsigned int flags)
{
    return syscall(SYS_getrandom, buffer, length, flags);
}
