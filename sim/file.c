#include "sim/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>

#include "sim/panic.h"

static const char *const kind_names[FILE_KIND_COUNT] = {
    [FILE_NONE] = "nothing",
    [FILE_STANDARD] = "standard stream",
    [FILE_EPOLL] = "epoll",
    [FILE_EVENT] = "eventfd",
    [FILE_TIMER] = "timerfd",
    [FILE_PIPE] = "pipe",
    [FILE_SOCKET] = "socket",
    [FILE_SIGNAL] = "signalfd",
    [FILE_REAL] = "file",
};

const char *file_kind_name(enum file_kind kind) {
    ASSERT(kind < FILE_KIND_COUNT);
    return kind_names[kind];
}

uint64_t file_arena_size(uint32_t nodes) {
    return sizeof(struct files) + ((uint64_t)nodes + 1) * sizeof(uint32_t) +
           ((uint64_t)FILES_MAX + 1) * sizeof(struct file) + 128;
}

struct files *file_init(struct arena *arena, struct schedule *schedule, uint32_t nodes) {
    struct files *files =
        arena_take(arena, sizeof *files + ((size_t)nodes + 1) * sizeof files->node_first[0]);
    *files = (struct files){.schedule = schedule};
    for (uint32_t i = 0; i <= nodes; i++) {
        files->node_first[i] = 0;
    }
    pool_init(&files->table, arena, sizeof(struct file), FILES_MAX);
    return files;
}

void file_kind_add(struct files *files,
                   enum file_kind kind,
                   const struct file_operations *operations,
                   void *context) {
    ASSERT(kind > FILE_NONE && kind < FILE_KIND_COUNT);
    ASSERT(files->kinds[kind].operations == NULL);
    files->kinds[kind].operations = operations;
    files->kinds[kind].context = context;
}

void file_begin(struct files *files) {
    for (uint32_t i = 1; i <= files->table.count; i++) {
        files->node_first[file_at(files, i)->node] = 0;
    }
    pool_reset(&files->table);
}

uint32_t file_create(struct files *files,
                     enum file_kind kind,
                     uint32_t node,
                     uint32_t status,
                     uint32_t object,
                     uint32_t subject) {
    ASSERT(files->kinds[kind].operations != NULL);
    const uint32_t index = pool_take(&files->table);
    if (index == 0) {
        return 0;
    }
    struct file *file = file_at(files, index);
    file->kind = kind;
    file->node = node;
    file->status = status;
    file->references = 1;
    file->object = object;
    file->subject = subject;
    file->site = schedule_running(files->schedule)->pending.site;
    file->watch_first = file->watch_last = 0;
    file->node_previous = 0;
    file->node_next = files->node_first[node];
    if (file->node_next != 0) {
        file_at(files, file->node_next)->node_previous = index;
    }
    files->node_first[node] = index;
    return index;
}

void file_hold(struct files *files, uint32_t index) {
    struct file *file = file_at(files, index);
    ASSERT(file->references > 0);
    file->references++;
}

static void unlink_from_node(struct files *files, struct file *file) {
    if (file->node_previous != 0) {
        file_at(files, file->node_previous)->node_next = file->node_next;
    } else {
        files->node_first[file->node] = file->node_next;
    }
    if (file->node_next != 0) {
        file_at(files, file->node_next)->node_previous = file->node_previous;
    }
}

static void release(struct files *files, uint32_t index) {
    struct file *file = file_at(files, index);
    file->references = 0;
    if (file->watch_first != 0) {
        files->forget(files->forget_context, index);
        ASSERT(file->watch_first == 0);
    }
    if (files->kinds[file->kind].operations->close != NULL) {
        files->kinds[file->kind].operations->close(files->kinds[file->kind].context, index);
    }
    unlink_from_node(files, file);
    file->kind = FILE_NONE;
    pool_give(&files->table, index);
}

void file_drop(struct files *files, uint32_t index) {
    struct file *file = file_at(files, index);
    ASSERT(file->references > 0);
    if (--file->references == 0) {
        release(files, index);
    }
}

void file_node_end(struct files *files, uint32_t node) {
    while (files->node_first[node] != 0) {
        release(files, files->node_first[node]);
    }
}

int64_t file_refusal(const struct files *files, uint32_t index, bool write) {
    const struct file *file = file_at(files, index);
    const struct file_operations *operations = files->kinds[file->kind].operations;
    if ((file->status & O_ACCMODE) == (write ? O_RDONLY : O_WRONLY)) {
        return -EBADF;
    }
    return (write ? operations->write : operations->read) == NULL ? -EINVAL : 0;
}

static int64_t
transfer(struct files *files, uint32_t index, const struct file_call *call, bool write) {
    const uint32_t kind = file_at(files, index)->kind;
    const struct file_operations *operations = files->kinds[kind].operations;
    const int64_t refusal = file_refusal(files, index, write);
    if (refusal != 0 || (call->vector && file_call_size(call) == 0)) {
        return refusal;
    }
    return (write ? operations->write : operations->read)(files->kinds[kind].context, index, call);
}

int64_t file_read(struct files *files, uint32_t index, const struct file_call *call) {
    return transfer(files, index, call, false);
}

int64_t file_write(struct files *files, uint32_t index, const struct file_call *call) {
    return transfer(files, index, call, true);
}

uint32_t file_events(struct files *files, uint32_t index) {
    const struct file *file = file_at(files, index);
    const struct file_operations *operations = files->kinds[file->kind].operations;
    return operations->events == NULL ? (uint32_t)(EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM)
                                      : operations->events(files->kinds[file->kind].context, index);
}

uint64_t file_call_size(const struct file_call *call) {
    uint64_t size = 0;
    for (uint32_t i = 0; i < call->part_count; i++) {
        size += call->parts[i].iov_len;
        if (size >= FILE_CALL_MAX) {
            return FILE_CALL_MAX;
        }
    }
    return size;
}
