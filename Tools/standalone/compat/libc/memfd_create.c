/* memfd_create(2), in glibc since 2.27, in Linux since 3.17. */

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int
memfd_create(const char *name, unsigned int flags)
{
    return (int)syscall(SYS_memfd_create, name, flags);
}
