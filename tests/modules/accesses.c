/* Every operation on memory that a compiler can hook gives what it gives without hooks. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario.h"

#define THREADS 3
#define TURNS 20

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            sim_fail("line %d: %s", __LINE__, #condition);                                         \
        }                                                                                          \
    } while (0)

#ifdef __clang__
#pragma clang diagnostic ignored "-Watomic-alignment" /* that they are functions is what is tried */
#endif

__extension__ typedef unsigned __int128 wide;

/* ---- atomics ---- */

/* Values that differ in their highest bits, too. */
#define TRY_ATOMICS(type, name)                                                                    \
    static void try_##name(void) {                                                                 \
        static type object;                                                                        \
        const type high = (type)((type)1 << (sizeof(type) * 8 - 1));                               \
        type expected = (type)(high | 5);                                                          \
        __atomic_store_n(&object, (type)(high | 5), __ATOMIC_RELEASE);                             \
        MUST(__atomic_load_n(&object, __ATOMIC_ACQUIRE) == (type)(high | 5));                      \
        MUST(__atomic_exchange_n(&object, (type)7, __ATOMIC_ACQ_REL) == (type)(high | 5));         \
        MUST(__atomic_fetch_add(&object, (type)-9, __ATOMIC_RELAXED) == 7);                        \
        MUST(__atomic_fetch_sub(&object, (type)-9, __ATOMIC_SEQ_CST) == (type)-2);                 \
        MUST(__atomic_fetch_or(&object, high, __ATOMIC_SEQ_CST) == 7);                             \
        MUST(__atomic_fetch_and(&object, (type)(high | 6), __ATOMIC_SEQ_CST) == (type)(high | 7)); \
        MUST(__atomic_fetch_xor(&object, (type)3, __ATOMIC_SEQ_CST) == (type)(high | 6));          \
        MUST(__atomic_fetch_nand(&object, (type)12, __ATOMIC_SEQ_CST) == (type)(high | 5));        \
        MUST(__atomic_load_n(&object, __ATOMIC_SEQ_CST) == (type) ~(type)4);                       \
        MUST(!__atomic_compare_exchange_n(&object,                                                 \
                                          &expected,                                               \
                                          1,                                                       \
                                          false,                                                   \
                                          __ATOMIC_SEQ_CST,                                        \
                                          __ATOMIC_RELAXED));                                      \
        MUST(expected == (type) ~(type)4);                                                         \
        MUST(__atomic_compare_exchange_n(&object,                                                  \
                                         &expected,                                                \
                                         1,                                                        \
                                         false,                                                    \
                                         __ATOMIC_SEQ_CST,                                         \
                                         __ATOMIC_RELAXED));                                       \
        MUST(expected == (type) ~(type)4 && object == 1);                                          \
        expected = 1;                                                                              \
        while (!__atomic_compare_exchange_n(&object,                                               \
                                            &expected,                                             \
                                            2,                                                     \
                                            true,                                                  \
                                            __ATOMIC_ACQ_REL,                                      \
                                            __ATOMIC_ACQUIRE)) {                                   \
        }                                                                                          \
        MUST(object == 2);                                                                         \
    }

TRY_ATOMICS(uint8_t, byte)
TRY_ATOMICS(uint16_t, half)
TRY_ATOMICS(uint32_t, word)
TRY_ATOMICS(uint64_t, giant)
#ifdef __SIZEOF_INT128__
TRY_ATOMICS(wide, wide)
#endif

static void try_flags(void) {
    static atomic_flag flag = ATOMIC_FLAG_INIT;
    static _Atomic(void *) pointer;
    static _Atomic bool truth;
    MUST(!atomic_flag_test_and_set(&flag));
    MUST(atomic_flag_test_and_set_explicit(&flag, memory_order_acquire));
    atomic_flag_clear(&flag);
    MUST(!atomic_flag_test_and_set(&flag));
    atomic_store(&pointer, &flag);
    MUST(atomic_load_explicit(&pointer, memory_order_consume) == &flag);
    MUST(!atomic_exchange(&truth, true) && atomic_load(&truth));
    atomic_thread_fence(memory_order_seq_cst);
    atomic_signal_fence(memory_order_acquire);
}

struct large {
    uint64_t words[5];
};

static void try_large(void) {
    static _Atomic struct large object;
    struct large first = {{1, 2, 3, 4, 5}};
    struct large second = {{1, 2, 3, 4, 6}};
    struct large expected = second;
    atomic_store(&object, first);
    struct large seen = atomic_load(&object);
    MUST(memcmp(&seen, &first, sizeof seen) == 0);
    MUST(!atomic_compare_exchange_strong(&object, &expected, first));
    MUST(memcmp(&expected, &first, sizeof expected) == 0);
    MUST(atomic_compare_exchange_strong(&object, &expected, second));
    seen = atomic_exchange(&object, first);
    MUST(memcmp(&seen, &second, sizeof seen) == 0);
}

/* ---- plain ones ---- */

struct odd {
    char bytes[13];
};

struct __attribute__((packed)) packed {
    char first;
    uint16_t half;
    uint32_t word;
    uint64_t giant;
};

static struct odd odds[2];
static struct packed packed;
static volatile uint32_t spied;
static wide whole[2];
static unsigned char block[2][300];

static void try_plain(size_t size) {
    memset(&odds[0], 0x5a, sizeof odds[0]);
    odds[1] = odds[0];
    MUST(odds[1].bytes[12] == 0x5a);
    packed.half = 0x1234;
    packed.word = 0x12345678;
    packed.giant = UINT64_C(0x123456789abcdef0);
    packed.word++;
    MUST(packed.half == 0x1234 && packed.word == 0x12345679);
    MUST(packed.giant == UINT64_C(0x123456789abcdef0));
    spied = 3;
    spied++;
    MUST(spied == 4);
    whole[0] = (wide)1 << 100;
    whole[1] = whole[0] + 1;
    MUST(whole[1] >> 100 == 1);
    memset(block[0], 7, size);
    memcpy(block[1], block[0], size);
    memmove(block[1] + 1, block[1], size - 1);
    MUST(block[1][0] == 7 && block[1][size - 1] == 7 && block[1][size] == 0);
}

/* What has moved is something else, and so is what comes to where it was. */
static void try_moved(void) {
    for (size_t size = 16; size <= 4096; size *= 4) {
        long *words = malloc(size);
        words[0] = 1;
        words = realloc(words, 8 * size);
        MUST(words != NULL && words[0] == 1);
        free(words);
    }
}

/* ---- threads ---- */

static atomic_int total;

static void *add(void *unused) {
    (void)unused;
    for (int turn = 0; turn < TURNS; turn++) {
        int seen = atomic_load(&total);
        while (!atomic_compare_exchange_weak(&total, &seen, seen + 1)) {
        }
    }
    return NULL;
}

int access_all(int argc, char **argv) {
    pthread_t threads[THREADS];
    (void)argv;
    try_byte();
    try_half();
    try_word();
    try_giant();
#ifdef __SIZEOF_INT128__
    try_wide();
#endif
    try_flags();
    try_large();
    try_moved();
    try_plain(250 + (size_t)argc);
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, add, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    MUST(atomic_load(&total) == THREADS * TURNS);
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "access_all", NULL);
}
