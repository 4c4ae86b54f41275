/* Names of hosts: every call of the C library that looks one up, and what is left behind. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/scenario.h"

static void expect(const struct addrinfo *result, int family, const char *number) {
    char text[INET6_ADDRSTRLEN];
    const void *at =
        family == AF_INET
            ? (const void *)&((const struct sockaddr_in *)(const void *)result->ai_addr)->sin_addr
            : &((const struct sockaddr_in6 *)(const void *)result->ai_addr)->sin6_addr;
    assert(result->ai_family == family && result->ai_socktype == SOCK_STREAM);
    assert(result->ai_addr->sa_family == family);
    assert(inet_ntop(family, at, text, sizeof text) == text && strcmp(text, number) == 0);
    assert(((const struct sockaddr_in *)(const void *)result->ai_addr)->sin_port == htons(80));
}

static void addresses(void) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME};
    struct addrinfo *results;
    assert(getaddrinfo("server", "http", &hints, &results) == 0);
    expect(results, AF_INET6, "fd00::2");
    expect(results->ai_next, AF_INET, "10.0.0.2");
    assert(results->ai_next->ai_next == NULL && results->ai_next->ai_canonname == NULL);
    assert(strcmp(results->ai_canonname, "Server") == 0);
    freeaddrinfo(results);

    assert(getaddrinfo("::ffff:1.2.3.4", "80", &hints, &results) == 0);
    expect(results, AF_INET6, "::ffff:1.2.3.4");
    freeaddrinfo(results);

    assert(getaddrinfo("nobody", "http", NULL, &results) == EAI_NONAME);
    assert(strcmp(gai_strerror(EAI_NONAME), "Name or service not known") == 0);
    const struct addrinfo wrong = {.ai_flags = 0x10000};
    assert(getaddrinfo("server", "http", &wrong, &results) == EAI_BADFLAGS);
}

static void names(void) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(22)};
    char host[NI_MAXHOST];
    char service[NI_MAXSERV];
    in.sin_addr.s_addr = htonl(0x0a000002);
    assert(getnameinfo((struct sockaddr *)&in,
                       sizeof in,
                       host,
                       sizeof host,
                       service,
                       sizeof service,
                       0) == 0);
    assert(strcmp(host, "Server") == 0 && strcmp(service, "ssh") == 0);
    assert(getnameinfo((struct sockaddr *)&in, sizeof in, host, 6, NULL, 0, 0) == EAI_OVERFLOW);
}

static void hosts(void) {
    struct hostent entry;
    struct hostent *result;
    char buffer[256];
    int error;
    assert(gethostbyname_r("SERVER", &entry, buffer + 1, sizeof buffer - 1, &result, &error) == 0);
    assert(result == &entry && strcmp(entry.h_name, "Server") == 0 && entry.h_aliases[0] == NULL);
    assert(*(uint32_t *)(void *)entry.h_addr_list[0] == htonl(0x0a000002));
    assert(entry.h_addr_list[1] == NULL && entry.h_length == 4);
    assert(gethostbyname_r("server", &entry, buffer, 16, &result, &error) == ERANGE);
    assert(result == NULL && error == NETDB_INTERNAL);
    assert(gethostbyname_r("nobody", &entry, buffer, sizeof buffer, &result, &error) == 0);
    assert(result == NULL && error == HOST_NOT_FOUND);
    assert(gethostbyname2_r("fd00::7", AF_INET6, &entry, buffer, sizeof buffer, &result, &error) ==
           0);
    assert(entry.h_length == 16 && ((unsigned char *)entry.h_addr_list[0])[15] == 7);

    const uint32_t address = htonl(INADDR_LOOPBACK);
    result = gethostbyaddr(&address, sizeof address, AF_INET);
    assert(result != NULL && strcmp(result->h_name, "localhost") == 0);
    assert(gethostbyname("1.2.3.4.5") == NULL && h_errno == HOST_NOT_FOUND);
    assert(gethostbyname2("server", AF_INET6)->h_addrtype == AF_INET6);
}

/* Every node has its own static result, and its own name. */
int program(int argc, char **argv) {
    (void)argc;
    char own[64];
    assert(gethostname(own, sizeof own) == 0 && strcmp(own, argv[0]) == 0);
    const struct hostent *kept = gethostbyname(own);
    sim_count("looked", 1);
    usleep(1000);
    assert(strcmp(kept->h_name, own) == 0);
    addresses();
    names();
    hosts();
    return 0;
}

SIM_SCENARIO(world) {
    sim_node(world, "client", "program", NULL);
    sim_node(world, "Server", "program", NULL);
    sim_finally(world, "both looked", "looked", sim_equal(2));
}
