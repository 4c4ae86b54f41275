/* Who watches a file: the lists that link watchers, files, epoll instances and ready lists.
 *
 *   file ──watch_first─► watch ─► watch       (sim/readiness.h decides what a change means)
 *   instance ──items──► watch ─► watch
 *            └─ready──► watch ─► watch
 *
 * Memory:      watches in the world's arena, linked by index, 0 = none.
 * Limits:      WATCHES_MAX; adding beyond ends the run with VERDICT_LIMIT.
 * Errors:      none.
 * Threads:     the world's only.
 * Determinism: a function of the calls.
 */
#ifndef SIM_WATCH_H
#define SIM_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/file.h"

#define WATCHES_MAX (1u << 20)

/* One party that is told of a file's changes: an item of an epoll instance, or a thread in
 * poll(). */
struct watch {
    uint32_t file;
    uint32_t previous, next;                 /* the file's watches */
    uint32_t instance;                       /* 0: a thread in poll() */
    uint32_t agent;                          /* instance 0: who */
    uint32_t sibling_previous, sibling_next; /* the instance's items; the thread's watches */
    uint32_t ready_previous, ready_next;     /* the instance's ready list */
    bool ready;                              /* stands there */
    int32_t number;                          /* the item's descriptor */
    uint32_t events;
    uint64_t data;
};

struct watch_list {
    uint32_t first, last;
};

struct watches {
    struct pool table;
    struct files *files;
};

uint64_t watch_arena_size(void);
void watch_init(struct watches *watches, struct arena *arena, struct files *files);
void watch_begin(struct watches *watches);

static inline struct watch *watch_at(const struct watches *watches, uint32_t index) {
    return (struct watch *)pool_at(&watches->table, index);
}

/* A watch of a file, first or last in its list. */
uint32_t watch_add(struct watches *watches, uint32_t file, bool last);

/* It must stand in no other list. */
void watch_remove(struct watches *watches, uint32_t index);

/* Linked by sibling_previous and sibling_next. */
void watch_sibling_add(struct watches *watches, uint32_t *first, uint32_t index);
void watch_sibling_remove(struct watches *watches, uint32_t *first, uint32_t index);

/* To the end of a ready list, and out of it. */
void watch_ready_add(struct watches *watches, struct watch_list *list, uint32_t index);
void watch_ready_remove(struct watches *watches, struct watch_list *list, uint32_t index);

#endif
