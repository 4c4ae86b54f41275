/* The generator against published outputs and a naive twin; streams are independent. */
#include "sim/random.h"

#include <stdbool.h>

#include "tests/suite.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define SEEDS 200
#define DRAWS 100
#define KINDS 12
#define NODES 20

/* ---- naive twins, written from the papers ---- */

static uint64_t twin_rotate(uint64_t x, unsigned k) {
    for (unsigned i = 0; i < k; i++) {
        x = (x * 2) + (x > UINT64_MAX / 2);
    }
    return x;
}

static uint64_t twin_next(uint64_t s[4]) {
    const uint64_t old[4] = {s[0], s[1], s[2], s[3]};
    s[0] = old[0] ^ old[1] ^ old[3];
    s[1] = old[0] ^ old[1] ^ old[2];
    s[2] = old[0] ^ old[2] ^ (old[1] * 131072);
    s[3] = twin_rotate(old[1] ^ old[3], 45);
    return old[0] + twin_rotate(old[0] + old[3], 23);
}

/* A step of splitmix64, whose state is moved by a constant each time. */
static uint64_t twin_split(uint64_t *state) {
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ (z / (UINT64_C(1) << 30))) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z / (UINT64_C(1) << 27))) * 0x94d049bb133111ebu;
    return z ^ (z / (UINT64_C(1) << 31));
}

/* The upper word of a product, by hand. */
static uint64_t twin_below(uint64_t bits, uint64_t bound) {
    const uint64_t mask = UINT32_MAX;
    const uint64_t low = (bits & mask) * (bound & mask);
    const uint64_t middle = (bits >> 32) * (bound & mask) + (low >> 32);
    const uint64_t cross = (bits & mask) * (bound >> 32) + (middle & mask);
    return (bits >> 32) * (bound >> 32) + (middle >> 32) + (cross >> 32);
}

START_TEST(it_is_the_published_xoshiro256_plus_plus) {
    /* The authors' xoshiro256plusplus.c from state {1, 2, 3, 4}. */
    static const uint64_t published[] = {
        UINT64_C(41943041),
        UINT64_C(58720359),
        UINT64_C(3588806011781223),
        UINT64_C(3591011842654386),
        UINT64_C(9228616714210784205),
        UINT64_C(9973669472204895162),
        UINT64_C(14011001112246962877),
        UINT64_C(12406186145184390807),
        UINT64_C(15849039046786891736),
        UINT64_C(10450023813501588000),
    };
    struct random random = {.state = {1, 2, 3, 4}};
    uint64_t twin[4] = {1, 2, 3, 4};

    for (size_t i = 0; i < COUNT_OF(published); i++) {
        ck_assert_uint_eq(random_next(&random), published[i]);
        ck_assert_uint_eq(twin_next(twin), published[i]);
    }
}
END_TEST

START_TEST(seeding_is_the_published_splitmix64) {
    /* The authors' splitmix64.c from state 1477776061723855037. */
    static const uint64_t published[] = {
        UINT64_C(1985237415132408290),
        UINT64_C(2979275885539914483),
        UINT64_C(13511426838097143398),
        UINT64_C(8488337342461049707),
    };
    const uint64_t seed = UINT64_C(1477776061723855037);
    struct random random;

    random_init(&random, seed);

    uint64_t twin = seed;
    for (size_t i = 0; i < COUNT_OF(published); i++) {
        ck_assert_uint_eq(random.state[i], published[i]);
        ck_assert_uint_eq(random_mix(seed, i), published[i]);
        ck_assert_uint_eq(twin_split(&twin), published[i]);
    }
}
END_TEST

START_TEST(every_seed_gives_the_numbers_of_the_twin) {
    for (uint64_t n = 0; n < SEEDS; n++) {
        const uint64_t seed = n < 2 ? 0 - n : n * UINT64_C(0x123456789abcdef1);
        uint64_t state = seed;
        uint64_t twin[4];
        for (unsigned i = 0; i < 4; i++) {
            twin[i] = twin_split(&state);
        }
        struct random random;
        random_init(&random, seed);

        for (unsigned i = 0; i < DRAWS; i++) {
            ck_assert_uint_eq(random_next(&random), twin_next(twin));
        }
    }
}
END_TEST

START_TEST(a_bounded_number_is_the_upper_word_of_the_product) {
    static const uint64_t bounds[] =
        {1, 2, 3, 10, 1000, 1u << 31, UINT32_MAX, UINT64_C(1) << 63, UINT64_MAX};
    struct random random;
    struct random same;
    random_init(&random, 5);
    random_init(&same, 5);

    for (unsigned i = 0; i < DRAWS; i++) {
        for (size_t b = 0; b < COUNT_OF(bounds); b++) {
            const uint64_t drawn = random_below(&random, bounds[b]);
            ck_assert_uint_lt(drawn, bounds[b]);
            ck_assert_uint_eq(drawn, twin_below(random_next(&same), bounds[b]));
        }
        ck_assert_uint_eq(random_below(&random, 0), random_next(&same));
    }
}
END_TEST

START_TEST(bounded_numbers_are_even) {
    enum { BOUND = 7, EACH = 10000 };
    uint32_t counts[BOUND] = {0};
    struct random random;
    random_init(&random, 1);

    for (unsigned i = 0; i < BOUND * EACH; i++) {
        counts[random_below(&random, BOUND)]++;
    }

    for (unsigned i = 0; i < BOUND; i++) { /* five standard deviations */
        ck_assert_uint_gt(counts[i], EACH - 500);
        ck_assert_uint_lt(counts[i], EACH + 500);
    }
}
END_TEST

START_TEST(streams_of_other_kinds_nodes_and_seeds_share_no_number) {
    static uint64_t firsts[2 * KINDS * NODES];
    size_t count = 0;
    for (uint64_t seed = 0; seed < 2; seed++) {
        for (uint32_t kind = 0; kind < KINDS; kind++) {
            for (uint32_t node = 0; node < NODES; node++) {
                struct random random;
                random_stream(&random, seed, kind, node);
                firsts[count++] = random_next(&random);
            }
        }
    }

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            ck_assert_uint_ne(firsts[i], firsts[j]);
        }
    }
}
END_TEST

START_TEST(kind_and_node_are_told_apart) {
    struct random a;
    struct random b;
    random_stream(&a, 9, 1, 2);
    random_stream(&b, 9, 2, 1);
    ck_assert_mem_ne(&a, &b, sizeof a);
    random_stream(&b, 9, 1, 2);

    ck_assert_mem_eq(&a, &b, sizeof a);
}
END_TEST

START_TEST(one_more_draw_in_a_stream_shifts_nothing_in_another) {
    struct random drawn_often;
    struct random other;
    struct random alone;
    random_stream(&drawn_often, 3, 4, 1);
    random_stream(&other, 3, 4, 2);
    random_stream(&alone, 3, 4, 2);

    for (unsigned i = 0; i < DRAWS; i++) {
        for (unsigned extra = 0; extra < i % 3; extra++) {
            random_next(&drawn_often);
        }
        ck_assert_uint_eq(random_next(&other), random_next(&alone));
    }
}
END_TEST

START_TEST(mixing_takes_every_bit_of_both_words_into_account) {
    const uint64_t base = random_mix(42, 43);

    for (unsigned bit = 0; bit < 64; bit++) {
        const uint64_t a = random_mix(42 ^ UINT64_C(1) << bit, 43) ^ base;
        const uint64_t b = random_mix(42, 43 ^ UINT64_C(1) << bit) ^ base;

        /* Half of the bits change: between 12 and 52 of 64 is five standard deviations. */
        ck_assert_int_ge(__builtin_popcountll(a), 12);
        ck_assert_int_le(__builtin_popcountll(a), 52);
        ck_assert_int_ge(__builtin_popcountll(b), 12);
        ck_assert_int_le(__builtin_popcountll(b), 52);
    }
    ck_assert_uint_ne(random_mix(1, 2), random_mix(2, 1));
}
END_TEST

SUITE(random) {
    SUITE_TEST(it_is_the_published_xoshiro256_plus_plus);
    SUITE_TEST(seeding_is_the_published_splitmix64);
    SUITE_TEST(every_seed_gives_the_numbers_of_the_twin);
    SUITE_TEST(a_bounded_number_is_the_upper_word_of_the_product);
    SUITE_TEST(bounded_numbers_are_even);
    SUITE_TEST(streams_of_other_kinds_nodes_and_seeds_share_no_number);
    SUITE_TEST(kind_and_node_are_told_apart);
    SUITE_TEST(one_more_draw_in_a_stream_shifts_nothing_in_another);
    SUITE_TEST(mixing_takes_every_bit_of_both_words_into_account);
}
