/* The process that executes runs: simulated code lives here and nowhere else.
 *
 *   sim-worker RECORD_FD REQUEST_FD REPLY_FD MODULE BACKEND FILL
 *
 * One byte on the request pipe asks for what record->request says; one byte on the reply pipe says
 * that record->reply is set. See sim/machine/record.h.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/machine/entry.h"
#include "sim/machine/real.h"

static struct record *record;
static int request_descriptor;
static int reply_descriptor;
static int stream_descriptor; /* of a trace that is followed; -1 = none */
static bool is_child;         /* a forked run: the parent replies */

static void reply(enum record_reply what) {
    record->reply = what;
    const char byte = 1;
    real_write(reply_descriptor, &byte, 1);
}

/* The supervisor reads our memory, then kills us. */
static void on_crash(void) {
    if (is_child) {
        record->reply = RECORD_CRASHED;
        real_exit(0);
    }
    record->runs_done++;
    reply(RECORD_CRASHED);
    for (;;) {
        char byte;
        if (real_read(request_descriptor, &byte, 1) <= 0) {
            real_exit(0);
        }
    }
}

/* True when the run passed. */
static bool run_here(const struct world_spec *spec) {
    entry_run(spec);
    return record->verdict.kind == VERDICT_PASS;
}

/* The child is gone; what it could not say itself is said here. */
static void child_check(pid_t child, int status) {
    if (child < 0) {
        snprintf(record->error,
                 sizeof record->error,
                 "the worker cannot fork a process for the run: %s; free some memory or raise the "
                 "limit of processes",
                 strerror((int)-child));
    } else if (WIFSIGNALED(status) && record->verdict.kind == VERDICT_NONE) {
        snprintf(record->error,
                 sizeof record->error,
                 "the process of a run was killed by signal %d; it may have used too much memory",
                 WTERMSIG(status));
    } else if (record->reply != RECORD_CRASHED && WIFEXITED(status)) {
        return;
    }
    on_crash();
}

static bool run_forked(const struct world_spec *spec) {
    record->reply = 0;
    record->verdict.kind = VERDICT_NONE;
    const long self = real_call3(SYS_getpid, 0, 0, 0);
    const pid_t child = (pid_t)real_call3(SYS_fork, 0, 0, 0);
    if (child == 0) {
        is_child = true;
        real_call6(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
        if (real_call3(SYS_getppid, 0, 0, 0) != self) {
            real_exit(0); /* the worker was killed before that */
        }
        entry_run(spec);
        real_exit(0);
    }
    int status = 0;
    record->child = child > 0 ? child : 0;
    if (child > 0) {
        real_call6(SYS_wait4, child, (long)&status, 0, 0, 0, 0);
    }
    record->child = 0;
    child_check(child, status);
    return record->verdict.kind == VERDICT_PASS;
}

/* True when it ended with remains of a run in this process. After the reply the record is the
 * supervisor's: nothing of the request may be read then. */
static bool serve(void) {
    const struct record_request *request = &record->request;
    const uint64_t stride = request->stride == 0 ? 1 : request->stride;
    const bool forks = request->fork || record->forks;
    entry_stream(request->stream ? stream_descriptor : -1,
                 request->stream_first,
                 request->stream_count);
    record->runs_done = 0;
    record->points_total = 0;
    record->time_total_ns = 0;
    memset(record->held, 0, sizeof record->held);
    memset(record->counted, 0, sizeof record->counted);
    memset(record->outcomes, 0, sizeof record->outcomes);
    memset(record->begun, 0, sizeof record->begun);
    for (uint64_t i = 0; i < request->runs; i++) {
        struct world_spec spec = request->spec;
        if (!request->exact_seed) {
            spec.seed = record_seed(request->spec.seed, request->first + i * stride);
        }
        const bool passed = forks ? run_forked(&spec) : run_here(&spec);
        record->runs_done++;
        record->runs_total++;
        record->points_total += record->points;
        record->time_total_ns += record->now_ns;
        if (!passed) {
            reply(RECORD_FINDING);
            return !forks;
        }
        if (!forks) {
            entry_reset();
        }
    }
    reply(RECORD_DONE);
    return false;
}

int main(int argc, char **argv) {
    if (argc != 7) {
        return 2;
    }
    request_descriptor = atoi(argv[2]);
    reply_descriptor = atoi(argv[3]);
    const char *stream = getenv("SIM_TRACE_FD"); /* from now on the environment is a program's */
    stream_descriptor = stream != NULL ? atoi(stream) : -1;
    record = mmap(NULL, sizeof *record, PROT_READ | PROT_WRITE, MAP_SHARED, atoi(argv[1]), 0);
    if (record == MAP_FAILED) {
        return 1;
    }
    struct machine_options options = {.module = argv[4], .fill = (unsigned char)atoi(argv[6])};
    options.backend = strcmp(argv[5], "fiber") == 0   ? RECORD_FIBER
                      : strcmp(argv[5], "baton") == 0 ? RECORD_BATON
                                                      : 0;
    if (!entry_open(record, &options, on_crash)) {
        reply(RECORD_REFUSED);
        return 0;
    }
    reply(RECORD_READY);
    bool pending_reset = false;
    char byte;
    while (real_read(request_descriptor, &byte, 1) == 1 && record->request.command == RECORD_RUN) {
        if (pending_reset) {
            entry_reset();
        }
        pending_reset = serve();
    }
    real_exit(0);
}
