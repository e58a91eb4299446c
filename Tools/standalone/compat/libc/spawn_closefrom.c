/* posix_spawn_file_actions_addclosefrom_np(3), in glibc since 2.34.

   An action of posix_spawn() is known to the C library alone.  In an older
   one there is none that could stand for this, and ENOSYS says so. */

#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stddef.h>

static __typeof__(posix_spawn_file_actions_addclosefrom_np) *native;

/* Now, and not when it is called: see sem_clockwait.c. */
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
