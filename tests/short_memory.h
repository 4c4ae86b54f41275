/* Memory that ends when the test says so. For programs linked with --wrap=malloc. */
#ifndef TESTS_SHORT_MEMORY_H
#define TESTS_SHORT_MEMORY_H

#include <stddef.h>

/* Of this thread; negative: as many as there are. Assertions allocate, so never across one. */
static __thread int allocations_left = -1;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size) {
    if (allocations_left == 0) {
        return NULL;
    }
    allocations_left -= allocations_left > 0;
    return __real_malloc(size);
}

/* What `call` gives when it can allocate `count` times. */
#define WITH_ALLOCATIONS(count, result, call)                                                      \
    do {                                                                                           \
        allocations_left = (count);                                                                \
        (result) = (call);                                                                         \
        allocations_left = -1;                                                                     \
    } while (0)

#endif
