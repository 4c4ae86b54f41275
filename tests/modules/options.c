/* What sockets tell of themselves: each step asserts what Linux does. Runs natively too. */
#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/scenario.h"

static int get(int number, int level, int name) {
    int value = -7;
    socklen_t size = sizeof value;
    assert(getsockopt(number, level, name, &value, &size) == 0 && size == sizeof value);
    return value;
}

static uint64_t cookie(int number) {
    uint64_t value = 0;
    socklen_t size = 7;
    assert(getsockopt(number, SOL_SOCKET, SO_COOKIE, &value, &size) == -1 && errno == EINVAL);
    size = sizeof value;
    assert(getsockopt(number, SOL_SOCKET, SO_COOKIE, &value, &size) == 0 && size == 8);
    return value;
}

static int state(int number) {
    struct tcp_info info = {.tcpi_state = 99};
    socklen_t size = sizeof info;
    assert(getsockopt(number, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && size == sizeof info);
    return info.tcpi_state;
}

static void await_state(int number, int wanted) {
    for (int tries = 0; state(number) != wanted; tries++) {
        assert(tries < 1000);
        usleep(1000);
    }
}

static int listen_at(struct sockaddr_in *address) {
    socklen_t size = sizeof *address;
    const int one = 1;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert(setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) == 0);
    assert(bind(listener, (struct sockaddr *)address, sizeof *address) == 0);
    assert(listen(listener, 5) == 0);
    assert(getsockname(listener, (struct sockaddr *)address, &size) == 0);
    return listener;
}

static void listeners(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    int count = 0;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int first = listen_at(&address);
    const int second = listen_at(&address); /* the same port */
    const int deaf = socket(AF_INET, SOCK_STREAM, 0);
    assert(bind(deaf, (struct sockaddr *)&address, sizeof address) == -1 && errno == EADDRINUSE);
    assert(get(first, SOL_SOCKET, SO_REUSEPORT) == 1 && get(first, SOL_SOCKET, SO_ACCEPTCONN) == 1);
    assert(get(deaf, SOL_SOCKET, SO_ACCEPTCONN) == 0 && get(deaf, SOL_SOCKET, SO_TYPE) == 1);
    assert(get(deaf, SOL_SOCKET, SO_DOMAIN) == AF_INET);
    assert(get(deaf, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP);
    assert(state(first) == TCP_LISTEN && state(deaf) == TCP_CLOSE);
    assert(ioctl(first, FIONREAD, &count) == -1 && errno == EINVAL);
    assert(ioctl(first, SIOCOUTQ, &count) == -1 && errno == EINVAL);
    assert(ioctl(deaf, FIONREAD, &count) == 0 && count == 0);
    assert(ioctl(deaf, SIOCOUTQ, &count) == 0 && count == 0);
    close(first);
    close(second);
    close(deaf);
}

static void await_sent(int number) {
    int count = 1;
    for (int tries = 0; count != 0; tries++) {
        assert(ioctl(number, SIOCOUTQ, &count) == 0 && count >= 0 && count <= 6 && tries < 1000);
        usleep(1000);
    }
}

static void connections(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct tcp_info info;
    socklen_t size = sizeof info;
    char bytes[16];
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int listener = listen_at(&address);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    assert(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
    for (int tries = 0; tries == 0 || info.tcpi_unacked == 0; tries++) { /* the last ACK */
        assert(getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && tries < 1000);
        usleep(1000);
    }
    assert(info.tcpi_unacked == 1 && info.tcpi_sacked == 5);
    const int server = accept(listener, NULL, NULL);
    assert(state(client) == TCP_ESTABLISHED && state(server) == TCP_ESTABLISHED);
    assert(cookie(client) != cookie(server) && cookie(client) == cookie(client));
    assert(write(client, "hello", 5) == 5);
    await_sent(client);
    assert(shutdown(client, SHUT_WR) == 0);
    await_sent(client);
    assert(read(server, bytes, sizeof bytes) == 5);
    await_state(client, TCP_FIN_WAIT2);
    await_state(server, TCP_CLOSE_WAIT);
    assert(shutdown(server, SHUT_WR) == 0);
    await_state(server, TCP_CLOSE);
    await_state(client, TCP_CLOSE);
    close(client);
    close(server);
    close(listener);
}

/* ---- AF_UNIX ---- */

static void expect_process(int number, pid_t pid, uid_t uid) {
    struct ucred told;
    socklen_t size = sizeof told;
    assert(getsockopt(number, SOL_SOCKET, SO_PEERCRED, &told, &size) == 0 && size == sizeof told);
    assert(told.pid == pid && told.uid == uid && (uid == (uid_t)-1 || told.gid == getegid()));
    assert(setsockopt(number, SOL_SOCKET, SO_PEERCRED, &told, sizeof told) == -1);
    assert(errno == ENOPROTOOPT);
}

static void peers(void) {
    const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0sim options"};
    const socklen_t size = (socklen_t)offsetof(struct sockaddr_un, sun_path) + 12;
    int ends[2];
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    const int client = socket(AF_UNIX, SOCK_STREAM, 0);
    const int inet = socket(AF_INET, SOCK_STREAM, 0);
    expect_process(listener, 0, (uid_t)-1);
    expect_process(inet, 0, (uid_t)-1);
    assert(bind(listener, (const struct sockaddr *)&name, size) == 0 && listen(listener, 1) == 0);
    expect_process(listener, getpid(), geteuid());
    assert(connect(client, (const struct sockaddr *)&name, size) == 0);
    expect_process(client, getpid(), geteuid());
    const int server = accept(listener, NULL, NULL);
    expect_process(server, getpid(), geteuid());
    close(client);
    expect_process(server, getpid(), geteuid());
    close(server);
    close(listener);
    close(inet);
    for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
        assert(socketpair(AF_UNIX, type, 0, ends) == 0);
        expect_process(ends[0], getpid(), geteuid());
        expect_process(ends[1], getpid(), geteuid());
        close(ends[0]);
        close(ends[1]);
    }
}

/* ---- what may be asked for and left off ---- */

static void off(void) {
    static const struct {
        int domain, type, level, name;
    } options[] = {
        {AF_UNIX, SOCK_STREAM, SOL_SOCKET, SO_PASSCRED},
        {AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_TIMESTAMP},
        {AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_TIMESTAMPNS},
        {AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_RXQ_OVFL},
        {AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_RECVERR},
        {AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_RECVTTL},
        {AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_RECVTOS},
        {AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_PKTINFO},
        {AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_FREEBIND},
        {AF_INET, SOCK_STREAM, IPPROTO_TCP, TCP_FASTOPEN_CONNECT},
        {AF_INET, SOCK_STREAM, IPPROTO_TCP, TCP_SAVE_SYN},
    };
    const int zero = 0;
    for (unsigned i = 0; i < sizeof options / sizeof options[0]; i++) {
        const int number = socket(options[i].domain, options[i].type, 0);
        assert(get(number, options[i].level, options[i].name) == 0);
        assert(setsockopt(number, options[i].level, options[i].name, &zero, sizeof zero) == 0);
        close(number);
    }
    char name[16] = "";
    socklen_t size = sizeof name;
    const int number = socket(AF_INET, SOCK_STREAM, 0);
    assert(getsockopt(number, IPPROTO_TCP, TCP_CONGESTION, name, &size) == 0 && size == 16);
    assert(name[0] != '\0');
    assert(setsockopt(number, IPPROTO_TCP, TCP_CONGESTION, name, (socklen_t)strlen(name)) == 0);
    assert(get(number, SOL_SOCKET, SO_SNDLOWAT) == 1);
    assert(setsockopt(number, SOL_SOCKET, SO_SNDLOWAT, &zero, sizeof zero) == -1);
    assert(errno == ENOPROTOOPT);
    assert(setsockopt(number, SOL_SOCKET, SO_COOKIE, &zero, sizeof zero) == -1);
    assert(errno == ENOPROTOOPT);
    close(number);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    listeners();
    connections();
    peers();
    off();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "main", "program", NULL);
}
