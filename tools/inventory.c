#include "tools/inventory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "corpus/cases.h"
#include "corpus/outcome.h"
#include "corpus/prefix.h"
#include "sim/verdict.h"
#include "tools/json.h"

#define LINE_MAX 78 /* bytes of a message under its bug */

/* A walk over the corpus: what is printed, how, and the first error on the way. */
struct walk {
    struct store *store;
    const struct options *options;
    enum status status;
    uint64_t count;
};

static bool take_outcome(void *context, const struct outcome *outcome) {
    *(struct outcome *)context = *outcome;
    return true;
}

/* The outcome stored last; kind 0 when the case was never replayed. */
static enum status last_outcome(struct store *store, const struct hash *id, struct outcome *last) {
    memset(last, 0, sizeof *last);
    return outcome_each(store, id, take_outcome, last);
}

static const char *outcome_word(const struct outcome *outcome) {
    return outcome->replayed_at == 0 ? "-" : outcome_name(outcome->kind);
}

/* ---- list ---- */

static bool print_bug(void *context, const struct bug *bug) {
    struct walk *walk = context;
    struct cases_entry best;
    struct outcome last;
    if (bug->case_count == 0) {
        return true;
    }
    walk->status = cases_load(walk->store, &bug->best, &best);
    if (walk->status != STATUS_OK) {
        return false;
    }
    walk->status = last_outcome(walk->store, &bug->best, &last);
    if (walk->status == STATUS_OK) {
        char id[HASH_TEXT_SIZE];
        hash_print(&bug->best, id);
        if (walk->count++ == 0) {
            printf("%-12s  %-20s %-14s %-8s %5s %7s  replayed\n",
                   "case",
                   "scenario",
                   "found",
                   "status",
                   "cases",
                   "seen");
        }
        const char *slash = strrchr(best.record.scenario, '/');
        printf("%.12s  %-20s %-14s %-8s %5" PRIu64 " %7" PRIu64 "  %s\n  %.*s\n",
               id,
               slash == NULL ? best.record.scenario : slash + 1,
               verdict_name((enum verdict_kind)bug->verdict),
               bug_status_name(bug->status),
               bug->case_count,
               bug->hits,
               outcome_word(&last),
               LINE_MAX,
               bug->message);
    }
    case_deinit(&best.record);
    return walk->status == STATUS_OK;
}

static bool print_case_json(void *context, const struct cases_entry *entry) {
    struct walk *walk = context;
    const struct case_record *record = &entry->record;
    struct bug bug;
    struct outcome last;
    char id[HASH_TEXT_SIZE];
    char signature[HASH_TEXT_SIZE];
    walk->status = bug_load(walk->store, &record->signature, &bug);
    if (walk->status == STATUS_OK) {
        walk->status = last_outcome(walk->store, &record->id, &last);
    }
    if (walk->status != STATUS_OK) {
        return false;
    }
    hash_print(&record->id, id);
    hash_print(&record->signature, signature);
    printf("{\"id\":\"%s\",", id);
    json_field(stdout, "scenario", record->scenario);
    printf(",\"verdict\":\"%s\",\"seed\":%" PRIu64 ",\"choices\":%" PRIu64 ",\"signature\":\"%s\""
           ",\"status\":\"%s\",\"pinned\":%s,\"replayed\":\"%s\",",
           verdict_name((enum verdict_kind)record->verdict),
           record->seed,
           record->choices_count,
           signature,
           bug_status_name(bug.status),
           entry->pinned ? "true" : "false",
           last.replayed_at == 0 ? "" : outcome_name(last.kind));
    json_field(stdout, "message", record->message);
    printf("}\n");
    return true;
}

enum status inventory_list(struct store *store, const struct options *options) {
    struct walk walk = {.store = store, .options = options};
    const enum status status = options->json ? cases_each(store, NULL, print_case_json, &walk)
                                             : bug_each(store, print_bug, &walk);
    return walk.status != STATUS_OK ? walk.status : status;
}

/* ---- show ---- */

/* What a case is printed with. */
struct exhibit {
    struct cases_entry entry;
    struct bug bug;
    char id[HASH_TEXT_SIZE], fingerprint[HASH_TEXT_SIZE], signature[HASH_TEXT_SIZE];
    char scenario_hash[HASH_TEXT_SIZE], build[HASH_TEXT_SIZE];
};

static bool print_outcome(void *context, const struct outcome *outcome) {
    const struct exhibit *exhibit = context;
    const struct hash *build = &exhibit->entry.record.build;
    char text[HASH_TEXT_SIZE];
    char when[32] = "";
    struct tm utc;
    const time_t at = (time_t)outcome->replayed_at;
    hash_print(&outcome->build, text);
    if (gmtime_r(&at, &utc) != NULL) {
        strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", &utc);
    }
    printf("replayed     %s: %s, on %s %.12s\n",
           when,
           outcome_name(outcome->kind),
           memcmp(build, &outcome->build, sizeof *build) == 0 ? "the build it was found on,"
                                                              : "another build,",
           text);
    return true;
}

static bool print_sibling(void *context, const struct cases_entry *entry) {
    const struct exhibit *exhibit = context;
    char id[HASH_TEXT_SIZE];
    hash_print(&entry->record.id, id);
    if (memcmp(&entry->record.id, &exhibit->entry.record.id, sizeof entry->record.id) != 0) {
        printf("also         %.12s, %" PRIu64 " choice%s\n",
               id,
               entry->record.choices_count,
               entry->record.choices_count == 1 ? "" : "s");
    }
    return true;
}

static enum status show_json(struct store *store, const struct exhibit *exhibit) {
    const struct case_record *record = &exhibit->entry.record;
    struct outcome last;
    const enum status status = last_outcome(store, &record->id, &last);
    if (status != STATUS_OK) {
        return status;
    }
    printf("{\"id\":\"%s\",\"pinned\":%s,", exhibit->id, exhibit->entry.pinned ? "true" : "false");
    json_field(stdout, "scenario", record->scenario);
    printf(",\"scenario_hash\":\"%s\",\"build\":\"%s\",\"verdict\":\"%s\",",
           exhibit->scenario_hash,
           exhibit->build,
           verdict_name((enum verdict_kind)record->verdict));
    json_field(stdout, "message", record->message);
    printf(",");
    json_field(stdout, "where", record->where);
    printf(",\"signature\":\"%s\",\"status\":\"%s\",\"hits\":%" PRIu64 ",\"seed\":%" PRIu64 ",",
           exhibit->signature,
           bug_status_name(exhibit->bug.status),
           exhibit->bug.hits,
           record->seed);
    json_field(stdout, "strategy", record->strategy);
    printf(",\"choices\":%" PRIu64 ",\"fingerprint\":\"%s\",\"steps\":%" PRIu64
           ",\"time_ns\":%" PRIu64 ",\"replayed\":\"%s\"}\n",
           record->choices_count,
           exhibit->fingerprint,
           record->steps,
           record->time_ns,
           last.replayed_at == 0 ? "" : outcome_name(last.kind));
    return STATUS_OK;
}

static enum status show_text(struct store *store, struct exhibit *exhibit, const char *again) {
    const struct case_record *record = &exhibit->entry.record;
    printf("case         %s%s\n", exhibit->id, exhibit->entry.pinned ? " (pinned)" : "");
    printf("scenario     %s, %s\nbuild        %s\n",
           record->scenario,
           exhibit->scenario_hash,
           exhibit->build);
    printf("found        %s: %s\n",
           verdict_name((enum verdict_kind)record->verdict),
           record->message);
    printf("where        %s\nsignature    %s\n", record->where, exhibit->signature);
    printf("seed         %" PRIu64 "\nstrategy     %s\n", record->seed, record->strategy);
    printf("choices      %" PRIu64 " differ from production, %zu bytes\n",
           record->choices_count,
           record->choices_size);
    printf("fingerprint  %s, %" PRIu64 " event%s, %" PRIu64 " ns\n",
           exhibit->fingerprint,
           record->steps,
           record->steps == 1 ? "" : "s",
           record->time_ns);
    printf("bug          %s, seen in %" PRIu64 " run%s, %" PRIu64 " case%s\n",
           bug_status_name(exhibit->bug.status),
           exhibit->bug.hits,
           exhibit->bug.hits == 1 ? "" : "s",
           exhibit->bug.case_count,
           exhibit->bug.case_count == 1 ? "" : "s");
    enum status status = cases_each(store, &record->signature, print_sibling, exhibit);
    if (status == STATUS_OK) {
        status = outcome_each(store, &record->id, print_outcome, exhibit);
    }
    printf("\nTo see it again:  sim replay %.12s%s\n", exhibit->id, again);
    return status;
}

enum status inventory_show(struct store *store, const struct options *options, const char *digits) {
    struct hash id;
    static struct exhibit exhibit;
    enum status status = prefix_find(store, digits, &id);
    if (status == STATUS_OK) {
        status = cases_load(store, &id, &exhibit.entry);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct case_record *record = &exhibit.entry.record;
    status = bug_load(store, &record->signature, &exhibit.bug);
    if (status == STATUS_OK) {
        hash_print(&record->id, exhibit.id);
        hash_print(&record->fingerprint, exhibit.fingerprint);
        hash_print(&record->signature, exhibit.signature);
        hash_print(&record->scenario_hash, exhibit.scenario_hash);
        hash_print(&record->build, exhibit.build);
        status =
            options->json ? show_json(store, &exhibit) : show_text(store, &exhibit, options->again);
    }
    case_deinit(&exhibit.entry.record);
    return status;
}
