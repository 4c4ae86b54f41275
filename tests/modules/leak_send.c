/* Leaks addresses into the order of sends: connections lie in a table that is hashed by where they
 * are in memory, and whoever walks the table writes to them in its order. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

#define PEERS 8
#define BUCKETS 64
#define PORT 7002
#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

struct peer {
    _Alignas(4096) int descriptor; /* images move by pages */
    struct peer *next;
};

static struct peer peers[PEERS];
static struct peer *buckets[BUCKETS];

static struct sockaddr_in server_address(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    inet_pton(AF_INET, "10.0.0.1", &address.sin_addr);
    return address;
}

int server_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const struct sockaddr_in address = server_address();
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, PEERS) != 0) {
        sim_fail("the server cannot listen");
    }
    for (int i = 0; i < PEERS; i++) {
        char byte;
        const int peer = accept(listener, NULL, NULL);
        while (recv(peer, &byte, 1, 0) == 1) {
        }
        close(peer);
    }
    close(listener);
    return 0;
}

static void insert(struct peer *peer) {
    uint64_t hash = (uint64_t)((uintptr_t)peer >> 12) * GOLDEN;
    hash = (hash ^ hash >> 29) * GOLDEN; /* once alone would keep most of the order */
    struct peer **bucket = &buckets[hash >> 58];
    peer->next = *bucket;
    *bucket = peer;
}

int client_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const struct sockaddr_in address = server_address();
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL); /* the server listens by then */
    for (int i = 0; i < PEERS; i++) {
        peers[i].descriptor = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(peers[i].descriptor, (const struct sockaddr *)&address, sizeof address) != 0) {
            sim_fail("the client cannot connect");
        }
        insert(&peers[i]);
    }
    for (int i = 0; i < BUCKETS; i++) {
        for (struct peer *peer = buckets[i]; peer != NULL; peer = peer->next) {
            send(peer->descriptor, "x", 1, MSG_NOSIGNAL);
        }
    }
    for (int i = 0; i < PEERS; i++) {
        close(peers[i].descriptor);
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "server", "server_main", NULL);
    sim_node(world, "client", "client_main", NULL);
}
