/* The trace against one hash over the bytes that its header names, and its ring over its end. */
#include "sim/trace.h"

#include <stdbool.h>
#include <string.h>

#include "sim/random.h"
#include "tests/suite.h"

#define EVENTS_MAX (3 * TRACE_RING + 77)
#define EVENT_BYTES 32

static struct trace trace;
static struct random dice;
static unsigned char bytes[EVENTS_MAX * EVENT_BYTES]; /* what is to be hashed, event by event */
static struct event copies[EVENTS_MAX];

static void put(unsigned char *to, uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; i++) {
        to[i] = (unsigned char)(value >> (8 * i));
    }
}

/* time, result, thread, node, object, kind: least significant byte first, and nothing else. */
static void write_down(uint64_t n, const struct event *event) {
    unsigned char *to = &bytes[n * EVENT_BYTES];
    put(to, event->time_ns, 8);
    put(to + 8, (uint64_t)event->result, 8);
    put(to + 16, event->thread, 4);
    put(to + 20, event->node, 4);
    put(to + 24, event->object, 4);
    put(to + 28, event->kind, 4);
    copies[n] = *event;
}

static struct event draw(void) {
    return (struct event){.time_ns = random_next(&dice),
                          .result = (int64_t)random_next(&dice),
                          .thread = (uint32_t)random_next(&dice),
                          .node = (uint32_t)random_next(&dice),
                          .object = (uint32_t)random_next(&dice),
                          .kind = (uint32_t)random_next(&dice)};
}

static uint64_t site_of(uint64_t n) {
    return random_mix(n, 7);
}

/* A run of count events, added in both ways. */
static void fill(uint64_t seed, uint64_t count) {
    random_init(&dice, seed);
    trace_begin(&trace);
    for (uint64_t n = 0; n < count; n++) {
        const struct event event = draw();
        write_down(n, &event);
        if (n % 2 == 0) {
            trace_add(&trace, &event, site_of(n));
        } else {
            *trace_next(&trace) = event;
            trace_push(&trace, site_of(n));
        }
    }
}

static const uint64_t counts[] = {
    0,
    1,
    2,
    TRACE_BLOCK - 1,
    TRACE_BLOCK,
    TRACE_BLOCK + 1,
    TRACE_RING - 1,
    TRACE_RING,
    TRACE_RING + 1,
    TRACE_RING + TRACE_BLOCK,
    EVENTS_MAX,
};
#define COUNTS (int)(sizeof counts / sizeof counts[0])

START_TEST(the_fingerprint_is_one_hash_over_all_events) {
    const uint64_t count = counts[_i];
    fill(1, count);

    const struct hash found = trace_end(&trace);

    const struct hash expected = hash_bytes(bytes, count * EVENT_BYTES);
    ck_assert_mem_eq(found.bytes, expected.bytes, HASH_SIZE);
    ck_assert_uint_eq(trace.count, count);
    ck_assert_uint_eq(trace.hashed, count);
}
END_TEST

START_TEST(a_checkpoint_is_the_beginning_of_the_fingerprint_so_far) {
    const uint64_t count = counts[_i];
    fill(2, count);

    ck_assert_uint_eq(trace.checkpoint_count, count / TRACE_BLOCK);
    for (uint64_t i = 0; i < trace.checkpoint_count; i++) {
        const struct hash expected = hash_bytes(bytes, (i + 1) * TRACE_BLOCK * EVENT_BYTES);
        ck_assert_mem_eq(&trace.checkpoints[i], expected.bytes, sizeof trace.checkpoints[i]);
    }
}
END_TEST

START_TEST(each_of_the_six_fields_counts_and_a_site_does_not) {
    const struct event event = {1, 2, 3, 4, 5, 6};
    struct event others[6];
    for (unsigned i = 0; i < 6; i++) {
        others[i] = event;
    }
    others[0].time_ns ^= UINT64_C(1) << 63;
    others[1].result = -event.result;
    others[2].thread++;
    others[3].node++;
    others[4].object++;
    others[5].kind++;
    trace_begin(&trace);
    trace_add(&trace, &event, 1);
    const struct hash first = trace_end(&trace);

    trace_begin(&trace);
    trace_add(&trace, &event, 2);
    const struct hash moved = trace_end(&trace);
    ck_assert_mem_eq(first.bytes, moved.bytes, HASH_SIZE);
    for (unsigned i = 0; i < 6; i++) {
        trace_begin(&trace);
        trace_add(&trace, &others[i], 1);
        const struct hash differs = trace_end(&trace);
        ck_assert_mem_ne(first.bytes, differs.bytes, HASH_SIZE);
    }
}
END_TEST

START_TEST(the_last_events_are_found_as_far_as_the_ring_goes) {
    const uint64_t count = counts[_i];
    fill(3, count);

    for (uint64_t n = 0; n <= count; n++) {
        uint64_t site = 0;
        const struct event *last = trace_last(&trace, n, &site);
        if (n == count || n >= TRACE_RING) {
            ck_assert_ptr_null(last);
        } else {
            ck_assert_mem_eq(last, &copies[count - 1 - n], sizeof *last);
            ck_assert_uint_eq(site, site_of(count - 1 - n));
        }
    }
    ck_assert_ptr_null(trace_last(&trace, UINT64_MAX, NULL));
    ck_assert(count == 0 || trace_last(&trace, 0, NULL) != NULL);
}
END_TEST

/* ---- the sink ---- */

static uint64_t sunk;
static int sink_context;

static void sink(void *context, const struct event *events, const uint64_t *sites, uint32_t count) {
    ck_assert_ptr_eq(context, &sink_context);
    ck_assert_uint_gt(count, 0);
    ck_assert_uint_eq(sunk % TRACE_BLOCK, 0); /* only the last one is not full */
    ck_assert_uint_le(count, TRACE_BLOCK);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_mem_eq(&events[i], &copies[sunk], sizeof events[i]);
        ck_assert_uint_eq(sites[i], site_of(sunk));
        sunk++;
    }
}

START_TEST(a_sink_gets_every_event_once_and_in_order) {
    const uint64_t count = counts[_i];
    sunk = 0;
    trace_set_sink(sink, &sink_context);
    fill(4, count);
    ck_assert_uint_eq(sunk, count - count % TRACE_BLOCK);

    trace_end(&trace);

    ck_assert_uint_eq(sunk, count);
    trace_set_sink(NULL, NULL);
    fill(4, count);
    trace_end(&trace);
    ck_assert_uint_eq(sunk, count);
}
END_TEST

START_TEST(a_run_knows_nothing_of_the_one_before) {
    fill(5, TRACE_RING + 9);
    const struct hash first = trace_end(&trace);
    fill(6, 3 * TRACE_BLOCK + 1);
    trace_end(&trace);
    fill(5, TRACE_RING + 9);

    const struct hash again = trace_end(&trace);

    ck_assert_mem_eq(first.bytes, again.bytes, HASH_SIZE);
    ck_assert_uint_eq(trace.checkpoint_count, TRACE_RING / TRACE_BLOCK);
}
END_TEST

START_TEST(blocks_beyond_the_last_checkpoint_are_hashed_all_the_same) {
    struct event event = {0};
    struct hash_stream stream;
    hash_stream_init(&stream);
    trace_begin(&trace);
    trace.checkpoint_count = TRACE_CHECKPOINTS_MAX - 1; /* as after 2^28 events */
    const uint64_t first = trace.checkpoints[0];

    for (uint64_t n = 0; n < 3 * TRACE_BLOCK; n++) {
        event.time_ns = n;
        write_down(0, &event);
        hash_stream_add(&stream, bytes, EVENT_BYTES);
        trace_add(&trace, &event, 0);
    }

    const struct hash expected = hash_stream_value(&stream);
    const struct hash found = trace_end(&trace);
    ck_assert_uint_eq(trace.checkpoint_count, TRACE_CHECKPOINTS_MAX);
    ck_assert_uint_eq(trace.checkpoints[0], first);
    ck_assert_mem_eq(found.bytes, expected.bytes, HASH_SIZE);
}
END_TEST

SUITE(trace) {
    SUITE_LOOP(the_fingerprint_is_one_hash_over_all_events, 0, COUNTS);
    SUITE_LOOP(a_checkpoint_is_the_beginning_of_the_fingerprint_so_far, 0, COUNTS);
    SUITE_TEST(each_of_the_six_fields_counts_and_a_site_does_not);
    SUITE_LOOP(the_last_events_are_found_as_far_as_the_ring_goes, 0, COUNTS);
    SUITE_LOOP(a_sink_gets_every_event_once_and_in_order, 0, COUNTS);
    SUITE_TEST(a_run_knows_nothing_of_the_one_before);
    SUITE_TEST(blocks_beyond_the_last_checkpoint_are_hashed_all_the_same);
}
