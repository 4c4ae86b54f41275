#include "tests/suite.h"

#include <errno.h>
#include <ex/dump.h>
#include <ex/mutex.h>
#include <ex/select.h>
#include <ex/stream.h>
#include <ex/timer.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static struct ex_scheduler *scheduler;
static char text[1 << 17];

static void start(const struct ex_scheduler_options *options) {
    ck_assert_int_eq(ex_scheduler_create(&scheduler, options), 0);
}

static void add_line(void *context, const char *line) {
    ck_assert_ptr_eq(context, text);
    strncat(text, line, sizeof text - strlen(text) - 2);
    strcat(text, "\n");
}

static const char *dump(void) {
    text[0] = '\0';
    ex_dump(scheduler, add_line, text);
    return text;
}

struct nap {
    struct ex_frame frame;
    struct ex_sleep sleep;
};

EX_RESUME(nap) {
    EX_BEGIN(nap);
    EX_AWAIT(ex_sleep_for(&self->sleep, 5000 * EX_TIMER_S));
    EX_RETURN(value);
    EX_END();
}

static struct ex_frame *nap(struct nap *self) {
    return EX_FRAME(self, nap);
}

/* Naps under a deadline, beside a nap without one. */
struct chooser {
    struct ex_frame frame;
    struct ex_branch branches[2];
    struct nap naps[2];
    struct ex_deadline deadline;
    struct ex_select select;
};

EX_RESUME(chooser) {
    EX_BEGIN(chooser);
    ex_branch_init(&self->branches[0], nap(&self->naps[0]));
    ex_branch_init(
        &self->branches[1],
        ex_deadline(&self->deadline, nap(&self->naps[1]), ex_timer_now() + 20000 * EX_TIMER_S));
    EX_AWAIT(ex_select(&self->select, self->branches, 2));
    EX_END();
}

static struct ex_task *spawn_chooser(void) {
    struct chooser *self = ex_task_new(scheduler, sizeof *self);
    return ex_task_spawn(EX_FRAME(self, chooser));
}

static struct ex_task *spawn_nap(void) {
    struct nap *self = ex_task_new(scheduler, sizeof *self);
    return ex_task_spawn(nap(self));
}

/* Each of `words` stands in the dump, in this order. */
static void expect(const char *const *words) {
    const char *at = dump();
    for (; *words != NULL; words++) {
        const char *found = strstr(at, *words);
        ck_assert_msg(found != NULL, "'%s' is not where it belongs in\n%s", *words, text);
        at = found + strlen(*words);
    }
}

START_TEST(a_task_shows_the_functions_it_waits_in_and_what_each_awaits) {
    start(NULL);
    struct ex_task *task = spawn_nap();
    static const char *const after[] = {"task 0: waits\n",
                                        "    ex_sleep",
                                        "timer.c:",
                                        "    nap ",
                                        "test_dump.c:",
                                        "ex_sleep_for(&self->sleep, 5000 * EX_TIMER_S)",
                                        NULL};

    ex_scheduler_poll(scheduler);
    expect(after);
    ex_task_abort(task);
    ex_scheduler_poll(scheduler);
    static const char *const returned[] = {"task 0: returned, and nobody took its result", NULL};
    expect(returned);
    ex_task_take(task);
    ck_assert_str_eq(dump(), "");
    ex_scheduler_destroy(scheduler);
}
END_TEST

START_TEST(branches_show_below_the_function_that_runs_them) {
    start(NULL);
    ex_task_detach(spawn_chooser());
    static const char *const words[] = {"task 0: waits",
                                        "branch 0\n",
                                        "        ex_sleep",
                                        "        nap",
                                        "branch 1\n",
                                        "        branch 0\n",
                                        "            ex_sleep",
                                        "            nap",
                                        "        ex_deadline",
                                        "    ex_select",
                                        "    chooser",
                                        "ex_select(&self->select, self->branches, 2)",
                                        NULL};

    ex_scheduler_poll(scheduler);

    expect(words);
    ex_scheduler_destroy(scheduler);
}
END_TEST

/* A generator that waits, one that hands over to it, and who reads them. */
struct slow {
    struct ex_frame frame;
    struct ex_generator generator;
    struct nap nap;
};

EX_RESUME(slow) {
    EX_BEGIN(slow);
    EX_AWAIT(nap(&self->nap));
    EX_END();
}

struct hands_over {
    struct ex_frame frame;
    struct ex_generator generator;
    struct slow slow;
};

EX_RESUME(hands_over) {
    EX_BEGIN(hands_over);
    EX_YIELD_FROM(EX_FRAME(&self->slow, slow));
    EX_END();
}

struct reader {
    struct ex_frame frame;
    struct hands_over generator;
    struct ex_stream stream;
};

EX_RESUME(reader) {
    EX_BEGIN(reader);
    ex_stream_open(&self->stream, EX_FRAME(&self->generator, hands_over));
    EX_AWAIT(ex_stream_next(&self->stream));
    EX_END();
}

START_TEST(generators_that_handed_over_show_below_the_one_that_waits) {
    start(NULL);
    struct reader *self = ex_task_new(scheduler, sizeof *self);
    ex_task_detach(ex_task_spawn(EX_FRAME(self, reader)));
    static const char *const words[] = {"task 0: waits",
                                        "    ex_sleep",
                                        "    nap",
                                        "    slow ",
                                        "nap(&self->nap)",
                                        "    hands_over ",
                                        "EX_FRAME(&self->slow, slow)",
                                        "    ex_stream ",
                                        "    reader ",
                                        "ex_stream_next(&self->stream)",
                                        NULL};

    ex_scheduler_poll(scheduler);

    expect(words);
    ex_scheduler_destroy(scheduler);
}
END_TEST

START_TEST(since_when_a_task_waits_is_told_where_times_are_kept) {
    const struct ex_scheduler_options options = {.keeps_times = true};
    start(&options);
    ex_task_detach(spawn_nap());
    ex_scheduler_poll(scheduler);

    usleep(30000);

    const char *waits = strstr(dump(), "waits for ");
    ck_assert_ptr_nonnull(waits);
    ck_assert_int_ge(atoi(waits + strlen("waits for ")), 30);
    ex_scheduler_destroy(scheduler);
}
END_TEST

START_TEST(workers_are_dumped_while_they_work) {
    const struct ex_scheduler_options options = {.worker_count = 3, .keeps_times = true};
    start(&options);
    for (int i = 0; i < 50; i++) {
        ex_task_detach(i % 2 == 0 ? spawn_nap() : spawn_chooser());
    }

    for (int round = 0; round < 200; round++) {
        size_t count = 0;
        for (const char *at = dump(); (at = strstr(at, "task ")) != NULL; at++) {
            count++;
        }
        ck_assert_uint_le(count, 50);
    }

    usleep(20000);
    static const char *const words[] = {"task 49: waits", NULL};
    expect(words);
    ex_scheduler_destroy(scheduler);
}
END_TEST

/* ---- the observer ---- */

static char story[4096];

static void tell(const char *what) {
    strncat(story, what, sizeof story - strlen(story) - 1);
}

static void on_spawned(void *context, const struct ex_task *task) {
    (void)context;
    (void)task;
    tell("s");
}

static void on_resumed(void *context, const struct ex_task *task) {
    (void)context;
    (void)task;
    tell("r");
}

static void on_waits(void *context, const struct ex_task *task) {
    (void)context;
    (void)task;
    tell("w");
}

static void on_woken(void *context, const struct ex_task *task) {
    (void)context;
    (void)task;
    tell("!");
}

static void on_returned(void *context, const struct ex_task *task, int64_t value) {
    (void)context;
    (void)task;
    tell(value == -ECANCELED ? "c" : "x");
}

static void on_dropped(void *context, const struct ex_task *task) {
    (void)context;
    (void)task;
    tell("d");
}

static const struct ex_observer observer = {.spawned = on_spawned,
                                            .resumed = on_resumed,
                                            .waits = on_waits,
                                            .woken = on_woken,
                                            .returned = on_returned,
                                            .dropped = on_dropped};

START_TEST(an_observer_is_told_the_life_of_a_task) {
    const struct ex_scheduler_options options = {.worker_count = (uint32_t)_i,
                                                 .observer = &observer};
    story[0] = '\0';
    start(&options);
    struct ex_task *task = spawn_nap();
    while (strchr(story, 'w') == NULL) { /* on another thread, if there are any */
        if (_i == 0) {
            ex_scheduler_poll(scheduler);
        }
        usleep(100);
    }

    ex_task_abort(task);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
    ck_assert_int_eq(ex_task_take(task), -ECANCELED);

    ck_assert_str_eq(story, _i == 0 ? "s!rw!rcd" : "srw!rcd");
    ex_scheduler_destroy(scheduler);
}
END_TEST

START_TEST(a_watched_scheduler_runs_as_any_other) {
    const struct ex_observer nothing = {.context = NULL};
    const struct ex_scheduler_options options = {.worker_count = (uint32_t)_i,
                                                 .observer = &nothing};
    start(&options);

    for (int i = 0; i < 1000; i++) {
        ex_task_detach(spawn_chooser());
    }
    ex_scheduler_abort(scheduler);
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);

    ck_assert_uint_eq(ex_scheduler_live_count(scheduler), 0);
    ex_scheduler_destroy(scheduler);
}
END_TEST

SUITE(dump) {
    SUITE_TEST(a_task_shows_the_functions_it_waits_in_and_what_each_awaits);
    SUITE_TEST(branches_show_below_the_function_that_runs_them);
    SUITE_TEST(generators_that_handed_over_show_below_the_one_that_waits);
    SUITE_TEST(since_when_a_task_waits_is_told_where_times_are_kept);
    SUITE_TEST(workers_are_dumped_while_they_work);
    SUITE_LOOP(an_observer_is_told_the_life_of_a_task, 0, 2);
    SUITE_LOOP(a_watched_scheduler_runs_as_any_other, 0, 4);
}
