/* Plain loads and stores of sources that are compiled with -fsanitize=thread. Each is announced
 * before it takes effect, which is after the hook has returned. */
#include <string.h>

#include "sim/machine/access.h"

#ifndef __clang__ /* with a sanitizer on, gcc has types of its own for these */
#pragma GCC diagnostic ignored "-Wbuiltin-declaration-mismatch"
#endif

static inline void
access(enum point_kind kind, const volatile void *address, uint64_t size, const void *site) {
    const bool is_point = access_is_point(LEVEL_ACCESSES);
    struct access_place place = {0};
    if (is_point) {
        const uint32_t bytes = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
        place = access_announce(kind, address, bytes, 0, site);
    }
    if (access_is_compared()) {
        const uint32_t flags = kind == POINT_MEMORY_STORE ? SHADOW_WRITE : 0;
        shadow_access(&machine.world.shadow, (uintptr_t)address, size, flags, site);
    }
    if (is_point) {
        access_event(kind, &place, 0, site);
    }
}

#define LOAD(name, bytes)                                                                          \
    HOOK void __tsan_##name##bytes(const void *address) {                                          \
        access(POINT_MEMORY_LOAD, address, bytes, HOOK_SITE);                                      \
    }

#define STORE(name, bytes)                                                                         \
    HOOK void __tsan_##name##bytes(void *address) {                                                \
        access(POINT_MEMORY_STORE, address, bytes, HOOK_SITE);                                     \
    }

#define SIZES(kind, name) kind(name, 1) kind(name, 2) kind(name, 4) kind(name, 8) kind(name, 16)

SIZES(LOAD, read)
SIZES(STORE, write)
SIZES(LOAD, unaligned_read)
SIZES(STORE, unaligned_write)
SIZES(LOAD, volatile_read)
SIZES(STORE, volatile_write)
SIZES(LOAD, unaligned_volatile_read)
SIZES(STORE, unaligned_volatile_write)
SIZES(STORE, read_write)
SIZES(STORE, unaligned_read_write)

HOOK void __tsan_read_range(const void *address, unsigned long size) {
    access(POINT_MEMORY_LOAD, address, size, HOOK_SITE);
}

HOOK void __tsan_write_range(void *address, unsigned long size) {
    access(POINT_MEMORY_STORE, address, size, HOOK_SITE);
}

/* An object's table of virtual functions, while it is made or ended. */
HOOK void __tsan_vptr_update(void **address, void *table) {
    if (*address == table) {
        return; /* each base's constructor writes it */
    }
    access(POINT_MEMORY_STORE, address, sizeof *address, HOOK_SITE);
}

HOOK void __tsan_vptr_read(void **address) {
    access(POINT_MEMORY_LOAD, address, sizeof *address, HOOK_SITE);
}

/* ---- blocks ---- */

/* The names that newer compilers call, and what `--wrap` makes of calls with older ones. */
#define BLOCK_HOOKS(prefix)                                                                        \
    HOOK void *prefix##memcpy(void *to, const void *from, size_t size) {                           \
        access(POINT_MEMORY_LOAD, from, size, HOOK_SITE);                                          \
        access(POINT_MEMORY_STORE, to, size, HOOK_SITE);                                           \
        return memcpy(to, from, size);                                                             \
    }                                                                                              \
    HOOK void *prefix##memmove(void *to, const void *from, size_t size) {                          \
        access(POINT_MEMORY_LOAD, from, size, HOOK_SITE);                                          \
        access(POINT_MEMORY_STORE, to, size, HOOK_SITE);                                           \
        return memmove(to, from, size);                                                            \
    }                                                                                              \
    HOOK void *prefix##memset(void *to, int byte, size_t size) {                                   \
        access(POINT_MEMORY_STORE, to, size, HOOK_SITE);                                           \
        return memset(to, byte, size);                                                             \
    }

BLOCK_HOOKS(__tsan_)
BLOCK_HOOKS(__wrap_)

/* ---- the rest ---- */

/* What an instrumented source begins with, as its module is loaded. */
HOOK void __tsan_init(void) {
    if (machine.record != NULL) {
        machine.record->instrumented = 1;
    }
}

/* These say nothing here. */

HOOK void __tsan_func_entry(void *caller) {
    (void)caller;
}

HOOK void __tsan_func_exit(void) {
}

HOOK void __tsan_ignore_thread_begin(void) {
}

HOOK void __tsan_ignore_thread_end(void) {
}

/* Of sources that tell ThreadSanitizer of their fibers, which run in order here as ever. */
HOOK void *__tsan_get_current_fiber(void) {
    static char fiber;
    return &fiber;
}

HOOK void *__tsan_create_fiber(unsigned flags) {
    (void)flags;
    return __tsan_get_current_fiber();
}

HOOK void __tsan_switch_to_fiber(void *fiber, unsigned flags) {
    (void)fiber;
    (void)flags;
}

HOOK void __tsan_destroy_fiber(void *fiber) {
    (void)fiber;
}
