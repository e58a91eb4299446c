/* preadv2(2) and pwritev2(2), in glibc since 2.26, in Linux since 4.6.

   os.preadv() calls the first whether it has flags or not, so that it must
   work on older kernels as well, where flags are EOPNOTSUPP:
   https://man7.org/linux/man-pages/man2/readv.2.html */

#include <errno.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* What the offset -1 stands for: the file's own, which moves on. */
#define CURRENT (-1)

ssize_t
preadv2(int fd, const struct iovec *vectors, int count, off_t offset,
        int flags)
{
    /* The offset's upper half is for processors of 32 bits. */
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

/* What those who compile with -D_FILE_OFFSET_BITS=64 call. */
__typeof__(preadv2) preadv64v2 __attribute__((alias("preadv2")));
__typeof__(pwritev2) pwritev64v2 __attribute__((alias("pwritev2")));
