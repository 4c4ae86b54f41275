/* Atomic operations of sources that are compiled with -fsanitize=thread: the functions that gcc 12
 * and clang 14 call for them. Others run only at points, so plain accesses are atomic here. */
#include "sim/machine/access.h"

__extension__ typedef unsigned __int128 wide;

/* A value of so many bits as a number with a sign. */
static inline int64_t extend(uint64_t value, unsigned bits) {
    const unsigned unused = bits < 64 ? 64 - bits : 0;
    return (int64_t)(value << unused) >> unused;
}

/* ---- loads and stores ---- */

#define ATOMIC_LOAD(bits, type)                                                                    \
    HOOK type __tsan_atomic##bits##_load(const volatile type *at, int order) {                     \
        if (!access_is_point(LEVEL_ATOMICS)) {                                                     \
            return *at;                                                                            \
        }                                                                                          \
        const uint32_t object =                                                                    \
            access_announce(POINT_ATOMIC_LOAD, at, bits / 8, order, HOOK_SITE);                    \
        const type value = *at;                                                                    \
        access_event(POINT_ATOMIC_LOAD, object, extend((uint64_t)value, bits), HOOK_SITE);         \
        return value;                                                                              \
    }

#define ATOMIC_STORE(bits, type)                                                                   \
    HOOK void __tsan_atomic##bits##_store(volatile type *at, type value, int order) {              \
        if (!access_is_point(LEVEL_ATOMICS)) {                                                     \
            *at = value;                                                                           \
            return;                                                                                \
        }                                                                                          \
        const uint32_t object =                                                                    \
            access_announce(POINT_ATOMIC_STORE, at, bits / 8, order, HOOK_SITE);                   \
        *at = value;                                                                               \
        access_event(POINT_ATOMIC_STORE, object, extend((uint64_t)value, bits), HOOK_SITE);        \
    }

/* ---- read, modify, write ---- */

/* In `old` is what was there, in `value` the operand; the event has what is there then. */
#define ATOMIC_UPDATE(bits, type, name, expression)                                                \
    HOOK type __tsan_atomic##bits##_##name(volatile type *at, type value, int order) {             \
        const bool is_point = access_is_point(LEVEL_ATOMICS);                                      \
        uint32_t object = 0;                                                                       \
        if (is_point) {                                                                            \
            object = access_announce(POINT_ATOMIC_UPDATE, at, bits / 8, order, HOOK_SITE);         \
        }                                                                                          \
        const type old = *at;                                                                      \
        const type now = (type)(expression);                                                       \
        *at = now;                                                                                 \
        if (is_point) {                                                                            \
            access_event(POINT_ATOMIC_UPDATE, object, extend((uint64_t)now, bits), HOOK_SITE);     \
        }                                                                                          \
        return old;                                                                                \
    }

/* ---- compare and exchange ---- */

/* What was there; the event's result is whether it was exchanged. */
#define COMPARE(bits, type)                                                                        \
    static type compare_##bits(volatile type *at,                                                  \
                               type expected,                                                      \
                               type desired,                                                       \
                               int order,                                                          \
                               const void *site) {                                                 \
        const bool is_point = access_is_point(LEVEL_ATOMICS);                                      \
        uint32_t object = 0;                                                                       \
        if (is_point) {                                                                            \
            object = access_announce(POINT_COMPARE_EXCHANGE, at, bits / 8, order, site);           \
        }                                                                                          \
        const type old = *at;                                                                      \
        if (old == expected) {                                                                     \
            *at = desired;                                                                         \
        }                                                                                          \
        if (is_point) {                                                                            \
            access_event(POINT_COMPARE_EXCHANGE, object, old == expected, site);                   \
        }                                                                                          \
        return old;                                                                                \
    }

/* gcc's: a weak one does not fail without reason. */
#define COMPARE_POINTER(bits, type, name)                                                          \
    HOOK int __tsan_atomic##bits##_compare_exchange_##name(volatile type *at,                      \
                                                           type *expected,                         \
                                                           type desired,                           \
                                                           int order,                              \
                                                           int order_failed) {                     \
        (void)order_failed;                                                                        \
        const type old = compare_##bits(at, *expected, desired, order, HOOK_SITE);                 \
        if (old == *expected) {                                                                    \
            return 1;                                                                              \
        }                                                                                          \
        *expected = old;                                                                           \
        return 0;                                                                                  \
    }

/* clang's. */
#define COMPARE_VALUE(bits, type)                                                                  \
    HOOK type __tsan_atomic##bits##_compare_exchange_val(volatile type *at,                        \
                                                         type expected,                            \
                                                         type desired,                             \
                                                         int order,                                \
                                                         int order_failed) {                       \
        (void)order_failed;                                                                        \
        return compare_##bits(at, expected, desired, order, HOOK_SITE);                            \
    }

#define ATOMICS(bits, type)                                                                        \
    ATOMIC_LOAD(bits, type)                                                                        \
    ATOMIC_STORE(bits, type)                                                                       \
    ATOMIC_UPDATE(bits, type, exchange, value)                                                     \
    ATOMIC_UPDATE(bits, type, fetch_add, old + value)                                              \
    ATOMIC_UPDATE(bits, type, fetch_sub, old - value)                                              \
    ATOMIC_UPDATE(bits, type, fetch_and, old &value)                                               \
    ATOMIC_UPDATE(bits, type, fetch_or, old | value)                                               \
    ATOMIC_UPDATE(bits, type, fetch_xor, old ^ value)                                              \
    ATOMIC_UPDATE(bits, type, fetch_nand, ~(old & value))                                          \
    COMPARE(bits, type)                                                                            \
    COMPARE_POINTER(bits, type, strong)                                                            \
    COMPARE_POINTER(bits, type, weak)                                                              \
    COMPARE_VALUE(bits, type)

ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)
ATOMICS(128, wide)

/* ---- fences ---- */

HOOK void __tsan_atomic_thread_fence(int order) {
    if (access_is_point(LEVEL_ATOMICS)) {
        const struct point point = {.kind = POINT_FENCE,
                                    .order = (uint8_t)order,
                                    .site = HOOK_SITE};
        schedule_point(hook_schedule(), &point);
        schedule_event_now(hook_schedule(), POINT_FENCE, 0, 0, HOOK_SITE);
    }
}

/* Between a thread and its own handlers, which run at points alone. */
HOOK void __tsan_atomic_signal_fence(int order) {
    (void)order;
}
