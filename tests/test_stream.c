/* Streams end to end at one fake thread: handshakes, order, windows, ends, resets. */
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "tests/network_fixture.h"
#include "tests/suite.h"

static char buffer[1 << 20];

START_TEST(bytes_arrive_after_the_latency_of_the_link) {
    network_fixture_start(2);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));

    ck_assert_int_eq(send_text(ends[0], "hello"), 5);
    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), -EAGAIN);
    ck_assert_uint_eq(stream_events(&net.endpoints.segments, ends[1]) & EPOLLIN, 0);
    sleep_ns(100000);

    ck_assert_uint_ne(stream_events(&net.endpoints.segments, ends[1]) & EPOLLIN, 0);
    ck_assert_int_eq(receive(ends[1], buffer, 64, MSG_PEEK), 5);
    ck_assert_int_eq(receive(ends[1], buffer, 3, 0), 3);
    ck_assert_mem_eq(buffer, "hel", 3);
    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), 2);
    ck_assert_mem_eq(buffer, "lo", 2);
}
END_TEST

START_TEST(nobody_listens_is_told_after_a_round_trip) {
    network_fixture_start(2);
    const uint32_t index = open_stream();

    ck_assert_int_eq(connect_v4(index, node_v4(2), 81), -EINPROGRESS);
    ck_assert_int_eq(connect_v4(index, node_v4(2), 81), -EALREADY);
    ck_assert_uint_eq(stream_events(&net.endpoints.segments, index), 0);
    settle();

    const uint32_t all = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP;
    ck_assert_uint_eq(stream_events(&net.endpoints.segments, index) & all, all);
    int error = 0;
    uint32_t size = sizeof error;
    ck_assert_int_eq(option_get(&net.endpoints.sockets, index, SOL_SOCKET, SO_ERROR, &error, &size),
                     0);
    ck_assert_int_eq(error, ECONNREFUSED);
    ck_assert_int_eq(connect_v4(index, node_v4(2), 81), -ECONNABORTED);
    ck_assert_int_eq(connect_v4(index, node_v4(2), 81), -EINPROGRESS);
}
END_TEST

START_TEST(a_blocking_connect_to_a_missing_host_fails_after_three_seconds) {
    network_fixture_start(2);
    const uint32_t index = open_stream();
    const struct sockaddr_in to = v4(0x0a00ff01, 80);

    const int64_t result =
        connection_connect(&net.endpoints.segments, index, &to, sizeof to, &slow);

    ck_assert_int_eq(result, -EHOSTUNREACH);
    ck_assert_uint_ge(schedule_now_ns(&net.schedule), SEGMENT_NO_HOST_NS);
}
END_TEST

START_TEST(the_second_connect_tells_success_and_the_third_refuses) {
    network_fixture_start(2);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));

    ck_assert_int_eq(connect_v4(ends[0], node_v4(2), 80), -EISCONN);
}
END_TEST

START_TEST(connections_are_accepted_in_order_and_one_too_many_waits) {
    network_fixture_start(3);
    const uint32_t listener = open_listener(2, 80, 1);
    uint32_t clients[3];
    for (unsigned i = 0; i < 3; i++) {
        at(i == 0 ? 1 : 3);
        clients[i] = open_stream();
        ck_assert_int_eq(connect_v4(clients[i], node_v4(2), 80), -EINPROGRESS);
        settle();
    }

    ck_assert_uint_eq(socket_at(&net.endpoints.sockets, clients[2])->state, SOCKET_CONNECTING);
    const int64_t first = connection_accept(&net.endpoints.segments, listener, &quick);
    ck_assert_int_gt(first, 0);
    ck_assert_int_eq(socket_at(&net.endpoints.sockets, (uint32_t)first)->peer, clients[0]);
    sleep_ns(UINT64_C(1100000000));
    ck_assert_uint_eq(socket_at(&net.endpoints.sockets, clients[2])->state, SOCKET_CONNECTED);
    ck_assert_int_gt(connection_accept(&net.endpoints.segments, listener, &quick), 0);
    ck_assert_int_gt(connection_accept(&net.endpoints.segments, listener, &quick), 0);
    ck_assert_int_eq(connection_accept(&net.endpoints.segments, listener, &quick), -EAGAIN);
}
END_TEST

START_TEST(after_the_end_of_data_reads_give_zero_and_the_other_way_still_works) {
    network_fixture_start(2);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));
    ck_assert_int_eq(send_text(ends[0], "last"), 4);
    ck_assert_int_eq(stream_shutdown(&net.endpoints.segments, ends[0], SHUT_WR, NULL), 0);
    ck_assert_int_eq(send_text(ends[0], "more"), -EPIPE);
    settle();

    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), 4);
    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), 0);
    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), 0);
    ck_assert_int_eq(send_text(ends[1], "answer"), 6);
    settle();
    ck_assert_int_eq(receive(ends[0], buffer, 64, 0), 6);
    ck_assert_int_eq(stream_shutdown(&net.endpoints.segments, ends[1], SHUT_WR, NULL), 0);
    settle();
    ck_assert_uint_ne(stream_events(&net.endpoints.segments, ends[0]) & EPOLLHUP, 0);
    ck_assert_int_eq(stream_shutdown(&net.endpoints.segments, ends[0], SHUT_WR, NULL), -ENOTCONN);
}
END_TEST

START_TEST(a_close_with_unread_bytes_resets_and_what_arrived_can_still_be_read) {
    network_fixture_start(2);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));
    ck_assert_int_eq(send_text(ends[1], "read me"), 7);
    ck_assert_int_eq(send_text(ends[0], "unread"), 6);
    settle();
    stream_close(&net.endpoints.segments, ends[1]);
    ck_assert_int_eq(send_text(ends[0], "x"), 1); /* it does not know yet */
    settle();

    ck_assert_uint_ne(stream_events(&net.endpoints.segments, ends[0]) & EPOLLERR, 0);
    ck_assert_int_eq(receive(ends[0], buffer, 64, 0), 7);
    ck_assert_int_eq(receive(ends[0], buffer, 64, 0), -ECONNRESET);
    ck_assert_int_eq(receive(ends[0], buffer, 64, 0), 0);
    ck_assert_int_eq(send_text(ends[0], "x"), -EPIPE);
}
END_TEST

START_TEST(writing_to_a_closed_peer_is_told_by_a_reset_one_round_trip_later) {
    network_fixture_start(2);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));
    stream_close(&net.endpoints.segments, ends[1]);
    settle();

    ck_assert_int_eq(receive(ends[0], buffer, 64, 0), 0);
    ck_assert_int_eq(send_text(ends[0], "one"), 3);
    settle();
    ck_assert_int_eq(send_text(ends[0], "two"), -EPIPE);
    ck_assert_int_eq(receive(ends[0], buffer, 64, 0), 0);
}
END_TEST

START_TEST(a_sender_that_fills_the_buffers_is_told_when_there_is_room_again) {
    network_fixture_start(2);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));
    const struct iovec part = {buffer, sizeof buffer};
    int64_t sent = 0;
    for (int64_t count = 0; count != -EAGAIN;) {
        sent += count;
        count = stream_send(&net.endpoints.segments, ends[0], &part, 1, &quick);
    }

    ck_assert_int_eq(sent, SOCKET_TCP_SEND_DEFAULT + SOCKET_TCP_RECEIVE_DEFAULT);
    ck_assert_uint_eq(stream_events(&net.endpoints.segments, ends[0]) & EPOLLOUT, 0);
    settle();
    ck_assert_int_eq(receive(ends[1], buffer, sizeof buffer, 0), sent);
    ck_assert_uint_eq(stream_events(&net.endpoints.segments, ends[0]) & EPOLLOUT, 0);
    settle();
    ck_assert_uint_ne(stream_events(&net.endpoints.segments, ends[0]) & EPOLLOUT, 0);
}
END_TEST

START_TEST(a_stream_keeps_its_order_whatever_the_latencies) {
    network_fixture_open(2);
    struct description_link *link = description_link_add(&net.description, 1, 2);
    link->latency_min_ns = 1000;
    link->latency_max_ns = 5000000;
    network_fixture_begin(CHOICES_DRAW, (uint64_t)_i);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));
    char sent[2048];
    unsigned count = 0;
    for (unsigned i = 0; i < 200; i++) {
        char text[16];
        const int length = snprintf(text, sizeof text, "%u,", i);
        const int64_t taken = send_text(ends[0], text);
        ck_assert_int_ge(taken, 1);
        ck_assert_int_le(taken, length);
        memcpy(sent + count, text, (size_t)taken);
        count += (unsigned)taken;
        sleep_ns(1000);
    }
    stream_close(&net.endpoints.segments, ends[0]);

    unsigned got = 0;
    for (int64_t n = -EAGAIN; n != 0;) {
        n = receive(ends[1], buffer + got, 100, 0);
        ck_assert(n >= 0 || n == -EAGAIN);
        got += n > 0 ? (unsigned)n : 0;
        sleep_ns(10000);
    }
    ck_assert_uint_eq(got, count);
    ck_assert_mem_eq(buffer, sent, count);
    stream_close(&net.endpoints.segments, ends[1]);
    settle();
    ck_assert_uint_eq(net.endpoints.sockets.table.live, 1);
    ck_assert_uint_eq(net.endpoints.sockets.bytes.chunks.live, 0);
    ck_assert_uint_eq(net.endpoints.segments.table.live, 0);
}
END_TEST

START_TEST(bandwidth_delays_what_comes_behind) {
    network_fixture_open(2);
    struct description_link *link = description_link_add(&net.description, 1, 2);
    link->latency_min_ns = link->latency_max_ns = 1000000;
    link->bandwidth_bps = 1000000; /* 100 bytes take 100 us */
    network_fixture_begin(CHOICES_ZERO, 1);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));
    const struct iovec part = {buffer, 100};
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(stream_send(&net.endpoints.segments, ends[0], &part, 1, &quick), 100);
    }
    sleep_ns(1110000);
    ck_assert_uint_eq(stream_readable(&net.endpoints.segments, ends[1]), 100);
    sleep_ns(100000);
    ck_assert_uint_eq(stream_readable(&net.endpoints.segments, ends[1]), 200);
    sleep_ns(100000);
    ck_assert_uint_eq(stream_readable(&net.endpoints.segments, ends[1]), 300);
}
END_TEST

START_TEST(a_partition_holds_a_stream_back_until_it_heals) {
    network_fixture_open(2);
    struct description_fault *fault = description_fault_add(&net.description);
    *fault = (struct description_fault){.kind = DESCRIPTION_PARTITION,
                                        .from = 1,
                                        .to = 2,
                                        .at_ns = 1000000000,
                                        .until_ns = 3000000000};
    network_fixture_begin(CHOICES_ZERO, 1);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));
    sleep_ns(1100000000);
    ck_assert_int_eq(send_text(ends[0], "late"), 4);
    settle();
    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), -EAGAIN);
    sleep_ns(3000000000);
    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), 4);
}
END_TEST

START_TEST(a_partition_for_ever_ends_in_a_timeout) {
    network_fixture_open(2);
    struct description_fault *fault = description_fault_add(&net.description);
    *fault = (struct description_fault){.kind = DESCRIPTION_PARTITION,
                                        .at_ns = 1000000000,
                                        .until_ns = UINT64_MAX};
    network_fixture_begin(CHOICES_ZERO, 1);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));
    sleep_ns(1100000000);
    ck_assert_int_eq(send_text(ends[0], "never"), 5);
    sleep_ns(SEGMENT_PATIENCE_NS + 1000000000);

    ck_assert_int_eq(receive(ends[0], buffer, 64, 0), -ETIMEDOUT);
    at(1);
    const uint32_t index = open_stream();
    const struct sockaddr_in to = v4(node_v4(2), 80);
    ck_assert_int_eq(connection_connect(&net.endpoints.segments, index, &to, sizeof to, &slow),
                     -ETIMEDOUT);
}
END_TEST

START_TEST(a_reset_fault_breaks_established_connections) {
    network_fixture_open(3);
    struct description_fault *fault = description_fault_add(&net.description);
    *fault = (struct description_fault){.kind = DESCRIPTION_RESET,
                                        .from = 1,
                                        .to = 2,
                                        .at_ns = 1000000000};
    network_fixture_begin(CHOICES_ZERO, 1);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));
    sleep_ns(1100000000);

    ck_assert_int_eq(receive(ends[0], buffer, 64, 0), -ECONNRESET);
    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), -ECONNRESET);
}
END_TEST

START_TEST(closing_a_listener_resets_who_waits_there) {
    network_fixture_start(2);
    const uint32_t listener = open_listener(2, 80, 5);
    at(1);
    const uint32_t early = open_stream();
    ck_assert_int_eq(connect_v4(early, node_v4(2), 80), -EINPROGRESS);
    settle();
    const uint32_t late = open_stream();
    ck_assert_int_eq(connect_v4(late, node_v4(2), 80), -EINPROGRESS);
    sleep_ns(150000); /* its first message has arrived, the answer has not */
    stream_close(&net.endpoints.segments, listener);
    settle();

    ck_assert_int_eq(receive(early, buffer, 64, 0), -ECONNRESET);
    ck_assert_int_eq(receive(late, buffer, 64, 0), -ECONNRESET);
    stream_close(&net.endpoints.segments, early);
    stream_close(&net.endpoints.segments, late);
    ck_assert_uint_eq(net.endpoints.sockets.table.live, 0);
}
END_TEST

static int rebind(uint32_t *index, uint16_t port, bool reuse) {
    const int on = reuse;
    *index = open_stream();
    option_set(&net.endpoints.sockets, *index, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind_v4(*index, 0, port);
}

START_TEST(a_port_is_free_a_minute_after_a_connection_that_ended_first_unless_both_share_it) {
    network_fixture_start(2);
    uint32_t ends[2];
    uint32_t again;
    const int on = _i;
    at(2);
    const uint32_t listener = open_stream();
    option_set(&net.endpoints.sockets, listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ck_assert_int_eq(bind_v4(listener, 0, 80), 0);
    ck_assert_int_eq(connection_listen(&net.endpoints.segments, listener, 5), 0);
    open_connection(ends, listener);
    stream_close(&net.endpoints.segments, listener);
    at(2);

    ck_assert_int_eq(rebind(&again, 80, false), -EADDRINUSE); /* still connected */
    ck_assert_int_eq(rebind(&again, 80, true), _i != 0 ? 0 : -EADDRINUSE);
    stream_close(&net.endpoints.segments, again);
    stream_close(&net.endpoints.segments, ends[1]);
    stream_close(&net.endpoints.segments, ends[0]);
    settle();
    ck_assert_int_eq(rebind(&again, 80, false), -EADDRINUSE); /* TIME_WAIT */
    ck_assert_int_eq(rebind(&again, 80, true), _i != 0 ? 0 : -EADDRINUSE);
    stream_close(&net.endpoints.segments, again);
    sleep_ns(LEASE_WAIT_NS);
    ck_assert_int_eq(rebind(&again, 80, false), 0);
}
END_TEST

START_TEST(a_port_is_free_at_once_when_the_peer_ended_first) {
    network_fixture_start(2);
    uint32_t ends[2];
    uint32_t again;
    const uint32_t listener = open_listener(2, 80, 5);
    open_connection(ends, listener);
    stream_close(&net.endpoints.segments, listener);
    stream_close(&net.endpoints.segments, ends[0]);
    settle();
    stream_close(&net.endpoints.segments, ends[1]);

    at(2);
    ck_assert_int_eq(rebind(&again, 80, false), 0);
}
END_TEST

/* What is on its way to the old connection never gets into the new one. */
START_TEST(a_socket_that_gives_up_its_peer_connects_again) {
    network_fixture_start(2);
    uint32_t ends[2];
    const struct sockaddr_in nobody = {.sin_family = AF_UNSPEC};
    struct segments *segments = &net.endpoints.segments;
    const uint32_t listener = open_listener(2, 80, 5);
    open_connection(ends, listener);
    send_text(ends[1], "old");

    ck_assert_int_eq(connection_connect(segments, ends[0], &nobody, sizeof nobody, &quick), 0);
    ck_assert_int_eq(socket_error_take(socket_at(&net.endpoints.sockets, ends[0])), -ECONNRESET);
    ck_assert_int_eq(connect_v4(ends[0], node_v4(2), 80), -EINPROGRESS);
    settle();
    ck_assert_int_eq(connect_v4(ends[0], node_v4(2), 80), 0);
    const int64_t again = connection_accept(segments, listener, &quick);
    send_text((uint32_t)again, "new");
    settle();

    ck_assert_int_eq(receive(ends[0], buffer, 64, 0), 3);
    ck_assert_mem_eq(buffer, "new", 3);
    ck_assert_int_eq(receive(ends[1], buffer, 64, 0), -ECONNRESET);
    stream_close(segments, ends[0]);
    stream_close(segments, ends[1]);
    stream_close(segments, (uint32_t)again);
    stream_close(segments, listener);
    settle();
    ck_assert_uint_eq(net.endpoints.sockets.table.live, 0);
}
END_TEST

START_TEST(a_socket_that_connects_to_its_own_port_meets_itself) {
    network_fixture_start(1);
    const uint32_t index = open_stream();
    ck_assert_int_eq(bind_v4(index, INADDR_LOOPBACK, 80), 0);

    ck_assert_int_eq(connect_v4(index, INADDR_LOOPBACK, 80), -EINPROGRESS);
    settle();
    ck_assert_int_eq(connect_v4(index, INADDR_LOOPBACK, 80), 0);
    ck_assert_int_eq(send_text(index, "echo"), 4);
    settle();

    ck_assert_int_eq(receive(index, buffer, 64, 0), 4);
    ck_assert_mem_eq(buffer, "echo", 4);
    stream_close(&net.endpoints.segments, index);
    settle();
    ck_assert_uint_eq(net.endpoints.sockets.table.live, 0);
}
END_TEST

START_TEST(unix_names_are_found_and_pairs_talk_at_once) {
    network_fixture_start(1);
    const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/tmp/a"};
    const uint32_t listener = socket_create(&net.endpoints.sockets, AF_UNIX, SOCK_STREAM, 0);
    const uint32_t client = socket_create(&net.endpoints.sockets, AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(
        connection_connect(&net.endpoints.segments, client, &name, sizeof name, &quick),
        -ENOENT);
    ck_assert_int_eq(binding_claim_name(&net.endpoints.bindings, listener, &name, sizeof name), 0);
    ck_assert_int_eq(
        connection_connect(&net.endpoints.segments, client, &name, sizeof name, &quick),
        -ECONNREFUSED);
    ck_assert_int_eq(connection_listen(&net.endpoints.segments, listener, 0), 0);

    ck_assert_int_eq(
        connection_connect(&net.endpoints.segments, client, &name, sizeof name, &quick),
        0);
    const int64_t accepted = connection_accept(&net.endpoints.segments, listener, &quick);
    ck_assert_int_gt(accepted, 0);
    ck_assert_int_eq(send_text(client, "now"), 3);
    ck_assert_int_eq(receive((uint32_t)accepted, buffer, 64, 0), 3);
    struct sockaddr_un peer;
    uint32_t size = sizeof peer;
    ck_assert_int_eq(binding_peer_name(&net.endpoints.bindings, client, &peer, &size), 0);
    ck_assert_str_eq(peer.sun_path, "/tmp/a");
    ck_assert_uint_eq(size, 2 + sizeof "/tmp/a");
}
END_TEST

START_TEST(a_receive_that_nobody_answers_is_a_deadlock) {
    network_fixture_start(2);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));
    const struct iovec part = {buffer, 1};
    if (setjmp(net.ended) == 0) {
        stream_receive(&net.endpoints.segments, ends[0], &part, 1, &slow);
        ck_abort_msg("it came back");
    }
    ck_assert_uint_eq(net.verdict.kind, VERDICT_DEADLOCK);
}
END_TEST

START_TEST(a_receive_timeout_ends_the_wait) {
    network_fixture_start(2);
    uint32_t ends[2];
    open_connection(ends, open_listener(2, 80, 5));
    const struct timeval patience = {.tv_sec = 2};
    ck_assert_int_eq(option_set(&net.endpoints.sockets,
                                ends[0],
                                SOL_SOCKET,
                                SO_RCVTIMEO,
                                &patience,
                                sizeof patience),
                     0);
    const struct iovec part = {buffer, 1};
    const uint64_t before = schedule_now_ns(&net.schedule);
    ck_assert_int_eq(stream_receive(&net.endpoints.segments, ends[0], &part, 1, &slow), -EAGAIN);
    ck_assert_uint_ge(schedule_now_ns(&net.schedule) - before, 2000000000);
}
END_TEST

SUITE(stream) {
    SUITE_TEST(bytes_arrive_after_the_latency_of_the_link);
    SUITE_TEST(nobody_listens_is_told_after_a_round_trip);
    SUITE_TEST(a_blocking_connect_to_a_missing_host_fails_after_three_seconds);
    SUITE_TEST(the_second_connect_tells_success_and_the_third_refuses);
    SUITE_TEST(connections_are_accepted_in_order_and_one_too_many_waits);
    SUITE_TEST(after_the_end_of_data_reads_give_zero_and_the_other_way_still_works);
    SUITE_TEST(a_close_with_unread_bytes_resets_and_what_arrived_can_still_be_read);
    SUITE_TEST(writing_to_a_closed_peer_is_told_by_a_reset_one_round_trip_later);
    SUITE_TEST(a_sender_that_fills_the_buffers_is_told_when_there_is_room_again);
    SUITE_LOOP(a_stream_keeps_its_order_whatever_the_latencies, 0, 50);
    SUITE_TEST(bandwidth_delays_what_comes_behind);
    SUITE_TEST(a_partition_holds_a_stream_back_until_it_heals);
    SUITE_TEST(a_partition_for_ever_ends_in_a_timeout);
    SUITE_TEST(a_reset_fault_breaks_established_connections);
    SUITE_TEST(closing_a_listener_resets_who_waits_there);
    SUITE_LOOP(a_port_is_free_a_minute_after_a_connection_that_ended_first_unless_both_share_it,
               0,
               2);
    SUITE_TEST(a_port_is_free_at_once_when_the_peer_ended_first);
    SUITE_TEST(a_socket_that_gives_up_its_peer_connects_again);
    SUITE_TEST(a_socket_that_connects_to_its_own_port_meets_itself);
    SUITE_TEST(unix_names_are_found_and_pairs_talk_at_once);
    SUITE_TEST(a_receive_that_nobody_answers_is_a_deadlock);
    SUITE_TEST(a_receive_timeout_ends_the_wait);
}
