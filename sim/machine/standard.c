#include "sim/machine/standard.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sim/machine/heap.h"
#include "sim/machine/hook.h"
#include "sim/machine/real.h"

#define REST_BLOCK 4096

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

/* libc's list of all streams; those of other libraries than malloc's are none of a node's. */
extern FILE *_IO_list_all;

/* The running node's first stream with something to write, but for so many before it. */
static FILE *pending(unsigned skipped) {
    for (FILE *stream = _IO_list_all; stream != NULL; stream = stream->_chain) {
        if (heap_marked(stream) == hook_node() && __fpending(stream) > 0 && skipped-- == 0) {
            return stream;
        }
    }
    return NULL;
}

/* Others may open and close streams meanwhile, so the list is read anew each time. */
int standard_flush(void) {
    unsigned failed = 0;
    for (FILE *stream; (stream = pending(failed)) != NULL;) {
        failed += fflush(stream) != 0;
    }
    failed += __fpending(stdout) > 0 && fflush(stdout) != 0;
    failed += __fpending(stderr) > 0 && fflush(stderr) != 0;
    return failed == 0 ? 0 : EOF;
}

void standard_node_crash(uint32_t node) {
    FILE **link = &_IO_list_all;
    while (*link != NULL) {
        if (heap_marked(*link) == node) {
            *link = (*link)->_chain;
        } else {
            link = &(*link)->_chain;
        }
    }
}

void standard_thread_gone(const void *thread_pointer) {
    struct stream_lock { /* _IO_lock_t */
        int word;
        int count;
        void *owner;
    };
    FILE *const streams[] = {stdin, stdout, stderr};
    for (unsigned i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        struct stream_lock *lock = (void *)streams[i]->_lock;
        if (lock != NULL && lock->owner == thread_pointer) {
            *lock = (struct stream_lock){0};
        }
    }
}

/* By a call that fails where a plain copy would fault: the program may have overwritten stdout, or
 * what it points to. One FILE stands for the output of all nodes. */
static bool peek(void *to, const void *from, size_t size) {
    const struct iovec here = {to, size};
    const struct iovec there = {(void *)(uintptr_t)from, size};
    const long self = real_call3(SYS_getpid, 0, 0, 0);
    return real_call6(SYS_process_vm_readv, self, (long)&here, 1, (long)&there, 1, 0) == (long)size;
}

void standard_rest(void) {
    FILE file;
    if (!peek(&file, stdout, sizeof file) || file._fileno != STDOUT_FILENO) {
        return;
    }
    char block[REST_BLOCK];
    const char *next = file._IO_write_base;
    while (next < file._IO_write_ptr) {
        const size_t left = (size_t)(file._IO_write_ptr - next);
        const size_t size = left < sizeof block ? left : sizeof block;
        if (!peek(block, next, size)) {
            return;
        }
        machine_output(block, size);
        next += size;
    }
}
