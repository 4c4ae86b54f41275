/* Signals that are pending for a thread or a node, in the order they were sent.
 *
 *   signal_queue_add ─► queue ─► signal_queue_take: the lowest number first
 *
 * Those below SIGRTMIN are pending once at most, but for those of timers (SI_TIMER): each timer has
 * a place of its own, as in Linux.
 *
 * Memory:      one pool for all queues; a queue is two words. All zero is an empty queue.
 * Limits:      SIGNAL_QUEUE_MAX in all.
 * Errors:      SIGNAL_QUEUE_FULL.
 * Threads:     the machine's only.
 * Determinism: a function of the calls.
 */
#ifndef SIM_MACHINE_SIGNAL_QUEUE_H
#define SIM_MACHINE_SIGNAL_QUEUE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define SIGNAL_QUEUE_MAX 4096

struct signal_queue {
    uint64_t set;
    uint32_t first; /* in the pool, 0 = none */
};

enum signal_queue_end {
    SIGNAL_QUEUE_ADDED,
    SIGNAL_QUEUE_THERE, /* was pending already: nothing new */
    SIGNAL_QUEUE_FULL,
};

/* The bit of a signal in a set. */
static inline uint64_t signal_queue_bit(int signal) {
    return UINT64_C(1) << (signal - 1);
}

/* Starts a run: all queues are empty. */
void signal_queue_begin(void);

enum signal_queue_end signal_queue_add(struct signal_queue *queue, const siginfo_t *info);

/* Takes a signal of a set; false when there is none. */
bool signal_queue_take(struct signal_queue *queue, uint64_t set, siginfo_t *info);

#endif
