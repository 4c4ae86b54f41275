/* The corpus in use: cases, bugs, campaigns and outcomes. */
#include "corpus/bug.h"
#include "corpus/campaign.h"
#include "corpus/outcome.h"
#include "corpus/prefix.h"
#include "tests/corpus_fixture.h"

START_TEST(the_first_use_creates_the_file_and_its_folder) {
    struct store store;

    const enum status status = store_open(&store, STORE_PATH, STORE_WRITE);

    fixture_expect_ok(&store, status);
    store_close(&store);
    ck_assert_int_eq(access(STORE_PATH, F_OK), 0);
    ck_assert_int_ne(access(STORE_PATH "-wal", F_OK), 0);
    ck_assert_int_eq(system("test $(ls -A .sim | wc -l) = 1"), 0);
}
END_TEST

START_TEST(reading_never_creates) {
    struct store store;

    const enum status status = store_open(&store, STORE_PATH, STORE_READ);

    ck_assert_int_eq(status, STATUS_MISSING);
    ck_assert_ptr_nonnull(strstr(store_error(&store), STORE_PATH));
    ck_assert_int_ne(access(".sim", F_OK), 0);
}
END_TEST

START_TEST(an_unusual_path_is_a_path) {
    static const char *const paths[] = {"a?b#c%41 d.db", ":memory:", "file:x.db?mode=ro", "\"';--"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        fixture_corpus(paths[i], 0, 1);
        ck_assert_int_eq(access(paths[i], F_OK), 0);
    }
}
END_TEST

START_TEST(what_was_added_is_there_after_reopening) {
    struct store store;
    fixture_corpus("c.db", 0, 20);

    fixture_expect_ok(&store, store_open(&store, "c.db", STORE_READ));

    for (unsigned i = 0; i < 20; i++) {
        const struct case_record expected = fixture_case(i, i % 4);
        struct cases_entry entry;
        fixture_expect_ok(&store, cases_load(&store, &expected.id, &entry));
        struct case_record found = entry.record;
        ck_assert_uint_eq(found.choices_size, expected.choices_size);
        if (found.choices_size > 0) {
            ck_assert_mem_eq(found.choices, expected.choices, expected.choices_size);
        }
        found.choices = expected.choices;
        ck_assert_mem_eq(&found, &expected, sizeof expected);
        ck_assert(!entry.pinned);
        case_deinit(&entry.record);
    }
    fixture_expect_sound(&store, 20);
    store_close(&store);
}
END_TEST

START_TEST(a_known_case_is_counted_and_not_stored_again) {
    struct store store;
    fixture_open(&store, "c.db");

    const struct cases_added first = fixture_add(&store, 1, 1);
    const struct cases_added again = fixture_add(&store, 1, 1);
    const struct cases_added other = fixture_add(&store, 2, 1);

    ck_assert(first.case_is_new && first.bug_is_new);
    ck_assert(!again.case_is_new && !again.bug_is_new);
    ck_assert(other.case_is_new && !other.bug_is_new);
    struct bug bug;
    const struct case_record record = fixture_case(1, 1);
    fixture_expect_ok(&store, bug_load(&store, &record.signature, &bug));
    ck_assert_uint_eq(bug.hits, 3);
    ck_assert_uint_eq(bug.case_count, 2);
    ck_assert_str_eq(bug.message, record.message);
    ck_assert_mem_eq(&bug.best, &record.id, sizeof bug.best);
    store_close(&store);
}
END_TEST

START_TEST(choices_that_do_not_compress_come_back_too) {
    static uint8_t noise[1000];
    struct store store;
    struct case_record record = fixture_case(1, 1);
    uint64_t state = 1;
    for (size_t i = 0; i < sizeof noise; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        noise[i] = (uint8_t)(state >> 56);
    }
    record.choices = noise;
    record.choices_size = sizeof noise;
    case_seal(&record);
    fixture_open(&store, "c.db");
    struct cases_added added;
    struct cases_entry entry;

    fixture_expect_ok(&store, cases_add(&store, &record, NULL, &added));
    fixture_expect_ok(&store, cases_load(&store, &record.id, &entry));

    ck_assert_uint_eq(entry.record.choices_size, sizeof noise);
    ck_assert_mem_eq(entry.record.choices, noise, sizeof noise);
    case_deinit(&entry.record);
    store_close(&store);
}
END_TEST

START_TEST(a_case_that_is_not_there_is_missing) {
    struct store store;
    struct cases_entry entry;
    struct bug bug;
    const struct hash id = hash_bytes("nobody", 6);
    const struct outcome outcome = {.case_id = id, .kind = OUTCOME_PASSED};
    fixture_open(&store, "c.db");

    ck_assert_int_eq(cases_load(&store, &id, &entry), STATUS_MISSING);
    ck_assert_int_eq(cases_pin(&store, &id, true, 1), STATUS_MISSING);
    ck_assert_int_eq(bug_load(&store, &id, &bug), STATUS_MISSING);
    ck_assert_int_eq(bug_set_status(&store, &id, BUG_FIXED, 1), STATUS_MISSING);
    ck_assert_int_eq(bug_count(&store, &id, NULL, 1, 1), STATUS_MISSING);
    ck_assert_int_eq(outcome_add(&store, &outcome), STATUS_MISSING);
    store_close(&store);
}
END_TEST

/* ---- lists ---- */

struct seen {
    unsigned count;
    unsigned stop_after;
    bool sorted;
    int64_t at;
    struct hash id;
};

static bool see(struct seen *seen, int64_t at, const struct hash *id) {
    const int order = memcmp(&seen->id, id, sizeof *id);
    seen->sorted =
        seen->sorted && (seen->count == 0 || seen->at < at || (seen->at == at && order < 0));
    seen->at = at;
    seen->id = *id;
    seen->count++;
    return seen->count != seen->stop_after;
}

static bool see_case(void *context, const struct cases_entry *entry) {
    ck_assert_ptr_null(entry->record.choices);
    return see(context, entry->record.found_at, &entry->record.id);
}

static bool see_bug(void *context, const struct bug *bug) {
    return see(context, bug->first_seen, &bug->signature);
}

START_TEST(lists_are_in_a_stable_order_and_may_be_stopped) {
    struct store store;
    struct seen cases = {.sorted = true};
    struct seen of_one_bug = {.sorted = true};
    struct seen bugs = {.sorted = true};
    struct seen stopped = {.sorted = true, .stop_after = 3};
    const struct case_record record = fixture_case(1, 1);
    fixture_corpus("c.db", 0, 20);
    fixture_open(&store, "c.db");

    fixture_expect_ok(&store, cases_each(&store, NULL, see_case, &cases));
    fixture_expect_ok(&store, cases_each(&store, &record.signature, see_case, &of_one_bug));
    fixture_expect_ok(&store, cases_each(&store, NULL, see_case, &stopped));
    fixture_expect_ok(&store, bug_each(&store, see_bug, &bugs));

    ck_assert_uint_eq(cases.count, 20);
    ck_assert_uint_eq(of_one_bug.count, 5);
    ck_assert_uint_eq(bugs.count, 4);
    ck_assert_uint_eq(stopped.count, 3);
    ck_assert(cases.sorted && of_one_bug.sorted && bugs.sorted);
    store_close(&store);
}
END_TEST

START_TEST(a_prefix_finds_the_one_id_that_begins_so) {
    struct store store;
    char full[HASH_TEXT_SIZE];
    char digits[HASH_TEXT_SIZE + 1];
    struct hash found;
    const struct case_record record = fixture_case(7, 3);
    hash_print(&record.id, full);
    fixture_corpus("c.db", 0, 40);
    fixture_open(&store, "c.db");

    for (size_t size = 4; size <= 32; size++) { /* odd and even; 40 ids do not share 16 bits here */
        snprintf(digits, sizeof digits, "%.*s", (int)size, full);
        fixture_expect_ok(&store, prefix_find(&store, digits, &found));
        ck_assert_mem_eq(&found, &record.id, sizeof found);
    }
    store_close(&store);
}
END_TEST

START_TEST(a_prefix_of_none_or_many_is_told_apart) {
    static const struct {
        const char *digits;
        enum status status;
        const char *words;
    } rows[] = {
        {"", STATUS_FORMAT, "not the id of a case"},
        {"xyz", STATUS_FORMAT, "not the id of a case"},
        {"0123456789abcdef0123456789abcdef0", STATUS_FORMAT, "not the id of a case"},
        {"12 ", STATUS_FORMAT, "not the id of a case"},
        {"00000000000000000", STATUS_MISSING, "no case in corpus c.db begins with"},
        {"@", STATUS_LIMIT, "more than one case in corpus c.db begins with"},
    };
    struct store store;
    fixture_corpus("c.db", 0, 40); /* of 40 ids, two begin with the same digit */
    fixture_open(&store, "c.db");

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char shared[2] = "0";
        struct hash id;
        enum status status = STATUS_OK;
        if (rows[i].digits[0] != '@') {
            status = prefix_find(&store, rows[i].digits, &id);
        }
        for (unsigned n = 0; rows[i].digits[0] == '@' && n < 16 && status != STATUS_LIMIT; n++) {
            shared[0] = "0123456789abcdef"[n];
            status = prefix_find(&store, shared, &id);
        }
        ck_assert_int_eq(status, rows[i].status);
        ck_assert_ptr_nonnull(strstr(store_error(&store), rows[i].words));
    }
    store_close(&store);
}
END_TEST

/* ---- decisions, outcomes, campaigns ---- */

START_TEST(decisions_and_pins_are_kept) {
    struct store store;
    struct bug bug;
    struct cases_entry entry;
    const struct case_record record = fixture_case(5, 1);
    fixture_corpus("c.db", 0, 8);
    fixture_open(&store, "c.db");

    fixture_expect_ok(&store, bug_set_status(&store, &record.signature, BUG_FIXED, 1800000000));
    fixture_expect_ok(&store, cases_pin(&store, &record.id, true, 1800000000));
    const struct cases_added back = fixture_add(&store, 9, 1);

    ck_assert_int_eq(back.bug_status, BUG_FIXED);
    fixture_expect_ok(&store, bug_load(&store, &record.signature, &bug));
    ck_assert_int_eq(bug.status, BUG_FIXED);
    fixture_expect_ok(&store, cases_load(&store, &record.id, &entry));
    ck_assert(entry.pinned);
    case_deinit(&entry.record);
    ck_assert_str_eq(bug_status_name(BUG_WONT_FIX), "wont-fix");
    store_close(&store);
}
END_TEST

static bool take_outcome(void *context, const struct outcome *outcome) {
    *(struct outcome *)context = *outcome;
    return true;
}

START_TEST(the_last_outcome_of_a_case_on_a_build_stands) {
    struct store store;
    struct outcome found;
    const struct case_record record = fixture_case(1, 1);
    struct outcome outcome = {.case_id = record.id,
                              .build = record.build,
                              .kind = OUTCOME_EXACT,
                              .replayed_at = 1700000100};
    fixture_corpus("c.db", 0, 4);
    fixture_open(&store, "c.db");

    fixture_expect_ok(&store, outcome_add(&store, &outcome));
    outcome.kind = OUTCOME_DIVERGED;
    outcome.mismatch_at = 17;
    fixture_expect_ok(&store, outcome_add(&store, &outcome));

    fixture_expect_ok(&store, outcome_each(&store, &record.id, take_outcome, &found));
    ck_assert_int_eq(found.kind, OUTCOME_DIVERGED);
    ck_assert_uint_eq(found.mismatch_at, 17);
    ck_assert_str_eq(outcome_name(found.kind), "diverged");
    store_close(&store);
}
END_TEST

struct taken_campaign {
    unsigned count;
    struct campaign campaign;
    struct campaign_counters totals;
};

static bool take_campaign(void *context,
                          const struct campaign *campaign,
                          const struct campaign_counters *totals) {
    struct taken_campaign *taken = context;
    taken->count++;
    taken->campaign = *campaign;
    taken->totals = *totals;
    return true;
}

START_TEST(a_campaign_counts_in_batches) {
    struct store store;
    struct campaign campaign = fixture_campaign();
    struct campaign_counters counters[2] = {fixture_counters(100), fixture_counters(50)};
    struct taken_campaign taken = {0};
    strcpy(counters[1].scenario, "echo");
    fixture_open(&store, "c.db");

    fixture_expect_ok(&store, campaign_begin(&store, &campaign));
    campaign.next_index = 150;
    campaign.beat_at = 1700000001;
    fixture_expect_ok(&store, campaign_beat(&store, &campaign, counters, 2));
    campaign.next_index = 250;
    fixture_expect_ok(&store, campaign_beat(&store, &campaign, counters, 1));
    campaign.ended_at = 1700000002;
    strcpy(campaign.stop_reason, "budget");
    fixture_expect_ok(&store, campaign_end(&store, &campaign));

    fixture_expect_ok(&store, campaign_each(&store, take_campaign, &taken));
    ck_assert_uint_eq(taken.count, 1);
    ck_assert_uint_eq(taken.totals.runs, 250);
    ck_assert_uint_eq(taken.totals.steps, 25000);
    ck_assert_uint_eq(taken.totals.time_us, 1750);
    ck_assert_uint_eq(taken.campaign.next_index, 250);
    ck_assert_uint_eq(taken.campaign.base_seed, UINT64_MAX);
    ck_assert_str_eq(taken.campaign.stop_reason, "budget");
    fixture_expect_sound(&store, 0);
    store_close(&store);
}
END_TEST

START_TEST(a_stopped_or_killed_campaign_is_resumed_and_a_running_one_is_not) {
    struct store store;
    struct campaign first = fixture_campaign();
    struct campaign running = fixture_campaign();
    struct campaign next = fixture_campaign();
    struct campaign other = fixture_campaign();
    fixture_open(&store, "c.db");

    fixture_expect_ok(&store, campaign_begin(&store, &first));
    running.started_at += 10;
    ck_assert_int_eq(campaign_resume(&store, &running), STATUS_MISSING);
    first.next_index = 77;
    first.ended_at = first.started_at + 20;
    strcpy(first.stop_reason, CAMPAIGN_REASON_STOPPED);
    fixture_expect_ok(&store, campaign_end(&store, &first));
    other.shard = 2;
    ck_assert_int_eq(campaign_resume(&store, &other), STATUS_MISSING);
    next.started_at += 30;
    next.base_seed = 0;
    fixture_expect_ok(&store, campaign_resume(&store, &next));

    ck_assert_mem_eq(&next.id, &first.id, sizeof next.id);
    ck_assert_uint_eq(next.next_index, 77);
    ck_assert_uint_eq(next.base_seed, first.base_seed);
    ck_assert_int_eq(next.started_at, first.started_at);
    struct campaign killed = fixture_campaign();
    killed.started_at += 30 + CAMPAIGN_STALE_S;
    fixture_expect_ok(&store, campaign_resume(&store, &killed));
    ck_assert_mem_eq(&killed.id, &first.id, sizeof killed.id);
    store_close(&store);
}
END_TEST

SUITE(corpus) {
    FIXTURE_SUITE();
    SUITE_TEST(the_first_use_creates_the_file_and_its_folder);
    SUITE_TEST(reading_never_creates);
    SUITE_TEST(an_unusual_path_is_a_path);
    SUITE_TEST(what_was_added_is_there_after_reopening);
    SUITE_TEST(a_known_case_is_counted_and_not_stored_again);
    SUITE_TEST(choices_that_do_not_compress_come_back_too);
    SUITE_TEST(a_case_that_is_not_there_is_missing);
    SUITE_TEST(lists_are_in_a_stable_order_and_may_be_stopped);
    SUITE_TEST(a_prefix_finds_the_one_id_that_begins_so);
    SUITE_TEST(a_prefix_of_none_or_many_is_told_apart);
    SUITE_TEST(decisions_and_pins_are_kept);
    SUITE_TEST(the_last_outcome_of_a_case_on_a_build_stands);
    SUITE_TEST(a_campaign_counts_in_batches);
    SUITE_TEST(a_stopped_or_killed_campaign_is_resumed_and_a_running_one_is_not);
}
