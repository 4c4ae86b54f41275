/* An echo server and CLIENTS clients on unmodified libevent, MESSAGES messages each.
 *
 * A client sends a message each PERIOD_MS, and after the last one it tells the server that no more
 * will come (a half-closed connection). The server answers no connection faster than RATE bytes in
 * TICK_MS. Planted bug (PLANTED): at the end of a client's stream the server frees the connection,
 * and with it what libevent has not written yet. As a rule that is nothing; but once in a while
 * the network delivers the last messages so close together that an echo waits for the next tick.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "sim/scenario.h"

#define CLIENTS 3
#define MESSAGES 10
#define PORT 7002
#define MESSAGE_SIZE 32
#define PERIOD_MS 12
#define TICK_MS 8
#define RATE MESSAGE_SIZE
#define RETRY_MS 10
#define PATIENCE_S 60 /* no network here takes so long */

static void check(bool holds, const char *what) {
    if (!holds) {
        sim_fail("%s", what);
    }
}

static struct event_base *base;

static struct sockaddr_in server_address(void) {
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(PORT),
                                .sin_addr = {.s_addr = htonl(UINT32_C(0x0a000001))}};
}

/* ---- server ---- */

static struct evconnlistener *listener;
static struct ev_token_bucket_cfg *limit;
static int connections_left = CLIENTS;

static void close_connection(struct bufferevent *connection) {
    bufferevent_free(connection);
    if (--connections_left == 0) {
        evconnlistener_free(listener);
    }
}

static void on_server_read(struct bufferevent *connection, void *context) {
    (void)context;
    check(bufferevent_write_buffer(connection, bufferevent_get_input(connection)) == 0,
          "the server cannot queue an echo");
}

#ifndef PLANTED
static void on_server_drained(struct bufferevent *connection, void *context) {
    (void)context;
    close_connection(connection);
}
#endif

static void on_server_event(struct bufferevent *connection, short what, void *context) {
    (void)context;
    check((what & BEV_EVENT_EOF) != 0, "the server cannot go on reading");
    const bool has_more = evbuffer_get_length(bufferevent_get_output(connection)) > 0;
    if (has_more) {
        sim_count("ends with an echo to come", 1);
    }
#ifndef PLANTED
    if (has_more) {
        bufferevent_setcb(connection, NULL, on_server_drained, on_server_event, NULL);
        return;
    }
#endif
    close_connection(connection);
}

static void on_accepted(struct evconnlistener *from,
                        evutil_socket_t descriptor,
                        struct sockaddr *address,
                        int size,
                        void *context) {
    (void)from;
    (void)address;
    (void)size;
    (void)context;
    struct bufferevent *connection =
        bufferevent_socket_new(base, descriptor, BEV_OPT_CLOSE_ON_FREE);
    check(connection != NULL, "the server has no memory for a connection");
    bufferevent_setcb(connection, on_server_read, NULL, on_server_event, NULL);
    check(bufferevent_set_rate_limit(connection, limit) == 0, "the server cannot limit the rate");
    bufferevent_enable(connection, EV_READ | EV_WRITE);
}

int server_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    base = event_base_new();
    check(base != NULL, "the server has no event base");
    const struct timeval tick = {.tv_usec = TICK_MS * 1000};
    limit = ev_token_bucket_cfg_new(EV_RATE_LIMIT_MAX, EV_RATE_LIMIT_MAX, RATE, RATE, &tick);
    check(limit != NULL, "the server has no memory for a limit");
    const struct sockaddr_in address = server_address();
    listener = evconnlistener_new_bind(base,
                                       on_accepted,
                                       NULL,
                                       LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE,
                                       -1,
                                       (const struct sockaddr *)&address,
                                       sizeof address);
    check(listener != NULL, "the server cannot listen");
    event_base_dispatch(base);
    event_base_free(base);
    ev_token_bucket_cfg_free(limit);
    return 0;
}

/* ---- client ---- */

static struct bufferevent *connection;
static struct event *timer;
static uint32_t client_number;
static uint32_t sent;
static uint32_t echoed;

static void start_timer(int ms) {
    const struct timeval delay = {.tv_usec = ms * 1000};
    check(evtimer_add(timer, &delay) == 0, "the client cannot start a timer");
}

static void write_message(char message[MESSAGE_SIZE], uint32_t number) {
    memset(message, 0, MESSAGE_SIZE);
    snprintf(message, MESSAGE_SIZE, "client %u message %u", client_number, number);
}

static void send_next(void) {
    char message[MESSAGE_SIZE];
    write_message(message, ++sent);
    check(bufferevent_write(connection, message, sizeof message) == 0,
          "the client cannot queue a message");
    if (sent < MESSAGES) {
        start_timer(PERIOD_MS);
    }
}

static void on_client_drained(struct bufferevent *stream, void *context) {
    (void)context;
    if (sent == MESSAGES) {
        shutdown(bufferevent_getfd(stream), SHUT_WR);
    }
}

static void on_client_read(struct bufferevent *stream, void *context) {
    (void)context;
    struct evbuffer *input = bufferevent_get_input(stream);
    while (evbuffer_get_length(input) >= MESSAGE_SIZE) {
        char expected[MESSAGE_SIZE];
        char received[MESSAGE_SIZE];
        write_message(expected, ++echoed);
        evbuffer_remove(input, received, sizeof received);
        check(memcmp(received, expected, MESSAGE_SIZE) == 0, "an echo is not what was sent");
    }
    if (echoed == MESSAGES) {
        sim_count("clients done", 1);
        bufferevent_free(stream);
    }
}

static void on_client_event(struct bufferevent *stream, short what, void *context) {
    (void)context;
    check((what & BEV_EVENT_TIMEOUT) == 0, "a client waits in vain");
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        send_next();
        return;
    }
    check(sent == 0, "the server went and owes an echo");
    bufferevent_free(stream); /* it does not listen yet */
    connection = NULL;
    start_timer(RETRY_MS);
}

static void connect_to_server(void) {
    const struct sockaddr_in address = server_address();
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    connection = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    check(connection != NULL, "the client has no memory for a connection");
    bufferevent_setcb(connection, on_client_read, on_client_drained, on_client_event, NULL);
    bufferevent_setwatermark(connection, EV_READ, MESSAGE_SIZE, 0);
    bufferevent_set_timeouts(connection, &patience, NULL);
    bufferevent_enable(connection, EV_READ | EV_WRITE);
    check(bufferevent_socket_connect(connection,
                                     (const struct sockaddr *)&address,
                                     sizeof address) == 0,
          "the client cannot begin to connect");
}

static void on_timer(evutil_socket_t descriptor, short what, void *context) {
    (void)descriptor;
    (void)what;
    (void)context;
    if (connection == NULL) {
        connect_to_server();
    } else {
        send_next();
    }
}

int client_main(int argc, char **argv) {
    client_number = argc > 1 ? (uint32_t)atoi(argv[1]) : 0;
    base = event_base_new();
    check(base != NULL, "the client has no event base");
    timer = evtimer_new(base, on_timer, NULL);
    connect_to_server();
    event_base_dispatch(base);
    event_free(timer);
    event_base_free(base);
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
    sim_forbid_leaks(world);
    sim_finally(world, "every client is served", "clients done", sim_equal(CLIENTS));
    sim_sometimes(world,
                  "an end is read before an echo is written",
                  "ends with an echo to come",
                  sim_at_least(1));
}
