#include "tests/composition_fixture.h"

#include <ex/join.h>
#include <ex/timer.h>
#include <pthread.h>
#include <signal.h>

enum { COUNT = 3 };

static struct gate gates[COUNT];

/* Joins three that wait at the gates. */
struct three {
    struct ex_frame frame;
    struct ex_branch branches[COUNT];
    struct ex_join join;
    struct pass passes[COUNT];
    bool is_try;
    int64_t after;
    struct pass next;
};

static struct three *three; /* while its task lives */
static int64_t results[COUNT];
static bool began[COUNT];
static struct gate last_gate;

EX_RESUME(three) {
    EX_BEGIN(three);
    EX_AWAIT(self->is_try ? ex_join_try(&self->join, self->branches, COUNT)
                          : ex_join_all(&self->join, self->branches, COUNT));
    self->after = value;
    note("j", value);
    for (int i = 0; i < COUNT; i++) {
        results[i] = self->branches[i].result;
        began[i] = ex_branch_began(&self->branches[i]);
    }
    EX_AWAIT(pass(&self->next, "n", &last_gate, 7));
    EX_RETURN(self->after);
    EX_END();
}

static struct ex_task *spawn_three(bool is_try, int64_t a, int64_t b, int64_t c) {
    static const char *const names[COUNT] = {"a", "b", "c"};
    const int64_t wanted[COUNT] = {a, b, c};

    three = ex_task_new(scheduler, sizeof *three);
    three->is_try = is_try;
    for (int i = 0; i < COUNT; i++) {
        gates[i] = (struct gate){0};
        ex_branch_init(&three->branches[i],
                       pass(&three->passes[i], names[i], &gates[i], wanted[i]));
    }
    last_gate = (struct gate){.is_open = true};
    return ex_task_spawn(EX_FRAME(three, three));
}

START_TEST(a_join_runs_its_branches_in_order_and_each_has_its_result) {
    fixture_start();
    struct ex_task *task = spawn_three(false, 1, -2, 3);
    ex_scheduler_poll(scheduler);
    ck_assert_str_eq(log_text, "a0 b0 c0 ");

    gate_open(&gates[2]);
    gate_open(&gates[0]);
    ex_scheduler_poll(scheduler);
    ck_assert_str_eq(log_text, "a0 b0 c0 a1 c3 ");
    gate_open(&gates[1]);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_str_eq(log_text, "a0 b0 c0 a1 c3 b-2 j0 n0 n7 ");
    ck_assert_int_eq(results[0], 1);
    ck_assert_int_eq(results[1], -2);
    ck_assert_int_eq(results[2], 3);
    ck_assert_int_eq(ex_task_take(task), 0);
    fixture_stop();
}
END_TEST

START_TEST(a_wake_resumes_just_the_branch_that_it_is_for) {
    fixture_start();
    struct ex_task *task = spawn_three(false, 1, 2, 3);
    ex_scheduler_poll(scheduler);

    for (int i = 0; i < 10; i++) {
        fixture_poke(gates[1].waiter);
    }

    ck_assert_int_eq(three->passes[0].resumes, 0);
    ck_assert_int_eq(three->passes[1].resumes, 10);
    ck_assert_int_eq(three->passes[2].resumes, 0);
    ex_task_detach(task);
    fixture_stop();
}
END_TEST

START_TEST(a_wake_by_a_waker_resumes_each_branch_that_has_not_returned) {
    fixture_start();
    struct ex_task *task = spawn_three(false, 1, 2, 3);
    ex_scheduler_poll(scheduler);
    const struct ex_waker waker = ex_waker_of(gates[1].waiter);
    gates[2].is_open = true;
    fixture_poke(gates[2].waiter);

    ck_assert(ex_waker_wake(waker));
    ex_scheduler_poll(scheduler);

    ck_assert_int_eq(three->passes[0].resumes, 1);
    ck_assert_int_eq(three->passes[1].resumes, 1);
    ck_assert_int_eq(three->passes[2].resumes, 1); /* when its gate opened */
    ex_task_detach(task);
    fixture_stop();
}
END_TEST

START_TEST(an_abort_reaches_every_branch_and_the_join_waits_for_their_clean_up) {
    fixture_start();
    struct ex_task *task = spawn_three(false, 1, 2, 3);
    three->passes[0].clean_up = 2;
    ex_scheduler_poll(scheduler);
    log_text[0] = '\0';
    gate_open(&gates[2]); /* and so it is no more to be told */

    ex_task_abort(task);
    ck_assert_int_eq(fixture_run(task), -ECANCELED);

    ck_assert_str_eq(log_text, "c3 x2 x0 z0 z0 j-125 n0 n7 ");
    fixture_stop();
}
END_TEST

START_TEST(an_abort_that_no_branch_hears_is_told_by_the_next_await) {
    fixture_start();
    struct ex_task *task = spawn_three(false, 1, 2, 3);
    ex_scheduler_poll(scheduler);
    log_text[0] = '\0';
    for (int i = 0; i < COUNT; i++) {
        gate_open(&gates[i]);
    }
    last_gate.is_open = false;

    ex_task_abort(task);
    ck_assert_int_eq(fixture_run(task), 0);

    ck_assert_str_eq(log_text, "a1 b2 c3 j0 n0 x0 z0 ");
    fixture_stop();
}
END_TEST

START_TEST(a_try_ends_the_others_at_the_first_error) {
    fixture_start();
    struct ex_task *task = spawn_three(true, 1, -EIO, -EPIPE);
    three->passes[2].clean_up = 1;
    ex_scheduler_poll(scheduler);
    log_text[0] = '\0';

    gate_open(&gates[1]);
    ck_assert_int_eq(fixture_run(task), -EIO);

    ck_assert_str_eq(log_text, "b-5 x0 z0 x1 z0 j-5 n0 n7 ");
    ck_assert_int_eq(results[0], -ECANCELED);
    ck_assert_int_eq(results[2], -ECANCELED);
    fixture_stop();
}
END_TEST

START_TEST(a_try_begins_no_branch_behind_an_error_of_the_first_pass) {
    fixture_start();
    struct ex_task *task = spawn_three(true, 1, -EIO, 3);
    gates[1].is_open = true;

    ck_assert_int_eq(fixture_run(task), -EIO);

    ck_assert_str_eq(log_text, "a0 b0 b-5 x0 z0 j-5 n0 n7 ");
    ck_assert(began[0] && began[1] && !began[2]);
    ck_assert_int_eq(results[2], -ECANCELED);
    fixture_stop();
}
END_TEST

START_TEST(a_try_that_succeeds_gives_0) {
    fixture_start();
    struct ex_task *task = spawn_three(true, 1, 2, 3);
    for (int i = 0; i < COUNT; i++) {
        gates[i].is_open = true;
    }

    ck_assert_int_eq(fixture_run(task), 0);

    ck_assert_str_eq(log_text, "a0 a1 b0 b2 c0 c3 j0 n0 n7 ");
    fixture_stop();
}
END_TEST

/* Joins `width` of itself, `depth` deep; at the bottom it counts. */
enum { WIDTH = 3, DEPTH = 3, TREE_COUNT = 1 + 3 + 9 + 27 };

struct tree {
    struct ex_frame frame;
    struct ex_branch branches[WIDTH];
    struct ex_join join;
    struct count leaf;
    int depth, index;
};

static struct tree trees[TREE_COUNT];
static int tree_count;

static struct ex_frame *tree(int depth);

EX_RESUME(tree) {
    EX_BEGIN(tree);
    if (self->depth == 0) {
        EX_AWAIT(count(&self->leaf, "", 3, 1));
        EX_RETURN(value);
    }
    for (int i = 0; i < WIDTH; i++) {
        ex_branch_init(&self->branches[i], tree(self->depth - 1));
    }
    EX_AWAIT(ex_join_all(&self->join, self->branches, WIDTH));
    for (int i = 0; i < WIDTH; i++) {
        value += self->branches[i].result;
    }
    EX_RETURN(value);
    EX_END();
}

static struct ex_frame *tree(int depth) {
    struct tree *const self = &trees[tree_count++];
    self->depth = depth;
    return EX_FRAME(self, tree);
}

struct call {
    struct ex_frame frame;
    struct ex_frame *callee;
    bool is_shielded;
};

EX_RESUME(call) {
    EX_BEGIN(call);
    if (self->is_shielded) {
        ex_strand_shield(strand);
    }
    EX_AWAIT(self->callee);
    EX_RETURN(value);
    EX_END();
}

static struct ex_task *spawn_call(struct ex_frame *callee, bool is_shielded) {
    struct call *self = ex_task_new(scheduler, sizeof *self);
    *self = (struct call){.callee = callee, .is_shielded = is_shielded};
    return ex_task_spawn(EX_FRAME(self, call));
}

START_TEST(joins_nest_and_a_branch_that_yields_makes_all_above_it_ready) {
    fixture_start();
    tree_count = 0;

    struct ex_task *task = spawn_call(tree(DEPTH), false);

    ck_assert_int_eq(fixture_run(task), 27);
    for (const char *round = log_text; *round != '\0'; round++) {
        const size_t position = (size_t)(round - log_text);
        ck_assert_int_eq(*round, position % 2 == 1 ? ' ' : (char)('0' + position / 2 / 27));
    }
    ck_assert_uint_eq(strlen(log_text), 2 * 3 * 27);
    fixture_stop();
}
END_TEST

START_TEST(a_waker_of_a_branch_of_a_branch_reaches_it) {
    fixture_start();
    static struct gate gate;
    static struct pass waiting;
    static struct ex_branch inner, outer;
    static struct ex_join inner_join, outer_join;
    gate = (struct gate){0};
    ex_branch_init(&inner, pass(&waiting, "p", &gate, 5));
    ex_branch_init(&outer, ex_join_all(&inner_join, &inner, 1));
    struct ex_task *task = spawn_call(ex_join_all(&outer_join, &outer, 1), false);
    ex_scheduler_poll(scheduler);
    const struct ex_waker waker = ex_waker_of(gate.waiter);

    gate.is_open = true;
    ck_assert(ex_waker_wake(waker));
    ck_assert_int_eq(fixture_run(task), 0);

    ck_assert_int_eq(inner.result, 5);
    ck_assert_int_eq(waiting.resumes, 1);
    fixture_stop();
}
END_TEST

START_TEST(a_shielded_join_hands_no_cancel_on) {
    fixture_start();
    static struct ex_branch branch;
    static struct ex_join join;
    static struct count counting;
    ex_branch_init(&branch, count(&counting, "c", 3, 4));
    struct ex_task *task = spawn_call(ex_join_all(&join, &branch, 1), true);
    ex_task_abort(task);

    ck_assert_int_eq(fixture_run(task), 0);

    ck_assert_int_eq(branch.result, 4);
    fixture_stop();
}
END_TEST

START_TEST(a_join_of_nothing_returns_at_once) {
    fixture_start();
    static struct ex_join join;

    ck_assert_int_eq(fixture_run(spawn_call(ex_join_all(&join, NULL, 0), false)), 0);
    ck_assert_int_eq(fixture_run(spawn_call(ex_join_try(&join, NULL, 0), false)), 0);
    fixture_stop();
}
END_TEST

START_TEST(branches_that_were_run_before_panic) {
    fixture_start();
    static struct ex_branch branch;
    static struct ex_join join;
    static struct count counting;
    ex_branch_init(&branch, count(&counting, "c", 1, 4));
    ck_assert_int_eq(fixture_run(spawn_call(ex_join_all(&join, &branch, 1), false)), 0);
    spawn_call(ex_join_all(&join, &branch, 1), false);
    ex_scheduler_poll(scheduler);
}
END_TEST

static void *wake_from_elsewhere(void *waker) {
    ex_waker_wake(*(struct ex_waker *)waker);
    return NULL;
}

START_TEST(another_thread_wakes_a_branch) {
    fixture_start();
    struct ex_task *task = spawn_three(false, 1, 2, 3);
    ex_scheduler_poll(scheduler);
    struct ex_waker waker = ex_waker_of(gates[1].waiter);
    pthread_t thread;

    for (int i = 0; i < COUNT; i++) {
        gates[i].is_open = true;
    }
    pthread_create(&thread, NULL, wake_from_elsewhere, &waker);
    const int64_t result = fixture_run(task);
    pthread_join(thread, NULL);

    ck_assert_int_eq(result, 0);
    ck_assert_str_eq(log_text, "a0 b0 c0 a1 b2 c3 j0 n0 n7 ");
    fixture_stop();
}
END_TEST

/* Two branches that sleep, again and again; their wakes aim at the branches themselves. */
struct sleepers {
    struct ex_frame frame;
    struct ex_branch branches[2];
    struct ex_join join;
    struct ex_sleep sleeps[2];
    int round;
};

EX_RESUME(sleepers) {
    EX_BEGIN(sleepers);
    for (; self->round < 20; self->round++) {
        ex_branch_init(&self->branches[0], ex_sleep_for(&self->sleeps[0], 1000));
        ex_branch_init(&self->branches[1], ex_sleep_for(&self->sleeps[1], 2000));
        EX_AWAIT(ex_join_try(&self->join, self->branches, 2));
        if (value != 0 || self->branches[0].result != 0 || self->branches[1].result != 0) {
            break;
        }
    }
    EX_RETURN(self->round);
    EX_END();
}

static void nothing(void *context, const struct ex_task *task) {
    (void)context;
    (void)task;
}

START_TEST(branches_are_woken_on_every_kind_of_scheduler) {
    const struct ex_observer observer = {.woken = nothing};
    const struct ex_scheduler_options options[] = {
        {.worker_count = 0},
        {.worker_count = 1},
        {.worker_count = 2},
        {.worker_count = 0, .observer = &observer},
        {.worker_count = 0, .keeps_times = true},
    };
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options[_i]), 0);
    struct ex_task *tasks[8];
    for (int i = 0; i < 8; i++) {
        struct sleepers *self = ex_task_new(scheduler, sizeof *self);
        self->round = 0;
        tasks[i] = ex_task_spawn(EX_FRAME(self, sleepers));
    }

    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(ex_task_take(tasks[i]), 20);
    }
    ex_scheduler_destroy(scheduler);
}
END_TEST

SUITE(ex_join) {
    SUITE_TEST(a_join_runs_its_branches_in_order_and_each_has_its_result);
    SUITE_TEST(a_wake_resumes_just_the_branch_that_it_is_for);
    SUITE_TEST(a_wake_by_a_waker_resumes_each_branch_that_has_not_returned);
    SUITE_TEST(an_abort_reaches_every_branch_and_the_join_waits_for_their_clean_up);
    SUITE_TEST(an_abort_that_no_branch_hears_is_told_by_the_next_await);
    SUITE_TEST(a_try_ends_the_others_at_the_first_error);
    SUITE_TEST(a_try_begins_no_branch_behind_an_error_of_the_first_pass);
    SUITE_TEST(a_try_that_succeeds_gives_0);
    SUITE_TEST(joins_nest_and_a_branch_that_yields_makes_all_above_it_ready);
    SUITE_TEST(a_waker_of_a_branch_of_a_branch_reaches_it);
    SUITE_TEST(a_shielded_join_hands_no_cancel_on);
    SUITE_TEST(a_join_of_nothing_returns_at_once);
    SUITE_TEST(another_thread_wakes_a_branch);
    SUITE_LOOP(branches_are_woken_on_every_kind_of_scheduler, 0, 5);
    tcase_add_test_raise_signal(tcase, branches_that_were_run_before_panic, SIGABRT);
}
