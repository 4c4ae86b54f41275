/* Which histories are linearizable: by hand, and large ones. */
#include "sim/linear.h"

#include "tests/linear_fixture.h"

/* ---- by hand ---- */

#define OP(operation, outcome, argument, expected, result, from, to)                               \
    { {MODEL_##operation, MODEL_##outcome, argument, expected, result}, from, to }
#define READ(value, from, to) OP(READ, DONE, 0, 0, value, from, to)
#define WRITE(value, from, to) OP(WRITE, DONE, value, 0, 0, from, to)
#define WRITE_OPEN(value, from) OP(WRITE, OPEN, value, 0, 0, from, NEVER)
#define SET(expected, value, from, to) OP(COMPARE_AND_SET, DONE, value, expected, 0, from, to)
#define SET_NOT(expected, value, from, to)                                                         \
    OP(COMPARE_AND_SET, REFUSED, value, expected, 0, from, to)
#define SET_OPEN(expected, value, from)                                                            \
    OP(COMPARE_AND_SET, UNKNOWN, value, expected, 0, from, NEVER)
#define GET(value, from, to) OP(GET, DONE, 0, 0, value, from, to)
#define GET_NONE(from, to) OP(GET, REFUSED, 0, 0, 0, from, to)
#define PUT(value, from, to) OP(PUT, DONE, value, 0, 0, from, to)
#define DELETE(from, to) OP(DELETE, DONE, 0, 0, 0, from, to)
#define DELETE_NONE(from, to) OP(DELETE, REFUSED, 0, 0, 0, from, to)
#define DELETE_OPEN(from) OP(DELETE, UNKNOWN, 0, 0, 0, from, NEVER)
#define PUSH(value, from, to) OP(PUSH, DONE, value, 0, 0, from, to)
#define PUSH_OPEN(value, from) OP(PUSH, OPEN, value, 0, 0, from, NEVER)
#define POP(value, from, to) OP(POP, DONE, 0, 0, value, from, to)
#define POP_EMPTY(from, to) OP(POP, REFUSED, 0, 0, 0, from, to)
#define POP_OPEN(from) OP(POP, OPEN, 0, 0, 0, from, NEVER)
#define ACQUIRE(owner, from, to) OP(ACQUIRE, DONE, owner, 0, 0, from, to)
#define ACQUIRE_OPEN(owner, from) OP(ACQUIRE, OPEN, owner, 0, 0, from, NEVER)
#define TRY(owner, from, to) OP(TRY_ACQUIRE, DONE, owner, 0, 0, from, to)
#define TRY_NOT(owner, from, to) OP(TRY_ACQUIRE, REFUSED, owner, 0, 0, from, to)
#define RELEASE(owner, from, to) OP(RELEASE, DONE, owner, 0, 0, from, to)
#define RELEASE_NOT(owner, from, to) OP(RELEASE, REFUSED, owner, 0, 0, from, to)
#define RELEASE_OPEN(owner, from) OP(RELEASE, OPEN, owner, 0, 0, from, NEVER)
#define FAILED_WRITE(value, from, to) OP(WRITE, FAILED, value, 0, 0, from, to)

static const struct known_history {
    enum model_kind kind;
    enum linear_answer answer;
    struct linear_operation operations[6]; /* in order of invocation; up to the first without one */
} known_histories[] = {
    {MODEL_REGISTER, LINEAR_YES, {READ(0, 1, 2)}},
    {MODEL_REGISTER, LINEAR_NO, {READ(1, 1, 2)}},
    {MODEL_REGISTER, LINEAR_YES, {WRITE(1, 1, 2), READ(1, 3, 4)}},
    {MODEL_REGISTER, LINEAR_NO, {WRITE(1, 1, 2), READ(0, 3, 4)}},
    {MODEL_REGISTER, LINEAR_YES, {WRITE(1, 1, 4), READ(0, 2, 3)}},
    {MODEL_REGISTER, LINEAR_YES, {WRITE(1, 1, 4), READ(1, 2, 3)}},
    /* what was seen cannot be unseen */
    {MODEL_REGISTER, LINEAR_NO, {WRITE(1, 1, 6), READ(1, 2, 3), READ(0, 4, 5)}},
    {MODEL_REGISTER, LINEAR_YES, {WRITE(1, 1, 6), READ(0, 2, 3), READ(1, 4, 5)}},
    {MODEL_REGISTER, LINEAR_YES, {WRITE(1, 1, 6), READ(1, 2, 4), READ(0, 3, 5)}},
    /* two readers may not see two writes in two orders */
    {MODEL_REGISTER,
     LINEAR_NO,
     {WRITE(1, 1, 11), WRITE(2, 2, 12), READ(1, 3, 4), READ(2, 5, 6), READ(1, 7, 8)}},
    {MODEL_REGISTER,
     LINEAR_YES,
     {WRITE(1, 1, 11), WRITE(2, 2, 12), READ(0, 3, 4), READ(2, 5, 6), READ(1, 7, 8)}},
    /* what never returned took place at any time, or never */
    {MODEL_REGISTER, LINEAR_YES, {WRITE_OPEN(1, 1), READ(0, 2, 3), READ(1, 4, 5)}},
    {MODEL_REGISTER, LINEAR_YES, {WRITE_OPEN(1, 1), READ(0, 2, 3), READ(0, 4, 5)}},
    {MODEL_REGISTER, LINEAR_NO, {WRITE_OPEN(1, 1), READ(1, 2, 3), READ(0, 4, 5)}},
    {MODEL_REGISTER, LINEAR_NO, {READ(1, 1, 2), WRITE_OPEN(1, 3)}},
    {MODEL_REGISTER,
     LINEAR_YES,
     {WRITE_OPEN(1, 1), WRITE(2, 2, 3), READ(2, 4, 5), READ(1, 6, 7), READ(1, 8, 9)}},
    /* what failed did not */
    {MODEL_REGISTER, LINEAR_YES, {FAILED_WRITE(1, 1, 2), READ(0, 3, 4)}},
    {MODEL_REGISTER, LINEAR_NO, {FAILED_WRITE(1, 1, 2), READ(1, 3, 4)}},
    {MODEL_REGISTER, LINEAR_NO, {FAILED_WRITE(1, 1, 4), READ(1, 2, 3)}},
    {MODEL_REGISTER, LINEAR_YES, {SET(0, 1, 1, 2), SET(1, 2, 3, 4), READ(2, 5, 6)}},
    {MODEL_REGISTER, LINEAR_NO, {SET(0, 1, 1, 3), SET(0, 2, 2, 4)}},
    {MODEL_REGISTER, LINEAR_YES, {SET(0, 1, 1, 3), SET_NOT(0, 2, 2, 4), READ(1, 5, 6)}},
    {MODEL_REGISTER, LINEAR_NO, {SET_NOT(0, 2, 1, 2)}},
    {MODEL_REGISTER, LINEAR_YES, {SET_OPEN(0, 1, 1), SET_NOT(0, 2, 2, 3), READ(1, 4, 5)}},
    {MODEL_REGISTER, LINEAR_NO, {SET_OPEN(0, 1, 1), WRITE(5, 2, 3), READ(0, 4, 5)}},
    {MODEL_MAP, LINEAR_YES, {GET_NONE(1, 2), PUT(0, 3, 4), GET(0, 5, 6)}},
    {MODEL_MAP, LINEAR_NO, {GET(0, 1, 2)}},
    {MODEL_MAP, LINEAR_YES, {PUT(1, 1, 2), DELETE(3, 4), GET_NONE(5, 6), DELETE_NONE(7, 8)}},
    {MODEL_MAP, LINEAR_NO, {PUT(1, 1, 2), DELETE(3, 4), GET(1, 5, 6)}},
    {MODEL_MAP, LINEAR_NO, {PUT(1, 1, 2), DELETE(3, 5), DELETE(4, 6)}},
    {MODEL_MAP, LINEAR_YES, {PUT(1, 1, 2), DELETE(3, 5), DELETE_NONE(4, 6)}},
    {MODEL_MAP, LINEAR_YES, {PUT(1, 1, 2), DELETE_OPEN(3), GET(1, 4, 5), GET_NONE(6, 7)}},
    {MODEL_MAP, LINEAR_NO, {PUT(1, 1, 2), DELETE_OPEN(3), GET_NONE(4, 5), GET(1, 6, 7)}},
    {MODEL_MAP, LINEAR_NO, {SET(0, 1, 1, 2)}},
    {MODEL_MAP, LINEAR_YES, {SET_NOT(0, 1, 1, 2), PUT(0, 3, 4), SET(0, 1, 5, 6)}},
    {MODEL_QUEUE, LINEAR_YES, {PUSH(1, 1, 2), PUSH(2, 3, 4), POP(1, 5, 6), POP(2, 7, 8)}},
    {MODEL_QUEUE, LINEAR_NO, {PUSH(1, 1, 2), PUSH(2, 3, 4), POP(2, 5, 6)}},
    {MODEL_QUEUE, LINEAR_YES, {PUSH(1, 1, 3), PUSH(2, 2, 4), POP(2, 5, 6), POP(1, 7, 8)}},
    {MODEL_QUEUE, LINEAR_NO, {PUSH(1, 1, 2), POP(1, 3, 5), POP(1, 4, 6)}},
    {MODEL_QUEUE, LINEAR_YES, {PUSH(1, 1, 2), PUSH(1, 3, 4), POP(1, 5, 7), POP(1, 6, 8)}},
    {MODEL_QUEUE, LINEAR_YES, {POP_EMPTY(1, 2), PUSH(1, 3, 5), POP_EMPTY(4, 6)}},
    {MODEL_QUEUE, LINEAR_NO, {PUSH(1, 1, 2), POP_EMPTY(3, 4)}},
    {MODEL_QUEUE, LINEAR_YES, {PUSH(1, 1, 2), POP_OPEN(3), POP_EMPTY(4, 5)}},
    {MODEL_QUEUE, LINEAR_YES, {PUSH(1, 1, 2), POP_OPEN(3), POP(1, 4, 5)}},
    {MODEL_QUEUE, LINEAR_NO, {PUSH(1, 1, 2), POP_OPEN(3), POP_EMPTY(4, 5), POP(1, 6, 7)}},
    {MODEL_QUEUE, LINEAR_YES, {PUSH_OPEN(1, 1), PUSH(2, 2, 3), POP(2, 4, 5), POP(1, 6, 7)}},
    {MODEL_QUEUE, LINEAR_NO, {PUSH_OPEN(1, 1), POP(1, 2, 3), POP(1, 4, 5)}},
    {MODEL_LOCK, LINEAR_YES, {ACQUIRE(1, 1, 2), RELEASE(1, 3, 4), ACQUIRE(2, 5, 6)}},
    {MODEL_LOCK, LINEAR_NO, {ACQUIRE(1, 1, 2), ACQUIRE(2, 3, 4)}},
    {MODEL_LOCK, LINEAR_YES, {ACQUIRE(1, 1, 2), ACQUIRE(2, 3, 6), RELEASE(1, 4, 5)}},
    {MODEL_LOCK, LINEAR_NO, {ACQUIRE(1, 1, 2), RELEASE(2, 3, 4)}},
    {MODEL_LOCK, LINEAR_YES, {ACQUIRE(1, 1, 2), RELEASE_NOT(2, 3, 4), TRY_NOT(2, 5, 6)}},
    {MODEL_LOCK, LINEAR_NO, {ACQUIRE(1, 1, 2), RELEASE_NOT(1, 3, 4)}},
    {MODEL_LOCK, LINEAR_NO, {TRY_NOT(1, 1, 2)}},
    {MODEL_LOCK, LINEAR_YES, {TRY_NOT(1, 1, 4), TRY(2, 2, 3)}},
    {MODEL_LOCK, LINEAR_YES, {ACQUIRE_OPEN(1, 1), TRY_NOT(2, 2, 3)}},
    {MODEL_LOCK, LINEAR_YES, {ACQUIRE_OPEN(1, 1), TRY(2, 2, 3)}},
    {MODEL_LOCK, LINEAR_NO, {ACQUIRE_OPEN(1, 1), TRY_NOT(2, 2, 3), TRY(2, 4, 5)}},
    {MODEL_LOCK, LINEAR_YES, {ACQUIRE(1, 1, 2), RELEASE_OPEN(1, 3), ACQUIRE(2, 4, 5)}},
    {MODEL_LOCK, LINEAR_NO, {ACQUIRE(1, 1, 2), RELEASE_OPEN(2, 3), ACQUIRE(2, 4, 5)}},
};

static uint32_t operation_count(const struct known_history *known) {
    uint32_t count = 0;
    while (count < COUNT_OF(known->operations) && known->operations[count].invoked != 0) {
        count++;
    }
    return count;
}

START_TEST(histories_whose_answer_is_known) {
    const struct known_history *known = &known_histories[_i];
    const struct linear_history history =
        whole(known->kind, known->operations, operation_count(known));
    uint64_t steps = STEPS;
    open_linear();

    ck_assert_uint_gt(history.count, 0);
    ck_assert_int_eq(linear_check(&linear, &history, &steps), known->answer);
}
END_TEST

/* ---- size ---- */

static struct linear_operation many[OPERATIONS_MAX];

/* `width` writers and readers at a time, one after the other's return. */
START_TEST(a_long_history_takes_few_steps_for_each_operation) {
    const uint32_t width = (uint32_t)_i;
    uint64_t steps = STEPS;
    open_linear();
    for (uint32_t i = 0; i < OPERATIONS_MAX; i++) {
        const bool reads = i / width % 2 == 1;
        const uint32_t round = i / width * (2 * width) + 1;
        const int64_t value = reads ? i / width * width - 1 : i; /* that of the last writer */
        many[i] = (struct linear_operation){
            {reads ? MODEL_READ : MODEL_WRITE, MODEL_DONE, value, 0, value},
            round + i % width,
            round + width + i % width};
    }
    const struct linear_history history = whole(MODEL_REGISTER, many, OPERATIONS_MAX);

    ck_assert_int_eq(linear_check(&linear, &history, &steps), LINEAR_YES);

    ck_assert_uint_lt(STEPS - steps, UINT64_C(8) * OPERATIONS_MAX * width);
}
END_TEST

/* Nobody wrote what is read: 12 writers at a time may have come in 12! orders, of which the
 * states are those of 2^12 sets and who of them was last. */
START_TEST(what_was_tried_is_not_tried_again) {
    enum { WRITERS = 12 };
    uint64_t steps = STEPS;
    open_linear();
    for (uint32_t i = 0; i < WRITERS; i++) {
        many[i] = (struct linear_operation){{MODEL_WRITE, MODEL_DONE, i + 1, 0, 0}, i + 1, 100 + i};
    }
    many[WRITERS] = (struct linear_operation){{MODEL_READ, MODEL_DONE, 0, 0, -1}, 50, 60};
    const struct linear_history history = whole(MODEL_REGISTER, many, WRITERS + 1);

    ck_assert_int_eq(linear_check(&linear, &history, &steps), LINEAR_NO);

    ck_assert_uint_lt(STEPS - steps, (uint64_t)WRITERS * WRITERS << WRITERS);
}
END_TEST

START_TEST(more_configurations_than_are_kept_in_mind_are_tried_as_well) {
    enum { WRITERS = 16 };
    uint64_t steps = 3000000;
    open_linear();
    for (uint32_t i = 0; i < WRITERS; i++) {
        many[i] = (struct linear_operation){{MODEL_WRITE, MODEL_DONE, i + 1, 0, 0}, i + 1, 100 + i};
    }
    many[WRITERS] = (struct linear_operation){{MODEL_READ, MODEL_DONE, 0, 0, -1}, 50, 60};
    struct linear_history history = whole(MODEL_REGISTER, many, WRITERS + 1);

    ck_assert_int_eq(linear_check(&linear, &history, &steps), LINEAR_UNDECIDED);

    many[WRITERS].call.result = WRITERS;
    steps = STEPS;
    ck_assert_int_eq(linear_check(&linear, &history, &steps), LINEAR_YES);
}
END_TEST

SUITE(linear) {
    SUITE_LOOP(histories_whose_answer_is_known, 0, (int)COUNT_OF(known_histories));
    SUITE_LOOP(a_long_history_takes_few_steps_for_each_operation, 1, 5);
    SUITE_TEST(what_was_tried_is_not_tried_again);
    SUITE_TEST(more_configurations_than_are_kept_in_mind_are_tried_as_well);
}
