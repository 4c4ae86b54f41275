#include "sim/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/panic.h"
#include "sim/random.h"

#define BIT(n) (1u << (n))

static const uint32_t has[MODEL_KIND_COUNT] = {
    [MODEL_REGISTER] = BIT(MODEL_READ) | BIT(MODEL_WRITE) | BIT(MODEL_COMPARE_AND_SET),
    [MODEL_MAP] = BIT(MODEL_GET) | BIT(MODEL_PUT) | BIT(MODEL_DELETE) | BIT(MODEL_COMPARE_AND_SET),
    [MODEL_QUEUE] = BIT(MODEL_PUSH) | BIT(MODEL_POP),
    [MODEL_LOCK] = BIT(MODEL_ACQUIRE) | BIT(MODEL_TRY_ACQUIRE) | BIT(MODEL_RELEASE),
};

/* Those whose object can say no. */
#define REFUSABLE                                                                                  \
    (BIT(MODEL_COMPARE_AND_SET) | BIT(MODEL_GET) | BIT(MODEL_DELETE) | BIT(MODEL_POP) |            \
     BIT(MODEL_TRY_ACQUIRE) | BIT(MODEL_RELEASE))

static const char *const names[MODEL_KIND_COUNT] = {
    [MODEL_REGISTER] = "register",
    [MODEL_MAP] = "map",
    [MODEL_QUEUE] = "queue",
    [MODEL_LOCK] = "lock",
};

struct words {
    const char *name;
    const char *done;    /* followed by the number that matters, where it ends with a blank */
    const char *refused; /* NULL = it cannot be */
};

static const struct words words[MODEL_OPERATION_COUNT] = {
    [MODEL_READ] = {"read", "read ", NULL},
    [MODEL_WRITE] = {"write", "wrote ", NULL},
    [MODEL_COMPARE_AND_SET] = {"compare and set", "replaced ", "did not find "},
    [MODEL_GET] = {"get", "got ", "found nothing"},
    [MODEL_PUT] = {"put", "put ", NULL},
    [MODEL_DELETE] = {"delete", "deleted it", "found nothing to delete"},
    [MODEL_PUSH] = {"push", "pushed ", NULL},
    [MODEL_POP] = {"pop", "popped ", "found it empty"},
    [MODEL_ACQUIRE] = {"acquire", "acquired it for ", NULL},
    [MODEL_TRY_ACQUIRE] = {"try to acquire", "acquired it for ", "found it held"},
    [MODEL_RELEASE] = {"release", "released it for ", "found it not held by "},
};

bool model_has(enum model_kind kind, enum model_operation operation) {
    return kind > 0 && kind < MODEL_KIND_COUNT && operation > 0 &&
           operation < MODEL_OPERATION_COUNT && (has[kind] & BIT(operation)) != 0;
}

bool model_ends(enum model_operation operation, enum model_outcome outcome) {
    ASSERT(operation > 0 && operation < MODEL_OPERATION_COUNT);
    return outcome == MODEL_DONE || outcome == MODEL_FAILED || outcome == MODEL_UNKNOWN ||
           (outcome == MODEL_REFUSED && (REFUSABLE & BIT(operation)) != 0);
}

bool model_observes(enum model_operation operation) {
    return operation == MODEL_READ || operation == MODEL_GET;
}

/* ---- states and their hashes ---- */

static void hash_item(struct model_state *state, uint32_t place, int64_t item) {
    state->hash[0] ^= random_mix((uint64_t)item, place);
    state->hash[1] ^= random_mix(~random_mix(place, 1), (uint64_t)item);
}

static void set(struct model_state *state, bool present, int64_t value) {
    state->present = present;
    state->value = present ? value : 0;
    state->hash[0] = state->hash[1] = 0;
    if (present) {
        hash_item(state, 0, value);
    }
}

void model_init(struct model *model, enum model_kind kind, int64_t *items) {
    ASSERT(kind > 0 && kind < MODEL_KIND_COUNT);
    *model = (struct model){.kind = kind, .items = items};
    set(&model->state, kind == MODEL_REGISTER, 0);
}

/* ---- what takes place ---- */

/* A register is a map entry that is always there. */
static bool apply_value(struct model_state *state, const struct model_call *call) {
    const bool refused = call->outcome == MODEL_REFUSED;
    const bool done = call->outcome == MODEL_DONE;
    switch ((enum model_operation)call->operation) {
    case MODEL_READ:
    case MODEL_GET:
        return refused ? !state->present : done && state->present && state->value == call->result;
    case MODEL_WRITE:
    case MODEL_PUT:
        set(state, true, call->argument);
        return true;
    case MODEL_DELETE:
        if (refused || !state->present) {
            return refused && !state->present;
        }
        set(state, false, 0);
        return true;
    case MODEL_COMPARE_AND_SET: {
        const bool equal = state->present && state->value == call->expected;
        if (refused || !equal) {
            return refused && !equal;
        }
        set(state, true, call->argument);
        return true;
    }
    case MODEL_PUSH:
    case MODEL_POP:
    case MODEL_ACQUIRE:
    case MODEL_TRY_ACQUIRE:
    case MODEL_RELEASE:
    case MODEL_OPERATION_COUNT:
        break;
    }
    UNREACHABLE();
}

static bool apply_queue(struct model *model, const struct model_call *call) {
    struct model_state *state = &model->state;
    if (call->operation == MODEL_PUSH) {
        model->items[state->last] = call->argument;
        hash_item(state, state->last++, call->argument);
        return true;
    }
    ASSERT(call->operation == MODEL_POP);
    const bool empty = state->first == state->last;
    if (empty || call->outcome == MODEL_REFUSED) {
        return empty && call->outcome == MODEL_REFUSED;
    }
    const int64_t item = model->items[state->first];
    if (call->outcome == MODEL_DONE && item != call->result) {
        return false;
    }
    hash_item(state, state->first++, item);
    return true;
}

static bool apply_lock(struct model_state *state, const struct model_call *call) {
    const bool refused = call->outcome == MODEL_REFUSED;
    const bool release = call->operation == MODEL_RELEASE;
    const bool allowed =
        release ? state->present && state->value == call->argument : !state->present;
    if (refused || !allowed) {
        return refused && !allowed;
    }
    set(state, !release, call->argument);
    return true;
}

bool model_apply(struct model *model, const struct model_call *call) {
    ASSERT(model_has((enum model_kind)model->kind, (enum model_operation)call->operation));
    ASSERT(call->outcome != MODEL_FAILED);
    switch ((enum model_kind)model->kind) {
    case MODEL_REGISTER:
    case MODEL_MAP:
        return apply_value(&model->state, call);
    case MODEL_QUEUE:
        return apply_queue(model, call);
    case MODEL_LOCK:
        return apply_lock(&model->state, call);
    case MODEL_KIND_COUNT:
        break;
    }
    UNREACHABLE();
}

/* ---- words ---- */

const char *model_name(enum model_kind kind) {
    ASSERT(kind > 0 && kind < MODEL_KIND_COUNT);
    return names[kind];
}

const char *model_operation_name(enum model_operation operation) {
    ASSERT(operation > 0 && operation < MODEL_OPERATION_COUNT);
    return words[operation].name;
}

void model_print(const struct model_call *call, char *text, size_t size) {
    ASSERT(call->operation > 0 && call->operation < MODEL_OPERATION_COUNT);
    const struct words *word = &words[call->operation];
    const char *said = call->outcome == MODEL_REFUSED ? word->refused : word->done;
    const bool compares = call->operation == MODEL_COMPARE_AND_SET;
    const bool reads =
        model_observes((enum model_operation)call->operation) || call->operation == MODEL_POP;
    ASSERT(call->outcome == MODEL_DONE || call->outcome == MODEL_REFUSED);
    ASSERT(said != NULL);
    const int64_t number = compares ? call->expected : reads ? call->result : call->argument;
    if (said[strlen(said) - 1] != ' ') {
        snprintf(text, size, "%s", said);
    } else if (compares && call->outcome == MODEL_DONE) {
        snprintf(text, size, "%s%" PRId64 " by %" PRId64, said, number, call->argument);
    } else {
        snprintf(text, size, "%s%" PRId64, said, number);
    }
}
