/* The door for chance: what is recorded, and what a replay makes of it. */
#include "sim/choices.h"

#include <string.h>

#include "tests/suite.h"

#define CAPACITY (1u << 18)
#define SCRIPT_MAX (1u << 18)
#define DECIDERS 5
#define ASKED 2000
#define LONG_RUN 200000
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static struct choices door;
static struct choice record[CAPACITY];
static struct choice script[SCRIPT_MAX];
static struct decider deciders[DECIDERS];

static void open_door(void) {
    void *index = malloc(choices_index_size(SCRIPT_MAX));
    ck_assert_ptr_nonnull(index);
    memset(index, 0xa5, choices_index_size(SCRIPT_MAX)); /* it need not be empty */
    choices_init(&door, record, CAPACITY, index, SCRIPT_MAX);
}

static void begin(enum choices_mode mode, uint64_t seed, uint64_t script_count) {
    choices_begin(&door, mode, seed, script_count == 0 ? NULL : script, script_count);
    for (unsigned i = 0; i < DECIDERS; i++) {
        deciders[i] = (struct decider){.identity = random_mix(77, i)};
    }
}

/* What was recorded is to be followed from now on. */
static uint64_t keep(void) {
    memcpy(script, record, door.record_count * sizeof *script);
    return door.record_count;
}

static uint64_t decide(unsigned who, enum choice_kind kind, uint64_t alternatives, uint64_t taken) {
    return choices_decide(&door, kind, &deciders[who], NULL, alternatives, taken, 0);
}

/* The n-th question of a run that asks in every way; `shift` makes another run of it. */
static uint64_t ask(uint64_t n, uint64_t shift) {
    struct decider *who = &deciders[random_mix(n, shift) % DECIDERS];
    const uint32_t node = (uint32_t)(n % 3);
    switch (n % 5) {
    case 0:
        return choices_draw(&door, CHOICE_LATENCY, node, who, NULL, 0);
    case 1:
        return choices_chance(&door, CHOICE_LOSS, node, who, NULL, 1, 3);
    case 2:
        return choices_number(&door, node);
    case 3: {
        const uint64_t count = 2 + n % 7;
        const uint64_t taken = door.mode == CHOICES_DRAW ? random_mix(n, 3) % count : 0;
        return choices_decide(&door, CHOICE_FAULT, who, NULL, count, taken, 0);
    }
    default:
        return choices_draw(&door, CHOICE_SHORT, node, who, NULL, 10);
    }
}

/* ---- recording ---- */

START_TEST(drawing_records_what_is_not_alternative_0_and_its_label) {
    static const int place;
    open_door();
    begin(CHOICES_DRAW, 1, 0);

    ck_assert_uint_eq(decide(0, CHOICE_FAULT, 3, 0), 0);
    ck_assert_uint_eq(choices_decide(&door, CHOICE_SCHEDULE, &deciders[1], &place, 4, 3, 0xabcdef),
                      3);
    ck_assert_uint_eq(decide(1, CHOICE_FAULT, 2, 0), 0);
    ck_assert_uint_eq(decide(1, CHOICE_PORT, 0, UINT64_MAX), UINT64_MAX);

    ck_assert_uint_eq(door.at, 4);
    ck_assert_uint_eq(door.record_count, 2);
    const struct choice first = {.who = random_mix(77, 1),
                                 .taken = 0xabcdef,
                                 .last = 3,
                                 .site = (uint64_t)(uintptr_t)&place,
                                 .at = 2,
                                 .ordinal = 1,
                                 .kind = CHOICE_SCHEDULE};
    const struct choice second = {.who = random_mix(77, 1),
                                  .taken = UINT64_MAX,
                                  .at = 4,
                                  .ordinal = 3,
                                  .last = UINT32_MAX,
                                  .kind = CHOICE_PORT};
    ck_assert_mem_eq(&record[0], &first, sizeof first);
    ck_assert_mem_eq(&record[1], &second, sizeof second);
}
END_TEST

START_TEST(in_mode_zero_what_is_drawn_is_0_and_numbers_are_not) {
    open_door();
    begin(CHOICES_ZERO, 1, 0);

    uint64_t numbers = 0;
    for (uint64_t n = 0; n < ASKED; n++) {
        const uint64_t taken = ask(n, 0);
        if (n % 5 == 2) {
            numbers += taken != 0;
        } else {
            ck_assert_uint_eq(taken, 0);
        }
    }

    ck_assert_uint_eq(numbers, ASKED / 5);
    ck_assert_uint_eq(door.record_count, 0);
    ck_assert_uint_eq(door.at, ASKED - ASKED / 5); /* a number is no choice */
}
END_TEST

START_TEST(a_chance_is_as_likely_as_it_says) {
    enum { TIMES = 64000 };
    static const uint32_t parts[][2] = {{0, 1}, {1, 64}, {1, 2}, {63, 64}, {1, 1}};
    open_door();
    begin(CHOICES_DRAW, 6, 0);

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        uint32_t count = 0;
        for (unsigned n = 0; n < TIMES; n++) {
            count += choices_chance(&door,
                                    CHOICE_LOSS,
                                    (uint32_t)i,
                                    &deciders[0],
                                    NULL,
                                    parts[i][0],
                                    parts[i][1]);
        }
        const uint32_t expected = TIMES * parts[i][0] / parts[i][1];
        ck_assert_uint_le(count, expected + 640); /* five standard deviations */
        ck_assert_uint_ge(count + 640, expected);
        ck_assert(expected % TIMES != 0 || count == expected); /* never, and always */
    }
}
END_TEST

START_TEST(a_draw_here_shifts_nothing_there) {
    uint64_t alone[20];
    open_door();
    begin(CHOICES_DRAW, 9, 0);
    for (unsigned i = 0; i < COUNT_OF(alone); i++) {
        alone[i] = choices_draw(&door, CHOICE_LATENCY, 1, &deciders[0], NULL, 0);
    }
    begin(CHOICES_DRAW, 9, 0);

    for (unsigned i = 0; i < COUNT_OF(alone); i++) {
        choices_draw(&door, CHOICE_LATENCY, 2, &deciders[0], NULL, 0); /* another node */
        choices_draw(&door, CHOICE_LOSS, 1, &deciders[0], NULL, 0);    /* another kind */
        choices_number(&door, 1);
        const uint64_t drawn = choices_draw(&door, CHOICE_LATENCY, 1, &deciders[0], NULL, 0);
        ck_assert_uint_eq(drawn, alone[i]);
    }
}
END_TEST

START_TEST(a_run_starts_its_streams_anew) {
    open_door();
    begin(CHOICES_DRAW, 9, 0);
    const uint64_t first = choices_number(&door, 1);
    const uint64_t second = choices_number(&door, 1);
    ck_assert_uint_ne(first, second);

    begin(CHOICES_DRAW, 9, 0);
    ck_assert_uint_eq(choices_number(&door, 1), first);
    begin(CHOICES_DRAW, 10, 0);
    ck_assert_uint_ne(choices_number(&door, 1), first);
}
END_TEST

START_TEST(a_full_record_says_that_the_run_must_end) {
    void *index = malloc(choices_index_size(3));
    choices_init(&door, record, 3, index, 3);
    record[3].kind = 123;
    begin(CHOICES_DRAW, 1, 0);

    for (unsigned i = 0; i < 3; i++) {
        ck_assert(!door.overflow);
        ck_assert_uint_eq(decide(0, CHOICE_FAULT, 9, 5), 5);
        ck_assert_uint_eq(decide(0, CHOICE_FAULT, 9, i == 2 ? 5 : 0), 0); /* as in a replay */
    }

    ck_assert(door.overflow);
    ck_assert_uint_eq(door.record_count, 3);
    ck_assert_uint_eq(record[3].kind, 123);
    begin(CHOICES_DRAW, 1, 0);
    ck_assert(!door.overflow);
    free(index);
}
END_TEST

START_TEST(every_kind_has_a_word) {
    for (unsigned kind = 0; kind < CHOICE_KIND_COUNT; kind++) {
        ck_assert_str_ne(choice_name(kind), "unknown");
        ck_assert_uint_gt(strlen(choice_name(kind)), 0);
    }
    ck_assert_str_eq(choice_name(CHOICE_KIND_COUNT), "unknown");
}
END_TEST

/* ---- replay ---- */

START_TEST(a_replay_gives_the_same_answers_and_the_same_record) {
    static uint64_t answers[ASKED];
    const enum choices_mode mode = _i == 0 ? CHOICES_STRICT : CHOICES_TOLERANT;
    open_door();
    begin(CHOICES_DRAW, 21, 0);
    for (uint64_t n = 0; n < ASKED; n++) {
        answers[n] = ask(n, 0);
    }
    const uint64_t count = keep();
    ck_assert_uint_gt(count, ASKED / 4);

    begin(mode, 21, count);
    for (uint64_t n = 0; n < ASKED; n++) {
        ck_assert_uint_eq(ask(n, 0), answers[n]);
    }

    ck_assert(!door.diverged);
    ck_assert_uint_eq(door.mismatch_at, 0);
    ck_assert_uint_eq(door.record_count, count);
    ck_assert_mem_eq(record, script, count * sizeof *record);
}
END_TEST

struct mutation {
    const char *what;
    struct choice entry; /* what the script has where {who 0, ordinal 2, fault, 3 of 5} is asked */
};

#define WHO UINT64_C(0x9e3779b97f4a7c15) /* some other thread */

static const struct mutation mutations[] = {
    {"kind", {.last = 4, .taken = 3, .at = 2, .ordinal = 2, .kind = CHOICE_LOSS}},
    {"who", {.who = WHO, .last = 4, .taken = 3, .at = 2, .ordinal = 2, .kind = CHOICE_FAULT}},
    {"ordinal", {.last = 4, .taken = 3, .at = 2, .ordinal = 3, .kind = CHOICE_FAULT}},
    {"last", {.last = 5, .taken = 3, .at = 2, .ordinal = 2, .kind = CHOICE_FAULT}},
    {"taken", {.last = 4, .taken = 5, .at = 2, .ordinal = 2, .kind = CHOICE_FAULT}},
    {"at", {.last = 4, .taken = 3, .at = 1, .ordinal = 2, .kind = CHOICE_FAULT}},
    {"no kind", {.last = 4, .taken = 3, .at = 2, .ordinal = 2, .kind = 255}},
    {"nothing", {.at = 0}},
};
#define MUTATIONS (int)COUNT_OF(mutations)

START_TEST(a_strict_replay_names_both_labels_where_they_differ) {
    open_door();
    script[0] = mutations[_i].entry;
    const bool at_once = script[0].at < 2;
    begin(CHOICES_STRICT, 1, 1);
    script[0].who = script[0].who == 0 ? deciders[0].identity : script[0].who;

    ck_assert_uint_eq(decide(0, CHOICE_FAULT, 5, 0), 0);
    ck_assert(door.diverged == at_once);
    ck_assert_uint_eq(decide(0, CHOICE_FAULT, 5, 0), 0);

    ck_assert(door.diverged);
    ck_assert_uint_eq(door.mismatch_at, at_once ? 1 : 2);
    ck_assert_uint_eq(door.mismatch.who, deciders[0].identity);
    ck_assert_uint_eq(door.mismatch.ordinal, at_once ? 1 : 2);
    ck_assert_uint_eq(door.mismatch.kind, CHOICE_FAULT);
    ck_assert_uint_eq(door.mismatch.last, 4);
    ck_assert_uint_eq(door.script_next, 0); /* the other label is still the next of the script */
}
END_TEST

START_TEST(a_strict_replay_ends_where_the_recorded_agent_is_not_there) {
    open_door();
    begin(CHOICES_DRAW, 1, 0);
    choices_decide(&door, CHOICE_SCHEDULE, &deciders[0], NULL, 3, 2, 1001);
    const uint64_t count = keep();
    begin(CHOICES_STRICT, 1, count);

    const struct choice *wanted = choices_peek(&door, CHOICE_SCHEDULE, &deciders[0]);
    ck_assert_ptr_eq(wanted, &script[0]);
    choices_decide(&door, CHOICE_SCHEDULE, &deciders[0], NULL, 3, 0, 1002);

    ck_assert(door.diverged);
    ck_assert_uint_eq(door.mismatch.taken, 1002);
}
END_TEST

START_TEST(after_the_first_mismatch_a_strict_replay_takes_nothing_more) {
    open_door();
    begin(CHOICES_DRAW, 1, 0);
    decide(0, CHOICE_FAULT, 5, 1);
    decide(0, CHOICE_FAULT, 5, 2);
    decide(0, CHOICE_FAULT, 5, 3);
    const uint64_t count = keep();
    script[1].kind = CHOICE_LOSS;
    begin(CHOICES_STRICT, 1, count);

    ck_assert_uint_eq(decide(0, CHOICE_FAULT, 5, 0), 1);
    ck_assert_uint_eq(decide(0, CHOICE_FAULT, 5, 0), 0);
    ck_assert_uint_eq(decide(0, CHOICE_FAULT, 5, 0), 0);
    ck_assert_uint_eq(door.mismatch_at, 2);
}
END_TEST

START_TEST(a_strict_script_that_is_out_of_order_diverges) {
    open_door();
    begin(CHOICES_DRAW, 1, 0);
    decide(0, CHOICE_FAULT, 5, 1);
    decide(0, CHOICE_FAULT, 5, 2);
    const uint64_t count = keep();
    const struct choice first = script[0];
    script[0] = script[1];
    script[1] = first;
    begin(CHOICES_STRICT, 1, count);

    ck_assert_uint_eq(decide(0, CHOICE_FAULT, 5, 0), 0);
    ck_assert_uint_eq(decide(0, CHOICE_FAULT, 5, 0), 2);
    ck_assert_uint_eq(decide(0, CHOICE_FAULT, 5, 0), 0);
    ck_assert(door.diverged);
    ck_assert_uint_eq(door.mismatch_at, 3);
}
END_TEST

START_TEST(a_tolerant_replay_skips_what_nobody_asks_for) {
    open_door();
    begin(CHOICES_DRAW, 1, 0);
    decide(0, CHOICE_FAULT, 5, 1);
    decide(1, CHOICE_FAULT, 5, 2); /* this thread will not be there */
    decide(0, CHOICE_LOSS, 2, 1);
    decide(2, CHOICE_SHORT, 9, 8);
    const uint64_t count = keep();
    begin(CHOICES_TOLERANT, 1, count);

    ck_assert_uint_eq(decide(2, CHOICE_SHORT, 9, 0), 8); /* in another order */
    ck_assert_uint_eq(decide(3, CHOICE_FAULT, 5, 0), 0); /* one that is new */
    ck_assert_uint_eq(decide(0, CHOICE_FAULT, 5, 0), 1);
    ck_assert_uint_eq(decide(0, CHOICE_LOSS, 2, 0), 1);
    ck_assert_uint_eq(decide(0, CHOICE_LOSS, 2, 0), 0);

    ck_assert_uint_eq(door.mismatch_at, 0);
    ck_assert(!door.diverged);
    ck_assert_uint_eq(door.record_count, 3);
}
END_TEST

START_TEST(a_tolerant_replay_reports_the_first_that_no_longer_fits) {
    open_door();
    begin(CHOICES_DRAW, 1, 0);
    decide(0, CHOICE_FAULT, 5, 1);
    decide(0, CHOICE_FAULT, 5, 4);
    decide(0, CHOICE_FAULT, 5, 3);
    choices_decide(&door, CHOICE_SCHEDULE, &deciders[1], NULL, 3, 2, 1001);
    const uint64_t count = keep();
    begin(CHOICES_TOLERANT, 1, count);

    ck_assert_uint_eq(decide(0, CHOICE_FAULT, 2, 0), 1);
    ck_assert_uint_eq(decide(0, CHOICE_FAULT, 4, 0), 0);
    ck_assert_uint_eq(decide(0, CHOICE_FAULT, 3, 0), 0);

    ck_assert(!door.diverged);
    ck_assert_uint_eq(door.mismatch_at, 2);
    ck_assert_uint_eq(door.mismatch.last, 3);
    ck_assert_uint_eq(door.mismatch.ordinal, 2);
}
END_TEST

START_TEST(a_tolerant_replay_finds_an_agent_by_identity_or_says_that_it_is_gone) {
    open_door();
    begin(CHOICES_DRAW, 1, 0);
    choices_decide(&door, CHOICE_SCHEDULE, &deciders[0], NULL, 3, 2, 1001);
    choices_decide(&door, CHOICE_SCHEDULE, &deciders[0], NULL, 3, 1, 1002);
    const uint64_t count = keep();
    begin(CHOICES_TOLERANT, 1, count);

    /* It stands elsewhere now: the scheduler proposes its place. */
    ck_assert_uint_eq(choices_peek(&door, CHOICE_SCHEDULE, &deciders[0])->taken, 1001);
    const uint64_t place = choices_decide(&door, CHOICE_SCHEDULE, &deciders[0], NULL, 9, 7, 1001);
    ck_assert_uint_eq(place, 7);
    ck_assert_uint_eq(door.mismatch_at, 0);
    ck_assert_uint_eq(choices_peek(&door, CHOICE_SCHEDULE, &deciders[0])->taken, 1002);
    const uint64_t none = choices_decide(&door, CHOICE_SCHEDULE, &deciders[0], NULL, 9, 0, 7777);

    ck_assert_uint_eq(none, 0);
    ck_assert_uint_eq(door.mismatch_at, 2);
    ck_assert_uint_eq(door.mismatch.taken, 7777);
    ck_assert_ptr_null(choices_peek(&door, CHOICE_SCHEDULE, &deciders[0]));
}
END_TEST

START_TEST(peeking_counts_nothing) {
    open_door();
    begin(CHOICES_DRAW, 1, 0);
    decide(0, CHOICE_FAULT, 5, 0);
    choices_decide(&door, CHOICE_SCHEDULE, &deciders[0], NULL, 3, 2, 1001);
    const uint64_t count = keep();
    begin(_i == 0 ? CHOICES_STRICT : CHOICES_TOLERANT, 1, count);

    for (unsigned i = 0; i < 3; i++) {
        ck_assert_ptr_null(choices_peek(&door, CHOICE_SCHEDULE, &deciders[0]));
    }
    decide(0, CHOICE_FAULT, 5, 0);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_ptr_eq(choices_peek(&door, CHOICE_SCHEDULE, &deciders[0]), &script[0]);
    }
    ck_assert_uint_eq(door.at, 1);
}
END_TEST

/* ---- the index against a naive twin: a search from the front ---- */

static const struct choice *twin_find(uint64_t count, uint32_t kind, const struct decider *who) {
    for (uint64_t i = 0; i < count; i++) {
        if (script[i].kind == kind && script[i].who == who->identity &&
            script[i].ordinal == who->choices + 1) {
            return &script[i];
        }
    }
    return NULL;
}

START_TEST(the_index_finds_what_a_search_from_the_front_finds) {
    static const uint64_t counts[] = {0, 1, 2, 3, 4, 5, 64, 500};
    struct random dice;
    random_init(&dice, (uint64_t)_i);
    uint64_t found = 0;
    open_door();
    for (size_t c = 0; c < COUNT_OF(counts); c++) {
        const uint64_t count = counts[c];
        for (uint64_t i = 0; i < count; i++) { /* labels come twice, and kinds that are none */
            script[i] = (struct choice){.who = random_below(&dice, 4),
                                        .ordinal = (uint32_t)random_below(&dice, 40),
                                        .kind = random_below(&dice, 12) & 255,
                                        .taken = random_next(&dice),
                                        .at = random_next(&dice) & UINT32_MAX};
        }
        begin(CHOICES_TOLERANT, 1, count);
        for (uint32_t kind = 0; kind < CHOICE_KIND_COUNT; kind++) {
            for (uint32_t n = 0; n < 200; n++) {
                const struct decider who = {n % 5, n / 5};
                const struct choice *twin = twin_find(count, kind, &who);
                ck_assert_ptr_eq(choices_peek(&door, (enum choice_kind)kind, &who), twin);
                found += twin != NULL;
            }
        }
    }
    ck_assert_uint_gt(found, 100);
}
END_TEST

/* With a search from the front, this would be 10^10 comparisons. */
START_TEST(a_long_run_replays_tolerantly_in_no_time) {
    open_door();
    begin(CHOICES_DRAW, 1, 0);
    for (uint64_t n = 0; n < LONG_RUN; n++) {
        decide((unsigned)(n % DECIDERS), CHOICE_FAULT, 1000, 1 + n % 999);
    }
    const uint64_t count = keep();
    ck_assert_uint_eq(count, LONG_RUN);
    begin(CHOICES_TOLERANT, 1, count);

    for (uint64_t n = 0; n < LONG_RUN; n++) {
        ck_assert_uint_eq(decide((unsigned)(n % DECIDERS), CHOICE_FAULT, 1000, 0), 1 + n % 999);
    }
    for (uint64_t n = 0; n < LONG_RUN; n++) { /* and those that it does not find */
        ck_assert_uint_eq(decide((unsigned)(n % DECIDERS), CHOICE_FAULT, 1000, 0), 0);
    }
    ck_assert_uint_eq(door.mismatch_at, 0);
}
END_TEST

SUITE(choices) {
    SUITE_TEST(drawing_records_what_is_not_alternative_0_and_its_label);
    SUITE_TEST(in_mode_zero_what_is_drawn_is_0_and_numbers_are_not);
    SUITE_TEST(a_chance_is_as_likely_as_it_says);
    SUITE_TEST(a_draw_here_shifts_nothing_there);
    SUITE_TEST(a_run_starts_its_streams_anew);
    SUITE_TEST(a_full_record_says_that_the_run_must_end);
    SUITE_TEST(every_kind_has_a_word);
    SUITE_LOOP(a_replay_gives_the_same_answers_and_the_same_record, 0, 2);
    SUITE_LOOP(a_strict_replay_names_both_labels_where_they_differ, 0, MUTATIONS);
    SUITE_TEST(a_strict_replay_ends_where_the_recorded_agent_is_not_there);
    SUITE_TEST(after_the_first_mismatch_a_strict_replay_takes_nothing_more);
    SUITE_TEST(a_strict_script_that_is_out_of_order_diverges);
    SUITE_TEST(a_tolerant_replay_skips_what_nobody_asks_for);
    SUITE_TEST(a_tolerant_replay_reports_the_first_that_no_longer_fits);
    SUITE_TEST(a_tolerant_replay_finds_an_agent_by_identity_or_says_that_it_is_gone);
    SUITE_LOOP(peeking_counts_nothing, 0, 2);
    SUITE_LOOP(the_index_finds_what_a_search_from_the_front_finds, 0, 20);
    SUITE_TEST(a_long_run_replays_tolerantly_in_no_time);
}
