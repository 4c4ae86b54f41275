#include "sim/thread.h"

#include <errno.h>
#include <stdio.h>

#include "sim/causal.h"
#include "sim/identity.h"
#include "sim/object.h"
#include "sim/panic.h"

void threads_init(struct threads *threads, struct arena *arena, struct schedule *schedule) {
    threads->schedule = schedule;
    pool_init(&threads->table, arena, sizeof(struct thread), THREADS_MAX);
}

void threads_begin(struct threads *threads) {
    pool_reset(&threads->table);
}

uint32_t threads_create(struct threads *threads,
                        uint32_t parent,
                        uint32_t node,
                        uint64_t node_identity,
                        bool detached) {
    struct schedule *schedule = threads->schedule;
    const uint32_t id = pool_take(&threads->table);
    if (id == 0) {
        verdict_set(schedule->verdict, VERDICT_LIMIT, "more than %u threads", THREADS_MAX);
        return 0;
    }
    struct thread *thread = threads_at(threads, id);
    *thread = (struct thread){.node = node, .detached = detached, .main = parent == 0};
    if (parent == 0) {
        thread->identity = identity_make(IDENTITY_THREAD, node_identity, 0);
    } else {
        struct agent *creator = schedule_running(schedule);
        thread->identity =
            identity_make(IDENTITY_THREAD, creator->decider.identity, ++creator->children);
    }
    threads->unjoined[node] += !detached && parent != 0 ? 1 : 0;
    thread->state = THREAD_ALIVE;
    thread->agent = schedule_thread_start(schedule, thread->identity, id, node);
    if (thread->agent != 0 && causal_asked(schedule)) {
        causality_birth(schedule->causality, parent, id, node);
    }
    return thread->agent == 0 ? 0 : id;
}

/* It ended, and nobody joins it. */
static void part(const struct threads *threads, uint32_t id) {
    if (causal_asked(threads->schedule)) {
        causality_part(threads->schedule->causality, id);
    }
}

void threads_finish(struct threads *threads, uint64_t result) {
    struct thread *self = threads_at(threads, threads_self(threads));
    ASSERT(self->state == THREAD_ALIVE);
    self->result = result;
    self->state = THREAD_ENDED;
    if (causal_asked(threads->schedule)) {
        causality_end(threads->schedule->causality);
        if (self->detached) {
            part(threads, threads_self(threads));
        }
    }
    schedule_wake(threads->schedule, &self->joiners, UINT32_MAX);
}

static int join_refusal(const struct threads *threads, uint32_t id) {
    const uint32_t self = threads_self(threads);
    if (!threads_known(threads, id)) {
        return ESRCH;
    }
    const struct thread *thread = threads_at(threads, id);
    if (thread->state == THREAD_JOINED) {
        return ESRCH;
    }
    if (id == self || threads_at(threads, self)->joiner == id) {
        return EDEADLK;
    }
    if (thread->detached || thread->joiner != 0) {
        return EINVAL;
    }
    return 0;
}

/* Somebody took care of it. */
static void settle(struct threads *threads, const struct thread *thread) {
    if (!thread->main) {
        ASSERT(threads->unjoined[thread->node] > 0);
        threads->unjoined[thread->node]--;
    }
}

int threads_join(struct threads *threads,
                 uint32_t id,
                 uint64_t deadline_ns,
                 uint64_t *result,
                 const void *site) {
    const int refusal = join_refusal(threads, id);
    if (refusal != 0) {
        return refusal;
    }
    struct thread *thread = threads_at(threads, id);
    if (thread->state == THREAD_ALIVE && deadline_ns == 0) {
        return EBUSY;
    }
    thread->joiner = threads_self(threads);
    const struct wait_cause cause = {.kind = POINT_JOIN,
                                     .object = id,
                                     .holder = NULL,
                                     .site = site};
    while (thread->state == THREAD_ALIVE) {
        const enum wake_reason reason =
            object_wait(threads->schedule, &thread->joiners, deadline_ns, &cause);
        if (reason == WAKE_TIMEOUT && thread->state == THREAD_ALIVE) {
            thread->joiner = 0;
            return ETIMEDOUT;
        }
    }
    thread->state = THREAD_JOINED;
    settle(threads, thread);
    if (causal_asked(threads->schedule)) {
        causality_join(threads->schedule->causality, id);
    }
    *result = thread->result;
    return 0;
}

int threads_detach(struct threads *threads, uint32_t id) {
    if (!threads_known(threads, id) || threads_at(threads, id)->state == THREAD_JOINED) {
        return ESRCH;
    }
    struct thread *thread = threads_at(threads, id);
    if (thread->detached || thread->joiner != 0) {
        return EINVAL;
    }
    thread->detached = true;
    settle(threads, thread);
    if (thread->state == THREAD_ENDED) {
        part(threads, id);
    }
    return 0;
}

uint32_t threads_left(const struct threads *threads, uint32_t node) {
    if (threads->unjoined[node] == 0) {
        return 0;
    }
    const uint32_t self = threads_self(threads);
    for (uint32_t id = 1; id <= threads->table.count; id++) {
        const struct thread *thread = threads_at(threads, id);
        if (thread->node == node && thread->state != THREAD_JOINED && thread->joiner == 0 &&
            !thread->detached && !thread->main && id != self) {
            return id;
        }
    }
    return 0;
}
