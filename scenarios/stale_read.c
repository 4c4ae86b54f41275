/* Registers on two nodes: the leader decides, the follower keeps a copy and answers reads too.
 * Datagrams come late, twice or never; to the clients all of it must look like one copy.
 *
 * Planted bug (PLANTED): the follower answers from its copy, which may be behind:
 *   1  the leader applies a write, answers it, and sends it on to the follower
 *   2  the client has the answer, and reads from the follower: the value before
 *   3  the write arrives at the follower
 * The correct one asks the leader how far it is before it answers (Ongaro, "Consensus: bridging
 * theory and practice", 2014, section 6.4); the leader's word brings the copy up to date.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

#define PORT 7000
#define KEYS 2
#define CLIENTS 2
#define OPERATIONS 8
#define TIMEOUT_MS 12

enum kind {
    WRITE = 1, /* client to leader */
    READ,      /* client to either */
    ANSWER,    /* to a client */
    COPY,      /* leader to follower: a write */
    ASK,       /* follower to leader: for a client that reads */
    TOLD,      /* and back */
};

struct message {
    uint32_t kind;
    uint32_t client; /* who reads or writes, from 0 */
    uint32_t number; /* of the client's operation */
    uint32_t key;
    int64_t value;
    uint64_t version; /* how many writes the key had seen */
};

struct copy {
    int64_t value;
    uint64_t version;
};

static const char *const leader = "10.0.0.1";
static const char *const follower = "10.0.0.2";
static const char *const clients[CLIENTS] = {"10.0.0.3", "10.0.0.4"};

static int open_socket(void) {
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    const int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(descriptor, (const struct sockaddr *)&any, sizeof any) != 0) {
        sim_fail("the port is not free");
    }
    return descriptor;
}

static void send_to(int descriptor, struct message message, enum kind kind, const char *host) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    inet_pton(AF_INET, host, &to.sin_addr);
    message.kind = kind;
    sendto(descriptor, &message, sizeof message, 0, (const struct sockaddr *)&to, sizeof to);
}

static struct message receive(int descriptor) {
    struct message message;
    if (recv(descriptor, &message, sizeof message, 0) != sizeof message) {
        sim_fail("a message was cut");
    }
    return message;
}

int leader_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct copy copies[KEYS] = {{0, 0}};
    uint32_t written[CLIENTS] = {0}; /* what comes twice, or after a later one, is not applied */
    const int descriptor = open_socket();
    for (;;) {
        struct message message = receive(descriptor);
        struct copy *copy = &copies[message.key];
        const bool applies = message.kind == WRITE && message.number > written[message.client];
        if (applies) {
            written[message.client] = message.number;
            *copy = (struct copy){message.value, copy->version + 1};
        }
        message.value = copy->value;
        message.version = copy->version;
        if (applies) {
            send_to(descriptor, message, COPY, follower);
        }
        if (message.kind == ASK) {
            send_to(descriptor, message, TOLD, follower);
        } else {
            send_to(descriptor, message, ANSWER, clients[message.client]);
        }
    }
}

int follower_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct copy copies[KEYS] = {{0, 0}};
    const int descriptor = open_socket();
    for (;;) {
        struct message message = receive(descriptor);
        struct copy *copy = &copies[message.key];
        bool answers = message.kind == TOLD;
        if (message.kind == READ) {
#ifdef PLANTED
            answers = true;
#else
            send_to(descriptor, message, ASK, leader);
#endif
        } else if (message.version > copy->version) {
            sim_count("behind", answers);
            *copy = (struct copy){message.value, message.version};
        }
        if (answers) {
            message.value = copy->value;
            send_to(descriptor, message, ANSWER, clients[message.client]);
        }
    }
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* False when no answer came in time; answers to earlier operations are not this one's. */
static bool await(int descriptor, uint32_t number, struct message *answer) {
    const int64_t deadline = now_ms() + TIMEOUT_MS;
    for (int64_t left = TIMEOUT_MS; left > 0; left = deadline - now_ms()) {
        struct pollfd waiting = {.fd = descriptor, .events = POLLIN};
        if (poll(&waiting, 1, (int)left) == 1) {
            *answer = receive(descriptor);
            if (answer->number == number) {
                return true;
            }
        }
    }
    return false;
}

static void write_value(int descriptor, struct message request) {
    struct message answer;
    sim_invoke("kv", SIM_WRITE, request.key, request.value);
    send_to(descriptor, request, WRITE, leader);
    const bool answered = await(descriptor, request.number, &answer);
    sim_return(answered ? SIM_DONE : SIM_UNKNOWN, 0);
    sim_count("unanswered writes", !answered);
}

static void read_value(int descriptor, struct message request, const char *host) {
    struct message answer = {0};
    sim_invoke("kv", SIM_READ, request.key, 0);
    send_to(descriptor, request, READ, host);
    const bool answered = await(descriptor, request.number, &answer);
    sim_return(answered ? SIM_DONE : SIM_FAILED, answer.value);
}

int client_main(int argc, char **argv) {
    (void)argc;
    struct message request = {.client = (uint32_t)atoi(argv[1])};
    const int descriptor = open_socket();
    for (uint32_t number = 1; number <= OPERATIONS; number++) {
        request.number = number;
        request.key = number / 4 % KEYS;
        request.value = number * 10 + request.client;
        if (number % 2 == 1) {
            write_value(descriptor, request);
        } else {
            read_value(descriptor, request, number % 4 == 0 ? leader : follower);
        }
    }
    close(descriptor);
    return 0;
}

SIM_SCENARIO(world) {
    static const char *const first[] = {"0", NULL};
    static const char *const second[] = {"1", NULL};
    sim_node_daemon(world, sim_node(world, "leader", "leader_main", NULL));
    sim_node_daemon(world, sim_node(world, "follower", "follower_main", NULL));
    sim_node(world, "client-1", "client_main", first);
    sim_node(world, "client-2", "client_main", second);
    sim_link(world, SIM_ANY, SIM_ANY, SIM_MS(1), SIM_MS(4));
    sim_link_loss(world, 20000, 20000);
    sim_limit_time(world, SIM_S(60));
    sim_linearizable(world, "two nodes are like one", "kv", SIM_REGISTER);
    sim_sometimes(world, "a write stays unanswered", "unanswered writes", sim_at_least(1));
#ifndef PLANTED
    sim_sometimes(world, "the copy is behind when it is read", "behind", sim_at_least(1));
#endif
}
