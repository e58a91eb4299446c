/* explicit_bzero(3), in glibc since 2.25: clear memory even if the program
   does not read it again. */

/* Callers compiled with _FORTIFY_SOURCE call the second function. */
#undef _FORTIFY_SOURCE

#include <stddef.h>
#include <string.h>

/* Ends the process; in glibc since 2.3.4. */
extern void __chk_fail(void) __attribute__((noreturn));
extern void __explicit_bzero_chk(void *, size_t, size_t);

void
explicit_bzero(void *memory, size_t length)
{
    memset(memory, 0, length);
    /* Make the compiler assume that the memory is read. */
    __asm__ volatile("" : : "r"(memory) : "memory");
}

void
__explicit_bzero_chk(void *memory, size_t length, size_t room)
{
    if (length > room) {
        __chk_fail();
    }
    explicit_bzero(memory, length);
}
