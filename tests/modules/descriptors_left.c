/* Ends a program in one way while descriptors are open, chosen by WHAT. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

/* leaks */
#define SOCKET 1
#define ACCEPTED 2
#define PIPE 3
#define EVENT 4
#define TIMER 5
#define EPOLL 6
#define SIGNAL 7
#define REAL 8
#define DUPLICATE 9
#define EXIT 10
#define LAST_THREAD 11
/* none */
#define CLOSED 20
#define AT_EXIT 21  /* a function of atexit() closes it */
#define QUICK 22    /* _exit() leaves it to the kernel */
#define STATUS 23   /* what is wrong is another matter */
#define STANDARD 24 /* what the program began with, closed or not, is not its own */
#define USUAL 25    /* the scenario does not forbid it */

static int number;

static void close_late(void) {
    close(number);
}

static int accepted(void) {
    const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0here"};
    const socklen_t size = (socklen_t)offsetof(struct sockaddr_un, sun_path) + 5;
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    const int client = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(listener, (const struct sockaddr *)&name, size);
    listen(listener, 1);
    connect(client, (const struct sockaddr *)&name, size);
    const int result = accept(listener, NULL, NULL);
    close(listener);
    close(client);
    return result;
}

static int open_one(void) {
    sigset_t set;
    int ends[2];
    sigemptyset(&set);
    switch (WHAT) {
    case SOCKET:
        return socket(AF_INET, SOCK_STREAM, 0);
    case ACCEPTED:
        return accepted();
    case PIPE:
        if (pipe(ends) == 0) {
            close(ends[0]);
        }
        return ends[1];
    case TIMER:
        return timerfd_create(CLOCK_MONOTONIC, 0);
    case EPOLL:
        return epoll_create1(0);
    case SIGNAL:
        return signalfd(-1, &set, 0);
    case REAL:
        return open("/dev/null", O_RDONLY);
    default:
        return eventfd(0, 0);
    }
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    number = open_one();
    switch (WHAT) {
    case DUPLICATE:
        dup2(number, 9);
        close(number);
        break;
    case EXIT:
        exit(0);
    case LAST_THREAD:
        pthread_exit(NULL);
    case AT_EXIT:
        atexit(close_late);
        break;
    case QUICK:
        _exit(0);
    case STATUS:
        return 3;
    case STANDARD:
        close(0);
        close(number);
        break;
    case CLOSED:
        close(number);
        break;
    default:
        break;
    }
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
    if (WHAT != USUAL) {
        sim_forbid_leaks(world);
    }
}
