/* Names of hosts and services: against the C library's own for what asks no name server, and by
 * expectation for the names of nodes. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/name.h"
#include "sim/random.h"
#include "sim/service.h"
#include "tests/suite.h"

#define ROUNDS 20000
#define TEXT_SIZE 512

static struct description description;

static void setup(void) {
    description_init(&description, "test");
    ck_assert_uint_eq(description_node_add(&description, "client", "main", NULL), 1);
    ck_assert_uint_eq(description_node_add(&description, "Server", "main", NULL), 2);
}

/* "family type protocol address port scope" of each result, or the error. */
static void show_model(char *text, int error, const struct name_answer *answer) {
    int used = snprintf(text, TEXT_SIZE, "%d", error);
    for (uint32_t i = 0; error == 0 && i < answer->hosts.count; i++) {
        const struct address *address = &answer->hosts.addresses[i];
        const bool v4 = address->family == AF_INET;
        char number[INET6_ADDRSTRLEN];
        inet_ntop(address->family, address->bytes + (v4 ? 12 : 0), number, sizeof number);
        for (uint32_t k = 0; k < answer->kind_count; k++) {
            const struct name_kind *kind = &answer->kinds[k];
            used += snprintf(text + used,
                             TEXT_SIZE - (size_t)used,
                             " [%d %d %d %s %u %u]",
                             address->family,
                             kind->type,
                             kind->protocol,
                             number,
                             kind->port,
                             address->scope);
        }
    }
}

static void show_real(char *text, int error, const struct addrinfo *first) {
    int used = snprintf(text, TEXT_SIZE, "%d", error);
    for (const struct addrinfo *i = first; error == 0 && i != NULL; i = i->ai_next) {
        char number[INET6_ADDRSTRLEN];
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)i->ai_addr;
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)i->ai_addr;
        const bool v4 = i->ai_family == AF_INET;
        inet_ntop(i->ai_family,
                  v4 ? (const void *)&in->sin_addr : &in6->sin6_addr,
                  number,
                  sizeof number);
        used += snprintf(text + used,
                         TEXT_SIZE - (size_t)used,
                         " [%d %d %d %s %u %u]",
                         i->ai_family,
                         i->ai_socktype,
                         i->ai_protocol,
                         number,
                         ntohs(in->sin_port), /* it lies at the same place */
                         v4 ? 0 : in6->sin6_scope_id);
    }
}

static const char *const hosts[] = {
    NULL,
    "*",
    "127.0.0.1",
    "10.0.0.2",
    "0.0.0.0",
    "127.1",
    "0x7f000001",
    "010.0.0.1",
    "1.2.3.4 x",
    "1.2.3.4\t",
    "256.1.1.1",
    "::1",
    "::",
    "fd00::2",
    "fd00::2%3",
    "fd00::2%lo",
    "::ffff:1.2.3.4",
    "::1%",
    "fe80::1%1",
    "fe80::1%lo",
    "ff02::1%lo",
    "fe80::1%4x",
    "fe80::1%9999999999",
    "not a host",
    "::ffff:0.0.0.0",
    "",
    "1:2:3",
    "fe80::1%7",
};
static const char *const services[] = {
    NULL, "*",    "",     "0",     "80",  "65535",  "65536", "70000", "-1",     " 80",      "80 ",
    "+7", "0x50", "http", "https", "ssh", "domain", "ntp",   "www",   "nosuch", "http-alt", "8080",
};
static const int families[] = {AF_UNSPEC, AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX, 77};
static const int types[] = {0, 0, SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_DCCP, 42};
static const int protocols[] =
    {0, 0, 0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP, IPPROTO_UDPLITE};
/* What the machine's interfaces decide (AI_ADDRCONFIG) is not compared, and a name server is not
 * asked. */
static const int flags[] =
    {AI_PASSIVE, AI_CANONNAME, AI_V4MAPPED, AI_ALL, AI_NUMERICSERV, 0x100, 0x10000};

#define PICK(table) (table)[random_below(&random, sizeof(table) / sizeof((table)[0]))]

/* The C library sorts by what it can reach; a machine without IPv6 sorts differently. */
static bool sorts_as_dual_stack(void) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *results;
    ck_assert_int_eq(getaddrinfo(NULL, "80", &hints, &results), 0);
    const bool six_first = results->ai_family == AF_INET6 && results->ai_next != NULL;
    freeaddrinfo(results);
    return six_first;
}

static bool services_are_known(void) {
    return getservbyname("http-alt", "tcp") != NULL && getservbyname("ntp", "udp") != NULL;
}

START_TEST(numbers_resolve_as_the_c_library_has_it) {
    struct random random;
    random_init(&random, (uint64_t)_i);
    const bool dual = sorts_as_dual_stack();
    const bool known = services_are_known();
    unsigned found = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        const char *host = PICK(hosts);
        const char *service = PICK(services);
        struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_family = PICK(families)};
        hints.ai_socktype = PICK(types);
        hints.ai_protocol = PICK(protocols);
        for (uint64_t n = random_below(&random, 3); n > 0; n--) {
            hints.ai_flags |= PICK(flags);
        }
        const bool named = service != NULL && service[0] >= 'a';
        if ((named && !known) || (hints.ai_family == AF_UNSPEC && !dual)) {
            continue;
        }
        char real[TEXT_SIZE];
        char model[TEXT_SIZE];
        struct addrinfo *results = NULL;
        struct name_answer answer;
        const int error = getaddrinfo(host, service, &hints, &results);
        show_real(real, error, results);
        show_model(model, name_resolve(&description, 1, host, service, &hints, &answer), &answer);
        ck_assert_msg(
            strcmp(real, model) == 0,
            "real %s, model %s: host %s service %s flags %#x family %d type %d protocol %d",
            real,
            model,
            host,
            service,
            (unsigned)hints.ai_flags,
            hints.ai_family,
            hints.ai_socktype,
            hints.ai_protocol);
        if (error == 0) {
            if ((hints.ai_flags & AI_CANONNAME) != 0) {
                ck_assert_str_eq(results->ai_canonname, answer.hosts.canonical);
            }
            freeaddrinfo(results);
            found++;
        }
    }
    ck_assert_uint_gt(found, ROUNDS / 100);
}
END_TEST

/* A sockaddr of some family, with some content. */
static uint32_t random_sockaddr(struct random *from, struct sockaddr_storage *storage) {
    struct random random = *from;
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)storage;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)storage;
    struct sockaddr_un *un = (struct sockaddr_un *)(void *)storage;
    static const char *const six[] =
        {"::", "::1", "fd00::2", "fe80::1", "ff02::1", "::ffff:1.2.3.4"};
    memset(storage, 0, sizeof *storage);
    storage->ss_family = (sa_family_t)PICK(families);
    uint32_t size = sizeof *in6;
    if (storage->ss_family == AF_INET) {
        in->sin_addr.s_addr = (in_addr_t)random_next(&random);
        in->sin_port = htons((uint16_t)random_below(&random, 9000));
        size = sizeof *in;
    } else if (storage->ss_family == AF_INET6) {
        inet_pton(AF_INET6, PICK(six), &in6->sin6_addr);
        in6->sin6_port = htons((uint16_t)random_below(&random, 9000));
        in6->sin6_scope_id = (uint32_t)random_below(&random, 2) * 999;
    } else if (storage->ss_family == AF_UNIX) {
        snprintf(un->sun_path, sizeof un->sun_path, "/tmp/%u", (unsigned)random_below(&random, 99));
        size = sizeof *un;
    }
    *from = random;
    /* The C library reads a path to its end, however short it was said to be. */
    const bool cut = storage->ss_family != AF_UNIX && random_below(from, 8) == 0;
    return cut ? (uint32_t)random_below(from, size) : size;
}

START_TEST(addresses_are_written_as_the_c_library_writes_them) {
    static const int info_flags[] =
        {0, NI_NUMERICSERV, NI_NAMEREQD, NI_DGRAM, NI_NOFQDN, 64, 0x1000};
    struct random random;
    random_init(&random, (uint64_t)_i);
    unsigned found = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct sockaddr_storage storage;
        const uint32_t size = random_sockaddr(&random, &storage);
        char bytes[2][2][128] = {{{0}}};
        const uint32_t host_size =
            random_below(&random, 3) == 0 ? (uint32_t)random_below(&random, 20) : 128;
        const uint32_t service_size =
            random_below(&random, 3) == 0 ? (uint32_t)random_below(&random, 9) : 128;
        const bool host = random_below(&random, 8) != 0;
        const bool service = random_below(&random, 8) != 0;
        int wanted = NI_NUMERICHOST | PICK(info_flags) | PICK(info_flags);
        if (storage.ss_family != AF_UNIX) {
            wanted |= NI_NUMERICSERV; /* the table of services has fewer */
        }
        const int real = getnameinfo((const struct sockaddr *)&storage,
                                     size,
                                     host ? bytes[0][0] : NULL,
                                     host_size,
                                     service ? bytes[0][1] : NULL,
                                     service_size,
                                     wanted);
        const struct name_room host_room = {host ? bytes[1][0] : NULL, host_size};
        const struct name_room service_room = {service ? bytes[1][1] : NULL, service_size};
        const int model =
            name_info(&description, 1, &storage, size, host_room, service_room, wanted);
        ck_assert_msg(real == model,
                      "real %d, model %d: family %d size %u rooms %u %u flags %#x",
                      real,
                      model,
                      storage.ss_family,
                      size,
                      host ? host_size : 0,
                      service ? service_size : 0,
                      (unsigned)wanted);
        if (real == 0) {
            ck_assert_str_eq(bytes[0][0], bytes[1][0]);
            ck_assert_str_eq(bytes[0][1], bytes[1][1]);
            found++;
        }
    }
    ck_assert_uint_gt(found, ROUNDS / 100);
}
END_TEST

static void expect(const char *host, int family, int wanted_flags, const char *expected) {
    const struct addrinfo hints = {.ai_flags = wanted_flags,
                                   .ai_family = family,
                                   .ai_socktype = SOCK_STREAM};
    struct name_answer answer;
    char text[TEXT_SIZE];
    show_model(text, name_resolve(&description, 1, host, "80", &hints, &answer), &answer);
    ck_assert_str_eq(text, expected);
}

START_TEST(a_node_has_both_addresses_and_ipv6_comes_first) {
    expect("server", AF_UNSPEC, 0, "0 [10 1 6 fd00::2 80 0] [2 1 6 10.0.0.2 80 0]");
    expect("Server", AF_INET, AI_ADDRCONFIG, "0 [2 1 6 10.0.0.2 80 0]");
    expect("Server", AF_INET6, AI_V4MAPPED, "0 [10 1 6 fd00::2 80 0]");
    expect("Server",
           AF_INET6,
           AI_V4MAPPED | AI_ALL,
           "0 [10 1 6 fd00::2 80 0] [10 1 6 ::ffff:10.0.0.2 80 0]");
    expect("localhost", AF_UNSPEC, 0, "0 [10 1 6 ::1 80 0] [2 1 6 127.0.0.1 80 0]");
    expect("Server", AF_INET, AI_NUMERICHOST, "-2");
    expect("elsewhere", AF_UNSPEC, 0, "-2");
    expect("Server", AF_INET, AI_IDN, "1");
}
END_TEST

static void expect_name(const char *number, int wanted_flags, const char *expected) {
    const bool v4 = strchr(number, ':') == NULL;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(443)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
    char host[64] = "";
    char service[64] = "";
    const struct name_room rooms[2] = {{host, sizeof host}, {service, sizeof service}};
    ck_assert_int_eq(
        inet_pton(v4 ? AF_INET : AF_INET6, number, v4 ? (void *)&in.sin_addr : &in6.sin6_addr),
        1);
    const void *name = v4 ? (const void *)&in : &in6;
    const uint32_t size = v4 ? sizeof in : sizeof in6;
    const int error = name_info(&description, 1, name, size, rooms[0], rooms[1], wanted_flags);
    char text[TEXT_SIZE];
    snprintf(text, sizeof text, "%s %s", host, service);
    if (error != 0) {
        snprintf(text, sizeof text, "%d", error);
    }
    ck_assert_str_eq(text, expected);
}

START_TEST(an_address_of_a_node_has_its_name) {
    expect_name("10.0.0.2", 0, "Server https");
    expect_name("fd00::1", NI_NUMERICSERV, "client 443");
    expect_name("127.0.0.1", NI_DGRAM, "localhost https");
    expect_name("::1", NI_NAMEREQD, "localhost https");
    expect_name("10.0.9.9", 0, "10.0.9.9 https");
    expect_name("10.0.9.9", NI_NAMEREQD, "-2");
    expect_name("0.0.0.0", 0, "0.0.0.0 https");
    expect_name("10.0.0.2", NI_IDN, "1");
}
END_TEST

START_TEST(services_have_their_ports_and_protocols) {
    ck_assert_int_eq(service_port("http", IPPROTO_TCP), 80);
    ck_assert_int_eq(service_port("www", IPPROTO_TCP), 80);
    ck_assert_int_eq(service_port("http", IPPROTO_UDP), -1);
    ck_assert_int_eq(service_port("https", IPPROTO_UDP), 443);
    ck_assert_int_eq(service_port("domain", IPPROTO_SCTP), -1);
    ck_assert_str_eq(service_name(123, IPPROTO_UDP), "ntp");
    ck_assert_ptr_null(service_name(123, IPPROTO_TCP));
}
END_TEST

/* What of our table the C library reads from this machine's files, where it has them. */
START_TEST(services_and_protocols_are_those_of_the_files) {
    static const char *const transports[] = {"tcp", "udp", NULL};
    int compared = 0;
    if (access("/etc/services", R_OK) != 0 || access("/etc/protocols", R_OK) != 0) {
        return;
    }
    for (int number = 0; number < 65536; number++) {
        for (unsigned i = 0; i < 3; i++) {
            struct service_line line;
            if (!service_line_at((uint16_t)number, transports[i], &line)) {
                continue;
            }
            const struct servent *real = getservbyport(htons((uint16_t)number), transports[i]);
            ck_assert_msg(real != NULL, "port %d", number);
            ck_assert_str_eq(real->s_name, line.name);
            ck_assert_str_eq(real->s_proto, line.protocol);
            ck_assert_pstr_eq(real->s_aliases[0], line.alias);
            struct service_line same;
            ck_assert(service_line_find(line.alias == NULL ? line.name : line.alias,
                                        transports[i],
                                        &same));
            ck_assert_int_eq(same.number, number);
            compared++;
        }
    }
    for (int number = 0; number < 256; number++) {
        struct service_line line;
        if (service_protocol_at(number, &line)) {
            const struct protoent *real = getprotobynumber(number);
            ck_assert_msg(real != NULL, "protocol %d", number);
            ck_assert_str_eq(real->p_name, line.name);
            ck_assert_pstr_eq(real->p_aliases[0], line.alias);
            ck_assert(service_protocol_find(line.alias, &line) && line.number == number);
            compared++;
        }
    }
    ck_assert_int_gt(compared, 80);
}
END_TEST

SUITE(name) {
    tcase_add_checked_fixture(tcase, setup, NULL);
    SUITE_LOOP(numbers_resolve_as_the_c_library_has_it, 0, 4);
    SUITE_LOOP(addresses_are_written_as_the_c_library_writes_them, 0, 2);
    SUITE_TEST(a_node_has_both_addresses_and_ipv6_comes_first);
    SUITE_TEST(an_address_of_a_node_has_its_name);
    SUITE_TEST(services_have_their_ports_and_protocols);
    SUITE_TEST(services_and_protocols_are_those_of_the_files);
}
