/* A server that dirties all that a process has, and loses its power; each time that it starts it
 * looks whether it is as new. A client counts what it hears, and notices by silence alone.
 *
 * WHAT: BY_TIME, BY_MARK, DRAWN (crashes and restarts), FOR_GOOD (it stays away), PAUSED. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario.h"

enum { BY_TIME, BY_MARK, DRAWN, FOR_GOOD, PAUSED };

#define PORT 7000
#define ANSWERS 20

static int global;
static int given = 7;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static char buffer[3 * 4096];

SIM_SCENARIO(scenario) {
    const uint32_t server = sim_node(scenario, "server", "server_main", NULL);
    const uint32_t client = sim_node(scenario, "client", "client_main", NULL);
    sim_node_daemon(scenario, server);
    sim_link(scenario, server, client, SIM_US(100), SIM_US(400));
    sim_allow_leaks(scenario);
    switch (WHAT) {
    case BY_TIME:
        sim_crash(scenario, server, SIM_MS(3), SIM_MS(2), SIM_FILES_KEPT);
        sim_crash(scenario, server, SIM_MS(9), SIM_MS(3), SIM_FILES_KEPT);
        break;
    case BY_MARK:
        sim_crash(scenario, server, 0, SIM_MS(1), SIM_FILES_KEPT);
        sim_fault_on(scenario, sim_on_mark(scenario, server, "answering", 3), 0, 0);
        sim_crash(scenario, server, 0, SIM_FOREVER, SIM_FILES_KEPT);
        sim_fault_on(scenario,
                     sim_on_call(scenario, server, "send", 9),
                     0,
                     sim_on_mark(scenario, client, "silence", SIM_EACH));
        break;
    case DRAWN:
        sim_crash(scenario, server, SIM_US(10), SIM_US(700), SIM_FILES_KEPT);
        sim_fault_until(scenario, SIM_MS(9));
        break;
    case FOR_GOOD:
        sim_crash(scenario, server, SIM_MS(3), SIM_FOREVER, SIM_FILES_KEPT);
        break;
    case PAUSED:
        sim_pause(scenario, server, SIM_MS(2), SIM_MS(20));
        break;
    }
    if (WHAT != FOR_GOOD && WHAT != PAUSED) {
        sim_finally(scenario, "every question is answered", "answers", sim_equal(ANSWERS));
        sim_sometimes(scenario,
                      "it starts again",
                      NULL,
                      sim_times(sim_on_start(scenario, server, 2), sim_at_least(1)));
    }
    sim_sometimes(scenario, "a request is not answered", "silences", sim_at_least(1));
    if (WHAT != PAUSED && WHAT != FOR_GOOD) {
        sim_sometimes(scenario, "who sends to it is reset", "resets", sim_at_least(1));
    }
    sim_always(scenario, "nothing is told of its end", "ends", sim_equal(0));
}

static void expect(int condition, const char *what) {
    if (!condition) {
        sim_fail("a restarted server has %s of the one before", what);
    }
}

static void run_once(void) {
    global++;
}

static void on_exit_called(void) {
    sim_fail("a crash calls what is registered for an exit");
}

static void on_destroyed(void *value) {
    (void)value;
    sim_fail("a crash destroys what a thread keeps");
}

static void on_signal(int signal) {
    (void)signal;
}

static int static_local(void) {
    static int calls;
    return ++calls;
}

/* What a fresh process sees. */
static void look(void) {
    struct sigaction action;
    struct itimerval timer;
    char folder[256];
    expect(global == 0 && given == 7, "globals");
    expect(static_local() == 1, "static locals");
    for (size_t i = 0; i < sizeof buffer; i++) {
        expect(buffer[i] == 0, "a buffer");
    }
    expect(pthread_mutex_trylock(&mutex) == 0, "a lock");
    expect(getenv("REBORN") == NULL, "a variable");
    expect(umask(022) == 022, "a mask");
    sigaction(SIGUSR1, NULL, &action);
    expect(action.sa_handler == SIG_DFL, "a handler");
    getitimer(ITIMER_REAL, &timer);
    expect(timer.it_value.tv_sec == 0, "a timer");
    expect(strcmp(getcwd(folder, sizeof folder), "/home/sim") == 0, "a working directory");
    pthread_once(&once, run_once);
    expect(global == 1, "an initialisation");
    expect(open("/dev/null", O_RDONLY) == 3, "a descriptor");
    expect(getpid() == gettid(), "another's name");
    struct stat status;
    expect(stat("journal", &status) != 0 || status.st_size == 0, "what was not flushed");
}

static void *sit(void *context) {
    pthread_mutex_t *held = context;
    pthread_setspecific(key, held);
    pthread_mutex_lock(held); /* for ever */
    return NULL;
}

static void dirty(void) {
    static pthread_t threads[3];
    const struct itimerval timer = {.it_value = {.tv_sec = 100}};
    given = 8;
    memset(buffer, 1, sizeof buffer);
    FILE *journal = fopen("journal", "w");
    fprintf(journal, "never flushed");
    fprintf(stderr, "the server begins\n");
    setenv("REBORN", "yes", 1);
    umask(077);
    signal(SIGUSR1, on_signal);
    setitimer(ITIMER_REAL, &timer, NULL);
    mkdir("below", 0755);
    chdir("below");
    atexit(on_exit_called);
    pthread_key_create(&key, on_destroyed);
    pthread_setspecific(key, &key);
    for (size_t i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, sit, &mutex);
    }
}

static struct sockaddr_in address_of(const char *host) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    inet_pton(AF_INET, host, &address.sin_addr);
    return address;
}

int server_main(int argc, char **argv) {
    look();
    expect(argc == 1 && strcmp(argv[0], "server") == 0, "arguments");
    dirty();
    const struct sockaddr_in own = address_of("0.0.0.0");
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    expect(bind(listener, (const struct sockaddr *)&own, sizeof own) == 0, "the port");
    listen(listener, 8);
    for (;;) {
        const int client = accept(listener, NULL, NULL);
        char question;
        while (recv(client, &question, 1, 0) == 1) {
            SIM_MARK("answering");
            sim_count("questions", 1);
            send(client, &question, 1, MSG_NOSIGNAL);
        }
        close(client);
    }
}

static int dial(void) {
    const struct sockaddr_in server = address_of("10.0.0.1");
    const struct timeval patience = {.tv_sec = 2};
    for (int tries = 0; tries < 20; tries++) {
        const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (connect(descriptor, (const struct sockaddr *)&server, sizeof server) == 0) {
            return descriptor;
        }
        close(descriptor);
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    return -1;
}

int client_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    int descriptor = dial();
    for (int answers = 0; answers < ANSWERS && descriptor >= 0;) {
        char answer = 0;
        struct pollfd waiting = {.fd = descriptor, .events = POLLIN};
        send(descriptor, "q", 1, MSG_NOSIGNAL);
        const int woken = poll(&waiting, 1, 5);
        ssize_t size = woken == 1 ? recv(descriptor, &answer, 1, 0) : -2;
        answers += size == 1;
        sim_count("answers", size == 1);
        if (size != 1) {
            sim_count("silences", woken == 0);
            if (woken == 0) {
                send(descriptor, "q", 1, MSG_NOSIGNAL); /* to nobody, or to who knows of nothing */
                size = poll(&waiting, 1, 1000) == 1 ? recv(descriptor, &answer, 1, 0) : -2;
                answers += size == 1; /* after a pause: it comes late */
                sim_count("answers", size == 1);
            }
            sim_count("resets", size == -1 && errno == ECONNRESET);
            sim_count("ends", size == 0);
            SIM_MARK("silence");
            close(descriptor);
            descriptor = dial();
        }
        nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
    }
    return 0;
}
