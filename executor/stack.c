#include "executor/stack.h"

#include <ex/panic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "executor/context.h"

#if defined(EX_CONTEXT_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#define LEAK_CHECKED true /* by reading all that the list of mappings calls readable */
#else
#define LEAK_CHECKED false
#endif

#if !defined(MADV_GUARD_INSTALL)
#define MADV_GUARD_INSTALL 102 /* Linux 6.13: accesses fault, without a mapping of their own */
#endif

#define COLOURS_SIZE (EX_STACK_COLOUR_SIZE * (EX_STACK_COLOUR_COUNT - 1))
#define ALL_COLD UINT64_MAX

struct ex_stack_slab {
    struct ex_stack_slab *next;      /* of the pool's slabs */
    struct ex_stack_slab *next_cold; /* valid while it has cold stacks */
    size_t size;                     /* of the whole mapping, which begins here */
    uint64_t cold;                   /* bit i: stacks[i] is cold */
    uint64_t guarded;                /* bit i: stacks[i] has its guard */
    struct ex_stack stacks[EX_STACK_SLAB_COUNT];
};

_Static_assert(EX_STACK_SLAB_COUNT == 64, "a slab's stacks are the bits of a word");
_Static_assert(EX_STACK_SIZE_MIN > 2 * COLOURS_SIZE, "colouring is a small part of a stack");

static size_t round_up(size_t size, size_t unit) {
    return (size + unit - 1) / unit * unit;
}

void ex_stack_init(struct ex_stack_pool *pool, size_t size, bool protects) {
    EX_REQUIRE(size <= EX_STACK_SIZE_MAX, "ex_scheduler_create: fiber_stack_size is at most 1 GiB");

    const long page_size = sysconf(_SC_PAGESIZE);
    EX_ASSERT(page_size > 0);
    size = size == 0 ? EX_STACK_SIZE_DEFAULT : size;
    *pool = (struct ex_stack_pool){
        .size = size < EX_STACK_SIZE_MIN ? EX_STACK_SIZE_MIN : size,
        .guard_size = round_up(EX_STACK_GUARD_SIZE, (size_t)page_size),
        .protects = protects || LEAK_CHECKED,
        .page_size = (size_t)page_size,
    };
}

static void slab_unmap(struct ex_stack_pool *pool, struct ex_stack_slab *slab) {
    EX_ASSERT(pool->mapped_count >= EX_STACK_SLAB_COUNT);

    pool->mapped_count -= EX_STACK_SLAB_COUNT;
#if defined(EX_CONTEXT_ASAN)
    __lsan_unregister_root_region(slab, slab->size);
#endif
    const int result = munmap(slab, slab->size);
    EX_ASSERT(result == 0);
}

void ex_stack_deinit(struct ex_stack_pool *pool) {
    EX_REQUIRE(pool->used_count == 0, "ex_scheduler_destroy: a fiber has not returned");

    while (pool->slabs != NULL) {
        struct ex_stack_slab *slab = pool->slabs;
        pool->slabs = slab->next;
        slab_unmap(pool, slab);
    }
    EX_ASSERT(pool->mapped_count == 0);
}

/* A slab of cold stacks; false = no memory. */
static bool slab_map(struct ex_stack_pool *pool) {
    const size_t records_size = round_up(sizeof(struct ex_stack_slab), pool->page_size);
    const size_t stack_size = round_up(pool->size + COLOURS_SIZE, pool->page_size);
    const size_t stride = pool->guard_size + stack_size;
    const size_t size = records_size + EX_STACK_SLAB_COUNT * stride;
    char *const memory = mmap(NULL,
                              size,
                              PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK,
                              -1,
                              0);
    if (memory == MAP_FAILED) {
        return false;
    }
    (void)madvise(memory, size, MADV_NOHUGEPAGE); /* refused by kernels that have no huge pages */

    struct ex_stack_slab *slab = (struct ex_stack_slab *)(void *)memory;
    slab->size = size;
    slab->cold = ALL_COLD;
    slab->guarded = 0;
    for (unsigned i = 0; i < EX_STACK_SLAB_COUNT; i++) {
        char *const end = memory + records_size + (i + 1) * stride;
        slab->stacks[i] = (struct ex_stack){
            .low = end - stack_size,
            .top = end - EX_STACK_COLOUR_SIZE * (i % EX_STACK_COLOUR_COUNT),
            .pool = pool,
            .slab = slab,
        };
    }
#if defined(EX_CONTEXT_ASAN)
    __lsan_register_root_region(slab, slab->size);
#endif
    slab->next = pool->slabs;
    pool->slabs = slab;
    slab->next_cold = pool->slab_cold;
    pool->slab_cold = slab;
    pool->mapped_count += EX_STACK_SLAB_COUNT;
    return true;
}

/* Makes what lies below the stack fault when it is touched; false = no memory. */
static bool guard(struct ex_stack_pool *pool, const struct ex_stack *stack) {
    char *const start = stack->low - pool->guard_size;
    if (!pool->protects) {
        if (madvise(start, pool->guard_size, MADV_GUARD_INSTALL) == 0) {
            return true;
        }
        pool->protects = true;
    }
    return mprotect(start, pool->guard_size, PROT_NONE) == 0;
}

/* A stack that was never used, or was trimmed; NULL = no memory. */
static struct ex_stack *take_cold(struct ex_stack_pool *pool) {
    if (pool->slab_cold == NULL && !slab_map(pool)) {
        return NULL;
    }
    struct ex_stack_slab *slab = pool->slab_cold;
    EX_ASSERT(slab->cold != 0);
    const unsigned index = (unsigned)__builtin_ctzll(slab->cold);
    const uint64_t bit = UINT64_C(1) << index;
    if ((slab->guarded & bit) == 0) {
        if (!guard(pool, &slab->stacks[index])) {
            return NULL;
        }
        slab->guarded |= bit;
    }
    slab->cold &= ~bit;
    if (slab->cold == 0) {
        pool->slab_cold = slab->next_cold;
    }
    return &slab->stacks[index];
}

struct ex_stack *ex_stack_take(struct ex_stack_pool *pool) {
    struct ex_stack *stack = pool->idle;
    if (__builtin_expect(stack != NULL, 1)) {
        pool->idle = stack->next;
        pool->idle_count--;
    } else {
        stack = take_cold(pool);
        if (stack == NULL) {
            return NULL;
        }
    }
    pool->used_count++;
    stack->number = ++pool->taken_count;
    return stack;
}

void ex_stack_give(struct ex_stack_pool *pool, struct ex_stack *stack) {
    EX_ASSERT(stack->pool == pool);
    EX_ASSERT(pool->used_count > 0);

#if defined(EX_CONTEXT_ASAN)
    /* Frames that were left and not returned from still have their red zones. */
    __asan_unpoison_memory_region(stack->low, (size_t)(stack->top - stack->low));
#endif
    pool->used_count--;
    pool->idle_count++;
    stack->next = pool->idle;
    pool->idle = stack;
}

static void make_cold(struct ex_stack *stack) {
    char *const end =
        stack->low + round_up((size_t)(stack->top - stack->low), stack->pool->page_size);
    const int result = madvise(stack->low, (size_t)(end - stack->low), MADV_DONTNEED);
    EX_ASSERT(result == 0);
    stack->slab->cold |= UINT64_C(1) << (stack - stack->slab->stacks);
}

size_t ex_stack_trim(struct ex_stack_pool *pool, size_t keep) {
    struct ex_stack **link = &pool->idle;
    for (size_t i = 0; i < keep && *link != NULL; i++) {
        link = &(*link)->next;
    }
    size_t count = 0;
    for (struct ex_stack *stack = *link; stack != NULL; stack = stack->next) {
        make_cold(stack);
        count++;
    }
    *link = NULL;
    pool->idle_count -= count;

    pool->slab_cold = NULL;
    struct ex_stack_slab **slab_link = &pool->slabs;
    while (*slab_link != NULL) {
        struct ex_stack_slab *slab = *slab_link;
        if (slab->cold == ALL_COLD) {
            *slab_link = slab->next;
            slab_unmap(pool, slab);
            continue;
        }
        if (slab->cold != 0) {
            slab->next_cold = pool->slab_cold;
            pool->slab_cold = slab;
        }
        slab_link = &slab->next;
    }
    return count;
}

void ex_stack_verify(const struct ex_stack_pool *pool) {
    size_t idle = 0;
    for (const struct ex_stack *stack = pool->idle; stack != NULL; stack = stack->next) {
        const uint64_t bit = UINT64_C(1) << (stack - stack->slab->stacks);
        EX_ASSERT(stack->pool == pool);
        EX_ASSERT((stack->slab->cold & bit) == 0);
        EX_ASSERT((stack->slab->guarded & bit) != 0);
        idle++;
    }
    size_t mapped = 0;
    size_t cold = 0;
    size_t slabs_with_cold = 0;
    for (const struct ex_stack_slab *slab = pool->slabs; slab != NULL; slab = slab->next) {
        EX_ASSERT((~slab->cold & ~slab->guarded) == 0);
        mapped += EX_STACK_SLAB_COUNT;
        cold += (size_t)__builtin_popcountll(slab->cold);
        slabs_with_cold += slab->cold != 0;
    }
    for (const struct ex_stack_slab *slab = pool->slab_cold; slab != NULL; slab = slab->next_cold) {
        EX_ASSERT(slab->cold != 0);
        EX_ASSERT(slabs_with_cold > 0);
        slabs_with_cold--;
    }
    EX_ASSERT(slabs_with_cold == 0);
    EX_ASSERT(idle == pool->idle_count);
    EX_ASSERT(mapped == pool->mapped_count);
    EX_ASSERT(mapped == pool->used_count + idle + cold);
}
