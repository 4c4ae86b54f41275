/* The simulated machine: executes what the core decides, in this process.
 *
 *   machine_open(module) ─► images, TLS, stacks ready ─► machine_run(spec) ─► record filled
 *                                                             ▲      │
 *                                                             └reset─┘
 *
 * One per process. Two back ends behind one switch function: fibers in one OS thread with TLS
 * blocks of their own, and a baton over real pthreads.
 *
 * Memory:      the record is shared with the supervisor; everything else is the machine's.
 * Limits:      MACHINE_SLOTS_MAX threads alive at once.
 * Errors:      machine_open says what failed in record->error.
 * Threads:     the process's first thread, and simulated threads one at a time.
 * Determinism: addresses of stacks and of the run's heap are fixed; nothing else may leak.
 */
#ifndef SIM_MACHINE_MACHINE_H
#define SIM_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/machine/back.h"
#include "sim/machine/record.h"
#include "sim/world.h"

/* Where a simulated thread runs: a stack and what the back end needs. Reused by later threads. */
struct machine_slot;

/* What a new thread executes. */
struct machine_start {
    void *(*routine)(void *);
    void *argument;
};

/* A node's program: like main(). */
typedef int machine_program(int argc, char **argv);

struct machine {
    bool active;          /* a run is going on */
    uint32_t level;       /* enum level: what is a point in it; LEVEL_CALLS when none goes on */
    bool watches;         /* who accesses what is known in it; false when none goes on */
    void *thread_pointer; /* of the running simulated thread */
    struct record *record;
    const struct machine_back *back;
    void *(*node_main)(void *node); /* what a node's first thread executes */
    void (*run_begin)(void);        /* the hooks forget what they kept of the run before */
    void (*crashed)(void);          /* the process cannot go on; does not return */
    void (*thread_created)(uint32_t parent, uint32_t thread);
    void (*thread_returning)(void); /* the running thread ends in order: destructors run */
    void (*thread_ending)(uint32_t thread);
    void (*thread_gone)(const void *thread_pointer);     /* by a crash of its node */
    void (*node_crashed)(uint32_t node, uint32_t files); /* the hooks forget what they kept of it */
    void (*interrupted)(void); /* the running thread has signals to handle first */
    void (*found)(void);       /* the run ends with a finding, on the stack where it was made */
    uint32_t slot_free;        /* list of free slots */
    uint32_t slot_count;       /* slots ever used in this run */
    uint32_t slot_left;        /* whose thread ended last, 0 = none */
    struct machine_start starts[MACHINE_SLOTS_MAX + 1]; /* by slot */
    uint32_t slot_next[MACHINE_SLOTS_MAX + 1];
    void *modules[DESCRIPTION_MODULES_MAX + 1];  /* as they are; 0: the scenario's own */
    uintptr_t loaded[DESCRIPTION_NODES_MAX + 1]; /* by node: where the heap ended after its load */
    machine_program *programs[DESCRIPTION_NODES_MAX + 1]; /* by node, in its own copy */
    struct world world;
};

extern struct machine machine;

struct machine_options {
    const char *module; /* path of the scenario: a module, or a file that a reader reads */
    uint32_t backend;   /* enum record_backend, 0 = the best that works here */
    unsigned char fill; /* heap fill byte, 0 = zeroed memory */
};

/* Sets the process up for a scenario; fills record->description and images. False: record->error
 * says why. */
bool machine_open(struct record *record, const struct machine_options *options);

/* From now on every page that the program can write is watched, if the back end resets memory. */
void machine_track(void);

/* One run; fills record->verdict, fingerprint and the rest. Crashes do not return. */
void machine_run(const struct world_spec *spec);

/* Puts everything writable back as it was before the last run. */
void machine_reset(void);

/* A new thread of the running thread's node that executes start. Its id, 0 at a limit (the run has
 * its verdict then). */
uint32_t machine_thread_create(const struct machine_start *start, bool detached);

/* The running thread returned from its function, or called pthread_exit(): destructors of its
 * thread-local values run first. Does not return. */
_Noreturn void machine_thread_return(void *result);

/* The running thread ends with a result. Does not return. */
_Noreturn void machine_thread_exit(void *result);

/* The running thread's node ends with a status. Does not return. */
_Noreturn void machine_node_exit(int status);

/* First function of every simulated thread, called by the back end on the thread's own stack. */
_Noreturn void machine_thread_main(uint32_t slot);

/* A thread that the simulator did not create called a hook during a run. Does not return. */
_Noreturn void machine_foreign_thread(void);

/* Adds a line of output of the program to the record. */
void machine_output(const void *bytes, uint64_t size);

#endif
