/* A stored failing run: all that is needed to run it again and to know that it is the same.
 *
 *   scenario + build + seed + strategy + choices  ──run──►  fingerprint + verdict + signature
 *
 * This is the only header of sim/ that the corpus sees, so it stands alone: plain data, no
 * pointers into a worker.
 *
 * Memory:      a case_record owns its choices, from malloc; case_deinit frees them.
 * Limits:      CASE_TEXT_SIZE for messages, CASE_NAME_SIZE for names.
 * Errors:      none; a text without an end panics.
 * Threads:     any, no shared state.
 */
#ifndef SIM_CASE_H
#define SIM_CASE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/hash.h"
#include "sim/status.h"

#define CASE_NAME_SIZE 512
#define CASE_TEXT_SIZE 512
#define CASE_STRATEGY_SIZE 96
#define CASE_CHOICES_VERSION 2 /* format of `choices` below */

struct case_record {
    struct hash id;                /* of (scenario name, scenario hash, build, seed, strategy,
                                           choices, fingerprint): equal on every machine */
    char scenario[CASE_NAME_SIZE]; /* a name that `sim list` has, or the module's whole path */
    struct hash scenario_hash;     /* of the scenario's module file */
    struct hash build;             /* of all that executes: module, libsim, every library */
    uint64_t seed;
    char strategy[CASE_STRATEGY_SIZE]; /* name and parameters: "pct:depth=3,steps=118" */
    uint8_t *choices;                  /* encoded, raw (the corpus compresses) */
    size_t choices_size;
    uint64_t choices_count; /* choices that differ from alternative 0 */
    uint32_t trace_version;
    struct hash fingerprint;
    uint64_t steps;   /* events in the trace */
    uint64_t time_ns; /* virtual time at the end */
    uint32_t verdict; /* enum verdict_kind */
    int32_t signal;
    char message[CASE_TEXT_SIZE];
    struct hash signature;      /* what makes two findings the same bug */
    char where[CASE_TEXT_SIZE]; /* function names of the signature, "a < b < c" */
    int64_t found_at;           /* seconds since 1970, for people; decides nothing */
};

/* Sets record->id from the other fields. */
void case_seal(struct case_record *record);

/* Frees record->choices and zeroes the record. */
void case_deinit(struct case_record *record);

#endif
