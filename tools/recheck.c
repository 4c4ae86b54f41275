#include "tools/recheck.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "corpus/bug.h"
#include "corpus/integrity.h"
#include "tools/complain.h"
#include "tools/json.h"
#include "tools/rerun.h"

/* A case to be replayed. */
struct task {
    struct hash id;
    enum bug_status status; /* of its bug */
};

struct task_list {
    struct store *store;
    struct task *tasks;
    size_t count, capacity;
    enum status status;
};

static bool add(struct task_list *list, const struct hash *id, enum bug_status status) {
    for (size_t i = 0; i < list->count; i++) {
        if (memcmp(&list->tasks[i].id, id, sizeof *id) == 0) {
            return true;
        }
    }
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
        struct task *tasks = realloc(list->tasks, capacity * sizeof *tasks);
        if (tasks == NULL) {
            list->status = STATUS_NO_MEMORY;
            return false;
        }
        list->tasks = tasks;
        list->capacity = capacity;
    }
    list->tasks[list->count++] = (struct task){*id, status};
    return true;
}

static bool take_bug(void *context, const struct bug *bug) {
    return bug->case_count == 0 || add(context, &bug->best, bug->status);
}

static bool take_pinned(void *context, const struct cases_entry *entry) {
    struct task_list *list = context;
    struct bug bug;
    if (!entry->pinned) {
        return true;
    }
    list->status = bug_load(list->store, &entry->record.signature, &bug);
    return list->status == STATUS_OK && add(list, &entry->record.id, bug.status);
}

static void print_problem(void *context, const char *problem) {
    const bool *json = context;
    if (*json) {
        printf("{");
        json_field(stdout, "problem", problem);
        printf("}\n");
    } else {
        printf("%s\n", problem);
    }
}

/* The store is closed again before any case runs, since each outcome is stored as it comes. */
static int look(const struct options *options, struct task_list *list) {
    struct store store;
    uint64_t count = 0;
    bool json = options->json;
    list->store = &store;
    enum status status = store_open(&store, options->corpus, STORE_READ);
    if (status == STATUS_OK) {
        status = integrity_check(&store, print_problem, &json, &count);
    }
    if (status == STATUS_OK) {
        printf(json ? "{\"cases\":%" PRIu64 "}\n" : "The corpus is sound: %" PRIu64 " case%s.\n",
               count,
               count == 1 ? "" : "s");
        status = bug_each(&store, take_bug, list);
    }
    if (status == STATUS_OK) {
        status = cases_each(&store, NULL, take_pinned, list);
    }
    int result = status == STATUS_OK ? EXIT_CLEAN : complain_store(&store, status, "");
    if (result == EXIT_CLEAN && list->status != STATUS_OK) {
        complain("the cases cannot be listed: there is no memory left, or the corpus changes");
        result = EXIT_BROKEN;
    }
    store_close(&store);
    return result;
}

static void print(const struct options *options,
                  const struct task *task,
                  const struct case_record *stored,
                  const struct outcome *outcome) {
    char id[HASH_TEXT_SIZE];
    hash_print(&task->id, id);
    const char *word = outcome == NULL ? "not run" : outcome_name(outcome->kind);
    if (options->json) {
        printf("{\"id\":\"%s\",", id);
        json_field(stdout, "scenario", stored->scenario);
        printf(",\"status\":\"%s\",\"replayed\":\"%s\"}\n", bug_status_name(task->status), word);
    } else {
        const char *slash = strrchr(stored->scenario, '/');
        printf("%.12s  %-28s %-8s  %s\n",
               id,
               slash == NULL ? stored->scenario : slash + 1,
               bug_status_name(task->status),
               word);
    }
    fflush(stdout);
}

/* A case whose scenario is gone is told and changes nothing. */
static int try_case(const struct options *options, const struct task *task) {
    static struct rerun rerun;
    char id[HASH_TEXT_SIZE];
    hash_print(&task->id, id);
    rerun_init(&rerun);
    int result = rerun_load(&rerun, options, id);
    if (result == EXIT_CLEAN) {
        const bool ran = rerun_open(&rerun, options, NULL) == EXIT_CLEAN && rerun_go(&rerun);
        struct outcome outcome = {.kind = OUTCOME_ERROR};
        if (ran) {
            outcome = rerun_outcome(&rerun);
            result = rerun_keep(options, &outcome);
        }
        print(options, task, &rerun.entry.record, ran ? &outcome : NULL);
        const bool again = outcome.kind == OUTCOME_EXACT || outcome.kind == OUTCOME_SAME_BUG;
        result = result == EXIT_CLEAN && again && task->status == BUG_FIXED ? EXIT_FOUND : result;
    }
    rerun_close(&rerun);
    return result;
}

int recheck_corpus(const struct options *options) {
    struct task_list list = {.status = STATUS_OK};
    int result = look(options, &list);
    bool found = false;
    for (size_t i = 0; i < list.count && result == EXIT_CLEAN; i++) {
        result = try_case(options, &list.tasks[i]);
        found = found || result == EXIT_FOUND;
        result = result == EXIT_FOUND ? EXIT_CLEAN : result;
    }
    free(list.tasks);
    if (result == EXIT_CLEAN && found) {
        complain("a bug that was closed as fixed happens again");
        result = EXIT_FOUND;
    }
    return result;
}
