/* preadv2(2) and pwritev2(2), in glibc since 2.26, in Linux since 4.6.

   os.preadv() calls preadv2() with or without flags, so it has to work on
   older kernels, too; there, flags cause EOPNOTSUPP:
   https://man7.org/linux/man-pages/man2/readv.2.html */

#include <errno.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* An offset that means: use the file's offset, and update it. */
#define CURRENT (-1)

ssize_t
preadv2(int fd, const struct iovec *vectors, int count, off_t offset,
        int flags)
{
    /* Only 32-bit processors use the upper half of the offset. */
    ssize_t done = syscall(SYS_preadv2, fd, vectors, count, offset, 0L,
                           flags);
    if (done >= 0 || errno != ENOSYS) {
        return done;
    }
    if (flags != 0) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return offset == CURRENT ? readv(fd, vectors, count)
                             : preadv(fd, vectors, count, offset);
}

ssize_t
pwritev2(int fd, const struct iovec *vectors, int count, off_t offset,
         int flags)
{
    ssize_t done = syscall(SYS_pwritev2, fd, vectors, count, offset, 0L,
                           flags);
    if (done >= 0 || errno != ENOSYS) {
        return done;
    }
    if (flags != 0) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return offset == CURRENT ? writev(fd, vectors, count)
                             : pwritev(fd, vectors, count, offset);
}

/* Code compiled with -D_FILE_OFFSET_BITS=64 calls these names. */
__typeof__(preadv2) preadv64v2 __attribute__((alias("preadv2")));
__typeof__(pwritev2) pwritev64v2 __attribute__((alias("pwritev2")));
