/* Display ids of words in memory. */
#include "sim/granule.h"

#include <stdlib.h>

#include "sim/random.h"
#include "tests/schedule_fixture.h"
#include "tests/suite.h"

#define WORDS 3000

static struct granules granules;
static uint64_t memory[WORDS];
static uint32_t expected[WORDS]; /* 0 = a new one */

static void use_and_forget(uint32_t thread) {
    struct random dice;
    uint32_t last = schedule->objects;
    (void)thread;
    random_init(&dice, 1);
    for (uint32_t i = 0; i < WORDS; i++) {
        expected[i] = 0;
    }
    for (uint32_t turn = 0; turn < 20000; turn++) {
        const uint32_t word = (uint32_t)random_below(&dice, WORDS);
        if (random_below(&dice, 50) == 0) {
            uint32_t count = (uint32_t)random_below(&dice, turn % 2 == 0 ? 5 : WORDS);
            count = count < WORDS - word ? count : WORDS - word;
            granule_forget(&granules, &memory[word], count * sizeof memory[0]);
            for (uint32_t i = 0; i < count; i++) {
                expected[word + i] = 0;
            }
            continue;
        }
        const char *byte = (const char *)&memory[word] + random_below(&dice, sizeof memory[0]);
        const uint32_t object = granule_named(&granules, (uintptr_t)byte)->object;
        ck_assert_uint_eq(object, expected[word] == 0 ? last + 1 : expected[word]);
        last = expected[word] == 0 ? object : last;
        expected[word] = object;
    }
}

static void begin(void) {
    granules_begin(&granules);
}

static void open_granules(void) {
    static struct arena arena;
    void *block = aligned_alloc(64, granule_arena_size() + 4096);
    ck_assert_ptr_nonnull(block);
    open_handler();
    arena_init(&arena, block, granule_arena_size() + 4096);
    granules_init(&granules, &arena, schedule);
    fixture.begin = begin;
}

START_TEST(a_word_keeps_its_id_until_it_is_forgotten) {
    open_granules();
    for (unsigned run = 0; run < 3; run++) { /* the tables are not cleared between */
        ck_assert_int_eq(run_fifo(1, use_and_forget), VERDICT_PASS);
    }
}
END_TEST

static void use_too_many(uint32_t thread) {
    (void)thread;
    for (uint64_t i = 0; i <= GRANULES_MAX; i++) {
        granule_named(&granules, 4096 + i * 8);
    }
}

START_TEST(more_words_than_there_is_room_for_end_the_run) {
    open_granules();
    ck_assert_int_eq(run_fifo(1, use_too_many), VERDICT_LIMIT);
    ck_assert_str_eq(fixture.verdict.message, "more than 2097152 words of memory are accessed");
}
END_TEST

SUITE(granule) {
    SUITE_TEST(a_word_keeps_its_id_until_it_is_forgotten);
    SUITE_TEST(more_words_than_there_is_room_for_end_the_run);
}
