/* What the parts of the scheduler need of each other; everybody else uses schedule.h.
 *
 *   schedule.c          agents and the loop: who goes on
 *   schedule_wait.c     out of the ready set and back: queues, deadlines, who is held
 *   schedule_gate.c     whom a scenario holds, and who goes before all others
 *   schedule_limits.c   what ends a run that does not end
 *
 * Memory:      as schedule.h.
 * Threads:     the world's only.
 * Determinism: as schedule.h.
 */
#ifndef SIM_SCHEDULE_PARTS_H
#define SIM_SCHEDULE_PARTS_H

#include <stdbool.h>
#include <stdint.h>

struct agenda_item;
struct agent;
struct occasion;
struct schedule;

static inline uint64_t schedule_earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* Picks until a thread is to run, and hands over to it. */
void schedule_pick(struct schedule *schedule, bool stays, bool yielded);

/* Moves what is due from the agenda into the ready set. */
void schedule_collect(struct schedule *schedule);

/* Frees an agent's place, ready or not. */
void schedule_agent_drop(struct schedule *schedule, uint32_t index);

/* Fires a deadline: handler number 0. */
void schedule_timeout_fire(void *context, const struct agenda_item *item);

/* Says that it is one. */
bool schedule_timeout_fact(void *context, const struct agenda_item *item, struct occasion *fact);

/* An agent waits no longer: its deadline is neither pending nor due. */
void schedule_deadline_clear(struct schedule *schedule, struct agent *agent);

/* Who was held first goes on; there must be one. */
void schedule_release_held(struct schedule *schedule);

/* Cancels an entry that is held; false when there is none. */
bool schedule_gate_cancel(struct schedule *schedule, uint64_t handle);

/* `preferred` is not 0: true, and its place, when it is ready. Asked once, it is forgotten. */
bool schedule_preferred(struct schedule *schedule, uint32_t *place);

/* True when a gate holds the thread that was picked. */
static inline bool schedule_stops(struct schedule *schedule, uint32_t index) {
    return schedule->gate.stops != NULL && schedule->gate.stops(schedule->gate.context, index);
}

/* Nothing else can run: true when a gate has let somebody go for that. */
bool schedule_relax(struct schedule *schedule);

/* Ends the run if a limit was reached. */
void schedule_limits_check(struct schedule *schedule);

/* The same, lets go who was held for too long, and sets `check_at`: the next point at which any of
 * it can be true, so that the step path has one comparison for all. A replay is looked at every
 * time, since it ends where it diverges; all else must be found at the same point there. */
void schedule_limits_look(struct schedule *schedule);

#endif
