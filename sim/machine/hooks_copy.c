/* sendfile() and copy_file_range(): bytes from one number to another in one call. */
#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/real.h"
#include "sim/machine/real_file.h"
#include "sim/machine/signals.h"

#define BLOCK_SIZE 4096 /* of the thread's stack */

/* Both ends, held for as long as the call takes. */
struct copy {
    uint32_t from, to;                    /* files, 0 = not open */
    int64_t *from_position, *to_position; /* NULL: the file's own */
    const void *site;
};

static bool is_open(uint32_t file) {
    return file != 0 && (file_at(hook_kernel()->files, file)->status & O_PATH) == 0;
}

static int64_t access_refusal(const struct copy *copy) {
    const struct files *files = hook_kernel()->files;
    return !is_open(copy->from) || !is_open(copy->to) ||
                   (file_at(files, copy->from)->status & O_ACCMODE) == O_WRONLY ||
                   (file_at(files, copy->to)->status & O_ACCMODE) == O_RDONLY
               ? -EBADF
               : 0;
}

static bool is_plain(uint32_t file) {
    const uint32_t inode = real_file_inode(file);
    return inode != 0 && tree_is(inode, S_IFREG);
}

static int64_t
move_one(uint32_t file, struct iovec *part, int64_t *position, bool write, const void *site) {
    struct kernel *kernel = hook_kernel();
    const struct file_call call = {.parts = part,
                                   .part_count = 1,
                                   .nonblocking =
                                       (file_at(kernel->files, file)->status & O_NONBLOCK) != 0,
                                   .site = site};
    if (position != NULL) {
        const int64_t count = real_file_positioned(file, &call, write, *position);
        *position += count > 0 ? count : 0;
        return count;
    }
    return write ? file_write(kernel->files, file, &call) : file_read(kernel->files, file, &call);
}

/* What was read and could not be written is read again next time. */
static void give_back(const struct copy *copy, int64_t count) {
    if (copy->from_position != NULL) {
        *copy->from_position -= count;
    } else {
        real_file_seek(copy->from, -count, SEEK_CUR);
    }
}

/* Bytes moved, or why not the first of them. */
static int64_t run(const struct copy *copy, uint64_t size) {
    char bytes[BLOCK_SIZE];
    int64_t done = 0;
    while (size > 0) {
        struct iovec part = {bytes, size < sizeof bytes ? size : sizeof bytes};
        const int64_t count = move_one(copy->from, &part, copy->from_position, false, copy->site);
        if (count <= 0) {
            return done > 0 ? done : count;
        }
        part.iov_len = (size_t)count;
        const int64_t written = move_one(copy->to, &part, copy->to_position, true, copy->site);
        give_back(copy, count - (written < 0 ? 0 : written));
        if (written < 0) {
            return done > 0 ? done : written;
        }
        done += written;
        size -= (uint64_t)written;
        if (written < count) {
            break;
        }
    }
    return done;
}

static void enter(struct copy *copy, int from, int to) {
    copy->to = descriptor_enter(hook_descriptors(), to, POINT_WRITE, copy->site);
    copy->from = descriptor_file(hook_descriptors(), from);
    if (copy->from != 0) {
        file_hold(hook_kernel()->files, copy->from);
    }
}

static ssize_t leave(const struct copy *copy, int64_t result) {
    if (copy->from != 0) {
        file_drop(hook_kernel()->files, copy->from);
    }
    descriptor_leave(hook_descriptors(), copy->to, POINT_WRITE, result, copy->site);
    if (result == -EPIPE) {
        signals_pipe();
    }
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

HOOK ssize_t sendfile(int to, int from, off_t *position, size_t size) {
    if (!hook_simulated()) {
        return REAL(sendfile)(to, from, position, size);
    }
    struct copy copy = {.from_position = position, .site = HOOK_SITE};
    enter(&copy, from, to);
    int64_t result = access_refusal(&copy);
    if (result == 0 && !is_plain(copy.from)) {
        hook_escape(HOOK_SITE, "sendfile() from what is no plain file");
    }
    if (result == 0 && position != NULL && *position < 0) {
        result = -EINVAL;
    }
    if (result == 0 && (file_at(hook_kernel()->files, copy.to)->status & O_APPEND) != 0) {
        result = -EINVAL;
    }
    if (result == 0) {
        do {
            result = run(&copy, size < INT32_MAX ? size : INT32_MAX);
        } while (result == -EINTR && signals_restart());
    }
    return leave(&copy, result);
}

HOOK __attribute__((alias("sendfile"))) ssize_t
sendfile64(int to, int from, off64_t *position, size_t size);

static bool overlaps(const struct copy *copy, int64_t from, int64_t to, uint64_t size) {
    return real_file_inode(copy->from) == real_file_inode(copy->to) && from < to + (int64_t)size &&
           to < from + (int64_t)size;
}

static int64_t place_of(uint32_t file, const int64_t *position) {
    return position != NULL ? *position : real_file_seek(file, 0, SEEK_CUR);
}

/* `*size` becomes what there is to copy now: a file may be copied to its own end. */
static int64_t range_refusal(const struct copy *copy, uint64_t *size, unsigned flags) {
    if (!is_open(copy->from) || !is_open(copy->to)) {
        return -EBADF;
    }
    if (flags != 0) {
        return -EINVAL;
    }
    const uint32_t inodes[] = {real_file_inode(copy->from), real_file_inode(copy->to)};
    for (unsigned i = 0; i < 2; i++) {
        if (inodes[i] != 0 && tree_is(inodes[i], S_IFDIR)) {
            return -EISDIR;
        }
    }
    if (!is_plain(copy->from) || !is_plain(copy->to)) {
        return -EINVAL;
    }
    if (access_refusal(copy) != 0 ||
        (file_at(hook_kernel()->files, copy->to)->status & O_APPEND) != 0) {
        return -EBADF;
    }
    const int64_t from = place_of(copy->from, copy->from_position);
    const int64_t to = place_of(copy->to, copy->to_position);
    const int64_t end = (int64_t)tree_at(inodes[0])->size;
    const uint64_t there = from < end ? (uint64_t)(end - from) : 0;
    if (from < 0 || to < 0) {
        return -EINVAL;
    }
    *size = *size < there ? *size : there;
    return overlaps(copy, from, to, *size) ? -EINVAL : 0;
}

HOOK ssize_t copy_file_range(int from,
                             off64_t *from_position,
                             int to,
                             off64_t *to_position,
                             size_t size,
                             unsigned flags) {
    if (!hook_simulated()) {
        return REAL(copy_file_range)(from, from_position, to, to_position, size, flags);
    }
    struct copy copy = {.from_position = from_position,
                        .to_position = to_position,
                        .site = HOOK_SITE};
    enter(&copy, from, to);
    uint64_t left = size < INT32_MAX ? size : INT32_MAX;
    const int64_t refusal = range_refusal(&copy, &left, flags);
    return leave(&copy, refusal == 0 ? run(&copy, left) : refusal);
}

HOOK ssize_t splice(int from,
                    off64_t *from_position,
                    int to,
                    off64_t *to_position,
                    size_t size,
                    unsigned flags) {
    if (!hook_simulated()) {
        return REAL(splice)(from, from_position, to, to_position, size, flags);
    }
    hook_escape(HOOK_SITE, "splice()");
}
