/* Files that count: eventfd and timerfd.
 *
 *   eventfd  write adds ─► count ─► read takes it all (EFD_SEMAPHORE: one)
 *   timerfd  expiry adds ─► count ─► read takes it all and starts the next period
 *
 * A periodic timer that nobody reads has one entry in the agenda at most: periods that passed in
 * the meantime are counted when somebody looks, as Linux does (fs/timerfd.c).
 *
 * Memory:      records in the world's arena.
 * Limits:      COUNTERS_MAX open at once; then -ENFILE.
 * Units:       nanoseconds of the node's clocks.
 * Errors:      negative errno values.
 * Threads:     the world's only.
 * Determinism: a function of the calls; an expiry is an agent like any timer.
 */
#ifndef SIM_COUNTER_H
#define SIM_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/readiness.h"

#define COUNTERS_MAX 65536u

struct counters {
    struct pool table;
    struct readiness *readiness;
    struct files *files;
    struct schedule *schedule;
    uint32_t handler;
};

/* A timer's setting, by its node's clock (sim/vclock.h); due_ns 0 = disarmed. */
struct counter_setting {
    uint64_t due_ns;
    uint64_t interval_ns;
    bool wall;    /* due_ns is a time of the wall clock, else of the node's own */
    bool cancels; /* TFD_TIMER_CANCEL_ON_SET: told when that clock is set */
};

uint64_t counter_arena_size(void);

/* Once. Registers FILE_EVENT and FILE_TIMER. */
void counter_init(struct counters *counters, struct arena *arena, struct readiness *readiness);

/* Starts a run. */
void counter_begin(struct counters *counters);

/* eventfd(): a number, -EMFILE, -ENFILE. flags: EFD_NONBLOCK, EFD_CLOEXEC, EFD_SEMAPHORE. */
int64_t counter_open_event(struct counters *counters, uint64_t value, int flags, uint64_t limit);

/* timerfd_create(): the same. flags: TFD_NONBLOCK, TFD_CLOEXEC. */
int64_t counter_open_timer(struct counters *counters, int clock, int flags, uint64_t limit);

/* The clock that a FILE_TIMER was made for. */
int counter_clock(const struct counters *counters, uint32_t file);

/* timerfd_settime() and timerfd_gettime() of a FILE_TIMER. Setting gives 0, or -ECANCELED when the
 * clock was set and nobody has been told: the timer runs all the same. */
int counter_set(struct counters *counters, uint32_t file, const struct counter_setting *setting);
struct counter_setting counter_get(struct counters *counters, uint32_t file);

/* The clock that a setting is by, now. */
uint64_t counter_now_ns(const struct counters *counters, uint32_t file, bool wall);

/* The wall clock of a node was set: a listener of sim/clocks.h; context: the counters. */
void counter_clock_set(void *context, uint32_t node);

#endif
