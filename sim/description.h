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
#include "sim/declaration.h"
#include "sim/level.h"

#define DESCRIPTION_NODES_MAX 1024
#define DESCRIPTION_LINKS_MAX 1024
#define DESCRIPTION_FAULTS_MAX 256
#define DESCRIPTION_PROPERTIES_MAX 128
#define DESCRIPTION_HISTORIES_MAX 16
#define DESCRIPTION_MODULES_MAX 16
#define DESCRIPTION_TEXT_SIZE 65536
#define DESCRIPTION_PATH_SIZE 1024
#define DESCRIPTION_ERROR_SIZE 1024

struct description {
    char name[2 * DESCRIPTION_NAME_SIZE];
    uint64_t time_max_ns, points_max;
    uint64_t heap_max; /* bytes of one run's heap, all nodes */
    uint32_t stack_size;
    uint32_t leaks;      /* enum description_leaks */
    uint32_t level;      /* enum level: what is a point, unless the search says another */
    uint32_t races;      /* enum level_races, unless the search says another */
    bool has_core;       /* a calm has named its nodes: those that come later are restless */
    uint32_t node_count; /* nodes have indices 1 … node_count */
    uint32_t link_count, fault_count, property_count, history_count, text_used;
    uint32_t module_count; /* other modules that programs are of */
    struct description_node nodes[DESCRIPTION_NODES_MAX + 1];
    struct description_link links[DESCRIPTION_LINKS_MAX];
    struct description_fault faults[DESCRIPTION_FAULTS_MAX];
    struct description_property properties[DESCRIPTION_PROPERTIES_MAX];
    struct constraints demanded;
    struct description_history histories[DESCRIPTION_HISTORIES_MAX];
    char text[DESCRIPTION_TEXT_SIZE];
    char file[DESCRIPTION_PATH_SIZE]; /* of the scenario file; "" = declared by a module */
    char modules[DESCRIPTION_MODULES_MAX + 1][DESCRIPTION_PATH_SIZE]; /* from 1 */
    char expected[DESCRIPTION_SENTENCE_SIZE + 8];                     /* "" = not said */
    char error[DESCRIPTION_ERROR_SIZE];
};

/* An empty description with default limits. */
void description_init(struct description *description, const char *name);

/* A module that nodes may run programs of, by its path. Its number, the same one for the same path;
 * 0 with `error` set. */
uint32_t description_module_add(struct description *description, const char *path);

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

/* What a kind of faults is called: "partition". */
const char *description_fault_word(enum description_fault_kind kind);

/* Whether a fault stands between nodes for a time; whether it takes time at all, not a moment. */
bool description_fault_obstructs(const struct description_fault *fault);
bool description_fault_lasts(const struct description_fault *fault);

/* Whether a calm ends what is between two nodes, 0 = any. */
bool description_calmed(const struct description *description, uint32_t from, uint32_t to);

/* What governs messages between nodes that no link is declared for. */
extern const struct description_link description_link_default;

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

/* What is a point where this level is asked for; whether data races are looked for there, and
 * whether memory is weak. */
enum level description_level(const struct description *description, uint32_t level);
bool description_finds_races(const struct description *description, uint32_t level, uint32_t races);
bool description_is_weak(const struct description *description, uint32_t level, uint32_t memory);

/* Checks what single calls cannot: links, faults and limits that can be; each `always` with a bound
 * that holds from the start, each `sometimes` with a sentence of its own, and none that holds from
 * the start. Sets `error`. */
bool description_check_parts(struct description *description);

/* The same, and whether there are nodes, not all of them daemons: at the end. */
bool description_check(struct description *description);

#endif
