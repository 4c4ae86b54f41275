#include <ex/dump.h>

#include "executor/crew.h"
#include "executor/steal.h"
#include "executor/stream.h"
#include "executor/task.h"
#include "executor/wait.h"

#include <ex/branch.h>
#include <ex/timer.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    LINE_SIZE = 256,
    INDENT = 4,
    DEPTH_MAX = 12, /* branches of branches; deeper ones are left out */
};

struct dump {
    ex_dump_function *function;
    void *context;
    uint64_t now_ns;
    uint64_t count;
};

static void print_frame(struct dump *dump, const struct ex_frame *frame, int depth) {
    const struct ex_position *const position = ex_position_find(frame->resume, frame->at);
    char line[LINE_SIZE];

    if (position == NULL) {
        snprintf(line,
                 sizeof line,
                 "%*sfunction at %#" PRIxPTR,
                 INDENT * depth,
                 "",
                 (uintptr_t)frame->resume);
    } else {
        const char *const slash = strrchr(position->function->file, '/');
        char place[64];
        snprintf(place,
                 sizeof place,
                 "%s:%" PRIu64,
                 slash == NULL ? position->function->file : slash + 1,
                 position->line);
        snprintf(line,
                 sizeof line,
                 "%*s%-20s %-20s %s",
                 INDENT * depth,
                 "",
                 position->function->name,
                 place,
                 position->call);
    }
    for (size_t end = strlen(line); end > 0 && line[end - 1] == ' '; end--) {
        line[end - 1] = '\0';
    }
    dump->function(dump->context, line);
}

/* A frame, and behind it the generators that handed over to it, which links up lead past. */
static void print_frames(struct dump *dump, const struct ex_frame *frame, int depth) {
    print_frame(dump, frame, depth);
    for (frame = ex_stream_outer(frame); frame != NULL;
         frame = ex_stream_generator((struct ex_frame *)(uintptr_t)frame)->outer) {
        print_frame(dump, frame, depth);
    }
}

/* From the leaf up. Only a leaf runs branches: it waits for them itself. */
static void print_stack(struct dump *dump, const struct ex_strand *strand, int depth) {
    struct ex_frame *frame = strand->leaf;
    const struct ex_position *const position = ex_position_find(frame->resume, frame->at);

    if (position != NULL && position->function->branch != NULL && depth < DEPTH_MAX) {
        const struct ex_branch *branch;
        for (size_t i = 0; (branch = position->function->branch(frame, i)) != NULL; i++) {
            char line[LINE_SIZE];
            const bool has_returned = ex_strand_is(&branch->strand, EX_STRAND_RETURNED);
            snprintf(line,
                     sizeof line,
                     "%*sbranch %zu%s",
                     INDENT * depth,
                     "",
                     i,
                     has_returned ? ": returned" : "");
            dump->function(dump->context, line);
            if (!has_returned) {
                print_stack(dump, &branch->strand, depth + 1);
            }
        }
    }
    do {
        print_frames(dump, frame, depth);
        frame = __atomic_load_n(&frame->up, __ATOMIC_RELAXED);
    } while (((uintptr_t)frame & 1) == 0);
}

static bool is_running(const struct ex_scheduler *scheduler, const struct ex_strand *root) {
    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        if (scheduler->workers[i].local.running == root) {
            return true;
        }
    }
    return false;
}

static void
print_task(struct dump *dump, const struct ex_scheduler *scheduler, struct ex_strand *root) {
    const bool runs = is_running(scheduler, root);
    char line[LINE_SIZE];
    char since[32] = "";

    if (scheduler->keeps_times && !runs && !ex_strand_is(root, EX_STRAND_READY)) {
        const uint64_t since_ns = *ex_slab_time(root);
        snprintf(since,
                 sizeof since,
                 " for %" PRIu64 " ms",
                 since_ns == 0 ? 0 : (dump->now_ns - since_ns) / EX_TIMER_MS);
    }
    snprintf(line,
             sizeof line,
             "task %" PRIu64 ": %s%s%s",
             dump->count++,
             runs                                     ? "runs"
             : ex_strand_is(root, EX_STRAND_RETURNED) ? "returned, and nobody took its result"
             : ex_strand_is(root, EX_STRAND_READY)    ? "ready"
                                                      : "waits",
             since,
             ex_strand_is(root, EX_STRAND_CANCEL) ? ", told to cancel" : "");
    dump->function(dump->context, line);
    if (!runs && !ex_strand_is(root, EX_STRAND_RETURNED)) {
        print_stack(dump, root, 1);
    }
}

static void
print_slab(struct dump *dump, const struct ex_scheduler *scheduler, const struct ex_slab *slab) {
    for (struct ex_strand *root = ex_slab_next(slab, NULL); root != NULL;
         root = ex_slab_next(slab, root)) {
        const struct ex_frame *const frame = ex_task_frame(ex_task_of(root));
        if (ex_strand_is(root, EX_STRAND_LIVE) &&
            ((uintptr_t)__atomic_load_n(&frame->up, __ATOMIC_RELAXED) | EX_TASK_UP_SHARED) !=
                (EX_TASK_UP_RELEASED | EX_TASK_UP_SHARED)) {
            print_task(dump, scheduler, root);
        }
    }
}

void ex_dump(struct ex_scheduler *scheduler, ex_dump_function *function, void *context) {
    struct dump dump = {.function = function, .context = context, .now_ns = ex_timer_now()};

    EX_REQUIRE(scheduler != NULL && function != NULL, "ex_dump: NULL for scheduler or function");
    EX_REQUIRE(!scheduler->is_local || !__atomic_load_n(&scheduler->is_run, __ATOMIC_RELAXED) ||
                   scheduler->thread == ex_wait_thread(),
               "ex_dump: a local scheduler, by another thread while it runs");
    EX_REQUIRE(
        scheduler->is_local || ex_worker_self == NULL || ex_worker_self->scheduler != scheduler,
        "ex_dump: a scheduler with worker threads, by one of its own tasks; use another thread");
    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        ex_steal_freeze(&scheduler->workers[i]);
    }
    for (uint32_t i = 0; i < scheduler->worker_count; i++) {
        print_slab(&dump, scheduler, &scheduler->workers[i].slab);
    }
    print_slab(&dump, scheduler, &scheduler->foreign);
    for (uint32_t i = scheduler->worker_count; i > 0; i--) {
        ex_steal_thaw(&scheduler->workers[i - 1]);
    }
}

static void print_line(void *context, const char *line) {
    fprintf(context, "%s\n", line);
}

void ex_dump_print(struct ex_scheduler *scheduler) {
    ex_dump(scheduler, print_line, stderr);
}
