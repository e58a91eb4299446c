/* sem_clockwait(3), in glibc since 2.30.

   Without it, the timeouts of locks, events and queues use the realtime clock,
   and take an hour longer if that is set back by an hour:
   https://github.com/python/cpython/issues/85876
   Only the C library knows how its semaphores work, and that has changed
   between versions.  With an older one, wait by the realtime clock. */

#include <dlfcn.h>
#include <errno.h>
#include <semaphore.h>
#include <stddef.h>
#include <time.h>

static __typeof__(sem_clockwait) *native;

/* Look the function up now instead of when a thread waits: dlsym() takes the
   loader's lock, and its owner may be waiting for that thread. */
__attribute__((constructor)) static void
find_native(void)
{
    *(void **)&native = dlsym(RTLD_DEFAULT, "sem_clockwait");
}

static struct timespec
sum(struct timespec one, struct timespec other, int sign)
{
    one.tv_sec += sign * other.tv_sec;
    one.tv_nsec += sign * other.tv_nsec;
    if (one.tv_nsec < 0) {
        one.tv_nsec += 1000000000;
        one.tv_sec--;
    }
    else if (one.tv_nsec >= 1000000000) {
        one.tv_nsec -= 1000000000;
        one.tv_sec++;
    }
    return one;
}

/* Wait until *deadline*, a time of the monotonic clock, by the realtime clock.
   If that ends too early because it was set, wait again. */
static int
wait_on_the_wall(sem_t *semaphore, const struct timespec *deadline)
{
    for (;;) {
        struct timespec now, wall;
        clock_gettime(CLOCK_MONOTONIC, &now);
        clock_gettime(CLOCK_REALTIME, &wall);
        struct timespec left = sum(*deadline, now, -1);
        wall = sum(wall, left, 1);
        if (sem_timedwait(semaphore, &wall) == 0) {
            return 0;
        }
        if (errno != ETIMEDOUT || left.tv_sec < 0) {
            return -1;
        }
    }
}

int
sem_clockwait(sem_t *semaphore, clockid_t clock,
              const struct timespec *deadline)
{
    if (native != NULL) {
        return native(semaphore, clock, deadline);
    }
    if (clock == CLOCK_REALTIME) {
        return sem_timedwait(semaphore, deadline);
    }
    if (clock == CLOCK_MONOTONIC) {
        return wait_on_the_wall(semaphore, deadline);
    }
    errno = EINVAL;
    return -1;
}
