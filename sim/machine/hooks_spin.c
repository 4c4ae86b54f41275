/* Spin locks. */
#include <pthread.h>

#include "sim/machine/hook.h"
#include "sim/machine/real.h"
#include "sim/spin.h"

_Static_assert(sizeof(pthread_spinlock_t) == sizeof(uint32_t), "a lock is one word");

static struct spins *spins(void) {
    return &machine.world.spins;
}

static uint32_t *word_of(pthread_spinlock_t *lock) {
    return (uint32_t *)(uintptr_t)lock;
}

/* One shared with other processes may be: its memory is not. */
HOOK int pthread_spin_init(pthread_spinlock_t *lock, int shared) {
    if (!hook_simulated()) {
        return REAL(pthread_spin_init)(lock, shared);
    }
    spin_init(word_of(lock));
    return 0;
}

HOOK int pthread_spin_destroy(pthread_spinlock_t *lock) {
    if (!hook_simulated()) {
        return REAL(pthread_spin_destroy)(lock);
    }
    return spin_destroy(spins(), word_of(lock));
}

HOOK int pthread_spin_lock(pthread_spinlock_t *lock) {
    if (!hook_simulated()) {
        return REAL(pthread_spin_lock)(lock);
    }
    spin_lock(spins(), word_of(lock), HOOK_SITE);
    return 0;
}

HOOK int pthread_spin_trylock(pthread_spinlock_t *lock) {
    if (!hook_simulated()) {
        return REAL(pthread_spin_trylock)(lock);
    }
    return spin_try_lock(spins(), word_of(lock), HOOK_SITE);
}

HOOK int pthread_spin_unlock(pthread_spinlock_t *lock) {
    if (!hook_simulated()) {
        return REAL(pthread_spin_unlock)(lock);
    }
    spin_unlock(spins(), word_of(lock), HOOK_SITE);
    return 0;
}
