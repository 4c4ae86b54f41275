/* Atomic operations of sources that are compiled with -fsanitize=thread: the functions that gcc 12
 * and clang 14 call for them. Others run only at points, so plain accesses are atomic here. */
#include <string.h>

#include "sim/machine/access.h"

#ifndef __clang__ /* with a sanitizer on, gcc has types of its own for these */
#pragma GCC diagnostic ignored "-Wbuiltin-declaration-mismatch"
#endif

__extension__ typedef unsigned __int128 wide;

/* A value of so many bits as a number with a sign. */
static inline int64_t extend(uint64_t value, unsigned bits) {
    const unsigned unused = bits < 64 ? 64 - bits : 0;
    return (int64_t)(value << unused) >> unused;
}

/* ---- who looks on ---- */

static __attribute__((noinline)) uint64_t watch(const struct access_place *place,
                                                const volatile void *address,
                                                uint32_t size,
                                                enum shadow_kind kind,
                                                int order,
                                                uint64_t before,
                                                uint64_t value,
                                                const void *site) {
    const struct shadow_operation operation = {.granule = place->granule,
                                               .address = (uintptr_t)address,
                                               .size = size,
                                               .kind = kind,
                                               .order = order};
    return shadow_atomic(&machine.world.shadow, &operation, before, value, site);
}

/* Tells of an atomic operation that has just taken effect, if that is of interest: memory held
 * `before`, and holds `value` now. Returns what a load sees. */
static inline __attribute__((always_inline)) uint64_t tell(const struct access_place *place,
                                                           const volatile void *address,
                                                           uint32_t size,
                                                           enum shadow_kind kind,
                                                           int order,
                                                           uint64_t before,
                                                           uint64_t value,
                                                           const void *site) {
    return __builtin_expect(machine.watches, 0)
               ? watch(place, address, size, kind, order, before, value, site)
               : before;
}

/* A comparison looks at what memory holds; returns what it sees, `held` if it is to exchange. */
static __attribute__((noinline)) uint64_t watch_comparison(const struct access_place *place,
                                                           const volatile void *address,
                                                           uint32_t size,
                                                           int order,
                                                           uint64_t held,
                                                           uint64_t expected,
                                                           const void *site) {
    const struct shadow_operation operation = {.granule = place->granule,
                                               .address = (uintptr_t)address,
                                               .size = size,
                                               .kind = SHADOW_LOAD,
                                               .order = order,
                                               .compares = true,
                                               .expected = expected};
    const bool looks = held != expected || machine.world.shadow.locations.weak;
    return looks ? shadow_atomic(&machine.world.shadow, &operation, held, 0, site) : held;
}

/* ---- loads and stores ---- */

#define ATOMIC_LOAD(bits, type)                                                                    \
    HOOK type __tsan_atomic##bits##_load(const volatile type *at, int order) {                     \
        if (!access_is_point(LEVEL_ATOMICS)) {                                                     \
            return *at;                                                                            \
        }                                                                                          \
        const struct access_place place =                                                          \
            access_announce(POINT_ATOMIC_LOAD, at, bits / 8, order, HOOK_SITE);                    \
        const type held = *at;                                                                     \
        const uint64_t seen =                                                                      \
            tell(&place, at, bits / 8, SHADOW_LOAD, order, (uint64_t)held, 0, HOOK_SITE);          \
        const type value = bits > 64 ? held : (type)seen;                                          \
        access_event(POINT_ATOMIC_LOAD, &place, extend((uint64_t)value, bits), HOOK_SITE);         \
        return value;                                                                              \
    }

#define ATOMIC_STORE(bits, type)                                                                   \
    HOOK void __tsan_atomic##bits##_store(volatile type *at, type value, int order) {              \
        if (!access_is_point(LEVEL_ATOMICS)) {                                                     \
            *at = value;                                                                           \
            return;                                                                                \
        }                                                                                          \
        const struct access_place place =                                                          \
            access_announce(POINT_ATOMIC_STORE, at, bits / 8, order, HOOK_SITE);                   \
        const uint64_t before = (uint64_t)*at;                                                     \
        const uint64_t now = (uint64_t)value;                                                      \
        *at = value;                                                                               \
        tell(&place, at, bits / 8, SHADOW_STORE, order, before, now, HOOK_SITE);                   \
        access_event(POINT_ATOMIC_STORE, &place, extend(now, bits), HOOK_SITE);                    \
    }

/* ---- read, modify, write ---- */

/* In `old` is what was there, in `value` the operand; the event has what is there then. */
#define ATOMIC_UPDATE(bits, type, name, expression)                                                \
    HOOK type __tsan_atomic##bits##_##name(volatile type *at, type value, int order) {             \
        const bool is_point = access_is_point(LEVEL_ATOMICS);                                      \
        struct access_place place = {0};                                                           \
        if (is_point) {                                                                            \
            place = access_announce(POINT_ATOMIC_UPDATE, at, bits / 8, order, HOOK_SITE);          \
        }                                                                                          \
        const type old = *at;                                                                      \
        const type now = (type)(expression);                                                       \
        *at = now;                                                                                 \
        if (is_point) {                                                                            \
            tell(&place,                                                                           \
                 at,                                                                               \
                 bits / 8,                                                                         \
                 SHADOW_UPDATE,                                                                    \
                 order,                                                                            \
                 (uint64_t)old,                                                                    \
                 (uint64_t)now,                                                                    \
                 HOOK_SITE);                                                                       \
            access_event(POINT_ATOMIC_UPDATE, &place, extend((uint64_t)now, bits), HOOK_SITE);     \
        }                                                                                          \
        return old;                                                                                \
    }

/* ---- compare and exchange ---- */

/* What was seen; the event's result is whether it was exchanged. One that is not exchanged is a
 * load, which may see an older value than memory holds. */
#define COMPARE(bits, type)                                                                        \
    static type compare_##bits(volatile type *at,                                                  \
                               type expected,                                                      \
                               type desired,                                                       \
                               int order,                                                          \
                               int order_failed,                                                   \
                               const void *site) {                                                 \
        if (!access_is_point(LEVEL_ATOMICS)) {                                                     \
            const type old = *at;                                                                  \
            *at = old == expected ? desired : old;                                                 \
            return old;                                                                            \
        }                                                                                          \
        const struct access_place place =                                                          \
            access_announce(POINT_COMPARE_EXCHANGE, at, bits / 8, order, site);                    \
        const type held = *at;                                                                     \
        const uint64_t wanted = (uint64_t)expected;                                                \
        const uint64_t seen = !machine.watches ? (uint64_t)held                                    \
                                               : watch_comparison(&place,                          \
                                                                  at,                              \
                                                                  bits / 8,                        \
                                                                  order_failed,                    \
                                                                  (uint64_t)held,                  \
                                                                  wanted,                          \
                                                                  site);                           \
        const type old = bits > 64 ? held : (type)seen;                                            \
        if (old == expected) {                                                                     \
            const uint64_t now = (uint64_t)desired;                                                \
            *at = desired;                                                                         \
            tell(&place, at, bits / 8, SHADOW_UPDATE, order, seen, now, site);                     \
        }                                                                                          \
        access_event(POINT_COMPARE_EXCHANGE, &place, old == expected, site);                       \
        return old;                                                                                \
    }

/* gcc's: a weak one does not fail without reason. */
#define COMPARE_POINTER(bits, type, name)                                                          \
    HOOK int __tsan_atomic##bits##_compare_exchange_##name(volatile type *at,                      \
                                                           type *expected,                         \
                                                           type desired,                           \
                                                           int order,                              \
                                                           int order_failed) {                     \
        const type old = compare_##bits(at, *expected, desired, order, order_failed, HOOK_SITE);   \
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
        return compare_##bits(at, expected, desired, order, order_failed, HOOK_SITE);              \
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
        if (machine.watches) {
            shadow_fence(&machine.world.shadow, order);
        }
        schedule_event_now(hook_schedule(), POINT_FENCE, 0, 0, HOOK_SITE);
    }
}

/* Between a thread and its own handlers, which run at points alone. */
HOOK void __tsan_atomic_signal_fence(int order) {
    (void)order;
}

/* ---- what a compiler leaves to libatomic ---- */

/* Under their names a compiler knows functions of other types. */
#define NAMED(symbol, result, function, ...)                                                       \
    HOOK result function(__VA_ARGS__) __asm__(symbol);                                             \
    HOOK result function(__VA_ARGS__)

#define LARGE_UPDATE(name)                                                                         \
    NAMED("__atomic_" #name "_16", wide, large_##name, volatile wide *at, wide value, int order) { \
        return __tsan_atomic128_##name(at, value, order);                                          \
    }

NAMED("__atomic_load_16", wide, large_load, const volatile wide *at, int order) {
    return __tsan_atomic128_load(at, order);
}

NAMED("__atomic_store_16", void, large_store, volatile wide *at, wide value, int order) {
    __tsan_atomic128_store(at, value, order);
}

LARGE_UPDATE(exchange)
LARGE_UPDATE(fetch_add)
LARGE_UPDATE(fetch_sub)
LARGE_UPDATE(fetch_and)
LARGE_UPDATE(fetch_or)
LARGE_UPDATE(fetch_xor)
LARGE_UPDATE(fetch_nand)

NAMED("__atomic_compare_exchange_16",
      int,
      large_compare,
      volatile wide *at,
      wide *expected,
      wide desired,
      int order,
      int order_failed) {
    return __tsan_atomic128_compare_exchange_strong(at, expected, desired, order, order_failed);
}

/* Of any size: no value is told. The place is none when it is no point. */
static struct access_place
any_announce(enum point_kind kind, const void *at, size_t size, int order, const void *site) {
    return access_is_point(LEVEL_ATOMICS) ? access_announce(kind, at, (uint32_t)size, order, site)
                                          : (struct access_place){0};
}

/* Tells of it without values. */
static void any_tell(const struct access_place *place,
                     const void *at,
                     size_t size,
                     enum shadow_kind kind,
                     int order,
                     const void *site) {
    const struct shadow_operation operation = {.granule = place->granule,
                                               .address = (uintptr_t)at,
                                               .size = (uint32_t)size,
                                               .kind = kind,
                                               .order = order,
                                               .opaque = true};
    if (machine.watches) {
        shadow_atomic(&machine.world.shadow, &operation, 0, 0, site);
    }
}

NAMED("__atomic_load", void, any_load, size_t size, const void *at, void *value, int order) {
    const struct access_place place = any_announce(POINT_ATOMIC_LOAD, at, size, order, HOOK_SITE);
    memcpy(value, at, size);
    if (place.granule != NULL) {
        any_tell(&place, at, size, SHADOW_LOAD, order, HOOK_SITE);
        access_event(POINT_ATOMIC_LOAD, &place, POINT_VALUE_LARGE, HOOK_SITE);
    }
}

NAMED("__atomic_store", void, any_store, size_t size, void *at, const void *value, int order) {
    const struct access_place place = any_announce(POINT_ATOMIC_STORE, at, size, order, HOOK_SITE);
    memcpy(at, value, size);
    if (place.granule != NULL) {
        any_tell(&place, at, size, SHADOW_STORE, order, HOOK_SITE);
        access_event(POINT_ATOMIC_STORE, &place, POINT_VALUE_LARGE, HOOK_SITE);
    }
}

NAMED("__atomic_exchange",
      void,
      any_exchange,
      size_t size,
      void *at,
      const void *value,
      void *old,
      int order) {
    const struct access_place place = any_announce(POINT_ATOMIC_UPDATE, at, size, order, HOOK_SITE);
    memcpy(old, at, size); /* none of the three overlap */
    memcpy(at, value, size);
    if (place.granule != NULL) {
        any_tell(&place, at, size, SHADOW_UPDATE, order, HOOK_SITE);
        access_event(POINT_ATOMIC_UPDATE, &place, POINT_VALUE_LARGE, HOOK_SITE);
    }
}

NAMED("__atomic_compare_exchange",
      int,
      any_compare,
      size_t size,
      void *at,
      void *expected,
      const void *desired,
      int order,
      int order_failed) {
    const struct access_place place =
        any_announce(POINT_COMPARE_EXCHANGE, at, size, order, HOOK_SITE);
    const bool equal = memcmp(at, expected, size) == 0;
    memcpy(equal ? at : expected, equal ? desired : at, size);
    if (place.granule != NULL) {
        any_tell(&place,
                 at,
                 size,
                 equal ? SHADOW_UPDATE : SHADOW_LOAD,
                 equal ? order : order_failed,
                 HOOK_SITE);
        access_event(POINT_COMPARE_EXCHANGE, &place, equal, HOOK_SITE);
    }
    return equal;
}
