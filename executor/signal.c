#include <ex/signal.h>

#include "executor/io.h"

#include <errno.h>
#include <unistd.h>

void ex_signal_block(const sigset_t *set) {
    EX_REQUIRE(set != NULL, "ex_signal_block: the set is NULL");
    const int status = pthread_sigmask(SIG_BLOCK, set, NULL);

    EX_ASSERT(status == 0);
}

/* SIGKILL and SIGSTOP never are. */
static bool is_blocked(const sigset_t *set) {
    sigset_t blocked;

    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    for (int number = 1; number <= SIGRTMAX; number++) {
        if (sigismember(set, number) == 1 && sigismember(&blocked, number) != 1) {
            return false;
        }
    }
    return true;
}

int ex_signal_open(struct ex_io *io, struct ex_scheduler *scheduler, const sigset_t *set) {
    EX_REQUIRE(set != NULL, "ex_signal_open: the set is NULL");
    if (!is_blocked(set)) {
        return -EINVAL;
    }
    const int descriptor = signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC);
    return descriptor < 0 ? -errno : ex_io_adopt_new(io, scheduler, descriptor, false);
}

static int64_t take_next(struct ex_io_operation *operation, int descriptor) {
    const struct ex_signal_next *const self = (struct ex_signal_next *)(void *)operation;
    struct signalfd_siginfo info;
    const ssize_t size = read(descriptor, &info, sizeof info);

    if (size < 0) {
        return ex_io_error();
    }
    EX_REQUIRE(size == (ssize_t)sizeof info, "ex_signal_next: the handle is not of ex_signal_open");
    if (self->info != NULL) {
        *self->info = info;
    }
    return (int64_t)info.ssi_signo;
}

struct ex_frame *
ex_signal_next(struct ex_signal_next *self, struct ex_io io, struct signalfd_siginfo *info) {
    static const struct ex_io_kind kind = {EX_SOURCE_READ, take_next};

    self->info = info;
    return ex_io_operation(&self->operation, io, &kind);
}
