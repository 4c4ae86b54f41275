#include "sim/machine/standard.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include "sim/machine/hook.h"

static int64_t read_end(void *context, uint32_t file, const struct file_call *call) {
    (void)context;
    (void)file;
    (void)call;
    return 0;
}

static int64_t print(void *context, uint32_t file, const struct file_call *call) {
    (void)context;
    (void)file;
    const uint64_t size = file_call_size(call);
    uint64_t left = size;
    for (uint32_t i = 0; left > 0; i++) {
        const uint64_t part = call->parts[i].iov_len < left ? call->parts[i].iov_len : left;
        machine_output(call->parts[i].iov_base, part);
        left -= part;
    }
    return (int64_t)size;
}

static uint32_t events(void *context, uint32_t file) {
    const struct files *files = context;
    return (file_at(files, file)->status & O_ACCMODE) == O_RDONLY
               ? (uint32_t)EPOLLHUP
               : (uint32_t)(EPOLLOUT | EPOLLWRNORM);
}

static const struct file_operations operations = {.read = read_end,
                                                  .write = print,
                                                  .events = events};

void standard_open(void) {
    file_kind_add(hook_kernel()->files, FILE_STANDARD, &operations, hook_kernel()->files);
}

bool standard_output(int64_t number) {
    const struct kernel *kernel = hook_kernel();
    const uint32_t file = descriptor_file(hook_descriptors(), number);
    if (file == 0) {
        return false;
    }
    const struct file *found = file_at(kernel->files, file);
    return found->kind == FILE_STANDARD && (found->status & O_ACCMODE) == O_WRONLY;
}
