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
#include "corpus/merge.h"
#include "corpus/prefix.h"
#include "sim/verdict.h"
#include "tools/complain.h"
#include "tools/inventory.h"
#include "tools/json.h"
#include "tools/pin.h"
#include "tools/recheck.h"
#include "tools/runner.h"

#define NAMES_MAX 1024
#define STORY_SIZE 160 /* as in the format below */

struct scenario {
    char name[NAME_MAX + 1];
    char story[STORY_SIZE]; /* what its file says in the first line; "" = it has none */
};

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct scenario *)a)->name, ((const struct scenario *)b)->name);
}

/* The comment that a scenario file begins with. */
static void story_read(const char *path, char *story) {
    FILE *file = fopen(path, "r");
    story[0] = '\0';
    if (file == NULL) {
        return;
    }
    if (fscanf(file, "-- %159[^\n]", story) != 1) {
        story[0] = '\0';
    }
    fclose(file);
}

/* False when it is none. */
static bool scenario_read(const char *folder, const char *file, struct scenario *scenario) {
    char path[PATH_MAX];
    const char *ending = strrchr(file, '.');
    const bool is_file = ending != NULL && strcmp(ending, ".lua") == 0;
    if (ending == NULL || (!is_file && strcmp(ending, ".so") != 0)) {
        return false;
    }
    snprintf(scenario->name, sizeof scenario->name, "%.*s", (int)(ending - file), file);
    snprintf(path, sizeof path, "%.3000s/%s", folder, file);
    scenario->story[0] = '\0';
    if (is_file) {
        story_read(path, scenario->story);
    }
    return true;
}

static void scenario_print(const struct scenario *scenario, bool json) {
    if (json) {
        printf("{");
        json_field(stdout, "scenario", scenario->name);
        printf(",");
        json_field(stdout, "story", scenario->story);
        printf("}\n");
    } else if (scenario->story[0] == '\0') {
        printf("%s\n", scenario->name);
    } else {
        printf("%-23s %s\n", scenario->name, scenario->story);
    }
}

int listing_scenarios(const struct options *options) {
    char folder[PATH_MAX];
    runner_folder(folder, sizeof folder - 16);
    strcat(folder, "/scenarios");
    DIR *directory = opendir(folder);
    static struct scenario scenarios[NAMES_MAX];
    unsigned count = 0;
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        count += count < NAMES_MAX && scenario_read(folder, entry->d_name, &scenarios[count]);
    }
    if (directory != NULL) {
        closedir(directory);
    }
    qsort(scenarios, count, sizeof scenarios[0], by_name);
    for (unsigned i = 0; i < count; i++) {
        scenario_print(&scenarios[i], options->json);
    }
    if (count == 0) {
        complain("no scenarios in %s; build the project first", folder);
    }
    return count == 0 ? EXIT_NOTHING_RAN : EXIT_CLEAN;
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

static enum status
close_bug(struct store *store, const struct options *options, const char *prefix) {
    struct hash id;
    struct cases_entry entry;
    struct bug bug;
    enum status status = prefix_find(store, prefix, &id);
    if (status == STATUS_OK) {
        status = cases_load(store, &id, &entry);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = bug_set_status(store, &entry.record.signature, BUG_FIXED, time(NULL));
    if (status == STATUS_OK) {
        status = bug_load(store, &entry.record.signature, &bug);
    }
    if (status == STATUS_OK && options->json) {
        char text[HASH_TEXT_SIZE];
        hash_print(&bug.signature, text);
        printf("{\"event\":\"close\",\"signature\":\"%s\",\"status\":\"%s\",\"cases\":%" PRIu64
               "}\n",
               text,
               bug_status_name(bug.status),
               bug.case_count);
    } else if (status == STATUS_OK) {
        printf("Closed as fixed: %s of %s, with %" PRIu64 " case%s. A run that shows it again says "
               "so.\n",
               verdict_name((enum verdict_kind)bug.verdict),
               entry.record.scenario,
               bug.case_count,
               bug.case_count == 1 ? "" : "s");
    }
    case_deinit(&entry.record);
    return status;
}

static enum status merge(struct store *store, const struct options *options, const char *path) {
    struct merge_result result;
    const enum status status = merge_file(store, path, &result);
    if (status == STATUS_OK) {
        pin_merged_print(options, result.cases_new, result.bugs_new);
    }
    return status;
}

/* What is done with an open corpus. */
static int work(struct store *store, const struct options *options, const char *what) {
    const char *operand = options->operands[1];
    if (strcmp(what, "pin") == 0) {
        return pin_case(store, options, operand);
    }
    if (strcmp(what, "merge") == 0 && pin_is_text(operand)) {
        return pin_take(store, options, operand);
    }
    union {
        const struct options *read;
        void *pass;
    } context = {options};
    const enum status status = strcmp(what, "list") == 0   ? inventory_list(store, options)
                               : strcmp(what, "show") == 0 ? inventory_show(store, options, operand)
                               : strcmp(what, "campaigns") == 0
                                   ? campaign_each(store, print_campaign, context.pass)
                               : strcmp(what, "close") == 0 ? close_bug(store, options, operand)
                                                            : merge(store, options, operand);
    return status == STATUS_OK ? EXIT_CLEAN : complain_store(store, status, "");
}

int listing_corpus(const struct options *options) {
    const char *what = options->operand_count > 0 ? options->operands[0] : "";
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
    if (strcmp(what, "check") == 0) {
        return recheck_corpus(options);
    }
    struct store store;
    const enum status status =
        store_open(&store, options->corpus, writes ? STORE_WRITE : STORE_READ);
    const int result =
        status == STATUS_OK ? work(&store, options, what) : complain_store(&store, status, "");
    store_close(&store);
    return result;
}
