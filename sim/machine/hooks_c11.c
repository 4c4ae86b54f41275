/* threads.h: the same threads, mutexes, condition variables and keys under the names of C11. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <threads.h>
#include <time.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_thread.h"
#include "sim/object.h"
#include "sim/sync.h"

static int result_of(int error) {
    switch (error) {
    case 0:
        return thrd_success;
    case ENOMEM:
        return thrd_nomem;
    case ETIMEDOUT:
        return thrd_timedout;
    case EBUSY:
        return thrd_busy;
    default:
        return thrd_error;
    }
}

/* ---- threads ---- */

/* An int comes back in the lower half of the register that a pointer would fill; thrd_join looks
 * at no more. */
HOOK int thrd_create(thrd_t *handle, thrd_start_t routine, void *argument) {
    if (!hook_simulated()) {
        return REAL(thrd_create)(handle, routine, argument);
    }
    const struct machine_start start = {(void *(*)(void *))(void *)routine, argument};
    *handle = (thrd_t)hooks_thread_create(&start, false, HOOK_SITE);
    return thrd_success;
}

HOOK int thrd_join(thrd_t handle, int *result) {
    if (!hook_simulated()) {
        return REAL(thrd_join)(handle, result);
    }
    void *value = NULL;
    const int status = hooks_thread_join(handle, AGENDA_NEVER, &value, HOOK_SITE);
    if (status == 0 && result != NULL) {
        *result = (int)(intptr_t)value;
    }
    return result_of(status);
}

HOOK int thrd_detach(thrd_t handle) {
    return hook_simulated() ? result_of(hooks_thread_detach(handle, HOOK_SITE))
                            : REAL(thrd_detach)(handle);
}

HOOK thrd_t thrd_current(void) {
    return hook_simulated() ? (thrd_t)hooks_thread_self() : REAL(thrd_current)();
}

HOOK int thrd_equal(thrd_t a, thrd_t b) {
    return a == b;
}

HOOK void thrd_yield(void) {
    if (!hook_simulated()) {
        REAL(thrd_yield)();
        return;
    }
    hooks_thread_yield(HOOK_SITE);
}

HOOK _Noreturn void thrd_exit(int result) {
    pthread_exit((void *)(intptr_t)result);
}

/* ---- mutexes ---- */

_Static_assert(sizeof(struct sync_mutex) <= sizeof(mtx_t), "lies in the program's object");
_Static_assert(sizeof(struct sync_cond) <= sizeof(cnd_t), "lies in the program's object");

static struct sync_mutex *mutex_of(mtx_t *mutex) {
    return (struct sync_mutex *)(void *)mutex;
}

/* As in glibc, other bits of the type mean nothing. */
HOOK int mtx_init(mtx_t *mutex, int type) {
    if (!hook_simulated()) {
        return REAL(mtx_init)(mutex, type);
    }
    memset(mutex, 0, sizeof *mutex);
    sync_mutex_init(mutex_of(mutex), (type & mtx_recursive) != 0 ? SYNC_RECURSIVE : SYNC_NORMAL);
    return thrd_success;
}

HOOK void mtx_destroy(mtx_t *mutex) {
    if (!hook_simulated()) {
        REAL(mtx_destroy)(mutex);
        return;
    }
    sync_mutex_destroy(mutex_of(mutex));
}

HOOK int mtx_lock(mtx_t *mutex) {
    if (!hook_simulated()) {
        return REAL(mtx_lock)(mutex);
    }
    return result_of(sync_mutex_lock(hook_schedule(), mutex_of(mutex), AGENDA_NEVER, HOOK_SITE));
}

HOOK int mtx_trylock(mtx_t *mutex) {
    if (!hook_simulated()) {
        return REAL(mtx_trylock)(mutex);
    }
    return result_of(sync_mutex_trylock(hook_schedule(), mutex_of(mutex), HOOK_SITE));
}

HOOK int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict deadline) {
    if (!hook_simulated()) {
        return REAL(mtx_timedlock)(mutex, deadline);
    }
    uint64_t due_ns;
    if (hook_deadline_of(CLOCK_REALTIME, deadline, &due_ns) != 0) {
        due_ns = OBJECT_DEADLINE_INVALID; /* no error unless it has to wait */
    }
    return result_of(sync_mutex_lock(hook_schedule(), mutex_of(mutex), due_ns, HOOK_SITE));
}

HOOK int mtx_unlock(mtx_t *mutex) {
    if (!hook_simulated()) {
        return REAL(mtx_unlock)(mutex);
    }
    return result_of(sync_mutex_unlock(hook_schedule(), mutex_of(mutex), HOOK_SITE));
}

/* ---- condition variables ---- */

static struct sync_cond *cond_of(cnd_t *cond) {
    return (struct sync_cond *)(void *)cond;
}

HOOK int cnd_init(cnd_t *cond) {
    if (!hook_simulated()) {
        return REAL(cnd_init)(cond);
    }
    memset(cond, 0, sizeof *cond);
    sync_cond_init(cond_of(cond), 0);
    return thrd_success;
}

HOOK void cnd_destroy(cnd_t *cond) {
    if (!hook_simulated()) {
        REAL(cnd_destroy)(cond);
        return;
    }
    sync_cond_destroy(hook_schedule(), cond_of(cond), HOOK_SITE);
}

HOOK int cnd_wait(cnd_t *cond, mtx_t *mutex) {
    if (!hook_simulated()) {
        return REAL(cnd_wait)(cond, mutex);
    }
    return result_of(
        sync_cond_wait(hook_schedule(), cond_of(cond), mutex_of(mutex), AGENDA_NEVER, HOOK_SITE));
}

HOOK int cnd_timedwait(cnd_t *restrict cond,
                       mtx_t *restrict mutex,
                       const struct timespec *restrict deadline) {
    if (!hook_simulated()) {
        return REAL(cnd_timedwait)(cond, mutex, deadline);
    }
    uint64_t due_ns;
    const int refused = hook_deadline_of(CLOCK_REALTIME, deadline, &due_ns);
    if (refused != 0) {
        return result_of(refused);
    }
    return result_of(
        sync_cond_wait(hook_schedule(), cond_of(cond), mutex_of(mutex), due_ns, HOOK_SITE));
}

HOOK int cnd_signal(cnd_t *cond) {
    if (!hook_simulated()) {
        return REAL(cnd_signal)(cond);
    }
    return result_of(sync_cond_signal(hook_schedule(), cond_of(cond), HOOK_SITE));
}

HOOK int cnd_broadcast(cnd_t *cond) {
    if (!hook_simulated()) {
        return REAL(cnd_broadcast)(cond);
    }
    return result_of(sync_cond_broadcast(hook_schedule(), cond_of(cond), HOOK_SITE));
}

/* ---- values of a thread's own; in glibc too they are pthreads' keys ---- */

HOOK int tss_create(tss_t *key, tss_dtor_t destructor) {
    return result_of(pthread_key_create(key, destructor));
}

HOOK void tss_delete(tss_t key) {
    pthread_key_delete(key);
}

HOOK void *tss_get(tss_t key) {
    return pthread_getspecific(key);
}

HOOK int tss_set(tss_t key, void *value) {
    return result_of(pthread_setspecific(key, value));
}
