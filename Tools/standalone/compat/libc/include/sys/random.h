/* Declarations that the C library hides when compiling for an old version. */

#include_next <sys/random.h>

#ifndef STANDALONE_SYS_RANDOM_H
#define STANDALONE_SYS_RANDOM_H

__BEGIN_DECLS

extern ssize_t getrandom(void *, size_t, unsigned int) __wur;
extern int getentropy(void *, size_t) __wur;

__END_DECLS

#endif
