/* What may come before what, in real programs. WHAT says which case it is; each counts "wrong"
 * where the constraint was not kept. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

#define FREE 1    /* no constraint: two threads come in any order */
#define ORDER 2   /* the second one first */
#define CALL 3    /* the same, and it is the other one's call that is held */
#define STARTS 4  /* a thread begins after a mark */
#define WAKES 5   /* a thread that was woken goes on after a mark */
#define TIMER 6   /* a sleep lasts until a mark */
#define TIME 7    /* a mark is passed after 3 ms */
#define MESSAGE 8 /* a datagram arrives after a mark */
#define STREAM 9  /* the second one of a stream does, and nothing overtakes it */
#define RACE 10   /* a reply and its timeout, both ways */
#define CUT 18    /* as STREAM, and the first one has to be sent again */
#define ABSENT 11 /* it is about a mark that nobody passes */
#define LATE 19   /* as MESSAGE, and the mark comes later than it can */
#define SENT 20   /* as MESSAGE, and it is its send that is held */
#define READ 21   /* a datagram is read after a mark of who sent it */
/* refused */
#define HELD_BLOCK 12
#define SAME_TWICE 13
#define NO_CALL 14
#define NO_MARK 15
#define NO_CHANCE 16
#define NO_NODE 17

#define IS_STREAM (WHAT == STREAM || WHAT == CUT)
#define PORT 7000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t told;
static int is_second_there;

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void wrong_if(int is_wrong) {
    if (is_wrong) {
        sim_count("wrong", 1);
    }
}

/* ---- threads ---- */

static void *first(void *unused) {
    (void)unused;
    if (WHAT == CALL) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    } else if (WHAT == WAKES) {
        sem_wait(&told);
    } else if (WHAT == TIMER) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    } else if (WHAT != STARTS && WHAT != ABSENT) {
        SIM_MARK("first");
    }
    wrong_if(!is_second_there && WHAT != ABSENT);
    return NULL;
}

static void *second(void *unused) {
    (void)unused;
    if (WHAT == WAKES || WHAT == TIMER) {
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL); /* the other one waits now */
    }
    if (WHAT == WAKES) {
        sem_post(&told);
    }
    is_second_there = 1; /* there is no point before the mark's */
    SIM_MARK("second");
    return NULL;
}

int threads(int argc, char **argv) {
    (void)argc;
    (void)argv;
    pthread_t one, two;
    pthread_create(&one, NULL, first, NULL);
    if (WHAT == STARTS) {
        second(NULL);
    } else {
        pthread_create(&two, NULL, second, NULL);
        pthread_join(two, NULL);
    }
    pthread_join(one, NULL);
    return 0;
}

int timed(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const uint64_t before = now_ns();
    SIM_MARK("first");
    wrong_if(now_ns() - before < 2900000);
    return 0;
}

/* ---- messages ---- */

static int connected(int type) {
    const int descriptor = socket(AF_INET, type, 0);
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(PORT),
                                        .sin_addr.s_addr = htonl(0x0a000001)};
    while (connect(descriptor, (const struct sockaddr *)&address, sizeof address) != 0) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); /* nobody listens yet */
    }
    return descriptor;
}

/* Answers two times, whoever asks; with READ it says so some time later. */
int server(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int type = IS_STREAM ? SOCK_STREAM : SOCK_DGRAM;
    int descriptor = socket(AF_INET, type, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    bind(descriptor, (const struct sockaddr *)&address, sizeof address);
    if (type == SOCK_STREAM) {
        listen(descriptor, 1);
        descriptor = accept(descriptor, NULL, NULL);
    }
    char question;
    socklen_t size = sizeof address;
    if (recvfrom(descriptor, &question, 1, 0, (struct sockaddr *)&address, &size) != 1) {
        return 1;
    }
    for (char answer = '1'; answer <= '2'; answer++) {
        const void *to = type == SOCK_STREAM ? NULL : &address;
        sendto(descriptor, &answer, 1, 0, to, type == SOCK_STREAM ? 0 : size);
    }
    if (WHAT == READ) {
        nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
        SIM_MARK("answered");
    }
    return 0;
}

static void client_race(int descriptor) {
    struct pollfd entry = {.fd = descriptor, .events = POLLIN};
    if (poll(&entry, 1, 5) == 0) {
        entry.revents = 0;
        poll(&entry, 1, 0); /* the second one races */
        sim_count(entry.revents == 0 ? "timeout_wins" : "reply_wins", 1);
    }
}

static void client_held(int descriptor) {
    struct pollfd entry = {.fd = descriptor, .events = POLLIN};
    char answer;
    if (IS_STREAM) {
        recv(descriptor, &answer, 1, 0);
        wrong_if(answer != '1');
    }
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    poll(&entry, 1, 0);
    wrong_if(IS_STREAM ? entry.revents != 0 : 0);
    SIM_MARK("ready");
    poll(&entry, 1, -1);
    recv(descriptor, &answer, 1, 0);
    wrong_if(IS_STREAM && answer != '2');
}

int client(int argc, char **argv) {
    (void)argc;
    (void)argv;
    const int descriptor = connected(IS_STREAM ? SOCK_STREAM : SOCK_DGRAM);
    send(descriptor, "?", 1, 0);
    if (WHAT == RACE) {
        client_race(descriptor);
    } else if (WHAT == READ) {
        const uint64_t before = now_ns();
        char answer;
        recv(descriptor, &answer, 1, 0);
        wrong_if(now_ns() - before < 300000000);
    } else if (WHAT == MESSAGE || WHAT == LATE || WHAT == SENT) {
        struct pollfd entry = {.fd = descriptor, .events = POLLIN};
        const int came = poll(&entry, 1, 20); /* neither of the two does */
        if (WHAT == LATE) {
            nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
        }
        SIM_MARK("ready");
        wrong_if(WHAT != LATE && (came != 0 || poll(&entry, 1, 1000) != 1));
    } else {
        client_held(descriptor);
    }
    return 0;
}

/* ---- the world ---- */

static void two_nodes(struct sim_world *world) {
    const uint32_t from = sim_node(world, "server", "server", NULL);
    const uint32_t to = sim_node(world, "client", "client", NULL);
    sim_node_daemon(world, from);
    sim_link(world, from, to, SIM_MS(1), SIM_MS(4));
    if (WHAT != RACE) {
        sim_link_one_way(world, from, to, SIM_MS(1), SIM_MS(100));
    }
    if (WHAT == RACE) {
        sim_race(world, sim_on_message(world, from, to, 1), sim_on_call(world, to, "poll", 2));
        sim_sometimes(world, "the timeout wins", "timeout_wins", sim_at_least(1));
        sim_sometimes(world, "the reply wins", "reply_wins", sim_at_least(1));
    } else if (WHAT == SENT) {
        sim_hold(world, sim_on_sent(world, from, to, SIM_EACH), sim_on_mark(world, to, "ready", 1));
    } else if (WHAT == READ) {
        sim_hold(world, sim_on_read(world, from, to, 1), sim_on_mark(world, from, "answered", 1));
    } else if (WHAT == MESSAGE || WHAT == LATE) {
        sim_hold(world,
                 sim_on_message(world, from, to, SIM_EACH),
                 sim_on_mark(world, to, "ready", 1));
    } else {
        sim_hold(world, sim_on_message(world, from, to, 2), sim_on_mark(world, to, "ready", 1));
        if (WHAT == CUT) {
            sim_partition_one_way(world, from, to, 0, SIM_FOREVER);
            sim_fault_on(world, sim_on_call(world, from, "send", 1), SIM_MS(200), 0);
        }
    }
}

static void one_node(struct sim_world *world) {
    const uint32_t node = sim_node(world, "main", WHAT == TIME ? "timed" : "threads", NULL);
    const uint32_t second = sim_on_mark(world, node, "second", 1);
    uint32_t held = sim_on_mark(world, node, WHAT == NO_MARK ? "" : "first", 1);
    switch (WHAT) {
    case CALL:
        held = sim_on_call(world, node, "lock", 1);
        break;
    case STARTS:
        held = sim_on_thread(world, node, SIM_STARTS, 2); /* the first one is main */
        break;
    case WAKES:
        held = sim_on_thread(world, node, SIM_WAKES, 2); /* the first one has slept */
        break;
    case TIMER:
        held = sim_on_timer(world, node, 1);
        break;
    case ABSENT:
        held = sim_on_mark(world, node, "nowhere", 1);
        break;
    case HELD_BLOCK:
        held = sim_on_thread(world, node, SIM_BLOCKS, 1);
        break;
    case SAME_TWICE:
        held = second;
        break;
    case NO_CALL:
        held = sim_on_call(world, node, "lok", 1);
        break;
    case NO_NODE:
        held = sim_on_mark(world, 7, "first", 1);
        break;
    default:
        break;
    }
    if (WHAT == TIME) {
        sim_hold(world, held, sim_on_time(world, SIM_MS(3)));
    } else if (WHAT != FREE) {
        const uint32_t order = sim_order(world, (const uint32_t[]){second, held}, 2);
        if (WHAT == NO_CHANCE) {
            sim_maybe(world, order, 4, 3);
        }
    }
}

SIM_SCENARIO(world) {
    if (WHAT == MESSAGE || WHAT == LATE || WHAT == SENT || WHAT == READ || IS_STREAM ||
        WHAT == RACE) {
        two_nodes(world);
    } else {
        one_node(world);
    }
    sim_allow_leaks(world);
    sim_always(world, "the constraint is kept", "wrong", sim_equal(0));
}
