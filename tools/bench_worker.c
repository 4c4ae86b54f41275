#include "tools/bench_worker.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The folder of this program: libsim and the worker lie beside it. */
static void folder(char *path, size_t size) {
    const ssize_t length = readlink("/proc/self/exe", path, size - 1);
    path[length < 0 ? 0 : length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
}

static _Noreturn void
become_worker(const struct bench_worker *worker, const char *module, int request, int reply) {
    char beside[PATH_MAX];
    char library[PATH_MAX + 16];
    char program[PATH_MAX + 16];
    char numbers[3][16];
    folder(beside, sizeof beside);
    snprintf(library, sizeof library, "%s/libsim.so", beside);
    snprintf(program, sizeof program, "%s/sim-worker", beside);
    snprintf(numbers[0], sizeof numbers[0], "%d", worker->memory);
    snprintf(numbers[1], sizeof numbers[1], "%d", request);
    snprintf(numbers[2], sizeof numbers[2], "%d", reply);
    setenv("LD_PRELOAD", library, 1);
    setenv("LD_BIND_NOW", "1", 1);
    execl(program,
          "sim-worker",
          numbers[0],
          numbers[1],
          numbers[2],
          module,
          "fiber",
          "0",
          (char *)NULL);
    _exit(1);
}

static bool await_reply(struct bench_worker *worker, uint32_t wanted) {
    char byte;
    if (read(worker->reply, &byte, 1) == 1 && worker->record->reply == wanted) {
        return true;
    }
    fprintf(stderr,
            "bench: the worker failed: %s%s\n",
            worker->record->error,
            worker->record->verdict.message);
    return false;
}

bool bench_worker_open(struct bench_worker *worker, const char *module) {
    int request[2];
    int reply[2];
    worker->memory = memfd_create("record", 0);
    if (worker->memory < 0 || ftruncate(worker->memory, sizeof *worker->record) != 0 ||
        pipe(request) != 0 || pipe(reply) != 0) {
        perror("bench: cannot start a worker");
        return false;
    }
    worker->record =
        mmap(NULL, sizeof *worker->record, PROT_READ | PROT_WRITE, MAP_SHARED, worker->memory, 0);
    if (worker->record == MAP_FAILED) {
        perror("bench: cannot map the record");
        return false;
    }
    worker->record->magic = RECORD_MAGIC;
    worker->pid = fork();
    if (worker->pid == 0) {
        close(request[1]);
        close(reply[0]);
        become_worker(worker, module, request[0], reply[1]);
    }
    close(request[0]);
    close(reply[1]);
    worker->request = request[1];
    worker->reply = reply[0];
    return await_reply(worker, RECORD_READY);
}

static double cpu_time_ns(pid_t pid) {
    clockid_t clock;
    struct timespec now;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &now) != 0) {
        return 0;
    }
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

bool bench_worker_run(struct bench_worker *worker,
                      const char *strategy,
                      uint64_t runs,
                      double *cpu_ns) {
    struct record_request *request = &worker->record->request;
    *request = (struct record_request){.command = RECORD_RUN, .first = 1, .runs = runs};
    if (strategy_parse(&request->spec.strategy, strategy) != STATUS_OK) {
        return false;
    }
    request->spec.mode = request->spec.strategy.kind == STRATEGY_FIFO ? CHOICES_ZERO : CHOICES_DRAW;
    request->spec.seed = 1;
    const double before = cpu_time_ns(worker->pid);
    const char byte = 1;
    if (write(worker->request, &byte, 1) != 1 || !await_reply(worker, RECORD_DONE)) {
        return false;
    }
    *cpu_ns = cpu_time_ns(worker->pid) - before;
    return true;
}

void bench_worker_close(struct bench_worker *worker) {
    close(worker->request);
    close(worker->reply);
    waitpid(worker->pid, NULL, 0);
    munmap(worker->record, sizeof *worker->record);
    close(worker->memory);
}
