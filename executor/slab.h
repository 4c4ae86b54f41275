/* Memory of the tasks that one worker spawned: slots of equal size in pages aligned to their size.
 *
 *   page ──► [header: slab, slot_size, begun …][slot][slot][slot]…
 *                 ▲                                   │
 *                 └────── slot & ~(PAGE_SIZE - 1) ────┘
 *
 * Slots begin with a strand, also while free: `signal`, `link` and the generation outlive the task,
 * so that a late wake finds a strand in any case, one that has returned. Its `leaf` is the slab's
 * `local`. A slot too big for a page has a block of its own.
 * Walking the pages finds every live task: no list of them costs a task any bytes.
 *
 * Memory:  slot sizes are multiples of 16 up to 512 bytes, then powers of two; pages are kept until
 *          the slab is released, emptied ones are reused for their size. A page's header is 64
 *          bytes, one for all slots in it. A slab that grows takes up to 16 pages at once, for what
 *          malloc needs beside an aligned block is as much as a hundred slots.
 * Errors:  NULL: out of memory.
 * Threads: the worker's own; ex_slab_free_remote from any.
 */
#ifndef EXECUTOR_SLAB_H
#define EXECUTOR_SLAB_H

#include "executor/memory.h"

#include <ex/strand.h>

enum {
    EX_SLAB_STEP = 16,
    EX_SLAB_CLASS_COUNT = 32, /* slots up to 512 bytes share pages; bigger ones by powers of two */
    EX_SLAB_BIG_COUNT = 20,   /* up to 512 MiB */
    EX_SLAB_SLOTS_AT = 64,    /* of a page; slots keep the alignment of 16 */
};

struct ex_slab_page {
    struct ex_slab *slab;
    struct ex_slab_page *next; /* of the slab, in order of creation reversed */
    uint32_t slot_size;
    uint32_t class;          /* index of `free` and `current` */
    uint32_t begun;          /* bytes from the page's start that slots have been cut from */
    bool is_single;          /* a block of its own for one slot */
    bool is_first;           /* of the pages that were allocated at once */
    void **words;            /* one for each slot, made for the first that wants one; else NULL */
    void *local;             /* the slab's, where most look for it */
    struct ex_strand **free; /* the slab's list for slots of this size */
    const void *self;        /* this page: tells it from memory that is none */
};

struct ex_slab {
    struct ex_strand **free; /* lists by class, linked by `next`; of who made the slab */
    struct ex_slab_page *current[EX_SLAB_CLASS_COUNT + EX_SLAB_BIG_COUNT]; /* to cut slots from */
    struct ex_slab_page *pages;
    unsigned char *spare; /* pages that are allocated, and nothing else yet */
    uint32_t spare_count;
    uint32_t page_count; /* without those of one slot, and spare ones */
    struct ex_memory *memory;
    void *owner; /* both for whoever made the slab, which does not look at them */
    void *home;
    uint16_t owner_id;        /* `owner` of slots that no task uses */
    bool has_times;           /* a step more than the class for each slot: ex_slab_time */
    void *local;              /* the owner, if its thread alone handles the slots; else no worker */
    struct ex_strand *remote; /* freed by other threads; linked by `next` */
};

/* `lists`: one for each class, all empty. */
void ex_slab_init(struct ex_slab *slab,
                  struct ex_strand **lists,
                  struct ex_memory *memory,
                  void *owner,
                  void *home);

/* Gives all pages back. */
void ex_slab_deinit(struct ex_slab *slab);

/* A slot when none is on its free list. */
struct ex_strand *ex_slab_cut(struct ex_slab *slab, size_t size);

/* A slot of at least `size` bytes; the first time all of its strand is zero, later it is as it was
 * freed. */
static inline struct ex_strand *ex_slab_allocate(struct ex_slab *slab, size_t size) {
    const size_t class = (size + EX_SLAB_STEP - 1) / EX_SLAB_STEP - 1;

    if (__builtin_expect(class >= EX_SLAB_CLASS_COUNT || slab->free[class] == NULL, 0)) {
        return ex_slab_cut(slab, size);
    }
    struct ex_strand *const slot = slab->free[class];
    slab->free[class] = slot->next;
    return slot;
}

/* ex_slab_free on another thread than the slab's. */
void ex_slab_free_remote(struct ex_slab *slab, struct ex_strand *slot);

static inline struct ex_slab_page *ex_slab_page_of(const struct ex_strand *slot) {
    return (struct ex_slab_page *)((uintptr_t)slot & ~(uintptr_t)(EX_MEMORY_PAGE_SIZE - 1));
}

static inline void ex_slab_free(struct ex_strand *slot) {
    const struct ex_slab_page *const page = ex_slab_page_of(slot);
    struct ex_strand **const list = page->free;

    slot->leaf = page->local;
    slot->next = *list;
    *list = slot;
}

/* Whether an address may be a slot's: its page would be one. As far as there is memory there. */
static inline bool ex_slab_has_page(const struct ex_strand *slot) {
    const struct ex_slab_page *const page = ex_slab_page_of(slot);

    return page->self == page;
}

/* Whether it is a slot's, and not that of the slot that was freed last. */
static inline bool ex_slab_is_given(const struct ex_strand *slot) {
    const struct ex_slab_page *const page = ex_slab_page_of(slot);
    const uint32_t at = (uint32_t)((uintptr_t)slot - (uintptr_t)page);

    return ex_slab_has_page(slot) && at >= EX_SLAB_SLOTS_AT && at < page->begun &&
           (at - EX_SLAB_SLOTS_AT) % page->slot_size == 0 && *page->free != slot &&
           __atomic_load_n(&page->slab->remote, __ATOMIC_RELAXED) != slot;
}

/* The last word of a slot of a slab that has times. */
static inline uint64_t *ex_slab_time(struct ex_strand *slot) {
    return (uint64_t *)(void *)((unsigned char *)slot + ex_slab_page_of(slot)->slot_size) - 1;
}

/* A word beside a slot, zero at first, for what few tasks have; NULL: none was made in its page. */
static inline void **ex_slab_word(const struct ex_strand *slot) {
    const struct ex_slab_page *const page = ex_slab_page_of(slot);
    void **const words = __atomic_load_n(&page->words, __ATOMIC_ACQUIRE);
    const uint32_t at = (uint32_t)((uintptr_t)slot - (uintptr_t)page) - EX_SLAB_SLOTS_AT;

    return words == NULL ? NULL : &words[at / page->slot_size];
}

/* The same, made if there is none, in memory of `slab`, which is the calling worker's; by the
 * slot's owner. NULL: out of memory. */
void **ex_slab_make_word(struct ex_slab *slab, const struct ex_strand *slot);

/* The slab that a slot came from. */
static inline struct ex_slab *ex_slab_of(const struct ex_strand *slot) {
    return ex_slab_page_of(slot)->slab;
}

/* The first slot after `slot` that was ever given out (NULL: the very first); NULL at the end. Also
 * while the owner gives out more, of which it may miss some. */
struct ex_strand *ex_slab_next(const struct ex_slab *slab, const struct ex_strand *slot);

#endif
