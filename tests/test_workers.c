#include "tests/suite.h"

#include <errno.h>
#include <ex/scheduler.h>
#include <ex/waker.h>
#include <pthread.h>
#include <unistd.h>

static struct ex_scheduler *scheduler;
static uint32_t ended_count;
static uint32_t cleaned_count;

static void start(uint32_t worker_count) {
    const struct ex_scheduler_options options = {.worker_count = worker_count};

    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);
    ended_count = 0;
    cleaned_count = 0;
}

static uint32_t load(const uint32_t *count) {
    return __atomic_load_n(count, __ATOMIC_RELAXED);
}

static void add_one(uint32_t *count) {
    __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

/* Spawns two of itself, `depth` levels deep, and joins both. */
struct tree {
    struct ex_frame frame;
    int depth;
    int child;
    struct ex_task *children[2];
    struct ex_task_join join;
    int64_t sum;
};

static struct ex_frame *tree(struct tree *self, int depth);

EX_RESUME(tree) {
    EX_BEGIN(tree);
    if (self->depth > 0) {
        for (self->child = 0; self->child < 2; self->child++) {
            struct tree *below = ex_task_new(NULL, sizeof *below);
            self->children[self->child] = ex_task_spawn(tree(below, self->depth - 1));
        }
        for (self->child = 0; self->child < 2; self->child++) {
            EX_YIELD();
            EX_AWAIT(ex_task_join(&self->join, self->children[self->child]));
            self->sum += value;
        }
    }
    add_one(&ended_count);
    EX_RETURN(self->sum + 1);
    EX_END();
}

static struct ex_frame *tree(struct tree *self, int depth) {
    self->depth = depth;
    self->sum = 0;
    return EX_FRAME(self, tree);
}

static struct ex_task *spawn_tree(int depth) {
    struct tree *self = ex_task_new(scheduler, sizeof *self);
    return ex_task_spawn(tree(self, depth));
}

START_TEST(a_tree_of_joins_adds_up_on_any_number_of_workers) {
    start((uint32_t)_i);

    for (int round = 0; round < 20; round++) {
        struct ex_task *task = spawn_tree(8);
        ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
        ck_assert_int_eq(ex_task_take(task), 511);
    }

    ck_assert_uint_eq(load(&ended_count), 20 * 511);
    ck_assert_uint_eq(ex_scheduler_live_count(scheduler), 0);
    ex_scheduler_destroy(scheduler);
}
END_TEST

/* Makes tasks ready and then keeps its worker until they have run. */
struct hog {
    struct ex_frame frame;
    uint32_t wanted;
    bool is_seen;
};

EX_RESUME(hog) {
    EX_BEGIN(hog);
    for (uint32_t i = 0; i < self->wanted; i++) {
        struct tree *other = ex_task_new(NULL, sizeof *other);
        ex_task_detach(ex_task_spawn(tree(other, 0)));
    }
    for (int ms = 0; ms < 20000 && load(&ended_count) < self->wanted; ms++) {
        usleep(1000);
    }
    EX_RETURN(load(&ended_count));
    EX_END();
}

START_TEST(no_ready_task_is_stranded_behind_one_that_does_not_give_way) {
    start((uint32_t)_i);
    struct hog *hog = ex_task_new(scheduler, sizeof *hog);
    hog->wanted = 300; /* more than a worker's queue holds */

    struct ex_task *task = ex_task_spawn(EX_FRAME(hog, hog));
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_int_eq(ex_task_take(task), 300);
    ex_scheduler_destroy(scheduler);
}
END_TEST

/* Wakes another task, which is then the only one ready, and keeps its worker until that has run. */
struct waiter {
    struct ex_frame frame;
    struct ex_waker waker; /* valid once is_waiting */
    uint32_t is_waiting;
    uint32_t is_told;
};

EX_RESUME(waiter) {
    EX_BEGIN(waiter);
    self->waker = ex_waker_of(strand);
    __atomic_store_n(&self->is_waiting, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&self->is_told, __ATOMIC_ACQUIRE) == 0) {
        EX_SUSPEND();
    }
    add_one(&ended_count);
    EX_END();
}

struct teller {
    struct ex_frame frame;
    struct waiter *waiter;
};

EX_RESUME(teller) {
    EX_BEGIN(teller);
    while (__atomic_load_n(&self->waiter->is_waiting, __ATOMIC_ACQUIRE) == 0) {
        EX_YIELD();
    }
    __atomic_store_n(&self->waiter->is_told, 1, __ATOMIC_RELEASE);
    ex_waker_wake(self->waiter->waker);
    for (int ms = 0; ms < 20000 && load(&ended_count) == 0; ms++) {
        usleep(1000);
    }
    EX_RETURN(load(&ended_count));
    EX_END();
}

START_TEST(what_a_long_task_woke_last_is_not_stranded_either) {
    start(3);
    for (int round = 0; round < 20; round++) {
        ended_count = 0;
        struct waiter *waiter = ex_task_new(scheduler, sizeof *waiter);
        waiter->is_waiting = 0;
        waiter->is_told = 0;
        struct ex_task *waiting = ex_task_spawn(EX_FRAME(waiter, waiter));
        struct teller *teller = ex_task_new(scheduler, sizeof *teller);
        teller->waiter = waiter;

        struct ex_task *telling = ex_task_spawn(EX_FRAME(teller, teller));
        ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

        ck_assert_int_eq(ex_task_take(telling), 1);
        ex_task_take(waiting);
    }
    ex_scheduler_destroy(scheduler);
}
END_TEST

/* Waits for ever, cleans up once. */
struct sleeper {
    struct ex_frame frame;
};

EX_RESUME(sleeper) {
    EX_BEGIN(sleeper);
    while (!ex_strand_take_cancel(strand)) {
        EX_SUSPEND();
    }
    EX_YIELD();
    add_one(&cleaned_count);
    EX_RETURN(-ECANCELED);
    EX_END();
}

static struct ex_task *spawn_sleeper(void) {
    struct sleeper *self = ex_task_new(scheduler, sizeof *self);
    return ex_task_spawn(EX_FRAME(self, sleeper));
}

START_TEST(destroy_ends_every_task_once_wherever_it_lives) {
    for (int round = 0; round < 50; round++) {
        start((uint32_t)_i);
        for (int i = 0; i < 100; i++) {
            spawn_sleeper();
        }
        if (round % 2 == 0) {
            usleep(200); /* some of them wait, some have not begun */
        }

        ex_scheduler_destroy(scheduler);

        ck_assert_uint_eq(load(&cleaned_count), 100);
    }
}
END_TEST

static void *spawn_and_abort(void *argument) {
    (void)argument;
    for (int i = 0; i < 200; i++) {
        struct ex_task *task = spawn_sleeper();
        ex_task_abort(task);
        ex_task_detach(task);
    }
    return NULL;
}

START_TEST(many_threads_spawn_abort_and_detach) {
    pthread_t threads[4];
    start(2);

    for (size_t i = 0; i < 4; i++) {
        pthread_create(&threads[i], NULL, spawn_and_abort, NULL);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_uint_eq(load(&cleaned_count), 800);
    ex_scheduler_destroy(scheduler);
}
END_TEST

/* Two tasks on two workers wake each other, each time from wherever they are. */
struct player {
    struct ex_frame frame;
    struct game *game;
    uint32_t side;
};

struct game {
    struct ex_waker wakers[2];
    uint32_t is_known[2];
    uint32_t turn; /* even: side 0 */
    uint32_t turns;
};

EX_RESUME(player) {
    EX_BEGIN(player);
    self->game->wakers[self->side] = ex_waker_of(strand);
    __atomic_store_n(&self->game->is_known[self->side], 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&self->game->is_known[1 - self->side], __ATOMIC_ACQUIRE) == 0) {
        EX_YIELD();
    }
    for (;;) {
        while (__atomic_load_n(&self->game->turn, __ATOMIC_ACQUIRE) % 2 != self->side) {
            EX_SUSPEND();
        }
        const uint32_t turn = __atomic_add_fetch(&self->game->turn, 1, __ATOMIC_ACQ_REL);
        ex_waker_wake(self->game->wakers[1 - self->side]);
        if (turn >= self->game->turns) {
            break;
        }
    }
    EX_END();
}

START_TEST(no_wake_between_workers_is_lost) {
    enum { GAMES = 8 };
    struct game games[GAMES] = {{.turns = 20000}};
    start((uint32_t)_i);

    for (size_t i = 0; i < GAMES; i++) {
        games[i].turns = 20000;
        for (uint32_t side = 0; side < 2; side++) {
            struct player *player = ex_task_new(scheduler, sizeof *player);
            player->game = &games[i];
            player->side = side;
            ex_task_detach(ex_task_spawn(EX_FRAME(player, player)));
        }
    }
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    for (size_t i = 0; i < GAMES; i++) {
        ck_assert_uint_ge(games[i].turn, 20000);
    }
    ex_scheduler_destroy(scheduler);
}
END_TEST

SUITE(workers) {
    SUITE_LOOP(a_tree_of_joins_adds_up_on_any_number_of_workers, 1, 6);
    SUITE_LOOP(no_ready_task_is_stranded_behind_one_that_does_not_give_way, 2, 5);
    SUITE_TEST(what_a_long_task_woke_last_is_not_stranded_either);
    SUITE_LOOP(destroy_ends_every_task_once_wherever_it_lives, 1, 5);
    SUITE_TEST(many_threads_spawn_abort_and_detach);
    SUITE_LOOP(no_wake_between_workers_is_lost, 1, 5);
}
