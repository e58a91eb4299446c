/* Declarations that the C library hides when compiling for an old version. */

#include_next <sys/mman.h>

#if defined(__USE_GNU) && !defined(STANDALONE_SYS_MMAN_H)
#define STANDALONE_SYS_MMAN_H

__BEGIN_DECLS

extern int memfd_create(const char *, unsigned int) __THROW;

__END_DECLS

#endif
