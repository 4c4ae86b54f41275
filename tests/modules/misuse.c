/* One wrong use of a synchronisation object, chosen by WHAT: each must be found. Main is thread 1,
 * the two others are threads 2 and 3. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "sim/scenario.h"

#define COND_DESTROY 1
#define MUTEX_TIMEOUT 2
#define MUTEX_ROBUST 3
#define MUTEX_INHERIT 4
#define MUTEX_PROTECT 5
#define RWLOCK_UPGRADE 6
#define RWLOCK_REREAD 7
#define RWLOCK_READ_TO_WRITE 8
#define RWLOCK_UNLOCK 9
#define SEMAPHORE_LOST_POST 10
#define SEMAPHORE_OPEN 11
#define SEMAPHORE_UNLINK 12
#define BARRIER_LEFT_OUT 13
#define BARRIER_TOO_FEW 14
#define SPIN_SELF 15
#define SPIN_RAW 16
#define SPIN_FREE_FOR_ALL 17
#define MUTEX_OVERWRITTEN 18
#define COND_OVERWRITTEN 19
#define RWLOCK_OVERWRITTEN 20
#define SEMAPHORE_OVERWRITTEN 21
#define BARRIER_OVERWRITTEN 22

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier, single;
static pthread_spinlock_t spin;
static sem_t semaphore;
static volatile int inside;

/* A condition variable is destroyed that a thread still waits on. */
static void cond_destroy(int thread) {
    static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    static bool waits;
    pthread_mutex_lock(&mutex);
    if (thread == 2) {
        waits = true;
        while (waits) {
            pthread_cond_wait(&cond, &mutex);
        }
    }
    const bool destroy = waits;
    pthread_mutex_unlock(&mutex);
    if (destroy) {
        pthread_cond_destroy(&cond);
    }
}

/* Who ran out of time goes on as if it had the lock. */
static void mutex_timeout(int thread) {
    (void)thread;
    const struct timespec past = {0, 0};
    const int result = pthread_mutex_timedlock(&mutex, &past);
    inside++;
    sched_yield();
    assert(inside == 1);
    inside--;
    if (result == 0) {
        pthread_mutex_unlock(&mutex);
    }
}

static void mutex_attributes(int thread) {
    (void)thread;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    if (WHAT == MUTEX_ROBUST) {
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    } else {
        const int protocol = WHAT == MUTEX_INHERIT ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_PROTECT;
        pthread_mutexattr_setprotocol(&attributes, protocol);
    }
    pthread_mutex_t wanted;
    pthread_mutex_init(&wanted, &attributes);
}

/* Who reads asks to write, and waits for the other reader and for itself. */
static void rwlock_upgrade(int thread) {
    (void)thread;
    static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    pthread_rwlock_rdlock(&lock);
    pthread_rwlock_wrlock(&lock);
}

/* Who reads asks to read again, behind a writer that waits for the first time to end. */
static void rwlock_reread(int thread) {
    static pthread_rwlock_t lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
    if (thread == 2) {
        pthread_rwlock_rdlock(&lock);
        pthread_rwlock_rdlock(&lock);
        pthread_rwlock_unlock(&lock);
    } else {
        pthread_rwlock_wrlock(&lock);
    }
    pthread_rwlock_unlock(&lock);
}

/* Both hold the lock, and both change what it guards. */
static void rwlock_read_to_write(int thread) {
    (void)thread;
    static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    pthread_rwlock_rdlock(&lock);
    inside++;
    sched_yield();
    assert(inside == 1);
    inside--;
    pthread_rwlock_unlock(&lock);
}

/* Both take it for their turn, one unlocks it twice. */
static void rwlock_unlock(int thread) {
    static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    pthread_rwlock_wrlock(&lock);
    pthread_rwlock_unlock(&lock);
    if (thread == 3) {
        pthread_rwlock_unlock(&lock);
    }
}

/* Who posts looks first whether somebody waits, and misses one that is about to. */
static void semaphore_lost_post(int thread) {
    static volatile bool waits;
    if (thread == 2) {
        sched_yield();
        waits = true;
        sem_wait(&semaphore);
    } else if (waits) {
        sem_post(&semaphore);
    }
}

static void semaphore_names(int thread) {
    (void)thread;
    if (WHAT == SEMAPHORE_OPEN) {
        sem_open("/named", O_CREAT, 0600, 1);
    } else {
        sem_unlink("/named");
    }
}

/* One has an errand, and does not come when that fails. */
static void barrier_left_out(int thread) {
    static volatile bool failed = true;
    if (thread == 2) {
        failed = false;
    } else if (failed) {
        return;
    }
    pthread_barrier_wait(&barrier);
}

/* Nobody waits for the third, who is main. */
static void barrier_too_few(int thread) {
    inside += thread == 2;
    pthread_barrier_wait(&single);
    assert(inside == 1);
}

static void spin_self(int thread) {
    (void)thread;
    pthread_spin_lock(&spin);
    if (pthread_spin_trylock(&spin) == EBUSY) {
        pthread_spin_lock(&spin);
    }
}

/* Zero is taken: it was never initialised. */
static void spin_raw(int thread) {
    (void)thread;
    static pthread_spinlock_t raw;
    pthread_spin_lock(&raw);
}

/* Who does not get it goes on all the same, and unlocks it for the one who did. */
static void spin_free_for_all(int thread) {
    (void)thread;
    pthread_spin_trylock(&spin);
    inside++;
    sched_yield();
    assert(inside == 1);
    inside--;
    pthread_spin_unlock(&spin);
}

/* What stands before it in memory is longer than its place. */
static void mutex_overwritten(int thread) {
    pthread_mutex_lock(&mutex);
    if (thread == 3) {
        memset(&mutex, 'x', sizeof mutex);
    }
    pthread_mutex_unlock(&mutex);
}

static void rwlock_overwritten(int thread) {
    static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    pthread_rwlock_rdlock(&lock);
    if (thread == 3) {
        memset(&lock, 'x', sizeof lock);
    }
    pthread_rwlock_unlock(&lock);
}

static void semaphore_overwritten(int thread) {
    if (thread == 3) {
        memset(&semaphore, 'x', sizeof semaphore);
    }
    sem_post(&semaphore);
}

static void barrier_overwritten(int thread) {
    if (thread == 3) {
        memset(&barrier, 'x', sizeof barrier);
    }
    pthread_barrier_wait(&barrier);
}

/* Its memory is used for something else while a thread still waits. */
static void cond_overwritten(int thread) {
    static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    const struct timespec due = {.tv_sec = 1}; /* long ago */
    if (thread == 2) {
        pthread_mutex_lock(&mutex);
        pthread_cond_timedwait(&cond, &mutex, &due);
        pthread_mutex_unlock(&mutex);
    } else {
        memset(&cond, 0, sizeof cond);
    }
}

static void *misuse(void *number) {
    static void (*const uses[])(int thread) = {
        [COND_DESTROY] = cond_destroy,
        [MUTEX_TIMEOUT] = mutex_timeout,
        [MUTEX_ROBUST] = mutex_attributes,
        [MUTEX_INHERIT] = mutex_attributes,
        [MUTEX_PROTECT] = mutex_attributes,
        [RWLOCK_UPGRADE] = rwlock_upgrade,
        [RWLOCK_REREAD] = rwlock_reread,
        [RWLOCK_READ_TO_WRITE] = rwlock_read_to_write,
        [RWLOCK_UNLOCK] = rwlock_unlock,
        [SEMAPHORE_LOST_POST] = semaphore_lost_post,
        [SEMAPHORE_OPEN] = semaphore_names,
        [SEMAPHORE_UNLINK] = semaphore_names,
        [BARRIER_LEFT_OUT] = barrier_left_out,
        [BARRIER_TOO_FEW] = barrier_too_few,
        [SPIN_SELF] = spin_self,
        [SPIN_RAW] = spin_raw,
        [SPIN_FREE_FOR_ALL] = spin_free_for_all,
        [MUTEX_OVERWRITTEN] = mutex_overwritten,
        [COND_OVERWRITTEN] = cond_overwritten,
        [RWLOCK_OVERWRITTEN] = rwlock_overwritten,
        [SEMAPHORE_OVERWRITTEN] = semaphore_overwritten,
        [BARRIER_OVERWRITTEN] = barrier_overwritten,
    };
    uses[WHAT](number == NULL ? 2 : 3);
    return NULL;
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t threads[2];
    sem_init(&semaphore, 0, 0);
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_barrier_init(&single, NULL, 1);
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    pthread_create(&threads[0], NULL, misuse, NULL);
    pthread_create(&threads[1], NULL, misuse, threads);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
