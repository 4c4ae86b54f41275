/* Who runs next: agents, the ready set, wait queues, deadlines, and the run's one loop.
 *
 *   hook ─► schedule_point ─► collect what is due ─► strategy ─► choices ─┬─► thread: switch
 *                                  ▲                                      └─► due entry: fire it,
 *   hook ─► schedule_wait ─────────┘                                          and pick again
 *
 *   agent   not ready ◄──schedule_wait── running ──schedule_point──► ready ──picked──► running
 *               └──schedule_wake / deadline──► ready
 *
 * An agent is a thread or a due entry of the agenda (a message, a timer): both stand in one ready
 * set and are picked alike. A thread waits on at most one queue; what waits for several things
 * (poll, select) has a queue of its own and is woken by each.
 *
 * Deciding is ours; executing is the machine's: it supplies schedule_machine, so that the core
 * runs in unit tests without one.
 *
 * Memory:      tables in the world's arena, sized once; nothing is allocated on the step path.
 * Limits:      as given to schedule_init; reaching one ends the run with VERDICT_LIMIT.
 * Units:       nanoseconds of virtual time since the run began; AGENDA_NEVER = no deadline.
 * Errors:      none; findings go into the verdict and end the run.
 * Threads:     the world's only.
 * Determinism: order comes from sequence numbers and choices, never from addresses.
 */
#ifndef SIM_SCHEDULE_H
#define SIM_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/agenda.h"
#include "sim/agent.h"
#include "sim/arena.h"
#include "sim/choices.h"
#include "sim/occasion.h"
#include "sim/point.h"
#include "sim/strategy.h"
#include "sim/trace.h"
#include "sim/vclock.h"
#include "sim/verdict.h"

#define SCHEDULE_HANDLERS_MAX 16
#define SCHEDULE_NO_PROGRESS_POINTS 1000000u
#define SCHEDULE_HOLD_POINTS_MAX 1000u /* a held main goes on after so many at the latest */

/* What the machine does for the scheduler. */
struct schedule_machine {
    /* Hands the processor from the running thread to another; returns when that one comes back.
     * By their agents' slots; from is 0 when nothing ran yet or the thread ended. */
    void (*switch_to)(uint32_t from, uint32_t to);
    /* Ends the run: control goes back to whoever started it. Does not return. */
    void (*end)(void);
    /* Nothing is ready and nothing is due. Must set the verdict. */
    void (*idle)(void);
    /* The running thread's `interrupts` is not 0: runs its signal handlers. */
    void (*interrupt)(void);
};

/* What fires when an entry of the agenda is picked. Runs on the running thread's stack. */
typedef void schedule_handler(void *context, const struct agenda_item *item);

/* What an entry is, by name; false when a scenario has no name for it. */
typedef bool schedule_fact(void *context, const struct agenda_item *item, struct occasion *fact);

/* Who may refuse that somebody goes on, and holds it instead (sim/gate.h). All NULL: nobody. */
struct schedule_gate {
    void *context;
    /* The running thread comes to this instant; returns when it may. */
    void (*comes)(void *context, enum occasion_instant instant);
    /* A due entry was picked. False when it is held now (schedule_detain). */
    bool (*fires)(void *context, uint32_t agent);
    /* Somebody who was held is no more. */
    void (*dropped)(void *context);
    /* Nothing else can run. False when nobody is held. */
    bool (*relax)(void *context);
    /* A thread was picked. True when it is held now; NULL: none ever is. */
    bool (*stops)(void *context, uint32_t agent);
    /* An entry has fired: does what that brought about. May not return. */
    void (*settled)(void *context);
    /* Which occasions this is, a bit for each; then the running thread stands before them. */
    uint64_t (*asks)(void *context, const struct occasion *fact);
    void (*stands)(void *context, uint64_t occasions);
    /* A call of the running thread has taken effect. */
    void (*returns)(void *context, enum point_kind kind);
    uint32_t named; /* enum occasion_instant that occasions are of, a bit for each */
};

struct schedule {
    struct agent_table agents;
    struct wait_queue held;
    uint64_t held_since; /* points at which the first one was held */
    uint64_t check_at;   /* points at which limits are looked at next */
    uint64_t look_ns;    /* next_ns, or when check_at comes, if earlier: nothing to do before it */
    struct agent *self;  /* the record of `running` */
    uint32_t running;    /* agent, 0 = none */
    uint32_t streak; /* decisions in a row that kept the running thread; quick ones not counted */
    uint32_t preferred; /* agent that goes on before all others when it is ready, 0 = none */
    uint32_t leaving;   /* agent of a thread that ended and is still on its stack, 0 = none */
    uint32_t quick_max; /* up to so many candidates are decided quickly; 0 = never */
    struct vclock clock;
    struct agenda *agenda;
    uint64_t next_ns; /* when the agenda's first entry is due */
    struct choices *choices;
    struct trace *trace;
    struct verdict *verdict;
    struct strategy strategy;
    uint64_t *points; /* points so far; lies in memory that the supervisor watches */
    uint64_t progress_at;
    uint64_t points_max; /* limit of the scenario */
    uint64_t time_max_ns;
    uint32_t objects; /* display ids given out */
    bool ended;
    /* For people, where the running thread is, instead of a return address; NULL: just there. */
    uint64_t (*locate)(const void *site);
    /* What happens before what (sim/causality.h); NULL = nobody asks. */
    struct causality *causality;
    struct schedule_machine machine;
    struct schedule_gate gate;
    struct {
        schedule_handler *function;
        schedule_fact *fact; /* NULL = such entries have no name */
        void *context;
    } handlers[SCHEDULE_HANDLERS_MAX];
    uint32_t handler_count;
};

/* Sizes the tables: agents_max threads and due entries, entries_max pending ones. Once. */
void schedule_init(struct schedule *schedule,
                   struct arena *arena,
                   uint32_t agents_max,
                   uint32_t entries_max,
                   const struct schedule_machine *machine);

/* Registers what an entry does; returns the number for schedule_timer_start. Once, at set-up. */
uint32_t schedule_handler_add(struct schedule *schedule, schedule_handler *function, void *context);

/* Says what entries of a handler are; gets the handler's context. Once, at set-up. */
void schedule_handler_describe(struct schedule *schedule, uint32_t handler, schedule_fact *fact);

/* Once, at set-up. From then on no step is a quick one. */
void schedule_gate_set(struct schedule *schedule, const struct schedule_gate *gate);

/* Starts a run with empty tables. The pointers are borrowed. */
void schedule_begin(struct schedule *schedule,
                    struct choices *choices,
                    struct trace *trace,
                    struct verdict *verdict,
                    uint64_t *points,
                    const struct strategy_spec *strategy,
                    uint64_t seed);

/* A new thread, ready. Returns its agent, 0 when the table is full (the run then ends). */
uint32_t
schedule_thread_start(struct schedule *schedule, uint64_t identity, uint32_t id, uint32_t node);

/* The running thread ends; does not return. Its agent is free for reuse. */
void schedule_thread_end(struct schedule *schedule);

/* Removes a thread that does not run, whatever it waits for: its node ended. */
void schedule_thread_kill(struct schedule *schedule, uint32_t agent);

/* The running thread is no more, whatever it waits for, and stays on its stack for a while; then
 * somebody else runs, and that one never again. */
void schedule_thread_drop(struct schedule *schedule);
_Noreturn void schedule_thread_leave(struct schedule *schedule);

/* Gives the processor to the first pick. Called once by the machine, from outside all threads. */
void schedule_run(struct schedule *schedule);

/* The running thread waits in `queue` (NULL: only for the deadline, sim/vclock.h).
 * WAKE_INTERRUPTED: it has signals to handle, and the caller sees to that (schedule_interrupt) once
 * the call that waited holds nothing any more: a handler may never come back. */
enum wake_reason schedule_wait(struct schedule *schedule,
                               struct wait_queue *queue,
                               uint64_t deadline_ns,
                               const struct wait_cause *cause);

/* The wall clock of a node was set: who waits for a time of it waits until then by the new one. */
void schedule_wall_set(struct schedule *schedule, uint32_t node);

/* Wakes up to count_max waiters in order of arrival; returns how many. */
uint32_t schedule_wake(struct schedule *schedule, struct wait_queue *queue, uint32_t count_max);

/* Wakes one waiting agent wherever it waits. */
void schedule_wake_agent(struct schedule *schedule, uint32_t agent, enum wake_reason reason);

/* The running thread goes on only when no other can, or after SCHEDULE_HOLD_POINTS_MAX points. */
void schedule_hold(struct schedule *schedule);

/* For the gate. The running thread stands in a queue until it is resumed and picked; an entry that
 * was picked does, too; whoever stands there is ready again; somebody is picked before all others,
 * once, and this is no choice. */
void schedule_suspend(struct schedule *schedule, struct wait_queue *queue);
void schedule_detain(struct schedule *schedule, uint32_t agent, struct wait_queue *queue);
void schedule_resume(struct schedule *schedule, uint32_t agent);
void schedule_prefer(struct schedule *schedule, uint32_t agent);

/* What an entry is; false when it has no name. */
bool schedule_fact_of(const struct schedule *schedule,
                      const struct agenda_item *item,
                      struct occasion *fact);

/* The running thread comes to an instant that a scenario may name. */
static inline void schedule_comes(struct schedule *schedule, enum occasion_instant instant) {
    if (__builtin_expect(schedule->gate.comes != NULL, 0)) {
        schedule->gate.comes(schedule->gate.context, instant);
    }
}

/* Whether a scenario names one of these instants: what costs is done only then. */
static inline bool schedule_names(const struct schedule *schedule, enum occasion_instant instant) {
    return __builtin_expect((schedule->gate.named >> instant & 1) != 0, 0);
}

/* Where instants are named: which occasions this is, counted once for each thing that happens; the
 * running thread stands before them, and returns when they happen. What it has looked at may be
 * another then. */
uint64_t schedule_ask(struct schedule *schedule, const struct occasion *fact);
void schedule_stand(struct schedule *schedule, uint64_t occasions);

/* An entry that fires at due_ns; returns a handle for schedule_timer_cancel. 0: the agenda is full
 * and the run has its verdict. */
uint64_t schedule_timer_start(struct schedule *schedule,
                              uint64_t due_ns,
                              uint32_t handler,
                              uint32_t subject,
                              uint64_t value);

/* Cancels an entry that has not fired, due or not. False when it had. */
bool schedule_timer_cancel(struct schedule *schedule, uint64_t handle);

/* Adds an event of the running thread (or of the world, when none runs). */
void schedule_event(struct schedule *schedule,
                    enum point_kind kind,
                    uint32_t object,
                    int64_t result,
                    const void *site);

/* Adds an event of the world: something happened at a node, whoever runs. */
void schedule_world_event(struct schedule *schedule,
                          enum point_kind kind,
                          uint32_t node,
                          uint32_t object,
                          int64_t result);

/* The site of what the running thread does. */
static inline uint64_t schedule_site(const struct schedule *schedule, const void *site) {
    return __builtin_expect(schedule->locate == NULL, 1) ? (uint64_t)(uintptr_t)site
                                                         : schedule->locate(site);
}

static inline void schedule_event_put(struct schedule *schedule,
                                      enum point_kind kind,
                                      uint32_t object,
                                      int64_t result,
                                      const void *site) {
    const uint32_t thread = schedule->self->id;
    const uint32_t node = schedule->self->node;
    struct event *event = trace_next(schedule->trace);
    event->time_ns = schedule->clock.now_ns;
    event->result = result;
    event->thread = thread;
    event->node = node;
    event->object = object;
    event->kind = (uint32_t)kind;
    trace_push(schedule->trace, schedule_site(schedule, site));
}

/* Where a call that returns is named: the event, and that it is one. */
void schedule_event_told(struct schedule *schedule,
                         enum point_kind kind,
                         uint32_t object,
                         int64_t result,
                         const void *site);

/* The same as schedule_event, built where it is called: for the shortest of hooks. */
static inline void schedule_event_now(struct schedule *schedule,
                                      enum point_kind kind,
                                      uint32_t object,
                                      int64_t result,
                                      const void *site) {
    if (schedule_names(schedule, OCCASION_RETURNS)) {
        schedule_event_told(schedule, kind, object, result, site);
    } else {
        schedule_event_put(schedule, kind, object, result, site);
    }
}

/* A new object's display id; counted as a creation of the running thread. */
uint32_t schedule_object(struct schedule *schedule);

/* Something moved: bytes, a wake, a birth or death, a mark. */
static inline void schedule_progress(struct schedule *schedule) {
    schedule->progress_at = *schedule->points;
}

/* Ends the run now, with the verdict that is set. Does not return to a simulated thread. */
void schedule_end(struct schedule *schedule);

/* Sets a finding at a thread, unless there is one, and ends the run. */
_Noreturn void schedule_fail(struct schedule *schedule,
                             uint32_t agent,
                             enum verdict_kind kind,
                             const void *site,
                             const char *message);

static inline uint64_t schedule_now_ns(const struct schedule *schedule) {
    return schedule->clock.now_ns;
}

static inline struct agent *schedule_agent(const struct schedule *schedule, uint32_t agent) {
    return agent_at(&schedule->agents, agent);
}

/* The agent that runs; the world's own (index 0) outside of threads. */
static inline struct agent *schedule_running(const struct schedule *schedule) {
    return schedule->self;
}

/* The running thread's announced point is to take effect: time goes on, the strategy decides;
 * returns when that thread may go on. Use schedule_point and schedule_yield. */
void schedule_step(struct schedule *schedule);
void schedule_step_yield(struct schedule *schedule);

/* Lets the machine handle the running thread's signals. */
void schedule_interrupt(struct schedule *schedule);

/* Field by field: compilers copy a struct as one block that they have just built in pieces, and
 * such a load waits until all its stores have left the processor. */
static inline void schedule_announce(struct schedule *schedule, const struct point *point) {
    struct point *pending = &schedule->self->pending;
    pending->kind = point->kind;
    pending->order = point->order;
    pending->write = point->write;
    pending->size = point->size;
    pending->object = point->object;
    pending->offset = point->offset;
    pending->site = point->site;
}

/* Announces a point of the running thread; returns when that thread may let it take effect. */
static inline __attribute__((always_inline)) void schedule_point(struct schedule *schedule,
                                                                 const struct point *point) {
    schedule_announce(schedule, point);
    schedule_step(schedule);
    if (__builtin_expect(schedule->self->interrupts != 0, 0)) {
        schedule_interrupt(schedule);
    }
}

/* The same, and lets the others go first. */
static inline __attribute__((always_inline)) void schedule_yield(struct schedule *schedule,
                                                                 const struct point *point) {
    schedule_announce(schedule, point);
    schedule_step_yield(schedule);
    if (__builtin_expect(schedule->self->interrupts != 0, 0)) {
        schedule_interrupt(schedule);
    }
}

/* Asserts the invariants; for tests. */
void schedule_verify(const struct schedule *schedule);

#endif
