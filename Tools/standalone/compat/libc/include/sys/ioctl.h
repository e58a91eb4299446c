/* NCC, the length of the array of control characters in struct termio, which
   glibc 2.42 removed from its headers.  POWER has a different value.
   https://sourceware.org/git/?p=glibc.git;a=blob;f=NEWS;hb=glibc-2.42 */

#include_next <sys/ioctl.h>

#if !defined(NCC) && !defined(__powerpc__)
#define NCC 8
#endif
