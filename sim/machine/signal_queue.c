#include "sim/machine/signal_queue.h"

#include "sim/panic.h"

struct pending {
    siginfo_t info;
    uint32_t next;
};

static struct pending pool[SIGNAL_QUEUE_MAX + 1];
static uint32_t pool_used, pool_free;

void signal_queue_begin(void) {
    pool_used = 0;
    pool_free = 0;
}

enum signal_queue_end signal_queue_add(struct signal_queue *queue, const siginfo_t *info) {
    const uint64_t bit = signal_queue_bit(info->si_signo);
    const bool once = info->si_signo < SIGRTMIN && info->si_code != SI_TIMER;
    if (once && (queue->set & bit) != 0) {
        return SIGNAL_QUEUE_THERE;
    }
    uint32_t index = pool_free;
    if (index != 0) {
        pool_free = pool[index].next;
    } else if (pool_used < SIGNAL_QUEUE_MAX) {
        index = ++pool_used;
    } else {
        return SIGNAL_QUEUE_FULL;
    }
    pool[index] = (struct pending){.info = *info};
    uint32_t *link = &queue->first;
    while (*link != 0) {
        link = &pool[*link].next;
    }
    *link = index;
    queue->set |= bit;
    return SIGNAL_QUEUE_ADDED;
}

bool signal_queue_take(struct signal_queue *queue, uint64_t set, siginfo_t *info) {
    if ((queue->set & set) == 0) {
        return false;
    }
    const int lowest = __builtin_ctzll(queue->set & set) + 1;
    uint32_t *link = &queue->first;
    while (pool[*link].info.si_signo != lowest) {
        link = &pool[*link].next;
        ASSERT(*link != 0);
    }
    const uint32_t index = *link;
    *info = pool[index].info;
    *link = pool[index].next;
    pool[index].next = pool_free;
    pool_free = index;
    uint64_t left = 0;
    for (uint32_t i = queue->first; i != 0; i = pool[i].next) {
        left |= signal_queue_bit(pool[i].info.si_signo);
    }
    queue->set = left;
    return true;
}
