/* An echo server and CLIENTS clients on unmodified libuv, MESSAGES messages each.
 *
 * Every client sends its next message when the echo of the last one is complete. Planted bug
 * (PLANTED): a client takes each read for a whole echo. On a quiet network every one is; but a
 * stream has no messages, and once in a while bytes that were sent together arrive apart.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "sim/scenario.h"

#ifndef CLIENTS
#define CLIENTS 20
#endif
#ifndef MESSAGES
#define MESSAGES 500
#endif
#ifndef PAUSE_MS
#define PAUSE_MS 0 /* between two messages of a client */
#endif
#define PORT 7001
#define MESSAGE_SIZE 32

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(malloc(MESSAGE_SIZE), MESSAGE_SIZE);
}

static void check(int status, const char *what) {
    if (status < 0) {
        sim_fail("%s: %s", what, uv_strerror(status));
    }
}

/* ---- server ---- */

static uv_tcp_t listener;
static int connections_left = CLIENTS;

struct reply {
    uv_write_t request;
    uv_stream_t *stream;
    char bytes[MESSAGE_SIZE];
};

static void on_connection_closed(uv_handle_t *handle) {
    free(handle);
    if (--connections_left == 0) {
        uv_close((uv_handle_t *)&listener, NULL);
    }
}

static void on_replied(uv_write_t *request, int status) {
    if (status != 0 && status != UV_ECANCELED && status != UV_EPIPE && status != UV_ECONNRESET) {
        check(status, "the server cannot write");
    }
    free(request);
}

static void answer(struct reply *reply, const char *bytes, size_t size) {
    memcpy(reply->bytes, bytes, size);
    uv_buf_t buffer = uv_buf_init(reply->bytes, (unsigned)size);
    check(uv_write(&reply->request, reply->stream, &buffer, 1, on_replied), "uv_write");
}

static void on_server_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
    if (size < 0) {
        uv_close((uv_handle_t *)stream, on_connection_closed);
    } else if (size > 0) {
        struct reply *reply = malloc(sizeof *reply);
        reply->stream = stream;
        answer(reply, buffer->base, (size_t)size);
    }
    free(buffer->base);
}

static void on_connection(uv_stream_t *stream, int status) {
    check(status, "the server cannot accept");
    uv_tcp_t *connection = malloc(sizeof *connection);
    uv_tcp_init(stream->loop, connection);
    check(uv_accept(stream, (uv_stream_t *)connection), "uv_accept");
    check(uv_read_start((uv_stream_t *)connection, on_allocate, on_server_read), "uv_read_start");
}

int server_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    uv_loop_t loop;
    check(uv_loop_init(&loop), "uv_loop_init");
    struct sockaddr_in address;
    uv_ip4_addr("10.0.0.1", PORT, &address);
    uv_tcp_init(&loop, &listener);
    check(uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0), "uv_tcp_bind");
    check(uv_listen((uv_stream_t *)&listener, 128, on_connection), "uv_listen");
    uv_run(&loop, UV_RUN_DEFAULT);
    check(uv_loop_close(&loop), "uv_loop_close");
    return 0;
}

/* ---- client ---- */

static uv_loop_t client_loop;
static uv_tcp_t connection;
static uv_connect_t connecting;
static uv_timer_t pause_timer;
static struct sockaddr_in server;
static uint32_t client_number;
static uint32_t sent;
static char expected[MESSAGE_SIZE];
static char received[MESSAGE_SIZE];
static size_t received_size;

static void on_written(uv_write_t *request, int status) {
    check(status, "the client cannot write");
    free(request);
}

static void send_next(void) {
    sent++;
    memset(expected, 0, sizeof expected);
    snprintf(expected, sizeof expected, "client %u message %u", client_number, sent);
    received_size = 0;
    uv_write_t *request = malloc(sizeof *request);
    uv_buf_t buffer = uv_buf_init(expected, sizeof expected);
    check(uv_write(request, (uv_stream_t *)&connection, &buffer, 1, on_written), "uv_write");
}

static void on_pause_over(uv_timer_t *timer) {
    (void)timer;
    send_next();
}

static void on_echo_complete(void) {
    if (memcmp(received, expected, MESSAGE_SIZE) != 0) {
        sim_fail("an echo is not what was sent");
    }
    if (sent == MESSAGES) {
        sim_count("clients done", 1);
        uv_close((uv_handle_t *)&connection, NULL);
        uv_close((uv_handle_t *)&pause_timer, NULL);
    } else if (PAUSE_MS > 0) {
        uv_timer_start(&pause_timer, on_pause_over, PAUSE_MS, 0);
    } else {
        send_next();
    }
}

static bool echo_is_complete(void) {
#ifdef PLANTED
    return received_size > 0;
#else
    return received_size == MESSAGE_SIZE;
#endif
}

static void on_client_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
    (void)stream;
    check((int)size, "the client cannot read");
    if ((size_t)size > MESSAGE_SIZE - received_size) {
        sim_fail("a client got more than it sent");
    }
    memcpy(received + received_size, buffer->base, (size_t)size);
    received_size += (size_t)size;
    free(buffer->base);
    if (echo_is_complete()) {
        on_echo_complete();
    }
}

static void try_connect(uv_timer_t *timer);

static void on_connected(uv_connect_t *request, int status) {
    (void)request;
    if (status == UV_ECONNREFUSED) { /* the server does not listen yet */
        uv_close((uv_handle_t *)&connection, NULL);
        uv_timer_start(&pause_timer, try_connect, 10, 0);
        return;
    }
    check(status, "the client cannot connect");
    check(uv_read_start((uv_stream_t *)&connection, on_allocate, on_client_read), "uv_read_start");
    send_next();
}

static void try_connect(uv_timer_t *timer) {
    (void)timer;
    uv_tcp_init(&client_loop, &connection);
    check(uv_tcp_connect(&connecting, &connection, (const struct sockaddr *)&server, on_connected),
          "uv_tcp_connect");
}

int client_main(int argc, char **argv) {
    client_number = argc > 1 ? (uint32_t)atoi(argv[1]) : 0;
    check(uv_loop_init(&client_loop), "uv_loop_init");
    uv_timer_init(&client_loop, &pause_timer);
    uv_ip4_addr("10.0.0.1", PORT, &server);
    try_connect(NULL);
    uv_run(&client_loop, UV_RUN_DEFAULT);
    check(uv_loop_close(&client_loop), "uv_loop_close");
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "server", "server_main", NULL);
    for (unsigned i = 1; i <= CLIENTS; i++) {
        char name[16];
        char number[16];
        snprintf(name, sizeof name, "client%u", i);
        snprintf(number, sizeof number, "%u", i);
        sim_node(world, name, "client_main", (const char *const[]){number, NULL});
    }
    sim_link(world, SIM_ANY, SIM_ANY, SIM_US(500), SIM_MS(5));
    sim_allow_leaks(world); /* libuv keeps its signal pipe until the process is gone */
    sim_finally(world, "every client is served", "clients done", sim_equal(CLIENTS));
}
