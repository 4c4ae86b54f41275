/* The sequence of events of a run, and its fingerprint.
 *
 *   trace_add ─► ring of TRACE_RING events ─► each full block: hash stream, checkpoint, sink
 *
 * The fingerprint covers, per event, {virtual time, node, thread, kind, object id, result}: never
 * sites, addresses, payload bytes or allocation sizes. A checkpoint is the first 64 bits of the
 * fingerprint after a block; runs that differ are told apart at the first block where those do.
 *
 * Memory:      a struct trace lies in memory shared with the supervisor, which can go on reading
 *              and hashing it after a crash of the worker. Checkpoints likewise.
 * Limits:      TRACE_CHECKPOINTS_MAX blocks keep a checkpoint; later ones are hashed all the same.
 * Errors:      none.
 * Threads:     the world's only; the supervisor reads when the worker stands still.
 * Determinism: fixed-size events of integers, hashed in order.
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stdint.h>

#include "sim/hash.h"

#define TRACE_VERSION 2 /* of what an event holds and how it is hashed; not of who decides what */
#define TRACE_BLOCK 1024
#define TRACE_RING (4 * TRACE_BLOCK)
#define TRACE_CHECKPOINTS_MAX (1u << 18)

struct event {
    uint64_t time_ns;
    int64_t result;  /* what the operation returned: a count, an id, a negative errno */
    uint32_t thread; /* display id, 0 = the world */
    uint32_t node;   /* index, 0 = none */
    uint32_t object; /* display id, 0 = none */
    uint32_t kind;   /* enum point_kind */
};

/* Gets each block when it is full, and the rest when the run ends. For `sim trace`. */
typedef void
trace_sink(void *context, const struct event *events, const uint64_t *sites, uint32_t count);

struct trace {
    struct hash_stream stream;
    uint64_t count;  /* events so far */
    uint64_t hashed; /* of them in the stream; a multiple of TRACE_BLOCK until the end */
    uint64_t checkpoint_count;
    struct event events[TRACE_RING];
    uint64_t sites[TRACE_RING]; /* return addresses, for people */
    uint64_t checkpoints[TRACE_CHECKPOINTS_MAX];
};

/* Starts a run. */
void trace_begin(struct trace *trace);

/* Hashes the block that just became full. Called by trace_add. */
void trace_block(struct trace *trace);

/* Where the next event is to be written, field by field; trace_push then counts it. Building it in
 * place matters: copying a struct that was just built would stall on the stores. */
static inline struct event *trace_next(struct trace *trace) {
    return &trace->events[trace->count % TRACE_RING];
}

static inline void trace_push(struct trace *trace, uint64_t site) {
    trace->sites[trace->count % TRACE_RING] = site;
    trace->count++;
    if (trace->count % TRACE_BLOCK == 0) {
        trace_block(trace);
    }
}

static inline void trace_add(struct trace *trace, const struct event *event, uint64_t site) {
    *trace_next(trace) = *event;
    trace_push(trace, site);
}

/* The fingerprint of what was added so far. Hashes the rest; call it once, when the run ended. */
struct hash trace_end(struct trace *trace);

/* Sets the sink for this process; NULL for none. */
void trace_set_sink(trace_sink *sink, void *context);

/* The n-th last event (0 = the last) and its site; NULL when it is no longer in the ring. */
const struct event *trace_last(const struct trace *trace, uint64_t n, uint64_t *site);

#endif
