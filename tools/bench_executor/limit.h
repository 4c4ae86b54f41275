/* The least that each operation can cost on this machine, by hand-written C: an intrusive FIFO on a
 * single thread, without reference counts, cancellation, budget, or anything else that a runtime
 * owes its users. What a runtime adds to it is what it costs.
 */
#ifndef TOOLS_BENCH_EXECUTOR_LIMIT_H
#define TOOLS_BENCH_EXECUTOR_LIMIT_H

#include <stdint.h>

#define LIMIT_TASKS_MANY 100000u
#define LIMIT_SPAWN_BATCH 256u
#define LIMIT_IO_CONNECTIONS 64u

/* Each does count operations and returns their CPU time: see row.h. */
uint64_t limit_yield_1(uint64_t count);
uint64_t limit_yield_100k(uint64_t count);
uint64_t limit_spawn_run(uint64_t count);
uint64_t limit_spawn_await(uint64_t count);

/* A round: a value goes through a channel of one slot, and another comes back through a second. */
uint64_t limit_slot_round(uint64_t count);

/* The innermost of 1, 8 or 64 nested calls yields and is resumed directly. */
uint64_t limit_wake_leaf_1(uint64_t count);
uint64_t limit_wake_leaf_8(uint64_t count);
uint64_t limit_wake_leaf_64(uint64_t count);

uint64_t limit_fiber_switch(uint64_t count);

/* Of a million timers due within a second, in a wheel of six levels. */
uint64_t limit_timer_insert(uint64_t count);
uint64_t limit_timer_cancel(uint64_t count);
uint64_t limit_timer_fire(uint64_t count);

/* An element from a source through three wrappers, each called through a table of functions. */
uint64_t limit_nested_stream(uint64_t count);

/* A message of 64 bytes goes over a pair of sockets and comes back: a loop around epoll_wait with
 * one read and one write for each event, which knows that nothing comes in two parts. */
uint64_t limit_io_ping(uint64_t count);
uint64_t limit_io_echo_64(uint64_t count);

#endif
