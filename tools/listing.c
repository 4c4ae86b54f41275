#include "tools/listing.h"

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "corpus/bug.h"
#include "corpus/campaign.h"
#include "corpus/cases.h"
#include "corpus/integrity.h"
#include "corpus/merge.h"
#include "corpus/prefix.h"
#include "sim/verdict.h"
#include "tools/complain.h"
#include "tools/json.h"
#include "tools/runner.h"

#define NAMES_MAX 1024

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int listing_scenarios(const struct options *options) {
    char folder[PATH_MAX];
    runner_folder(folder, sizeof folder - 16);
    strcat(folder, "/scenarios");
    DIR *directory = opendir(folder);
    char *names[NAMES_MAX];
    unsigned count = 0;
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        char *dot = strrchr(entry->d_name, '.');
        if (dot != NULL && strcmp(dot, ".so") == 0 && count < NAMES_MAX) {
            *dot = '\0';
            names[count++] = strdup(entry->d_name);
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
    qsort(names, count, sizeof names[0], by_name);
    for (unsigned i = 0; i < count; i++) {
        if (options->json) {
            printf("{");
            json_field(stdout, "scenario", names[i]);
            printf("}\n");
        } else {
            printf("%s\n", names[i]);
        }
        free(names[i]);
    }
    if (count == 0) {
        complain("no scenarios in %s; build the project first", folder);
    }
    return count == 0 ? EXIT_NOTHING_RAN : EXIT_CLEAN;
}

static bool print_case(void *context, const struct cases_entry *entry) {
    const struct options *options = context;
    const struct case_record *record = &entry->record;
    char id[HASH_TEXT_SIZE];
    hash_print(&record->id, id);
    if (options->json) {
        printf("{\"id\":\"%s\",", id);
        json_field(stdout, "scenario", record->scenario);
        printf(",\"verdict\":\"%s\",\"seed\":%" PRIu64 ",\"choices\":%" PRIu64 ",\"message\":",
               verdict_name((enum verdict_kind)record->verdict),
               record->seed,
               record->choices_count);
        json_string(stdout, record->message);
        printf("}\n");
    } else {
        printf("%.12s  %-20s %-14s %.32s\n",
               id,
               record->scenario,
               verdict_name((enum verdict_kind)record->verdict),
               record->message);
    }
    return true;
}

static bool
print_campaign(void *context, const struct campaign *campaign, const struct campaign_counters *of) {
    const struct options *options = context;
    const char *state = campaign->stop_reason[0] != '\0' ? campaign->stop_reason : "running";
    if (!options->json) {
        printf("%-10s %12" PRIu64 " runs %8" PRIu64 " failed  %s\n",
               state,
               of->runs,
               of->findings,
               campaign->argv);
        return true;
    }
    char id[HASH_TEXT_SIZE];
    hash_print(&campaign->id, id);
    printf("{\"id\":\"%s\",", id);
    json_field(stdout, "command", campaign->argv);
    printf(",");
    json_field(stdout, "state", state);
    printf(",\"seed\":%" PRIu64 ",\"next\":%" PRIu64 ",\"runs\":%" PRIu64 ",\"failed\":%" PRIu64
           ",\"cases\":%" PRIu64 ",\"nondeterminism\":%" PRIu64 ",\"steps\":%" PRIu64
           ",\"time_us\":%" PRIu64 "}\n",
           campaign->base_seed,
           campaign->next_index,
           of->runs,
           of->findings,
           of->cases,
           of->nondeterminism,
           of->steps,
           of->time_us);
    return true;
}

static void show_case_json(const struct cases_entry *entry) {
    const struct case_record *record = &entry->record;
    char text[5][HASH_TEXT_SIZE];
    hash_print(&record->id, text[0]);
    hash_print(&record->fingerprint, text[1]);
    hash_print(&record->signature, text[2]);
    hash_print(&record->scenario_hash, text[3]);
    hash_print(&record->build, text[4]);
    printf("{\"id\":\"%s\",\"pinned\":%s,", text[0], entry->pinned ? "true" : "false");
    json_field(stdout, "scenario", record->scenario);
    printf(",\"scenario_hash\":\"%s\",\"build\":\"%s\",\"verdict\":\"%s\",",
           text[3],
           text[4],
           verdict_name((enum verdict_kind)record->verdict));
    json_field(stdout, "message", record->message);
    printf(",");
    json_field(stdout, "where", record->where);
    printf(",\"signature\":\"%s\",\"seed\":%" PRIu64 ",", text[2], record->seed);
    json_field(stdout, "strategy", record->strategy);
    printf(",\"choices\":%" PRIu64 ",\"fingerprint\":\"%s\",\"steps\":%" PRIu64
           ",\"time_ns\":%" PRIu64 "}\n",
           record->choices_count,
           text[1],
           record->steps,
           record->time_ns);
}

static void show_case(const struct cases_entry *entry) {
    const struct case_record *record = &entry->record;
    char text[5][HASH_TEXT_SIZE];
    hash_print(&record->id, text[0]);
    hash_print(&record->fingerprint, text[1]);
    hash_print(&record->signature, text[2]);
    hash_print(&record->scenario_hash, text[3]);
    hash_print(&record->build, text[4]);
    printf("case         %s%s\n", text[0], entry->pinned ? " (pinned)" : "");
    printf("scenario     %s, %s\nbuild        %s\n", record->scenario, text[3], text[4]);
    printf("found        %s: %s\n",
           verdict_name((enum verdict_kind)record->verdict),
           record->message);
    printf("where        %s\nsignature    %s\n", record->where, text[2]);
    printf("seed         %" PRIu64 "\nstrategy     %s\n", record->seed, record->strategy);
    printf("choices      %" PRIu64 " differ from production, %zu bytes\n",
           record->choices_count,
           record->choices_size);
    printf("fingerprint  %s, %" PRIu64 " events, %" PRIu64 " ns\n",
           text[1],
           record->steps,
           record->time_ns);
    printf("\nTo see it again:  sim replay %.12s\n", text[0]);
}

static enum status show(struct store *store, const struct options *options, const char *prefix) {
    struct hash id;
    struct cases_entry entry;
    enum status status = prefix_find(store, PREFIX_CASE, prefix, &id);
    if (status == STATUS_OK) {
        status = cases_load(store, &id, &entry);
    }
    if (status == STATUS_OK) {
        if (options->json) {
            show_case_json(&entry);
        } else {
            show_case(&entry);
        }
        case_deinit(&entry.record);
    }
    return status;
}

static void print_problem(void *context, const char *problem) {
    const struct options *options = context;
    if (options->json) {
        printf("{");
        json_field(stdout, "problem", problem);
        printf("}\n");
    } else {
        printf("%s\n", problem);
    }
}

static enum status check(struct store *store, const struct options *options, void *context) {
    uint64_t count = 0;
    const enum status status = integrity_check(store, print_problem, context, &count);
    if (status == STATUS_OK) {
        printf(options->json ? "{\"cases\":%" PRIu64 "}\n"
                             : "The corpus is sound: %" PRIu64 " cases.\n",
               count);
    }
    return status;
}

static enum status pin(struct store *store, const char *prefix) {
    struct hash id;
    const enum status status = prefix_find(store, PREFIX_CASE, prefix, &id);
    return status == STATUS_OK ? cases_pin(store, &id, true, time(NULL)) : status;
}

static enum status close_bug(struct store *store, const char *prefix) {
    struct hash id;
    struct cases_entry entry;
    enum status status = prefix_find(store, PREFIX_CASE, prefix, &id);
    if (status == STATUS_OK) {
        status = cases_load(store, &id, &entry);
    }
    if (status == STATUS_OK) {
        status = bug_set_status(store, &entry.record.signature, BUG_FIXED, time(NULL));
        case_deinit(&entry.record);
    }
    return status;
}

static enum status merge(struct store *store, const char *path) {
    struct merge_result result;
    const enum status status = merge_file(store, path, &result);
    if (status == STATUS_OK) {
        printf("%" PRIu64 " new cases, %" PRIu64 " new bugs.\n", result.cases_new, result.bugs_new);
    }
    return status;
}

int listing_corpus(const struct options *options) {
    const char *what = options->operand_count > 0 ? options->operands[0] : "";
    const char *operand = options->operand_count == 2 ? options->operands[1] : NULL;
    const bool alone =
        strcmp(what, "list") == 0 || strcmp(what, "campaigns") == 0 || strcmp(what, "check") == 0;
    const bool writes =
        strcmp(what, "merge") == 0 || strcmp(what, "pin") == 0 || strcmp(what, "close") == 0;
    if ((!alone && !writes && strcmp(what, "show") != 0) ||
        options->operand_count != (alone ? 1u : 2u)) {
        complain(
            "corpus takes: list, campaigns, check, show CASE, pin CASE, close CASE or merge FILE");
        return EXIT_USAGE;
    }
    struct store store;
    enum status status = store_open(&store, options->corpus, writes ? STORE_WRITE : STORE_READ);
    if (status == STATUS_OK) {
        union {
            const struct options *read;
            void *pass;
        } context = {options};
        status = strcmp(what, "list") == 0 ? cases_each(&store, NULL, print_case, context.pass)
                 : strcmp(what, "campaigns") == 0
                     ? campaign_each(&store, print_campaign, context.pass)
                 : strcmp(what, "check") == 0 ? check(&store, options, context.pass)
                 : strcmp(what, "show") == 0  ? show(&store, options, operand)
                 : strcmp(what, "pin") == 0   ? pin(&store, operand)
                 : strcmp(what, "close") == 0 ? close_bug(&store, operand)
                                              : merge(&store, operand);
    }
    const int result = status == STATUS_OK ? EXIT_CLEAN : complain_store(&store, status, "");
    store_close(&store);
    return result;
}
