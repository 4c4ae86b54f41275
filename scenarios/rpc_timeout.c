/* A client sends REQUESTS requests over one TCP connection and gives up on each after a timeout.
 *
 * Replies carry the number of their request. Planted bug (PLANTED): the client takes the next
 * reply that arrives for the answer to its last request. When a reply arrives after its timeout,
 * every later answer belongs to the request before it:
 *   1  request 1 times out     2  the client sends request 2     3  reply 1 arrives, taken for 2
 * The correct variant drops replies with another number.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

#define REQUESTS 4
#define PORT 7000
#define TIMEOUT_MS 9

struct message {
    uint32_t number;
    uint32_t value;
};

static struct sockaddr_in server_address(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    inet_pton(AF_INET, "10.0.0.1", &address.sin_addr);
    return address;
}

/* 1 when a whole message was moved, 0 at the end of the stream. */
static int receive_message(int descriptor, struct message *message) {
    size_t done = 0;
    while (done < sizeof *message) {
        const ssize_t count = recv(descriptor, (char *)message + done, sizeof *message - done, 0);
        if (count <= 0) {
            return 0;
        }
        done += (size_t)count;
    }
    return 1;
}

static int send_message(int descriptor, const struct message *message) {
    size_t done = 0;
    while (done < sizeof *message) {
        const ssize_t count =
            send(descriptor, (const char *)message + done, sizeof *message - done, MSG_NOSIGNAL);
        if (count <= 0) {
            return 0;
        }
        done += (size_t)count;
    }
    return 1;
}

int server_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    const struct sockaddr_in address = server_address();
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 4) != 0) {
        sim_fail("the server cannot listen");
    }
    const int client = accept(listener, NULL, NULL);
    struct message message;
    while (receive_message(client, &message)) {
        message.value = message.number * 10;
        if (!send_message(client, &message)) {
            break;
        }
    }
    close(client);
    close(listener);
    return 0;
}

static int connect_to_server(void) {
    const struct sockaddr_in address = server_address();
    for (;;) {
        const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(descriptor, (const struct sockaddr *)&address, sizeof address) == 0) {
            return descriptor;
        }
        close(descriptor);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 1 when an answer came in time, 0 when not. */
static int await_reply(int descriptor, uint32_t number, struct message *reply) {
    const int64_t deadline = now_ms() + TIMEOUT_MS;
    for (;;) {
        const int64_t left = deadline - now_ms();
        struct pollfd waiting = {.fd = descriptor, .events = POLLIN};
        if (left <= 0 || poll(&waiting, 1, (int)left) == 0) {
            SIM_MARK("timeout");
            return 0;
        }
        if (!receive_message(descriptor, reply)) {
            sim_fail("the server closed the connection");
        }
#ifdef PLANTED
        (void)number;
        return 1;
#else
        if (reply->number == number) {
            return 1;
        }
#endif
    }
}

int client_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = connect_to_server();
    for (uint32_t number = 1; number <= REQUESTS; number++) {
        const struct message request = {number, 0};
        struct message reply;
        if (!send_message(descriptor, &request)) {
            sim_fail("the request cannot be sent");
        }
        if (await_reply(descriptor, number, &reply) && reply.value != number * 10) {
            sim_fail("a request got the answer to another one");
        }
        sim_count("completed", 1);
    }
    close(descriptor);
    return 0;
}

SIM_SCENARIO(world) {
    const uint32_t server = sim_node(world, "server", "server_main", NULL);
    const uint32_t client = sim_node(world, "client", "client_main", NULL);
    sim_link(world, server, client, SIM_MS(1), SIM_MS(5));
    sim_limit_time(world, SIM_S(60));
    sim_finally(world, "every request ends", "completed", sim_equal(REQUESTS));
    sim_forbid_leaks(world);
}
