/* A server that echoes to many clients, by the system's own loopback and Unix paths. */
#include "tests/socket_fixture.h"

#include <netinet/tcp.h>

static void send_at_once(struct ex_io io) {
    const int one = 1;
    const int number = ex_io_descriptor(io);

    ck_assert_int_ge(number, 0);
    if (server.as.any.sa_family != AF_UNIX) {
        ck_assert_int_eq(setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), 0);
    }
}

static uint32_t echoed_count;
static uint32_t client_count;

struct echo {
    struct ex_frame frame;
    union {
        struct ex_io_read read;
        struct ex_io_write write;
    } child;
    struct ex_io io;
    char bytes[256];
};

EX_RESUME(echo) {
    EX_BEGIN(echo);
    send_at_once(self->io);
    for (;;) {
        EX_AWAIT(ex_io_read(&self->child.read, self->io, self->bytes, sizeof self->bytes));
        if (value <= 0) {
            break;
        }
        EX_AWAIT(ex_io_write(&self->child.write, self->io, self->bytes, (size_t)value));
        ck_assert_int_gt(value, 0);
    }
    ck_assert_int_eq(value, 0);
    ck_assert_int_eq(ex_io_close(self->io), 0);
    EX_END();
}

struct accepter {
    struct ex_frame frame;
    struct ex_socket_accept accept;
    struct ex_io io;
};

EX_RESUME(accepter) {
    EX_BEGIN(accepter);
    for (;;) {
        EX_AWAIT(ex_socket_accept(&self->accept, listener, &self->io, NULL));
        if (value != 0) {
            EX_RETURN(value);
        }
        struct echo *echo = ex_task_new(NULL, sizeof *echo);
        echo->io = self->io;
        ex_task_detach(ex_task_spawn(EX_FRAME(echo, echo)));
    }
    EX_END();
}

struct client {
    struct ex_frame frame;
    union {
        struct ex_socket_dial dial;
        struct ex_io_read_all read;
        struct ex_io_write write;
    } child;
    struct ex_io io;
    uint32_t number;
    uint32_t round;
    char sent[900];
    char received[900];
};

static size_t message_size(const struct client *self) {
    return 1 + (self->number * 131 + self->round * 37) % sizeof self->sent;
}

EX_RESUME(client) {
    EX_BEGIN(client);
    EX_AWAIT(ex_socket_dial(&self->child.dial, &self->io, &server));
    ck_assert_int_eq(value, 0);
    send_at_once(self->io);
    for (self->round = 0; self->round < 20; self->round++) {
        memset(self->sent, (int)(self->number + self->round), sizeof self->sent);
        EX_AWAIT(ex_io_write(&self->child.write, self->io, self->sent, message_size(self)));
        EX_AWAIT(ex_io_read_all(&self->child.read, self->io, self->received, message_size(self)));
        ck_assert_int_eq(value, (int64_t)message_size(self));
        ck_assert_int_eq(memcmp(self->sent, self->received, message_size(self)), 0);
        __atomic_fetch_add(&echoed_count, 1, __ATOMIC_RELAXED);
    }
    ck_assert_int_eq(ex_io_close(self->io), 0);
    if (__atomic_sub_fetch(&client_count, 1, __ATOMIC_ACQ_REL) == 0) {
        ck_assert_int_eq(ex_io_close(listener), 0); /* while somebody accepts */
    }
    EX_END();
}

START_TEST(many_clients_are_echoed_on_any_number_of_workers) {
    enum { CLIENTS = 60 };
    const int before = descriptor_count();
    struct ex_scheduler *scheduler = start_workers(_i / KINDS);
    listen_by(scheduler, _i % KINDS, 0);
    echoed_count = 0;
    client_count = CLIENTS;

    struct accepter *accepter = ex_task_new(scheduler, sizeof *accepter);
    struct ex_task *accepting = ex_task_spawn(EX_FRAME(accepter, accepter));
    for (uint32_t i = 0; i < CLIENTS; i++) {
        struct client *client = ex_task_new(scheduler, sizeof *client);
        client->number = i;
        ex_task_detach(ex_task_spawn(EX_FRAME(client, client)));
    }
    run_to_end(scheduler);

    ck_assert_uint_eq(echoed_count, CLIENTS * 20);
    ck_assert_int_eq(ex_task_take(accepting), -EBADF);
    ck_assert_int_eq(descriptor_count(), before + 2); /* epoll and the bell */
    ex_scheduler_destroy(scheduler);
    ck_assert_int_eq(descriptor_count(), before);
    forget_path();
}
END_TEST

SUITE(echo) {
    SUITE_LOOP(many_clients_are_echoed_on_any_number_of_workers, 0, 5 * KINDS);
}
