/* A million tasks of the executor alive at one time, which sleep, wait, join and are aborted in an
 * order drawn from a seed; when all have returned, nothing may be left.
 *
 *   soak [--tasks N] [--workers N] [--seed N] [--rounds N]
 *
 *   spawned ──► all have begun: what does a task cost? ──► waiters woken, in random order ──► none
 *      └───────────────────────────── the next round, on a new scheduler ◄───────────────────┘
 *
 * Exit: 0; 1 with a sentence when a result is wrong or memory is left; 2 for wrong usage.
 */
#include <errno.h>
#include <ex/scheduler.h>
#include <ex/timer.h>
#include <ex/waker.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TASKS_DEFAULT = 1000000,
    TASKS_MAX = 100000000,
    WAKES_AT_ONCE = 1000, /* before the others get their turn */
    NAP_MS_MAX = 400,
    ABORTED_ONE_IN = 4, /* of the children */
};

/* SplitMix64. The choices of a task depend on its number alone, not on when it runs. */
static uint64_t draw(uint64_t *state) {
    uint64_t word = *state += UINT64_C(0x9e3779b97f4a7c15);

    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

static struct ex_scheduler *scheduler;
static uint32_t begun_count, finished_count, wrong_count;
static bool is_full; /* all have begun */

static void add(uint32_t *count, bool is) {
    __atomic_fetch_add(count, is, __ATOMIC_RELAXED);
}

/* ---- what they leave --------------------------------------------------------------------------
 *
 * The linker puts these in the place of libc's, for the library and for this file: a count is
 * exact, where what malloc says about itself depends on its caches. */

static uint64_t live_count;

static void *count(void *memory) {
    __atomic_fetch_add(&live_count, memory != NULL, __ATOMIC_RELAXED);
    return memory;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
    return count(__real_malloc(size));
}

void *__real_calloc(size_t number, size_t size);
void *__wrap_calloc(size_t number, size_t size);
void *__wrap_calloc(size_t number, size_t size) {
    return count(__real_calloc(number, size));
}

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    return count(__real_aligned_alloc(alignment, size));
}

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory) {
    __atomic_fetch_sub(&live_count, memory != NULL, __ATOMIC_RELAXED);
    __real_free(memory);
}

/* ---- what tasks do ---- */

struct sleeper {
    struct ex_frame frame;
    struct ex_sleep sleep;
    uint64_t random;
};

/* Naps, until all have begun and once more. */
EX_RESUME(sleeper) {
    EX_BEGIN(sleeper);
    add(&begun_count, true);
    while (!__atomic_load_n(&is_full, __ATOMIC_RELAXED)) {
        EX_AWAIT(ex_sleep_for(&self->sleep, (1 + draw(&self->random) % NAP_MS_MAX) * EX_TIMER_MS));
        if (value < 0) {
            break;
        }
    }
    if (value == 0) {
        EX_AWAIT(ex_sleep_for(&self->sleep, (1 + draw(&self->random) % NAP_MS_MAX) * EX_TIMER_MS));
    }
    add(&finished_count, true);
    EX_RETURN(value);
    EX_END();
}

static struct ex_frame *sleeper(struct sleeper *self, uint64_t random) {
    self->random = random;
    return EX_FRAME(self, sleeper);
}

/* Where a waiter waits; the driver looks for it here. */
struct place {
    struct ex_waker waker;
    bool is_taken; /* `waker` is valid */
    bool is_open;
};

static struct place *places;
static uint32_t place_count;

struct waiter {
    struct ex_frame frame;
    struct place *place;
};

EX_RESUME(waiter) {
    EX_BEGIN(waiter);
    self->place->waker = ex_waker_of(strand);
    __atomic_store_n(&self->place->is_taken, true, __ATOMIC_RELEASE);
    add(&begun_count, true);
    while (!__atomic_load_n(&self->place->is_open, __ATOMIC_ACQUIRE)) {
        if (ex_strand_take_cancel(strand)) {
            add(&finished_count, true);
            EX_RETURN(-ECANCELED);
        }
        EX_SUSPEND();
    }
    add(&finished_count, true);
    EX_END();
}

static struct ex_frame *waiter(struct waiter *self, struct place *place) {
    self->place = place;
    return EX_FRAME(self, waiter);
}

/* Joins a child; some abort it first, after a nap of their own. */
struct parent {
    struct ex_frame frame;
    union {
        struct ex_sleep sleep;
        struct ex_task_join join;
    };
    struct ex_task *child;
    uint64_t random;
    bool aborts;
};

EX_RESUME(parent) {
    EX_BEGIN(parent);
    add(&begun_count, true);
    if (self->aborts) {
        do {
            EX_AWAIT(
                ex_sleep_for(&self->sleep, (1 + draw(&self->random) % NAP_MS_MAX) * EX_TIMER_MS));
        } while (!__atomic_load_n(&is_full, __ATOMIC_RELAXED));
        ex_task_abort(self->child);
    }
    EX_AWAIT(ex_task_join(&self->join, self->child));
    add(&wrong_count, value != 0 && !(self->aborts && value == -ECANCELED));
    add(&finished_count, true);
    EX_END();
}

static struct ex_frame *parent(struct parent *self, struct ex_task *child, uint64_t random) {
    self->child = child;
    self->random = random;
    self->aborts = random % ABORTED_ONE_IN == 0;
    return EX_FRAME(self, parent);
}

/* ---- who wakes them ---- */

struct driver {
    struct ex_frame frame;
    struct ex_sleep sleep;
    uint32_t task_count;
    uint32_t *order; /* of the places */
    uint32_t i;
    size_t resident_size; /* before the tasks */
    uint64_t random;
};

static size_t resident_size(void) {
    size_t pages = 0;
    FILE *const file = fopen("/proc/self/statm", "r");

    if (file != NULL) {
        if (fscanf(file, "%*s %zu", &pages) != 1) {
            pages = 0;
        }
        fclose(file);
    }
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void shuffle(struct driver *self) {
    for (uint32_t i = 0; i < place_count; i++) {
        const uint32_t other = (uint32_t)(draw(&self->random) % (i + 1));
        self->order[i] = self->order[other];
        self->order[other] = i;
    }
}

static void report(const struct driver *self) {
    printf("%" PRIu32 " tasks alive, %zu bytes each\n",
           self->task_count,
           (resident_size() - self->resident_size) / self->task_count);
}

static void open_place(struct place *place) {
    add(&wrong_count, !__atomic_load_n(&place->is_taken, __ATOMIC_ACQUIRE));
    __atomic_store_n(&place->is_open, true, __ATOMIC_RELEASE);
    ex_waker_wake(place->waker);
}

EX_RESUME(driver) {
    EX_BEGIN(driver);
    while (__atomic_load_n(&begun_count, __ATOMIC_RELAXED) < self->task_count) {
        EX_AWAIT(ex_sleep_for(&self->sleep, EX_TIMER_MS));
    }
    add(&wrong_count, ex_scheduler_live_count(scheduler) != self->task_count + 1);
    report(self);
    shuffle(self);
    __atomic_store_n(&is_full, true, __ATOMIC_RELAXED);
    for (self->i = 0; self->i < place_count; self->i++) {
        open_place(&places[self->order[self->i]]);
        if (self->i % WAKES_AT_ONCE == 0) {
            EX_YIELD();
        }
    }
    EX_END();
}

/* ---- all of it ---- */

static void *need(void *memory) {
    if (memory == NULL) {
        fprintf(stderr, "soak: out of memory; fewer with --tasks\n");
        exit(1);
    }
    return memory;
}

#define NEW(name) ((struct name *)need(ex_task_new(scheduler, sizeof(struct name))))

static struct ex_frame *new_child(uint64_t random) {
    if ((random >> 32) % 2 == 0) {
        return sleeper(NEW(sleeper), random);
    }
    return waiter(NEW(waiter), &places[place_count++]);
}

/* One or two tasks; how many. */
static uint32_t spawn(uint64_t random) {
    if ((random >> 40) % 3 == 0) {
        struct ex_task *const child = ex_task_spawn(new_child(random));
        ex_task_spawn_detached(parent(NEW(parent), child, random));
        return 2;
    }
    ex_task_spawn_detached(new_child(random));
    return 1;
}

/* One round; how many tasks it had. */
static uint32_t live(uint32_t task_count, uint32_t worker_count, uint64_t random) {
    const struct ex_scheduler_options options = {.worker_count = worker_count};
    const size_t order_size = (task_count + 1) * sizeof(uint32_t);

    begun_count = finished_count = place_count = 0;
    is_full = false;
    places = need(calloc(task_count + 1, sizeof *places));
    uint32_t *const order = memset(need(malloc(order_size)), 1, order_size);
    const size_t resident = resident_size();
    if (ex_scheduler_create(&scheduler, &options) != 0) {
        need(NULL);
    }
    uint32_t spawned_count = 0;
    while (spawned_count < task_count) {
        spawned_count += spawn(draw(&random));
    }
    struct driver *const self = NEW(driver);
    *self = (struct driver){.task_count = spawned_count,
                            .order = order,
                            .resident_size = resident,
                            .random = random};
    ex_task_spawn_detached(EX_FRAME(self, driver));
    add(&wrong_count, ex_scheduler_run(scheduler) != 0);
    add(&wrong_count, ex_scheduler_live_count(scheduler) != 0);
    add(&wrong_count, finished_count != spawned_count);
    ex_scheduler_destroy(scheduler);
    free(order);
    free(places);
    return spawned_count;
}

static bool parse(const char *text, uint64_t most, uint64_t *number) {
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *number <= most && *text != '-';
}

struct wish {
    uint64_t task_count, worker_count, round_count, seed;
};

static bool read_wish(struct wish *wish, int argc, char **argv) {
    int i = 1;

    for (; i + 1 < argc; i += 2) {
        const bool is_good =
            strcmp(argv[i], "--tasks") == 0     ? parse(argv[i + 1], TASKS_MAX, &wish->task_count)
            : strcmp(argv[i], "--workers") == 0 ? parse(argv[i + 1], 1024, &wish->worker_count)
            : strcmp(argv[i], "--rounds") == 0  ? parse(argv[i + 1], UINT64_MAX, &wish->round_count)
            : strcmp(argv[i], "--seed") == 0    ? parse(argv[i + 1], UINT64_MAX, &wish->seed)
                                                : false;
        if (!is_good) {
            return false;
        }
    }
    return i == argc && wish->task_count > 0;
}

int main(int argc, char **argv) {
    struct wish wish = {.task_count = TASKS_DEFAULT, .round_count = 1, .seed = 1};
    uint64_t returned_count = 0;

    if (!read_wish(&wish, argc, argv)) {
        fprintf(stderr, "usage: soak [--tasks N] [--workers N] [--seed N] [--rounds N]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    printf("seed %" PRIu64 ", %" PRIu64 " worker threads\n", wish.seed, wish.worker_count);
    for (uint64_t round = 0; round < wish.round_count; round++) {
        returned_count +=
            live((uint32_t)wish.task_count, (uint32_t)wish.worker_count, wish.seed + round);
    }
    if (wrong_count != 0 || live_count != 0) {
        fprintf(stderr,
                "soak: %" PRIu32 " things went wrong, %" PRIu64 " allocations are left\n",
                wrong_count,
                live_count);
        return 1;
    }
    printf("%" PRIu64 " tasks returned, nothing is left\n", returned_count);
    return 0;
}
