#include <sys/socket.h>

#include <ex/scheduler.h>
#include <ex/socket.h>

#include "tools/bench_executor/own.h"
#include "tools/bench_executor/row.h"

static uint64_t echoed;

/* Writes back what comes, until the end. */
struct echo {
    struct ex_frame frame;
    struct ex_io io;
    union {
        struct ex_io_read read;
        struct ex_io_write write;
    } call;
    char bytes[OWN_IO_SIZE];
};

EX_RESUME(echo) {
    EX_BEGIN(echo);
    for (;;) {
        EX_AWAIT(ex_io_read(&self->call.read, self->io, self->bytes, sizeof self->bytes));
        if (value <= 0) {
            break;
        }
        EX_AWAIT(ex_io_write(&self->call.write, self->io, self->bytes, (size_t)value));
    }
    ex_io_close(self->io);
    EX_END();
}

struct ask {
    struct ex_frame frame;
    struct ex_io io;
    uint64_t left;
    union {
        struct ex_io_read read;
        struct ex_io_write write;
    } call;
    char bytes[OWN_IO_SIZE];
};

EX_RESUME(ask) {
    EX_BEGIN(ask);
    for (; self->left > 0; self->left--) {
        EX_AWAIT(ex_io_write(&self->call.write, self->io, self->bytes, sizeof self->bytes));
        EX_AWAIT(ex_io_read(&self->call.read, self->io, self->bytes, sizeof self->bytes));
        echoed += value == sizeof self->bytes;
    }
    ex_io_close(self->io);
    EX_END();
}

static void open_pair(struct ex_scheduler *scheduler, uint64_t count) {
    struct ex_io ends[2];
    row_expect(ex_socket_pair(ends, scheduler, SOCK_STREAM) == 0, "there is a pair of sockets");
    struct ask *ask = ex_task_new(scheduler, sizeof *ask);
    struct echo *echo = ex_task_new(scheduler, sizeof *echo);
    row_expect(ask != NULL && echo != NULL, "there is memory for the tasks");
    *ask = (struct ask){.io = ends[0], .left = count};
    echo->io = ends[1];
    ex_task_spawn_detached(EX_FRAME(echo, echo));
    ex_task_spawn_detached(EX_FRAME(ask, ask));
}

static uint64_t run(uint64_t connections, uint64_t count) {
    struct ex_scheduler *scheduler = own_begin();
    echoed = 0;
    for (uint64_t i = 0; i < connections; i++) {
        open_pair(scheduler, count / connections);
    }
    const uint64_t before = row_cpu_ns();
    row_expect(ex_scheduler_run(scheduler) == 0, "every task has returned");
    const uint64_t spent = row_cpu_ns() - before;
    row_expect(echoed == count, "every message came back");
    ex_scheduler_destroy(scheduler);
    return spent;
}

uint64_t own_io_ping(uint64_t count) {
    return run(1, count);
}

uint64_t own_io_echo_64(uint64_t count) {
    return run(OWN_IO_CONNECTIONS, count);
}
