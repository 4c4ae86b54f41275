/* What to simulate, as flat data: nodes, links, faults, properties, limits.
 *
 *   scenario module (C) or scenario file ──► struct description ──► world
 *
 * Flat and without pointers: it can be copied, hashed, stored and sent to another process. Strings
 * of any length lie in `text` and are named by offset.
 *
 * Memory:      one struct, the caller's.
 * Limits:      the *_MAX below; a call that would pass one sets `error` and does nothing.
 * Units:       nanoseconds, bytes, parts per million.
 * Errors:      the first one stays in `error` as a sentence; "" = none.
 * Threads:     no shared state.
 */
#ifndef SIM_DESCRIPTION_H
#define SIM_DESCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/constraint.h"

#define DESCRIPTION_NODES_MAX 1024
#define DESCRIPTION_LINKS_MAX 1024
#define DESCRIPTION_FAULTS_MAX 256
#define DESCRIPTION_PROPERTIES_MAX 128
#define DESCRIPTION_HISTORIES_MAX 16
#define DESCRIPTION_TEXT_SIZE 65536
#define DESCRIPTION_NAME_SIZE 32
#define DESCRIPTION_SENTENCE_SIZE 96

struct description_node {
    char name[DESCRIPTION_NAME_SIZE];
    char program[DESCRIPTION_NAME_SIZE * 2]; /* symbol of the module */
    uint32_t address;                        /* IPv4, host order; 0 = 10.0.x.y by index */
    uint32_t argument_first;                 /* offset in text of the first argument */
    uint32_t argument_count;                 /* without argv[0], which is the node's name */
    bool daemon;                             /* the run may end while it runs */
};

/* Both directions unless one_way; node 0 = any. A later link overrides an earlier one. */
struct description_link {
    uint32_t from, to; /* node index, 0 = any */
    uint64_t latency_min_ns, latency_max_ns;
    uint32_t loss_ppm;      /* datagrams only */
    uint32_t duplicate_ppm; /* datagrams only */
    uint64_t bandwidth_bps; /* bytes per second, 0 = unlimited */
    bool one_way;
};

enum description_fault_kind { DESCRIPTION_PARTITION = 1, DESCRIPTION_RESET };

struct description_fault {
    uint32_t kind;     /* enum description_fault_kind */
    uint32_t from, to; /* node index, 0 = any */
    uint64_t at_ns;
    uint64_t until_ns; /* DESCRIPTION_PARTITION: when it heals, UINT64_MAX = never */
    bool one_way;
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

struct description {
    char name[2 * DESCRIPTION_NAME_SIZE];
    uint64_t time_max_ns, points_max;
    uint64_t heap_max; /* bytes of one run's heap, all nodes */
    uint32_t stack_size;
    uint32_t leaks;      /* enum description_leaks */
    uint32_t node_count; /* nodes have indices 1 … node_count */
    uint32_t link_count, fault_count, property_count, history_count, text_used;
    struct description_node nodes[DESCRIPTION_NODES_MAX + 1];
    struct description_link links[DESCRIPTION_LINKS_MAX];
    struct description_fault faults[DESCRIPTION_FAULTS_MAX];
    struct description_property properties[DESCRIPTION_PROPERTIES_MAX];
    struct constraints demanded;
    struct description_history histories[DESCRIPTION_HISTORIES_MAX];
    char text[DESCRIPTION_TEXT_SIZE];
    char error[256];
};

/* An empty description with default limits. */
void description_init(struct description *description, const char *name);

/* Adds a node; arguments may be NULL. Returns its index, 0 with `error` set. */
uint32_t description_node_add(struct description *description,
                              const char *name,
                              const char *program,
                              const char *const *arguments);

/* Add what can still be changed; a link has default values. NULL with `error` set. */
struct description_link *
description_link_add(struct description *description, uint32_t from, uint32_t to);
struct description_fault *description_fault_add(struct description *description);
struct description_property *description_property_add(struct description *description,
                                                      const char *sentence);
struct description_history *description_history_add(struct description *description,
                                                    const char *sentence,
                                                    const char *object,
                                                    uint32_t model);

/* The link that governs messages from one node to another; never NULL. */
const struct description_link *
description_link_find(const struct description *description, uint32_t from, uint32_t to);

/* The index of the node with this name, 0 = none. */
uint32_t description_node_find(const struct description *description, const char *name);

/* The n-th argument (from 0) of a node. */
const char *description_argument(const struct description *description, uint32_t node, uint32_t n);

/* Sets `error`, formatted like printf, unless there is one already. */
void description_refuse(struct description *description, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Checks what single calls cannot: at least one node, not all of them daemons; links, faults and
 * limits that can be; each `always` with a bound that holds from the start, each `sometimes` with
 * a sentence of its own, and none that holds from the start. Sets `error`. */
bool description_check(struct description *description);

#endif
