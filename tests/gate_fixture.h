/* Threads that pass marks, before gates that a test declares. */
#ifndef TESTS_GATE_FIXTURE_H
#define TESTS_GATE_FIXTURE_H

#include <stdio.h>

#include "sim/gate.h"
#include "tests/schedule_fixture.h"

#define SEEDS 200u

static struct gates gates;
static struct constraints demanded;

static inline void begin(void) {
    gate_begin(&gates);
}

/* ---- declaring ---- */

static inline uint32_t occasion(const struct occasion *declared) {
    demanded.occasions[demanded.occasion_count] = *declared;
    return demanded.occasion_count++;
}

/* The n-th time that somebody comes to a mark, 0 = each. */
static inline uint32_t mark(const char *name, uint32_t nth) {
    struct occasion declared = {.instant = OCCASION_MARK, .nth = nth};
    snprintf(declared.name, sizeof declared.name, "%s", name);
    return occasion(&declared);
}

static inline struct constraint *
constraint(enum constraint_kind kind, uint32_t a, uint32_t b, uint32_t c, uint32_t count) {
    demanded.all[demanded.count] =
        (struct constraint){.kind = (uint32_t)kind, .count = count, .occasions = {a, b, c}};
    return &demanded.all[demanded.count++];
}

/* Once all is declared. */
static inline void open_gates(void) {
    open_handler();
    gate_init(&gates, schedule, &demanded);
    fixture.begin = begin;
}

static inline enum constraint_outcome outcome(uint32_t index) {
    return gate_outcome(&gates, index);
}

/* ---- happening ---- */

/* A letter of the log for each mark: its first one. */
static inline void pass(const char *name) {
    struct occasion fact = {.instant = OCCASION_MARK, .node = 1};
    snprintf(fact.name, sizeof fact.name, "%s", name);
    point();
    gate_pass(&gates, gate_match(&gates, &fact));
    note((uint32_t)name[0]);
}

static inline bool logged(const char *expected) {
    const size_t count = strlen(expected);
    if (count != log_count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (log_entries[i] != (uint32_t)expected[i]) {
            return false;
        }
    }
    return true;
}

/* In how many of the seeds a run with so many threads logs exactly this. */
static inline uint32_t
runs_that_log(const char *expected, uint32_t threads, void (*body)(uint32_t)) {
    uint32_t count = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        ck_assert_int_eq(run_random(seed, threads, body), VERDICT_PASS);
        count += logged(expected);
    }
    return count;
}

/* ---- bodies ---- */

static inline void one_letter_each(uint32_t thread) {
    static const char *const names[] = {"a", "b", "c", "d"};
    pass(names[thread - 1]);
}

static inline void three_of_a_letter(uint32_t thread) {
    for (int i = 0; i < 3; i++) {
        pass(thread == 1 ? "a" : "b");
    }
}

#endif
