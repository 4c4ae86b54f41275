/* The executor's own benchmarks, written against its public headers as any program is.
 *
 * Each does count operations and returns their CPU time; own_task returns bytes: see row.h.
 */
#ifndef TOOLS_BENCH_EXECUTOR_OWN_H
#define TOOLS_BENCH_EXECUTOR_OWN_H

#include <stdint.h>

struct ex_scheduler;

#define OWN_TASKS_MANY 100000u
#define OWN_TASKS_LIVE 200000u
#define OWN_SPAWN_BATCH 256u
#define OWN_TIMERS_FEW 1000u
#define OWN_THREADS_TASKS 1000u
#define OWN_IO_CONNECTIONS 64u
#define OWN_IO_SIZE 64u

/* A local scheduler. */
struct ex_scheduler *own_begin(void);

/* Runs its tasks to their end and destroys it. */
void own_end(struct ex_scheduler *scheduler);

/* Resident memory of tasks that wait, each with three words of its own. */
uint64_t own_task(uint64_t count);

uint64_t own_yield_1(uint64_t count);
uint64_t own_yield_100k(uint64_t count);
uint64_t own_spawn_run(uint64_t count);
uint64_t own_spawn_await(uint64_t count);

/* A value goes through a channel of one slot, of the benchmark's own, and another comes back. */
uint64_t own_slot_round(uint64_t count);

/* The same over two channels with room for one; an element passes through one with room for 128; a
 * mutex is locked and unlocked that nobody else wants. */
uint64_t own_channel_round(uint64_t count);
uint64_t own_channel_pass(uint64_t count);
uint64_t own_mutex_local(uint64_t count);
uint64_t own_mutex_shared(uint64_t count);

/* A permit is acquired and released that nobody else wants. */
uint64_t own_semaphore_local(uint64_t count);
uint64_t own_semaphore_shared(uint64_t count);

/* A value goes through a oneshot, and another comes back through a second; each is made anew. */
uint64_t own_oneshot_round(uint64_t count);

/* The innermost of 1, 8 or 64 nested calls wakes its own strand and waits. */
uint64_t own_wake_leaf_1(uint64_t count);
uint64_t own_wake_leaf_8(uint64_t count);
uint64_t own_wake_leaf_64(uint64_t count);

/* The switch to another stack alone, as executor/context.h has it, which no public header shows; by
 * a frame's resume to a fiber, or by its suspend back; and through the ready queue. */
uint64_t own_fiber_switch(uint64_t count);
uint64_t own_fiber_resume(uint64_t count);
uint64_t own_fiber_yield(uint64_t count);

/* A fiber that runs and returns at once. */
uint64_t own_fiber_create(uint64_t count);

/* An element from a source through three wrappers: each call is erased, and recycles its memory. */
uint64_t own_nested_stream(uint64_t count);

/* The same by generators, of which three await the stream of another. */
uint64_t own_nested_generator(uint64_t count);

/* Of as many timers as operations, due within a second; the others of a thousand at a time. */
uint64_t own_timer_insert(uint64_t count);
uint64_t own_timer_cancel(uint64_t count);
uint64_t own_timer_fire(uint64_t count);
uint64_t own_timer_insert_1k(uint64_t count);
uint64_t own_timer_cancel_1k(uint64_t count);
uint64_t own_timer_fire_1k(uint64_t count);

/* A message of 64 bytes goes over a pair of sockets and comes back, between two tasks; the same
 * over 64 pairs at one time. */
uint64_t own_io_ping(uint64_t count);
uint64_t own_io_echo_64(uint64_t count);

/* On two worker threads: many tasks that yield; a task for each that spawns batches and awaits
 * them. CPU time of both threads together. */
uint64_t own_mt_yield(uint64_t count);
uint64_t own_mt_spawn(uint64_t count);

#endif
