#include "executor/call.h"

#include "executor/crew.h"

enum {
    CHUNK_SIZE_MAX = EX_MEMORY_PAGE_SIZE / 16, /* slots of this size share pages */
    CHUNK_SIZE_MIN = CHUNK_SIZE_MAX < 512 ? CHUNK_SIZE_MAX : 512,
    STEP = 16,
};

/* A slot of a slab; no task's, for its `state` is 0. */
struct chunk {
    struct ex_strand slot; /* what it lies in, which late wakes may find */
    struct chunk *below;
    struct chunk *above; /* idle, kept for the next call */
    unsigned char *top;  /* where the next frame begins; before it, the size of the last one */
    unsigned char *end;
};

_Static_assert(sizeof(struct chunk) % STEP == 0, "the frames behind it are aligned to 16");

static unsigned char *begin_of(struct chunk *chunk) {
    return (unsigned char *)(chunk + 1);
}

/* Where the strand's uppermost chunk in use is written down; valid with EX_STRAND_CALLS. */
static inline void **place_of(struct ex_strand *strand) {
    return ex_strand_is_branch(strand) ? &((struct ex_branch *)(void *)strand)->calls
                                       : ex_slab_word(strand);
}

static inline struct chunk *chunk_of(struct ex_strand *strand) {
    return ex_strand_is(strand, EX_STRAND_CALLS) ? *place_of(strand) : NULL;
}

static inline void *push(struct chunk *chunk, size_t size) {
    unsigned char *const frame = chunk->top;

    chunk->top += size;
    ((size_t *)(void *)chunk->top)[-1] = size;
    return frame;
}

static inline size_t room_of(const struct chunk *chunk) {
    return (size_t)(chunk->end - chunk->top);
}

static void free_above(struct chunk *chunk) {
    struct chunk *above = chunk->above;

    chunk->above = NULL;
    while (above != NULL) {
        struct chunk *const next = above->above;
        ex_crew_free(&above->slot);
        above = next;
    }
}

/* With room for `size` bytes, above `below` (NULL: the first one). NULL: out of memory. */
static struct chunk *allocate(struct chunk *below, size_t size) {
    size_t wanted = CHUNK_SIZE_MIN;

    if (below != NULL) {
        const size_t before = (size_t)(below->end - (unsigned char *)below);
        wanted = before < CHUNK_SIZE_MAX ? 2 * before : CHUNK_SIZE_MAX;
    }
    if (wanted < sizeof(struct chunk) + size) {
        wanted = sizeof(struct chunk) + size;
    }
    struct chunk *const chunk =
        (struct chunk *)(void *)ex_slab_allocate(&ex_worker_self->slab, wanted);
    if (chunk == NULL) {
        return NULL;
    }
    chunk->slot.state = 0;
    chunk->below = below;
    chunk->above = NULL;
    chunk->top = begin_of(chunk);
    chunk->end = (unsigned char *)chunk + wanted / STEP * STEP;
    return chunk;
}

static struct chunk *first(struct ex_strand *strand, size_t size) {
    struct ex_worker *const worker = ex_worker_self;

    EX_REQUIRE(worker != NULL && worker->local.running == ex_strand_root(strand),
               "EX_CALL: a strand other than the one that runs; use the parameter `strand`");
    if (!ex_strand_is_branch(strand) && ex_slab_make_word(&worker->slab, strand) == NULL) {
        return NULL;
    }
    struct chunk *const chunk = allocate(NULL, size);
    if (chunk != NULL) {
        ex_strand_set(strand, EX_STRAND_CALLS);
        *place_of(strand) = chunk;
    }
    return chunk;
}

static struct chunk *next(struct ex_strand *strand, struct chunk *chunk, size_t size) {
    struct chunk *above = chunk->above;

    if (above != NULL && room_of(above) < size) {
        free_above(chunk);
        above = NULL;
    }
    if (above == NULL) {
        above = allocate(chunk, size);
        chunk->above = above;
    }
    if (above != NULL) {
        *place_of(strand) = above;
    }
    return above;
}

static __attribute__((noinline)) void *
push_slowly(struct ex_strand *strand, struct chunk *chunk, size_t size) {
    chunk = chunk == NULL ? first(strand, size) : next(strand, chunk, size);
    return chunk == NULL ? NULL : push(chunk, size);
}

void *ex_call_push(struct ex_strand *strand, size_t size) {
    struct chunk *const chunk = chunk_of(strand);

    EX_REQUIRE(size >= sizeof(struct ex_frame),
               "EX_CALL: a size smaller than a struct ex_frame, with which each frame begins");
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size = (size + sizeof(size_t) + STEP - 1) & ~(size_t)(STEP - 1);
    if (__builtin_expect(chunk == NULL || room_of(chunk) < size, 0)) {
        return push_slowly(strand, chunk, size);
    }
    return push(chunk, size);
}

int64_t ex_call_begin(struct ex_strand *strand, struct ex_frame *callee) {
    struct ex_worker *const worker = ex_worker_self;

    if (__builtin_expect(worker->nested_count >= EX_CALL_NESTED_MAX, 0)) {
        strand->leaf = callee;
        ex_strand_set(strand, EX_STRAND_READY);
        return EX_PENDING;
    }
    worker->nested_count++;
    const int64_t value = callee->resume(callee, strand, 0);
    worker->nested_count--;
    return value;
}

void ex_call_pop(struct ex_strand *strand) {
    struct chunk *const chunk = chunk_of(strand);

    EX_REQUIRE(chunk != NULL && chunk->top != begin_of(chunk),
               "ex_call_pop: nothing is pushed; use EX_CALL, which pairs the two");
    chunk->top -= ((size_t *)(void *)chunk->top)[-1];
    EX_REQUIRE(
        ((struct ex_frame *)(void *)chunk->top)->resume == ex_frame_completed,
        "ex_call_pop: its function has not returned; pop in the reverse order, as EX_CALL does");
    if (chunk->top == begin_of(chunk) && chunk->below != NULL) {
        *place_of(strand) = chunk->below;
    }
}

void ex_call_trim(struct ex_strand *strand) {
    struct chunk *const chunk = chunk_of(strand);

    if (chunk == NULL) {
        return;
    }
    free_above(chunk);
    if (chunk->top == begin_of(chunk)) {
        EX_ASSERT(chunk->below == NULL);
        ex_strand_clear(strand, EX_STRAND_CALLS);
        ex_crew_free(&chunk->slot);
    }
}

void ex_call_release(struct ex_strand *strand) {
    struct chunk *const chunk = chunk_of(strand);

    EX_REQUIRE(chunk == NULL || (chunk->top == begin_of(chunk) && chunk->below == NULL),
               "a task or branch returns with a frame pushed; pair ex_call_push and ex_call_pop");
    ex_call_trim(strand);
}
