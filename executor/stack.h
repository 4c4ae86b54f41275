/* A pool of stacks for fibers.
 *
 *   slab:  [records][guard][stack 0][guard][stack 1] … [guard][stack 63]     one mapping
 *
 *            never used,                    running,
 *              trimmed ──ex_stack_take──►  suspended  ──ex_stack_give──► idle (last in, first out)
 *               = cold ◄──────────ex_stack_trim (its pages go back)────────┘ │
 *                                              ▲───────ex_stack_take─────────┘
 *
 * A stack is never cleared. Tops are coloured: those of neighbours differ by one cache line, modulo
 * 16, or else the frames of all fibers would compete for the same few lines of the cache.
 *
 * Memory:      mapped in slabs of EX_STACK_SLAB_COUNT, with their records; nothing of malloc. Pages
 *              are used when they are first touched; no huge pages. A slab goes back to the system
 *              when ex_stack_trim finds all of its stacks cold, or with the pool.
 * Limits:      guards are MADV_GUARD_INSTALL where the kernel has it (Linux 6.13): a slab is then
 *              one mapping. Elsewhere they are mprotect'ed, a stack counts as two mappings, and
 *              vm.max_map_count (65,530 by default) ends at some 32,000 stacks.
 * Errors:      NULL for no memory; misuse panics.
 * Threads:     a pool is of one thread at a time.
 * Overflow:    see executor/overflow.h. A function whose frame is bigger than a guard can jump over
 *              it, unless it is compiled with -fstack-clash-protection.
 */
#ifndef EXECUTOR_STACK_H
#define EXECUTOR_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EX_STACK_SIZE_DEFAULT ((size_t)64 * 1024)
#define EX_STACK_SIZE_MIN ((size_t)8 * 1024)
#define EX_STACK_SIZE_MAX ((size_t)1024 * 1024 * 1024)
#define EX_STACK_GUARD_SIZE ((size_t)16 * 1024) /* or a page, where that is more */
#define EX_STACK_SLAB_COUNT 64u                 /* one bit each in a word */
#define EX_STACK_COLOUR_SIZE ((size_t)64)
#define EX_STACK_COLOUR_COUNT 16u

struct ex_stack_slab;

struct ex_stack {
    char *low; /* the lowest byte that may be used; the guard ends here */
    char *top; /* one above the highest, a multiple of 64 */
    const struct ex_stack_pool *pool;
    struct ex_stack_slab *slab;
    struct ex_stack *next; /* valid while idle */
    uint64_t number;       /* the n-th that was taken of its pool, from 1; valid while taken */
};

struct ex_stack_pool {
    size_t size;       /* of each stack, at least */
    size_t guard_size; /* below each stack */
    bool protects;     /* guards by mprotect: as asked, or because the kernel knows no other */
    size_t page_size;  /* of the system */
    struct ex_stack *idle;
    struct ex_stack_slab *slabs;     /* all, the newest first */
    struct ex_stack_slab *slab_cold; /* those that have cold stacks */
    uint64_t taken_count;            /* ever */
    size_t used_count;               /* taken and not given back */
    size_t idle_count;
    size_t mapped_count; /* used, idle and cold */
};

/* size = what each stack holds at least; 0 = EX_STACK_SIZE_DEFAULT, rounded up to
 * EX_STACK_SIZE_MIN. protects = guards by mprotect in any case. Maps nothing yet. */
void ex_stack_init(struct ex_stack_pool *pool, size_t size, bool protects);

/* Every stack must have been given back. */
void ex_stack_deinit(struct ex_stack_pool *pool);

/* The stack that was given back last, else a cold one; its content is undefined. NULL: none. */
struct ex_stack *ex_stack_take(struct ex_stack_pool *pool);

/* Nothing runs on the stack, and nothing will. */
void ex_stack_give(struct ex_stack_pool *pool, struct ex_stack *stack);

/* Gives the pages of idle stacks back to the system, except of the `keep` that were used last, and
 * unmaps slabs that are not used at all. Returns how many stacks it made cold. */
size_t ex_stack_trim(struct ex_stack_pool *pool, size_t keep);

/* Asserts the pool's invariants. */
void ex_stack_verify(const struct ex_stack_pool *pool);

#endif
