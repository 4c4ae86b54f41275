/* An echo server and its clients, over links that are slow, cut for a while, and reset.
 *
 *   node "server"         accept ──► serve: read ──► write back …, until the end, then close
 *                            ▲            ▲
 *   nodes "east" (reset),  dial ──► client: sends (a task of its own, perhaps on another thread)
 *   "west" (cut), "north"                 and receives, until the end, an error, or no patience
 *
 * Every wait has a deadline, some of them shorter than the way there and back; but north's have
 * none, and nothing happens to their links, so a wake that is lost is noticed. The buffers are
 * small, so writes wait too. The listener is closed by another task than the one that accepts, a
 * connection by the one that receives while the other may be writing to it.
 *
 * What a client receives is what it sent, from the first byte on, each once; all of it when the
 * connection ends as it should. The memory of a connection is used again when it was closed.
 */
#include <errno.h>
#include <ex/socket.h>
#include <string.h>
#include <sys/ioctl.h>

#include "scenarios/stage.h"

#define WORKERS 2
#define CLIENTS_MAX 2 /* of each node */
#define DIALS 3       /* of each client, unless all came back */
#define SIZE 12000    /* more than the buffers of one direction hold */
#define PORT 7000

#define DIAL_NS (2 * EX_TIMER_MS)
#define CLIENT_NS (400 * EX_TIMER_US)
#define CLIENT_PATIENCE 6 /* deadlines in a row */
#define SEND_NS (6 * EX_TIMER_MS)
#define SERVER_NS (900 * EX_TIMER_US)
#define SERVER_PATIENCE 4
#define LISTEN_NS (5500 * EX_TIMER_US)

/* ---- what both sides do ---- */

/* Its buffers become as small as the system allows; what a listener accepts has those, too. */
static void make_small(struct ex_io io) {
    const int descriptor = ex_io_descriptor(io);
    const int least = 1;

    STAGE_REQUIRE(descriptor >= 0, "a new connection is closed: %d", descriptor);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
}

static void close_one(struct ex_io io) {
    const int status = ex_io_close(io);

    STAGE_REQUIRE(status == 0, "a connection is closed twice: %d", status);
    sim_count("open", -1);
}

/* Others close it without having told all: the peer shall not take that for its end. */
static void reset_one(struct ex_io io) {
    const struct linger none = {.l_onoff = 1, .l_linger = 0};

    setsockopt(ex_io_descriptor(io), SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close_one(io);
}

/* What has returned is other things' memory: nobody may wake it any more. Tells whether its child
 * was told by then. */
static bool scrap(struct ex_deadline *deadline) {
    const bool is_told = deadline->is_told;

    memset(deadline, 0, sizeof *deadline);
    return is_told;
}

static bool is_reset(int64_t value) {
    return value == -ECONNRESET || value == -EPIPE;
}

/* A deadline has ended a read: perhaps there is something to read all the same. */
static void hear_late(struct ex_io io) {
    int size = 0;

    if (ioctl(ex_io_descriptor(io), FIONREAD, &size) == 0 && size > 0) {
        sim_count("data as a deadline passes", 1);
    }
}

/* What a read told, if that was neither bytes nor the end; false: it was the last. */
static bool hear_read(struct ex_io io, int64_t value, bool has_waited) {
    if (value == -ETIMEDOUT) {
        hear_late(io);
        return true;
    }
    STAGE_REQUIRE(is_reset(value), "a read returns %lld", (long long)value);
    sim_count(has_waited ? "reset while a read waits" : "reset before a read", 1);
    return false;
}

/* Why a write returned less than it was given: the next one will tell. */
static void hear_short(struct ex_io io, bool has_waited, bool is_late) {
    if (is_late) {
        sim_count("short write by a deadline", 1);
    } else if (ex_io_descriptor(io) == -EBADF) {
        sim_count("short write by a close", 1);
    } else {
        sim_count(has_waited ? "reset while a write waits" : "reset between two writes", 1);
    }
}

/* What a write of `size` bytes returned; false: it was the last. */
static bool hear_write(struct ex_io io, int64_t value, size_t size, bool has_waited, bool is_late) {
    STAGE_REQUIRE(value <= (int64_t)size, "a write of %zu returns %lld", size, (long long)value);
    if (value > 0 && value < (int64_t)size) {
        hear_short(io, has_waited, is_late);
    }
    if (value > 0 || value == -ETIMEDOUT) {
        return true;
    }
    STAGE_REQUIRE(value == -EBADF || is_reset(value), "a write returns %lld", (long long)value);
    if (is_reset(value) && has_waited) {
        sim_count("reset while a write waits", 1);
    }
    return false;
}

/* ---- the server ---- */

#define SOURCES_MAX 16

static struct ex_io listener;
static const struct ex_source *sources[SOURCES_MAX]; /* the memory that connections had */
static uint32_t source_count;
static int taken;     /* connections that are open or about to be */
static int taken_max; /* at one time */

static void take(void) {
    const int now = __atomic_add_fetch(&taken, 1, __ATOMIC_RELAXED);

    taken_max = now > taken_max ? now : taken_max;
}

static void give_back(void) {
    __atomic_sub_fetch(&taken, 1, __ATOMIC_RELAXED);
}

static void note_source(const struct ex_source *source) {
    for (uint32_t i = 0; i < source_count; i++) {
        if (sources[i] == source) {
            sim_count("memory used again", 1);
            return;
        }
    }
    STAGE_REQUIRE(source_count < SOURCES_MAX, "more connections than were dialled");
    sources[source_count++] = source;
    STAGE_REQUIRE((int)source_count <= taken_max, "the memory of a connection is lost");
}

struct serve {
    struct ex_frame frame;
    struct ex_io io;
    int64_t status; /* of the last read or write */
    int patience;
    size_t size; /* bytes to be written back, of which so many are: */
    size_t done_size;
    struct ex_deadline deadline;
    union {
        struct ex_io_read read;
        struct ex_io_write write;
    } waits;
    char bytes[2000];
};

static void serve_ends(struct serve *self) {
    if (self->status == 0) {
        const int status = ex_socket_shutdown(self->io, SHUT_WR);
        STAGE_REQUIRE(status == 0 || status == -ENOTCONN, "half a close returns %d", status);
        close_one(self->io);
    } else {
        sim_count(self->patience == 0 ? "the server gives up" : "the server is reset", 1);
        reset_one(self->io);
    }
    give_back();
}

EX_RESUME(serve) {
    bool has_waited = true; /* false behind an await: it did not */
    EX_BEGIN(serve);
    for (self->patience = SERVER_PATIENCE; self->patience > 0;) {
        has_waited = false;
        EX_AWAIT(
            ex_deadline(&self->deadline,
                        ex_io_read(&self->waits.read, self->io, self->bytes, sizeof self->bytes),
                        ex_timer_now() + SERVER_NS));
        self->status = value;
        scrap(&self->deadline);
        if (value == 0 || (value < 0 && !hear_read(self->io, value, has_waited))) {
            break;
        }
        self->patience = value > 0 ? SERVER_PATIENCE : self->patience - 1;
        self->size = value > 0 ? (size_t)value : 0;
        for (self->done_size = 0; self->done_size < self->size && self->patience > 0;) {
            has_waited = false;
            EX_AWAIT(ex_deadline(&self->deadline,
                                 ex_io_write(&self->waits.write,
                                             self->io,
                                             &self->bytes[self->done_size],
                                             self->size - self->done_size),
                                 ex_timer_now() + SERVER_NS));
            self->status = value;
            if (!hear_write(self->io,
                            value,
                            self->size - self->done_size,
                            has_waited,
                            scrap(&self->deadline))) {
                self->size = 0;
                self->patience = -1;
                break;
            }
            self->done_size += value > 0 ? (size_t)value : 0;
            self->patience -= value > 0 ? 0 : 1;
        }
    }
    serve_ends(self);
    EX_END();
}

struct server {
    struct ex_frame frame;
    struct ex_io io;
    struct ex_socket_accept accept;
};

EX_RESUME(server) {
    EX_BEGIN(server);
    for (;;) {
        take();
        EX_AWAIT(ex_socket_accept(&self->accept, listener, &self->io, NULL));
        if (value != 0) {
            break;
        }
        note_source(self->io.source);
        sim_count("open", 1);
        struct serve *const serve = STAGE_NEW(NULL, serve);
        serve->io = self->io;
        ex_task_spawn_detached(EX_FRAME(serve, serve));
    }
    STAGE_REQUIRE(value == -EBADF, "an accept returns %lld", (long long)value);
    sim_count("listeners closed", 1);
    EX_END();
}

/* Closes the listener, while somebody accepts. */
struct closer {
    struct ex_frame frame;
    struct ex_sleep sleep;
};

EX_RESUME(closer) {
    EX_BEGIN(closer);
    EX_AWAIT(ex_sleep_for(&self->sleep, LISTEN_NS));
    STAGE_REQUIRE(ex_io_close(listener) == 0, "the listener is closed already");
    STAGE_REQUIRE(ex_io_close(listener) == -EBADF, "the listener is closed twice");
    EX_END();
}

int server_main(int argc, char **argv) {
    struct ex_address address;

    (void)argc;
    (void)argv;
    struct ex_scheduler *const scheduler = stage_open(WORKERS);
    ex_address_ip(&address, "0.0.0.0", PORT);
    const int status = ex_socket_listen(&listener, scheduler, &address, 0);
    STAGE_REQUIRE(status == 0, "the server cannot listen: %d", status);
    make_small(listener);
    ex_task_spawn_detached(EX_FRAME(STAGE_NEW(scheduler, server), server));
    ex_task_spawn_detached(EX_FRAME(STAGE_NEW(scheduler, closer), closer));
    stage_run(scheduler);
    stage_close(scheduler);
    return 0;
}

/* ---- a client ---- */

static const char *node_name;
static bool is_patient; /* it waits for ever, and nothing happens to it */
static struct ex_address server_address;
static uint8_t sent[CLIENTS_MAX][SIZE];

static uint64_t deadline(uint64_t wait_ns) {
    return is_patient ? EX_TIMER_NEVER : ex_timer_now() + wait_ns;
}

struct send {
    struct ex_frame frame;
    struct ex_io io;
    const uint8_t *bytes;
    size_t done_size;
    int patience;
    bool has_ended; /* all was sent, and the end told */
    struct ex_deadline deadline;
    struct ex_io_write write;
};

/* Returns how many bytes were sent; one more when their end was told, too. */
EX_RESUME(send) {
    bool has_waited = true;
    EX_BEGIN(send);
    for (self->patience = CLIENT_PATIENCE; self->done_size < SIZE && self->patience > 0;) {
        has_waited = false;
        EX_AWAIT(ex_deadline(&self->deadline,
                             ex_io_write(&self->write,
                                         self->io,
                                         &self->bytes[self->done_size],
                                         SIZE - self->done_size),
                             deadline(SEND_NS)));
        if (!hear_write(self->io,
                        value,
                        SIZE - self->done_size,
                        has_waited,
                        scrap(&self->deadline))) {
            break;
        }
        self->done_size += value > 0 ? (size_t)value : 0;
        self->patience -= value > 0 ? 0 : 1;
    }
    if (self->done_size == SIZE) {
        self->has_ended = ex_socket_shutdown(self->io, SHUT_WR) == 0;
    }
    EX_RETURN((int64_t)self->done_size + self->has_ended);
    EX_END();
}

struct client {
    struct ex_frame frame;
    uint32_t index;
    int dial_count;
    struct ex_io io;
    struct ex_task *send;
    size_t received_size;
    int patience;
    int64_t status;
    struct ex_deadline deadline;
    union {
        struct ex_socket_dial dial;
        struct ex_io_read read;
        struct ex_io_read_all read_all;
        struct ex_task_join join;
    } waits;
    uint8_t bytes[1500];
};

/* Another text for each connection, and no part of it like another part. */
static void begin_sending(struct client *self) {
    uint8_t *const bytes = sent[self->index];
    uint32_t state = (uint32_t)node_name[0] * 64 + self->index * 8 + (uint32_t)self->dial_count;

    for (uint32_t i = 0; i < SIZE; i++) {
        state = state * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(state >> 24);
    }
    make_small(self->io);
    sim_count("open", 1);
    struct send *const send = STAGE_NEW(NULL, send);
    send->io = self->io;
    send->bytes = bytes;
    self->send = ex_task_spawn(EX_FRAME(send, send));
    self->received_size = 0;
    self->patience = CLIENT_PATIENCE;
}

static struct ex_frame *receive(struct client *self) {
    return self->patience % 2 == 0
               ? ex_io_read(&self->waits.read, self->io, self->bytes, sizeof self->bytes)
               : ex_io_read_all(&self->waits.read_all, self->io, self->bytes, sizeof self->bytes);
}

static void hear_bytes(struct client *self, size_t size, bool is_late) {
    STAGE_REQUIRE(self->received_size + size <= SIZE, "more came back than was sent");
    for (size_t i = 0; i < size; i++) {
        STAGE_REQUIRE(self->bytes[i] == sent[self->index][self->received_size + i],
                      "byte %zu that came back is another one",
                      self->received_size + i);
    }
    self->received_size += size;
    self->patience = CLIENT_PATIENCE + (int)self->received_size % 2;
    if (is_late) {
        sim_count("part of a read by a deadline", 1);
    }
}

/* The connection is closed, and nobody sends any more. */
static void compare(const struct client *self, int64_t value) {
    STAGE_REQUIRE(value >= (int64_t)self->received_size, "more came back than was sent");
    if (self->status == 0 && value == SIZE + 1) {
        STAGE_REQUIRE(self->received_size == SIZE,
                      "of %d bytes %zu came back",
                      SIZE,
                      self->received_size);
        sim_count("all came back", 1);
    } else {
        STAGE_REQUIRE(!is_patient, "%zu bytes came back of who waits", self->received_size);
    }
}

EX_RESUME(client) {
    bool has_waited = true;
    EX_BEGIN(client);
    for (; self->dial_count < DIALS && self->received_size < SIZE; self->dial_count++) {
        EX_AWAIT(ex_deadline(&self->deadline,
                             ex_socket_dial(&self->waits.dial, &self->io, &server_address),
                             deadline(DIAL_NS)));
        if (value != 0) {
            STAGE_REQUIRE(value == -ETIMEDOUT || value == -ECONNREFUSED || is_reset(value),
                          "a dial returns %lld",
                          (long long)value);
            STAGE_REQUIRE(self->io.source == NULL, "a dial that failed leaves a connection");
            sim_count(value == -ETIMEDOUT ? "dials without an answer" : "dials refused", 1);
            self->dial_count -= is_patient ? 1 : 0; /* the server has not begun to listen */
            continue;
        }
        begin_sending(self);
        do {
            has_waited = false;
            EX_AWAIT(ex_deadline(&self->deadline, receive(self), deadline(CLIENT_NS)));
            self->status = value;
            const bool is_late = scrap(&self->deadline);
            if (value > 0) {
                hear_bytes(self, (size_t)value, is_late);
            } else if (value == 0 || !hear_read(self->io, value, has_waited)) {
                break;
            }
        } while (value > 0 || --self->patience > 0);
        if (self->patience == 0) {
            sim_count("a client gives up", 1);
        }
        close_one(self->io);
        EX_AWAIT(ex_task_join(&self->waits.join, self->send));
        compare(self, value);
    }
    sim_count("clients", 1);
    EX_END();
}

int client_main(int argc, char **argv) {
    struct ex_scheduler *const scheduler = stage_open(WORKERS);
    node_name = argv[0];
    is_patient = node_name[0] == 'n';
    ex_address_ip(&server_address, "10.0.0.1", PORT);
    for (uint32_t i = 0; i < CLIENTS_MAX && (i == 0 || argc > 1); i++) {
        struct client *const client = STAGE_NEW(scheduler, client);
        client->index = i;
        ex_task_spawn_detached(EX_FRAME(client, client));
    }
    stage_run(scheduler);
    stage_close(scheduler);
    return 0;
}

SIM_SCENARIO(world) {
    const char *const two[] = {"two", NULL};
    const uint32_t server = sim_node(world, "server", "server_main", NULL);
    const uint32_t east = sim_node(world, "east", "client_main", two);
    sim_node(world, "north", "client_main", NULL);
    const uint32_t west = sim_node(world, "west", "client_main", NULL);
    sim_link(world, SIM_ANY, SIM_ANY, SIM_US(20), SIM_US(300));
    sim_reset(world, server, east, SIM_US(1100));
    sim_partition(world, server, west, SIM_US(1100), SIM_MS(5));
    sim_limit_time(world, SIM_S(60));
    sim_forbid_leaks(world);
    sim_finally(world, "each client ends", "clients", sim_equal(4));
    sim_finally(world, "the listener is closed", "listeners closed", sim_equal(1));
    sim_finally(world, "each connection is closed once", "open", sim_equal(0));
    sim_sometimes(world, "all comes back", "all came back", sim_at_least(1));
    sim_sometimes(world, "a reset meets a read", "reset while a read waits", sim_at_least(1));
    sim_sometimes(world, "a reset meets a write", "reset while a write waits", sim_at_least(1));
    sim_sometimes(world, "a close cuts a write short", "short write by a close", sim_at_least(1));
    sim_sometimes(world,
                  "data come as a deadline passes",
                  "data as a deadline passes",
                  sim_at_least(1));
    sim_sometimes(world,
                  "a deadline cuts a read short",
                  "part of a read by a deadline",
                  sim_at_least(1));
    sim_sometimes(world,
                  "a deadline cuts a write short",
                  "short write by a deadline",
                  sim_at_least(1));
    sim_sometimes(world, "the server gives up", "the server gives up", sim_at_least(1));
    sim_sometimes(world, "a dial has no answer", "dials without an answer", sim_at_least(1));
    sim_sometimes(world, "a dial is refused", "dials refused", sim_at_least(1));
    sim_sometimes(world,
                  "a connection's memory is used again",
                  "memory used again",
                  sim_at_least(1));
}
