#include "sim/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>

#include "sim/panic.h"

#define PAGE 4096u

/* What one page of the ring holds. */
struct page {
    uint16_t used; /* bytes from the page's beginning up to the last one written */
    uint16_t read; /* of these, taken already */
};

struct pipe {
    struct bytes_queue bytes;
    struct wait_queue readers, writers;
    uint32_t ends[2]; /* files: read end, write end; 0 = closed */
    uint32_t tail;    /* of the ring: the oldest page */
    uint32_t held;    /* pages in use */
    uint32_t pages;   /* capacity */
    struct page ring[PIPE_PAGES_MAX];
};

enum { END_READ, END_WRITE };

static struct pipe *pipe_at(const struct pipes *pipes, uint32_t index) {
    return (struct pipe *)pool_at(&pipes->table, index);
}

static struct pipe *pipe_of(const struct pipes *pipes, uint32_t file) {
    return pipe_at(pipes, file_at(pipes->files, file)->subject);
}

static struct page *page_at(struct pipe *pipe, uint32_t position) {
    return &pipe->ring[(pipe->tail + position) % PIPE_PAGES_MAX];
}

static void tell_readers(struct pipes *pipes, struct pipe *pipe, uint32_t events) {
    schedule_wake(pipes->schedule, &pipe->readers, UINT32_MAX);
    if (pipe->ends[END_READ] != 0) {
        readiness_notify(pipes->readiness, pipe->ends[END_READ], events);
    }
}

static void tell_writers(struct pipes *pipes, struct pipe *pipe, uint32_t events) {
    schedule_wake(pipes->schedule, &pipe->writers, UINT32_MAX);
    if (pipe->ends[END_WRITE] != 0) {
        readiness_notify(pipes->readiness, pipe->ends[END_WRITE], events);
    }
}

/* 0 or -EINTR. */
static int pipe_wait(struct pipes *pipes,
                     struct wait_queue *queue,
                     uint32_t file,
                     enum point_kind kind,
                     const void *site) {
    const struct wait_cause cause = {.kind = (uint16_t)kind,
                                     .object = file_at(pipes->files, file)->object,
                                     .site = site};
    return schedule_wait(pipes->schedule, queue, AGENDA_NEVER, &cause) == WAKE_INTERRUPTED ? -EINTR
                                                                                           : 0;
}

/* ---- reading ---- */

/* Takes `size` bytes out of the ring, freeing pages. */
static void ring_take(struct pipe *pipe, uint32_t size) {
    while (size > 0) {
        struct page *page = page_at(pipe, 0);
        const uint32_t there = page->used - page->read;
        const uint32_t part = there < size ? there : size;
        page->read = (uint16_t)(page->read + part);
        size -= part;
        if (page->read == page->used) {
            pipe->tail = (pipe->tail + 1) % PIPE_PAGES_MAX;
            pipe->held--;
        }
    }
}

static void
take(struct pipes *pipes, struct pipe *pipe, const struct file_call *call, uint32_t size) {
    uint32_t left = size;
    for (uint32_t i = 0; left > 0; i++) {
        const struct iovec *to = &call->parts[i];
        const uint32_t part = to->iov_len < left ? (uint32_t)to->iov_len : left;
        bytes_pull(pipes->bytes, &pipe->bytes, to->iov_base, part);
        left -= part;
    }
    ring_take(pipe, size);
}

static int64_t end_read(void *context, uint32_t file, const struct file_call *call) {
    struct pipes *pipes = context;
    struct pipe *pipe = pipe_of(pipes, file);
    const uint64_t wanted = file_call_size(call);
    if (wanted == 0) {
        return 0;
    }
    while (pipe->bytes.size == 0) {
        if (pipe->ends[END_WRITE] == 0) {
            return 0;
        }
        if (call->nonblocking) {
            return -EAGAIN;
        }
        if (pipe_wait(pipes, &pipe->readers, file, POINT_READ, call->site) != 0) {
            return -EINTR;
        }
    }
    const bool was_full = pipe->held == pipe->pages;
    const uint32_t size = pipe->bytes.size < wanted ? pipe->bytes.size : (uint32_t)wanted;
    take(pipes, pipe, call, size);
    if (was_full && pipe->held < pipe->pages) { /* Linux before 6.14 tells them in vain too */
        tell_writers(pipes, pipe, EPOLLOUT | EPOLLWRNORM);
    }
    return size;
}

/* ---- writing ---- */

/* What of a call's parts is written so far. */
struct cursor {
    const struct iovec *part;
    size_t offset;
};

static void copy_in(struct pipes *pipes, struct pipe *pipe, struct cursor *cursor, uint32_t size) {
    while (size > 0) {
        const size_t there = cursor->part->iov_len - cursor->offset;
        const uint32_t part = there < size ? (uint32_t)there : size;
        bytes_push(pipes->bytes,
                   &pipe->bytes,
                   (const char *)cursor->part->iov_base + cursor->offset,
                   part);
        cursor->offset += part;
        size -= part;
        if (cursor->offset == cursor->part->iov_len) {
            cursor->part++;
            cursor->offset = 0;
        }
    }
}

/* The odd bytes of a write go into the rest of the last page, if they fit there. */
static uint32_t fill_last(struct pipe *pipe, uint64_t size) {
    const uint32_t odd = (uint32_t)(size % PAGE);
    if (odd == 0 || pipe->held == 0) {
        return 0;
    }
    struct page *last = page_at(pipe, pipe->held - 1);
    if (last->used + odd > PAGE) {
        return 0;
    }
    last->used = (uint16_t)(last->used + odd);
    return odd;
}

/* Fills fresh pages; returns how many bytes found room. */
static uint32_t fill_fresh(struct pipe *pipe, uint64_t size) {
    uint32_t filled = 0;
    while (filled < size && pipe->held < pipe->pages) {
        const uint32_t part = size - filled < PAGE ? (uint32_t)(size - filled) : PAGE;
        pipe->held++;
        *page_at(pipe, pipe->held - 1) = (struct page){.used = (uint16_t)part};
        filled += part;
    }
    return filled;
}

static int64_t end_write(void *context, uint32_t file, const struct file_call *call) {
    struct pipes *pipes = context;
    struct pipe *pipe = pipe_of(pipes, file);
    const uint64_t wanted = file_call_size(call);
    if (wanted == 0) {
        return 0;
    }
    if (pipe->ends[END_READ] == 0) {
        return -EPIPE;
    }
    struct cursor cursor = {.part = call->parts};
    uint64_t done = fill_last(pipe, wanted);
    copy_in(pipes, pipe, &cursor, (uint32_t)done);
    for (;;) {
        const uint32_t fresh = fill_fresh(pipe, wanted - done);
        copy_in(pipes, pipe, &cursor, fresh);
        done += fresh;
        tell_readers(pipes, pipe, EPOLLIN | EPOLLRDNORM); /* in vain too, as Linux does */
        if (done == wanted) {
            return (int64_t)done;
        }
        if (call->nonblocking) {
            return done > 0 ? (int64_t)done : -EAGAIN;
        }
        if (pipe_wait(pipes, &pipe->writers, file, POINT_WRITE, call->site) != 0) {
            return done > 0 ? (int64_t)done : -EINTR;
        }
        if (pipe->ends[END_READ] == 0) {
            return done > 0 ? (int64_t)done : -EPIPE;
        }
    }
}

/* ---- ends ---- */

static uint32_t end_events(void *context, uint32_t file) {
    const struct pipe *pipe = pipe_of(context, file);
    if (pipe->ends[END_READ] == file) {
        return (uint32_t)((pipe->held > 0 ? EPOLLIN | EPOLLRDNORM : 0) |
                          (pipe->ends[END_WRITE] == 0 ? EPOLLHUP : 0));
    }
    return (uint32_t)((pipe->held < pipe->pages ? EPOLLOUT | EPOLLWRNORM : 0) |
                      (pipe->ends[END_READ] == 0 ? EPOLLERR : 0));
}

static void end_close(void *context, uint32_t file) {
    struct pipes *pipes = context;
    const uint32_t index = file_at(pipes->files, file)->subject;
    struct pipe *pipe = pipe_at(pipes, index);
    const unsigned which = pipe->ends[END_READ] == file ? END_READ : END_WRITE;
    pipe->ends[which] = 0;
    if (pipe->ends[END_READ] == 0 && pipe->ends[END_WRITE] == 0) {
        bytes_drop(pipes->bytes, &pipe->bytes);
        pool_give(&pipes->table, index);
    } else {

        tell_readers(pipes, pipe, 0);
        tell_writers(pipes, pipe, 0);
    }
}

static const struct file_operations end_operations = {.read = end_read,
                                                      .write = end_write,
                                                      .events = end_events,
                                                      .close = end_close};

uint64_t pipe_arena_size(void) {
    return ((uint64_t)PIPES_MAX + 1) * sizeof(struct pipe) + 64;
}

void pipe_init(struct pipes *pipes,
               struct arena *arena,
               struct readiness *readiness,
               struct bytes *bytes) {
    *pipes = (struct pipes){.bytes = bytes,
                            .readiness = readiness,
                            .files = readiness->files,
                            .schedule = readiness->schedule};
    pool_init(&pipes->table, arena, sizeof(struct pipe), PIPES_MAX);
    file_kind_add(pipes->files, FILE_PIPE, &end_operations, pipes);
}

void pipe_begin(struct pipes *pipes) {
    pool_reset(&pipes->table);
}

/* The number of one end. */
static int64_t
end_open(struct pipes *pipes, uint32_t index, unsigned which, int flags, uint64_t limit) {
    const uint32_t access = which == END_READ ? O_RDONLY : O_WRONLY;
    struct descriptors *descriptors = pipes->readiness->descriptors;
    const uint32_t file = file_create(pipes->files,
                                      FILE_PIPE,
                                      schedule_running(pipes->schedule)->node,
                                      access | (uint32_t)(flags & O_NONBLOCK),
                                      schedule_object(pipes->schedule),
                                      index);
    if (file == 0) {
        return -ENFILE;
    }
    pipe_at(pipes, index)->ends[which] = file;
    return descriptor_install(descriptors, file, 0, limit, (flags & O_CLOEXEC) != 0);
}

int64_t pipe_open(struct pipes *pipes, int flags, uint64_t limit, int numbers[2]) {
    const uint32_t index = pool_take(&pipes->table);
    if (index == 0) {
        return -ENFILE;
    }
    struct pipe *pipe = pipe_at(pipes, index);
    pipe->bytes = (struct bytes_queue){0};
    pipe->readers = pipe->writers = (struct wait_queue){0};
    pipe->ends[END_READ] = pipe->ends[END_WRITE] = 0;
    pipe->tail = pipe->held = 0;
    pipe->pages = PIPE_PAGES_DEFAULT;
    const int64_t reader = end_open(pipes, index, END_READ, flags, limit);
    if (reader < 0) {
        if (reader == -ENFILE) {
            pool_give(&pipes->table, index);
        }
        return reader;
    }
    const int64_t writer = end_open(pipes, index, END_WRITE, flags, limit);
    if (writer < 0) {
        descriptor_close(pipes->readiness->descriptors, reader);
        return writer;
    }
    numbers[0] = (int)reader;
    numbers[1] = (int)writer;
    return 0;
}

/* ---- capacity ---- */

int64_t pipe_capacity(const struct pipes *pipes, uint32_t file) {
    return (int64_t)pipe_of(pipes, file)->pages * PAGE;
}

int64_t pipe_capacity_set(struct pipes *pipes, uint32_t file, uint64_t size) {
    struct pipe *pipe = pipe_of(pipes, file);
    if (size > UINT32_C(1) << 31) {
        return -EINVAL;
    }
    uint32_t pages = 1;
    while ((uint64_t)pages * PAGE < size) {
        pages *= 2;
    }
    if (pages > PIPE_PAGES_MAX) {
        return -EPERM;
    }
    if (pages < pipe->held) {
        return -EBUSY;
    }
    pipe->pages = pages;
    tell_writers(pipes, pipe, 0);
    return pipe_capacity(pipes, file);
}

uint32_t pipe_readable(const struct pipes *pipes, uint32_t file) {
    return pipe_of(pipes, file)->bytes.size;
}
