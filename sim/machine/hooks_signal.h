/* Registers the timers that send signals; after the world is set up, once. */
#ifndef SIM_MACHINE_HOOKS_SIGNAL_H
#define SIM_MACHINE_HOOKS_SIGNAL_H

#include <stdint.h>

void hooks_signal_open(void);

void hooks_signal_begin(void);

/* The same for timer_create() and for signals that are read from descriptors. */
void hooks_posix_timer_open(void);
void hooks_posix_timer_begin(void);
void hooks_signalfd_open(void);
void hooks_signalfd_begin(void);

/* rt_sigaction and rt_sigprocmask in the kernel's own shapes; 0 or -errno. */
long hooks_signal_action(int signal, const void *action, void *before, const void *site);
long hooks_signal_mask(int how, const uint64_t *set, uint64_t *before);

/* timer_create in the kernel's own shape; 0 or -errno. */
long hooks_posix_timer_create(long clock, const void *event, int *timer, const void *site);

/* A node crashed: it has no handlers, nothing is pending and no timer is set. */
void hooks_signal_node_begin(uint32_t node);
void hooks_posix_timer_node_begin(uint32_t node);

#endif
