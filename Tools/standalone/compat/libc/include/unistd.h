/* Declarations that the C library hides when compiling for an old version. */

#include_next <unistd.h>

#if defined(__USE_GNU) && !defined(STANDALONE_UNISTD_H)
#define STANDALONE_UNISTD_H

__BEGIN_DECLS

extern ssize_t copy_file_range(int, __off64_t *, int, __off64_t *, size_t,
                               unsigned int);
extern int close_range(unsigned int, unsigned int, int) __THROW;

__END_DECLS

#endif
