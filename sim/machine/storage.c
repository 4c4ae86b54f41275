#include "sim/machine/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/real.h"
#include "sim/panic.h"

#define COPY_SIZE 65536

static char folder[PATH_MAX];
static int files[STORAGE_FILES_MAX]; /* all descriptors; the first `used` are taken */
static uint32_t count;
static uint32_t used;
static uint32_t places[STORAGE_FILES_MAX]; /* of a descriptor in `files`, by descriptor */

void storage_open(void) {
    const char *wanted = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s", wanted == NULL || wanted[0] != '/' ? "/tmp" : wanted);
    struct {
        void (*handler)(int);
        unsigned long flags;
        void (*restorer)(void);
        unsigned long mask;
    } action = {.handler = SIG_IGN};
    /* A file that grows too large is told by the write, not by the death of the worker. */
    real_call6(SYS_rt_sigaction, SIGXFSZ, (long)&action, 0, sizeof action.mask, 0, 0);
}

_Noreturn static void fail(long result) {
    const char *advice = result == -ENOSPC || result == -EDQUOT ? "free some space there"
                         : result == -EFBIG                     ? "raise the limit of file sizes"
                         : result == -EMFILE || result == -ENFILE
                             ? "raise the limit of open files"
                             : "see to it that files can be written there";
    machine.active = false;
    machine.record->verdict.kind = VERDICT_NONE; /* the host's trouble, not the program's */
    snprintf(machine.record->error,
             sizeof machine.record->error,
             "the files that the program writes cannot be kept in %.200s: %s; %s, or set TMPDIR to "
             "another folder",
             folder,
             strerrordesc_np((int)-result),
             advice);
    machine.crashed();
    UNREACHABLE();
}

/* ---- taking ---- */

/* At a number that no program of ours has. */
static int moved(long opened) {
    if (opened >= REAL_DESCRIPTOR_FIRST) {
        return (int)opened;
    }
    const long high = real_call3(SYS_fcntl, opened, F_DUPFD_CLOEXEC, REAL_DESCRIPTOR_FIRST);
    real_call3(SYS_close, opened, 0, 0);
    if (high < 0) {
        fail(high);
    }
    return (int)high;
}

static int create(void) {
    long opened = real_call6(SYS_openat,
                             AT_FDCWD,
                             (long)folder,
                             O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC,
                             0600,
                             0,
                             0);
    if (opened == -EOPNOTSUPP || opened == -EISDIR || opened == -EINVAL) {
        opened = real_call3(SYS_memfd_create, (long)"storage", MFD_CLOEXEC, 0);
    }
    if (opened < 0) {
        fail(opened);
    }
    return moved(opened);
}

_Noreturn static void full(void) {
    world_fail(&machine.world,
               VERDICT_LIMIT,
               NULL,
               "more than %u files were written",
               STORAGE_FILES_MAX);
}

int storage_take(void) {
    if (used == count) {
        if (count == STORAGE_FILES_MAX) {
            full();
        }
        const int descriptor = create();
        if (descriptor >= (int)STORAGE_FILES_MAX) {
            real_call3(SYS_close, descriptor, 0, 0);
            full();
        }
        places[descriptor] = count;
        files[count++] = descriptor;
    }
    const int descriptor = files[used++];
    storage_resize(descriptor, 0); /* a process that was forked for a run may have written there */
    return descriptor;
}

void storage_give(int descriptor) {
    const uint32_t place = places[descriptor];
    ASSERT(place < used && files[place] == descriptor);
    storage_resize(descriptor, 0);
    used--;
    files[place] = files[used];
    files[used] = descriptor;
    places[files[place]] = place;
    places[descriptor] = used;
}

void storage_begin(void) {
    while (used > 0) {
        storage_give(files[used - 1]);
    }
}

/* ---- contents ---- */

void storage_resize(int descriptor, uint64_t size) {
    const long result = real_call3(SYS_ftruncate, descriptor, (long)size, 0);
    if (result < 0) {
        fail(result);
    }
}

int64_t storage_write(int descriptor, const void *bytes, uint64_t size, uint64_t position) {
    for (uint64_t done = 0; done < size;) {
        const long result = real_call6(SYS_pwrite64,
                                       descriptor,
                                       (long)bytes + (long)done,
                                       (long)(size - done),
                                       (long)(position + done),
                                       0,
                                       0);
        if (result == -EFAULT) {
            return result;
        }
        if (result <= 0) {
            fail(result == 0 ? -ENOSPC : result);
        }
        done += (uint64_t)result;
    }
    return 0;
}

uint64_t storage_copy(int descriptor, int from) {
    static char bytes[COPY_SIZE];
    uint64_t position = 0;
    for (;;) {
        const long size =
            real_call6(SYS_pread64, from, (long)bytes, sizeof bytes, (long)position, 0, 0);
        if (size < 0) {
            fail(size);
        }
        if (size == 0) {
            return position;
        }
        const int64_t written = storage_write(descriptor, bytes, (uint64_t)size, position);
        ASSERT(written == 0);
        position += (uint64_t)size;
    }
}

void storage_reserve(int descriptor, uint64_t position, uint64_t size) {
    const long result = real_call6(SYS_fallocate,
                                   descriptor,
                                   FALLOC_FL_KEEP_SIZE,
                                   (long)position,
                                   (long)size,
                                   0,
                                   0);
    if (result < 0 && result != -EOPNOTSUPP) {
        fail(result);
    }
}
