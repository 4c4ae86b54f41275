#include "executor/source.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

struct ex_source_page {
    struct ex_source_page *next;
    size_t begun_count; /* of the sources, those that were ever used */
    struct ex_source sources[];
};

#define PAGE_SOURCES                                                                               \
    ((EX_MEMORY_PAGE_SIZE - sizeof(struct ex_source_page)) / sizeof(struct ex_source))

/* ---- life ---- */

void ex_source_pool_init(struct ex_source_pool *pool,
                         struct ex_memory *memory,
                         int epoll,
                         bool is_local) {
    *pool = (struct ex_source_pool){.memory = memory,
                                    .epoll = epoll,
                                    .kind = is_local ? EX_WAIT_LOCAL : EX_WAIT_SHARED};
    pthread_mutex_init(&pool->lock, NULL);
}

void ex_source_pool_deinit(struct ex_source_pool *pool) {
    while (pool->pages != NULL) {
        struct ex_source_page *const page = pool->pages;
        pool->pages = page->next;
        for (size_t i = 0; i < page->begun_count; i++) {
            struct ex_source *const source = &page->sources[i];
            EX_ASSERT(source->directions[EX_SOURCE_READ].user == NULL &&
                      source->directions[EX_SOURCE_WRITE].user == NULL);
            if (source->is_open) {
                close(source->descriptor);
            }
            ex_wait_guard_deinit(&source->guard);
        }
        ex_memory_release(pool->memory, page);
    }
    pthread_mutex_destroy(&pool->lock);
}

/* One that was never used; NULL: out of memory. Under the pool's lock. */
static struct ex_source *cut(struct ex_source_pool *pool) {
    struct ex_source_page *page = pool->pages;

    if (page == NULL || page->begun_count == PAGE_SOURCES) {
        page = ex_memory_allocate(pool->memory, EX_MEMORY_PAGE_SIZE);
        if (page == NULL) {
            return NULL;
        }
        page->next = pool->pages;
        page->begun_count = 0;
        pool->pages = page;
    }
    struct ex_source *const source = &page->sources[page->begun_count++];
    *source = (struct ex_source){.pool = pool, .descriptor = -1, .generation = 1};
    ex_wait_guard_init(&source->guard, pool->kind);
    return source;
}

static struct ex_source *take_free(struct ex_source_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    struct ex_source *source = pool->free;
    if (source != NULL) {
        pool->free = source->next;
    } else {
        source = cut(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    return source;
}

static void put_free(struct ex_source *source) {
    struct ex_source_pool *const pool = source->pool;

    pthread_mutex_lock(&pool->lock);
    source->next = pool->free;
    pool->free = source;
    pthread_mutex_unlock(&pool->lock);
}

/* Both directions are ready until a try says otherwise. */
static void begin_life(struct ex_source *source, int descriptor, bool is_socket) {
    ex_wait_enter(&source->guard);
    EX_ASSERT(!source->is_open && source->descriptor == -1);
    for (unsigned i = 0; i < EX_SOURCE_DIRECTION_COUNT; i++) {
        EX_ASSERT(source->directions[i].user == NULL);
        source->directions[i] = (struct ex_source_direction){.is_ready = true};
    }
    source->descriptor = descriptor;
    source->is_socket = is_socket;
    source->is_open = true;
    ex_wait_leave(&source->guard);
}

/* Nobody learned of it yet. */
static void end_unborn(struct ex_source *source) {
    ex_wait_enter(&source->guard);
    source->is_open = false;
    source->descriptor = -1;
    ex_wait_leave(&source->guard);
    put_free(source);
}

int ex_source_open(struct ex_source_pool *pool,
                   int descriptor,
                   bool is_socket,
                   struct ex_source **source) {
    EX_ASSERT(descriptor >= 0);
    struct ex_source *const opened = take_free(pool);
    if (opened == NULL) {
        return -ENOMEM;
    }

    begin_life(opened, descriptor, is_socket);
    __atomic_fetch_add(&pool->opened_count, 1, __ATOMIC_RELEASE);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = opened};
    if (epoll_ctl(pool->epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) {
        const int status = -errno;
        end_unborn(opened);
        return status;
    }
    *source = opened;
    return 0;
}

/* ---- closing ---- */

/* Gives the number back, once it is closed and nobody tries it. The registration is the open
 * file's: it would outlive the number if that was duplicated. Inside the guard. */
static void give_back(struct ex_source *source) {
    const struct ex_source_direction *const directions = source->directions;

    if (source->is_open || source->descriptor == -1 || directions[EX_SOURCE_READ].is_trying ||
        directions[EX_SOURCE_WRITE].is_trying) {
        return;
    }
    struct epoll_event none = {.events = 0};
    const int status = epoll_ctl(source->pool->epoll, EPOLL_CTL_DEL, source->descriptor, &none);
    EX_REQUIRE(status == 0,
               "ex_io_close: close(2) was called on its number, which may be another file's by "
               "now; close what ex_io_open took over by ex_io_close alone");
    close(source->descriptor);
    source->descriptor = -1;
}

/* True when the memory can be another descriptor's. Inside the guard. */
static bool is_unused(const struct ex_source *source) {
    return !source->is_open && source->directions[EX_SOURCE_READ].user == NULL &&
           source->directions[EX_SOURCE_WRITE].user == NULL;
}

static void wake(struct ex_source *source, struct ex_source_direction *direction) {
    if (direction->strand != NULL) {
        ex_wait_wake(&source->guard, direction->strand);
    }
}

int ex_source_close(struct ex_source *source, uint32_t generation) {
    ex_wait_enter(&source->guard);
    if (!source->is_open || source->generation != generation) {
        ex_wait_leave(&source->guard);
        return -EBADF;
    }
    source->is_open = false;
    source->generation += source->generation == UINT32_MAX ? 2 : 1;
    for (unsigned i = 0; i < EX_SOURCE_DIRECTION_COUNT; i++) {
        wake(source, &source->directions[i]);
    }
    give_back(source);
    const bool shall_free = is_unused(source);
    ex_wait_leave(&source->guard);
    if (shall_free) {
        put_free(source);
    }
    return 0;
}

/* ---- readiness ---- */

static void
tell_direction(struct ex_source *source, unsigned which, uint32_t events, uint32_t wanted) {
    struct ex_source_direction *const direction = &source->directions[which];

    if ((events & (wanted | EPOLLHUP | EPOLLERR)) != 0) {
        direction->is_ready = true;
        wake(source, direction);
    }
}

void ex_source_tell(struct ex_source *source, uint32_t events) {
    ex_wait_enter(&source->guard);
    tell_direction(source, EX_SOURCE_READ, events, EPOLLIN | EPOLLRDHUP);
    tell_direction(source, EX_SOURCE_WRITE, events, EPOLLOUT);
    ex_wait_leave(&source->guard);
}

/* ---- operations ---- */

int ex_source_begin(struct ex_source *source,
                    uint32_t generation,
                    unsigned direction,
                    const void *user) {
    int status = -EBADF;

    ex_wait_enter(&source->guard);
    if (source->is_open && source->generation == generation) {
        EX_REQUIRE(source->directions[direction].user == NULL,
                   direction == EX_SOURCE_READ ? "ex_io: another operation reads (or accepts, or "
                                                 "receives) from it; one at a time may"
                                               : "ex_io: another operation writes (or connects, or "
                                                 "sends) to it; one at a time may");
        status = source->directions[direction].kept;
        source->directions[direction].kept = 0;
        source->directions[direction].user = status == 0 ? user : NULL;
    }
    ex_wait_leave(&source->guard);
    return status;
}

int ex_source_try(struct ex_source *source, unsigned which, struct ex_strand *strand) {
    struct ex_source_direction *const direction = &source->directions[which];
    int result = -EBADF;

    ex_wait_enter(&source->guard);
    EX_ASSERT(direction->user != NULL && !direction->is_trying);
    direction->strand = NULL;
    if (source->is_open && direction->is_ready) {
        direction->is_ready = false;
        direction->is_trying = true;
        result = source->descriptor;
    } else if (source->is_open) {
        direction->strand = strand;
        result = -EAGAIN;
    }
    ex_wait_leave(&source->guard);
    return result;
}

void ex_source_tried(struct ex_source *source, unsigned which, bool is_ready) {
    struct ex_source_direction *const direction = &source->directions[which];

    ex_wait_enter(&source->guard);
    EX_ASSERT(direction->is_trying);
    direction->is_trying = false;
    direction->is_ready = direction->is_ready || is_ready;
    give_back(source);
    ex_wait_leave(&source->guard);
}

void ex_source_end(struct ex_source *source, unsigned which, int kept) {
    struct ex_source_direction *const direction = &source->directions[which];

    ex_wait_enter(&source->guard);
    EX_ASSERT(direction->user != NULL && !direction->is_trying);
    direction->user = NULL;
    direction->strand = NULL;
    direction->kept = kept;
    const bool shall_free = is_unused(source);
    ex_wait_leave(&source->guard);
    if (shall_free) {
        put_free(source);
    }
}
