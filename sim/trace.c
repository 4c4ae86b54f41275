#include "sim/trace.h"

#include <stddef.h>
#include <string.h>

#include "sim/panic.h"

_Static_assert(sizeof(struct event) == 32, "events are hashed as bytes: no padding");
_Static_assert(TRACE_RING % TRACE_BLOCK == 0, "a block does not wrap");

static trace_sink *sink_function;
static void *sink_context;

void trace_begin(struct trace *trace) {
    hash_stream_init(&trace->stream);
    trace->count = 0;
    trace->hashed = 0;
    trace->checkpoint_count = 0;
}

static void hash_rest(struct trace *trace) {
    const uint64_t count = trace->count - trace->hashed;
    const uint64_t first = trace->hashed % TRACE_RING;
    ASSERT(count <= TRACE_BLOCK);
    hash_stream_add(&trace->stream, &trace->events[first], count * sizeof(struct event));
    if (sink_function != NULL && count > 0) {
        sink_function(sink_context, &trace->events[first], &trace->sites[first], (uint32_t)count);
    }
    trace->hashed = trace->count;
}

void trace_block(struct trace *trace) {
    ASSERT(trace->count % TRACE_BLOCK == 0);
    hash_rest(trace);
    if (trace->checkpoint_count < TRACE_CHECKPOINTS_MAX) {
        const struct hash value = hash_stream_value(&trace->stream);
        memcpy(&trace->checkpoints[trace->checkpoint_count++], value.bytes, sizeof(uint64_t));
    }
}

struct hash trace_end(struct trace *trace) {
    ASSERT(trace->hashed <= trace->count);
    hash_rest(trace);
    return hash_stream_value(&trace->stream);
}

void trace_set_sink(trace_sink *sink, void *context) {
    sink_function = sink;
    sink_context = context;
}

const struct event *trace_last(const struct trace *trace, uint64_t n, uint64_t *site) {
    if (n >= trace->count || n >= TRACE_RING) {
        return NULL;
    }
    const uint64_t index = (trace->count - 1 - n) % TRACE_RING;
    if (site != NULL) {
        *site = trace->sites[index];
    }
    return &trace->events[index];
}
