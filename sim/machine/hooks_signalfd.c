/* signalfd: pending signals that are read from a descriptor instead of handled.
 *
 * As in Linux (fs/signalfd.c), a file shows what is pending for whoever looks at it, that thread's
 * own signals included, and every signal of a process wakes all who watch one of its files. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/hooks_signal.h"
#include "sim/machine/real.h"
#include "sim/machine/signals.h"
#include "sim/panic.h"

#define SIGNAL_FILES_MAX 1024u

_Static_assert(SFD_NONBLOCK == O_NONBLOCK && SFD_CLOEXEC == O_CLOEXEC, "as Linux has them");

struct signal_file {
    uint64_t mask;
    uint32_t file;
    uint32_t next; /* the node's others; while free: the next free one */
    struct wait_queue readers;
};

static struct signal_file table[SIGNAL_FILES_MAX + 1]; /* 0 = none */
static uint32_t table_used, table_free;
static uint32_t node_first[DESCRIPTION_NODES_MAX + 1];

static struct signal_file *entry_of(uint32_t file) {
    return &table[file_at(hook_kernel()->files, file)->subject];
}

static void look_again(struct signal_file *entry) {
    schedule_wake(hook_schedule(), &entry->readers, UINT32_MAX);
    readiness_notify(&hook_kernel()->readiness, entry->file, 0);
}

static void on_signal(uint32_t node) {
    for (uint32_t i = node_first[node]; i != 0; i = table[i].next) {
        look_again(&table[i]);
    }
}

/* ---- as a file ---- */

/* The kernel's layouts, by where the signal comes from: siginfo_layout(). */
static void record_make(const siginfo_t *info, struct signalfd_siginfo *record) {
    *record = (struct signalfd_siginfo){.ssi_signo = (uint32_t)info->si_signo,
                                        .ssi_errno = info->si_errno,
                                        .ssi_code = info->si_code};
    if (info->si_code == SI_TIMER) {
        record->ssi_tid = (uint32_t)info->si_timerid;
        record->ssi_overrun = (uint32_t)info->si_overrun;
    } else {
        record->ssi_pid = (uint32_t)info->si_pid;
        record->ssi_uid = info->si_uid;
    }
    if (info->si_code < 0) {
        record->ssi_ptr = (uint64_t)(uintptr_t)info->si_ptr;
        record->ssi_int = info->si_int;
    }
}

/* A record goes to position `at` of the call's parts, which may split it. */
static void
record_store(const struct file_call *call, uint64_t at, const struct signalfd_siginfo *record) {
    const unsigned char *from = (const unsigned char *)record;
    size_t left = sizeof *record;
    for (const struct iovec *part = call->parts; left > 0; part++) {
        if (at >= part->iov_len) {
            at -= part->iov_len;
            continue;
        }
        const size_t room = part->iov_len - at;
        const size_t size = room < left ? room : left;
        memcpy((unsigned char *)part->iov_base + at, from, size);
        from += size;
        left -= size;
        at = 0;
    }
}

static int64_t read_signals(void *context, uint32_t file, const struct file_call *call) {
    (void)context;
    struct signal_file *entry = entry_of(file);
    const uint64_t room = file_call_size(call) / sizeof(struct signalfd_siginfo);
    const struct wait_cause cause = {.kind = POINT_READ,
                                     .object = file_at(hook_kernel()->files, file)->object,
                                     .site = call->site};
    if (room == 0) {
        return -EINVAL;
    }
    uint64_t count = 0;
    siginfo_t info;
    if (!call->nonblocking) {
        const int status = signals_read(&entry->mask, &entry->readers, &cause, &info);
        if (status != 0) {
            return status;
        }
    } else if (!signals_take(entry->mask, &info)) {
        return -EAGAIN;
    }
    do {
        struct signalfd_siginfo record;
        record_make(&info, &record);
        record_store(call, count * sizeof record, &record);
        count++;
    } while (count < room && signals_take(entry->mask, &info));
    return (int64_t)(count * sizeof(struct signalfd_siginfo));
}

static uint32_t events(void *context, uint32_t file) {
    (void)context;
    return (signals_pending() & entry_of(file)->mask) != 0 ? EPOLLIN : 0;
}

static void close_file(void *context, uint32_t file) {
    (void)context;
    const struct file *found = file_at(hook_kernel()->files, file);
    const uint32_t index = found->subject;
    uint32_t *link = &node_first[found->node];
    while (*link != index) {
        link = &table[*link].next;
        ASSERT(*link != 0);
    }
    *link = table[index].next;
    table[index].next = table_free;
    table_free = index;
}

static const struct file_operations operations = {.read = read_signals,
                                                  .events = events,
                                                  .close = close_file};

void hooks_signalfd_open(void) {
    file_kind_add(hook_kernel()->files, FILE_SIGNAL, &operations, NULL);
    signals_watch(on_signal);
}

void hooks_signalfd_begin(void) {
    table_used = table_free = 0;
    memset(node_first, 0, sizeof node_first[0] * (machine.world.description->node_count + 1u));
}

/* ---- the call ---- */

static int64_t open_file(uint64_t mask, int flags) {
    uint32_t index = table_free;
    if (index != 0) {
        table_free = table[index].next;
    } else if (table_used < SIGNAL_FILES_MAX) {
        index = ++table_used;
    } else {
        return -ENFILE;
    }
    const uint32_t node = hook_node();
    table[index] = (struct signal_file){.mask = mask, .next = node_first[node]};
    node_first[node] = index;
    const int64_t number = descriptor_create(hook_descriptors(),
                                             FILE_SIGNAL,
                                             O_RDWR | (uint32_t)(flags & SFD_NONBLOCK),
                                             index,
                                             hooks_environment_files_max(),
                                             (flags & SFD_CLOEXEC) != 0);
    if (number >= 0) {
        table[index].file = descriptor_file(hook_descriptors(), number);
    } else if (number == -ENFILE) { /* -EMFILE has closed it */
        node_first[node] = table[index].next;
        table[index].next = table_free;
        table_free = index;
    }
    return number;
}

static int64_t change_file(uint32_t file, uint64_t mask) {
    if (file == 0) {
        return -EBADF;
    }
    if (file_at(hook_kernel()->files, file)->kind != FILE_SIGNAL) {
        return -EINVAL;
    }
    entry_of(file)->mask = mask;
    look_again(entry_of(file));
    return 0;
}

HOOK int signalfd(int number, const sigset_t *set, int flags) {
    if (!hook_simulated()) {
        return REAL(signalfd)(number, set, flags);
    }
    uint64_t mask;
    memcpy(&mask, set, sizeof mask);
    mask &= ~(signal_queue_bit(SIGKILL) | signal_queue_bit(SIGSTOP));
    const bool known = (flags & ~(SFD_NONBLOCK | SFD_CLOEXEC)) == 0;
    if (number == -1) {
        hook_point(POINT_OPEN, 0, true, HOOK_SITE);
        const int64_t opened = known ? open_file(mask, flags) : -EINVAL;
        return hook_opened(POINT_OPEN, opened, opened, HOOK_SITE);
    }
    const uint32_t file = descriptor_enter(hook_descriptors(), number, POINT_CONTROL, HOOK_SITE);
    int64_t result = known ? change_file(file, mask) : -EINVAL;
    result = result == 0 ? number : result;
    return hook_result(
        descriptor_leave(hook_descriptors(), file, POINT_CONTROL, result, HOOK_SITE));
}
