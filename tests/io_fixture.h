/* What tests of descriptors share: counting open ones, and tasks on any kind of scheduler. */
#ifndef TESTS_IO_FIXTURE_H
#define TESTS_IO_FIXTURE_H

#include "tests/puppets.h"

#include <dirent.h>
#include <errno.h>
#include <ex/io.h>
#include <ex/timer.h>
#include <unistd.h>

#define HOUR (3600 * EX_TIMER_S)

/* Open descriptors of this process. */
static inline int descriptor_count(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");

    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count - 3; /* . and .. and the folder itself */
}

static inline struct ex_scheduler *start_workers(int worker_count) {
    const struct ex_scheduler_options options = {.worker_count = (uint32_t)worker_count};
    struct ex_scheduler *scheduler;

    ck_assert_int_eq(ex_scheduler_create(&scheduler, &options), 0);
    return scheduler;
}

static inline void run_to_end(struct ex_scheduler *scheduler) {
    ck_assert_int_eq(ex_scheduler_run(scheduler), 0);
}

/* Runs the puppets until this one has done its operation, however long the system takes. */
static inline int64_t puppet_await(int id) {
    while (puppet_result(id) == EX_PENDING) {
        puppets_run();
        usleep(100);
    }
    return puppet_result(id);
}

#endif
