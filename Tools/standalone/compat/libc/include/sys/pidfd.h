/* Declarations that the C library hides when compiling for an old version. */

#include_next <sys/pidfd.h>

#include <fcntl.h>

/* https://man7.org/linux/man-pages/man2/pidfd_open.2.html */
#ifndef PIDFD_NONBLOCK
#define PIDFD_NONBLOCK O_NONBLOCK
#endif
