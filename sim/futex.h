/* Futexes: threads that wait for a word of their program's memory, as futex(2) lets them.
 *
 *   futex_wait ─► point ─► *word == expected? ─► entry for the word ─► waits, first come first
 *   futex_wake ─► point ─► entry for the word ─► wakes; the last waiter takes the entry with it
 *
 * A word is found by (node, address, private or shared); the address is for that alone and decides
 * no order. An entry lives while somebody waits, and has a display id of its own.
 *
 * Memory:      tables in the world's arena, sized once.
 * Limits:      none of its own: a thread waits in one entry at most.
 * Units:       nanoseconds of virtual time; AGENDA_NEVER = no deadline.
 * Errors:      negative errno values, as the system call returns them.
 * Threads:     the world's only.
 * Determinism: waiters are woken in order of arrival; whether a wait returns 0 without a wake is a
 *              choice.
 * Source:      Linux, kernel/futex; a word that both ends call private or shared is the same word,
 *              one that they call differently is not.
 */
#ifndef SIM_FUTEX_H
#define SIM_FUTEX_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/schedule.h"

#define FUTEX_SPURIOUS_DENOMINATOR 64 /* one wait in so many may return without a wake */
#define FUTEX_ANY_BIT UINT32_MAX

struct futexes {
    struct pool table;  /* what is waited for */
    uint32_t *buckets;  /* first entry of each hash value, 0 = none */
    uint32_t *where;    /* by agent: the entry it waits in, 0 = none */
    uint32_t *bits;     /* by agent: its bit set, while it waits */
    uint32_t where_max; /* the highest agent that has waited in this run */
    struct schedule *schedule;
};

/* A word of the running node's memory. */
struct futex_word {
    uint32_t *address;
    bool shared;
};

struct futex_wait_for {
    uint32_t expected;
    uint32_t bits; /* a wake that shares no bit passes by */
    uint64_t deadline_ns;
};

struct futex_requeue_to {
    struct futex_word word;
    uint32_t wake_max, move_max;
    bool compares;
    uint32_t expected; /* of the first word, when it compares */
};

/* What futex_wake_op does to the second word; the codes are those of FUTEX_OP() in linux/futex.h */
struct futex_operation {
    struct futex_word word;
    uint32_t operation, argument; /* FUTEX_OP_SET … FUTEX_OP_XOR */
    uint32_t comparison;          /* FUTEX_OP_CMP_EQ … FUTEX_OP_CMP_GE, of the value before */
    int32_t compared;
    uint32_t wake_max;
};

uint64_t futex_arena_size(uint32_t agents_max);

/* Sizes the tables. Once. */
void futex_init(struct futexes *futexes,
                struct arena *arena,
                struct schedule *schedule,
                uint32_t agents_max);

/* Nobody waits. */
void futex_begin(struct futexes *futexes);

/* An agent that is not to come back waits no longer. */
void futex_forget(struct futexes *futexes, uint32_t agent);

/* 0, -EAGAIN (another value), -ETIMEDOUT, -EINTR (a signal's handlers have run). */
int futex_wait(struct futexes *futexes,
               const struct futex_word *word,
               const struct futex_wait_for *what,
               const void *site);

/* How many of those that share a bit were woken, up to count_max. */
int futex_wake(struct futexes *futexes,
               const struct futex_word *word,
               uint32_t count_max,
               uint32_t bits,
               const void *site);

/* Wakes some and lets others wait for another word; how many both were, or -EAGAIN. */
int futex_requeue(struct futexes *futexes,
                  const struct futex_word *word,
                  const struct futex_requeue_to *to,
                  const void *site);

/* Changes the second word, wakes those that wait for the first one and, when the second one's value
 * before compares, those that wait for it. How many were woken, or -ENOSYS for an unknown code. */
int futex_wake_op(struct futexes *futexes,
                  const struct futex_word *word,
                  uint32_t wake_max,
                  const struct futex_operation *operation,
                  const void *site);

/* Asserts that nobody waits: every thread of every node is gone. */
void futex_verify_empty(const struct futexes *futexes);

#endif
