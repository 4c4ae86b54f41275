/* Memory shared between the supervisor and one worker.
 *
 *   supervisor ──request──► worker runs seeds ──reply: verdict, trace, choices──► supervisor
 *
 * Whatever the supervisor must know when a worker has crashed or hangs lies here: progress, the
 * verdict so far, the trace ring, the choices, registers. The pipes carry only one byte a
 * handover; the content is here.
 *
 * Memory:      one memfd of sizeof(struct record), sparse: pages are touched as they are used.
 * Errors:      none.
 * Threads:     one side writes at a time; `points`, `runs_total` and `child` are read at any time.
 * Determinism: nothing here is read by a run but the request.
 */
#ifndef SIM_MACHINE_RECORD_H
#define SIM_MACHINE_RECORD_H

#include <stdint.h>

#include "sim/hash.h"
#include "sim/label.h"
#include "sim/world.h"

#define RECORD_MAGIC UINT64_C(0x73696d2d72656331)
#define RECORD_CHOICES_MAX (UINT64_C(1) << 23)
#define RECORD_IMAGES_MAX 8192
#define RECORD_THREADS_MAX 256
#define RECORD_TASKS_MAX 64
#define RECORD_OUTPUT_SIZE (1u << 16)
#define RECORD_REGISTERS 18
#define RECORD_FACTS_MAX 4096
#define RECORD_PATH_SIZE 240

enum record_command { RECORD_RUN = 1, RECORD_QUIT };

enum record_reply {
    RECORD_READY = 1, /* set-up done, description filled */
    RECORD_REFUSED,   /* set-up failed: `error` says why; the worker ends */
    RECORD_DONE,      /* all runs asked for passed */
    RECORD_FINDING,   /* run `runs_done` (the last one counted) ended with a finding */
    RECORD_CRASHED,   /* the same, and the worker must be thrown away */
};

enum record_backend { RECORD_FIBER = 1, RECORD_BATON };

/* What the supervisor asks for: `runs` runs whose seeds follow from `spec.seed` by record_seed. */
struct record_request {
    uint32_t command; /* enum record_command */
    uint32_t fork;    /* 1 = each run in a forked child */
    uint64_t first;   /* number of the first run: its seed is record_seed(base, first) */
    uint64_t runs;
    uint64_t stride;     /* from one run's number to the next, 0 = 1 (shards and jobs) */
    uint32_t exact_seed; /* 1 = spec.seed is the seed itself, for every run */
    uint32_t stream;     /* 1 = write events to the trace descriptor: those of */
    uint64_t stream_first, stream_count; /* these blocks of TRACE_BLOCK; count 0 = all from first */
    uint32_t observe;                    /* 1 = keep what came in the last run: `facts` */
    struct world_spec spec;
};

/* A loaded image, for turning addresses into functions and lines. */
struct record_image {
    uint64_t base; /* what to subtract from an address */
    uint64_t start, end;
    char path[RECORD_PATH_SIZE]; /* where its debug information is: the original, not the copy */
};

/* A thread that was alive when the verdict fell. */
struct record_thread {
    uint32_t id;
    uint32_t node;
    uint32_t state; /* enum agent_state */
    uint32_t kind;  /* enum point_kind it waits in or announced */
    uint32_t object;
    uint32_t holder; /* id of the thread that holds the object, 0 = none or unknown */
    uint64_t site;
    uint64_t stack_pointer; /* saved context, 0 = running */
    char name[THREAD_NAME_SIZE];
};

/* A task of an interpreter's (sim_interpret), after a deadlock. */
struct record_task {
    uint32_t node;
    uint64_t site; /* a place, 0 = nowhere yet */
    char call[32]; /* what it waits in, "" = unknown */
};

/* Of a constraint that was infeasible in some runs, over these: when its message could come, and
 * when what it was held for did, in those runs in which it did. */
struct record_conflict {
    uint32_t message, awaited; /* occasions by index */
    uint64_t earliest_ns, latest_ns;
    uint64_t came_count, came_first_ns, came_last_ns;
};

struct record {
    uint64_t magic;
    uint64_t points; /* points of the current run */
    struct record_request request;
    uint32_t reply, backend; /* backend: enum record_backend in use */
    int32_t child;           /* the process of the current run, 0 = the worker itself */
    uint32_t forks;          /* 1 = this worker forks for each run; `reason` says why */
    uint32_t instrumented;   /* 1 = a module's sources are: there are points below the calls */
    uint64_t runs_done;      /* of the request, the one with the finding included */
    uint64_t runs_total;     /* of this worker */
    uint64_t points_total;   /* of all finished runs of the request */
    uint64_t time_total_ns;
    /* In how many of the request's runs each `sometimes` held, or each `eventually` began that
     * waits for an occasion. */
    uint64_t held[DESCRIPTION_PROPERTIES_MAX];
    /* In how many of them each property's counter was counted. */
    uint64_t counted[DESCRIPTION_PROPERTIES_MAX];
    /* In how many of them what became of each constraint. */
    uint64_t outcomes[CONSTRAINTS_MAX][CONSTRAINT_OUTCOME_COUNT];
    struct record_conflict conflicts[CONSTRAINTS_MAX];
    /* In how many of them each fault began that waits for an occasion, or struck a call. */
    uint64_t begun[DESCRIPTION_FAULTS_MAX];
    uint64_t seed;                 /* of the last run */
    struct strategy_spec strategy; /* of the last run, resolved */
    struct hash fingerprint;       /* of the last run, once it ended */
    uint64_t now_ns;               /* virtual time of the last run's end */
    uint64_t choices_asked;        /* choices of the last run, alternative 0 included */
    uint64_t record_count;         /* entries of `choices` */
    uint64_t mismatch_at;          /* replay: the first choice that did not match, 0 = none */
    struct choice mismatch;        /* what was asked there */
    struct verdict verdict;
    uint64_t registers[RECORD_REGISTERS]; /* at a crash, in the order of ucontext's gregs */
    uint32_t thread_count;
    struct record_thread threads[RECORD_THREADS_MAX];
    uint32_t task_count;
    struct record_task tasks[RECORD_TASKS_MAX];
    struct labels labels;   /* of all runs of this worker */
    struct profile profile; /* told before runs that need it */
    uint32_t image_count;
    char reason[256], error[1280];
    uint32_t fact_count; /* request.observe: of what came in the last run, with its times */
    struct occasion facts[RECORD_FACTS_MAX];
    uint64_t output_size;            /* bytes the program printed in the last run */
    char output[RECORD_OUTPUT_SIZE]; /* the first of them */
    struct record_image images[RECORD_IMAGES_MAX];
    struct description description;
    struct trace trace;
    struct choice choices[RECORD_CHOICES_MAX];
    struct choice script[RECORD_CHOICES_MAX]; /* replay: what to follow */
};

/* The seed of a campaign's n-th run: a pure function of the two. */
static inline uint64_t record_seed(uint64_t base, uint64_t n) {
    return random_mix(base, n);
}

#endif
