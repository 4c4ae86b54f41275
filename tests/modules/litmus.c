/* Litmus tests of weak memory, each a node of its own: outcomes that C11 allows are seen in some
 * runs, and outcomes that it forbids in none. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tests/modules/orders.h"

#define RELAXED memory_order_relaxed
#define ACQUIRE memory_order_acquire
#define RELEASE memory_order_release
#define SC memory_order_seq_cst
#define NO_FENCE memory_order_relaxed

/* What is tried: stores and loads of these orders, and fences between a thread's two operations. */
struct litmus {
    const char *name;
    bool (*outcome)(void); /* whether it is the one in question */
    memory_order store, load;
    memory_order fence_after_store, fence_after_load;
    bool allowed;
};

static const struct litmus *test;
static atomic_int x, y;
static int seen[4];

static void put(atomic_int *at, int value) {
    atomic_store_explicit(at, value, test->store);
}

static int get(atomic_int *at) {
    return atomic_load_explicit(at, test->load);
}

static void fence(memory_order order) {
    if (order != NO_FENCE) {
        atomic_thread_fence(order);
    }
}

static void run_four(body *first, body *second, body *third, body *fourth) {
    body *const all[] = {first, second, third, fourth};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        if (all[i] != NULL) {
            MUST(pthread_create(&threads[i], NULL, all[i], NULL) == 0);
        }
    }
    for (int i = 0; i < 4; i++) {
        if (all[i] != NULL) {
            MUST(pthread_join(threads[i], NULL) == 0);
        }
    }
}

/* ---- store buffering: both loads miss the other's store ---- */

static void *sb_first(void *unused) {
    put(&x, 1);
    fence(test->fence_after_store);
    seen[0] = get(&y);
    return unused;
}

static void *sb_second(void *unused) {
    put(&y, 1);
    fence(test->fence_after_store);
    seen[1] = get(&x);
    return unused;
}

static bool sb(void) {
    run_four(sb_first, sb_second, NULL, NULL);
    return seen[0] == 0 && seen[1] == 0;
}

/* ---- message passing: the flag is seen, and what was stored before is not ---- */

static void *mp_sends(void *unused) {
    atomic_store_explicit(&x, 1, RELAXED);
    fence(test->fence_after_store);
    put(&y, 1);
    return unused;
}

static void *mp_receives(void *unused) {
    seen[0] = get(&y);
    fence(test->fence_after_load);
    seen[1] = atomic_load_explicit(&x, RELAXED);
    return unused;
}

static bool mp(void) {
    run_four(mp_sends, mp_receives, NULL, NULL);
    return seen[0] == 1 && seen[1] == 0;
}

/* ---- load buffering: each load sees what is stored later ---- */

static void *lb_first(void *unused) {
    seen[0] = get(&x);
    put(&y, 1);
    return unused;
}

static void *lb_second(void *unused) {
    seen[1] = get(&y);
    put(&x, 1);
    return unused;
}

static bool lb(void) {
    run_four(lb_first, lb_second, NULL, NULL);
    return seen[0] == 1 && seen[1] == 1;
}

/* ---- independent reads of independent writes: two threads see them in different orders ---- */

static void *puts_x(void *unused) {
    put(&x, 1);
    return unused;
}

static void *puts_y(void *unused) {
    put(&y, 1);
    return unused;
}

static void *iriw_first(void *unused) {
    seen[0] = get(&x);
    fence(test->fence_after_load);
    seen[1] = get(&y);
    return unused;
}

static void *iriw_second(void *unused) {
    seen[2] = get(&y);
    fence(test->fence_after_load);
    seen[3] = get(&x);
    return unused;
}

static bool iriw(void) {
    run_four(puts_x, puts_y, iriw_first, iriw_second);
    return seen[0] == 1 && seen[1] == 0 && seen[2] == 1 && seen[3] == 0;
}

/* ---- write-to-read causality: over a thread in between ---- */

static void *wrc_passes(void *unused) {
    seen[0] = get(&x);
    fence(test->fence_after_load);
    put(&y, 1);
    return unused;
}

static void *wrc_receives(void *unused) {
    seen[1] = get(&y);
    fence(test->fence_after_load);
    seen[2] = get(&x);
    return unused;
}

static bool wrc(void) {
    run_four(puts_x, wrc_passes, wrc_receives, NULL);
    return seen[0] == 1 && seen[1] == 1 && seen[2] == 0;
}

/* ---- coherence: two loads of one variable go back ---- */

static void *corr_puts(void *unused) {
    put(&x, 1);
    put(&x, 2);
    return unused;
}

static void *corr_gets(void *unused) {
    seen[0] = get(&x);
    seen[1] = get(&x);
    return unused;
}

static bool corr(void) {
    run_four(corr_puts, corr_gets, NULL, NULL);
    return seen[1] < seen[0];
}

/* Two loads that see an older value before a newer one: coherence lets them. */
static bool corr_forth(void) {
    run_four(corr_puts, corr_gets, NULL, NULL);
    return seen[0] == 0 && seen[1] == 1;
}

/* ---- 2+2W: each variable ends with the first store of the other thread ---- */

static void *two_first(void *unused) {
    put(&x, 1);
    put(&y, 2);
    return unused;
}

static void *two_second(void *unused) {
    put(&y, 1);
    put(&x, 2);
    return unused;
}

static bool two(void) {
    run_four(two_first, two_second, NULL, NULL);
    return atomic_load(&x) == 1 && atomic_load(&y) == 1;
}

/* ---- read, modify, write: sees the last ---- */

static void *adds(void *unused) {
    atomic_fetch_add_explicit(&x, 1, RELAXED);
    return unused;
}

static bool rmw(void) {
    run_four(adds, adds, adds, NULL);
    return atomic_load(&x) != 3;
}

/* ---- a comparison that fails is a load ---- */

static void *cas_looks(void *unused) {
    int expected = 5;
    seen[0] = atomic_load_explicit(&y, RELAXED);
    atomic_compare_exchange_strong_explicit(&x, &expected, 9, RELAXED, RELAXED);
    seen[1] = expected;
    return unused;
}

static bool cas(void) {
    run_four(mp_sends, cas_looks, NULL, NULL);
    return seen[0] == 1 && seen[1] == 0;
}

static const struct litmus tests[] = {
    {"sb relaxed", sb, RELAXED, RELAXED, NO_FENCE, NO_FENCE, true},
    {"sb release", sb, RELEASE, ACQUIRE, NO_FENCE, NO_FENCE, true},
    {"sb sc", sb, SC, SC, NO_FENCE, NO_FENCE, false},
    {"sb fences", sb, RELAXED, RELAXED, SC, NO_FENCE, false},
    {"mp relaxed", mp, RELAXED, RELAXED, NO_FENCE, NO_FENCE, true},
    {"mp release alone", mp, RELEASE, RELAXED, NO_FENCE, NO_FENCE, true},
    {"mp acquire alone", mp, RELAXED, ACQUIRE, NO_FENCE, NO_FENCE, true},
    {"mp release", mp, RELEASE, ACQUIRE, NO_FENCE, NO_FENCE, false},
    {"mp sc", mp, SC, SC, NO_FENCE, NO_FENCE, false},
    {"mp fences", mp, RELAXED, RELAXED, RELEASE, ACQUIRE, false},
    {"mp one fence", mp, RELAXED, RELAXED, RELEASE, NO_FENCE, true},
    {"lb relaxed", lb, RELAXED, RELAXED, NO_FENCE, NO_FENCE, false}, /* C11 allows it */
    {"lb sc", lb, SC, SC, NO_FENCE, NO_FENCE, false},
    {"iriw relaxed", iriw, RELAXED, RELAXED, NO_FENCE, NO_FENCE, true},
    {"iriw release", iriw, RELEASE, ACQUIRE, NO_FENCE, NO_FENCE, true},
    {"iriw sc", iriw, SC, SC, NO_FENCE, NO_FENCE, false},
    {"iriw fences", iriw, RELAXED, RELAXED, NO_FENCE, SC, false},
    {"wrc relaxed", wrc, RELAXED, RELAXED, NO_FENCE, NO_FENCE, true},
    {"wrc release", wrc, RELEASE, ACQUIRE, NO_FENCE, NO_FENCE, false},
    {"wrc fences", wrc, RELAXED, RELAXED, NO_FENCE, SC, false},
    {"corr relaxed", corr, RELAXED, RELAXED, NO_FENCE, NO_FENCE, false},
    {"corr forth", corr_forth, RELAXED, RELAXED, NO_FENCE, NO_FENCE, true},
    {"two relaxed", two, RELAXED, RELAXED, NO_FENCE, NO_FENCE, false}, /* C11 allows it */
    {"rmw relaxed", rmw, RELAXED, RELAXED, NO_FENCE, NO_FENCE, false},
    {"cas relaxed", cas, RELAXED, RELAXED, NO_FENCE, NO_FENCE, true},
};
#define TESTS (int)(sizeof tests / sizeof tests[0])

int litmus(int argc, char **argv) {
    MUST(argc == 2);
    test = &tests[atoi(argv[1])];
    if (test->outcome()) {
        sim_count(test->name, 1);
    }
    return 0;
}

SIM_SCENARIO(world) {
    static char digits[TESTS][4];
    sim_points(world, SIM_ATOMICS);
    for (int i = 0; i < TESTS; i++) {
        digits[i][0] = (char)('0' + i / 10);
        digits[i][1] = (char)('0' + i % 10);
        const char *const arguments[] = {digits[i], NULL};
        sim_node(world, tests[i].name, "litmus", arguments);
        if (tests[i].allowed) {
            sim_sometimes(world, tests[i].name, tests[i].name, sim_equal(1));
        } else {
            sim_always(world, tests[i].name, tests[i].name, sim_equal(0));
        }
    }
}
