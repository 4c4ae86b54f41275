/* A checker of histories with tables of its own.
 *
 *   open_linear() ─► whole(kind, operations, count) ─► linear_check(&linear, …)
 */
#ifndef TESTS_LINEAR_FIXTURE_H
#define TESTS_LINEAR_FIXTURE_H

#include <string.h>

#include "sim/linear.h"
#include "tests/suite.h"

#define OPERATIONS_MAX 60000
#define STEPS UINT64_C(1000000000)
#define NEVER LINEAR_NEVER
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static struct linear linear;
static struct arena arena;

static inline void open_linear(void) {
    const size_t size = linear_arena_size(OPERATIONS_MAX);
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64);
    ck_assert_ptr_nonnull(memory);
    memset(memory, 0xa5, size); /* it need not be empty */
    arena_init(&arena, memory, size);
    linear_init(&linear, &arena, OPERATIONS_MAX);
}

static inline struct linear_history
whole(enum model_kind kind, const struct linear_operation *operations, uint32_t count) {
    return (struct linear_history){kind, count, operations, LINEAR_NEVER, LINEAR_NEVER};
}

#endif
