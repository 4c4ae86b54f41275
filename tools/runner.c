#include "tools/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/machine/guard.h"

#define WATCH_MS 100
#define HANG_REPLY_MS 5000
#define NS_PER_S 1e9

void runner_folder(char *path, size_t size) {
    const ssize_t length = readlink("/proc/self/exe", path, size - 1);
    path[length < 0 ? 0 : length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
}

static void set_environment(const struct runner_options *options, const char *beside) {
    char library[PATH_MAX + 16];
    snprintf(library, sizeof library, "%s/libsim.so", beside);
    setenv("LD_PRELOAD", library, 1);
    setenv("LD_BIND_NOW", "1", 1);
    for (const char *const *next = options->environment; next != NULL && *next != NULL; next += 2) {
        setenv(next[0], next[1], 1);
    }
}

static _Noreturn void become_worker(const struct runner *runner,
                                    const char *module,
                                    const struct runner_options *options,
                                    const int pipes[2]) {
    char beside[PATH_MAX];
    char program[PATH_MAX + 16];
    char numbers[4][16];
    runner_folder(beside, sizeof beside);
    snprintf(program, sizeof program, "%s/sim-worker", beside);
    snprintf(numbers[0], sizeof numbers[0], "%d", runner->memory);
    snprintf(numbers[1], sizeof numbers[1], "%d", pipes[0]);
    snprintf(numbers[2], sizeof numbers[2], "%d", pipes[1]);
    snprintf(numbers[3], sizeof numbers[3], "%u", options->fill);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0); /* Ctrl-C is for sim, which ends its workers itself */
    signal(SIGPIPE, SIG_DFL);
    fcntl(runner->memory, F_SETFD, 0);
    fcntl(pipes[0], F_SETFD, 0);
    fcntl(pipes[1], F_SETFD, 0);
    set_environment(options, beside);
    if (options->folder != NULL && chdir(options->folder) != 0) {
        snprintf(runner->record->error,
                 sizeof runner->record->error,
                 "cannot enter %.400s: %s",
                 options->folder,
                 strerror(errno));
        _exit(1);
    }
    execl(program,
          options->name == NULL ? "sim-worker" : options->name,
          numbers[0],
          numbers[1],
          numbers[2],
          module,
          options->backend == NULL ? "auto" : options->backend,
          numbers[3],
          (char *)NULL);
    snprintf(runner->record->error,
             sizeof runner->record->error,
             "cannot start %.400s: %s; build the project again",
             program,
             strerror(errno));
    _exit(1);
}

static bool await_reply(const struct runner *runner) {
    char byte;
    return read(runner->reply, &byte, 1) == 1;
}

/* The record and the pipes; all of them are closed in other children. */
static bool open_channels(struct runner *runner, int request[2], int reply[2]) {
    runner->memory = memfd_create("record", MFD_CLOEXEC);
    if (runner->memory < 0 || ftruncate(runner->memory, sizeof *runner->record) != 0) {
        return false;
    }
    void *record =
        mmap(NULL, sizeof *runner->record, PROT_READ | PROT_WRITE, MAP_SHARED, runner->memory, 0);
    if (record == MAP_FAILED) {
        return false;
    }
    runner->record = record;
    runner->record->magic = RECORD_MAGIC;
    if (pipe2(request, O_CLOEXEC) != 0) {
        return false;
    }
    runner->request = request[1];
    if (pipe2(reply, O_CLOEXEC) != 0) {
        close(request[0]);
        return false;
    }
    runner->reply = reply[0];
    return true;
}

bool runner_open(struct runner *runner, const char *module, const struct runner_options *options) {
    int request[2];
    int reply[2];
    *runner = (struct runner){.memory = -1, .request = -1, .reply = -1, .pid = -1};
    if (!open_channels(runner, request, reply)) {
        return false;
    }
    runner->pid = fork();
    if (runner->pid == 0) {
        become_worker(runner, module, options, (const int[2]){request[0], reply[1]});
    }
    close(request[0]);
    close(reply[1]);
    return runner->pid > 0 && await_reply(runner) && runner->record->reply == RECORD_READY;
}

const char *runner_error(const struct runner *runner) {
    if (runner->record == NULL || runner->pid < 0) {
        return "no worker can be started: the system has no memory, descriptors or processes left; "
               "end other programs, then run again";
    }
    return runner->record->error[0] != '\0'
               ? runner->record->error
               : "the worker ended before it was ready; see sim doctor";
}

bool runner_prepare(struct runner *runner, const char *strategy, uint64_t base, uint64_t runs) {
    struct record_request *request = &runner->record->request;
    *request = (struct record_request){.command = RECORD_RUN, .first = 1, .runs = runs};
    if (strategy_parse(&request->spec.strategy, strategy) != STATUS_OK) {
        return false;
    }
    request->spec.mode = request->spec.strategy.kind == STRATEGY_FIFO ? CHOICES_ZERO : CHOICES_DRAW;
    request->spec.seed = base;
    return true;
}

/* CPU time of a process, 0 when it is gone. */
static double cpu_ns(pid_t process) {
    clockid_t clock;
    struct timespec now;
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &now) != 0) {
        return 0;
    }
    return (double)now.tv_sec * NS_PER_S + (double)now.tv_nsec;
}

/* What a run that goes on changes, and who uses the processor meanwhile. */
struct sighting {
    uint64_t points, runs;
    pid_t process; /* the worker, or the child that runs for it */
    double cpu_ns;
};

static void look(const struct runner *runner, struct sighting *sighting) {
    const volatile struct record *record = runner->record;
    const pid_t child = record->child;
    sighting->points = record->points;
    sighting->runs = record->runs_total;
    sighting->process = child > 0 ? child : runner->pid;
    sighting->cpu_ns = cpu_ns(sighting->process);
}

/* Lets the process say where it hangs; one that cannot even do that is killed. */
static enum runner_end interrupt_hang(struct runner *runner, pid_t process) {
    struct pollfd waiting = {.fd = runner->reply, .events = POLLIN};
    kill(process, GUARD_HANG_SIGNAL);
    if (poll(&waiting, 1, HANG_REPLY_MS) == 1 && await_reply(runner)) {
        return RUNNER_REPLIED;
    }
    kill(process, SIGKILL);
    kill(runner->pid, SIGKILL);
    return RUNNER_HUNG;
}

/* Waits for a reply and watches the points meanwhile: code that computes and never calls anything
 * can only be seen from outside. */
static enum runner_end watch(struct runner *runner, const volatile bool *stop) {
    struct sighting since;
    struct sighting now;
    look(runner, &since);
    struct pollfd waiting = {.fd = runner->reply, .events = POLLIN};
    while (poll(&waiting, 1, WATCH_MS) <= 0) {
        if (stop != NULL && *stop) {
            kill(runner->pid, SIGKILL);
            return RUNNER_STOPPED;
        }
        look(runner, &now);
        if (now.points != since.points || now.runs != since.runs || now.process != since.process) {
            since = now;
        } else if (now.cpu_ns - since.cpu_ns >= RUNNER_HANG_S * NS_PER_S) {
            return interrupt_hang(runner, now.process);
        }
    }
    return await_reply(runner) ? RUNNER_REPLIED : RUNNER_DIED;
}

enum runner_end runner_run(struct runner *runner, const volatile bool *stop) {
    const char byte = 1;
    if (write(runner->request, &byte, 1) != 1) {
        return RUNNER_DIED;
    }
    return watch(runner, stop);
}

double runner_cpu_ns(const struct runner *runner) {
    return cpu_ns(runner->pid);
}

static void close_descriptor(int descriptor) {
    if (descriptor >= 0) {
        close(descriptor);
    }
}

void runner_close(struct runner *runner) {
    close_descriptor(runner->request);
    close_descriptor(runner->reply);
    close_descriptor(runner->memory);
    if (runner->pid > 0) {
        kill(runner->pid, SIGKILL);
        waitpid(runner->pid, NULL, 0);
    }
    if (runner->record != NULL) {
        munmap(runner->record, sizeof *runner->record);
    }
    *runner = (struct runner){.memory = -1, .request = -1, .reply = -1, .pid = -1};
}
