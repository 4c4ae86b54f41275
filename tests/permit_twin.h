/* The naive twin of everything that gives permits in the order of asking: a semaphore; a mutex,
 * which has one permit; a lock for readers and writers, where a writer wants them all. Arrays
 * instead of links, and the rules of ex/wait.h, ex/task.h and the ready queue by the letter.
 *
 *   twin_random_step(&twin, &chance, &real);    // the same thing to both
 *   puppets_run(); twin_run(&twin);             // what follows from it
 *   twin_compare(&twin);
 */
#ifndef TESTS_PERMIT_TWIN_H
#define TESTS_PERMIT_TWIN_H

#include "tests/puppets.h"

#include <errno.h>

#define TWIN_PUPPETS 5

/* The real one, as the twin's driver sees it. */
struct twin_real {
    void (*acquire)(int id, uint32_t count); /* tells a puppet */
    bool (*try_acquire)(uint32_t count);
    void (*release)(uint32_t count);
    const uint32_t *wishes; /* what may be asked for; ends with 0 */
};

struct twin {
    uint32_t permits;
    int ready[TWIN_PUPPETS], ready_count;
    int waiting[TWIN_PUPPETS], waiting_count;
    uint32_t wish[TWIN_PUPPETS];
    bool is_told[TWIN_PUPPETS]; /* to acquire, and did not begin */
    bool is_canceled[TWIN_PUPPETS];
    int64_t result[TWIN_PUPPETS];
    uint32_t held[16]; /* how often so many are held */
};

static inline void twin_init(struct twin *twin, uint32_t permits) {
    *twin = (struct twin){.permits = permits};
    for (int id = 0; id < TWIN_PUPPETS; id++) {
        twin->result[id] = PUPPET_IDLE;
    }
}

static inline int twin_index_of(const int *list, int count, int id) {
    int at = 0;
    while (at < count && list[at] != id) {
        at++;
    }
    return at;
}

static inline int twin_take_at(int *list, int *count, int at) {
    const int id = list[at];
    memmove(&list[at], &list[at + 1], (size_t)(--*count - at) * sizeof *list);
    return id;
}

static inline void twin_ready(struct twin *twin, int id) {
    if (twin_index_of(twin->ready, twin->ready_count, id) == twin->ready_count) {
        twin->ready[twin->ready_count++] = id;
    }
}

static inline bool twin_try(struct twin *twin, uint32_t count) {
    if (twin->waiting_count > 0 || twin->permits < count) {
        return false;
    }
    twin->permits -= count;
    twin->held[count]++;
    return true;
}

static inline void twin_serve(struct twin *twin) {
    while (twin->waiting_count > 0 && twin->wish[twin->waiting[0]] <= twin->permits) {
        const int id = twin_take_at(twin->waiting, &twin->waiting_count, 0);
        twin->permits -= twin->wish[id];
        twin->held[twin->wish[id]]++;
        twin->result[id] = 0;
        twin_ready(twin, id);
    }
}

static inline void twin_resume(struct twin *twin, int id) {
    const int at = twin_index_of(twin->waiting, twin->waiting_count, id);
    const bool is_waiting = at < twin->waiting_count;

    if ((is_waiting || twin->is_told[id]) && twin->is_canceled[id]) {
        twin->is_canceled[id] = false;
        twin->result[id] = -ECANCELED;
        if (is_waiting) {
            twin_take_at(twin->waiting, &twin->waiting_count, at);
            twin_serve(twin);
        }
    } else if (twin->is_told[id] && twin_try(twin, twin->wish[id])) {
        twin->result[id] = 0;
    } else if (twin->is_told[id]) {
        twin->waiting[twin->waiting_count++] = id;
    }
    twin->is_told[id] = false;
}

static inline void twin_run(struct twin *twin) {
    while (twin->ready_count > 0) {
        twin_resume(twin, twin_take_at(twin->ready, &twin->ready_count, 0));
    }
}

static inline void twin_compare(const struct twin *twin) {
    for (int id = 0; id < TWIN_PUPPETS; id++) {
        ck_assert_int_eq(puppet_result(id), twin->result[id]);
    }
}

static inline void
twin_random_step(struct twin *twin, uint64_t *chance, const struct twin_real *real) {
    const int id = (int)puppets_random(chance, TWIN_PUPPETS);
    uint32_t wish_count = 0;
    while (real->wishes[wish_count] != 0) {
        wish_count++;
    }
    const uint32_t count = real->wishes[puppets_random(chance, wish_count)];

    switch (puppets_random(chance, 6)) {
    case 0:
        puppet_abort(id);
        twin->is_canceled[id] = true;
        twin_ready(twin, id);
        break;
    case 1:
        ck_assert_int_eq(real->try_acquire(count), twin_try(twin, count));
        break;
    case 2:
    case 3:
        if (twin->held[count] > 0) {
            real->release(count);
            twin->held[count]--;
            twin->permits += count;
            twin_serve(twin);
        }
        break;
    default:
        if (puppet_result(id) != EX_PENDING) {
            real->acquire(id, count);
            twin->result[id] = EX_PENDING;
            twin->wish[id] = count;
            twin->is_told[id] = true;
            twin_ready(twin, id);
        }
    }
}

/* Between puppets_start(TWIN_PUPPETS) and puppets_stop; a seed gives the same steps each time. */
static inline void twin_race(uint32_t permits, const struct twin_real *real, uint64_t seed) {
    struct twin twin;
    twin_init(&twin, permits);

    for (int step = 0; step < 2000; step++) {
        twin_random_step(&twin, &seed, real);
        if (puppets_random(&seed, 2) == 0) {
            continue; /* more of it before anybody runs */
        }
        puppets_run();
        twin_run(&twin);
        twin_compare(&twin);
    }
}

#endif
