#include "corpus/integrity.h"

#include <stdio.h>
#include <string.h>

#include "corpus/cases.h"

struct integrity {
    struct store *store;
    integrity_visitor *visit;
    void *context;
    uint64_t case_count;
    uint64_t problem_count;
    enum status status; /* what keeps the check itself from going on */
};

static void report(struct integrity *integrity, const char *problem) {
    integrity->problem_count++;
    if (integrity->visit != NULL) {
        integrity->visit(integrity->context, problem);
    }
}

/* Damage is what is looked for; anything else ends the check. */
static void note(struct integrity *integrity, enum status status) {
    if (status == STATUS_FORMAT || status == STATUS_MISSING) {
        report(integrity, store_error(integrity->store));
    } else if (status != STATUS_OK && integrity->status == STATUS_OK) {
        integrity->status = status;
    }
}

static void check_pages(struct integrity *integrity) {
    struct database_query query;
    database_prepare(&query, &integrity->store->database, "PRAGMA integrity_check");
    while (database_step(&query)) {
        char text[INTEGRITY_PROBLEM_SIZE];
        database_get_text(&query, text, sizeof text);
        if (strcmp(text, "ok") != 0) {
            report(integrity, text);
        }
    }
    note(integrity, database_finish(&query));
}

static void check_references(struct integrity *integrity) {
    struct database_query query;
    database_prepare(&query,
                     &integrity->store->database,
                     "SELECT \"table\" || ' refers to ' || parent || ', which has no such row' "
                     "FROM pragma_foreign_key_check");
    while (database_step(&query)) {
        char text[INTEGRITY_PROBLEM_SIZE];
        database_get_text(&query, text, sizeof text);
        report(integrity, text);
    }
    note(integrity, database_finish(&query));
}

static void report_case(struct integrity *integrity, const struct hash *id, const char *what) {
    char text[HASH_TEXT_SIZE];
    char problem[INTEGRITY_PROBLEM_SIZE];
    hash_print(id, text);
    snprintf(problem, sizeof problem, "case %s: %s", text, what);
    report(integrity, problem);
}

static bool check_case(void *context, const struct cases_entry *listed) {
    struct integrity *integrity = context;
    const struct hash id = listed->record.id;
    struct cases_entry entry;
    const enum status status = cases_load(integrity->store, &id, &entry);
    if (status == STATUS_OK) {
        case_seal(&entry.record);
        if (memcmp(&entry.record.id, &id, sizeof id) != 0) {
            report_case(integrity, &id, "it is not what its id says");
        }
        case_deinit(&entry.record);
        integrity->case_count++;
    } else if (status == STATUS_FORMAT) {
        report_case(integrity, &id, store_error(integrity->store));
    } else {
        note(integrity, status);
    }
    return integrity->status == STATUS_OK;
}

enum status integrity_check(struct store *store,
                            integrity_visitor *visit,
                            void *context,
                            uint64_t *case_count) {
    struct integrity integrity = {.store = store, .visit = visit, .context = context};
    check_pages(&integrity);
    check_references(&integrity);
    note(&integrity, cases_each(store, NULL, check_case, &integrity));
    *case_count = integrity.case_count;
    if (integrity.status != STATUS_OK || integrity.problem_count == 0) {
        return integrity.status;
    }
    return database_fail(&store->database,
                         STATUS_FORMAT,
                         "corpus %s is damaged in %llu places; put back a copy, or save what is "
                         "left: sqlite3 %s .recover",
                         store->database.path,
                         (unsigned long long)integrity.problem_count,
                         store->database.path);
}
