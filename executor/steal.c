#include "executor/steal.h"

#include "executor/asymmetric.h"
#include "executor/crew.h"
#include "executor/ready.h"
#include "executor/slot.h"

#include <ex/panic.h>
#include <sched.h>

bool ex_steal_is_worth(const struct ex_worker *victim, bool is_stuck) {
    if (__atomic_load_n(&victim->ready_count, __ATOMIC_RELAXED) != 0) {
        return true;
    }
    return is_stuck && (__atomic_load_n(&victim->lifo, __ATOMIC_RELAXED) != NULL ||
                        __atomic_load_n(&victim->remote, __ATOMIC_RELAXED) != NULL);
}

void ex_steal_freeze(struct ex_worker *victim) {
    if (!victim->is_shared) {
        return;
    }
    pthread_mutex_lock(&victim->theft);
    __atomic_store_n(&victim->thief, 1, __ATOMIC_SEQ_CST);
    if (!victim->needs_fence) {
        ex_asymmetric_barrier();
    }
    while (__atomic_load_n(&victim->busy, __ATOMIC_SEQ_CST) != 0) {
        sched_yield();
    }
}

void ex_steal_thaw(struct ex_worker *victim) {
    if (!victim->is_shared) {
        return;
    }
    __atomic_store_n(&victim->thief, 0, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&victim->theft);
}

/* Makes ready at the victim what others woke there, all but the task that it runs. */
static void hear_for(struct ex_worker *victim) {
    struct ex_strand *list = __atomic_exchange_n(&victim->remote, NULL, __ATOMIC_ACQUIRE);

    while (list != NULL) {
        struct ex_strand *const root = list;
        list = root->link;
        if (root == victim->local.running) {
            ex_crew_list(victim, root);
        } else {
            ex_ready_deliver(victim, root);
        }
    }
}

static uint32_t take_lifo(struct ex_worker *victim, struct ex_strand **taken) {
    struct ex_strand *const root = victim->lifo;

    if (root == NULL) {
        return 0;
    }
    __atomic_store_n(&victim->lifo, NULL, __ATOMIC_RELAXED);
    ex_slot_share(root);
    root->next = NULL;
    *taken = root;
    return 1;
}

uint32_t ex_steal_take(struct ex_worker *thief, struct ex_worker *victim, bool is_stuck) {
    EX_ASSERT(thief != victim && thief->scheduler == victim->scheduler);
    struct ex_strand *taken = NULL;

    ex_steal_freeze(victim);
    if (is_stuck) {
        hear_for(victim);
    }
    uint32_t count = ex_ready_split(victim, (victim->ready_count + 1) / 2, &taken);
    if (count == 0 && is_stuck) {
        count = take_lifo(victim, &taken);
    }
    for (struct ex_strand *root = taken; root != NULL; root = root->next) {
        __atomic_store_n(&root->owner, thief->id, __ATOMIC_RELEASE);
    }
    ex_steal_thaw(victim);

    ex_ready_enter(thief);
    while (taken != NULL) {
        struct ex_strand *const root = taken;
        taken = root->next;
        ex_ready_queue(thief, root);
    }
    ex_ready_leave(thief);
    if (count != 0) {
        ex_worker_add(&thief->counters.steal_count, 1);
        ex_worker_add(&thief->counters.stolen_count, count);
        ex_worker_add(&thief->counters.rescue_count, is_stuck);
    }
    return count;
}
