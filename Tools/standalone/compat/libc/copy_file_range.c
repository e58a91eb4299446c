/* copy_file_range(2), in glibc since 2.27, in Linux since 4.5.

   Like glibc since 2.30, do not copy in user space if the kernel cannot: the
   caller decides what to do then. */

#include <sys/syscall.h>
#include <unistd.h>

ssize_t
copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset,
                size_t length, unsigned int flags)
{
    return syscall(SYS_copy_file_range, from, from_offset, to, to_offset,
                   length, flags);
}
