/* malloc and its family. Never a point, costs no virtual time: compilers delete malloc/free pairs,
 * and libc calls malloc while it holds its own locks. */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/machine/heap.h"
#include "sim/machine/hook.h"
#include "sim/machine/hooks_mishap.h"

#define PAGE_SIZE_BYTES 4096

/* Whether the program gets none. What the simulator takes for itself (the first thread-local
 * storage of a slot) is another zone's: nobody is asked, and the count is the same in each run of a
 * worker. */
static bool refused(const void *site) {
    return hooks_mishap_declared(MISHAP_MALLOC) && heap_in_run() &&
           hooks_mishap_ask(MISHAP_MALLOC, site) != 0;
}

static void *or_enomem(void *block) {
    if (block == NULL) {
        errno = ENOMEM;
    }
    return block;
}

HOOK void *malloc(size_t size) {
    void *block = or_enomem(refused(HOOK_SITE) ? NULL : heap_take(size));
    if (machine.active && block != NULL) { /* a stream is its node's (sim/machine/standard.h) */
        heap_mark(block, hook_node());
    }
    return block;
}

/* Below the calls, what lies at a block's address next is something else. */
static bool is_told_apart(const void *block) {
    return machine.level > LEVEL_CALLS && block != NULL;
}

static void give_up(const void *block, size_t size, const void *site) {
    if (machine.watches) {
        shadow_free(&machine.world.shadow, block, size, site);
    }
    granule_forget(&machine.world.granules, block, size);
}

HOOK void free(void *block) {
    if (is_told_apart(block)) {
        give_up(block, heap_usable(block), HOOK_SITE);
    }
    heap_give(block);
}

HOOK void *calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return or_enomem(NULL);
    }
    void *block = or_enomem(refused(HOOK_SITE) ? NULL : heap_take(bytes));
    if (block != NULL) {
        memset(block, 0, bytes);
    }
    return block;
}

HOOK void *realloc(void *block, size_t size) {
    if (size == 0 && block != NULL) {
        free(block);
        return NULL;
    }
    const size_t before = is_told_apart(block) ? heap_usable(block) : 0;
    void *resized = or_enomem(refused(HOOK_SITE) ? NULL : heap_resize(block, size));
    if (before != 0 && resized != NULL && resized != block) {
        give_up(block, before, HOOK_SITE);
    }
    return resized;
}

HOOK void *reallocarray(void *block, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return or_enomem(NULL);
    }
    return realloc(block, bytes);
}

static bool power_of_two(size_t n) {
    return n != 0 && (n & (n - 1)) == 0;
}

HOOK int posix_memalign(void **block, size_t alignment, size_t size) {
    if (!power_of_two(alignment) || alignment % sizeof(void *) != 0) {
        return EINVAL;
    }
    *block = refused(HOOK_SITE) ? NULL : heap_take_aligned(alignment, size);
    return *block == NULL ? ENOMEM : 0;
}

HOOK void *memalign(size_t alignment, size_t size) {
    if (!power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return or_enomem(refused(HOOK_SITE) ? NULL : heap_take_aligned(alignment, size));
}

HOOK void *aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

HOOK void *valloc(size_t size) {
    return or_enomem(refused(HOOK_SITE) ? NULL : heap_take_aligned(PAGE_SIZE_BYTES, size));
}

HOOK void *pvalloc(size_t size) {
    const size_t pages = (size + PAGE_SIZE_BYTES - 1) & ~(size_t)(PAGE_SIZE_BYTES - 1);
    return or_enomem(refused(HOOK_SITE) ? NULL : heap_take_aligned(PAGE_SIZE_BYTES, pages));
}

HOOK size_t malloc_usable_size(void *block) {
    return heap_usable(block);
}
