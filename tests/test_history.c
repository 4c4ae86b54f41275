/* What is kept of the operations of a run, and what is said of them at its end. */
#include "sim/history.h"

#include <stdio.h>
#include <string.h>

#include "sim/judge.h"
#include "tests/suite.h"

#define SENTENCE "the store behaves as one copy"

static struct description description;
static struct verdict verdict;
static struct history history;
static struct judge judge;
static struct arena arena;
static uint64_t now_ns;

static void begin(void) {
    verdict = (struct verdict){0};
    now_ns = 10000;
    history_begin(&history, &verdict);
}

static void open_history(void) {
    memset(&description, 0xa5, sizeof description);
    description_init(&description, "test");
    description_node_add(&description, "server", "main", NULL);
    description_node_add(&description, "client-1", "main", NULL);
    description_node_add(&description, "client-2", "main", NULL);
    ck_assert_ptr_nonnull(description_history_add(&description, SENTENCE, "kv", MODEL_REGISTER));
    ck_assert_ptr_nonnull(
        description_history_add(&description, "one at a time", "leases", MODEL_LOCK));
    const uint64_t size = history_arena_size(&description) + judge_arena_size(&description);
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64);
    ck_assert_ptr_nonnull(memory);
    memset(memory, 0xa5, size);
    arena_init(&arena, memory, size);
    history_init(&history, &arena, &description);
    judge_init(&judge, &arena, &history);
    begin();
}

/* A thread of the node that has its number; each thing takes 1 us. */
static struct history_place place(uint32_t thread) {
    static const int sites[10];
    now_ns += 1000;
    return (
        struct history_place){thread, 1 + thread % 3, now_ns, now_ns / 1000, &sites[thread % 10]};
}

static bool
invoke(uint32_t thread, const char *object, enum model_operation operation, int64_t value) {
    const struct model_call call = {.operation = operation, .argument = value};
    const struct history_place here = place(thread);
    return history_invoke(&history, history_find(&history, object), 7, &call, &here);
}

static bool returned(uint32_t thread, enum model_outcome outcome, int64_t result) {
    const struct history_place here = place(thread);
    return history_return(&history, outcome, result, &here);
}

static void
does(uint32_t thread, const char *object, enum model_operation operation, int64_t value) {
    ck_assert(invoke(thread, object, operation, value));
    ck_assert(returned(thread, MODEL_DONE, value));
}

static const char *judged(void) {
    judge_end(&judge);
    return verdict.message;
}

/* ---- what is kept ---- */

START_TEST(an_operation_is_kept_with_its_begin_and_its_end) {
    open_history();

    ck_assert(invoke(4, "kv", MODEL_WRITE, 3));
    ck_assert(invoke(5, "leases", MODEL_ACQUIRE, 5));
    ck_assert(returned(4, MODEL_DONE, 0));

    const struct history_operation *write = history_at(&history, 1);
    const struct history_operation *acquire = history_at(&history, 2);
    ck_assert_uint_eq(history.count, 2);
    ck_assert_uint_eq(write->linear.invoked, 1);
    ck_assert_uint_eq(write->linear.returned, 3);
    ck_assert_uint_eq(write->linear.call.outcome, MODEL_DONE);
    ck_assert_int_eq(write->linear.call.argument, 3);
    ck_assert_uint_eq(write->invoked.thread, 4);
    ck_assert_uint_eq(write->invoked.node, 2);
    ck_assert_uint_eq(write->invoked.time_ns, 11000);
    ck_assert_uint_eq(write->returned.time_ns, 13000);
    ck_assert_uint_eq(acquire->linear.invoked, 2);
    ck_assert_uint_eq(acquire->linear.returned, LINEAR_NEVER);
    ck_assert_uint_eq(acquire->linear.call.outcome, MODEL_OPEN);
    ck_assert_uint_eq(history_open(&history, 4), 2);
    ck_assert_uint_eq(history_open(&history, 5), history_find(&history, "leases"));
}
END_TEST

START_TEST(an_unknown_outcome_is_no_return) {
    open_history();

    ck_assert(invoke(1, "kv", MODEL_WRITE, 3));
    ck_assert(returned(1, MODEL_UNKNOWN, 0));
    does(1, "kv", MODEL_WRITE, 4);

    ck_assert_uint_eq(history_at(&history, 1)->linear.returned, LINEAR_NEVER);
    ck_assert_uint_eq(history_at(&history, 2)->linear.invoked, 3);
}
END_TEST

/* Keys far more than a group's bucket can keep apart by chance. */
START_TEST(each_key_of_an_object_has_a_group_in_order_of_invocation) {
    enum { KEYS = 5000, ROUNDS = 5 };
    open_history();
    for (uint32_t run = 0; run < 3; run++) {
        begin();
        for (uint32_t i = 0; i < KEYS * ROUNDS; i++) {
            const struct model_call call = {.operation = MODEL_WRITE, .argument = i};
            const struct history_place here = place(1);
            const int64_t key = (int64_t)(i % KEYS) * (run + 1) - KEYS / 2;
            ck_assert(history_invoke(&history, 0, key, &call, &here));
            ck_assert(returned(1, MODEL_DONE, 0));
        }

        ck_assert_uint_eq(history.group_count, KEYS);
        for (uint32_t i = 1; i <= KEYS; i++) {
            const struct history_group *group = &history.groups[i];
            uint32_t expected = i;
            ck_assert_uint_eq(group->count, ROUNDS);
            for (uint32_t number = group->first; number != 0; expected += KEYS) {
                ck_assert_uint_eq(number, expected);
                ck_assert_uint_eq(history_at(&history, number)->group, i);
                number = history_at(&history, number)->next;
            }
            ck_assert_uint_eq(expected, i + KEYS * ROUNDS);
        }
    }
}
END_TEST

START_TEST(equal_keys_of_two_objects_are_two_groups) {
    open_history();

    does(1, "kv", MODEL_WRITE, 1);
    does(1, "leases", MODEL_ACQUIRE, 1);
    does(1, "kv", MODEL_WRITE, 1);

    ck_assert_uint_eq(history.group_count, 2);
    ck_assert_uint_eq(history.groups[1].count, 2);
    ck_assert_uint_eq(history.groups[2].count, 1);
}
END_TEST

START_TEST(a_run_finds_no_operation_of_the_one_before) {
    open_history();
    ck_assert(invoke(1, "kv", MODEL_WRITE, 1));
    ck_assert(invoke(2, "kv", MODEL_WRITE, 1));

    begin();

    ck_assert_uint_eq(history.count, 0);
    ck_assert(invoke(2, "kv", MODEL_WRITE, 1)); /* it has none open any more */
    ck_assert(invoke(1, "kv", MODEL_WRITE, 1));
    ck_assert_uint_eq(verdict.kind, VERDICT_NONE);
}
END_TEST

/* ---- misuse and limits ---- */

static void expect_verdict(enum verdict_kind kind, const char *message) {
    ck_assert_uint_eq(verdict.kind, kind);
    ck_assert_str_eq(verdict.message, message);
}

START_TEST(a_thread_has_one_operation_open_at_a_time) {
    open_history();
    ck_assert(invoke(5, "kv", MODEL_WRITE, 1));

    ck_assert(!invoke(5, "leases", MODEL_ACQUIRE, 1));

    expect_verdict(VERDICT_ASSERTION,
                   "thread 5 of client-2 begins an operation on leases, and its last one has not "
                   "returned");
}
END_TEST

START_TEST(nothing_returns_that_did_not_begin) {
    open_history();
    does(4, "kv", MODEL_WRITE, 1);

    ck_assert(!returned(4, MODEL_DONE, 0));

    expect_verdict(VERDICT_ASSERTION,
                   "thread 4 of client-1 returns from an operation that it did not begin");
}
END_TEST

START_TEST(an_object_has_the_operations_of_its_model) {
    static const enum model_operation unknown[] = {0,
                                                   MODEL_OPERATION_COUNT,
                                                   (enum model_operation)(-1)};
    open_history();

    ck_assert(!invoke(1, "kv", MODEL_PUSH, 1));

    expect_verdict(VERDICT_ASSERTION, "kv is a register, which has no operation \"push\"");
    for (unsigned i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        begin();
        ck_assert(!invoke(1, "leases", unknown[i], 1));
        expect_verdict(VERDICT_ASSERTION, "leases is a lock, which has no operation \"?\"");
    }
}
END_TEST

START_TEST(an_operation_ends_as_it_can) {
    open_history();
    ck_assert(invoke(1, "kv", MODEL_WRITE, 1));

    ck_assert(!returned(1, MODEL_REFUSED, 0));

    expect_verdict(VERDICT_ASSERTION, "kv: the outcome of the operation \"write\" cannot be 2");
    static const int outcomes[] = {MODEL_OPEN, MODEL_OUTCOME_COUNT, -1};
    for (unsigned i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        begin();
        ck_assert(invoke(1, "leases", MODEL_RELEASE, 1));
        ck_assert(!returned(1, (enum model_outcome)outcomes[i], 0));
        ck_assert_uint_eq(verdict.kind, VERDICT_ASSERTION);
    }
}
END_TEST

START_TEST(more_operations_than_there_is_room_for_are_a_finding) {
    open_history();
    for (uint32_t i = 0; i < HISTORY_OPERATIONS_MAX; i++) {
        does(1, "kv", MODEL_WRITE, 1);
    }
    ck_assert_uint_eq(verdict.kind, VERDICT_NONE);

    ck_assert(!invoke(1, "kv", MODEL_WRITE, 1));

    expect_verdict(VERDICT_LIMIT, "more than 65536 operations in the histories of a run");
}
END_TEST

/* ---- what is said at the end ---- */

START_TEST(a_stale_read_is_told_with_the_write_that_it_missed) {
    open_history();
    does(4, "kv", MODEL_WRITE, 1);
    does(4, "kv", MODEL_WRITE, 2); /* 13 .. 14 us */
    does(4, "kv", MODEL_READ, 2);
    does(5, "kv", MODEL_READ, 1); /* 17 .. 18 us */
    does(5, "kv", MODEL_READ, 9);

    const char *message = judged();

    ck_assert_str_eq(message,
                     SENTENCE ": kv is not linearizable: thread 5 of client-2 read 1 "
                              "(17.0 .. 18.0 us), after thread 4 of client-1 wrote 2 "
                              "(13.0 .. 14.0 us)");
    ck_assert_uint_eq(verdict.kind, VERDICT_PROPERTY);
    ck_assert_uint_eq(verdict.named, strlen(SENTENCE ": kv is not linearizable"));
    ck_assert_uint_eq(verdict.thread, 5);
    ck_assert_uint_eq(verdict.node, 3);
    ck_assert_uint_eq(verdict.time_ns, 18000);
    ck_assert_uint_eq(verdict.step, 18);
    ck_assert_uint_eq(verdict.site, (uint64_t)(uintptr_t)place(5).site);
}
END_TEST

START_TEST(two_holders_at_once_are_told_with_each_other) {
    open_history();
    ck_assert(invoke(1, "leases", MODEL_ACQUIRE, 1));
    ck_assert(invoke(2, "leases", MODEL_TRY_ACQUIRE, 2));
    ck_assert(returned(1, MODEL_DONE, 0));
    ck_assert(returned(2, MODEL_DONE, 0));

    ck_assert_str_eq(judged(),
                     "one at a time: leases is not linearizable: thread 2 of client-2 acquired it "
                     "for 2 (12.0 .. 14.0 us), while thread 1 of client-1 acquired it for 1 "
                     "(11.0 .. 13.0 us)");
}
END_TEST

START_TEST(what_nobody_can_have_caused_is_told_alone_and_with_its_key) {
    const struct model_call read = {.operation = MODEL_READ};
    open_history();
    does(4, "kv", MODEL_WRITE, 1);
    const struct history_place here = place(4);
    ck_assert(history_invoke(&history, 0, -3, &read, &here));
    ck_assert(returned(4, MODEL_DONE, 8));

    ck_assert_str_eq(judged(),
                     SENTENCE ": kv is not linearizable: key -3: thread 4 of client-1 read 8 "
                              "(13.0 .. 14.0 us), whatever the others did");
}
END_TEST

START_TEST(what_never_returned_may_have_happened_and_may_not) {
    open_history();
    ck_assert(invoke(1, "kv", MODEL_WRITE, 1));
    ck_assert(invoke(2, "kv", MODEL_WRITE, 2));
    does(3, "kv", MODEL_READ, 0);
    does(3, "kv", MODEL_READ, 2);

    judged();

    ck_assert_uint_eq(verdict.kind, VERDICT_NONE);
}
END_TEST

START_TEST(a_run_that_has_a_finding_is_not_judged) {
    open_history();
    does(1, "kv", MODEL_READ, 1);
    verdict_set(&verdict, VERDICT_PROPERTY, "something else");

    ck_assert_str_eq(judged(), "something else");
    ck_assert_uint_eq(verdict.named, 0);
}
END_TEST

/* 18 writers at a time, and a value that none of them wrote. */
START_TEST(what_takes_too_many_steps_is_said_to_be_undecided) {
    open_history();
    for (uint32_t i = 1; i <= 18; i++) {
        ck_assert(invoke(i, "kv", MODEL_WRITE, i));
    }
    ck_assert(invoke(30, "kv", MODEL_READ, 0));
    ck_assert(returned(30, MODEL_DONE, 99));
    for (uint32_t i = 1; i <= 18; i++) {
        ck_assert(returned(i, MODEL_DONE, 0));
    }

    judged();

    expect_verdict(VERDICT_LIMIT,
                   "whether kv is linearizable is not decided after 4194304 steps: let fewer "
                   "operations be open at a time, or use more keys");
}
END_TEST

START_TEST(without_declarations_there_is_nothing_to_keep) {
    description_init(&description, "test");
    description_node_add(&description, "main", "main", NULL);

    ck_assert_uint_eq(history_arena_size(&description) + judge_arena_size(&description), 0);
    history_init(&history, &arena, &description);
    judge_init(&judge, &arena, &history);
    begin();
    ck_assert(!returned(1, MODEL_DONE, 0));
    verdict = (struct verdict){0};
    judged();

    ck_assert_uint_eq(verdict.kind, VERDICT_NONE);
    ck_assert_uint_eq(history_find(&history, "kv"), 0);
}
END_TEST

SUITE(history) {
    SUITE_TEST(an_operation_is_kept_with_its_begin_and_its_end);
    SUITE_TEST(an_unknown_outcome_is_no_return);
    SUITE_TEST(each_key_of_an_object_has_a_group_in_order_of_invocation);
    SUITE_TEST(equal_keys_of_two_objects_are_two_groups);
    SUITE_TEST(a_run_finds_no_operation_of_the_one_before);
    SUITE_TEST(a_thread_has_one_operation_open_at_a_time);
    SUITE_TEST(nothing_returns_that_did_not_begin);
    SUITE_TEST(an_object_has_the_operations_of_its_model);
    SUITE_TEST(an_operation_ends_as_it_can);
    SUITE_TEST(more_operations_than_there_is_room_for_are_a_finding);
    SUITE_TEST(a_stale_read_is_told_with_the_write_that_it_missed);
    SUITE_TEST(two_holders_at_once_are_told_with_each_other);
    SUITE_TEST(what_nobody_can_have_caused_is_told_alone_and_with_its_key);
    SUITE_TEST(what_never_returned_may_have_happened_and_may_not);
    SUITE_TEST(a_run_that_has_a_finding_is_not_judged);
    SUITE_TEST(what_takes_too_many_steps_is_said_to_be_undecided);
    SUITE_TEST(without_declarations_there_is_nothing_to_keep);
}
