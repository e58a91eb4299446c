/* posix_spawn_file_actions_addclosefrom_np(3), in glibc since 2.34.

   Only the C library can implement an action of posix_spawn().  If it has no
   such function, return ENOSYS. */

#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stddef.h>

static __typeof__(posix_spawn_file_actions_addclosefrom_np) *native;

/* Look the function up at start-up, for the reason in sem_clockwait.c. */
__attribute__((constructor)) static void
find_native(void)
{
    *(void **)&native = dlsym(RTLD_DEFAULT,
                              "posix_spawn_file_actions_addclosefrom_np");
}

int
posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions,
                                         int lowest)
{
    return native != NULL ? native(actions, lowest) : ENOSYS;
}
