/* A network without a machine: one fake thread that can act at any node, and time that passes when
 * it sleeps. Messages that are due fire while it sleeps, as in a run. */
#ifndef TESTS_NETWORK_FIXTURE_H
#define TESTS_NETWORK_FIXTURE_H

#include <check.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sim/endpoint.h"
#include "sim/fault.h"

#define NETWORK_FIXTURE_CHOICES (1u << 20)
#define NETWORK_FIXTURE_ENTRIES 65536u
#define NETWORK_FIXTURE_AGENTS 4096u

struct network_fixture {
    struct arena arena;
    struct schedule schedule;
    struct choices choices;
    struct trace trace;
    struct verdict verdict;
    struct description description;
    struct endpoints endpoints;
    struct faults faults; /* of links */
    struct choice *record;
    uint64_t points;
    jmp_buf ended; /* where a run goes that ends in a call */
};

static struct network_fixture net;

static inline void network_fixture_switch(uint32_t from, uint32_t to) {
    ck_assert_uint_eq(from, 0);
    ck_assert_uint_eq(to, 1);
}

static inline void network_fixture_end(void) {
    longjmp(net.ended, 1);
}

static inline void network_fixture_idle(void) {
    verdict_set(&net.verdict, VERDICT_DEADLOCK, "nothing can run");
}

static inline bool network_fixture_obstruct(void *context, uint32_t fault) {
    (void)context;
    network_obstruct(&net.endpoints.network, fault, net.faults.all[fault].until_ns);
    return true;
}

static inline void network_fixture_clear(void *context, uint32_t fault) {
    (void)context;
    network_clear(&net.endpoints.network, fault);
}

static inline bool network_fixture_reset(void *context, uint32_t fault) {
    (void)context;
    segment_reset(&net.endpoints.segments, &net.description.faults[fault]);
    return true;
}

static inline void network_fixture_faults(void) {
    static const struct fault_effect kinds[DESCRIPTION_FAULT_KIND_COUNT] = {
        [DESCRIPTION_PARTITION] = {FAULT_AT_ONCE, network_fixture_obstruct, network_fixture_clear},
        [DESCRIPTION_RESET] = {FAULT_APART, network_fixture_reset, NULL},
        [DESCRIPTION_CLOG] = {FAULT_AT_ONCE, network_fixture_obstruct, network_fixture_clear},
        [DESCRIPTION_REFUSAL] = {FAULT_AT_ONCE, network_fixture_obstruct, network_fixture_clear},
    };
    const struct fault_effects effects = {.kinds = kinds};
    fault_init(&net.faults, &net.schedule, &net.description, &effects);
}

/* A description with n nodes; links and faults may be added before network_fixture_begin. */
static inline void network_fixture_open(uint32_t nodes) {
    description_init(&net.description, "test");
    for (uint32_t i = 1; i <= nodes; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%u", i);
        const uint32_t index = description_node_add(&net.description, name, "main", NULL);
        ck_assert_uint_eq(index, i);
    }
}

static inline void network_fixture_begin(enum choices_mode mode, uint64_t seed) {
    const struct schedule_machine machine = {.switch_to = network_fixture_switch,
                                             .end = network_fixture_end,
                                             .idle = network_fixture_idle};
    if (net.arena.base == NULL) {
        const size_t size = (size_t)NETWORK_FIXTURE_AGENTS * 1024 +
                            agenda_size(NETWORK_FIXTURE_ENTRIES) +
                            endpoint_arena_size(&net.description) + (1u << 20);
        void *memory = mmap(NULL,
                            size,
                            PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                            -1,
                            0);
        ck_assert_ptr_ne(memory, MAP_FAILED);
        arena_init(&net.arena, memory, size);
        schedule_init(&net.schedule,
                      &net.arena,
                      NETWORK_FIXTURE_AGENTS,
                      NETWORK_FIXTURE_ENTRIES,
                      &machine);
        endpoint_init(&net.endpoints, &net.arena, &net.schedule, &net.description);
        network_fixture_faults();
        net.record = calloc(NETWORK_FIXTURE_CHOICES, sizeof *net.record);
        choices_init(&net.choices, net.record, NETWORK_FIXTURE_CHOICES, NULL, 0);
    }
    const struct strategy_spec strategy = {0};
    memset(&net.verdict, 0, sizeof net.verdict);
    trace_begin(&net.trace);
    choices_begin(&net.choices, mode, seed, NULL, 0);
    schedule_begin(&net.schedule,
                   &net.choices,
                   &net.trace,
                   &net.verdict,
                   &net.points,
                   &strategy,
                   seed);
    endpoint_begin(&net.endpoints);
    fault_begin(&net.faults);
    ck_assert_uint_eq(schedule_thread_start(&net.schedule, 1, 1, 1), 1);
    schedule_agent(&net.schedule, 1)->slot = 1;
    schedule_run(&net.schedule);
}

/* n nodes and default links, every choice alternative 0. */
static inline void network_fixture_start(uint32_t nodes) {
    network_fixture_open(nodes);
    network_fixture_begin(CHOICES_ZERO, 1);
}

/* The thread acts at another node from now on. */
static inline void at(uint32_t node) {
    schedule_running(&net.schedule)->node = node;
}

static inline void sleep_ns(uint64_t ns) {
    static const struct wait_cause cause = {.kind = POINT_SLEEP};
    schedule_wait(&net.schedule, NULL, schedule_now_ns(&net.schedule) + ns, &cause);
}

/* Until all messages that are on their way have come. */
static inline void settle(void) {
    sleep_ns(UINT64_C(50000000));
}

static inline struct sockaddr_in v4(uint32_t address, uint16_t port) {
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr = {htonl(address)}};
}

static inline uint32_t node_v4(uint32_t node) {
    return net.description.nodes[node].address;
}

static const struct socket_call quick = {.nonblocking = true};
static const struct socket_call slow = {.nonblocking = false};

static inline uint32_t open_stream(void) {
    return socket_create(&net.endpoints.sockets, AF_INET, SOCK_STREAM, IPPROTO_TCP);
}

static inline uint32_t open_datagram(void) {
    return socket_create(&net.endpoints.sockets, AF_INET, SOCK_DGRAM, IPPROTO_UDP);
}

static inline int64_t connect_v4(uint32_t index, uint32_t address, uint16_t port) {
    const struct sockaddr_in to = v4(address, port);
    return connection_connect(&net.endpoints.segments, index, &to, sizeof to, &quick);
}

static inline int bind_v4(uint32_t index, uint32_t address, uint16_t port) {
    const struct sockaddr_in to = v4(address, port);
    return binding_claim(&net.endpoints.bindings, index, &to, sizeof to);
}

static inline int64_t send_text(uint32_t index, const char *text) {
    const struct iovec part = {(void *)(uintptr_t)text, strlen(text)};
    return stream_send(&net.endpoints.segments, index, &part, 1, &quick);
}

static inline int64_t receive(uint32_t index, void *bytes, size_t size, uint32_t flags) {
    const struct iovec part = {bytes, size};
    const struct socket_call call = {.flags = flags, .nonblocking = true};
    return stream_receive(&net.endpoints.segments, index, &part, 1, &call);
}

/* A listener at a node's port; the thread stays there. */
static inline uint32_t open_listener(uint32_t node, uint16_t port, int backlog) {
    at(node);
    const uint32_t index = open_stream();
    ck_assert_int_eq(bind_v4(index, 0, port), 0);
    ck_assert_int_eq(connection_listen(&net.endpoints.segments, index, backlog), 0);
    return index;
}

/* Node 1 is connected to node 2's port 80: ends[0] is the connecting one. */
static inline void open_connection(uint32_t ends[2], uint32_t listener) {
    at(1);
    ends[0] = open_stream();
    ck_assert_int_eq(connect_v4(ends[0], node_v4(2), 80), -EINPROGRESS);
    settle();
    at(2);
    const int64_t accepted = connection_accept(&net.endpoints.segments, listener, &quick);
    ck_assert_int_gt(accepted, 0);
    ends[1] = (uint32_t)accepted;
    at(1);
    ck_assert_int_eq(connect_v4(ends[0], node_v4(2), 80), 0);
}

#endif
