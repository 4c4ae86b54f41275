#include <stdbool.h>

#include "tools/bench_executor/limit.h"
#include "tools/bench_executor/row.h"

/* A stream that has an element, or says that it has none yet. Nothing is kept between two elements:
 * there is no object for the wait. */
struct stream {
    bool (*poll_next)(struct stream *stream, uint64_t *value);
    struct stream *inner;
    uint64_t state;
};

static bool source_next(struct stream *stream, uint64_t *value) {
    *value = stream->state++;
    return true;
}

static bool add_next(struct stream *stream, uint64_t *value) {
    if (!stream->inner->poll_next(stream->inner, value)) {
        return false;
    }
    *value += stream->state;
    return true;
}

uint64_t limit_nested_stream(uint64_t count) {
    struct stream source = {source_next, NULL, 0};
    struct stream first = {add_next, &source, 1};
    struct stream second = {add_next, &first, 1};
    struct stream third = {add_next, &second, 1};
    struct stream *volatile outermost = &third;
    struct stream *stream = outermost;
    uint64_t sum = 0;
    const uint64_t before = row_cpu_ns();
    for (uint64_t i = 0; i < count; i++) {
        uint64_t value;
        if (stream->poll_next(stream, &value)) {
            sum += value;
        }
    }
    const uint64_t spent = row_cpu_ns() - before;
    row_expect(sum == count * (count - 1) / 2 + 3 * count, "every element came");
    return spent;
}
