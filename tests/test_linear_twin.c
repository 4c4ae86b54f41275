/* Random histories, and a twin of the checker that tries every order. */
#include "sim/linear.h"

#include "sim/random.h"
#include "tests/linear_fixture.h"

/* ---- the twin: every order, one operation after the other, on a model of its own ---- */

#define TWIN_MAX 7

struct twin_object {
    bool present;
    int64_t value;
    uint32_t length;
    int64_t queue[TWIN_MAX];
};

static struct twin_object twin_first(enum model_kind kind) {
    return (struct twin_object){.present = kind == MODEL_REGISTER};
}

/* What the operation comes to on the object: done or refused, with a result. */
static enum model_outcome
twin_execute(struct twin_object *object, const struct model_call *call, int64_t *result) {
    bool possible = object->present;
    *result = object->value;
    switch ((enum model_operation)call->operation) {
    case MODEL_READ:
    case MODEL_GET:
        return possible ? MODEL_DONE : MODEL_REFUSED;
    case MODEL_WRITE:
    case MODEL_PUT:
        object->value = call->argument;
        object->present = true;
        return MODEL_DONE;
    case MODEL_DELETE:
        object->present = false;
        return possible ? MODEL_DONE : MODEL_REFUSED;
    case MODEL_COMPARE_AND_SET:
        possible = possible && object->value == call->expected;
        object->value = possible ? call->argument : object->value;
        return possible ? MODEL_DONE : MODEL_REFUSED;
    case MODEL_PUSH:
        object->queue[object->length++] = call->argument;
        return MODEL_DONE;
    case MODEL_POP:
        if (object->length == 0) {
            return MODEL_REFUSED;
        }
        *result = object->queue[0];
        object->length--;
        memmove(object->queue, object->queue + 1, object->length * sizeof object->queue[0]);
        return MODEL_DONE;
    case MODEL_ACQUIRE:
    case MODEL_TRY_ACQUIRE:
        if (object->present) {
            return MODEL_REFUSED;
        }
        *object = (struct twin_object){.present = true, .value = call->argument};
        return MODEL_DONE;
    case MODEL_RELEASE:
        if (!object->present || object->value != call->argument) {
            return MODEL_REFUSED;
        }
        object->present = false;
        return MODEL_DONE;
    case MODEL_OPERATION_COUNT:
        break;
    }
    abort();
}

struct twin {
    const struct linear_operation *operations;
    uint32_t count;
    uint32_t until; /* returns and invocations after this one did not happen … */
    uint32_t known; /* nor returns after this one, but for that at `until` */
};

static bool twin_returned(const struct twin *twin, uint32_t i) {
    const uint32_t returned = twin->operations[i].returned;
    return returned != NEVER && returned <= twin->until &&
           (returned == twin->until || returned <= twin->known);
}

/* May it be the next, when those in `placed` are before it? */
static bool twin_may_follow(const struct twin *twin, uint32_t placed, uint32_t i) {
    const struct linear_operation *operation = &twin->operations[i];
    bool may = (placed & 1u << i) == 0 && operation->invoked <= twin->until &&
               operation->call.outcome != MODEL_FAILED;
    for (uint32_t j = 0; j < twin->count; j++) {
        may = may && ((placed & 1u << j) != 0 || !twin_returned(twin, j) ||
                      twin->operations[j].call.outcome == MODEL_FAILED ||
                      twin->operations[j].returned > operation->invoked);
    }
    return may;
}

static bool
twin_orders(const struct twin *twin, uint32_t placed, const struct twin_object *object) {
    bool all = true;
    for (uint32_t i = 0; i < twin->count; i++) {
        all = all && ((placed & 1u << i) != 0 || !twin_returned(twin, i) ||
                      twin->operations[i].call.outcome == MODEL_FAILED);
    }
    for (uint32_t i = 0; i < twin->count && !all; i++) {
        if (!twin_may_follow(twin, placed, i)) {
            continue;
        }
        const struct model_call *call = &twin->operations[i].call;
        struct twin_object after = *object;
        int64_t result;
        const enum model_outcome outcome = twin_execute(&after, call, &result);
        const bool observes = call->operation == MODEL_READ || call->operation == MODEL_GET ||
                              call->operation == MODEL_POP;
        const bool fits = !twin_returned(twin, i) ||
                          (outcome == call->outcome &&
                           (outcome == MODEL_REFUSED || !observes || result == call->result));
        all = fits && twin_orders(twin, placed | 1u << i, &after);
    }
    return all;
}

static enum linear_answer
twin_check(const struct linear_history *history, uint32_t until, uint32_t known) {
    const struct twin twin = {history->operations, history->count, until, known};
    const struct twin_object first = twin_first((enum model_kind)history->kind);
    return twin_orders(&twin, 0, &first) ? LINEAR_YES : LINEAR_NO;
}

/* ---- random histories ---- */

#define HISTORIES 10000
#define ACTORS 3
#define VALUES 3

static const struct {
    uint32_t count;
    enum model_operation operations[4];
} offers[MODEL_KIND_COUNT] = {
    [MODEL_REGISTER] = {3, {MODEL_READ, MODEL_WRITE, MODEL_COMPARE_AND_SET}},
    [MODEL_MAP] = {4, {MODEL_GET, MODEL_PUT, MODEL_DELETE, MODEL_COMPARE_AND_SET}},
    [MODEL_QUEUE] = {2, {MODEL_PUSH, MODEL_POP}},
    [MODEL_LOCK] = {3, {MODEL_ACQUIRE, MODEL_TRY_ACQUIRE, MODEL_RELEASE}},
};

static uint32_t draw(struct random *random, uint32_t bound) {
    return (uint32_t)random_below(random, bound);
}

/* An actor's operation: 0 none, 1 invoked, 2 took place. */
struct actor {
    uint32_t state;
    uint32_t operation;
};

static void invoke(struct random *random,
                   enum model_kind kind,
                   struct linear_operation *operation,
                   uint32_t event) {
    const enum model_operation what = offers[kind].operations[draw(random, offers[kind].count)];
    *operation = (struct linear_operation){.invoked = event, .returned = NEVER};
    operation->call.operation = what;
    operation->call.argument = draw(random, VALUES);
    operation->call.expected = draw(random, VALUES);
}

/* It ended as it came to, or not so. */
static void end(struct random *random, struct linear_operation *operation, uint32_t event) {
    const uint32_t how = draw(random, 16);
    struct model_call *call = &operation->call;
    operation->returned = event;
    if (how == 0) {
        call->result = draw(random, VALUES);
    } else if (how == 1) {
        call->outcome = call->outcome == MODEL_DONE ? MODEL_REFUSED : MODEL_DONE;
    } else if (how == 2) {
        call->outcome = MODEL_FAILED;
    } else if (how == 3) {
        call->outcome = MODEL_UNKNOWN;
        operation->returned = NEVER;
    }
    if (!model_ends((enum model_operation)call->operation, (enum model_outcome)call->outcome)) {
        call->outcome = MODEL_DONE;
    }
}

/* Some actors whose operations begin, take place on an object, and end; most of this is told. */
static uint32_t
make_history(struct random *random, enum model_kind kind, struct linear_operation *operations) {
    struct twin_object object = twin_first(kind);
    struct actor actors[ACTORS] = {{0}};
    const uint32_t count_max = 1 + draw(random, TWIN_MAX);
    uint32_t count = 0;
    for (uint32_t event = 1; event <= 5 * TWIN_MAX; event++) {
        struct actor *actor = &actors[draw(random, ACTORS)];
        struct linear_operation *operation = &operations[actor->operation];
        if (actor->state == 0 && count < count_max) {
            invoke(random, kind, &operations[count], event);
            *actor = (struct actor){1, count++};
        } else if (actor->state == 1 && draw(random, 8) != 0) {
            operation->call.outcome =
                twin_execute(&object, &operation->call, &operation->call.result);
            actor->state = 2;
        } else if (actor->state == 2 && draw(random, 8) != 0) {
            end(random, operation, event);
            actor->state = 0;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (operations[i].returned == NEVER) {
            operations[i].call.outcome = draw(random, 2) == 0 ? MODEL_OPEN : MODEL_UNKNOWN;
        }
    }
    return count;
}

/* What is done to a history before it is checked: nothing, or what a wrong checker would do. */
typedef void planted_bug(struct linear_operation *operation);

struct tally {
    uint32_t yes, no, pending, wrong;
};

static struct tally compare(enum model_kind kind, uint32_t count, planted_bug *plant) {
    struct tally tally = {0};
    for (uint32_t seed = 0; seed < count; seed++) {
        struct random random;
        struct linear_operation operations[TWIN_MAX];
        random_stream(&random, seed, 0, kind);
        struct linear_history history =
            whole(kind, operations, make_history(&random, kind, operations));
        const enum linear_answer expected = twin_check(&history, NEVER, NEVER);
        for (uint32_t i = 0; i < history.count; i++) {
            tally.pending += operations[i].returned == NEVER;
            if (plant != NULL) {
                plant(&operations[i]);
            }
        }
        uint64_t steps = STEPS;
        tally.wrong += linear_check(&linear, &history, &steps) != expected;
        tally.yes += expected == LINEAR_YES;
        tally.no += expected == LINEAR_NO;
    }
    return tally;
}

START_TEST(random_histories_are_judged_as_by_trying_every_order) {
    open_linear();

    const struct tally tally = compare((enum model_kind)_i, HISTORIES, NULL);

    ck_assert_uint_eq(tally.wrong, 0);
    ck_assert_uint_gt(tally.yes, HISTORIES / 5);
    ck_assert_uint_gt(tally.no, HISTORIES / 10);
    ck_assert_uint_gt(tally.pending, HISTORIES / 5);
}
END_TEST

static void returns_at_the_end(struct linear_operation *operation) {
    if (operation->returned == NEVER && !model_observes(operation->call.operation)) {
        operation->call.outcome = MODEL_DONE;
        operation->returned = 1000 + operation->invoked;
    }
}

static void never_took_place(struct linear_operation *operation) {
    if (operation->returned == NEVER) {
        operation->call.outcome = MODEL_FAILED;
    }
}

static void returns_later(struct linear_operation *operation) {
    operation->returned += operation->returned == NEVER ? 0 : 1000;
}

static void took_place_all_the_same(struct linear_operation *operation) {
    if (operation->call.outcome == MODEL_FAILED) {
        operation->call.outcome = MODEL_DONE;
    }
}

static void may_have_been_refused(struct linear_operation *operation) {
    if (operation->call.outcome == MODEL_REFUSED) {
        operation->call.outcome = MODEL_FAILED;
    }
}

static planted_bug *const planted_bugs[] = {
    returns_at_the_end,
    never_took_place,
    returns_later,
    took_place_all_the_same,
    may_have_been_refused,
};

START_TEST(the_comparison_notices_a_checker_that_is_wrong) {
    open_linear();
    for (uint32_t kind = 1; kind < MODEL_KIND_COUNT; kind++) {
        ck_assert_uint_gt(compare((enum model_kind)kind, 1000, planted_bugs[_i]).wrong, 0);
    }
}
END_TEST

START_TEST(what_is_wrong_is_told_from_the_shortest_history) {
    uint32_t alone = 0;
    uint32_t contradictions = 0;
    open_linear();
    for (uint32_t seed = 0; seed < HISTORIES; seed++) {
        struct random random;
        struct linear_operation operations[TWIN_MAX];
        random_stream(&random, seed, 1, (uint32_t)_i);
        struct linear_history history =
            whole((enum model_kind)_i,
                  operations,
                  make_history(&random, (enum model_kind)_i, operations));
        uint64_t steps = STEPS;
        if (linear_check(&linear, &history, &steps) != LINEAR_NO) {
            continue;
        }
        ck_assert_int_eq(twin_check(&history, NEVER, NEVER), LINEAR_NO);
        uint32_t until = 1;
        while (twin_check(&history, until, NEVER) == LINEAR_YES) {
            until++;
        }
        uint32_t known = 0;
        while (twin_check(&history, until, known) == LINEAR_YES) {
            known++;
        }

        ck_assert_uint_eq(linear_shortest(&linear, &history, &steps), until);
        history.until = until;
        const uint32_t against = linear_contradicted(&linear, &history, &steps);

        ck_assert_uint_eq(against, known == 0 ? LINEAR_NEVER : known);
        alone += known == 0;
        contradictions += known != 0;
    }
    ck_assert_uint_gt(alone + contradictions, HISTORIES / 20);
    ck_assert_uint_gt(contradictions, HISTORIES / 50);
}
END_TEST

START_TEST(without_steps_it_is_not_decided_and_never_wrong) {
    uint32_t undecided = 0;
    open_linear();
    for (uint32_t seed = 0; seed < 300; seed++) {
        struct random random;
        struct linear_operation operations[TWIN_MAX];
        random_stream(&random, seed, 2, (uint32_t)_i);
        const struct linear_history history =
            whole((enum model_kind)_i,
                  operations,
                  make_history(&random, (enum model_kind)_i, operations));
        const enum linear_answer expected = twin_check(&history, NEVER, NEVER);
        enum linear_answer answer = LINEAR_UNDECIDED;
        for (uint64_t given = 0; answer == LINEAR_UNDECIDED; given++) {
            uint64_t steps = given;
            answer = linear_check(&linear, &history, &steps);
            undecided += answer == LINEAR_UNDECIDED;
            ck_assert(answer != LINEAR_UNDECIDED || steps == 0);
        }
        ck_assert_int_eq(answer, expected);
    }
    ck_assert_uint_gt(undecided, 300);
}
END_TEST

SUITE(linear_twin) {
    SUITE_LOOP(random_histories_are_judged_as_by_trying_every_order, 1, MODEL_KIND_COUNT);
    SUITE_LOOP(the_comparison_notices_a_checker_that_is_wrong, 0, (int)COUNT_OF(planted_bugs));
    SUITE_LOOP(what_is_wrong_is_told_from_the_shortest_history, 1, MODEL_KIND_COUNT);
    SUITE_LOOP(without_steps_it_is_not_decided_and_never_wrong, 1, MODEL_KIND_COUNT);
}
