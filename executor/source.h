/* Descriptors that a scheduler knows: what is ready of each, and which operations wait for it.
 *
 *   open ─► ready ──try, EAGAIN──► not ready ──wait──► woken by ex_source_tell ─► ready ──try─► …
 *
 * Registered once with epoll, edge-triggered, for both directions; from then on an event says that
 * something became ready, and only a system call that gives EAGAIN says that it is no more.
 *
 * A direction is made not ready before each try. Counterexample for doing that after it: (1) a read
 * gives EAGAIN; (2) bytes arrive, and their event makes the direction ready; (3) the reader makes
 * it not ready and waits, for ever.
 *
 * Events are hints. One may reach a source that was closed and opened anew in the meantime (fetched
 * before, told after): sources stay sources as long as their scheduler lives, so it finds one, and
 * does no worse than one more try.
 *
 * An operation that has bytes to report leaves its error to the next one, for the system tells it
 * once. Counterexample: (1) a read of all has got some, and then ECONNRESET; (2) it returns those;
 * (3) the next read gives 0, as if the peer had ended its data.
 *
 * A number is given back to the system once nobody tries it. Counterexample: (1) A takes the number
 * 5 to read from it; (2) B closes 5, and C opens a file that becomes 5; (3) A reads C's file.
 *
 * Memory:  from the scheduler's, given back with it.
 * Errors:  negative errno values.
 * Threads: a source of a local scheduler is its thread's; others have a lock (ex/wait.h). Who waits
 *          is woken while that is held, and takes it before it returns.
 */
#ifndef EXECUTOR_SOURCE_H
#define EXECUTOR_SOURCE_H

#include "executor/memory.h"
#include "executor/wait.h"

/* What a try found: the descriptor may be ready still, or is not. */
#define EX_SOURCE_WAIT (EX_PENDING + 1)  /* it is not: wait */
#define EX_SOURCE_AGAIN (EX_PENDING + 2) /* there is more to do at once */

enum { EX_SOURCE_READ, EX_SOURCE_WRITE, EX_SOURCE_DIRECTION_COUNT };

struct ex_source_direction {
    const void *user;         /* the operation that has begun and not ended; NULL: none */
    struct ex_strand *strand; /* to wake; NULL: nobody waits */
    bool is_ready;
    bool is_trying; /* the user is in a system call */
    int kept;       /* what the last user met and could not tell; 0: nothing */
};

struct ex_source {
    struct ex_wait_guard guard; /* for all below */
    struct ex_source_pool *pool;
    struct ex_source_direction directions[EX_SOURCE_DIRECTION_COUNT];
    int descriptor;      /* -1: given back, or none */
    uint32_t generation; /* how often this memory was closed; not 0 */
    bool is_open;
    bool is_socket;
    struct ex_source *next; /* free; under the pool's lock */
};

/* The sources of one scheduler. */
struct ex_source_pool {
    struct ex_memory *memory;
    int epoll; /* borrowed */
    enum ex_wait_kind kind;
    uint32_t
        opened_count;     /* what was written before an opening is seen by who fetches its events */
    pthread_mutex_t lock; /* for all below */
    struct ex_source *free;
    struct ex_source_page *pages;
};

void ex_source_pool_init(struct ex_source_pool *pool,
                         struct ex_memory *memory,
                         int epoll,
                         bool is_local);

/* Closes what is open still. */
void ex_source_pool_deinit(struct ex_source_pool *pool);

/* Takes the descriptor over, which does not block. -ENOMEM; -EPERM: it is none that one can wait
 * for (a file); -ENOSPC, -EEXIST. On an error the descriptor remains the caller's. */
int ex_source_open(struct ex_source_pool *pool,
                   int descriptor,
                   bool is_socket,
                   struct ex_source **source);

/* Ends what waits. -EBADF: closed already. */
int ex_source_close(struct ex_source *source, uint32_t generation);

/* An event of epoll. By whoever fetched it. */
void ex_source_tell(struct ex_source *source, uint32_t events);

/* An operation begins. -EBADF; what the one before it kept: it does not begin. Panics when another
 * is under way in this direction. */
int ex_source_begin(struct ex_source *source,
                    uint32_t generation,
                    unsigned direction,
                    const void *user);

/* A descriptor to try; -EAGAIN: not ready, the strand will be woken; -EBADF: closed. */
int ex_source_try(struct ex_source *source, unsigned direction, struct ex_strand *strand);

/* After each that gave a descriptor. */
void ex_source_tried(struct ex_source *source, unsigned direction, bool is_ready);

/* After each begin. `kept`: an error for the next one, 0: none. */
void ex_source_end(struct ex_source *source, unsigned direction, int kept);

#endif
