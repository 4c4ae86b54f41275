#include "sim/schedule.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "sim/identity.h"
#include "sim/panic.h"
#include "sim/schedule_parts.h"

#define QUICK_MAX ORDER_WORD_MAX

/* ---- set-up ---- */

void schedule_init(struct schedule *schedule,
                   struct arena *arena,
                   uint32_t agents_max,
                   uint32_t entries_max,
                   const struct schedule_machine *machine) {
    ASSERT(agents_max > 0 && entries_max > 0);
    *schedule = (struct schedule){.machine = *machine};
    agent_table_init(&schedule->agents, arena, agents_max);
    void *memory = arena_take(arena, agenda_size(entries_max));
    schedule->agenda = agenda_init(memory, entries_max);
    const uint32_t timeout = schedule_handler_add(schedule, schedule_timeout_fire, schedule);
    ASSERT(timeout == 0);
    schedule_handler_describe(schedule, timeout, schedule_timeout_fact);
}

uint32_t
schedule_handler_add(struct schedule *schedule, schedule_handler *function, void *context) {
    ASSERT(schedule->handler_count < SCHEDULE_HANDLERS_MAX);
    schedule->handlers[schedule->handler_count].function = function;
    schedule->handlers[schedule->handler_count].context = context;
    return schedule->handler_count++;
}

void schedule_handler_describe(struct schedule *schedule, uint32_t handler, schedule_fact *fact) {
    ASSERT(handler < schedule->handler_count);
    schedule->handlers[handler].fact = fact;
}

static void run(struct schedule *schedule, uint32_t index) {
    schedule->running = index;
    schedule->self = schedule_agent(schedule, index);
}

void schedule_begin(struct schedule *schedule,
                    struct choices *choices,
                    struct trace *trace,
                    struct verdict *verdict,
                    uint64_t *points,
                    const struct strategy_spec *strategy,
                    uint64_t seed) {
    agent_table_reset(&schedule->agents);
    schedule->held = (struct wait_queue){0};
    schedule->check_at = 0;
    schedule->look_ns = 0;
    schedule->streak = 0;
    schedule->leaving = 0;
    schedule->preferred = 0;
    schedule->clock.now_ns = 0;
    schedule->choices = choices;
    schedule->trace = trace;
    schedule->verdict = verdict;
    schedule->points = points;
    schedule->progress_at = 0;
    schedule->points_max = UINT64_MAX;
    schedule->time_max_ns = VCLOCK_NS_MAX;
    schedule->objects = 0;
    schedule->ended = false;
    schedule->locate = NULL;
    schedule->causality = NULL;
    *points = 0;
    agenda_reset(schedule->agenda);
    schedule->next_ns = AGENDA_NEVER;
    strategy_begin(&schedule->strategy, strategy, seed);
    const uint32_t kind = schedule->strategy.spec.kind;
    const bool quick = kind == STRATEGY_RANDOM || kind == STRATEGY_STICKY;
    schedule->quick_max = quick && !choices_replays(choices) ? QUICK_MAX : 0;
    *schedule_agent(schedule, 0) = (struct agent){.kind = AGENT_THREAD};
    run(schedule, 0);
}

/* ---- agents ---- */

/* As a fresh one, line by line: compilers clear larger blocks with an instruction that takes longer
 * to begin than all of this. */
static void agent_clear(struct agent *agent) {
    unsigned char *bytes = (unsigned char *)agent;
    for (size_t at = 0; at < sizeof *agent; at += AGENT_LINE) {
        memset(bytes + at, 0, AGENT_LINE);
    }
}

static uint32_t agent_take(struct schedule *schedule, enum agent_kind kind) {
    const uint32_t index = pool_take(&schedule->agents.pool);
    if (index == 0) {
        verdict_set(schedule->verdict,
                    VERDICT_LIMIT,
                    "more than %" PRIu32 " threads and due events at once",
                    schedule->agents.pool.capacity);
        return 0;
    }
    struct agent *agent = schedule_agent(schedule, index);
    agent_clear(agent);
    agent->kind = (uint16_t)kind;
    schedule->agents.priority[index] = strategy_birth(&schedule->strategy);
    return index;
}

uint32_t
schedule_thread_start(struct schedule *schedule, uint64_t identity, uint32_t id, uint32_t node) {
    ASSERT(id != 0);
    const uint32_t index = agent_take(schedule, AGENT_THREAD);
    if (index == 0) {
        return 0;
    }
    struct agent *agent = schedule_agent(schedule, index);
    agent->decider.identity = identity;
    agent->id = id;
    agent->node = node;
    agent->pending.kind = POINT_THREAD_START;
    agent_ready_add(&schedule->agents, index);
    schedule_progress(schedule);
    return index;
}

void schedule_agent_drop(struct schedule *schedule, uint32_t index) {
    struct agent *agent = schedule_agent(schedule, index);
    const bool held = agent->state == AGENT_HELD;
    if (agent->state == AGENT_READY) {
        agent_ready_remove(&schedule->agents, index);
    }
    (void)agent_queue_remove(&schedule->agents, index); /* whatever the program left of it */
    agent->state = AGENT_FREE;
    schedule->preferred = schedule->preferred == index ? 0 : schedule->preferred;
    pool_give(&schedule->agents.pool, index);
    if (held && schedule->gate.dropped != NULL) {
        schedule->gate.dropped(schedule->gate.context);
    }
}

void schedule_thread_end(struct schedule *schedule) {
    const uint32_t index = schedule->running;
    ASSERT(index != 0);
    agent_ready_remove(&schedule->agents, index);
    schedule->leaving = index;
    schedule_progress(schedule);
    schedule_pick(schedule, false, false);
    UNREACHABLE();
}

_Noreturn void schedule_thread_leave(struct schedule *schedule) {
    ASSERT(schedule->leaving == schedule->running);
    schedule_progress(schedule);
    schedule_pick(schedule, false, false);
    UNREACHABLE();
}

void schedule_thread_kill(struct schedule *schedule, uint32_t index) {
    ASSERT(index != schedule->running);
    struct agent *agent = schedule_agent(schedule, index);
    ASSERT(agent->kind == AGENT_THREAD);
    schedule_deadline_clear(schedule, agent);
    schedule_agent_drop(schedule, index);
}

/* ---- the loop ---- */

void schedule_collect(struct schedule *schedule) {
    struct agenda_item item;
    while (agenda_pop(schedule->agenda, schedule->clock.now_ns, &item)) {
        const uint32_t index = agent_take(schedule, AGENT_ENTRY);
        if (index == 0) {
            schedule_end(schedule);
        }
        struct agent *agent = schedule_agent(schedule, index);
        agent->item = item;
        agent->decider.identity = identity_make(IDENTITY_TIMER, item.value, item.sequence);
        if (item.handler == 0) {
            struct agent *waiter = schedule_agent(schedule, item.subject);
            waiter->deadline_agent = index;
            agent->node = waiter->node;
            agent->decider.identity =
                identity_make(IDENTITY_TIMER, waiter->decider.identity, item.value);
        }
        agent_ready_add(&schedule->agents, index);
    }
    schedule->next_ns = agenda_next_ns(schedule->agenda);
}

/* Nothing is ready: lets held threads go on, jumps to the next entry, or ends the run. */
static void idle(struct schedule *schedule) {
    if (schedule->held.first != 0) {
        schedule_release_held(schedule);
        return;
    }
    if (schedule->next_ns == AGENDA_NEVER && schedule_relax(schedule)) {
        return;
    }
    if (schedule->next_ns == AGENDA_NEVER) {
        schedule->machine.idle();
        ASSERT(schedule->verdict->kind != VERDICT_NONE);
        schedule_end(schedule);
    }
    if (schedule->next_ns > schedule->clock.now_ns) {
        schedule->clock.now_ns = schedule->next_ns;
        schedule->check_at = 0;
        ASSERT(schedule->look_ns <= schedule->clock.now_ns);
        if (schedule->clock.now_ns > schedule->time_max_ns) {
            schedule_limits_check(schedule);
        }
    }
    schedule_collect(schedule);
}

/* In a replay the recorded agent is looked up by identity, so that a tolerant replay finds it
 * wherever it stands now. */
static uint32_t recorded_place(const struct schedule *schedule, const struct candidates *set) {
    const struct decider *who = &schedule_running(schedule)->decider;
    const struct choice *recorded = choices_peek(schedule->choices, CHOICE_SCHEDULE, who);
    for (uint32_t i = 0; recorded != NULL && i < set->count; i++) {
        if (schedule_agent(schedule, set->ready[i])->decider.identity == recorded->taken) {
            return i;
        }
    }
    return set->production;
}

/* The ready agents by place. */
static const uint32_t *agents_by_place(const struct schedule *schedule, uint32_t *few) {
    const struct order *order = &schedule->agents.order;
    if (order->count > ORDER_WORD_MAX) {
        return schedule->agents.ready;
    }
    for (uint32_t i = 0; i < order->count; i++) {
        few[i] = schedule->agents.ready[order_position_word(order, i)];
    }
    return few;
}

/* Asks the strategy, or the script of a replay. Returns the place of who goes on. */
static uint32_t decide(struct schedule *schedule, bool stays, bool yielded) {
    struct agent *self = schedule->self;
    const struct order *order = &schedule->agents.order;
    const bool keeps = stays && !yielded;
    uint32_t few[ORDER_WORD_MAX];
    const struct candidates set = {
        .ready = agents_by_place(schedule, few),
        .count = order->count,
        .production = keeps ? order_newest(order) : order_oldest(order),
        .stays = keeps,
        .running = self->state == AGENT_READY ? schedule->running : 0,
        .streak = schedule->streak,
        .longest = order_oldest(order), /* never who runs: that one is the newest */
        .priority = schedule->agents.priority,
        .agents = &schedule->agents,
    };
    schedule->streak++;
    const uint32_t place = choices_replays(schedule->choices)
                               ? recorded_place(schedule, &set)
                               : strategy_pick(&schedule->strategy, &set, yielded);
    const uint64_t taken =
        choices_decide(schedule->choices,
                       CHOICE_SCHEDULE,
                       &self->decider,
                       self->pending.site,
                       set.count,
                       candidates_alternative(set.production, place),
                       schedule_agent(schedule, set.ready[place])->decider.identity);
    return candidates_place(set.production, (uint32_t)taken);
}

/* The same where the strategy needs a number or two and nobody replays, which is nearly every step:
 * without a branch on what was drawn, since each would be mispredicted. */
static inline __attribute__((always_inline)) uint32_t
decide_quickly(struct schedule *schedule, uint32_t count, bool keeps) {
    struct agent *self = schedule->self;
    const uint32_t own = count - 1; /* as in order_newest */
    const uint32_t place = strategy_draw(&schedule->strategy, count, own, keeps);
    struct choice *choice = choices_next(schedule->choices, CHOICE_SCHEDULE, &self->decider, own);
    choices_keep(schedule->choices, keeps ? candidates_alternative(own, place) : place);
    choice->site = (uint64_t)(uintptr_t)self->pending.site;
    choice->taken = agent_at_place(&schedule->agents, place)->decider.identity;
    return place;
}

static void fire(struct schedule *schedule, uint32_t index) {
    if (schedule->gate.fires != NULL && !schedule->gate.fires(schedule->gate.context, index)) {
        return;
    }
    const struct agenda_item item = schedule_agent(schedule, index)->item;
    schedule_agent_drop(schedule, index);
    schedule->handlers[item.handler].function(schedule->handlers[item.handler].context, &item);
    if (schedule->gate.settled != NULL) {
        schedule->gate.settled(schedule->gate.context);
    }
    if (schedule->verdict->kind != VERDICT_NONE) {
        schedule_end(schedule);
    }
}

void schedule_interrupt(struct schedule *schedule) {
    ASSERT(schedule_running(schedule)->interrupts != 0);
    schedule->machine.interrupt();
}

/* Hands over to a thread that is not the running one. */
static inline void hand_over(struct schedule *schedule, uint32_t to) {
    const uint32_t from = schedule->self->slot;
    run(schedule, to);
    schedule->machine.switch_to(from, schedule->self->slot);
}

void schedule_pick(struct schedule *schedule, bool stays, bool yielded) {
    struct order *order = &schedule->agents.order;
    struct agent *self = schedule->self;
    for (;;) {
        uint32_t place = 0;
        if (order->count == 0) {
            idle(schedule);
            continue;
        } else if (schedule->preferred != 0 && schedule_preferred(schedule, &place)) {
            ASSERT(place < order->count);
        } else if (order->count > schedule->quick_max || choices_full(schedule->choices)) {
            place = order->count == 1 ? 0 : decide(schedule, stays, yielded);
        } else if (order->count > 1) {
            place = decide_quickly(schedule, order->count, stays && !yielded);
        }
        const uint32_t chosen = schedule->agents.ready[order_position(order, place)];
        if (schedule_agent(schedule, chosen)->kind == AGENT_ENTRY) {
            fire(schedule, chosen);
            continue;
        }
        if (schedule_stops(schedule, chosen)) {
            stays = stays && schedule_agent(schedule, chosen) != self;
            continue;
        }
        order_run(order, place);
        if (schedule_agent(schedule, chosen) == self) {
            return;
        }
        schedule->streak = 0;
        if (schedule->leaving != 0) {
            pool_give(&schedule->agents.pool, schedule->leaving);
            schedule->leaving = 0;
            run(schedule, 0);
            hand_over(schedule, chosen);
            UNREACHABLE();
        }
        hand_over(schedule, chosen);
        return;
    }
}

/* A step at which something is due, or with many candidates, another strategy or a replay. */
static __attribute__((noinline)) void step_slowly(struct schedule *schedule, bool yielded) {
    const uint64_t points = *schedule->points;
    const uint64_t now_ns = schedule->clock.now_ns;
    if (now_ns >= schedule->look_ns) {
        if (now_ns >= schedule->next_ns) {
            schedule_collect(schedule);
        }
        if (points >= schedule->check_at) {
            schedule_limits_look(schedule);
        }
        schedule->look_ns =
            schedule_earlier(schedule->next_ns,
                             now_ns + (schedule->check_at - points) * VCLOCK_CALL_NS);
        schedule->look_ns = schedule->gate.comes != NULL ? 0 : schedule->look_ns;
    }
    if (schedule->agents.order.count > 1) {
        schedule_pick(schedule, true, yielded);
    }
    schedule_comes(schedule, OCCASION_CALL);
}

static __attribute__((noinline)) void
step_fire(struct schedule *schedule, uint32_t chosen, bool yielded) {
    fire(schedule, chosen);
    schedule_pick(schedule, true, yielded);
}

/* Whatever it calls is the last thing that it does: nothing of it lies on the stack of a thread
 * that does not run, and nothing is left to do when that one comes back. */
static inline __attribute__((always_inline)) void step(struct schedule *schedule, bool yielded) {
    struct order *order = &schedule->agents.order;
    ++*schedule->points;
    const uint64_t now_ns = schedule->clock.now_ns + VCLOCK_CALL_NS;
    schedule->clock.now_ns = now_ns;
    if (__builtin_expect(now_ns >= schedule->look_ns, 0)) {
        step_slowly(schedule, yielded);
        return;
    }
    const uint32_t count = order->count;
    if (count == 1) {
        return;
    }
    if (__builtin_expect(count > schedule->quick_max || choices_full(schedule->choices), 0)) {
        step_slowly(schedule, yielded);
        return;
    }
    const uint32_t place = decide_quickly(schedule, count, !yielded);
    if (place == count - 1) {
        return; /* itself */
    }
    const uint32_t chosen = schedule->agents.ready[order_position_word(order, place)];
    if (__builtin_expect(schedule_agent(schedule, chosen)->kind == AGENT_ENTRY, 0)) {
        step_fire(schedule, chosen, yielded);
        return;
    }
    order_run_word(order, place);
    hand_over(schedule, chosen);
}

void schedule_run(struct schedule *schedule) {
    ASSERT(schedule->running == 0);
    schedule_pick(schedule, false, false);
}

__attribute__((noinline)) void schedule_step(struct schedule *schedule) {
    step(schedule, false);
}

__attribute__((noinline)) void schedule_step_yield(struct schedule *schedule) {
    step(schedule, true);
}

void schedule_event(struct schedule *schedule,
                    enum point_kind kind,
                    uint32_t object,
                    int64_t result,
                    const void *site) {
    schedule_event_now(schedule, kind, object, result, site);
}

void schedule_world_event(struct schedule *schedule,
                          enum point_kind kind,
                          uint32_t node,
                          uint32_t object,
                          int64_t result) {
    struct event *event = trace_next(schedule->trace);
    event->time_ns = schedule->clock.now_ns;
    event->result = result;
    event->thread = 0;
    event->node = node;
    event->object = object;
    event->kind = (uint32_t)kind;
    trace_push(schedule->trace, 0);
}

uint32_t schedule_object(struct schedule *schedule) {
    schedule_running(schedule)->creations++;
    return ++schedule->objects;
}

void schedule_end(struct schedule *schedule) {
    ASSERT(schedule->verdict->kind != VERDICT_NONE);
    schedule->ended = true;
    schedule->machine.end();
    UNREACHABLE();
}

_Noreturn void schedule_fail(struct schedule *schedule,
                             uint32_t agent,
                             enum verdict_kind kind,
                             const void *site,
                             const char *message) {
    struct verdict *verdict = schedule->verdict;
    if (verdict_set(verdict, kind, "%s", message)) {
        const struct agent *at = schedule_agent(schedule, agent);
        verdict->thread = at->id;
        verdict->node = at->node;
        verdict->time_ns = schedule_now_ns(schedule);
        verdict->step = schedule->trace->count;
        verdict->site =
            agent == schedule->running ? schedule_site(schedule, site) : (uint64_t)(uintptr_t)site;
    }
    schedule_end(schedule);
    UNREACHABLE();
}

void schedule_verify(const struct schedule *schedule) {
    agent_table_verify(&schedule->agents);
    ASSERT(schedule->self == schedule_agent(schedule, schedule->running));
    ASSERT(schedule->agents.order.runs == (schedule->self->state == AGENT_READY));
    ASSERT(schedule->look_ns <= schedule->next_ns);
    ASSERT(schedule->next_ns == agenda_next_ns(schedule->agenda));
}
