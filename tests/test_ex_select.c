#include "tests/composition_fixture.h"

#include <ex/event.h>
#include <ex/join.h>
#include <ex/select.h>
#include <ex/timer.h>
#include <signal.h>

enum { COUNT = 3 };

static struct gate gates[COUNT];
static struct gate last_gate;

/* Selects from three that wait at the gates. */
struct race {
    struct ex_frame frame;
    struct ex_branch branches[COUNT];
    struct ex_select select;
    struct pass passes[COUNT];
    struct pass next;
    int64_t winner;
};

static struct race *race; /* while its task lives */
static int64_t results[COUNT];
static bool began[COUNT];

EX_RESUME(race) {
    EX_BEGIN(race);
    EX_AWAIT(ex_select(&self->select, self->branches, COUNT));
    self->winner = value;
    note("s", value);
    for (int i = 0; i < COUNT; i++) {
        results[i] = self->branches[i].result;
        began[i] = ex_branch_began(&self->branches[i]);
    }
    EX_AWAIT(pass(&self->next, "n", &last_gate, 7));
    EX_RETURN(self->winner);
    EX_END();
}

static struct ex_task *spawn_race(void) {
    static const char *const names[COUNT] = {"a", "b", "c"};

    race = ex_task_new(scheduler, sizeof *race);
    for (int i = 0; i < COUNT; i++) {
        gates[i] = (struct gate){0};
        ex_branch_init(&race->branches[i], pass(&race->passes[i], names[i], &gates[i], i + 1));
    }
    last_gate = (struct gate){.is_open = true};
    return ex_task_spawn(EX_FRAME(race, race));
}

START_TEST(the_first_that_returns_wins_and_the_others_have_ended) {
    fixture_start();
    struct ex_task *task = spawn_race();
    race->passes[0].clean_up = 2;
    ex_scheduler_poll(scheduler);
    log_text[0] = '\0';

    gate_open(&gates[1]);
    ck_assert_int_eq(fixture_run(task), 1);

    ck_assert_str_eq(log_text, "b2 x2 x0 z0 z0 s1 n0 n7 ");
    ck_assert_int_eq(results[0], -ECANCELED);
    ck_assert_int_eq(results[1], 2);
    ck_assert_int_eq(results[2], -ECANCELED);
    fixture_stop();
}
END_TEST

START_TEST(branch_order_breaks_ties_and_a_loser_that_finished_keeps_its_result) {
    fixture_start();
    struct ex_task *task = spawn_race();
    ex_scheduler_poll(scheduler);

    gate_open(&gates[2]);
    gate_open(&gates[1]);
    ck_assert_int_eq(fixture_run(task), 1);

    ck_assert_str_eq(log_text, "a0 b0 c0 b2 x0 z0 c3 s1 n0 n7 ");
    ck_assert_int_eq(results[0], -ECANCELED);
    ck_assert_int_eq(results[1], 2);
    ck_assert_int_eq(results[2], 3);
    fixture_stop();
}
END_TEST

START_TEST(what_is_behind_a_winner_of_the_first_pass_does_not_begin) {
    fixture_start();
    struct ex_task *task = spawn_race();
    gates[1].is_open = true;
    gates[2].is_open = true;

    ck_assert_int_eq(fixture_run(task), 1);

    ck_assert_str_eq(log_text, "a0 b0 b2 x0 z0 s1 n0 n7 ");
    ck_assert(began[0] && began[1] && !began[2]);
    ck_assert_int_eq(results[2], -ECANCELED);
    fixture_stop();
}
END_TEST

START_TEST(an_abort_ends_every_branch) {
    fixture_start();
    struct ex_task *task = spawn_race();
    race->passes[1].clean_up = 1;
    ex_scheduler_poll(scheduler);
    log_text[0] = '\0';

    ex_task_abort(task);
    ck_assert_int_eq(fixture_run(task), -ECANCELED);

    ck_assert_str_eq(log_text, "x0 z0 x1 x0 z0 z0 s-125 n0 n7 ");
    fixture_stop();
}
END_TEST

START_TEST(an_abort_while_the_losers_end_is_for_the_next_await) {
    fixture_start();
    struct ex_task *task = spawn_race();
    race->passes[0].clean_up = 1000;
    ex_scheduler_poll(scheduler);
    fixture_poke(gates[0].waiter);
    last_gate.is_open = false;
    log_text[0] = '\0';
    gate_open(&gates[1]);
    ex_task_abort(task);

    ck_assert_int_eq(fixture_run(task), 1);

    ck_assert_str_eq(log_text, "b2 x1000 x0 z0 z0 s1 n0 x0 z0 ");
    fixture_stop();
}
END_TEST

START_TEST(an_abort_that_comes_too_late_for_all_is_for_the_next_await) {
    fixture_start();
    struct ex_task *task = spawn_race();
    ex_scheduler_poll(scheduler);
    for (int i = 0; i < COUNT; i++) {
        gate_open(&gates[i]);
    }
    last_gate.is_open = false;
    log_text[0] = '\0';

    ex_task_abort(task);
    ck_assert_int_eq(fixture_run(task), 0);

    ck_assert_str_eq(log_text, "a1 b2 c3 s0 n0 x0 z0 ");
    fixture_stop();
}
END_TEST

/* A fair lock that is handed to the one who waits longest. */
struct lock {
    bool is_held;
    struct waiting *first;
};

struct waiting {
    struct ex_frame frame;
    struct lock *lock;
    struct waiting *next;
    struct ex_strand *strand;
    bool is_granted;
};

static void release(struct lock *lock) {
    struct waiting *first = lock->first;

    if (first == NULL) {
        lock->is_held = false;
        return;
    }
    lock->first = first->next;
    first->is_granted = true;
    ex_waker_wake_strand(first->strand);
}

EX_RESUME(waiting) {
    EX_BEGIN(waiting);
    if (!self->lock->is_held) {
        self->lock->is_held = true;
        EX_RETURN(0);
    }
    self->strand = strand;
    self->is_granted = false;
    for (struct waiting **at = &self->lock->first;; at = &(*at)->next) {
        if (*at == NULL) {
            self->next = NULL;
            *at = self;
            break;
        }
    }
    while (!self->is_granted) {
        if (ex_strand_take_cancel(strand)) {
            struct waiting **at = &self->lock->first;
            while (*at != self) {
                at = &(*at)->next;
            }
            *at = self->next;
            EX_RETURN(-ECANCELED);
        }
        EX_SUSPEND();
    }
    EX_RETURN(0);
    EX_END();
}

static struct ex_frame *acquire(struct waiting *self, struct lock *lock) {
    self->lock = lock;
    return EX_FRAME(self, waiting);
}

/* Takes the lock, and does something while it holds it. */
struct locked_work {
    struct ex_frame frame;
    struct lock *lock;
    struct waiting waiting;
    struct count work;
};

EX_RESUME(locked_work) {
    EX_BEGIN(locked_work);
    EX_AWAIT(acquire(&self->waiting, self->lock));
    if (value < 0) {
        EX_RETURN(value);
    }
    EX_AWAIT(count(&self->work, "w", 3, 0));
    release(self->lock);
    EX_RETURN(5);
    EX_END();
}

static struct ex_frame *locked_work(struct locked_work *self, struct lock *lock) {
    self->lock = lock;
    return EX_FRAME(self, locked_work);
}

/* Races a timeout against work under a lock, then takes the lock itself. */
struct futurelock {
    struct ex_frame frame;
    struct lock *lock;
    int timeout;
    struct ex_branch branches[2];
    struct ex_select select;
    struct locked_work work;
    struct count timer;
    struct waiting waiting;
};

EX_RESUME(futurelock) {
    EX_BEGIN(futurelock);
    ex_branch_init(&self->branches[0], locked_work(&self->work, self->lock));
    ex_branch_init(&self->branches[1], count(&self->timer, "", self->timeout, 0));
    EX_AWAIT(ex_select(&self->select, self->branches, 2));
    note("s", value);
    EX_AWAIT(acquire(&self->waiting, self->lock));
    note("l", value);
    release(self->lock);
    EX_RETURN(self->branches[0].result);
    EX_END();
}

/* Whenever the timeout comes, before the lock is granted,
 * while it is, or after, nobody is stuck. */
START_TEST(a_loser_that_queues_for_a_lock_leaves_it_to_others) {
    fixture_start();
    struct lock lock = {0};
    struct locked_work *holder = ex_task_new(scheduler, sizeof *holder);
    ex_task_detach(ex_task_spawn(locked_work(holder, &lock)));
    struct futurelock *self = ex_task_new(scheduler, sizeof *self);
    self->lock = &lock;
    self->timeout = _i;
    struct ex_task *task = ex_task_spawn(EX_FRAME(self, futurelock));

    const int64_t result = fixture_run(task);

    ck_assert(result == 5 || result == -ECANCELED);
    ck_assert_ptr_nonnull(strstr(log_text, "l0"));
    ck_assert(!lock.is_held);
    fixture_stop();
}
END_TEST

/* A select inside a select; who wins outside ends what is inside. */
struct nest {
    struct ex_frame frame;
    struct ex_branch outer[2], inner[2];
    struct ex_select outer_select, inner_select;
    struct pass passes[3];
};

EX_RESUME(nest) {
    EX_BEGIN(nest);
    ex_branch_init(&self->inner[0], pass(&self->passes[0], "a", &gates[0], 1));
    ex_branch_init(&self->inner[1], pass(&self->passes[1], "b", &gates[1], 2));
    ex_branch_init(&self->outer[0], ex_select(&self->inner_select, self->inner, 2));
    ex_branch_init(&self->outer[1], pass(&self->passes[2], "c", &gates[2], 3));
    EX_AWAIT(ex_select(&self->outer_select, self->outer, 2));
    EX_RETURN(value * 100 + self->outer[value].result);
    EX_END();
}

static int64_t run_nest(int open) {
    struct nest *self = ex_task_new(scheduler, sizeof *self);
    struct ex_task *task = ex_task_spawn(EX_FRAME(self, nest));

    memset(gates, 0, sizeof gates);
    ex_scheduler_poll(scheduler);
    log_text[0] = '\0';
    gates[open].is_open = true;
    fixture_poke(gates[open].waiter);
    return fixture_run(task);
}

START_TEST(selects_nest) {
    fixture_start();

    ck_assert_int_eq(run_nest(2), 103);
    ck_assert_str_eq(log_text, "c3 x0 z0 x0 z0 ");
    ck_assert_int_eq(run_nest(1), 1);
    ck_assert_str_eq(log_text, "b2 x0 z0 x0 z0 ");
    ck_assert_int_eq(run_nest(0), 0);
    ck_assert_str_eq(log_text, "a1 x0 z0 x0 z0 ");
    fixture_stop();
}
END_TEST

/* Waits at a gate in one branch, sleeps in the other; then once more. */
struct choosy {
    struct ex_frame frame;
    struct ex_branch branches[2];
    struct ex_select select;
    struct ex_event_wait wait;
    struct ex_sleep sleep;
    struct ex_event *events;
    int turn;
};

EX_RESUME(choosy) {
    EX_BEGIN(choosy);
    for (self->turn = 0; self->turn < 2; self->turn++) {
        ex_branch_init(&self->branches[0], ex_event_wait(&self->wait, &self->events[self->turn]));
        ex_branch_init(&self->branches[1], ex_sleep_for(&self->sleep, 3600 * EX_TIMER_S));
        EX_AWAIT(ex_select(&self->select, self->branches, 2));
        ck_assert_int_eq(value, 0);
        ck_assert_int_eq(self->branches[0].result, 0);
        ck_assert_int_eq(self->branches[1].result, -ECANCELED);
    }
    EX_RETURN(self->turn);
    EX_END();
}

struct setter {
    struct ex_frame frame;
    struct ex_event *events;
    int turn;
};

EX_RESUME(setter) {
    EX_BEGIN(setter);
    for (self->turn = 0; self->turn < 2; self->turn++) {
        EX_YIELD();
        ex_event_set(&self->events[self->turn]);
        EX_YIELD();
    }
    EX_END();
}

START_TEST(a_branch_is_woken_by_another_task_of_its_worker_thread) {
    const struct ex_scheduler_options options = {.worker_count = (uint32_t)_i};
    struct ex_event events[2];
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);

    for (int round = 0; round < 50; round++) {
        ex_event_init(&events[0], EX_WAIT_SHARED);
        ex_event_init(&events[1], EX_WAIT_SHARED);
        struct choosy *choosy = ex_task_new(scheduler, sizeof *choosy);
        struct setter *setter = ex_task_new(scheduler, sizeof *setter);
        choosy->events = setter->events = events;
        struct ex_task *task = ex_task_spawn(EX_FRAME(choosy, choosy));
        ex_task_spawn_detached(EX_FRAME(setter, setter));
        ck_assert_int_eq(fixture_run(task), 2);
        ex_event_deinit(&events[0]);
        ex_event_deinit(&events[1]);
    }
    fixture_stop();
}
END_TEST

START_TEST(a_select_of_nothing_panics) {
    fixture_start();
    struct ex_select *self = ex_task_new(scheduler, sizeof *self);
    ex_task_spawn(ex_select(self, NULL, 0));
    ex_scheduler_poll(scheduler);
}
END_TEST

SUITE(ex_select) {
    SUITE_TEST(the_first_that_returns_wins_and_the_others_have_ended);
    SUITE_TEST(branch_order_breaks_ties_and_a_loser_that_finished_keeps_its_result);
    SUITE_TEST(what_is_behind_a_winner_of_the_first_pass_does_not_begin);
    SUITE_TEST(an_abort_ends_every_branch);
    SUITE_TEST(an_abort_while_the_losers_end_is_for_the_next_await);
    SUITE_TEST(an_abort_that_comes_too_late_for_all_is_for_the_next_await);
    SUITE_LOOP(a_loser_that_queues_for_a_lock_leaves_it_to_others, 0, 12);
    SUITE_TEST(selects_nest);
    SUITE_LOOP(a_branch_is_woken_by_another_task_of_its_worker_thread, 1, 4);
    tcase_add_test_raise_signal(tcase, a_select_of_nothing_panics, SIGABRT);
}
