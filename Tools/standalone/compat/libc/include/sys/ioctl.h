/* What glibc 2.42 took out of its headers, and older ones have: the length of
   the array of control characters in struct termio.  POWER has another.
   https://sourceware.org/git/?p=glibc.git;a=blob;f=NEWS;hb=glibc-2.42 */

#include_next <sys/ioctl.h>

#if !defined(NCC) && !defined(__powerpc__)
#define NCC 8
#endif
