/* Sockets over the system's own loopback and Unix paths. Nothing is timed. */
#include "tests/socket_fixture.h"

#include <sys/resource.h>

static struct ex_io ends[2];
static char bytes[64];

/* ---- addresses ---- */

START_TEST(addresses_are_read_and_printed) {
    static const struct {
        const char *text;
        const char *printed;
        int status;
    } rows[] = {
        {"127.0.0.1", "127.0.0.1:80", 0},
        {"::1", "[::1]:80", 0},
        {"", "[::]:80", 0},
        {"localhost", "", -EINVAL},
        {"1.2.3", "", -EINVAL},
    };
    char text[EX_ADDRESS_TEXT_SIZE];
    struct ex_address address;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_int_eq(ex_address_ip(&address, rows[i].text, 80), rows[i].status);
        ck_assert_str_eq(ex_address_print(&address, text), rows[i].printed);
        ck_assert_uint_eq(ex_address_port(&address), rows[i].status == 0 ? 80 : 0);
    }
    memset(text, 'x', sizeof text);
    text[107] = '\0';
    ck_assert_int_eq(ex_address_path(&address, text), 0);
    ck_assert_uint_eq(strlen(ex_address_print(&address, text)), 107);
    text[107] = 'x';
    text[108] = '\0';
    ck_assert_int_eq(ex_address_path(&address, text), -ENAMETOOLONG);
    ck_assert_int_eq(ex_address_path(&address, ""), -EINVAL);
    ck_assert_int_eq(ex_address_copy(&address, &(struct sockaddr){.sa_family = AF_PACKET}, 16),
                     -EINVAL);
}
END_TEST

/* ---- operations of puppets ---- */

#define LEAF(self, type) ((struct type *)(void *)(self)->leaf)

static struct ex_frame *accept_one(struct puppet *self) {
    return ex_socket_accept(LEAF(self, ex_socket_accept), listener, &ends[1], NULL);
}

static struct ex_address peer;

static struct ex_frame *accept_whom(struct puppet *self) {
    return ex_socket_accept(LEAF(self, ex_socket_accept), listener, &ends[1], &peer);
}

static struct ex_frame *dial(struct puppet *self) {
    return ex_socket_dial(LEAF(self, ex_socket_dial), &ends[0], &server);
}

static struct ex_frame *read_some(struct puppet *self) {
    return ex_io_read(LEAF(self, ex_io_read), ends[self->argument], bytes, sizeof bytes);
}

static struct ex_frame *read_all(struct puppet *self) {
    return ex_io_read_all(LEAF(self, ex_io_read_all), ends[self->argument], bytes, sizeof bytes);
}

static struct ex_frame *write_ping(struct puppet *self) {
    return ex_io_write(LEAF(self, ex_io_write), ends[self->argument], "ping", 4);
}

static struct ex_frame *receive(struct puppet *self) {
    return ex_socket_receive(LEAF(self, ex_socket_receive),
                             ends[1],
                             bytes,
                             (size_t)self->argument,
                             MSG_TRUNC,
                             &peer);
}

static struct ex_frame *send_to_server(struct puppet *self) {
    return ex_socket_send(LEAF(self, ex_socket_send), ends[0], "ping", 4, &server);
}

static struct ex_frame *send_to_peer(struct puppet *self) {
    return ex_socket_send(LEAF(self, ex_socket_send), ends[0], "ping", 4, NULL);
}

static struct msghdr message;

static struct ex_frame *send_message(struct puppet *self) {
    return ex_socket_send_message(LEAF(self, ex_socket_message), ends[0], &message, 0);
}

static struct ex_frame *receive_message(struct puppet *self) {
    return ex_socket_receive_message(LEAF(self, ex_socket_message), ends[1], &message, 0);
}

static struct ex_frame *wait_for_a_while(struct puppet *self) {
    struct {
        struct ex_deadline deadline;
        struct ex_socket_accept accept;
    } *leaf = (void *)self->leaf;
    _Static_assert(sizeof *leaf <= sizeof self->leaf, "it has room");

    return ex_deadline(&leaf->deadline,
                       ex_socket_accept(&leaf->accept, listener, &ends[1], NULL),
                       ex_timer_now() + EX_TIMER_MS);
}

static void start(int kind) {
    puppets_start(4);
    listen_by(puppets.scheduler, kind, 0);
}

/* Puppet 0 has dialled, as ends[0], and puppet 1 accepted, as ends[1]. */
static void connect_both(int kind) {
    start(kind);
    puppet_do(1, accept_one);
    puppet_do(0, dial);
    ck_assert_int_eq(puppet_await(0), 0);
    ck_assert_int_eq(puppet_await(1), 0);
}

static void stop(void) {
    puppets_stop();
    forget_path();
}

START_TEST(half_a_close_lets_the_other_half_work) {
    connect_both(_i);
    puppet_do_with(0, write_ping, 0);
    puppets_run();
    ck_assert_int_eq(ex_socket_shutdown(ends[0], SHUT_WR), 0);

    puppet_do_with(1, read_some, 1);
    ck_assert_int_eq(puppet_await(1), 4);
    puppet_do_with(1, read_some, 1);
    ck_assert_int_eq(puppet_await(1), 0);
    puppet_do_with(1, write_ping, 1);
    puppet_do_with(0, read_some, 0);
    ck_assert_int_eq(puppet_await(0), 4);

    puppet_do_with(0, write_ping, 0);
    ck_assert_int_eq(puppet_await(0), -EPIPE);
    stop();
}
END_TEST

START_TEST(half_a_close_wakes_who_reads) {
    connect_both(_i);
    puppet_do_with(1, read_some, 1);
    puppet_do_with(0, read_some, 0);
    puppets_run();

    ck_assert_int_eq(ex_socket_shutdown(ends[0], SHUT_RDWR), 0);

    ck_assert_int_eq(puppet_await(0), 0);
    ck_assert_int_eq(puppet_await(1), 0);
    ck_assert_int_eq(ex_socket_shutdown(listener, 99), -EINVAL);
    ex_io_close(ends[0]);
    ck_assert_int_eq(ex_socket_shutdown(ends[0], SHUT_WR), -EBADF);
    stop();
}
END_TEST

START_TEST(nobody_there_is_refused) {
    start(_i);
    ex_io_close(listener);
    const int before = descriptor_count();

    puppet_do(0, dial);

    ck_assert_int_eq(puppet_await(0), -ECONNREFUSED);
    ck_assert_ptr_null(ends[0].source);
    ck_assert_int_eq(descriptor_count(), before);
    stop();
}
END_TEST

static void reset(struct ex_io io) {
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    const int descriptor = ex_io_descriptor(io);

    ck_assert_int_eq(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    ex_io_close(io);
}

START_TEST(a_reset_ends_a_read_and_the_next_write) {
    connect_both(_i);
    puppet_do_with(0, read_some, 0);
    puppets_run();

    reset(ends[1]);

    ck_assert_int_eq(puppet_await(0), -ECONNRESET);
    puppet_do_with(0, write_ping, 0);
    ck_assert_int_eq(puppet_await(0), -EPIPE);
    stop();
}
END_TEST

START_TEST(a_reset_after_some_bytes_is_told_to_the_next_read) {
    connect_both(_i);
    puppet_do_with(0, read_all, 0);
    puppet_do_with(1, write_ping, 1);
    ck_assert_int_eq(puppet_await(1), 4);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), EX_PENDING);

    reset(ends[1]);

    ck_assert_int_eq(puppet_await(0), 4);
    puppet_do_with(0, read_some, 0);
    ck_assert_int_eq(puppet_await(0), -ECONNRESET);
    puppet_do_with(0, read_some, 0);
    ck_assert_int_eq(puppet_await(0), 0); /* as the system has it: told once */
    stop();
}
END_TEST

START_TEST(an_accept_can_be_cancelled_late_and_closed) {
    start(_i);
    puppet_do(1, accept_one);
    puppets_run();

    puppet_abort(1);
    puppets_run();
    ck_assert_int_eq(puppet_result(1), -ECANCELED);
    puppet_do(1, wait_for_a_while);
    ck_assert_int_eq(puppet_await(1), -ETIMEDOUT);
    puppet_do(1, accept_one);
    puppets_run();
    ex_io_close(listener);

    ck_assert_int_eq(puppet_await(1), -EBADF);
    ck_assert_ptr_null(ends[1].source);
    stop();
}
END_TEST

START_TEST(a_connect_can_be_cancelled) {
    puppets_start(4);
    listen_by(puppets.scheduler, _i, 1);
    for (int i = 0; i < 2; i++) { /* they fill the queue */
        puppet_do(0, dial);
        ck_assert_int_eq(puppet_await(0), 0);
    }
    const int before = descriptor_count();

    puppet_do(0, dial);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), EX_PENDING);
    puppet_abort(0);
    puppets_run();

    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    ck_assert_int_eq(descriptor_count(), before);
    stop();
}
END_TEST

START_TEST(a_unix_listener_whose_queue_is_full_says_so) {
    puppets_start(1);
    listen_by(puppets.scheduler, BY_PATH, 1);

    do {
        puppet_do(0, dial);
    } while (puppet_await(0) == 0);

    ck_assert_int_eq(puppet_result(0), -EAGAIN);
    stop();
}
END_TEST

START_TEST(without_a_number_left_accept_fails_and_drops_no_connection) {
    struct rlimit limit;
    start(_i);
    puppet_do(0, dial);
    puppets_run();
    getrlimit(RLIMIT_NOFILE, &limit);
    const struct rlimit tight = {3, limit.rlim_max};

    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
    for (int i = 0; i < 3; i++) {
        puppet_do(1, accept_one);
        ck_assert_int_eq(puppet_await(1), -EMFILE);
        ck_assert_ptr_null(ends[1].source);
    }
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    puppet_do(1, accept_one);

    ck_assert_int_eq(puppet_await(1), 0);
    ck_assert_int_eq(puppet_await(0), 0);
    stop();
}
END_TEST

START_TEST(both_ends_know_each_other) {
    struct ex_address own;
    start(_i);
    puppet_do(1, accept_whom);
    puppet_do(0, dial);
    ck_assert_int_eq(puppet_await(0), 0);
    ck_assert_int_eq(puppet_await(1), 0);

    ck_assert_int_eq(ex_socket_address(ends[0], &own), 0);

    ck_assert_uint_eq(ex_address_port(&peer), ex_address_port(&own));
    ck_assert_int_eq(ex_socket_peer(ends[0], &own), 0);
    ck_assert_uint_eq(ex_address_port(&own), ex_address_port(&server));
    ck_assert_int_eq(ex_socket_peer(listener, &own), -ENOTCONN);
    ex_io_close(ends[0]);
    ck_assert_int_eq(ex_socket_address(ends[0], &own), -EBADF);
    stop();
}
END_TEST

START_TEST(an_address_in_use_is_refused_and_leaks_nothing) {
    struct ex_io other;
    start(_i);
    const int before = descriptor_count();

    ck_assert_int_eq(ex_socket_listen(&other, puppets.scheduler, &server, 0), -EADDRINUSE);

    ck_assert_int_eq(descriptor_count(), before);
    stop();
}
END_TEST

/* ---- datagrams ---- */

START_TEST(datagrams_come_with_their_senders_and_are_cut) {
    puppets_start(2);
    ck_assert_int_eq(ex_address_ip(&server, _i == BY_IP4 ? "127.0.0.1" : "::1", 0), 0);
    ck_assert_int_eq(ex_socket_bind(&ends[0], puppets.scheduler, &server), 0);
    ck_assert_int_eq(ex_socket_bind(&ends[1], puppets.scheduler, &server), 0);
    ck_assert_int_eq(ex_socket_address(ends[1], &server), 0);
    puppet_do_with(1, receive, sizeof bytes);
    puppets_run();
    ck_assert_int_eq(puppet_result(1), EX_PENDING);

    puppet_do(0, send_to_server);
    ck_assert_int_eq(puppet_await(0), 4);
    ck_assert_int_eq(puppet_await(1), 4);
    ck_assert_int_eq(ex_socket_address(ends[0], &server), 0);
    ck_assert_uint_eq(ex_address_port(&peer), ex_address_port(&server));

    ck_assert_int_eq(ex_socket_address(ends[1], &server), 0);
    puppet_do(0, send_to_server);
    bytes[2] = '-';
    puppet_do_with(1, receive, 2);
    ck_assert_int_eq(puppet_await(1), 4);
    ck_assert_mem_eq(bytes, "pi-g", 4);
    puppets_stop();
}
END_TEST

START_TEST(a_datagram_waits_for_room) {
    int sent_count = 0;
    puppets_start(2);
    ck_assert_int_eq(ex_socket_pair(ends, puppets.scheduler, SOCK_DGRAM), 0);

    for (; puppet_result(0) != EX_PENDING; sent_count++) {
        puppet_do(0, send_to_peer);
        puppets_run();
    }
    puppet_abort(0);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), -ECANCELED);
    puppet_do(0, send_to_peer);
    puppets_run();
    ck_assert_int_eq(puppet_result(0), EX_PENDING);
    for (int i = 0; i < sent_count; i++) {
        puppet_do_with(1, receive, 1);
        ck_assert_int_eq(puppet_await(1), 4);
    }

    ck_assert_int_eq(puppet_await(0), 4);
    puppets_stop();
}
END_TEST

START_TEST(messages_carry_descriptors) {
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS,
                            .cmsg_len = CMSG_LEN(sizeof(int))}};
    int number = STDIN_FILENO;
    struct iovec part = {bytes, 4};
    puppets_start(2);
    ck_assert_int_eq(ex_socket_pair(ends, puppets.scheduler, SOCK_SEQPACKET), 0);
    message = (struct msghdr){.msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof control};
    memcpy(CMSG_DATA(&control.header), &number, sizeof number);

    puppet_do(0, send_message);
    ck_assert_int_eq(puppet_await(0), 4);
    memset(&control, 0, sizeof control);
    message.msg_controllen = sizeof control;
    puppet_do(1, receive_message);
    ck_assert_int_eq(puppet_await(1), 4);

    memcpy(&number, CMSG_DATA(&control.header), sizeof number);
    ck_assert_int_gt(number, STDERR_FILENO);
    ck_assert_int_eq(close(number), 0);
    puppets_stop();
}
END_TEST

SUITE(socket) {
    SUITE_TEST(addresses_are_read_and_printed);
    SUITE_LOOP(half_a_close_lets_the_other_half_work, 0, KINDS);
    SUITE_LOOP(half_a_close_wakes_who_reads, 0, KINDS);
    SUITE_LOOP(nobody_there_is_refused, 0, KINDS);
    SUITE_LOOP(a_reset_ends_a_read_and_the_next_write, 0, BY_PATH);
    SUITE_LOOP(a_reset_after_some_bytes_is_told_to_the_next_read, 0, BY_PATH);
    SUITE_LOOP(an_accept_can_be_cancelled_late_and_closed, 0, KINDS);
    SUITE_LOOP(a_connect_can_be_cancelled, 0, BY_PATH);
    SUITE_TEST(a_unix_listener_whose_queue_is_full_says_so);
    SUITE_LOOP(without_a_number_left_accept_fails_and_drops_no_connection, 0, KINDS);
    SUITE_LOOP(both_ends_know_each_other, 0, KINDS);
    SUITE_LOOP(an_address_in_use_is_refused_and_leaks_nothing, 0, KINDS);
    SUITE_LOOP(datagrams_come_with_their_senders_and_are_cut, 0, BY_PATH);
    SUITE_TEST(a_datagram_waits_for_room);
    SUITE_TEST(messages_carry_descriptors);
}
