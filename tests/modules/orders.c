/* Plain accesses that something orders, each pair by other means: there is no data race. Each
 * program is a node of its own. */
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "tests/modules/orders.h"

static int value;
static atomic_int flag;
static int numbers[2]; /* of a pipe, or a pair of sockets */

static void sleep_us(long us) {
    const struct timespec time = {.tv_nsec = us * 1000};
    nanosleep(&time, NULL);
}

/* ---- locks ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static mtx_t c11_mutex;
static bool is_set;

static void *locked(void *unused) {
    for (int i = 0; i < 3; i++) {
        pthread_mutex_lock(&mutex);
        value++;
        pthread_mutex_unlock(&mutex);
        if (pthread_mutex_trylock(&mutex) == 0) {
            value++;
            pthread_mutex_unlock(&mutex);
        }
    }
    return unused;
}

static void *c11_locked(void *unused) {
    mtx_lock(&c11_mutex);
    value++;
    mtx_unlock(&c11_mutex);
    return unused;
}

static void *spun(void *unused) {
    pthread_spin_lock(&spin);
    value++;
    pthread_spin_unlock(&spin);
    return unused;
}

static void *read_and_written(void *unused) {
    pthread_rwlock_rdlock(&rwlock);
    const int seen = value;
    pthread_rwlock_unlock(&rwlock);
    pthread_rwlock_wrlock(&rwlock);
    value = seen + 1;
    pthread_rwlock_unlock(&rwlock);
    return unused;
}

static void *waits(void *unused) {
    pthread_mutex_lock(&mutex);
    while (!is_set) {
        pthread_cond_wait(&cond, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    value++;
    return unused;
}

static void *signals(void *unused) {
    value = 1;
    pthread_mutex_lock(&mutex);
    is_set = true;
    pthread_mutex_unlock(&mutex);
    pthread_cond_signal(&cond);
    return unused;
}

int with_locks(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    mtx_init(&c11_mutex, mtx_plain);
    orders_run(locked, locked, locked);
    orders_run(spun, spun, spun);
    orders_run(c11_locked, c11_locked, c11_locked);
    orders_run(read_and_written, read_and_written, read_and_written);
    orders_run(waits, signals, NULL);
    MUST(value == 2);
    return 0;
}

/* ---- semaphores, barriers, once ---- */

static sem_t posted;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int made;

static void *posts(void *unused) {
    value = 7;
    sem_post(&posted);
    return unused;
}

static void *takes(void *unused) {
    sem_wait(&posted);
    MUST(value == 7);
    return unused;
}

static void *meets(void *mine) {
    static int cells[3];
    static atomic_int next;
    const int self = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed);
    for (int round = 0; round < 2; round++) {
        cells[self] = round;
        pthread_barrier_wait(&barrier);
        MUST(cells[0] == round && cells[1] == round && cells[2] == round);
        pthread_barrier_wait(&barrier);
    }
    return mine;
}

static void make(void) {
    made = 9;
}

static void *uses(void *unused) {
    pthread_once(&once, make);
    MUST(made == 9);
    return unused;
}

int with_meetings(int argc, char **argv) {
    (void)argc;
    (void)argv;
    sem_init(&posted, 0, 0);
    pthread_barrier_init(&barrier, NULL, 3);
    orders_run(takes, posts, NULL);
    orders_run(meets, meets, meets);
    orders_run(uses, uses, uses);
    return 0;
}

/* ---- atomics ---- */

static void *publishes(void *unused) {
    value = 1;
    atomic_store_explicit(&flag, 1, memory_order_release);
    return unused;
}

static void *goes_on(void *unused) { /* with the release sequence */
    atomic_fetch_add_explicit(&flag, 1, memory_order_relaxed);
    return unused;
}

static void *reads_two(void *unused) {
    if (atomic_load_explicit(&flag, memory_order_acquire) == 2) {
        MUST(value == 1);
    }
    return unused;
}

static void *publishes_twice(void *unused) { /* its own relaxed store goes on with the sequence */
    value = 1;
    atomic_store_explicit(&flag, 1, memory_order_release);
    atomic_store_explicit(&flag, 2, memory_order_relaxed);
    return unused;
}

static void *fences_out(void *unused) {
    value = 1;
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&flag, 1, memory_order_relaxed);
    return unused;
}

static void *fences_in(void *unused) {
    if (atomic_load_explicit(&flag, memory_order_relaxed) == 1) {
        atomic_thread_fence(memory_order_acquire);
        MUST(value == 1);
    }
    return unused;
}

static void *exchanges(void *unused) {
    int expected = 0;
    if (atomic_compare_exchange_strong_explicit(&flag,
                                                &expected,
                                                1,
                                                memory_order_acquire,
                                                memory_order_relaxed)) {
        value++;
        atomic_store_explicit(&flag, 0, memory_order_release);
    }
    return unused;
}

static void *fails_to_exchange(void *unused) { /* and sees by that what was published */
    int expected = 5;
    atomic_compare_exchange_strong_explicit(&flag,
                                            &expected,
                                            6,
                                            memory_order_acq_rel,
                                            memory_order_acquire);
    if (expected == 1) {
        MUST(value == 1);
    }
    return unused;
}

static _Atomic struct wide { long words[3]; } wide; /* larger than any atomic instruction */

static long parts[4];

static void *publishes_wide(void *unused) {
    for (long i = 1; i < 4; i++) {
        parts[i] = i;
        atomic_store_explicit(&wide, ((struct wide){{i, i, i}}), memory_order_release);
    }
    return unused;
}

static void *reads_wide(void *unused) {
    const struct wide seen = atomic_load_explicit(&wide, memory_order_acquire);
    for (long i = 1; i <= seen.words[2]; i++) {
        MUST(parts[i] == i);
    }
    return unused;
}

static void again(void) {
    value = 0;
    atomic_store(&flag, 0);
}

int with_atomics(int argc, char **argv) {
    (void)argc;
    (void)argv;
    orders_run(publishes, goes_on, reads_two);
    again();
    orders_run(publishes_twice, reads_two, NULL);
    again();
    orders_run(fences_out, fences_in, fences_in);
    again();
    orders_run(exchanges, exchanges, exchanges);
    again();
    orders_run(publishes, fails_to_exchange, NULL);
    orders_run(publishes_wide, reads_wide, reads_wide);
    return 0;
}

/* ---- what goes through the kernel ---- */

static void *writes_pipe(void *unused) {
    value = 3;
    MUST(write(numbers[1], "x", 1) == 1);
    return unused;
}

static void *reads_pipe(void *unused) {
    char byte;
    MUST(read(numbers[0], &byte, 1) == 1);
    MUST(value == 3);
    return unused;
}

static void *polls(void *unused) {
    struct pollfd entry = {.fd = numbers[0], .events = POLLIN};
    MUST(poll(&entry, 1, -1) == 1);
    MUST(value == 3);
    return unused;
}

static void *waits_for_events(void *unused) {
    struct epoll_event event = {.events = EPOLLIN};
    const int epoll = epoll_create1(0);
    MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, numbers[0], &event) == 0);
    MUST(epoll_wait(epoll, &event, 1, -1) == 1);
    MUST(value == 3);
    close(epoll);
    return unused;
}

static void *counts(void *unused) {
    value = 3;
    MUST(eventfd_write(numbers[0], 1) == 0);
    return unused;
}

static pthread_t addressed;

static void handler(int number) {
    (void)number;
    MUST(value == 3);
}

static void *is_interrupted(void *unused) {
    sleep_us(1000);
    return unused;
}

static void *interrupts(void *unused) {
    value = 3;
    MUST(pthread_kill(addressed, SIGUSR1) == 0);
    return unused;
}

static void over_pipes(void) {
    MUST(pipe(numbers) == 0);
    orders_run(writes_pipe, reads_pipe, NULL);
    value = 0;
    orders_run(writes_pipe, polls, waits_for_events);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, numbers) == 0);
    value = 0;
    orders_run(writes_pipe, reads_pipe, NULL);
    numbers[0] = eventfd(0, 0);
    value = 0;
    orders_run(counts, polls, waits_for_events);
}

int with_the_kernel(int argc, char **argv) {
    (void)argc;
    (void)argv;
    over_pipes();
    const struct sigaction action = {.sa_handler = handler};
    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    value = 0;
    pthread_t thread;
    MUST(pthread_create(&addressed, NULL, is_interrupted, NULL) == 0);
    MUST(pthread_create(&thread, NULL, interrupts, NULL) == 0);
    pthread_join(thread, NULL);
    pthread_join(addressed, NULL);
    return 0;
}

/* ---- memory that is used again ---- */

static _Atomic(char *) block;
static _Thread_local int own;
static atomic_int ended;

static void *gives_memory(void *unused) {
    char *made_here = malloc(40);
    memset(made_here, 1, 40);
    atomic_store_explicit(&block, made_here, memory_order_release);
    return unused;
}

static void *frees_memory(void *unused) {
    char *got = atomic_load_explicit(&block, memory_order_acquire);
    if (got != NULL) {
        got[3]++;
        free(got);
    }
    return unused;
}

static void *takes_memory(void *unused) { /* perhaps that which another one has just freed */
    for (int i = 0; i < 3; i++) {
        char *got = malloc(40);
        memset(got, 2, 40);
        free(got);
    }
    return unused;
}

static void *ends_unseen(void *unused) { /* its stack and own are the next one's */
    volatile char there[64];
    memset((char *)there, 3, sizeof there);
    own++;
    MUST(own == 1 && there[5] == 3);
    atomic_fetch_add_explicit(&ended, 1, memory_order_relaxed);
    return unused;
}

static char bytes[8];

static void *first_half(void *unused) {
    memset(bytes, 1, 4);
    return unused;
}

static void *second_half(void *unused) {
    bytes[4] = 2;
    bytes[7] = 2;
    return unused;
}

int with_memory(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    orders_run(gives_memory, frees_memory, takes_memory);
    orders_run(first_half, second_half, NULL);
    for (int i = 0; i < 40; i++) {
        pthread_t thread;
        MUST(pthread_create(&thread, &detached, ends_unseen, NULL) == 0);
        if (i % 5 == 0) {
            sleep_us(1);
        }
    }
    while (atomic_load_explicit(&ended, memory_order_relaxed) < 40) {
        sleep_us(1);
    }
    void *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *(volatile int *)mapped = 1;
    munmap(mapped, 4096);
    return 0;
}

SIM_SCENARIO(world) {
    sim_points(world, SIM_ATOMICS);
    sim_node(world, "locks", "with_locks", NULL);
    sim_node(world, "meetings", "with_meetings", NULL);
    sim_node(world, "atomics", "with_atomics", NULL);
    sim_node(world, "kernel", "with_the_kernel", NULL);
    sim_node(world, "memory", "with_memory", NULL);
}
