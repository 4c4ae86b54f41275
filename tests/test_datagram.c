/* Datagrams: who gets them, what is lost, what the sender is told. */
#include <errno.h>
#include <sys/epoll.h>

#include "tests/network_fixture.h"
#include "tests/suite.h"

static char buffer[4096];

static int64_t send_to(uint32_t index, uint32_t address, uint16_t port, const char *text) {
    struct sockaddr_in to = v4(address, port);
    const struct iovec part = {(void *)(uintptr_t)text, strlen(text)};
    const struct datagram_message message = {.parts = &part,
                                             .part_count = 1,
                                             .name = port != 0 ? &to : NULL,
                                             .name_size = sizeof to};
    return datagram_send(&net.endpoints.packets, index, &message, &quick);
}

static int64_t receive_from(uint32_t index, size_t size, uint32_t flags, struct sockaddr_in *from) {
    const struct iovec part = {buffer, size};
    const struct socket_call call = {.flags = flags, .nonblocking = true};
    struct datagram_message message = {.parts = &part,
                                       .part_count = 1,
                                       .name = from,
                                       .name_size = sizeof *from};
    return datagram_receive(&net.endpoints.packets, index, &message, &call);
}

static uint32_t open_bound(uint32_t node, uint16_t port) {
    at(node);
    const uint32_t index = open_datagram();
    ck_assert_int_eq(bind_v4(index, 0, port), 0);
    return index;
}

START_TEST(a_datagram_arrives_with_its_sender_s_name) {
    network_fixture_start(2);
    const uint32_t server = open_bound(2, 53);
    at(1);
    const uint32_t client = open_datagram();
    ck_assert_int_eq(send_to(client, node_v4(2), 53, "question"), 8);
    ck_assert_int_eq(receive_from(server, 64, 0, NULL), -EAGAIN);
    settle();

    struct sockaddr_in from;
    ck_assert_uint_ne(datagram_events(&net.endpoints.packets, server) & EPOLLIN, 0);
    ck_assert_uint_eq(datagram_readable(&net.endpoints.packets, server), 8);
    ck_assert_int_eq(receive_from(server, 4, MSG_PEEK, &from), 4);
    ck_assert_int_eq(receive_from(server, 4, MSG_TRUNC, &from), 8);
    ck_assert_uint_eq(ntohl(from.sin_addr.s_addr), node_v4(1));
    ck_assert_uint_eq(ntohs(from.sin_port), BINDING_PORT_FIRST);
    ck_assert_int_eq(receive_from(server, 64, 0, NULL), -EAGAIN);
}
END_TEST

START_TEST(a_connected_socket_is_told_that_nobody_listens_and_an_unconnected_one_is_not) {
    network_fixture_start(2);
    const uint32_t connected = open_datagram();
    const uint32_t other = open_datagram();
    const struct sockaddr_in to = v4(node_v4(2), 99);
    ck_assert_int_eq(datagram_connect(&net.endpoints.packets, connected, &to, sizeof to), 0);
    ck_assert_int_eq(send_to(connected, 0, 0, "x"), 1);
    ck_assert_int_eq(send_to(other, node_v4(2), 99, "x"), 1);
    settle();

    ck_assert_uint_ne(datagram_events(&net.endpoints.packets, connected) & EPOLLERR, 0);
    ck_assert_int_eq(receive_from(connected, 64, 0, NULL), -ECONNREFUSED);
    ck_assert_int_eq(receive_from(connected, 64, 0, NULL), -EAGAIN);
    ck_assert_int_eq(receive_from(other, 64, 0, NULL), -EAGAIN);
}
END_TEST

START_TEST(a_connected_socket_hears_only_its_peer) {
    network_fixture_start(3);
    const uint32_t server = open_bound(2, 53);
    const struct sockaddr_in peer = v4(node_v4(1), 1000);
    const uint32_t friend = open_bound(1, 1000);
    const uint32_t stranger = open_bound(3, 1000);
    ck_assert_int_eq(datagram_connect(&net.endpoints.packets, server, &peer, sizeof peer), 0);

    at(3);
    ck_assert_int_eq(send_to(stranger, node_v4(2), 53, "stranger"), 8);
    at(1);
    ck_assert_int_eq(send_to(friend, node_v4(2), 53, "friend"), 6);
    settle();
    ck_assert_int_eq(receive_from(server, 64, 0, NULL), 6);
    ck_assert_int_eq(receive_from(server, 64, 0, NULL), -EAGAIN);
}
END_TEST

START_TEST(loss_and_duplicates_follow_the_link) {
    network_fixture_open(2);
    struct description_link *link = description_link_add(&net.description, 1, 2);
    link->loss_ppm = 300000;
    link->duplicate_ppm = 300000;
    network_fixture_begin(CHOICES_DRAW, 7);
    const uint32_t server = open_bound(2, 53);
    at(1);
    const uint32_t client = open_datagram();
    unsigned counts[3] = {0};
    for (unsigned i = 0; i < 300; i++) {
        ck_assert_int_eq(send_to(client, node_v4(2), 53, "x"), 1);
        settle();
        unsigned copies = 0;
        while (receive_from(server, 64, 0, NULL) == 1) {
            copies++;
        }
        ck_assert_uint_le(copies, 2);
        counts[copies]++;
    }
    ck_assert_uint_gt(counts[0], 50);
    ck_assert_uint_gt(counts[1], 50);
    ck_assert_uint_gt(counts[2], 30);
    ck_assert_uint_eq(net.endpoints.packets.table.live, 0);
}
END_TEST

/* What was on its way when the link was cut is gone, and what is told of it as well. */
START_TEST(a_datagram_that_a_partition_meets_is_gone) {
    network_fixture_open(2);
    *description_fault_add(&net.description) =
        (struct description_fault){.kind = DESCRIPTION_PARTITION,
                                   .from = 1,
                                   .to = 2,
                                   .at_ns = 2000000000,
                                   .until_ns = 3000000000};
    network_fixture_begin(CHOICES_ZERO, 1);
    const uint32_t server = open_bound(2, 53);
    at(1);
    const uint32_t client = open_datagram();
    sleep_ns(1999950000 - schedule_now_ns(&net.schedule));
    ck_assert_int_eq(send_to(client, node_v4(2), 53, "under way"), 9);
    sleep_ns(500000000);
    ck_assert_int_eq(send_to(client, node_v4(2), 53, "cut off"), 7);
    sleep_ns(1000000000);
    ck_assert_int_eq(receive_from(server, 64, 0, NULL), -EAGAIN);

    ck_assert_int_eq(send_to(client, node_v4(2), 53, "healed"), 6);
    settle();
    ck_assert_int_eq(receive_from(server, 64, 0, NULL), 6);
    ck_assert_uint_eq(net.endpoints.packets.table.live, 0);
}
END_TEST

START_TEST(datagrams_overtake_each_other) {
    network_fixture_open(2);
    struct description_link *link = description_link_add(&net.description, 1, 2);
    link->latency_min_ns = 1000;
    link->latency_max_ns = 5000000;
    network_fixture_begin(CHOICES_DRAW, 3);
    const uint32_t server = open_bound(2, 53);
    at(1);
    const uint32_t client = open_datagram();
    for (char text[2] = "a"; text[0] <= 'z'; text[0]++) {
        ck_assert_int_eq(send_to(client, node_v4(2), 53, text), 1);
    }
    settle();

    unsigned inversions = 0;
    char last = 'a';
    for (unsigned i = 0; i < 26; i++) {
        ck_assert_int_eq(receive_from(server, 64, 0, NULL), 1);
        inversions += buffer[0] < last ? 1 : 0;
        last = buffer[0];
    }
    ck_assert_uint_gt(inversions, 3);
}
END_TEST

START_TEST(a_full_buffer_drops_what_comes) {
    network_fixture_start(2);
    const uint32_t server = open_bound(2, 53);
    const int size = 2000;
    ck_assert_int_eq(
        option_set(&net.endpoints.sockets, server, SOL_SOCKET, SO_RCVBUF, &size, sizeof size),
        0);
    at(1);
    const uint32_t client = open_datagram();
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_int_eq(send_to(client, node_v4(2), 53, "x"), 1);
    }
    settle();
    unsigned got = 0;
    while (receive_from(server, 64, 0, NULL) == 1) {
        got++;
    }
    ck_assert_uint_eq(got, 4000 / (1 + PACKET_OVERHEAD));
}
END_TEST

START_TEST(a_broadcast_needs_permission_and_reaches_every_node) {
    network_fixture_start(3);
    const uint32_t first = open_bound(2, 67);
    const uint32_t second = open_bound(3, 67);
    at(1);
    const uint32_t client = open_datagram();
    ck_assert_int_eq(send_to(client, INADDR_BROADCAST, 67, "x"), -EACCES);
    const int on = 1;
    ck_assert_int_eq(
        option_set(&net.endpoints.sockets, client, SOL_SOCKET, SO_BROADCAST, &on, sizeof on),
        0);
    ck_assert_int_eq(send_to(client, INADDR_BROADCAST, 67, "x"), 1);
    settle();
    ck_assert_int_eq(receive_from(first, 64, 0, NULL), 1);
    ck_assert_int_eq(receive_from(second, 64, 0, NULL), 1);
    ck_assert_uint_eq(net.endpoints.packets.table.live, 0);
}
END_TEST

START_TEST(ports_conflict_unless_both_allow_it) {
    network_fixture_start(1);
    const uint32_t first = open_bound(1, 53);
    const uint32_t second = open_datagram();
    ck_assert_int_eq(bind_v4(second, INADDR_LOOPBACK, 53), -EADDRINUSE);
    ck_assert_int_eq(bind_v4(second, 0x0a00ff01, 54), -EADDRNOTAVAIL);
    const int on = 1;
    ck_assert_int_eq(option_set(&net.endpoints.sockets, first, SOL_SOCKET, SO_REUSEADDR, &on, 4),
                     0);
    ck_assert_int_eq(bind_v4(second, INADDR_LOOPBACK, 53), -EADDRINUSE);
    ck_assert_int_eq(option_set(&net.endpoints.sockets, second, SOL_SOCKET, SO_REUSEADDR, &on, 4),
                     0);
    ck_assert_int_eq(bind_v4(second, INADDR_LOOPBACK, 53), 0);
    ck_assert_int_eq(bind_v4(second, INADDR_LOOPBACK, 54), -EINVAL);
}
END_TEST

START_TEST(ipv6_sockets_hear_ipv4_unless_they_refuse) {
    network_fixture_start(2);
    at(2);
    const uint32_t server =
        socket_create(&net.endpoints.sockets, AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
    ck_assert_int_eq(binding_claim(&net.endpoints.bindings, server, &any, sizeof any), 0);
    at(1);
    const uint32_t client = open_datagram();
    ck_assert_int_eq(send_to(client, node_v4(2), 53, "four"), 4);
    settle();
    const struct iovec part = {buffer, sizeof buffer};
    struct sockaddr_in6 from;
    struct datagram_message message = {.parts = &part,
                                       .part_count = 1,
                                       .name = &from,
                                       .name_size = sizeof from};
    ck_assert_int_eq(datagram_receive(&net.endpoints.packets, server, &message, &quick), 4);
    ck_assert(IN6_IS_ADDR_V4MAPPED(&from.sin6_addr));

    at(2);
    const uint32_t strict =
        socket_create(&net.endpoints.sockets, AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
    const int on = 1;
    ck_assert_int_eq(option_set(&net.endpoints.sockets, strict, IPPROTO_IPV6, IPV6_V6ONLY, &on, 4),
                     0);
    const struct sockaddr_in6 other = {.sin6_family = AF_INET6, .sin6_port = htons(54)};
    ck_assert_int_eq(binding_claim(&net.endpoints.bindings, strict, &other, sizeof other), 0);
    at(1);
    ck_assert_int_eq(send_to(client, node_v4(2), 54, "four"), 4);
    settle();
    ck_assert_int_eq(datagram_receive(&net.endpoints.packets, strict, &message, &quick), -EAGAIN);
}
END_TEST

START_TEST(unix_datagrams_wait_in_order_until_the_queue_is_full) {
    network_fixture_start(1);
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0server"};
    const uint32_t size = sizeof name.sun_family + 7;
    const uint32_t server = socket_create(&net.endpoints.sockets, AF_UNIX, SOCK_DGRAM, 0);
    const uint32_t client = socket_create(&net.endpoints.sockets, AF_UNIX, SOCK_DGRAM, 0);
    const struct iovec part = {buffer, 1};
    const struct datagram_message message = {.parts = &part,
                                             .part_count = 1,
                                             .name = &name,
                                             .name_size = size};
    ck_assert_int_eq(datagram_send(&net.endpoints.packets, client, &message, &quick),
                     -ECONNREFUSED);
    ck_assert_int_eq(binding_claim_name(&net.endpoints.bindings, server, &name, size), 0);
    unsigned sent = 0;
    while (datagram_send(&net.endpoints.packets, client, &message, &quick) == 1) {
        sent++;
    }
    ck_assert_uint_eq(sent, DATAGRAM_UNIX_MAX + 1);
    ck_assert_int_eq(receive_from(server, 64, 0, NULL), 1);
    ck_assert_int_eq(datagram_send(&net.endpoints.packets, client, &message, &quick), 1);
    datagram_close(&net.endpoints.packets, server);
    datagram_close(&net.endpoints.packets, client);
    ck_assert_uint_eq(net.endpoints.packets.table.live, 0);
    ck_assert_uint_eq(net.endpoints.sockets.table.live, 0);
}
END_TEST

static uint32_t told_socket, told_events;

static void tell(void *context, uint32_t index, uint32_t events) {
    (void)context;
    if ((events & EPOLLOUT) != 0) {
        told_socket = index;
        told_events = events;
    }
}

START_TEST(who_polls_a_full_peer_is_told_of_room) {
    network_fixture_start(1);
    uint32_t ends[3];
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/tmp/full"};
    ends[0] = socket_create(&net.endpoints.sockets, AF_UNIX, SOCK_DGRAM, 0);
    ends[1] = socket_create(&net.endpoints.sockets, AF_UNIX, SOCK_DGRAM, 0);
    ck_assert_int_eq(endpoint_bind(&net.endpoints, ends[1], &name, sizeof name), 0);
    ck_assert_int_eq(endpoint_connect(&net.endpoints, ends[0], &name, sizeof name, &quick), 0);
    while (send_to(ends[0], 0, 0, "x") == 1) {
    }
    ck_assert_uint_eq(endpoint_events(&net.endpoints, ends[0]) & EPOLLOUT, 0);
    net.endpoints.sockets.changed = tell;
    told_socket = 0;

    ck_assert_int_eq(receive_from(ends[1], 64, 0, NULL), 1);

    net.endpoints.sockets.changed = NULL;
    ck_assert_uint_eq(told_socket, ends[0]);
    ck_assert_uint_ne(told_events & EPOLLOUT, 0);
    ck_assert_uint_ne(endpoint_events(&net.endpoints, ends[0]) & EPOLLOUT, 0);
}
END_TEST

START_TEST(a_path_outlives_its_socket_until_it_is_removed) {
    network_fixture_start(1);
    const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/tmp/stale"};
    const uint16_t type = _i == 0 ? SOCK_STREAM : SOCK_DGRAM;
    const uint32_t first = socket_create(&net.endpoints.sockets, AF_UNIX, type, 0);
    const uint32_t second = socket_create(&net.endpoints.sockets, AF_UNIX, type, 0);
    ck_assert_int_eq(endpoint_bind(&net.endpoints, first, &name, sizeof name), 0);
    endpoint_close(&net.endpoints, first);

    ck_assert_int_eq(endpoint_connect(&net.endpoints, second, &name, sizeof name, &quick),
                     -ECONNREFUSED);
    ck_assert_int_eq(endpoint_bind(&net.endpoints, second, &name, sizeof name), -EADDRINUSE);
    ck_assert(binding_unlink(&net.endpoints.bindings, 1, name.sun_path));
    ck_assert(!binding_unlink(&net.endpoints.bindings, 1, name.sun_path));
    ck_assert_int_eq(endpoint_connect(&net.endpoints, second, &name, sizeof name, &quick), -ENOENT);
    ck_assert_int_eq(endpoint_bind(&net.endpoints, second, &name, sizeof name), 0);
    ck_assert(binding_unlink(&net.endpoints.bindings, 1, name.sun_path));
    endpoint_close(&net.endpoints, second);
    ck_assert_uint_eq(net.endpoints.sockets.table.live, 0);
}
END_TEST

START_TEST(a_clog_loses_no_datagram_and_a_partition_does) {
    for (unsigned i = 0; i < 2; i++) {
        network_fixture_open(2);
        struct description_fault *fault = description_fault_add(&net.description);
        *fault =
            (struct description_fault){.kind = i == 0 ? DESCRIPTION_CLOG : DESCRIPTION_PARTITION,
                                       .from = 1,
                                       .to = 2,
                                       .at_ns = 500000,
                                       .until_ns = 900000000};
        network_fixture_begin(CHOICES_ZERO, 1);
        const uint32_t server = open_bound(2, 53);
        at(1);
        const uint32_t client = open_datagram();
        sleep_ns(450000 - schedule_now_ns(&net.schedule)); /* one is on its way */
        ck_assert_int_eq(send_to(client, node_v4(2), 53, "first"), 5);
        settle();
        ck_assert_int_eq(send_to(client, node_v4(2), 53, "second one"), 10);
        settle();
        ck_assert_int_eq(receive_from(server, 64, 0, NULL), -EAGAIN);
        sleep_ns(UINT64_C(900001000) - schedule_now_ns(&net.schedule));
        ck_assert_int_eq(receive_from(server, 64, 0, NULL), i == 0 ? 5 : -EAGAIN);
        ck_assert_int_eq(receive_from(server, 64, 0, NULL), i == 0 ? 10 : -EAGAIN);
        ck_assert_int_eq(send_to(client, node_v4(2), 53, "after"), 5);
        settle();
        ck_assert_int_eq(receive_from(server, 64, 0, NULL), 5);
    }
}
END_TEST

SUITE(datagram) {
    SUITE_TEST(a_clog_loses_no_datagram_and_a_partition_does);
    SUITE_TEST(a_datagram_arrives_with_its_sender_s_name);
    SUITE_TEST(a_connected_socket_is_told_that_nobody_listens_and_an_unconnected_one_is_not);
    SUITE_TEST(a_connected_socket_hears_only_its_peer);
    SUITE_TEST(loss_and_duplicates_follow_the_link);
    SUITE_TEST(a_datagram_that_a_partition_meets_is_gone);
    SUITE_TEST(datagrams_overtake_each_other);
    SUITE_TEST(a_full_buffer_drops_what_comes);
    SUITE_TEST(a_broadcast_needs_permission_and_reaches_every_node);
    SUITE_TEST(ports_conflict_unless_both_allow_it);
    SUITE_TEST(ipv6_sockets_hear_ipv4_unless_they_refuse);
    SUITE_TEST(who_polls_a_full_peer_is_told_of_room);
    SUITE_LOOP(a_path_outlives_its_socket_until_it_is_removed, 0, 2);
    SUITE_TEST(unix_datagrams_wait_in_order_until_the_queue_is_full);
}
