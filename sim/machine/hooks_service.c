/* getservbyname() and its kin: names of ports and protocols, from sim/service.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "sim/machine/hook.h"
#include "sim/service.h"

/* What an entry points to. */
struct block {
    char *aliases[2];
    char text[];
};

#define TEXT_SIZE_MAX 64u /* of all names of a line */

/* A process has one result of the functions that are not reentrant. */
static struct own {
    struct servent service;
    struct protoent protocol;
    _Alignas(struct block) char bytes[2][sizeof(struct block) + TEXT_SIZE_MAX];
} owns[DESCRIPTION_NODES_MAX + 1];

/* Where the strings of an answer go. */
struct room {
    char *buffer;
    size_t size;
};

static char *append(char **end, const char *text) {
    const size_t size = strlen(text) + 1;
    char *copy = memcpy(*end, text, size);
    *end += size;
    return copy;
}

/* Copies the names into the room: name, alias, protocol. NULL: it is too small. */
static struct block *
copy_names(const struct service_line *line, const struct room *room, char **name, char **protocol) {
    const char *alias = line->alias == NULL ? "" : line->alias;
    const char *spoken = line->protocol == NULL ? "" : line->protocol;
    const size_t skew = (uintptr_t)room->buffer % _Alignof(struct block);
    const size_t padding = skew == 0 ? 0 : _Alignof(struct block) - skew;
    const size_t text = strlen(line->name) + strlen(alias) + strlen(spoken) + 3;
    if (room->size < padding + sizeof(struct block) + text) {
        return NULL;
    }
    struct block *block = (struct block *)(void *)(room->buffer + padding);
    char *end = block->text;
    *name = append(&end, line->name);
    *protocol = append(&end, spoken);
    block->aliases[0] = line->alias == NULL ? NULL : append(&end, alias);
    block->aliases[1] = NULL;
    return block;
}

/* What every call here does first and last: no time passes, nobody is asked. */
static int done(int result, const void *site) {
    schedule_event(hook_schedule(), POINT_CALL, 0, result, site);
    return result;
}

/* ---- services ---- */

/* name NULL: by port. 0 and *result (NULL = not found), or ERANGE. */
static int service(const char *name,
                   int port,
                   const char *protocol,
                   struct servent *entry,
                   const struct room *room,
                   struct servent **result) {
    struct service_line line;
    const bool found = name != NULL ? service_line_find(name, protocol, &line)
                                    : service_line_at(ntohs((uint16_t)port), protocol, &line);
    *result = NULL;
    if (!found) {
        return 0;
    }
    char *told;
    char *spoken;
    struct block *block = copy_names(&line, room, &told, &spoken);
    if (block == NULL) {
        errno = ERANGE;
        return ERANGE;
    }
    *entry = (struct servent){.s_name = told,
                              .s_aliases = block->aliases,
                              .s_port = htons((uint16_t)line.number),
                              .s_proto = spoken};
    *result = entry;
    return 0;
}

static struct servent *own_service(const char *name, int port, const char *protocol) {
    struct own *own = &owns[hook_node()];
    const struct room room = {own->bytes[0], sizeof own->bytes[0]};
    struct servent *result;
    service(name, port, protocol, &own->service, &room, &result);
    return result;
}

HOOK struct servent *getservbyname(const char *name, const char *protocol) {
    if (!hook_simulated()) {
        return REAL(getservbyname)(name, protocol);
    }
    hook_point(POINT_CALL, 0, false, HOOK_SITE);
    struct servent *result = own_service(name, 0, protocol);
    done(result == NULL, HOOK_SITE);
    return result;
}

HOOK struct servent *getservbyport(int port, const char *protocol) {
    if (!hook_simulated()) {
        return REAL(getservbyport)(port, protocol);
    }
    hook_point(POINT_CALL, 0, false, HOOK_SITE);
    struct servent *result = own_service(NULL, port, protocol);
    done(result == NULL, HOOK_SITE);
    return result;
}

HOOK int getservbyname_r(const char *restrict name,
                         const char *restrict protocol,
                         struct servent *restrict entry,
                         char *restrict buffer,
                         size_t size,
                         struct servent **restrict result) {
    if (!hook_simulated()) {
        return REAL(getservbyname_r)(name, protocol, entry, buffer, size, result);
    }
    const struct room room = {buffer, size};
    hook_point(POINT_CALL, 0, false, HOOK_SITE);
    return done(service(name, 0, protocol, entry, &room, result), HOOK_SITE);
}

HOOK int getservbyport_r(int port,
                         const char *restrict protocol,
                         struct servent *restrict entry,
                         char *restrict buffer,
                         size_t size,
                         struct servent **restrict result) {
    if (!hook_simulated()) {
        return REAL(getservbyport_r)(port, protocol, entry, buffer, size, result);
    }
    const struct room room = {buffer, size};
    hook_point(POINT_CALL, 0, false, HOOK_SITE);
    return done(service(NULL, port, protocol, entry, &room, result), HOOK_SITE);
}

/* The table is not the whole file. */
HOOK struct servent *getservent(void) {
    if (!hook_simulated()) {
        return REAL(getservent)();
    }
    hook_escape(HOOK_SITE, "getservent()");
}

/* ---- protocols ---- */

/* name NULL: by number. */
static int protocol(const char *name,
                    int number,
                    struct protoent *entry,
                    const struct room *room,
                    struct protoent **result) {
    struct service_line line;
    const bool found =
        name != NULL ? service_protocol_find(name, &line) : service_protocol_at(number, &line);
    *result = NULL;
    if (!found) {
        return 0;
    }
    char *told;
    char *unused;
    struct block *block = copy_names(&line, room, &told, &unused);
    if (block == NULL) {
        errno = ERANGE;
        return ERANGE;
    }
    *entry = (struct protoent){.p_name = told, .p_aliases = block->aliases, .p_proto = line.number};
    *result = entry;
    return 0;
}

static struct protoent *own_protocol(const char *name, int number) {
    struct own *own = &owns[hook_node()];
    const struct room room = {own->bytes[1], sizeof own->bytes[1]};
    struct protoent *result;
    protocol(name, number, &own->protocol, &room, &result);
    return result;
}

HOOK struct protoent *getprotobyname(const char *name) {
    if (!hook_simulated()) {
        return REAL(getprotobyname)(name);
    }
    hook_point(POINT_CALL, 0, false, HOOK_SITE);
    struct protoent *result = own_protocol(name, 0);
    done(result == NULL, HOOK_SITE);
    return result;
}

HOOK struct protoent *getprotobynumber(int number) {
    if (!hook_simulated()) {
        return REAL(getprotobynumber)(number);
    }
    hook_point(POINT_CALL, 0, false, HOOK_SITE);
    struct protoent *result = own_protocol(NULL, number);
    done(result == NULL, HOOK_SITE);
    return result;
}

HOOK int getprotobyname_r(const char *restrict name,
                          struct protoent *restrict entry,
                          char *restrict buffer,
                          size_t size,
                          struct protoent **restrict result) {
    if (!hook_simulated()) {
        return REAL(getprotobyname_r)(name, entry, buffer, size, result);
    }
    const struct room room = {buffer, size};
    hook_point(POINT_CALL, 0, false, HOOK_SITE);
    return done(protocol(name, 0, entry, &room, result), HOOK_SITE);
}

HOOK int getprotobynumber_r(int number,
                            struct protoent *restrict entry,
                            char *restrict buffer,
                            size_t size,
                            struct protoent **restrict result) {
    if (!hook_simulated()) {
        return REAL(getprotobynumber_r)(number, entry, buffer, size, result);
    }
    const struct room room = {buffer, size};
    hook_point(POINT_CALL, 0, false, HOOK_SITE);
    return done(protocol(NULL, number, entry, &room, result), HOOK_SITE);
}

HOOK struct protoent *getprotoent(void) {
    if (!hook_simulated()) {
        return REAL(getprotoent)();
    }
    hook_escape(HOOK_SITE, "getprotoent()");
}
