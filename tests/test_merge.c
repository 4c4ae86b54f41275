/* Merging: by content, in any order, as often as one likes. */
#include "corpus/bug.h"
#include "corpus/merge.h"
#include "corpus/outcome.h"
#include "corpus/sometimes.h"
#include "tests/corpus_fixture.h"

#define DUMP_SIZE (1u << 20)

/* Appends the first column of each row, a line each. */
static void add_rows(struct store *store, const char *sql, char *dump) {
    size_t size = strlen(dump);
    struct database_query query;
    database_prepare(&query, &store->database, sql);
    while (database_step(&query)) {
        database_get_text(&query, dump + size, DUMP_SIZE - size - 2);
        size += strlen(dump + size);
        dump[size++] = '\n';
        dump[size] = '\0';
    }
    fixture_expect_ok(store, database_finish(&query));
}

/* Every row of every table but `origin`, sorted by content. Of blobs not the compressed form. */
static char *dump_store(struct store *store) {
    static const char *const tables[] = {"blobs",
                                         "scenarios",
                                         "builds",
                                         "bugs",
                                         "sightings",
                                         "cases",
                                         "outcomes",
                                         "campaigns",
                                         "counters"};
    char *dump = malloc(DUMP_SIZE);
    char columns[4096];
    char sql[4096 + 128];
    ck_assert_ptr_nonnull(dump);
    dump[0] = '\0';
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        snprintf(sql,
                 sizeof sql,
                 "SELECT group_concat('quote(' || name || ')', '||'' ''||') "
                 "FROM pragma_table_info('%s') WHERE name NOT IN ('codec', 'bytes')",
                 tables[i]);
        struct database_query query;
        database_prepare(&query, &store->database, sql);
        ck_assert(database_step(&query));
        database_get_text(&query, columns, sizeof columns);
        fixture_expect_ok(store, database_finish(&query));
        snprintf(sql,
                 sizeof sql,
                 "SELECT '%s ' || %s FROM %s ORDER BY 1",
                 tables[i],
                 columns,
                 tables[i]);
        add_rows(store, sql, dump);
    }
    return dump;
}

/* Corpora that share cases and bugs, and disagree about all that can be disagreed about. */
static void make_disagreeing(const char *path, unsigned which) {
    struct store store;
    fixture_open(&store, path);
    struct campaign campaign = fixture_campaign();
    campaign.started_at += which;
    fixture_expect_ok(&store, campaign_begin(&store, &campaign));
    const struct campaign_counters counters = fixture_counters(10 * which + 10);
    fixture_expect_ok(&store, campaign_beat(&store, &campaign, &counters, 1));
    for (unsigned i = 5 * which; i < 5 * which + 12; i++) {
        struct case_record record = fixture_case(i, i % 4);
        struct cases_added added;
        const int64_t delays[] = {which, 3 - which, 0}; /* the last: only the texts differ */
        record.found_at += delays[i % 3];
        snprintf(record.message, sizeof record.message, "as seen by %u", 7 * which % 3);
        snprintf(record.where, sizeof record.where, "place %u", which);
        const struct hash *found_by = i % 3 == 0 ? &campaign.id : NULL;
        fixture_expect_ok(&store, cases_add(&store, &record, found_by, &added));
        fixture_expect_ok(&store, cases_add(&store, &record, found_by, &added));
    }
    const struct case_record shared = fixture_case(10, 2);
    const struct outcome outcome = {.case_id = shared.id,
                                    .build = shared.build,
                                    .kind = which == 1 ? OUTCOME_PASSED : OUTCOME_EXACT,
                                    .replayed_at = 1700000000};
    fixture_expect_ok(&store, outcome_add(&store, &outcome));
    fixture_expect_ok(&store, cases_pin(&store, &shared.id, which == 1, 1700000000 + 2 * which));
    fixture_expect_ok(&store,
                      bug_set_status(&store,
                                     &shared.signature,
                                     (enum bug_status)which,
                                     1700000050 + (which > 0)));
    store_close(&store);
}

static struct merge_result merge(const char *into, const char *from) {
    struct store store;
    struct merge_result result;
    fixture_open(&store, into);
    fixture_expect_ok(&store, merge_file(&store, from, &result));
    store_close(&store);
    return result;
}

static char *dump_of(const char *path) {
    struct store store;
    uint64_t case_count;
    fixture_open(&store, path);
    fixture_expect_ok(&store, integrity_check(&store, NULL, NULL, &case_count));
    char *dump = dump_store(&store);
    store_close(&store);
    return dump;
}

START_TEST(the_order_of_merges_does_not_matter) {
    static const unsigned orders[6][3] =
        {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static const char *const sources[] = {"a.db", "b.db", "c.db"};
    char *first = NULL;
    for (unsigned i = 0; i < 3; i++) {
        make_disagreeing(sources[i], i);
    }

    for (unsigned i = 0; i < 6; i++) {
        char path[16];
        snprintf(path, sizeof path, "into-%u.db", i);
        for (unsigned j = 0; j < 3; j++) {
            merge(path, sources[orders[i][j]]);
        }
        char *dump = dump_of(path);
        if (first == NULL) {
            first = dump;
            continue;
        }
        ck_assert_str_eq(dump, first);
        free(dump);
    }

    ck_assert_ptr_nonnull(strstr(first, "as seen by"));
    ck_assert_ptr_nonnull(strstr(first, "outcomes "));
    ck_assert_ptr_nonnull(strstr(first, "counters "));
    free(first);
}
END_TEST

START_TEST(each_may_be_merged_into_the_other) {
    make_disagreeing("a.db", 0);
    make_disagreeing("b.db", 1);
    ck_assert_int_eq(system("cp a.db a2.db && cp b.db b2.db"), 0);

    merge("a.db", "b2.db");
    merge("b.db", "a2.db");

    char *a = dump_of("a.db");
    char *b = dump_of("b.db");
    ck_assert_str_eq(a, b);
    free(a);
    free(b);
}
END_TEST

START_TEST(merging_again_changes_nothing) {
    make_disagreeing("a.db", 0);
    make_disagreeing("b.db", 1);

    const struct merge_result first = merge("a.db", "b.db");
    char *before = dump_of("a.db");
    const struct merge_result again = merge("a.db", "b.db");
    const struct merge_result itself = merge("a.db", "./a.db");
    merge("b.db", "a.db");
    merge("a.db", "b.db");
    char *after = dump_of("a.db");

    ck_assert_uint_eq(first.cases_new, 5);
    ck_assert_uint_eq(first.bugs_new, 0);
    ck_assert_uint_eq(again.cases_new + itself.cases_new, 0);
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
}
END_TEST

START_TEST(of_a_counter_the_larger_value_counts) {
    struct store store;
    struct bug bug;
    struct campaign campaign = fixture_campaign();
    const struct campaign_counters counters = fixture_counters(10);
    const struct case_record record = fixture_case(1, 1);
    struct cases_added added;
    fixture_open(&store, "a.db");
    fixture_expect_ok(&store, campaign_begin(&store, &campaign));
    fixture_expect_ok(&store, campaign_beat(&store, &campaign, &counters, 1));
    fixture_expect_ok(&store, cases_add(&store, &record, &campaign.id, &added));
    store_close(&store);
    ck_assert_int_eq(system("cp a.db earlier.db"), 0);
    fixture_open(&store, "a.db");
    fixture_expect_ok(&store, campaign_beat(&store, &campaign, &counters, 1));
    fixture_expect_ok(&store, bug_count(&store, &record.signature, &campaign.id, 5, 1700000100));
    store_close(&store);
    char *before = dump_of("a.db");

    merge("a.db", "earlier.db");
    merge("earlier.db", "a.db");

    char *after = dump_of("a.db");
    char *earlier = dump_of("earlier.db");
    ck_assert_str_eq(after, before);
    ck_assert_str_eq(earlier, before);
    fixture_open(&store, "earlier.db");
    fixture_expect_ok(&store, bug_load(&store, &record.signature, &bug));
    ck_assert_uint_eq(bug.hits, 6);
    store_close(&store);
    free(before);
    free(after);
    free(earlier);
}
END_TEST

static uint64_t held(const char *path, const struct hash *campaign, const char *scenario) {
    struct store store;
    uint64_t runs = 99;
    fixture_open(&store, path);
    fixture_expect_ok(&store, sometimes_sum(&store, campaign, scenario, "it ran", &runs));
    store_close(&store);
    return runs;
}

START_TEST(what_held_sometimes_is_such_a_counter_and_need_not_be_there) {
    const struct campaign_sometimes sometimes[] = {{"it ran", 3}, {"it slept", 4}};
    struct store store;
    struct campaign campaign = fixture_campaign();
    struct campaign_counters counters = fixture_counters(10);
    fixture_open(&store, "a.db");
    fixture_expect_ok(&store, campaign_begin(&store, &campaign));
    fixture_expect_ok(&store, campaign_beat(&store, &campaign, &counters, 1));
    store_close(&store);
    ck_assert_int_eq(system("cp a.db earliest.db"), 0);
    counters.sometimes = sometimes;
    counters.sometimes_count = 2;
    fixture_open(&store, "a.db");
    fixture_expect_ok(&store, campaign_beat(&store, &campaign, &counters, 1));
    store_close(&store);
    ck_assert_int_eq(system("cp a.db earlier.db"), 0);
    fixture_open(&store, "a.db");
    fixture_expect_ok(&store, campaign_beat(&store, &campaign, &counters, 1));
    store_close(&store);
    ck_assert_uint_eq(held("earliest.db", &campaign.id, counters.scenario), 0);
    ck_assert_uint_eq(held("earlier.db", &campaign.id, counters.scenario), 3);
    ck_assert_uint_eq(held("a.db", &campaign.id, counters.scenario), 6);
    ck_assert_uint_eq(held("a.db", &campaign.id, "another"), 0);

    merge("a.db", "earlier.db");
    merge("a.db", "earliest.db");
    merge("earliest.db", "a.db");
    merge("earlier.db", "a.db");

    ck_assert_uint_eq(held("a.db", &campaign.id, counters.scenario), 6);
    ck_assert_uint_eq(held("earlier.db", &campaign.id, counters.scenario), 6);
    ck_assert_uint_eq(held("earliest.db", &campaign.id, counters.scenario), 6);
}
END_TEST

static struct reach reach_of(const char *scenario, uint64_t next, uint64_t end) {
    static const struct hash build = {{7}};
    return (struct reach){scenario, &build, "mix", 1, 0, 1, next, end};
}

/* A campaign of a corpus that came so far; next 0: that tells nothing. */
static void reach(const char *path, uint64_t next, uint64_t end) {
    struct store store;
    struct campaign campaign = fixture_campaign();
    struct campaign_counters counters = fixture_counters(10);
    const struct reach told = reach_of("bank", next, end);
    counters.reach = next == 0 ? NULL : &told;
    fixture_open(&store, path);
    fixture_expect_ok(&store, campaign_begin(&store, &campaign));
    fixture_expect_ok(&store, campaign_beat(&store, &campaign, &counters, 1));
    store_close(&store);
}

static void expect_reach(const char *path, const char *scenario, uint64_t next, uint64_t end) {
    struct store store;
    struct reach found = reach_of(scenario, 99, 99);
    fixture_open(&store, path);
    fixture_expect_ok(&store, reach_find(&store, &found));
    ck_assert_uint_eq(found.next_index, next);
    ck_assert_uint_eq(found.end_index, end);
    store_close(&store);
}

START_TEST(a_search_has_come_as_far_as_the_farthest_and_need_not_be_there) {
    reach("a.db", 100, 200);
    reach("b.db", 150, 150);
    reach("c.db", 0, 0);
    expect_reach("c.db", "bank", 0, 0);
    reach("a.db", 90, 1000);
    expect_reach("a.db", "bank", 100, 200);
    reach("a.db", 100, 300);
    expect_reach("a.db", "bank", 100, 300);
    expect_reach("a.db", "other", 0, 0);

    merge("a.db", "c.db");
    merge("a.db", "b.db");
    merge("b.db", "a.db");
    merge("c.db", "a.db");

    expect_reach("a.db", "bank", 150, 150);
    expect_reach("b.db", "bank", 150, 150);
    expect_reach("c.db", "bank", 150, 150);
}
END_TEST

START_TEST(a_damaged_corpus_is_not_merged) {
    struct store store;
    struct merge_result result;
    fixture_corpus("a.db", 0, 4);
    fixture_corpus("b.db", 2, 8);
    fixture_open(&store, "b.db");
    fixture_expect_ok(&store, database_run(&store.database, "UPDATE cases SET seed = seed + 1"));
    store_close(&store);
    char *before = dump_of("a.db");

    fixture_open(&store, "a.db");
    const enum status status = merge_file(&store, "b.db", &result);

    ck_assert_int_eq(status, STATUS_FORMAT);
    ck_assert_ptr_nonnull(strstr(store_error(&store), "b.db is damaged in 6 places"));
    ck_assert_int_eq(merge_file(&store, "none.db", &result), STATUS_MISSING);
    store_close(&store);
    char *after = dump_of("a.db");
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
}
END_TEST

SUITE(merge) {
    FIXTURE_SUITE();
    SUITE_TEST(the_order_of_merges_does_not_matter);
    SUITE_TEST(each_may_be_merged_into_the_other);
    SUITE_TEST(merging_again_changes_nothing);
    SUITE_TEST(of_a_counter_the_larger_value_counts);
    SUITE_TEST(what_held_sometimes_is_such_a_counter_and_need_not_be_there);
    SUITE_TEST(a_search_has_come_as_far_as_the_farthest_and_need_not_be_there);
    SUITE_TEST(a_damaged_corpus_is_not_merged);
}
