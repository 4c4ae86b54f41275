#include "sim/futex.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "sim/causal.h"
#include "sim/panic.h"

#define BUCKETS 4096u

/* One word that somebody waits for. */
struct futex {
    struct wait_queue queue;
    uint32_t next; /* in the bucket, 0 = last */
    uint32_t node;
    uint64_t address;
    uint32_t object;  /* display id */
    uint32_t waiters; /* those on their way out after a deadline or a signal included */
    bool shared;
};

uint64_t futex_arena_size(uint32_t agents_max) {
    return ((uint64_t)agents_max + 1) * (sizeof(struct futex) + 2 * sizeof(uint32_t)) +
           BUCKETS * sizeof(uint32_t) + 4096;
}

void futex_init(struct futexes *futexes,
                struct arena *arena,
                struct schedule *schedule,
                uint32_t agents_max) {
    *futexes = (struct futexes){.schedule = schedule};
    pool_init(&futexes->table, arena, sizeof(struct futex), agents_max);
    futexes->buckets = arena_take(arena, BUCKETS * sizeof(uint32_t));
    futexes->where = arena_take(arena, ((size_t)agents_max + 1) * sizeof(uint32_t));
    futexes->bits = arena_take(arena, ((size_t)agents_max + 1) * sizeof(uint32_t));
    memset(futexes->buckets, 0, BUCKETS * sizeof(uint32_t));
    memset(futexes->where, 0, ((size_t)agents_max + 1) * sizeof(uint32_t));
}

void futex_begin(struct futexes *futexes) {
    if (futexes->table.count != 0) {
        memset(futexes->buckets, 0, BUCKETS * sizeof(uint32_t));
        memset(futexes->where, 0, ((size_t)futexes->where_max + 1) * sizeof(uint32_t));
    }
    futexes->where_max = 0;
    pool_reset(&futexes->table);
}

/* ---- entries ---- */

static struct futex *entry_at(const struct futexes *futexes, uint32_t index) {
    return (struct futex *)pool_at(&futexes->table, index);
}

static uint32_t bucket_of(uint32_t node, uint64_t address) {
    const uint64_t mixed = ((address >> 2) + node) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(mixed >> 32) % BUCKETS;
}

static uint32_t node_now(const struct futexes *futexes) {
    return schedule_running(futexes->schedule)->node;
}

/* The entry of a word of the running node, 0 = nobody waits for it. */
static uint32_t entry_find(const struct futexes *futexes, const struct futex_word *word) {
    const uint32_t node = node_now(futexes);
    const uint64_t address = (uint64_t)(uintptr_t)word->address;
    uint32_t index = futexes->buckets[bucket_of(node, address)];
    while (index != 0) {
        const struct futex *entry = entry_at(futexes, index);
        if (entry->address == address && entry->node == node && entry->shared == word->shared) {
            return index;
        }
        index = entry->next;
    }
    return 0;
}

static uint32_t entry_take(struct futexes *futexes, const struct futex_word *word) {
    const uint32_t known = entry_find(futexes, word);
    if (known != 0) {
        return known;
    }
    const uint32_t node = node_now(futexes);
    const uint64_t address = (uint64_t)(uintptr_t)word->address;
    uint32_t *bucket = &futexes->buckets[bucket_of(node, address)];
    const uint32_t index = pool_take(&futexes->table);
    ASSERT(index != 0); /* as many as there are agents, and each agent waits in one */
    *entry_at(futexes, index) = (struct futex){.next = *bucket,
                                               .node = node,
                                               .address = address,
                                               .object = schedule_object(futexes->schedule),
                                               .shared = word->shared};
    *bucket = index;
    return index;
}

static void entry_give(struct futexes *futexes, uint32_t index) {
    const struct futex *entry = entry_at(futexes, index);
    ASSERT(entry->queue.first == 0);
    uint32_t *link = &futexes->buckets[bucket_of(entry->node, entry->address)];
    while (*link != index) {
        ASSERT(*link != 0);
        link = &entry_at(futexes, *link)->next;
    }
    *link = entry->next;
    pool_give(&futexes->table, index);
}

/* The agent stands in no queue of ours any more. The entry goes with its last waiter. */
static void leave(struct futexes *futexes, uint32_t agent) {
    const uint32_t index = futexes->where[agent];
    if (index == 0) {
        return;
    }
    struct futex *entry = entry_at(futexes, index);
    futexes->where[agent] = 0;
    ASSERT(entry->waiters > 0);
    if (--entry->waiters == 0) {
        entry_give(futexes, index);
    }
}

void futex_forget(struct futexes *futexes, uint32_t agent) {
    if (futexes->where[agent] == 0) {
        return;
    }
    if (schedule_agent(futexes->schedule, agent)->state == AGENT_WAITING) {
        agent_queue_remove(&futexes->schedule->agents, agent);
    }
    leave(futexes, agent);
}

/* ---- waiting ---- */

static void announce(struct futexes *futexes,
                     enum point_kind kind,
                     const struct futex_word *word,
                     const void *site) {
    const uint32_t index = entry_find(futexes, word);
    const struct point point = {.kind = (uint16_t)kind,
                                .write = 1,
                                .object = index == 0 ? 0 : entry_at(futexes, index)->object,
                                .site = site};
    schedule_point(futexes->schedule, &point);
}

static bool spurious(struct schedule *schedule, const void *site) {
    struct agent *self = schedule_running(schedule);
    return choices_chance(schedule->choices,
                          CHOICE_SPURIOUS,
                          self->node,
                          &self->decider,
                          site,
                          1,
                          FUTEX_SPURIOUS_DENOMINATOR);
}

static int wait_in(struct futexes *futexes,
                   const struct futex_word *word,
                   const struct futex_wait_for *what,
                   const void *site,
                   uint32_t *object) {
    struct schedule *schedule = futexes->schedule;
    const uint32_t agent = schedule->running;
    ASSERT(futexes->where[agent] == 0);
    const uint32_t index = entry_take(futexes, word);
    struct futex *entry = entry_at(futexes, index);
    *object = entry->object;
    entry->waiters++;
    futexes->where[agent] = index;
    futexes->bits[agent] = what->bits;
    if (agent > futexes->where_max) {
        futexes->where_max = agent;
    }
    const struct wait_cause cause = {.kind = POINT_FUTEX_WAIT,
                                     .object = entry->object,
                                     .holder = NULL,
                                     .site = site};
    const enum wake_reason reason =
        schedule_wait(schedule, &entry->queue, what->deadline_ns, &cause);
    leave(futexes, agent);
    return reason == WAKE_TIMEOUT ? -ETIMEDOUT : reason == WAKE_INTERRUPTED ? -EINTR : 0;
}

int futex_wait(struct futexes *futexes,
               const struct futex_word *word,
               const struct futex_wait_for *what,
               const void *site) {
    ASSERT(what->bits != 0);
    struct schedule *schedule = futexes->schedule;
    announce(futexes, POINT_FUTEX_WAIT, word, site);
    uint32_t object = 0;
    int result;
    if (__atomic_load_n(word->address, __ATOMIC_SEQ_CST) != what->expected) {
        result = -EAGAIN;
    } else if (spurious(schedule, site)) {
        const struct point point = {.kind = POINT_YIELD, .site = site};
        schedule_yield(schedule, &point);
        result = 0;
    } else {
        result = wait_in(futexes, word, what, site, &object);
    }
    schedule_event(schedule, POINT_FUTEX_WAIT, object, result, site);
    return result;
}

/* ---- waking ---- */

static int wake_some(struct futexes *futexes, uint32_t index, uint32_t count_max, uint32_t bits) {
    uint32_t count = 0;
    uint32_t agent = index == 0 ? 0 : entry_at(futexes, index)->queue.first;
    while (agent != 0 && count < count_max) {
        const uint32_t next = schedule_agent(futexes->schedule, agent)->wait_next;
        if ((futexes->bits[agent] & bits) != 0) {
            schedule_wake_agent(futexes->schedule, agent, WAKE_SIGNALLED);
            causal_wakes(futexes->schedule, agent);
            leave(futexes, agent);
            count++;
        }
        agent = next;
    }
    return (int)count;
}

static uint32_t object_of(const struct futexes *futexes, uint32_t index) {
    return index == 0 ? 0 : entry_at(futexes, index)->object;
}

int futex_wake(struct futexes *futexes,
               const struct futex_word *word,
               uint32_t count_max,
               uint32_t bits,
               const void *site) {
    ASSERT(bits != 0);
    announce(futexes, POINT_FUTEX_WAKE, word, site);
    const uint32_t index = entry_find(futexes, word);
    const uint32_t object = object_of(futexes, index);
    const int count = wake_some(futexes, index, count_max, bits);
    schedule_event(futexes->schedule, POINT_FUTEX_WAKE, object, count, site);
    return count;
}

/* Moves waiters to the entry of another word, which is made when it is needed. */
static int move_some(struct futexes *futexes,
                     const struct futex_word *from,
                     const struct futex_word *to,
                     uint32_t count_max) {
    uint32_t count = 0;
    const uint32_t source = entry_find(futexes, from);
    uint32_t agent = source == 0 ? 0 : entry_at(futexes, source)->queue.first;
    while (agent != 0 && count < count_max) {
        struct agent *waiter = schedule_agent(futexes->schedule, agent);
        const uint32_t next = waiter->wait_next;
        const uint32_t target = entry_take(futexes, to);
        if (target != source) {
            struct futex *entry = entry_at(futexes, target);
            entry->waiters++;
            agent_queue_remove(&futexes->schedule->agents, agent);
            agent_queue_add(&futexes->schedule->agents, &entry->queue, agent);
            waiter->cause.object = entry->object;
            leave(futexes, agent);
            futexes->where[agent] = target;
        }
        count++;
        agent = next;
    }
    return (int)count;
}

int futex_requeue(struct futexes *futexes,
                  const struct futex_word *word,
                  const struct futex_requeue_to *to,
                  const void *site) {
    announce(futexes, POINT_FUTEX_WAKE, word, site);
    const uint32_t index = entry_find(futexes, word);
    const uint32_t object = object_of(futexes, index);
    int result = -EAGAIN;
    if (!to->compares || __atomic_load_n(word->address, __ATOMIC_SEQ_CST) == to->expected) {
        result = wake_some(futexes, index, to->wake_max, FUTEX_ANY_BIT);
        result += move_some(futexes, word, &to->word, to->move_max);
    }
    schedule_event(futexes->schedule, POINT_FUTEX_WAKE, object, result, site);
    return result;
}

/* ---- an operation on a second word ---- */

enum { OPERATION_SET, OPERATION_ADD, OPERATION_OR, OPERATION_ANDN, OPERATION_XOR };

/* Applies the operation; false for an unknown code. */
static bool operate(const struct futex_operation *operation, int32_t *before) {
    uint32_t *word = operation->word.address;
    const uint32_t argument = operation->argument;
    uint32_t old;
    switch (operation->operation) {
    case OPERATION_SET:
        old = __atomic_exchange_n(word, argument, __ATOMIC_SEQ_CST);
        break;
    case OPERATION_ADD:
        old = __atomic_fetch_add(word, argument, __ATOMIC_SEQ_CST);
        break;
    case OPERATION_OR:
        old = __atomic_fetch_or(word, argument, __ATOMIC_SEQ_CST);
        break;
    case OPERATION_ANDN:
        old = __atomic_fetch_and(word, ~argument, __ATOMIC_SEQ_CST);
        break;
    case OPERATION_XOR:
        old = __atomic_fetch_xor(word, argument, __ATOMIC_SEQ_CST);
        break;
    default:
        return false;
    }
    *before = (int32_t)old;
    return true;
}

enum { COMPARISON_EQ, COMPARISON_NE, COMPARISON_LT, COMPARISON_LE, COMPARISON_GT, COMPARISON_GE };

/* 1 or 0; -ENOSYS for an unknown code. */
static int compare(uint32_t comparison, int32_t before, int32_t compared) {
    switch (comparison) {
    case COMPARISON_EQ:
        return before == compared;
    case COMPARISON_NE:
        return before != compared;
    case COMPARISON_LT:
        return before < compared;
    case COMPARISON_LE:
        return before <= compared;
    case COMPARISON_GT:
        return before > compared;
    case COMPARISON_GE:
        return before >= compared;
    default:
        return -ENOSYS;
    }
}

/* As in the kernel, an unknown comparison is refused after the word was changed. */
int futex_wake_op(struct futexes *futexes,
                  const struct futex_word *word,
                  uint32_t wake_max,
                  const struct futex_operation *operation,
                  const void *site) {
    announce(futexes, POINT_FUTEX_WAKE, word, site);
    const uint32_t index = entry_find(futexes, word);
    const uint32_t object = object_of(futexes, index);
    int32_t before;
    int result = -ENOSYS;
    if (operate(operation, &before)) {
        result = compare(operation->comparison, before, operation->compared);
    }
    if (result >= 0) {
        const bool both = result == 1;
        result = wake_some(futexes, index, wake_max, FUTEX_ANY_BIT);
        const uint32_t second = both ? entry_find(futexes, &operation->word) : 0;
        result += wake_some(futexes, second, operation->wake_max, FUTEX_ANY_BIT);
    }
    schedule_event(futexes->schedule, POINT_FUTEX_WAKE, object, result, site);
    return result;
}

void futex_verify_empty(const struct futexes *futexes) {
    ASSERT(futexes->table.live == 0);
}
