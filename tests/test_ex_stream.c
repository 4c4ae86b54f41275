#include "tests/composition_fixture.h"

#include <ex/select.h>
#include <ex/stream.h>
#include <signal.h>

/* The example of "How Rust optimizes async/await": sums up a list, and then down again. */
struct sums {
    struct ex_frame frame;
    struct ex_generator generator;
    const int *xs;
    int count, i;
    int64_t sum;
};

EX_RESUME(sums) {
    EX_BEGIN(sums);
    for (self->i = 0; self->i < self->count; self->i++) {
        self->sum += self->xs[self->i];
        EX_YIELD_ITEM(self->sum);
    }
    while (self->i-- > 0) {
        self->sum -= self->xs[self->i];
        EX_YIELD_ITEM(self->sum);
    }
    EX_END();
}

static struct ex_frame *sums(struct sums *self, const int *xs, int count) {
    *self = (struct sums){.xs = xs, .count = count};
    return EX_FRAME(self, sums);
}

START_TEST(a_generator_yields_in_a_plain_function) {
    const int xs[] = {1, 2, 3};
    const int64_t expected[] = {1, 3, 6, 3, 1, 0};
    struct sums self;
    struct ex_stream stream;
    ex_stream_open(&stream, sums(&self, xs, 3));

    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(ex_stream_pull(&stream), 1);
        ck_assert_int_eq(stream.item, expected[i]);
    }

    ck_assert_int_eq(ex_stream_pull(&stream), 0);
    ck_assert_int_eq(ex_stream_pull(&stream), 0);
    ck_assert_int_eq(ex_stream_shut(&stream), 0);
}
END_TEST

/* Yields `count` numbers from `first` on, with an await before each; returns `result`. When it is
 * told to end it cleans up with an await. */
struct slow {
    struct ex_frame frame;
    struct ex_generator generator;
    int first, count, i;
    int64_t result;
    struct count wait;
};

EX_RESUME(slow) {
    EX_BEGIN(slow);
    for (; self->i < self->count; self->i++) {
        EX_AWAIT(count(&self->wait, "w", 1, 0));
        EX_YIELD_ITEM(self->first + self->i);
        if (value < 0) {
            EX_AWAIT(count(&self->wait, "c", 2, 0));
            EX_RETURN(-ECANCELED);
        }
    }
    EX_RETURN(self->result);
    EX_END();
}

static struct ex_frame *slow(struct slow *self, int first, int count, int64_t result) {
    *self = (struct slow){.first = first, .count = count, .result = result};
    return EX_FRAME(self, slow);
}

/* Takes at most `limit` items of a stream, notes them, and closes it. */
struct consumer {
    struct ex_frame frame;
    struct ex_stream stream;
    int limit;
    union {
        struct slow slow;
        struct sums sums;
    } source;
};

EX_RESUME(consumer) {
    EX_BEGIN(consumer);
    for (; self->limit > 0; self->limit--) {
        EX_AWAIT(ex_stream_next(&self->stream));
        if (value <= 0) {
            note("e", value);
            continue;
        }
        note("", self->stream.item);
    }
    EX_AWAIT(ex_stream_close(&self->stream));
    EX_RETURN(value);
    EX_END();
}

static struct consumer *new_consumer(int limit) {
    struct consumer *self = ex_task_new(scheduler, sizeof *self);
    self->limit = limit;
    return self;
}

static int64_t run_consumer(struct consumer *self, struct ex_frame *generator) {
    ex_stream_open(&self->stream, generator);
    return fixture_run(ex_task_spawn(EX_FRAME(self, consumer)));
}

START_TEST(a_generator_awaits_between_its_items) {
    fixture_start();
    struct consumer *self = new_consumer(5);

    ck_assert_int_eq(run_consumer(self, slow(&self->source.slow, 7, 3, 0)), 0);

    ck_assert_str_eq(log_text, "w0 7 w0 8 w0 9 e0 e0 ");
    fixture_stop();
}
END_TEST

START_TEST(an_error_ends_the_stream_and_is_given_by_every_next) {
    fixture_start();
    struct consumer *self = new_consumer(4);

    ck_assert_int_eq(run_consumer(self, slow(&self->source.slow, 7, 2, -EIO)), 0);

    ck_assert_str_eq(log_text, "w0 7 w0 8 e-5 e-5 ");
    fixture_stop();
}
END_TEST

START_TEST(a_stream_closed_half_way_lets_its_generator_clean_up) {
    fixture_start();
    struct consumer *self = new_consumer(2);

    ck_assert_int_eq(run_consumer(self, slow(&self->source.slow, 7, 5, 0)), 0);

    ck_assert_str_eq(log_text, "w0 7 w0 8 c0 c1 ");
    fixture_stop();
}
END_TEST

START_TEST(a_stream_closed_before_it_began_runs_nothing) {
    fixture_start();
    struct consumer *self = new_consumer(0);

    ck_assert_int_eq(run_consumer(self, slow(&self->source.slow, 7, 5, -EIO)), 0);

    ck_assert_str_eq(log_text, "");
    fixture_stop();
}
END_TEST

/* A number, and before it the items of another such generator:
 * `depth` of them, one in the other. */
struct nested {
    struct ex_frame frame;
    struct ex_generator generator;
    struct nested *below;
    int depth, resumes;
    int64_t told;
    struct slow leaf;
};

EX_RESUME(nested) {
    EX_BEGIN(nested);
    self->resumes++;
    if (self->depth == 0) {
        EX_YIELD_FROM(slow(&self->leaf, 100, 3, 1));
    } else {
        EX_YIELD_FROM(EX_FRAME(self->below, nested));
    }
    self->told = value;
    self->resumes++;
    if (value < 0) {
        EX_RETURN(value);
    }
    EX_YIELD_ITEM(self->depth);
    EX_RETURN(value < 0 ? value : 1);
    EX_END();
}

enum { DEPTH = 200 };

static struct nested layers[DEPTH];

static struct ex_frame *nested(int depth) {
    memset(layers, 0, sizeof layers);
    for (int i = 0; i < depth; i++) {
        layers[i].depth = depth - 1 - i;
        layers[i].below = &layers[i + 1];
    }
    return EX_FRAME(&layers[0], nested);
}

START_TEST(a_generator_hands_over_and_goes_on_with_what_the_other_returned) {
    fixture_start();
    struct consumer *self = new_consumer(7);

    ck_assert_int_eq(run_consumer(self, nested(3)), 0);

    ck_assert_str_eq(log_text, "w0 100 w0 101 w0 102 0 1 2 e0 ");
    ck_assert_int_eq(layers[0].told, 1);
    fixture_stop();
}
END_TEST

START_TEST(an_item_resumes_the_innermost_generator_alone) {
    fixture_start();
    struct consumer *self = new_consumer(3 + DEPTH / 2);

    ck_assert_int_eq(run_consumer(self, nested(DEPTH)), 0);

    ck_assert_ptr_nonnull(strstr(log_text, "w0 102 0 1 2 3 "));
    for (int i = 0; i < DEPTH; i++) {
        ck_assert_int_eq(layers[i].resumes, 2); /* to begin, and when the inner one had ended */
    }
    fixture_stop();
}
END_TEST

START_TEST(closing_ends_every_generator_from_the_innermost_on) {
    fixture_start();
    struct consumer *self = new_consumer(2);

    ck_assert_int_eq(run_consumer(self, nested(DEPTH)), 0);

    ck_assert_str_eq(log_text, "w0 100 w0 101 c0 c1 ");
    for (int i = 0; i < DEPTH; i++) {
        ck_assert_int_eq(layers[i].told, -ECANCELED);
    }
    fixture_stop();
}
END_TEST

/* A tree in order; recursion by handing over. */
struct walk {
    struct ex_frame frame;
    struct ex_generator generator;
    struct walk *left, *right;
    int64_t key;
};

EX_RESUME(walk) {
    EX_BEGIN(walk);
    if (self->left != NULL) {
        EX_YIELD_FROM(EX_FRAME(self->left, walk));
    }
    EX_YIELD_ITEM(self->key);
    if (self->right != NULL) {
        EX_YIELD_FROM(EX_FRAME(self->right, walk));
    }
    EX_END();
}

static struct walk nodes[1023];

static struct walk *grow(int64_t from, int64_t to) {
    if (from >= to) {
        return NULL;
    }
    const int64_t middle = (from + to) / 2;
    struct walk *self = &nodes[middle];
    self->key = middle;
    self->left = grow(from, middle);
    self->right = grow(middle + 1, to);
    return self;
}

START_TEST(a_recursive_generator_walks_a_tree) {
    struct ex_stream stream;
    ex_stream_open(&stream, EX_FRAME(grow(0, 1023), walk));

    for (int64_t key = 0; key < 1023; key++) {
        ck_assert_int_eq(ex_stream_pull(&stream), 1);
        ck_assert_int_eq(stream.item, key);
    }

    ck_assert_int_eq(ex_stream_pull(&stream), 0);
}
END_TEST

/* Waits at a gate before each item. */
struct gated {
    struct ex_frame frame;
    struct ex_generator generator;
    struct gate *gate;
    struct pass pass;
};

EX_RESUME(gated) {
    EX_BEGIN(gated);
    for (;;) {
        EX_AWAIT(pass(&self->pass, "g", self->gate, 4));
        if (value < 0) {
            EX_RETURN(value);
        }
        EX_YIELD_ITEM(value);
        if (value < 0) {
            EX_RETURN(value);
        }
    }
    EX_END();
}

/* A next that loses against a timeout. */
struct impatient {
    struct ex_frame frame;
    struct ex_stream stream;
    struct gated gated;
    struct ex_branch branches[2];
    struct ex_select select;
    struct count timer;
    struct gate gate;
};

EX_RESUME(impatient) {
    EX_BEGIN(impatient);
    self->gated.gate = &self->gate;
    ex_stream_open(&self->stream, EX_FRAME(&self->gated, gated));
    ex_branch_init(&self->branches[0], ex_stream_next(&self->stream));
    ex_branch_init(&self->branches[1], count(&self->timer, "t", 2, 0));
    EX_AWAIT(ex_select(&self->select, self->branches, 2));
    note("s", value);
    note("r", self->branches[0].result);
    EX_AWAIT(ex_stream_next(&self->stream));
    note("e", value);
    EX_AWAIT(ex_stream_close(&self->stream));
    EX_RETURN(value);
    EX_END();
}

START_TEST(a_next_that_loses_a_select_tells_the_generator) {
    fixture_start();
    struct impatient *self = ex_task_new(scheduler, sizeof *self);
    self->gate = (struct gate){0};

    ck_assert_int_eq(fixture_run(ex_task_spawn(EX_FRAME(self, impatient))), 0);

    ck_assert_str_eq(log_text, "g0 t0 t1 x0 z0 s1 r-125 e-125 ");
    fixture_stop();
}
END_TEST

START_TEST(an_abort_reaches_the_generator_at_its_await) {
    fixture_start();
    static struct gated source;
    static struct gate gate;
    gate = (struct gate){.is_open = false};
    source.gate = &gate;
    struct consumer *self = new_consumer(1);
    ex_stream_open(&self->stream, EX_FRAME(&source, gated));
    struct ex_task *task = ex_task_spawn(EX_FRAME(self, consumer));
    ex_scheduler_poll(scheduler);

    ex_task_abort(task);
    ck_assert_int_eq(fixture_run(task), 0);

    ck_assert_str_eq(log_text, "g0 x0 z0 e-125 ");
    fixture_stop();
}
END_TEST

START_TEST(a_generator_that_yields_after_it_was_told_to_end_panics) {
    const int xs[] = {1, 2, 3};
    struct sums self;
    struct ex_stream stream;
    ex_stream_open(&stream, sums(&self, xs, 3));
    ck_assert_int_eq(ex_stream_pull(&stream), 1);
    ex_stream_shut(&stream);
}
END_TEST

START_TEST(a_generator_that_waits_outside_of_a_task_panics) {
    struct slow self;
    struct ex_stream stream;
    ex_stream_open(&stream, slow(&self, 1, 2, 0));
    ex_stream_pull(&stream);
}
END_TEST

START_TEST(a_next_after_a_close_panics) {
    const int xs[] = {1};
    struct sums self;
    struct ex_stream stream;
    ex_stream_open(&stream, sums(&self, xs, 1));
    ck_assert_int_eq(ex_stream_shut(&stream), 0);
    ex_stream_pull(&stream);
}
END_TEST

SUITE(ex_stream) {
    SUITE_TEST(a_generator_yields_in_a_plain_function);
    SUITE_TEST(a_generator_awaits_between_its_items);
    SUITE_TEST(an_error_ends_the_stream_and_is_given_by_every_next);
    SUITE_TEST(a_stream_closed_half_way_lets_its_generator_clean_up);
    SUITE_TEST(a_stream_closed_before_it_began_runs_nothing);
    SUITE_TEST(a_generator_hands_over_and_goes_on_with_what_the_other_returned);
    SUITE_TEST(an_item_resumes_the_innermost_generator_alone);
    SUITE_TEST(closing_ends_every_generator_from_the_innermost_on);
    SUITE_TEST(a_recursive_generator_walks_a_tree);
    SUITE_TEST(a_next_that_loses_a_select_tells_the_generator);
    SUITE_TEST(an_abort_reaches_the_generator_at_its_await);
    tcase_add_test_raise_signal(tcase,
                                a_generator_that_yields_after_it_was_told_to_end_panics,
                                SIGABRT);
    tcase_add_test_raise_signal(tcase, a_generator_that_waits_outside_of_a_task_panics, SIGABRT);
    tcase_add_test_raise_signal(tcase, a_next_after_a_close_panics, SIGABRT);
}
