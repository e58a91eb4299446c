/* Declarations that the C library hides when compiling for an old version. */

#include_next <sys/stat.h>

#if defined(__USE_GNU) && !defined(STANDALONE_SYS_STAT_H)
#define STANDALONE_SYS_STAT_H

__BEGIN_DECLS

extern int statx(int, const char *__restrict, int, unsigned int,
                 struct statx *__restrict) __THROW;

__END_DECLS

#endif
