/* Signals of simulated programs: actions, masks, what is pending, delivery.
 *
 *   kill, alarm, SIGPIPE ──► node's set ──┐
 *   pthread_kill, raise ───► thread's set ┴─► agent->interrupts ─► signals_deliver, on the thread's
 *                                                                  own stack when it next runs
 *
 * A handler runs only where the thread leaves a point, waits for an object, or leaves a call whose
 * wait a signal has ended: then the call holds nothing any more, since a handler may jump away.
 * SA_ONSTACK is accepted: the handler runs on the thread's stack, which is no smaller.
 *
 * Memory:      tables by node and thread; sim/machine/signal_queue.h.
 * Limits:      SIGNAL_QUEUE_MAX pending; beyond it sending fails with EAGAIN, as in Linux.
 * Errors:      -errno.
 * Threads:     simulated threads; timers send from whatever thread runs.
 * Determinism: lowest number first, then in the order they were sent; who handles a process's
 *              signal: one that waits for it, else the first thread, else the lowest id.
 */
#ifndef SIM_MACHINE_SIGNALS_H
#define SIM_MACHINE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/agent.h"
#include "sim/machine/signal_queue.h"

#define SIGNALS_MAX 64

struct signals_action {
    union {
        void (*plain)(int signal);
        void (*detailed)(int signal, siginfo_t *info, void *context);
    };
    uint64_t mask;
    int32_t flags; /* SA_… */
};

void signals_begin(void);

/* A node crashed, and its threads are gone: what was pending for them and it is forgotten. */
void signals_node_begin(uint32_t node);

/* A thread was created: it has its creator's mask (parent 0: an empty one). */
void signals_thread_begin(uint32_t parent, uint32_t thread);

/* The running thread ends: what it was to handle for its node goes to another. */
void signals_thread_end(uint32_t thread);

/* Runs the handlers that are due for the running thread, if any. */
void signals_deliver(void);

/* A call that holds nothing any more was interrupted (-EINTR): runs the handlers that are due. True
 * when the call is to be made again, since every handler that ran has SA_RESTART. */
bool signals_restart(void);

/* 0 or -EAGAIN. The signal is valid and not 0. */
int signals_send_thread(uint32_t thread, const siginfo_t *info);
int signals_send_node(uint32_t node, const siginfo_t *info);

/* The same for a timer's signal, to its node when thread is 0; 1: it is ignored. */
int signals_send_timer(uint32_t thread, uint32_t node, const siginfo_t *info);

/* Calls `taken` for a timer's signal when it is taken to be handled or told, before it is seen, and
 * when it is dropped. Once. */
void signals_timers(void (*taken)(uint32_t node, siginfo_t *info));

/* SIGPIPE for the running thread: without a handler the node is gone. */
void signals_pipe(void);

/* The running thread's mask. Setting it delivers what it lets through. */
uint64_t signals_mask(void);
void signals_mask_set(uint64_t mask);

/* The mask of a thread that has just been created, other than its creator's. */
void signals_thread_mask(uint32_t thread, uint64_t mask);

/* Sets the mask for one call without delivering anything by itself; the previous one. */
uint64_t signals_mask_swap(uint64_t mask);

/* Pending for the running thread, its node's included. */
uint64_t signals_pending(void);

/* Takes a pending signal of a set; false when there is none. */
bool signals_take(uint64_t set, siginfo_t *info);

/* Waits for a signal of a set; 0, -EAGAIN at the deadline, -EINTR. */
int signals_wait(uint64_t set, uint64_t deadline_ns, siginfo_t *info, const void *site);

/* Takes a signal of a set, which may change meanwhile, waiting in `queue` for one: 0 or -EINTR. As
 * long as it waits, signals of the set interrupt nothing, blocked or not: who wakes the queue lets
 * it look again. */
int signals_read(const uint64_t *set,
                 struct wait_queue *queue,
                 const struct wait_cause *cause,
                 siginfo_t *info);

/* Calls `changed` whenever a signal becomes pending at a node or one of its threads. Once. */
void signals_watch(void (*changed)(uint32_t node));

/* Waits with another mask until a handler has run. */
void signals_suspend(uint64_t mask, const void *site);

/* The running node's action; NULL when a signal has none that can be set. */
struct signals_action *signals_action(int signal);

/* After an action changed: forgets what is pending and now ignored. */
void signals_action_changed(int signal);

/* The running thread's alternate stack, as recorded. */
stack_t *signals_stack(void);

#endif
