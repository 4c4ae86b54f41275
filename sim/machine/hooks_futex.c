#include "sim/machine/hooks_futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdint.h>
#include <time.h>

#include "sim/machine/hook.h"
#include "sim/machine/signals.h"

#define FLAGS (FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME)

/* The six arguments under the names that futex(2) gives them. */
struct call {
    struct futex_word word;
    int command;
    bool wall; /* FUTEX_CLOCK_REALTIME */
    uint32_t value;
    const struct timespec *timeout; /* or: */
    uint32_t value2;
    struct futex_word word2;
    uint32_t value3;
};

static bool aligned(const struct futex_word *word) {
    return (uintptr_t)word->address % sizeof(uint32_t) == 0;
}

/* The kernel's loops wake one before they look at the count. */
static uint32_t wake_count(uint32_t value) {
    return (int32_t)value <= 0 ? 1 : value;
}

static long wait(const struct call *call, uint32_t bits, bool absolute, const void *site) {
    struct futex_wait_for what = {.expected = call->value,
                                  .bits = bits,
                                  .deadline_ns = AGENDA_NEVER};
    if (call->timeout != NULL) {
        uint64_t ns;
        const int status = hook_timespec(call->timeout, &ns);
        if (status != 0) {
            return status;
        }
        what.deadline_ns = absolute
                               ? hook_deadline(call->wall ? CLOCK_REALTIME : CLOCK_MONOTONIC, ns)
                               : hook_after(ns);
    }
    if (bits == 0 || !aligned(&call->word)) {
        return -EINVAL;
    }
    int result;
    do { /* one with a deadline is not taken up again, whatever SA_RESTART says */
        result = futex_wait(&machine.world.futexes, &call->word, &what, site);
    } while (result == -EINTR && signals_restart() && what.deadline_ns == AGENDA_NEVER);
    return result;
}

static long wake(const struct call *call, uint32_t bits, const void *site) {
    if (bits == 0 || !aligned(&call->word)) {
        return -EINVAL;
    }
    return futex_wake(&machine.world.futexes, &call->word, wake_count(call->value), bits, site);
}

static long requeue(const struct call *call, bool compares, const void *site) {
    if ((int32_t)call->value < 0 || (int32_t)call->value2 < 0 || !aligned(&call->word) ||
        !aligned(&call->word2)) {
        return -EINVAL;
    }
    const struct futex_requeue_to to = {.word = call->word2,
                                        .wake_max = call->value,
                                        .move_max = call->value2,
                                        .compares = compares,
                                        .expected = call->value3};
    return futex_requeue(&machine.world.futexes, &call->word, &to, site);
}

/* Sign-extends a field of twelve bits. */
static int32_t field(uint32_t code, unsigned at) {
    return (int32_t)(code << (20 - at)) >> 20;
}

static long wake_op(const struct call *call, const void *site) {
    if (!aligned(&call->word) || !aligned(&call->word2)) {
        return -EINVAL;
    }
    const uint32_t code = call->value3;
    uint32_t argument = (uint32_t)field(code, 12);
    if ((code >> 28 & FUTEX_OP_OPARG_SHIFT) != 0) {
        argument = UINT32_C(1) << (argument & 31);
    }
    const struct futex_operation operation = {.word = call->word2,
                                              .operation = code >> 28 & 7,
                                              .argument = argument,
                                              .comparison = code >> 24 & 15,
                                              .compared = field(code, 0),
                                              .wake_max = wake_count(call->value2)};
    return futex_wake_op(&machine.world.futexes,
                         &call->word,
                         wake_count(call->value),
                         &operation,
                         site);
}

static const char *const not_simulated[] = {
    [FUTEX_FD] = "FUTEX_FD",
    [FUTEX_LOCK_PI] = "FUTEX_LOCK_PI",
    [FUTEX_UNLOCK_PI] = "FUTEX_UNLOCK_PI",
    [FUTEX_TRYLOCK_PI] = "FUTEX_TRYLOCK_PI",
    [FUTEX_WAIT_REQUEUE_PI] = "FUTEX_WAIT_REQUEUE_PI",
    [FUTEX_CMP_REQUEUE_PI] = "FUTEX_CMP_REQUEUE_PI",
    [13] = "FUTEX_LOCK_PI2",
};

static long dispatch(const struct call *call, const void *site) {
    const unsigned command = (unsigned)call->command;
    if (command < sizeof not_simulated / sizeof not_simulated[0] &&
        not_simulated[command] != NULL) {
        hook_escape(site, "futex() with %s", not_simulated[command]);
    }
    if (call->wall && call->command != FUTEX_WAIT_BITSET) {
        return -ENOSYS; /* not even FUTEX_WAIT, whatever its manual page says */
    }
    switch (call->command) {
    case FUTEX_WAIT:
        return wait(call, FUTEX_ANY_BIT, false, site);
    case FUTEX_WAIT_BITSET:
        return wait(call, call->value3, true, site);
    case FUTEX_WAKE:
        return wake(call, FUTEX_ANY_BIT, site);
    case FUTEX_WAKE_BITSET:
        return wake(call, call->value3, site);
    case FUTEX_REQUEUE:
        return requeue(call, false, site);
    case FUTEX_CMP_REQUEUE:
        return requeue(call, true, site);
    case FUTEX_WAKE_OP:
        return wake_op(call, site);
    default:
        return -ENOSYS;
    }
}

long hooks_futex_call(const long arguments[6], const void *site) {
    const int operation = (int)arguments[1];
    const bool shared = (operation & FUTEX_PRIVATE_FLAG) == 0;
    const struct call call = {
        .word = {(uint32_t *)arguments[0], shared},
        .command = operation & ~FLAGS,
        .wall = (operation & FUTEX_CLOCK_REALTIME) != 0,
        .value = (uint32_t)arguments[2],
        .timeout = (const struct timespec *)arguments[3],
        .value2 = (uint32_t)arguments[3],
        .word2 = {(uint32_t *)arguments[4], shared},
        .value3 = (uint32_t)arguments[5],
    };
    return dispatch(&call, site);
}
