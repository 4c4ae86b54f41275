/* Addresses, links and faults by themselves, and the bytes that wait in sockets. */
#include <arpa/inet.h>
#include <errno.h>

#include "tests/network_fixture.h"
#include "tests/suite.h"

static struct decider who = {.identity = 42};

static struct address from_text(const char *text) {
    struct address address = {.family = AF_INET6};
    ck_assert_int_eq(inet_pton(AF_INET6, text, address.bytes), 1);
    return address;
}

START_TEST(every_address_belongs_to_its_node) {
    network_fixture_start(300);
    for (uint32_t node = 1; node <= 300; node++) {
        const struct address four = address_of_node(&net.description, node, false, 80);
        const struct address six = address_of_node(&net.description, node, true, 80);
        ck_assert_uint_eq(address_node(&net.description, 7, &four), node);
        ck_assert_uint_eq(address_node(&net.description, 7, &six), node);
        ck_assert(address_on_link(&four) && address_on_link(&six));
    }
    const struct address loopback = address_v4(AF_INET, 0x7f010203, 0);
    ck_assert_uint_eq(address_node(&net.description, 7, &loopback), 7);
    const struct address missing = address_v4(AF_INET, 0x0a00ff01, 0);
    ck_assert_uint_eq(address_node(&net.description, 7, &missing), 0);
}
END_TEST

START_TEST(addresses_are_told_apart) {
    const struct address any = from_text("::");
    const struct address mapped = from_text("::ffff:10.0.0.1");
    const struct address loopback = from_text("::1");
    const struct address group = from_text("ff02::1");

    ck_assert(address_is_any(&any) && !address_is_v4(&any));
    ck_assert(address_is_v4(&mapped) && !address_is_any(&mapped));
    ck_assert(address_is_loopback(&loopback) && !address_is_loopback(&mapped));
    ck_assert(address_is_multicast(&group) && !address_is_multicast(&mapped));
}
END_TEST

START_TEST(sockaddrs_come_back_as_they_were) {
    const struct sockaddr_in in = v4(0x0a000001, 4242);
    struct sockaddr_in6 out;
    struct address address;
    uint32_t size = sizeof out;

    ck_assert_int_eq(address_read(&address, AF_INET, &in, sizeof in), 0);
    address_write(&address, &out, &size);
    ck_assert_uint_eq(size, sizeof in);
    ck_assert_mem_eq(&out, &in, sizeof in);
    ck_assert_int_eq(address_read(&address, AF_INET, &in, 4), -EINVAL);
    ck_assert_int_eq(address_read(&address, AF_INET6, &in, sizeof in), -EINVAL);
    memcpy(&out, &in, sizeof in);
    ck_assert_int_eq(address_read(&address, AF_INET6, &out, sizeof out), -EAFNOSUPPORT);
}
END_TEST

START_TEST(latency_lies_between_its_bounds_and_reaches_both) {
    network_fixture_open(2);
    struct description_link *link = description_link_add(&net.description, 1, 2);
    link->latency_min_ns = 10000;
    link->latency_max_ns = 14999;
    network_fixture_begin(CHOICES_DRAW, 1);
    const uint64_t now = schedule_now_ns(&net.schedule);
    unsigned seen[5] = {0};

    for (unsigned i = 0; i < 500; i++) {
        const uint64_t delay =
            network_pass(&net.endpoints.network, 1, 2, 0, &who, NULL).due_ns - now;
        ck_assert_uint_ge(delay, 10000);
        ck_assert_uint_le(delay, 14999);
        ck_assert_uint_eq(delay % NETWORK_LATENCY_STEP_NS, 0);
        seen[delay / 1000 - 10]++;
    }
    for (unsigned i = 0; i < 5; i++) {
        ck_assert_uint_gt(seen[i], 50);
    }
}
END_TEST

START_TEST(a_table_of_latencies_is_drawn_from_by_weight) {
    network_fixture_open(2);
    struct description_link *link = description_link_add(&net.description, 1, 2);
    link->latency_min_ns = 10000;
    link->latency_max_ns = 90000;
    link->table[link->table_count++] = (struct description_latency){3, 10000, 12000};
    link->table[link->table_count++] = (struct description_latency){1, 80000, 90000};
    uint32_t late = 0;
    for (uint64_t seed = 0; seed < 4000; seed++) {
        network_fixture_begin(CHOICES_DRAW, seed);
        const uint64_t now = schedule_now_ns(&net.schedule);
        const struct network_passage passage =
            network_pass(&net.endpoints.network, 1, 2, 0, &who, NULL);
        const uint64_t taken = passage.due_ns - now;
        ck_assert(taken >= 10000 && (taken <= 12000 || (taken >= 80000 && taken <= 90000)));
        ck_assert_uint_eq(passage.earliest_ns, now + 10000);
        ck_assert_uint_eq(passage.latest_ns, now + 90000);
        late += taken >= 80000;
    }
    ck_assert(late > 850 && late < 1150); /* a quarter; five standard deviations are 137 */
    network_fixture_begin(CHOICES_ZERO, 1);
    ck_assert_uint_eq(network_pass(&net.endpoints.network, 1, 2, 0, &who, NULL).due_ns,
                      schedule_now_ns(&net.schedule) + 10000);
}
END_TEST

/* A thousand bytes take a millisecond; the queue has room for two such datagrams and a half. */
START_TEST(a_queue_that_is_full_loses_datagrams) {
    network_fixture_open(2);
    struct description_link *link = description_link_add(&net.description, 1, 2);
    link->bandwidth_bps = 1000000;
    link->queue_bytes = 2500;
    network_fixture_begin(CHOICES_ZERO, 1);
    for (uint32_t sent = 0; sent < 5; sent++) {
        const bool lost = network_lost(&net.endpoints.network, 1, 2, 1000, &who, NULL);
        ck_assert_int_eq(lost, sent >= 2);
        if (!lost) {
            network_pass(&net.endpoints.network, 1, 2, 1000, &who, NULL);
        }
    }
    ck_assert(!network_lost(&net.endpoints.network, 1, 2, 500, &who, NULL));  /* there is room */
    ck_assert(!network_lost(&net.endpoints.network, 2, 1, 1000, &who, NULL)); /* the other way */
}
END_TEST

START_TEST(alternative_zero_is_the_minimum_and_loopback_asks_nobody) {
    network_fixture_open(2);
    struct description_link *link = description_link_add(&net.description, 1, 2);
    link->latency_min_ns = 10000;
    link->latency_max_ns = 20000;
    link->loss_ppm = NETWORK_PPM / 2;
    network_fixture_begin(CHOICES_ZERO, 1);
    const uint64_t now = schedule_now_ns(&net.schedule);

    ck_assert_uint_eq(network_pass(&net.endpoints.network, 1, 2, 0, &who, NULL).due_ns,
                      now + 10000);
    ck_assert(!network_lost(&net.endpoints.network, 1, 2, 0, &who, NULL));
    const uint64_t asked = net.choices.at;
    ck_assert_uint_eq(network_pass(&net.endpoints.network, 1, 1, 0, &who, NULL).due_ns,
                      now + NETWORK_LOOPBACK_NS);
    ck_assert(!network_lost(&net.endpoints.network, 1, 1, 0, &who, NULL));
    ck_assert_uint_eq(net.choices.at, asked);
}
END_TEST

START_TEST(partitions_begin_and_heal_for_those_they_concern) {
    network_fixture_open(3);
    struct description_fault *fault = description_fault_add(&net.description);
    *fault = (struct description_fault){.kind = DESCRIPTION_PARTITION,
                                        .from = 1,
                                        .to = 2,
                                        .at_ns = 1000,
                                        .until_ns = 5000,
                                        .one_way = true};
    network_fixture_begin(CHOICES_ZERO, 1);

    ck_assert_uint_eq(network_blocked_ns(&net.endpoints.network, 1, 2), 0);
    sleep_ns(2000);
    ck_assert_uint_eq(network_blocked_ns(&net.endpoints.network, 1, 2), 5000);
    ck_assert(network_lost(&net.endpoints.network, 1, 2, 0, &who, NULL));
    ck_assert_uint_eq(network_blocked_ns(&net.endpoints.network, 2, 1), 0);
    ck_assert_uint_eq(network_blocked_ns(&net.endpoints.network, 1, 3), 0);
    sleep_ns(4000);
    ck_assert_uint_eq(network_blocked_ns(&net.endpoints.network, 1, 2), 0);
}
END_TEST

enum { BEGINS, HEALS }; /* occasions */

static struct description_fault *add_fault_on(enum description_fault_kind kind, uint32_t heals_on) {
    network_fixture_open(2);
    struct description_fault *fault = description_fault_add(&net.description);
    *fault = (struct description_fault){.kind = kind,
                                        .from = 1,
                                        .to = 2,
                                        .until_ns = UINT64_MAX,
                                        .begins_on = BEGINS + 1,
                                        .heals_on = heals_on};
    return fault;
}

static uint64_t blocked_ns(void) {
    return network_blocked_ns(&net.endpoints.network, 1, 2);
}

START_TEST(a_partition_begins_and_heals_on_occasions_again_and_again) {
    add_fault_on(DESCRIPTION_PARTITION, HEALS + 1);
    network_fixture_begin(CHOICES_ZERO, 1);

    fault_heard(&net.faults, HEALS); /* there is nothing to heal */
    ck_assert_uint_eq(blocked_ns(), 0);
    for (unsigned times = 0; times < 3; times++) {
        fault_heard(&net.faults, BEGINS);
        fault_heard(&net.faults, BEGINS); /* it has begun */
        const uint64_t began_ns = schedule_now_ns(&net.schedule);
        ck_assert_uint_eq(blocked_ns(), began_ns + 2000000);
        sleep_ns(5000000);
        ck_assert_uint_eq(blocked_ns(), began_ns + 10000000); /* waits that double */
        fault_heard(&net.faults, HEALS);
        ck_assert_uint_eq(blocked_ns(), 0);
    }
    fault_heard(&net.faults, BEGINS);
    sleep_ns(UINT64_C(1000000000000));
    ck_assert_uint_eq(blocked_ns(), UINT64_MAX); /* nobody waits so long */
}
END_TEST

START_TEST(a_partition_on_an_occasion_may_last_a_time) {
    add_fault_on(DESCRIPTION_PARTITION, HEALS + 1)->lasts_ns = 3000;
    network_fixture_begin(CHOICES_ZERO, 1);

    fault_heard(&net.faults, BEGINS);
    sleep_ns(1000);
    fault_heard(&net.faults, HEALS);
    fault_heard(&net.faults, BEGINS); /* the end of the first is not this one's */
    const uint64_t began_ns = schedule_now_ns(&net.schedule);
    sleep_ns(2500);
    ck_assert_uint_eq(blocked_ns(), began_ns + 3000);
    sleep_ns(1000);
    ck_assert_uint_eq(blocked_ns(), 0);

    add_fault_on(DESCRIPTION_PARTITION, 0)->lasts_ns = UINT64_MAX;
    network_fixture_begin(CHOICES_ZERO, 1);
    sleep_ns(1000);
    fault_heard(&net.faults, BEGINS);
    ck_assert_uint_eq(blocked_ns(), UINT64_MAX);
}
END_TEST

START_TEST(a_reset_on_an_occasion_is_an_entry_of_its_own) {
    char buffer[64];
    add_fault_on(DESCRIPTION_RESET, 0);
    network_fixture_begin(CHOICES_ZERO, 1);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));

    fault_heard(&net.faults, BEGINS);
    ck_assert_int_eq(send_text(ends[0], "some bytes"), 10); /* not yet */
    settle();

    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), -ECONNRESET);
}
END_TEST

static struct description_fault *
add_obstacle(enum description_fault_kind kind, uint64_t at_ns, uint64_t until_ns) {
    network_fixture_open(2);
    struct description_fault *fault = description_fault_add(&net.description);
    *fault = (struct description_fault){.kind = kind,
                                        .from = kind == DESCRIPTION_REFUSAL ? 2 : 1,
                                        .to = 2,
                                        .at_ns = at_ns,
                                        .until_ns = until_ns};
    return fault;
}

static void sleep_until(uint64_t time_ns) {
    sleep_ns(time_ns - schedule_now_ns(&net.schedule));
}

#define SECOND UINT64_C(1000000000)

START_TEST(what_meets_a_clog_arrives_when_it_ends) {
    char buffer[64];
    add_obstacle(DESCRIPTION_CLOG, SECOND, 2 * SECOND);
    network_fixture_begin(CHOICES_ZERO, 1);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));
    sleep_until(SECOND - 10000);
    ck_assert_int_eq(send_text(ends[0], "on its way"), 10);
    sleep_until(SECOND + 1000000);
    ck_assert_int_eq(send_text(ends[0], " and sent"), 9);
    ck_assert_int_eq(send_text(ends[1], "back"), 4);
    sleep_until(2 * SECOND - 1000);
    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), -EAGAIN);
    ck_assert_int_eq(receive(ends[0], buffer, 64, 0), -EAGAIN);

    sleep_until(2 * SECOND + 1000);
    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), 19);
    ck_assert_mem_eq(buffer, "on its way and sent", 19);
    ck_assert_int_eq(receive(ends[0], buffer, 64, 0), 4);
    ck_assert_int_eq(send_text(ends[0], "after"), 5);
    settle();
    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), 5);
}
END_TEST

START_TEST(who_connects_through_a_clog_waits_for_its_end) {
    add_obstacle(DESCRIPTION_CLOG, SECOND, 2 * SECOND)->one_way = true;
    network_fixture_begin(CHOICES_ZERO, 1);
    open_listener(2, 80, 5);
    at(1);
    sleep_until(SECOND + 1000000);
    const uint32_t client = open_stream();
    ck_assert_int_eq(connect_v4(client, node_v4(2), 80), -EINPROGRESS);
    sleep_until(2 * SECOND - 1000);
    ck_assert_int_eq(connect_v4(client, node_v4(2), 80), -EALREADY);
    sleep_until(2 * SECOND + 1000000);
    ck_assert_int_eq(connect_v4(client, node_v4(2), 80), 0);
}
END_TEST

START_TEST(a_connection_through_a_clog_without_end_is_given_up) {
    char buffer[64];
    add_obstacle(DESCRIPTION_CLOG, SECOND, UINT64_MAX);
    network_fixture_begin(CHOICES_ZERO, 1);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));
    sleep_until(SECOND + 1000000);
    ck_assert_int_eq(send_text(ends[0], "lost"), 4);
    const uint32_t client = open_stream();
    ck_assert_int_eq(connect_v4(client, node_v4(2), 80), -EINPROGRESS);
    sleep_ns(2000 * SECOND);
    ck_assert_int_eq(receive(ends[0], buffer, 64, 0), -ETIMEDOUT);
    ck_assert_int_eq(connect_v4(client, node_v4(2), 80), -ETIMEDOUT);
}
END_TEST

static int64_t connects(void) {
    const uint32_t client = open_stream();
    ck_assert_int_eq(connect_v4(client, node_v4(2), 80), -EINPROGRESS);
    settle();
    return connect_v4(client, node_v4(2), 80);
}

START_TEST(who_connects_to_a_node_that_refuses_is_refused_until_that_ends) {
    char buffer[64];
    add_obstacle(DESCRIPTION_REFUSAL, SECOND, 2 * SECOND);
    network_fixture_begin(CHOICES_ZERO, 1);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));
    sleep_until(SECOND + 1000000);
    ck_assert_int_eq(connects(), -ECONNREFUSED);
    ck_assert_int_eq(send_text(ends[0], "stays"), 5);
    settle();
    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), 5);
    sleep_until(2 * SECOND + 1000000);
    ck_assert_int_eq(connects(), 0);
}
END_TEST

START_TEST(equal_seeds_give_equal_fingerprints) {
    network_fixture_open(2);
    struct hash first = {0};
    for (unsigned run = 0; run < 3; run++) {
        network_fixture_begin(CHOICES_DRAW, run < 2 ? 5 : 6);
        uint32_t ends[2];
        open_connection(ends, open_listener(2, 80, 5));
        for (unsigned i = 0; i < 50; i++) {
            ck_assert_int_ge(send_text(ends[0], "some bytes"), 1);
            sleep_ns(100000);
        }
        settle();
        const struct hash hash = trace_end(&net.trace);
        if (run == 1) {
            ck_assert_mem_eq(&hash, &first, sizeof hash);
        } else if (run == 2) {
            ck_assert_mem_ne(&hash, &first, sizeof hash);
        }
        first = hash;
    }
}
END_TEST

/* A queue of bytes against a plain array. */
START_TEST(bytes_come_out_as_they_went_in) {
    network_fixture_start(1);
    static unsigned char model[1 << 16], given[1 << 14], got[1 << 14];
    unsigned filled = 0;
    unsigned char next = 0;
    struct bytes_queue queue = {0};
    struct random random;
    random_init(&random, (uint64_t)_i);
    for (unsigned i = 0; i < 500; i++) {
        const uint32_t size = (uint32_t)random_below(&random, 6000);
        if (random_below(&random, 2) == 0 && filled + size <= sizeof model) {
            for (uint32_t at = 0; at < size; at++) {
                given[at] = model[filled++] = next++;
            }
            bytes_push(&net.endpoints.sockets.bytes, &queue, given, size);
        } else if (size <= filled) {
            const uint32_t from = (uint32_t)random_below(&random, filled - size + 1);
            bytes_peek(&net.endpoints.sockets.bytes, &queue, from, got, size);
            ck_assert_mem_eq(got, model + from, size);
            bytes_pull(&net.endpoints.sockets.bytes, &queue, got, size);
            ck_assert_mem_eq(got, model, size);
            filled -= size;
            memmove(model, model + size, filled);
        }
        ck_assert_uint_eq(queue.size, filled);
    }
    bytes_drop(&net.endpoints.sockets.bytes, &queue);
    ck_assert_uint_eq(net.endpoints.sockets.bytes.chunks.live, 0);
}
END_TEST

/* Else what a reset cut off would read as all there is. */
START_TEST(an_end_that_was_on_its_way_at_a_reset_is_not_told) {
    char buffer[64];
    network_fixture_open(2);
    *description_fault_add(&net.description) = (struct description_fault){.kind = DESCRIPTION_RESET,
                                                                          .from = 1,
                                                                          .to = 2,
                                                                          .at_ns = 1000000000};
    network_fixture_begin(CHOICES_ZERO, 1);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));
    ck_assert_int_eq(send_text(ends[0], "first"), 5);
    sleep_ns(999950000 - schedule_now_ns(&net.schedule));
    ck_assert_int_eq(send_text(ends[0], "rest"), 4);
    ck_assert_int_eq(stream_shutdown(&net.endpoints.segments, ends[0], SHUT_WR, NULL), 0);
    settle();

    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), 5);
    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), -ECONNRESET);
}
END_TEST

SUITE(network) {
    SUITE_TEST(every_address_belongs_to_its_node);
    SUITE_TEST(addresses_are_told_apart);
    SUITE_TEST(sockaddrs_come_back_as_they_were);
    SUITE_TEST(latency_lies_between_its_bounds_and_reaches_both);
    SUITE_TEST(a_table_of_latencies_is_drawn_from_by_weight);
    SUITE_TEST(a_queue_that_is_full_loses_datagrams);
    SUITE_TEST(alternative_zero_is_the_minimum_and_loopback_asks_nobody);
    SUITE_TEST(partitions_begin_and_heal_for_those_they_concern);
    SUITE_TEST(a_partition_begins_and_heals_on_occasions_again_and_again);
    SUITE_TEST(a_partition_on_an_occasion_may_last_a_time);
    SUITE_TEST(a_reset_on_an_occasion_is_an_entry_of_its_own);
    SUITE_TEST(an_end_that_was_on_its_way_at_a_reset_is_not_told);
    SUITE_TEST(what_meets_a_clog_arrives_when_it_ends);
    SUITE_TEST(who_connects_through_a_clog_waits_for_its_end);
    SUITE_TEST(a_connection_through_a_clog_without_end_is_given_up);
    SUITE_TEST(who_connects_to_a_node_that_refuses_is_refused_until_that_ends);
    SUITE_TEST(equal_seeds_give_equal_fingerprints);
    SUITE_LOOP(bytes_come_out_as_they_went_in, 0, 10);
}
