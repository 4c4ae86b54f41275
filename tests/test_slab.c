#include "tests/suite.h"

#include "executor/slab.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_SIZE 512
#define PAGE_SLOTS ((EX_MEMORY_PAGE_SIZE - EX_SLAB_SLOTS_AT) / SLOT_SIZE)

static struct ex_memory memory;
static struct ex_slab slab;
static struct ex_strand *lists[EX_SLAB_CLASS_COUNT + EX_SLAB_BIG_COUNT];

static void start(void *block, size_t block_size) {
    ex_memory_init(&memory, block, block_size);
    memset(lists, 0, sizeof lists);
    ex_slab_init(&slab, lists, &memory, NULL, NULL);
}

/* All that there is, up to `count_max` slots. */
static size_t take_slots(size_t count_max) {
    size_t count = 0;

    while (count < count_max && ex_slab_allocate(&slab, SLOT_SIZE) != NULL) {
        count++;
    }
    return count;
}

START_TEST(a_walk_finds_every_slot_of_every_page_once) {
    const size_t count = 40 * PAGE_SLOTS + 7; /* several times the pages that are taken at once */
    size_t found = 0;
    start(NULL, 0);

    ck_assert_uint_eq(take_slots(count), count);

    for (struct ex_strand *slot = ex_slab_next(&slab, NULL); slot != NULL;
         slot = ex_slab_next(&slab, slot)) {
        ck_assert_uint_eq((uintptr_t)slot % EX_SLAB_STEP, 0);
        ck_assert_uint_eq(slot->generation, 0);
        slot->generation = 1;
        found++;
    }
    ck_assert_uint_eq(found, count);
    ex_slab_deinit(&slab);
}
END_TEST

START_TEST(a_block_of_the_users_is_used_to_its_last_page) {
    const size_t page_count = (size_t)_i;
    unsigned char *const block =
        aligned_alloc(EX_MEMORY_PAGE_SIZE, page_count * EX_MEMORY_PAGE_SIZE);
    ck_assert_ptr_nonnull(block);
    start(block, page_count * EX_MEMORY_PAGE_SIZE);

    ck_assert_uint_eq(take_slots(SIZE_MAX), page_count * PAGE_SLOTS);

    ex_slab_deinit(&slab);
    free(block);
}
END_TEST

START_TEST(what_is_freed_comes_back_before_anything_new) {
    start(NULL, 0);
    struct ex_strand *const first = ex_slab_allocate(&slab, SLOT_SIZE);
    struct ex_strand *const second = ex_slab_allocate(&slab, SLOT_SIZE);

    ex_slab_free(first);
    ex_slab_free(second);

    ck_assert_ptr_eq(ex_slab_allocate(&slab, SLOT_SIZE), second);
    ck_assert_ptr_eq(ex_slab_allocate(&slab, SLOT_SIZE), first);
    ex_slab_deinit(&slab);
}
END_TEST

SUITE(slab) {
    SUITE_TEST(a_walk_finds_every_slot_of_every_page_once);
    SUITE_LOOP(a_block_of_the_users_is_used_to_its_last_page, 1, 8);
    SUITE_TEST(what_is_freed_comes_back_before_anything_new);
}
