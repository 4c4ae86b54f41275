/* Barriers. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "sim/barrier.h"
#include "sim/machine/hook.h"
#include "sim/machine/real.h"

static struct barrier *barrier_of(pthread_barrier_t *barrier) {
    return (struct barrier *)(void *)barrier;
}

/* Shared with other processes or not: no two nodes have memory in common. */
HOOK int pthread_barrier_init(pthread_barrier_t *restrict barrier,
                              const pthread_barrierattr_t *restrict attributes,
                              unsigned count) {
    if (!hook_simulated()) {
        memset(barrier, 0, sizeof *barrier); /* glibc leaves bytes as they were */
        return REAL(pthread_barrier_init)(barrier, attributes, count);
    }
    struct barrier made;
    if (barrier_init(&made, count) != 0) {
        return EINVAL;
    }
    memset(barrier, 0, sizeof *barrier);
    *barrier_of(barrier) = made;
    return 0;
}

HOOK int pthread_barrier_destroy(pthread_barrier_t *barrier) {
    if (!hook_simulated()) {
        return REAL(pthread_barrier_destroy)(barrier);
    }
    return barrier_destroy(hook_schedule(), barrier_of(barrier), HOOK_SITE);
}

HOOK int pthread_barrier_wait(pthread_barrier_t *barrier) {
    if (!hook_simulated()) {
        return REAL(pthread_barrier_wait)(barrier);
    }
    const bool last = barrier_wait(hook_schedule(), barrier_of(barrier), HOOK_SITE);
    return last ? PTHREAD_BARRIER_SERIAL_THREAD : 0;
}
