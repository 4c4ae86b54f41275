/* Initialisation that happens once: pthread_once and call_once.
 *
 *   the control word:   0 ──once_enter──► index << 2 | 1 ──once_leave──► 2
 *                       ▲                       └──once_leave(false)──┐
 *                       └─────────────────────────────────────────────┘
 *
 * 0 and 2 are what glibc keeps there too, so that a control may be used before a run and in it.
 * While the initialiser runs, the word names a record here with the threads that wait for it.
 *
 * Memory:      records in the world's arena.
 * Limits:      ONCE_MAX initialisers at the same time; then the run ends with VERDICT_LIMIT.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: waiters are made ready in order of arrival.
 */
#ifndef SIM_ONCE_H
#define SIM_ONCE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/schedule.h"

#define ONCE_MAX 65536u

struct onces {
    struct pool table; /* initialisers that run */
    struct schedule *schedule;
};

enum once_answer {
    ONCE_DONE, /* somebody has run it to its end */
    ONCE_RUN,  /* the caller is to run it, and to call once_leave */
    ONCE_WILD, /* the word is none that we wrote */
};

uint64_t once_arena_size(void);
void once_init(struct onces *onces, struct arena *arena, struct schedule *schedule);
void once_begin(struct onces *onces);

/* Waits while another thread runs the initialiser. */
enum once_answer once_enter(struct onces *onces, uint32_t *control, const void *site);

/* The initialiser returned (done), or was left by an exception or the thread's end. */
void once_leave(struct onces *onces, uint32_t *control, bool done, const void *site);

#endif
