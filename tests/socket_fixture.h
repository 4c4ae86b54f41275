/* A server to reach, on any kind of socket. */
#ifndef TESTS_SOCKET_FIXTURE_H
#define TESTS_SOCKET_FIXTURE_H

#include "tests/io_fixture.h"

#include <ex/socket.h>
#include <stdio.h>

enum { BY_IP4, BY_IP6, BY_PATH, KINDS };

static struct ex_io listener;
static struct ex_address server; /* where it listens */

static inline void listen_by(struct ex_scheduler *scheduler, int kind, int backlog) {
    char path[64];

    if (kind == BY_PATH) {
        snprintf(path, sizeof path, "/tmp/test_ex_socket.%d", (int)getpid());
        unlink(path);
        ck_assert_int_eq(ex_address_path(&server, path), 0);
    } else {
        ck_assert_int_eq(ex_address_ip(&server, kind == BY_IP4 ? "127.0.0.1" : "::1", 0), 0);
    }
    ck_assert_int_eq(ex_socket_listen(&listener, scheduler, &server, backlog), 0);
    if (kind != BY_PATH) {
        ck_assert_int_eq(ex_socket_address(listener, &server), 0);
        ck_assert_uint_ne(ex_address_port(&server), 0);
    }
}

static inline void forget_path(void) {
    if (server.as.any.sa_family == AF_UNIX) {
        unlink(server.as.path.sun_path);
    }
}

#endif
