/* The parts of a description: a node, a link, a fault, a property, a history.
 *
 * Memory:      plain data without pointers.
 * Units:       nanoseconds, bytes, parts per million.
 * Threads:     no shared state.
 */
#ifndef SIM_DECLARATION_H
#define SIM_DECLARATION_H

#include <stdbool.h>
#include <stdint.h>

#define DESCRIPTION_NAME_SIZE 32
#define DESCRIPTION_SENTENCE_SIZE 96

#define DESCRIPTION_PPM 1000000u
#define DESCRIPTION_DRIFT_MAX 500000
#define DESCRIPTION_TICK_MAX_NS UINT64_C(1000000000)
#define DESCRIPTION_OFFSET_MAX_NS UINT64_C(1500000000000000000) /* 47 years, forth or back */

/* How a node's clock differs from the run's; all zero: it does not. */
struct description_clock {
    bool declared;
    int64_t drift_ppm[2]; /* least and most, parts per million; a choice when they differ */
    int64_t offset_ns[2]; /* the same, of the wall clock alone */
    uint64_t tick_ns;     /* 0 = none */
};

struct description_node {
    char name[DESCRIPTION_NAME_SIZE];
    char program[DESCRIPTION_NAME_SIZE * 2]; /* symbol of the module */
    uint32_t address;                        /* IPv4, host order; 0 = 10.0.x.y by index */
    uint32_t argument_first;                 /* offset in text of the first argument */
    uint32_t argument_count;                 /* without argv[0], which is the node's name */
    uint32_t module;                         /* whose program it is; 0 = the scenario's own */
    bool daemon;                             /* the run may end while it runs */
    bool restless;                           /* a calm changes nothing for it */
    struct description_clock clock;
    uint64_t lookup_ns[2]; /* what asking for a name takes, least and most */
};

#define DESCRIPTION_LATENCIES_MAX 8

/* One row of a table of latencies: taken as often as its weight says, then any time between. */
struct description_latency {
    uint32_t weight; /* parts of the sum of all rows' */
    uint64_t least_ns, greatest_ns;
};

/* Both directions unless one_way; node 0 = any. A later link overrides an earlier one. */
struct description_link {
    uint32_t from, to; /* node index, 0 = any */
    uint64_t latency_min_ns, latency_max_ns;
    uint32_t loss_ppm;      /* datagrams only */
    uint32_t duplicate_ppm; /* datagrams only */
    uint64_t bandwidth_bps; /* bytes per second, 0 = unlimited */
    uint64_t queue_bytes;   /* a datagram is lost when more wait for the bandwidth; 0 = unlimited */
    uint32_t table_count; /* rows, by least latency; 0 = any time from the least to the greatest */
    struct description_latency table[DESCRIPTION_LATENCIES_MAX];
    bool one_way;
};

enum description_fault_kind {
    DESCRIPTION_PARTITION = 1,
    DESCRIPTION_RESET,
    DESCRIPTION_JUMP,
    DESCRIPTION_CRASH,   /* of node `from`, as by a loss of power */
    DESCRIPTION_PAUSE,   /* of node `from`: its threads stand still */
    DESCRIPTION_FAILURE, /* of calls of `from`: by chance, the n-th, or when it begins */
    DESCRIPTION_CLOG,    /* messages stand still and are not lost */
    DESCRIPTION_REFUSAL, /* who connects to `from` is refused */
    DESCRIPTION_CALM,    /* the last phase: the others end, and none begins */
    DESCRIPTION_FAULT_KIND_COUNT
};

/* What a crash leaves of the files that a node has changed. */
enum description_files {
    DESCRIPTION_FILES_KEPT,   /* all */
    DESCRIPTION_FILES_SYNCED, /* what was synchronised */
    DESCRIPTION_FILES_TORN,   /* that, and of the rest of each file a beginning of any length */
};

struct description_fault {
    uint32_t kind;     /* enum description_fault_kind */
    uint32_t from, to; /* node index, 0 = any */
    uint64_t at_ns;
    uint64_t at_max_ns; /* if not 0, the seed says whether, and when from at_ns on */
    uint64_t until_ns;  /* when it ends, UINT64_MAX = never by time */
    uint64_t lasts_ns;  /* if not 0: so long after it began instead, UINT64_MAX = never by time */
    uint64_t lasts_max_ns; /* if not 0: a choice from lasts_ns to this one */
    bool one_way;
    uint32_t files;     /* DESCRIPTION_CRASH: enum description_files */
    uint32_t begins_on; /* an occasion's index + 1, instead of at_ns; 0 = at_ns */
    uint32_t heals_on;  /* the same, if that comes before it ends by time */
    int64_t by_ns;      /* DESCRIPTION_JUMP of the wall clock of `from` */
    uint32_t call;      /* enum mishap_call */
    int32_t error;      /* an errno, or an EAI_; 0 = it moves less than it was asked to */
    uint32_t chance_ppm, nth;
};

enum description_property_kind {
    DESCRIPTION_ALWAYS = 1, /* holds after every change */
    DESCRIPTION_EVENTUALLY, /* holds at some time, within_ns after the start if given */
    DESCRIPTION_FINALLY,    /* holds when the run ends */
    DESCRIPTION_SOMETIMES,  /* holds in at least one run of a campaign */
};

enum description_comparison { DESCRIPTION_EQUAL = 1, DESCRIPTION_AT_MOST, DESCRIPTION_AT_LEAST };

/* A predicate: "count of `counter` at `node` (0 = all nodes) compares to value". */
struct description_property {
    char sentence[DESCRIPTION_SENTENCE_SIZE];
    char counter[DESCRIPTION_NAME_SIZE];
    uint32_t kind; /* enum description_property_kind */
    uint32_t node;
    uint32_t comparison; /* enum description_comparison */
    int64_t value;
    uint64_t within_ns; /* 0 = until the run ends */
    uint32_t after;     /* EVENTUALLY: index + 1 of when it begins to count; 0 = the start */
    uint32_t occasion;  /* index + 1: what is counted is how often it came; 0 = the counter */
    uint32_t before;    /* index + 1: but only until this one comes; 0 = always */
};

/* What the operations on an object must look like (sim/judge.h). */
struct description_history {
    char sentence[DESCRIPTION_SENTENCE_SIZE], object[DESCRIPTION_NAME_SIZE];
    uint32_t model; /* enum model_kind */
};

/* What may be left when a program ends in order. */
enum description_leaks {
    DESCRIPTION_LEAKS_USUAL, /* descriptors, but no threads */
    DESCRIPTION_LEAKS_ALLOWED,
    DESCRIPTION_LEAKS_FORBIDDEN,
};

#endif
