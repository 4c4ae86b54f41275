/* The agenda against tables and at its borders; test_agenda_twin.c holds it against an array. */
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/agenda.h"
#include "sim/panic.h"
#include "sim/random.h"
#include "tests/suite.h"

#define LAST (AGENDA_NEVER - 1)
#define SECOND UINT64_C(1000000000)
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* Memory full of rubbish, since an agenda may not expect zeros. */
static struct agenda *create(uint32_t capacity) {
    const uint64_t size = agenda_size(capacity);
    void *memory = aligned_alloc(64, size);
    ck_assert_ptr_nonnull(memory);
    memset(memory, 0xa5, size);
    return agenda_init(memory, capacity);
}

static uint64_t insert(struct agenda *agenda, uint64_t due_ns, uint64_t value) {
    const uint64_t handle = agenda_insert(agenda, due_ns, 1, 2, value);
    agenda_verify(agenda);
    return handle;
}

static bool cancel(struct agenda *agenda, uint64_t handle) {
    const bool cancelled = agenda_cancel(agenda, handle);
    agenda_verify(agenda);
    return cancelled;
}

/* The value of the entry that is due first at now_ns, UINT64_MAX when none is. */
static uint64_t pop(struct agenda *agenda, uint64_t now_ns) {
    struct agenda_item item;
    const bool popped = agenda_pop(agenda, now_ns, &item);
    agenda_verify(agenda);
    return popped ? item.value : UINT64_MAX;
}

static jmp_buf panicked;

static void panic_jump(const char *file, int line, const char *what) {
    (void)file;
    (void)line;
    (void)what;
    longjmp(panicked, 1);
}

/* Passes when the expression panics. */
#define EXPECT_PANIC(expression)                                                                   \
    do {                                                                                           \
        panic_install(panic_jump);                                                                 \
        if (setjmp(panicked) == 0) {                                                               \
            expression;                                                                            \
            ck_abort_msg("no panic: %s", #expression);                                             \
        }                                                                                          \
        panic_install(NULL);                                                                       \
    } while (0)

/* ---- tables ---- */

START_TEST(entries_come_out_by_due_time_and_then_in_order_of_insertion) {
    static const struct {
        uint64_t due[6];
        uint64_t order[6]; /* positions in due */
    } rows[] = {
        {{1, 2, 3, 4, 5, 6}, {0, 1, 2, 3, 4, 5}},
        {{6, 5, 4, 3, 2, 1}, {5, 4, 3, 2, 1, 0}},
        {{7, 7, 7, 7, 7, 7}, {0, 1, 2, 3, 4, 5}},
        {{0, 1, 0, 1, 0, 1}, {0, 2, 4, 1, 3, 5}},
        {{256, 255, 257, 0, 65536, 65535}, {3, 1, 0, 2, 5, 4}},
        {{SECOND, 1, 3600 * SECOND, 2, 5 * SECOND, SECOND}, {1, 3, 0, 5, 4, 2}},
        {{LAST, LAST - 1, LAST, UINT64_C(1) << 63, 0, LAST - 1}, {4, 3, 1, 5, 0, 2}},
        {{UINT64_C(1) << 56, 1, UINT64_C(1) << 48, 1, UINT64_C(1) << 40, 0}, {5, 1, 3, 4, 2, 0}},
    };

    for (size_t row = 0; row < COUNT_OF(rows); row++) {
        struct agenda *agenda = create(6);
        for (uint64_t i = 0; i < 6; i++) {
            ck_assert_uint_ne(insert(agenda, rows[row].due[i], i), 0);
        }

        for (size_t i = 0; i < 6; i++) {
            const uint64_t expected = rows[row].order[i];
            ck_assert_uint_eq(agenda_next_ns(agenda), rows[row].due[expected]);
            ck_assert_uint_eq(pop(agenda, LAST), expected);
        }
        ck_assert_uint_eq(agenda_next_ns(agenda), AGENDA_NEVER);
        free(agenda);
    }
}
END_TEST

START_TEST(equal_deadlines_come_out_by_sequence_from_whatever_distance_they_were_inserted) {
    /* The first is inserted from afar, the second when the first has moved down on the way, the
     * third at the deadline's own nanosecond. */
    for (unsigned bits = 1; bits < 64; bits++) {
        const uint64_t due = (UINT64_C(1) << bits) + (UINT64_C(1) << (bits / 2));
        struct agenda *agenda = create(8);
        insert(agenda, due, 0);
        insert(agenda, UINT64_C(1) << bits, 100);
        ck_assert_uint_eq(pop(agenda, UINT64_C(1) << bits), 100);
        insert(agenda, due, 1);
        insert(agenda, due - 1, 101);
        ck_assert_uint_eq(pop(agenda, due - 1), 101);
        insert(agenda, due, 2);

        for (uint64_t i = 0; i < 3; i++) {
            ck_assert_uint_eq(pop(agenda, due), i);
        }
        free(agenda);
    }
}
END_TEST

START_TEST(an_entry_comes_out_at_its_time_and_not_a_nanosecond_before) {
    for (unsigned bits = 0; bits < 64; bits++) {
        const uint64_t due = UINT64_C(1) << bits;
        struct agenda *agenda = create(1);
        insert(agenda, due, 7);

        ck_assert_uint_eq(pop(agenda, due - 1), UINT64_MAX);
        ck_assert_uint_eq(agenda_next_ns(agenda), due);
        ck_assert_uint_eq(pop(agenda, due), 7);
        free(agenda);
    }
}
END_TEST

START_TEST(what_is_overdue_when_inserted_comes_out_first_and_by_due_time) {
    static const uint64_t due[] = {50, 99, 100, 50, 0, 101, 99};
    static const uint64_t order[] = {4, 0, 3, 1, 6, 2, 5};
    struct agenda *agenda = create(16);
    insert(agenda, 100, 100);
    ck_assert_uint_eq(pop(agenda, 100), 100);

    for (uint64_t i = 0; i < COUNT_OF(due); i++) {
        insert(agenda, due[i], i);
    }

    for (size_t i = 0; i < COUNT_OF(due); i++) {
        ck_assert_uint_eq(agenda_next_ns(agenda), due[order[i]]);
        ck_assert_uint_eq(pop(agenda, 101), order[i]);
    }
    free(agenda);
}
END_TEST

START_TEST(an_item_comes_out_as_it_went_in) {
    struct agenda *agenda = create(2);
    struct agenda_item item;
    agenda_insert(agenda, 9, 0, 0, 0);
    const uint64_t handle = agenda_insert(agenda, 5, UINT32_MAX, 77, UINT64_MAX);

    ck_assert(agenda_pop(agenda, 5, &item));

    ck_assert_uint_eq(item.due_ns, 5);
    ck_assert_uint_eq(item.sequence, 2);
    ck_assert_uint_eq(item.handle, handle);
    ck_assert_uint_eq(item.handler, UINT32_MAX);
    ck_assert_uint_eq(item.subject, 77);
    ck_assert_uint_eq(item.value, UINT64_MAX);
    free(agenda);
}
END_TEST

/* ---- borders ---- */

START_TEST(an_empty_agenda_is_never_due) {
    struct agenda *agenda = create(1);

    ck_assert_uint_eq(agenda_next_ns(agenda), AGENDA_NEVER);
    ck_assert_uint_eq(pop(agenda, AGENDA_NEVER), UINT64_MAX);
    ck_assert_uint_eq(agenda_count(agenda), 0);
    free(agenda);
}
END_TEST

START_TEST(the_last_nanosecond_is_a_time_and_never_is_not) {
    struct agenda *agenda = create(2);
    insert(agenda, LAST, 1);

    EXPECT_PANIC(agenda_insert(agenda, AGENDA_NEVER, 0, 0, 0));

    ck_assert_uint_eq(agenda_count(agenda), 1);
    ck_assert_uint_eq(agenda_next_ns(agenda), LAST);
    ck_assert_uint_eq(pop(agenda, AGENDA_NEVER), 1);
    free(agenda);
}
END_TEST

START_TEST(time_may_stand_still_but_not_go_back) {
    struct agenda *agenda = create(2);
    pop(agenda, 10);
    pop(agenda, 10);

    EXPECT_PANIC(pop(agenda, 9));

    free(agenda);
}
END_TEST

START_TEST(a_full_agenda_takes_nothing_until_there_is_room) {
    static const uint32_t capacities[] = {1, 2, 63, 64, 65, 1000};

    for (size_t row = 0; row < COUNT_OF(capacities); row++) {
        const uint32_t capacity = capacities[row];
        struct agenda *agenda = create(capacity);
        for (uint32_t i = 0; i < capacity; i++) {
            ck_assert_uint_ne(agenda_insert(agenda, capacity - i, 0, 0, i), 0);
        }

        ck_assert_uint_eq(insert(agenda, 0, 0), 0);
        ck_assert_uint_eq(agenda_count(agenda), capacity);
        ck_assert_uint_eq(agenda_next_ns(agenda), 1);
        ck_assert_uint_eq(pop(agenda, 1), capacity - 1);
        const uint64_t handle = insert(agenda, 5, 0);
        ck_assert_uint_ne(handle, 0);
        ck_assert_uint_eq(insert(agenda, 5, 0), 0);
        ck_assert(cancel(agenda, handle));
        ck_assert_uint_ne(insert(agenda, 5, 0), 0);
        ck_assert_uint_eq(insert(agenda, 5, 0), 0);
        free(agenda);
    }
}
END_TEST

START_TEST(a_capacity_must_be_one_that_a_handle_can_name) {
    ck_assert_uint_eq(agenda_size(1) % 64, 0);
    ck_assert_uint_eq(agenda_size(AGENDA_CAPACITY_MAX) % 64, 0);

    EXPECT_PANIC(agenda_size(0));
    EXPECT_PANIC(agenda_size(AGENDA_CAPACITY_MAX + 1));
}
END_TEST

START_TEST(memory_is_touched_only_as_far_as_it_is_used) {
    const uint32_t capacity = 1000;
    const uint64_t size = agenda_size(capacity);
    const uint64_t spare = agenda_size(capacity) - agenda_size(10);
    struct agenda *agenda = create(capacity);
    unsigned char *rubbish = malloc(spare);
    ck_assert_ptr_nonnull(rubbish);
    memset(rubbish, 0xa5, spare);

    for (uint64_t round = 0; round < 20; round++) {
        for (uint64_t i = 0; i < 10; i++) {
            ck_assert_uint_ne(insert(agenda, round * 1000 + i * 300, i), 0);
        }
        for (uint64_t i = 0; i < 10; i++) {
            ck_assert_uint_eq(pop(agenda, round * 1000 + 3000), i);
        }
        agenda_reset(agenda);
    }

    ck_assert_mem_eq((unsigned char *)agenda + size - spare, rubbish, spare);
    free(rubbish);
    free(agenda);
}
END_TEST

/* ---- handles ---- */

START_TEST(a_cancelled_entry_never_comes_out) {
    static const uint64_t due[] = {10, 20, 20, 300, 70000, 20};

    for (uint64_t gone = 0; gone < COUNT_OF(due); gone++) {
        static const uint64_t order[] = {0, 1, 2, 5, 3, 4};
        uint64_t handles[COUNT_OF(due)];
        struct agenda *agenda = create(COUNT_OF(due));
        for (uint64_t i = 0; i < COUNT_OF(due); i++) {
            handles[i] = insert(agenda, due[i], i);
        }

        ck_assert(cancel(agenda, handles[gone]));

        ck_assert_uint_eq(agenda_next_ns(agenda), gone == 0 ? 20 : 10);
        for (size_t i = 0; i < COUNT_OF(order); i++) {
            if (order[i] != gone) {
                ck_assert_uint_eq(pop(agenda, LAST), order[i]);
            }
        }
        ck_assert_uint_eq(agenda_count(agenda), 0);
        free(agenda);
    }
}
END_TEST

START_TEST(a_handle_works_once_and_never_on_the_entry_that_took_the_place) {
    struct agenda *agenda = create(1);
    const uint64_t popped = insert(agenda, 1, 0);
    ck_assert_uint_eq(pop(agenda, 1), 0);

    ck_assert(!cancel(agenda, popped));
    const uint64_t cancelled = insert(agenda, 2, 0);
    ck_assert(!cancel(agenda, popped));
    ck_assert(cancel(agenda, cancelled));
    ck_assert(!cancel(agenda, cancelled));
    const uint64_t alive = insert(agenda, 3, 33);
    ck_assert(!cancel(agenda, popped));
    ck_assert(!cancel(agenda, cancelled));
    ck_assert_uint_ne(alive, cancelled);
    ck_assert_uint_ne(alive, popped);
    ck_assert_uint_eq(pop(agenda, 3), 33);
    free(agenda);
}
END_TEST

START_TEST(what_is_no_handle_cancels_nothing) {
    static const uint64_t handles[] =
        {0, 1, 2, 3, UINT64_MAX, UINT64_C(1) << 63, 0xa5a5a5a5a5a5a5a5};
    struct agenda *agenda = create(4);
    insert(agenda, 5, 0);

    for (size_t i = 0; i < COUNT_OF(handles); i++) {
        ck_assert(!cancel(agenda, handles[i]));
    }
    ck_assert_uint_eq(agenda_count(agenda), 1);
    free(agenda);
}
END_TEST

START_TEST(after_a_reset_all_is_as_after_init) {
    struct agenda *used = create(300);
    struct random random;
    random_init(&random, 3);
    for (uint64_t i = 0; i < 300; i++) {
        const uint64_t draw = random_next(&random);
        agenda_insert(used, draw >> (i % 64), 0, 0, i);
        if (i % 3 == 0) {
            pop(used, LAST);
        }
    }
    struct agenda *fresh = create(300);

    agenda_reset(used);
    agenda_verify(used);

    ck_assert_uint_eq(agenda_count(used), 0);
    ck_assert_uint_eq(agenda_next_ns(used), AGENDA_NEVER);
    ck_assert_uint_eq(pop(used, 0), UINT64_MAX);
    for (uint64_t i = 0; i < 300; i++) {
        const uint64_t due = random_below(&random, 1000);
        ck_assert_uint_eq(insert(used, due, i), insert(fresh, due, i));
    }
    for (uint64_t now = 0; agenda_count(fresh) > 0; now += 10) {
        ck_assert_uint_eq(pop(used, now), pop(fresh, now));
    }
    ck_assert_uint_eq(agenda_count(used), 0);
    free(fresh);
    free(used);
}
END_TEST

/* ---- many entries ---- */

START_TEST(a_hundred_thousand_entries_come_out_in_order_with_every_third_cancelled) {
    const uint32_t count = 100000;
    struct agenda *agenda = create(count);
    uint64_t *handles = calloc(count, sizeof *handles);
    ck_assert_ptr_nonnull(handles);
    struct random random;
    random_init(&random, 1);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t span = i % 2 == 0 ? 1000 * SECOND : count / 8; /* the latter: many ties */
        handles[i] = agenda_insert(agenda, random_below(&random, span), 0, 0, i);
    }
    for (uint32_t i = 0; i < count; i += 3) {
        ck_assert(agenda_cancel(agenda, handles[i]));
    }
    agenda_verify(agenda);

    struct agenda_item last = {0};
    struct agenda_item item;
    uint32_t popped = 0;
    for (; agenda_pop(agenda, agenda_next_ns(agenda), &item); popped++) {
        ck_assert(item.due_ns > last.due_ns ||
                  (item.due_ns == last.due_ns && item.sequence > last.sequence));
        ck_assert_uint_ne(item.value % 3, 0);
        last = item;
        if (popped % 4096 == 0) {
            agenda_verify(agenda);
        }
    }

    ck_assert_uint_eq(popped, count - (count + 2) / 3);
    free(handles);
    free(agenda);
}
END_TEST

START_TEST(verify_catches_an_entry_that_was_changed_from_outside) {
    const uint64_t due = UINT64_C(0x1234567890abcdef);
    struct agenda *agenda = create(4);
    insert(agenda, due, 0);
    insert(agenda, due - 1, 1);
    insert(agenda, due + 1, 2);
    uint32_t changed = 0;

    /* The due time alone stands in its entry; the earliest stands also in the agenda. */
    unsigned char *bytes = (unsigned char *)agenda;
    for (uint64_t at = 0; at + sizeof due <= agenda_size(4); at += sizeof due) {
        if (memcmp(bytes + at, &due, sizeof due) == 0) {
            bytes[at] = 0;
            changed++;
        }
    }

    ck_assert_uint_eq(changed, 1);
    EXPECT_PANIC(agenda_verify(agenda));
    free(agenda);
}
END_TEST

SUITE(agenda) {
    SUITE_TEST(entries_come_out_by_due_time_and_then_in_order_of_insertion);
    SUITE_TEST(equal_deadlines_come_out_by_sequence_from_whatever_distance_they_were_inserted);
    SUITE_TEST(an_entry_comes_out_at_its_time_and_not_a_nanosecond_before);
    SUITE_TEST(what_is_overdue_when_inserted_comes_out_first_and_by_due_time);
    SUITE_TEST(an_item_comes_out_as_it_went_in);
    SUITE_TEST(an_empty_agenda_is_never_due);
    SUITE_TEST(the_last_nanosecond_is_a_time_and_never_is_not);
    SUITE_TEST(time_may_stand_still_but_not_go_back);
    SUITE_TEST(a_full_agenda_takes_nothing_until_there_is_room);
    SUITE_TEST(a_capacity_must_be_one_that_a_handle_can_name);
    SUITE_TEST(memory_is_touched_only_as_far_as_it_is_used);
    SUITE_TEST(a_cancelled_entry_never_comes_out);
    SUITE_TEST(a_handle_works_once_and_never_on_the_entry_that_took_the_place);
    SUITE_TEST(what_is_no_handle_cancels_nothing);
    SUITE_TEST(after_a_reset_all_is_as_after_init);
    SUITE_TEST(a_hundred_thousand_entries_come_out_in_order_with_every_third_cancelled);
    SUITE_TEST(verify_catches_an_entry_that_was_changed_from_outside);
}
