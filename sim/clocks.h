/* The clocks of a run's nodes: set up as the description says, and set while it runs.
 *
 *   description_clock ──clocks_begin, choices──► vclock_node ◄──reads── sim/vclock.h
 *   jump ──► clocks_jump ──► offset_ns ──► whoever waits for a time of that wall clock, and timers
 *
 * A jump is what settimeofday() does: the monotonic clock goes on, what was asked for as a duration
 * is left alone, and a deadline by the wall clock comes sooner or later than it would have.
 *
 * Memory:      part of the world.
 * Limits:      CLOCKS_LISTENERS_MAX.
 * Units:       nanoseconds, parts per million.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: what the description leaves open are choices (CHOICE_CLOCK) of the node's clock;
 *              alternative 0 is a clock that is right.
 */
#ifndef SIM_CLOCKS_H
#define SIM_CLOCKS_H

#include <stdint.h>

#include "sim/description.h"
#include "sim/schedule.h"
#include "sim/vclock.h"

#define CLOCKS_LISTENERS_MAX 4
#define CLOCKS_OFFSET_STEP_NS 1000u /* between two offsets that may be drawn */

/* The wall clock of a node was set. */
typedef void clocks_listener(void *context, uint32_t node);

struct clocks {
    struct schedule *schedule;
    const struct description *description;
    struct {
        clocks_listener *function;
        void *context;
    } listeners[CLOCKS_LISTENERS_MAX];
    uint32_t listener_count;
    struct vclock_node nodes[DESCRIPTION_NODES_MAX + 1]; /* 0: the world's */
};

/* Once. The description is borrowed. */
void clocks_init(struct clocks *clocks,
                 struct schedule *schedule,
                 const struct description *description);

/* Once: whom to tell. */
void clocks_listen(struct clocks *clocks, clocks_listener *listener, void *context);

/* Starts a run. After schedule_begin. Where no clock is declared, nothing is drawn. */
void clocks_begin(struct clocks *clocks);

/* The wall clock of a node (0 = of each) goes forward by so much, or back. Never before 1970. */
void clocks_jump(struct clocks *clocks, uint32_t node, int64_t by_ns);

#endif
