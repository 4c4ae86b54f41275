/* What a run found: pass, or one finding. A finding is data, never an error of ours.
 *
 *   first finding wins ── verdict_set() ──► struct verdict ──► report, signature, corpus
 *
 * Memory:      flat, fixed size; lives in memory shared with the supervisor.
 * Limits:      VERDICT_MESSAGE_SIZE; longer messages are cut.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: messages hold names, display ids and virtual times, never addresses.
 */
#ifndef SIM_VERDICT_H
#define SIM_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#define VERDICT_MESSAGE_SIZE 256

/* Stored in corpora: numbers never change meaning, new ones go at the end. */
enum verdict_kind {
    VERDICT_NONE = 0, /* the run has not ended */
    VERDICT_PASS = 1,
    VERDICT_ASSERTION = 2,       /* assert(), abort() or sim_fail() */
    VERDICT_CRASH = 3,           /* a fatal signal, a stack overflow, a double free */
    VERDICT_DEADLOCK = 4,        /* nothing can run and nothing is due */
    VERDICT_NO_PROGRESS = 5,     /* points pass and nothing moves */
    VERDICT_HANG = 6,            /* CPU time without a point; only the supervisor sees it */
    VERDICT_LIMIT = 7,           /* a limit of the scenario was reached */
    VERDICT_PROPERTY = 8,        /* a property of the scenario is broken */
    VERDICT_ESCAPE = 9,          /* the program asked for what is not simulated */
    VERDICT_LEAK = 10,           /* descriptors or threads were left at the end */
    VERDICT_NONDETERMINISM = 11, /* the same run came out differently */
    VERDICT_EXIT = 12,           /* a program ended with a status other than zero */
    VERDICT_DIVERGED = 13,       /* a replay no longer follows its choices */
    VERDICT_RACE = 14,           /* two accesses that nothing orders */
    VERDICT_KIND_COUNT
};

struct verdict {
    uint32_t kind;   /* enum verdict_kind */
    uint32_t thread; /* display id of the thread it happened in, 0 = none */
    uint32_t node;   /* index of its node, 0 = none */
    int32_t signal;  /* VERDICT_CRASH: the signal, else 0 */
    uint64_t time_ns;
    uint64_t step;    /* events of the trace before it */
    uint64_t site;    /* address in the worker, 0 = none; the supervisor resolves it */
    uint64_t address; /* VERDICT_CRASH: the address that faulted */
    /* VERDICT_RACE: the earlier access, else 0 */
    uint64_t other_site, other_step;
    uint32_t other; /* display id of its thread */
    uint32_t named; /* bytes of the message that tell this bug from others, 0 = all */
    char message[VERDICT_MESSAGE_SIZE]; /* one sentence without a full stop, NUL terminated */
};

/* The word for a kind in reports and tables: "deadlock", "no progress" … */
const char *verdict_name(enum verdict_kind kind);

/* True for every kind but none and pass. */
bool verdict_is_finding(const struct verdict *verdict);

/* Records a finding unless one is recorded already; the first one wins. The message is formatted
 * like printf and cut to fit. Returns false when another one was there. */
bool verdict_set(struct verdict *verdict, enum verdict_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
