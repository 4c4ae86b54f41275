#include "tests/composition_fixture.h"

#include <ex/join.h>
#include <ex/scope.h>
#include <ex/timer.h>
#include <signal.h>

enum { COUNT = 3 };

static struct gate gates[COUNT];
static struct gate body_gate;

/* Opens a scope, spawns three that wait at the gates, waits at one itself, and leaves. */
struct owner {
    struct ex_frame frame;
    struct ex_scope scope;
    struct pass body, clean_up;
    unsigned flags;
    int64_t results[COUNT];
    int clean_ups[COUNT];
    struct gate clean_up_gate;
};

static struct owner *owner; /* while its task lives */

static void spawn_children(struct owner *self) {
    static const char *const names[COUNT] = {"a", "b", "c"};

    for (int i = 0; i < COUNT; i++) {
        struct pass *child = ex_scope_new(&self->scope, sizeof *child);
        ck_assert_ptr_nonnull(child);
        struct ex_frame *frame = pass(child, names[i], &gates[i], self->results[i]);
        child->clean_up = self->clean_ups[i];
        ex_scope_spawn(&self->scope, frame);
    }
}

EX_RESUME(owner) {
    EX_BEGIN(owner);
    ex_scope_open(&self->scope, strand, self->flags);
    spawn_children(self);
    EX_AWAIT(pass(&self->body, "o", &body_gate, 9));
    EX_AWAIT(ex_scope_leave(&self->scope));
    note("l", value);
    self->flags = (unsigned)-value;
    self->clean_up_gate.is_open = true;
    EX_AWAIT(pass(&self->clean_up, "e", &self->clean_up_gate, 0));
    EX_RETURN(-(int64_t)self->flags);
    EX_END();
}

static struct ex_task *spawn_owner(unsigned flags, int64_t a, int64_t b, int64_t c) {
    owner = ex_task_new(scheduler, sizeof *owner);
    *owner = (struct owner){.flags = flags, .results = {a, b, c}};
    memset(gates, 0, sizeof gates);
    body_gate = (struct gate){.is_open = true};
    return ex_task_spawn(EX_FRAME(owner, owner));
}

START_TEST(leaving_waits_for_every_child) {
    fixture_start();
    struct ex_task *task = spawn_owner(0, 1, 2, 3);
    ex_scheduler_poll(scheduler);
    ck_assert_str_eq(log_text, "o0 o9 a0 b0 c0 ");
    log_text[0] = '\0';

    gate_open(&gates[1]);
    gate_open(&gates[0]);
    ex_scheduler_poll(scheduler);
    ck_assert(!ex_task_is_done(task));
    gate_open(&gates[2]);
    ck_assert_int_eq(fixture_run(task), 0);

    ck_assert_str_eq(log_text, "b2 a1 c3 l0 e0 e0 ");
    fixture_stop();
}
END_TEST

START_TEST(children_that_ended_before_it_leaves_are_not_waited_for) {
    fixture_start();
    struct ex_task *task = spawn_owner(0, 1, 2, 3);
    for (int i = 0; i < COUNT; i++) {
        gates[i].is_open = true;
    }
    body_gate.is_open = false;
    ex_scheduler_poll(scheduler);
    ck_assert_uint_eq(ex_scheduler_live_count(scheduler), 1);

    gate_open(&body_gate);
    ck_assert_int_eq(fixture_run(task), 0);

    ck_assert_str_eq(log_text, "o0 a0 a1 b0 b2 c0 c3 o9 l0 e0 e0 ");
    fixture_stop();
}
END_TEST

START_TEST(an_error_is_returned_and_leaves_the_others_alone) {
    fixture_start();
    struct ex_task *task = spawn_owner(0, 1, -EIO, -EPIPE);
    ex_scheduler_poll(scheduler);
    log_text[0] = '\0';

    gate_open(&gates[2]);
    gate_open(&gates[1]);
    ex_scheduler_poll(scheduler);
    gate_open(&gates[0]);

    ck_assert_int_eq(fixture_run(task), -EPIPE);
    ck_assert_str_eq(log_text, "c-32 b-5 a1 l-32 e0 e0 ");
    fixture_stop();
}
END_TEST

START_TEST(an_error_ends_the_others_when_asked_to) {
    fixture_start();
    struct ex_task *task = spawn_owner(EX_SCOPE_END_ON_ERROR, 1, -EIO, 3);
    owner->clean_ups[2] = 1;
    ex_scheduler_poll(scheduler);
    log_text[0] = '\0';

    gate_open(&gates[1]);
    ck_assert_int_eq(fixture_run(task), -EIO);

    ck_assert_str_eq(log_text, "b-5 x0 z0 x1 z0 l-5 e0 e0 ");
    fixture_stop();
}
END_TEST

START_TEST(an_abort_of_who_leaves_reaches_the_children) {
    fixture_start();
    struct ex_task *task = spawn_owner(0, 1, 2, 3);
    owner->clean_ups[0] = 1;
    ex_scheduler_poll(scheduler);
    log_text[0] = '\0';

    ex_task_abort(task);
    ck_assert_int_eq(fixture_run(task), -ECANCELED);

    ck_assert_str_eq(log_text, "x1 x0 z0 x0 z0 z0 l-125 e0 e0 ");
    fixture_stop();
}
END_TEST

START_TEST(an_abort_before_it_leaves_reaches_the_children_when_it_does) {
    fixture_start();
    struct ex_task *task = spawn_owner(0, 1, 2, 3);
    body_gate.is_open = false;
    ex_scheduler_poll(scheduler);
    log_text[0] = '\0';

    ex_task_abort(task);
    ck_assert_int_eq(fixture_run(task), 0);

    ck_assert_str_eq(log_text, "x0 z0 x0 z0 x0 z0 x0 z0 l0 e0 e0 ");
    fixture_stop();
}
END_TEST

START_TEST(who_was_told_already_cleans_up_in_peace) {
    fixture_start();
    struct ex_task *task = spawn_owner(0, 1, 2, 3);
    for (int i = 0; i < COUNT; i++) {
        owner->clean_ups[i] = 3;
    }
    ex_scheduler_poll(scheduler);
    log_text[0] = '\0';

    ex_scheduler_abort(scheduler); /* owner and children; then the owner's leave tells them again */
    ck_assert_int_eq(fixture_run(task), -ECANCELED);

    ck_assert_str_eq(log_text, "x3 x3 x3 z0 z0 z0 l-125 e0 e0 ");
    fixture_stop();
}
END_TEST

/* Spawns two of itself into the scope that it runs in, until it is deep enough. */
struct crawl {
    struct ex_frame frame;
    struct ex_scope *scope;
    int depth, *visits;
};

static struct ex_frame *crawl(struct crawl *self, struct ex_scope *scope, int depth, int *visits);

EX_RESUME(crawl) {
    EX_BEGIN(crawl);
    EX_YIELD();
    __atomic_fetch_add(self->visits, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2 && self->depth > 0; i++) {
        struct crawl *child = ex_scope_new(self->scope, sizeof *child);
        ck_assert_ptr_nonnull(child);
        ex_scope_spawn(self->scope, crawl(child, self->scope, self->depth - 1, self->visits));
    }
    EX_END();
}

static struct ex_frame *crawl(struct crawl *self, struct ex_scope *scope, int depth, int *visits) {
    *self = (struct crawl){.scope = scope, .depth = depth, .visits = visits};
    return EX_FRAME(self, crawl);
}

struct crawl_all {
    struct ex_frame frame;
    struct ex_scope scope;
    int depth, visits;
};

EX_RESUME(crawl_all) {
    EX_BEGIN(crawl_all);
    ex_scope_open(&self->scope, strand, 0);
    struct crawl *child = ex_scope_new(&self->scope, sizeof *child);
    ck_assert_ptr_nonnull(child);
    ex_scope_spawn(&self->scope, crawl(child, &self->scope, self->depth, &self->visits));
    EX_AWAIT(ex_scope_leave(&self->scope));
    EX_RETURN(__atomic_load_n(&self->visits, __ATOMIC_RELAXED));
    EX_END();
}

static struct ex_task *spawn_crawl(int depth) {
    struct crawl_all *self = ex_task_new(scheduler, sizeof *self);
    self->depth = depth;
    self->visits = 0;
    return ex_task_spawn(EX_FRAME(self, crawl_all));
}

START_TEST(children_spawn_into_the_scope_that_they_run_in) {
    fixture_start();

    ck_assert_int_eq(fixture_run(spawn_crawl(6)), 127);
    fixture_stop();
}
END_TEST

START_TEST(children_run_on_many_threads) {
    const struct ex_scheduler_options options = {.worker_count = 3};
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);

    struct ex_task *tasks[4];
    for (int i = 0; i < 4; i++) {
        tasks[i] = spawn_crawl(10);
    }
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(ex_task_take(tasks[i]), 2047);
    }
    fixture_stop();
}
END_TEST

START_TEST(a_scope_on_many_threads_is_cancelled) {
    const struct ex_scheduler_options options = {.worker_count = 3};
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);

    for (int i = 0; i < 200; i++) {
        struct ex_task *task = spawn_crawl(6);
        if (i % 2 == 0) {
            ex_task_abort(task);
        }
        ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
        const int64_t result = ex_task_take(task);
        ck_assert(result == 127 || i % 2 == 0);
    }
    fixture_stop();
}
END_TEST

/* Opens scopes one inside the other, and closes them; spawns into a cancelled one. */
struct nest {
    struct ex_frame frame;
    struct ex_scope scopes[16];
    int count, i;
};

EX_RESUME(nest) {
    EX_BEGIN(nest);
    for (self->i = 0; self->i < self->count; self->i++) {
        ex_scope_open(&self->scopes[self->i], strand, EX_SCOPE_END_ON_ERROR);
    }
    while (self->i-- > 0) {
        ex_scope_cancel(&self->scopes[self->i]);
        struct pass *child = ex_scope_new(&self->scopes[self->i], sizeof *child);
        ck_assert_ptr_nonnull(child);
        ex_scope_spawn(&self->scopes[self->i], pass(child, "p", &gates[0], 1));
        ck_assert_int_eq(ex_scope_error(&self->scopes[self->i]), 0);
        EX_AWAIT(ex_scope_leave(&self->scopes[self->i]));
        ck_assert_int_eq(value, 0);
    }
    EX_END();
}

static struct ex_task *spawn_nest(int count) {
    struct nest *self = ex_task_new(scheduler, sizeof *self);
    self->count = count;
    gates[0] = (struct gate){0};
    return ex_task_spawn(EX_FRAME(self, nest));
}

START_TEST(who_is_spawned_into_a_cancelled_scope_is_told_from_birth) {
    fixture_start();

    ck_assert_int_eq(fixture_run(spawn_nest(2)), 0);
    ck_assert_str_eq(log_text, "p0 x0 z0 p0 x0 z0 ");
    ck_assert_int_eq(fixture_run(spawn_nest(15)), 0);
    fixture_stop();
}
END_TEST

START_TEST(sixteen_scopes_in_one_strand_panic) {
    fixture_start();
    spawn_nest(16);
    ex_scheduler_poll(scheduler);
}
END_TEST

/* Returns with a scope open. */
struct careless {
    struct ex_frame frame;
    struct ex_scope scope;
};

EX_RESUME(careless) {
    EX_BEGIN(careless);
    ex_scope_open(&self->scope, strand, 0);
    EX_END();
}

START_TEST(a_task_that_returns_with_a_scope_open_panics) {
    fixture_start();
    struct careless *self = ex_task_new(scheduler, sizeof *self);
    ex_task_spawn(EX_FRAME(self, careless));
    ex_scheduler_poll(scheduler);
}
END_TEST

START_TEST(a_watched_task_that_returns_with_a_scope_open_panics) {
    const struct ex_scheduler_options options = {.keeps_times = true};
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);
    struct careless *self = ex_task_new(scheduler, sizeof *self);
    ex_task_spawn(EX_FRAME(self, careless));
    ex_scheduler_poll(scheduler);
}
END_TEST

START_TEST(a_task_of_a_worker_thread_that_returns_with_a_scope_open_panics) {
    const struct ex_scheduler_options options = {.worker_count = 1};
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);
    struct careless *self = ex_task_new(scheduler, sizeof *self);
    ex_task_spawn(EX_FRAME(self, careless));
    ex_scheduler_run(scheduler);
}
END_TEST

struct careless_branch {
    struct ex_frame frame;
    struct careless careless;
    struct ex_branch branch;
    struct ex_join join;
};

EX_RESUME(careless_branch) {
    EX_BEGIN(careless_branch);
    ex_branch_init(&self->branch, EX_FRAME(&self->careless, careless));
    EX_AWAIT(ex_join_all(&self->join, &self->branch, 1));
    EX_END();
}

START_TEST(a_branch_that_returns_with_a_scope_open_panics) {
    fixture_start();
    struct careless_branch *self = ex_task_new(scheduler, sizeof *self);
    ex_task_spawn(EX_FRAME(self, careless_branch));
    ex_scheduler_poll(scheduler);
}
END_TEST

struct careless_in_time {
    struct ex_frame frame;
    struct careless careless;
    struct ex_deadline deadline;
};

EX_RESUME(careless_in_time) {
    EX_BEGIN(careless_in_time);
    EX_AWAIT(ex_deadline(&self->deadline, EX_FRAME(&self->careless, careless), EX_TIMER_NEVER));
    EX_END();
}

START_TEST(a_child_of_a_deadline_that_returns_with_a_scope_open_panics) {
    fixture_start();
    struct careless_in_time *self = ex_task_new(scheduler, sizeof *self);
    ex_task_spawn(EX_FRAME(self, careless_in_time));
    ex_scheduler_poll(scheduler);
}
END_TEST

/* Spawns children until there is no memory. */
struct greedy {
    struct ex_frame frame;
    struct ex_scope scope;
    int64_t count;
};

EX_RESUME(greedy) {
    EX_BEGIN(greedy);
    ex_scope_open(&self->scope, strand, 0);
    for (;;) {
        struct pass *child = ex_scope_new(&self->scope, sizeof *child);
        if (child == NULL) {
            break;
        }
        if (self->count == 0) {
            ex_scope_discard(child);
            child = ex_scope_new(&self->scope, sizeof *child);
        }
        ex_scope_spawn(&self->scope, pass(child, "", &gates[0], 1));
        self->count++;
    }
    ck_assert_ptr_null(ex_scope_new(&self->scope, SIZE_MAX - 16));
    ex_scope_cancel(&self->scope);
    EX_AWAIT(ex_scope_leave(&self->scope));
    EX_RETURN(self->count);
    EX_END();
}

START_TEST(when_memory_is_used_up_the_scope_can_still_be_left) {
    static unsigned char block[512 * 1024];
    const struct ex_scheduler_options options = {.memory = block, .memory_size = sizeof block};
    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);
    gates[0] = (struct gate){0};
    struct greedy *self = ex_task_new(scheduler, sizeof *self);
    self->count = 0;

    ck_assert_int_gt(fixture_run(ex_task_spawn(EX_FRAME(self, greedy))), 100);
    fixture_stop();
}
END_TEST

SUITE(ex_scope) {
    SUITE_TEST(leaving_waits_for_every_child);
    SUITE_TEST(children_that_ended_before_it_leaves_are_not_waited_for);
    SUITE_TEST(an_error_is_returned_and_leaves_the_others_alone);
    SUITE_TEST(an_error_ends_the_others_when_asked_to);
    SUITE_TEST(an_abort_of_who_leaves_reaches_the_children);
    SUITE_TEST(an_abort_before_it_leaves_reaches_the_children_when_it_does);
    SUITE_TEST(who_was_told_already_cleans_up_in_peace);
    SUITE_TEST(children_spawn_into_the_scope_that_they_run_in);
    SUITE_TEST(children_run_on_many_threads);
    SUITE_TEST(a_scope_on_many_threads_is_cancelled);
    SUITE_TEST(who_is_spawned_into_a_cancelled_scope_is_told_from_birth);
    SUITE_TEST(when_memory_is_used_up_the_scope_can_still_be_left);
    tcase_add_test_raise_signal(tcase, sixteen_scopes_in_one_strand_panic, SIGABRT);
    tcase_add_test_raise_signal(tcase, a_task_that_returns_with_a_scope_open_panics, SIGABRT);
    tcase_add_test_raise_signal(tcase,
                                a_watched_task_that_returns_with_a_scope_open_panics,
                                SIGABRT);
    tcase_add_test_raise_signal(tcase,
                                a_task_of_a_worker_thread_that_returns_with_a_scope_open_panics,
                                SIGABRT);
    tcase_add_test_raise_signal(tcase, a_branch_that_returns_with_a_scope_open_panics, SIGABRT);
    tcase_add_test_raise_signal(tcase,
                                a_child_of_a_deadline_that_returns_with_a_scope_open_panics,
                                SIGABRT);
}
