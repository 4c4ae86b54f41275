/* Semaphores without a name; those with one lie in memory that is shared by name: an escape. */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "sim/machine/hook.h"
#include "sim/machine/real.h"
#include "sim/machine/signals.h"
#include "sim/semaphore.h"

static struct semaphore *semaphore_of(sem_t *semaphore) {
    return (struct semaphore *)(void *)semaphore;
}

/* Shared with other processes or not: no two nodes have memory in common. */
HOOK int sem_init(sem_t *semaphore, int shared, unsigned value) {
    if (!hook_simulated()) {
        memset(semaphore, 0, sizeof *semaphore); /* glibc leaves bytes as they were */
        return REAL(sem_init)(semaphore, shared, value);
    }
    struct semaphore made;
    if (semaphore_init(&made, value) != 0) {
        return hook_result(-EINVAL);
    }
    memset(semaphore, 0, sizeof *semaphore);
    *semaphore_of(semaphore) = made;
    return 0;
}

HOOK int sem_destroy(sem_t *semaphore) {
    if (!hook_simulated()) {
        return REAL(sem_destroy)(semaphore);
    }
    return hook_result(-semaphore_destroy(semaphore_of(semaphore)));
}

HOOK int sem_wait(sem_t *semaphore) {
    if (!hook_simulated()) {
        return REAL(sem_wait)(semaphore);
    }
    int result;
    do {
        result = semaphore_wait(hook_schedule(), semaphore_of(semaphore), AGENDA_NEVER, HOOK_SITE);
    } while (result == EINTR && signals_restart());
    return hook_result(-result);
}

HOOK int sem_trywait(sem_t *semaphore) {
    if (!hook_simulated()) {
        return REAL(sem_trywait)(semaphore);
    }
    return hook_result(-semaphore_try_wait(hook_schedule(), semaphore_of(semaphore), HOOK_SITE));
}

/* SA_RESTART does not restart a wait with a deadline: the kernel's futex(2) does not. */
static int
wait_until(sem_t *semaphore, clockid_t clock, const struct timespec *deadline, const void *site) {
    uint64_t due_ns;
    int result = hook_deadline_of(clock, deadline, &due_ns);
    if (result == 0) {
        result = semaphore_wait(hook_schedule(), semaphore_of(semaphore), due_ns, site);
    }
    if (result == EINTR) {
        signals_restart(); /* this one does not */
    }
    return hook_result(-result);
}

HOOK int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict deadline) {
    if (!hook_simulated()) {
        return REAL(sem_timedwait)(semaphore, deadline);
    }
    return wait_until(semaphore, CLOCK_REALTIME, deadline, HOOK_SITE);
}

HOOK int sem_clockwait(sem_t *restrict semaphore,
                       clockid_t clock,
                       const struct timespec *restrict deadline) {
    if (!hook_simulated()) {
        return REAL(sem_clockwait)(semaphore, clock, deadline);
    }
    return wait_until(semaphore, clock, deadline, HOOK_SITE);
}

HOOK int sem_post(sem_t *semaphore) {
    if (!hook_simulated()) {
        return REAL(sem_post)(semaphore);
    }
    return hook_result(-semaphore_post(hook_schedule(), semaphore_of(semaphore), HOOK_SITE));
}

HOOK int sem_getvalue(sem_t *restrict semaphore, int *restrict value) {
    if (!hook_simulated()) {
        return REAL(sem_getvalue)(semaphore, value);
    }
    *value = (int)semaphore_value(hook_schedule(), semaphore_of(semaphore), HOOK_SITE);
    return 0;
}

HOOK sem_t *sem_open(const char *name, int flags, ...) {
    if (hook_simulated()) {
        hook_escape(HOOK_SITE, "sem_open() of %s", name);
    }
    if ((flags & O_CREAT) == 0) {
        return REAL(sem_open)(name, flags);
    }
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = va_arg(arguments, mode_t);
    const unsigned value = va_arg(arguments, unsigned);
    va_end(arguments);
    return REAL(sem_open)(name, flags, mode, value);
}

HOOK int sem_close(sem_t *semaphore) {
    if (hook_simulated()) {
        hook_escape(HOOK_SITE, "sem_close()");
    }
    return REAL(sem_close)(semaphore);
}

HOOK int sem_unlink(const char *name) {
    if (hook_simulated()) {
        hook_escape(HOOK_SITE, "sem_unlink() of %s", name);
    }
    return REAL(sem_unlink)(name);
}
