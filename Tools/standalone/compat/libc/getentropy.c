/* getentropy(3), in glibc since 2.25. */

#include <errno.h>
#include <sys/random.h>

/* The maximum: https://man7.org/linux/man-pages/man3/getentropy.3.html */
#define LIMIT 256

int
getentropy(void *buffer, size_t length)
{
    char *at = buffer, *end = at + length;

    if (length > LIMIT) {
        errno = EIO;
        return -1;
    }
    while (at < end) {
        ssize_t got = getrandom(at, (size_t)(end - at), 0);
        if (got > 0) {
            at += got;
        }
        else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}
