/* Programs whose calls fail now and then, or move less than they were asked to.
 *
 *   teller, listener   what is told ends with the stream.
 *                      Planted: with any read that gives no bytes, be it interrupted
 *   writer, archive    records of one size.
 *                      Planted: a write that returns has written all
 *   door, guest        guests come in one by one, by an edge-triggered epoll.
 *                      Planted: whatever accept() refuses, there is an edge for the next one; but
 *                      who stands in the queue when no descriptor is free has had his
 */
#include <errno.h>
#include <sys/epoll.h>

#include "scenarios/net_talk.h"

#define HOST "10.0.0.1" /* the node that is declared first */
#define RECORDS 20

struct record {
    uint64_t number;
    uint64_t rest[7]; /* all the same */
};

static struct record record_of(uint64_t number) {
    struct record record = {.number = number};
    for (int i = 0; i < 7; i++) {
        record.rest[i] = number;
    }
    return record;
}

static void check(const struct record *record, uint64_t number) {
    bool whole = record->number == number;
    for (int i = 0; i < 7; i++) {
        whole = whole && record->rest[i] == number;
    }
    if (!whole) {
        sim_fail("a record is torn");
    }
}

/* ---- an interrupted read ---- */

int teller_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = talk_dial(HOST);
    for (uint64_t i = 1; i <= RECORDS; i++) {
        const struct record record = record_of(i);
        talk_give(descriptor, &record, sizeof record);
        talk_sleep(1);
    }
    close(descriptor);
    return 0;
}

/* Bytes, 0 at the end of the stream. */
static size_t some(int descriptor, void *bytes, size_t size) {
    for (;;) {
        const ssize_t count = read(descriptor, bytes, size);
        if (count >= 0) {
            return (size_t)count;
        }
#ifdef PLANTED
        return 0;
#else
        if (errno != EINTR) {
            return 0;
        }
#endif
    }
}

int listener_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int door = talk_listen();
    const int descriptor = accept(door, NULL, NULL);
    char bytes[256];
    size_t total = 0;
    size_t count;
    while ((count = some(descriptor, bytes, sizeof bytes)) > 0) {
        total += count;
    }
    sim_count("heard", (int64_t)(total / sizeof(struct record)));
    close(descriptor);
    close(door);
    return 0;
}

/* ---- a short write ---- */

static void put(int descriptor, const void *bytes, size_t size) {
#ifdef PLANTED
    if (write(descriptor, bytes, size) < 0) {
        sim_fail("the archive is gone");
    }
#else
    for (size_t done = 0; done < size;) {
        const ssize_t count = write(descriptor, (const char *)bytes + done, size - done);
        if (count < 0) {
            sim_fail("the archive is gone");
        }
        done += (size_t)count;
    }
#endif
}

int writer_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = talk_dial(HOST);
    for (uint64_t i = 1; i <= RECORDS; i++) {
        const struct record record = record_of(i);
        put(descriptor, &record, sizeof record);
    }
    close(descriptor);
    return 0;
}

int archive_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int door = talk_listen();
    const int descriptor = accept(door, NULL, NULL);
    struct record record;
    for (uint64_t i = 1; talk_take(descriptor, &record, sizeof record, TALK_FOREVER); i++) {
        check(&record, i);
        sim_count("archived", 1);
    }
    close(descriptor);
    close(door);
    return 0;
}

/* ---- no descriptor for who comes in ---- */

#define GUESTS 3
#define PAUSE_MS 5

static void serve(int guest) {
    const char word = 'w';
    talk_give(guest, &word, 1);
    close(guest);
}

/* Lets in all who stand before the door. */
static int let_in(int door) {
    int served = 0;
    for (;;) {
        const int guest = accept4(door, NULL, NULL, 0);
        if (guest >= 0) {
            serve(guest);
            served++;
        } else if (errno == EAGAIN) {
            return served;
        } else {
#ifdef PLANTED
            return served;
#else
            talk_sleep(PAUSE_MS); /* somebody will have closed something */
#endif
        }
    }
}

int door_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(TALK_PORT)};
    const int door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    if (bind(door, (const struct sockaddr *)&any, sizeof any) != 0 || listen(door, 8) != 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, door, &event) != 0) {
        sim_fail("the door cannot be opened");
    }
    for (int served = 0; served < GUESTS;) {
        epoll_wait(epoll, &event, 1, -1);
        served += let_in(door);
    }
    close(epoll);
    close(door);
    return 0;
}

int guest_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    char word;
    const int descriptor = talk_dial(HOST);
    if (talk_take(descriptor, &word, 1, 10000)) {
        sim_count("welcomed", 1);
    }
    close(descriptor);
    return 0;
}

SIM_SCENARIO(world) {
    const uint32_t archive = sim_node(world, "archive", "archive_main", NULL);
    const uint32_t writer = sim_node(world, "writer", "writer_main", NULL);
    sim_link(world, archive, writer, SIM_MS(1), SIM_MS(2));
    sim_call_short(world, writer, "write", (struct sim_strikes){.chance_ppm = 10000});
    sim_finally(world, "each record is archived", "archived", sim_equal(RECORDS));
}
