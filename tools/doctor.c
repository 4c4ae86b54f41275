#include "tools/doctor.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "corpus/store.h"
#include "tools/json.h"
#include "tools/paint.h"
#include "tools/runner.h"

#define FSGSBASE_AT_HWCAP2 2u
#define DISPATCH_SET 59 /* PR_SET_SYSCALL_USER_DISPATCH, since Linux 5.11 */
#define DISPATCH_OFF 0
#define KERNEL_MAJOR 5
#define KERNEL_MINOR 11
#define DISK_BYTES_MIN (UINT64_C(64) << 20)

struct doctor {
    const struct options *options;
    bool able; /* runs are possible */
};

/* needed: without it nothing runs. */
static void
line(struct doctor *doctor, bool good, bool needed, const char *what, const char *advice) {
    doctor->able = doctor->able && (good || !needed);
    if (doctor->options->json) {
        printf("{");
        json_field(stdout, "check", what);
        printf(",\"good\":%s,\"needed\":%s,", good ? "true" : "false", needed ? "true" : "false");
        json_field(stdout, "advice", good ? "" : advice);
        printf("}\n");
        return;
    }
    paint_word(stdout,
               good     ? PAINT_GOOD
               : needed ? PAINT_BAD
                        : PAINT_DOUBT,
               good     ? "ok"
               : needed ? "NO"
                        : "no");
    printf("   %s\n", what);
    if (!good) {
        printf("     %s\n", advice);
    }
}

static void check_processor(struct doctor *doctor) {
    struct utsname kernel;
    char text[192];
    unsigned major = 0;
    unsigned minor = 0;
    uname(&kernel);
    (void)sscanf(kernel.release, "%u.%u", &major, &minor);
    snprintf(text,
             sizeof text,
             "%.60s %.60s on %.60s",
             kernel.sysname,
             kernel.release,
             kernel.machine);
    line(doctor,
         strcmp(kernel.machine, "x86_64") == 0,
         true,
         text,
         "this version of sim knows x86-64 only; use such a machine");
    line(doctor,
         major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR),
         false,
         "the kernel is Linux 5.11 or newer",
         "a newer kernel catches bare system call instructions; this one lets them pass");
    line(doctor,
         (getauxval(AT_HWCAP2) & FSGSBASE_AT_HWCAP2) != 0,
         false,
         "programs may set the fs base (FSGSBASE)",
         "sim uses real threads (baton), which is slower; boot Linux 5.9+ without nofsgsbase");
}

static void check_traps(struct doctor *doctor) {
    int mode = 0;
    line(doctor,
         prctl(DISPATCH_SET, DISPATCH_OFF, 0, 0, 0) == 0,
         false,
         "bare system calls can be caught (Syscall User Dispatch)",
         "programs without libc's functions escape unseen; use Linux 5.11+ without gVisor");
    line(doctor,
         prctl(PR_GET_TSC, &mode) == 0,
         false,
         "reads of the time stamp counter can be caught",
         "programs that read it directly will see the real one");
}

static void check_corpus(struct doctor *doctor) {
    char folder[PATH_MAX];
    char text[PATH_MAX + 64];
    struct statvfs disk;
    snprintf(folder, sizeof folder, "%s", doctor->options->corpus);
    char *slash = strrchr(folder, '/');
    if (slash == NULL || slash == folder) {
        strcpy(folder, ".");
    } else {
        *slash = '\0';
    }
    if (statvfs(folder, &disk) != 0 && (errno != ENOENT || statvfs(".", &disk) != 0)) {
        return;
    }
    const uint64_t free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    snprintf(text, sizeof text, "%" PRIu64 " MB are free for the corpus", free_bytes >> 20);
    line(doctor,
         free_bytes >= DISK_BYTES_MIN,
         false,
         text,
         "free some space, or put the corpus elsewhere with --corpus");
    struct store store;
    const enum status status = store_open(&store, doctor->options->corpus, STORE_READ);
    snprintf(text, sizeof text, "the corpus %.200s can be read", doctor->options->corpus);
    if (status != STATUS_MISSING) {
        line(doctor, status == STATUS_OK, false, text, store_error(&store));
    }
    store_close(&store);
}

static void check_file(struct doctor *doctor, const char *name, int mode) {
    char path[PATH_MAX + 64];
    char text[128];
    runner_folder(path, PATH_MAX);
    snprintf(path + strlen(path), 64, "/%s", name);
    snprintf(text, sizeof text, "%s lies beside sim", name);
    line(doctor, access(path, mode) == 0, true, text, "build the project again");
}

/* The rest is seen by starting one: layout of libc, symbols, reset. */
static void check_worker(struct doctor *doctor) {
    char path[PATH_MAX + 64];
    runner_folder(path, PATH_MAX);
    snprintf(path + strlen(path), 64, "/scenarios/lost_wakeup.so");
    if (access(path, R_OK) != 0) {
        return;
    }
    char text[64];
    const struct runner_options plain = {.backend = doctor->options->backend};
    struct runner runner;
    const bool ready = runner_open(&runner, path, &plain);
    snprintf(text, sizeof text, "a worker starts with glibc %.20s", gnu_get_libc_version());
    line(doctor, ready, true, text, runner_error(&runner));
    if (ready) {
        line(doctor,
             runner.record->backend == RECORD_FIBER,
             false,
             "it uses fibers",
             runner.record->reason);
        line(doctor,
             runner.record->forks == 0,
             false,
             "it runs many seeds in one process",
             runner.record->reason);
    }
    runner_close(&runner);
}

int doctor_run(const struct options *options) {
    struct doctor doctor = {options, true};
    check_processor(&doctor);
    check_traps(&doctor);
    check_file(&doctor, "libsim.so", R_OK);
    check_file(&doctor, "sim-worker", X_OK);
    if (doctor.able) {
        check_worker(&doctor);
    }
    check_corpus(&doctor);
    return doctor.able ? EXIT_CLEAN : EXIT_BROKEN;
}
