/* Links and partitions of one direction: a client asks once every 50 ms, and a server answers.
 *
 *   client ── 1 ms ──► server ── 10 ms ──► client
 *
 * From 100 ms until 200 ms no answer passes: the server hears, and is not heard. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

#define PORT 7003
#define ROUNDS 6
#define PERIOD_NS INT64_C(50000000)
#define MS INT64_C(1000000)

static int64_t now_ns(void) {
    struct timespec now;
    assert(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 * MS + now.tv_nsec;
}

static struct sockaddr_in server_address(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    assert(inet_pton(AF_INET, "10.0.0.1", &address.sin_addr) == 1);
    return address;
}

int server_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const struct sockaddr_in address = server_address();
    const int number = socket(AF_INET, SOCK_DGRAM, 0);
    assert(bind(number, (const struct sockaddr *)&address, sizeof address) == 0);
    for (;;) {
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        int64_t sent_ns;
        const ssize_t got =
            recvfrom(number, &sent_ns, sizeof sent_ns, 0, (struct sockaddr *)&from, &size);
        assert(got == (ssize_t)sizeof sent_ns);
        const int64_t way_ns = now_ns() - sent_ns;
        assert(way_ns >= MS && way_ns < 2 * MS);
        sim_count("heard", 1);
        assert(sendto(number, &sent_ns, sizeof sent_ns, 0, (struct sockaddr *)&from, size) == got);
    }
}

static void ask(int number, int round) {
    int64_t sent_ns = now_ns();
    assert(send(number, &sent_ns, sizeof sent_ns, 0) == (ssize_t)sizeof sent_ns);
    const ssize_t got = recv(number, &sent_ns, sizeof sent_ns, 0);
    const bool is_cut = round == 2 || round == 3; /* asked at 125 ms and at 175 ms */
    if (is_cut) {
        assert(got == -1 && errno == EAGAIN);
        return;
    }
    const int64_t way_ns = now_ns() - sent_ns;
    assert(got == (ssize_t)sizeof sent_ns && way_ns >= 11 * MS && way_ns < 13 * MS);
    sim_count("answered", 1);
}

int client_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const struct timeval patience = {.tv_usec = 20000};
    const struct sockaddr_in address = server_address();
    const int number = socket(AF_INET, SOCK_DGRAM, 0);
    const int64_t start_ns = now_ns();
    assert(setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    assert(connect(number, (const struct sockaddr *)&address, sizeof address) == 0);
    for (int round = 0; round < ROUNDS; round++) {
        const int64_t at_ns = start_ns + PERIOD_NS / 2 + round * PERIOD_NS;
        const struct timespec at = {at_ns / (1000 * MS), at_ns % (1000 * MS)};
        assert(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == 0);
        ask(number, round);
    }
    assert(close(number) == 0);
    return 0;
}

SIM_SCENARIO(world) {
    const uint32_t server = sim_node(world, "server", "server_main", NULL);
    const uint32_t client = sim_node(world, "client", "client_main", NULL);
    sim_node_daemon(world, server);
    sim_link(world, SIM_ANY, SIM_ANY, SIM_MS(10), SIM_MS(10));
    sim_link_one_way(world, client, server, SIM_MS(1), SIM_MS(1));
    sim_partition_one_way(world, server, client, SIM_MS(100), SIM_MS(200));
    sim_finally(world, "the server hears each question", "heard", sim_equal(ROUNDS));
    sim_finally(world, "answers pass but for a time", "answered", sim_equal(ROUNDS - 2));
}
