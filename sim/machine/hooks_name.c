/* getaddrinfo() and getnameinfo(). What they answer is in sim/name.h; here it gets its form, in
 * the run's heap, as the real ones do. Nothing is asked of a network: no time passes. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_mishap.h"
#include "sim/name.h"
#include "sim/panic.h"

static void end(int result, const void *site) {
    schedule_event(hook_schedule(), POINT_CALL, 0, result, site);
}

/* One result with its address in one block, as glibc does. */
static struct addrinfo *
result_create(const struct address *host, const struct name_kind *kind, int flags) {
    struct address address = *host;
    uint32_t size = sizeof(struct sockaddr_in6);
    struct addrinfo *result = calloc(1, sizeof *result + size);
    if (result == NULL) {
        return NULL;
    }
    address.port = kind->port;
    address_write(&address, result + 1, &size);
    result->ai_flags = flags;
    result->ai_family = address.family;
    result->ai_socktype = kind->type;
    result->ai_protocol = kind->protocol;
    result->ai_addrlen = size;
    result->ai_addr = (struct sockaddr *)(void *)(result + 1);
    return result;
}

/* Frees what a program may also have put together itself, so field by field. */
static void results_free(struct addrinfo *first) {
    while (first != NULL) {
        struct addrinfo *next = first->ai_next;
        free(first->ai_canonname);
        free(first);
        first = next;
    }
}

static int results_create(const struct name_answer *answer, int flags, struct addrinfo **first) {
    struct addrinfo *head = NULL;
    struct addrinfo **last = &head;
    for (uint32_t i = 0; i < answer->hosts.count; i++) {
        for (uint32_t k = 0; k < answer->kind_count; k++) {
            *last = result_create(&answer->hosts.addresses[i], &answer->kinds[k], flags);
            if (*last == NULL) {
                results_free(head);
                return EAI_MEMORY;
            }
            last = &(*last)->ai_next;
        }
    }
    ASSERT(head != NULL);
    if ((flags & AI_CANONNAME) != 0) {
        head->ai_canonname = strdup(answer->hosts.canonical);
        if (head->ai_canonname == NULL) {
            results_free(head);
            return EAI_MEMORY;
        }
    }
    *first = head;
    return 0;
}

/* Whoever answers takes his time, where a scenario says so. */
static void lookup_wait(const void *site) {
    struct schedule *schedule = hook_schedule();
    const uint64_t *range = machine.world.description->nodes[hook_node()].lookup_ns;
    if (range[1] == 0) {
        return;
    }
    struct decider *who = &schedule_running(schedule)->decider;
    const uint64_t steps = (range[1] - range[0]) / NETWORK_LATENCY_STEP_NS;
    uint64_t latency = range[0];
    if (steps > 0) {
        latency +=
            NETWORK_LATENCY_STEP_NS *
            choices_draw(schedule->choices, CHOICE_LATENCY, hook_node(), who, site, steps + 1);
    }
    const struct wait_cause cause = {.kind = POINT_CALL, .site = site};
    const uint64_t due_ns = schedule_now_ns(schedule) + latency; /* of the network, as others */
    while (schedule_now_ns(schedule) < due_ns) {
        if (schedule_wait(schedule, NULL, due_ns, &cause) == WAKE_INTERRUPTED) {
            schedule_interrupt(schedule); /* and waits on, as with SA_RESTART */
        }
    }
}

HOOK void freeaddrinfo(struct addrinfo *first) {
    if (!hook_simulated()) {
        REAL(freeaddrinfo)(first);
        return;
    }
    results_free(first);
}

HOOK int getaddrinfo(const char *restrict host,
                     const char *restrict service,
                     const struct addrinfo *restrict hints,
                     struct addrinfo **restrict results) {
    if (!hook_simulated()) {
        return REAL(getaddrinfo)(host, service, hints, results);
    }
    struct name_answer answer;
    lookup_wait(HOOK_SITE);
    const int failed = (int)hooks_mishap(MISHAP_LOOKUP, HOOK_SITE);
    if (failed != 0) {
        return failed;
    }
    hook_point(POINT_CALL, 0, false, HOOK_SITE);
    int result =
        name_resolve(machine.world.description, hook_node(), host, service, hints, &answer);
    const int flags = hints != NULL ? hints->ai_flags : AI_V4MAPPED | AI_ADDRCONFIG;
    if (result == NAME_UNMODELLED) {
        hook_escape(HOOK_SITE, "getaddrinfo() with flags 0x%x", (unsigned)flags);
    }
    if (result == 0) {
        result = results_create(&answer, flags, results);
    }
    end(result, HOOK_SITE);
    return result;
}

HOOK int getnameinfo(const struct sockaddr *restrict sockaddr,
                     socklen_t size,
                     char *restrict host,
                     socklen_t host_size,
                     char *restrict service,
                     socklen_t service_size,
                     int flags) {
    if (!hook_simulated()) {
        return REAL(getnameinfo)(sockaddr, size, host, host_size, service, service_size, flags);
    }
    const struct name_room host_room = {host, host_size};
    const struct name_room service_room = {service, service_size};
    hook_point(POINT_CALL, 0, false, HOOK_SITE);
    const int result = name_info(machine.world.description,
                                 hook_node(),
                                 sockaddr,
                                 size,
                                 host_room,
                                 service_room,
                                 flags);
    if (result == NAME_UNMODELLED) {
        hook_escape(HOOK_SITE, "getnameinfo() with flags 0x%x", (unsigned)flags);
    }
    end(result, HOOK_SITE);
    return result;
}
