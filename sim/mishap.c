#include "sim/mishap.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "sim/panic.h"

_Static_assert(MISHAP_CALL_COUNT <= 32, "a bit of a word for each");

/* On what a call must be made to give an error. */
enum on {
    ON_ANY,
    ON_WAITING,   /* it would wait */
    ON_IMPATIENT, /* O_NONBLOCK */
    ON_FILE,      /* a file with content */
    ON_STREAM,    /* what has no borders of messages; the hook knows which sockets */
};

#define BIT(call) (1u << MISHAP_##call)

/* In the order in which they are told. Manual pages of section 2, signal(7), getaddrinfo(3). Left
 * out is what would change something beside (ECONNRESET: reset(); EINTR of a connect that goes on).
 */
static const struct {
    const char *name;
    int32_t error;
    enum on on;
    uint32_t calls;
} gives[] = {
    {"EINTR", EINTR, ON_WAITING, BIT(READ) | BIT(WRITE) | BIT(RECEIVE) | BIT(SEND) | BIT(ACCEPT)},
    {"EINTR", EINTR, ON_ANY, BIT(OPEN) | BIT(FSYNC) | BIT(EPOLL_WAIT) | BIT(POLL)},
    {"EAGAIN",
     EAGAIN,
     ON_IMPATIENT,
     BIT(READ) | BIT(WRITE) | BIT(RECEIVE) | BIT(SEND) | BIT(ACCEPT)},
    {"EAGAIN", EAGAIN, ON_ANY, BIT(THREAD)},
    {"EIO", EIO, ON_FILE, BIT(READ) | BIT(WRITE)},
    {"EIO", EIO, ON_ANY, BIT(OPEN) | BIT(FSYNC)},
    {"ENOSPC", ENOSPC, ON_FILE, BIT(WRITE)},
    {"ENOSPC", ENOSPC, ON_ANY, BIT(OPEN) | BIT(FSYNC) | BIT(EPOLL_CONTROL)},
    {"EMFILE", EMFILE, ON_ANY, BIT(OPEN) | BIT(SOCKET) | BIT(ACCEPT)},
    {"ENFILE", ENFILE, ON_ANY, BIT(OPEN) | BIT(SOCKET) | BIT(ACCEPT)},
    {"ENOBUFS", ENOBUFS, ON_ANY, BIT(SOCKET) | BIT(ACCEPT) | BIT(SEND)},
    {"ENOMEM",
     ENOMEM,
     ON_ANY,
     BIT(OPEN) | BIT(SOCKET) | BIT(ACCEPT) | BIT(SEND) | BIT(RECEIVE) | BIT(EPOLL_CONTROL) |
         BIT(POLL) | BIT(MALLOC) | BIT(MAP)},
    {"EADDRNOTAVAIL", EADDRNOTAVAIL, ON_ANY, BIT(CONNECT)},
    {"ENETUNREACH", ENETUNREACH, ON_ANY, BIT(CONNECT)},
    {"EHOSTUNREACH", EHOSTUNREACH, ON_WAITING, BIT(CONNECT)},
    {"ECONNREFUSED", ECONNREFUSED, ON_WAITING, BIT(CONNECT)},
    {"ETIMEDOUT", ETIMEDOUT, ON_WAITING, BIT(CONNECT)},
    {"EAI_AGAIN", EAI_AGAIN, ON_ANY, BIT(LOOKUP)},
    {"EAI_FAIL", EAI_FAIL, ON_ANY, BIT(LOOKUP)},
    {"EAI_NONAME", EAI_NONAME, ON_ANY, BIT(LOOKUP)},
    {"EAI_MEMORY", EAI_MEMORY, ON_ANY, BIT(LOOKUP)},
};
#define GIVES_COUNT (sizeof gives / sizeof gives[0])

static const uint32_t shortened = BIT(READ) | BIT(WRITE) | BIT(RECEIVE) | BIT(SEND);
static const uint32_t silent = BIT(MALLOC) | BIT(MAP); /* no point, in any run */

/* ---- words ---- */

static const char *const words[MISHAP_CALL_COUNT] = {
#define MISHAP_WORD(call, word, kind) [MISHAP_##call] = word,
    MISHAP_CALLS(MISHAP_WORD)
#undef MISHAP_WORD
};

unsigned mishap_kind(enum mishap_call call) {
    static const uint16_t kinds[MISHAP_CALL_COUNT] = {
#define MISHAP_KIND(call, word, kind) [MISHAP_##call] = (kind),
        MISHAP_CALLS(MISHAP_KIND)
#undef MISHAP_KIND
    };
    return kinds[call];
}

const char *mishap_word(enum mishap_call call) {
    ASSERT(call < MISHAP_CALL_COUNT);
    return words[call];
}

enum mishap_call mishap_call_find(const char *word) {
    uint32_t call = 0;
    while (call < MISHAP_CALL_COUNT && strcmp(words[call], word) != 0) {
        call++;
    }
    return (enum mishap_call)call;
}

int32_t mishap_error_find(enum mishap_call call, const char *name) {
    for (size_t i = 0; i < GIVES_COUNT; i++) {
        if ((gives[i].calls >> call & 1) != 0 && strcmp(gives[i].name, name) == 0) {
            return gives[i].error;
        }
    }
    return 0;
}

const char *mishap_error_name(enum mishap_call call, int32_t error) {
    for (size_t i = 0; i < GIVES_COUNT; i++) {
        if ((gives[i].calls >> call & 1) != 0 && gives[i].error == error) {
            return gives[i].name;
        }
    }
    UNREACHABLE();
}

static void append(char *text, size_t size, const char *word) {
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", used == 0 ? "" : ", ", word);
}

void mishap_calls_print(bool of_shortened, char *text, size_t size) {
    text[0] = '\0';
    for (uint32_t call = 0; call < MISHAP_CALL_COUNT; call++) {
        if (!of_shortened || (shortened >> call & 1) != 0) {
            append(text, size, words[call]);
        }
    }
}

void mishap_errors_print(enum mishap_call call, char *text, size_t size) {
    text[0] = '\0';
    for (size_t i = 0; i < GIVES_COUNT; i++) {
        if ((gives[i].calls >> call & 1) != 0) {
            append(text, size, gives[i].name);
        }
    }
}

bool mishap_may_be_short(enum mishap_call call) {
    return (shortened >> call & 1) != 0;
}

/* ---- a run ---- */

void mishap_init(struct mishaps *mishaps,
                 struct schedule *schedule,
                 const struct description *description,
                 const struct faults *declared) {
    mishaps->schedule = schedule;
    mishaps->declared = declared;
    mishaps->description = description;
    mishaps->calls = 0;
    for (uint32_t i = 0; i < description->fault_count; i++) {
        if (description->faults[i].kind == DESCRIPTION_FAILURE) {
            mishaps->calls |= 1u << description->faults[i].call;
        }
    }
}

void mishap_begin(struct mishaps *mishaps) {
    for (uint32_t i = 0; i < mishaps->description->fault_count; i++) {
        mishaps->faults[i] = (struct mishap){0};
    }
}

void mishap_arm(struct mishaps *mishaps, uint32_t fault) {
    ASSERT(mishaps->description->faults[fault].kind == DESCRIPTION_FAILURE);
    mishaps->faults[fault].armed++;
}

static bool is_on(enum on on, enum mishap_call call, const struct file *file) {
    const bool waits = file == NULL || (file->status & O_NONBLOCK) == 0;
    const uint32_t kind = file == NULL ? FILE_NONE : file->kind;
    switch (on) {
    case ON_ANY:
        return true;
    case ON_WAITING:
        return waits && kind != FILE_REAL && kind != FILE_STANDARD;
    case ON_IMPATIENT:
        return !waits && kind != FILE_REAL && kind != FILE_STANDARD;
    case ON_FILE:
        return kind == FILE_REAL;
    case ON_STREAM:
        return kind == FILE_SOCKET || (kind == FILE_PIPE && call == MISHAP_READ) ||
               (kind == FILE_REAL && call == MISHAP_WRITE);
    }
    UNREACHABLE();
}

/* On what a fault's call must be made. */
static enum on needed(const struct description_fault *fault) {
    if (fault->error == 0) {
        return ON_STREAM;
    }
    for (size_t i = 0; i < GIVES_COUNT; i++) {
        if ((gives[i].calls >> fault->call & 1) != 0 && gives[i].error == fault->error) {
            return gives[i].on;
        }
    }
    UNREACHABLE();
}

static bool strikes(struct mishaps *mishaps, uint32_t index, const void *site) {
    const struct description_fault *fault = &mishaps->description->faults[index];
    struct mishap *state = &mishaps->faults[index];
    struct agent *self = schedule_running(mishaps->schedule);
    bool strikes = ++state->calls == fault->nth;
    if (fault_calmed(mishaps->declared, index)) {
        return false;
    }
    if (state->armed > 0) {
        state->armed--;
        strikes = true;
    }
    if (fault->chance_ppm != 0 && fault_in_force(mishaps->declared, index)) {
        strikes = choices_chance(mishaps->schedule->choices,
                                 CHOICE_FAULT,
                                 self->node,
                                 &self->decider,
                                 site,
                                 fault->chance_ppm,
                                 DESCRIPTION_PPM);
    }
    state->struck += strikes;
    return strikes;
}

/* The first fault that strikes this call; NULL = none. */
static const struct description_fault *find(struct mishaps *mishaps,
                                            enum mishap_call call,
                                            bool is_short,
                                            const struct file *file,
                                            const void *site) {
    const uint32_t node = schedule_running(mishaps->schedule)->node;
    for (uint32_t i = 0; i < mishaps->description->fault_count; i++) {
        const struct description_fault *fault = &mishaps->description->faults[i];
        if (fault->kind == DESCRIPTION_FAILURE && fault->call == (uint32_t)call &&
            (fault->error == 0) == is_short && (fault->from == 0 || fault->from == node) &&
            is_on(needed(fault), call, file) && strikes(mishaps, i, site)) {
            return fault;
        }
    }
    return NULL;
}

int64_t mishap_error(struct mishaps *mishaps,
                     enum mishap_call call,
                     const struct file *file,
                     const void *site) {
    const struct description_fault *fault = find(mishaps, call, false, file, site);
    if (fault == NULL) {
        return 0;
    }
    const int64_t result = call == MISHAP_LOOKUP ? fault->error : -fault->error;
    const struct point point = {.kind = (uint16_t)mishap_kind(call),
                                .write = true,
                                .object = file == NULL ? 0 : file->object,
                                .site = site};
    if ((silent >> call & 1) == 0) {
        schedule_point(mishaps->schedule, &point);
    }
    schedule_event(mishaps->schedule, (enum point_kind)point.kind, point.object, result, site);
    return result;
}

uint64_t mishap_short(struct mishaps *mishaps,
                      enum mishap_call call,
                      const struct file *file,
                      uint64_t size,
                      const void *site) {
    if (size < 2 || find(mishaps, call, true, file, site) == NULL) {
        return size;
    }
    struct agent *self = schedule_running(mishaps->schedule);
    return size - 1 -
           choices_draw(mishaps->schedule->choices,
                        CHOICE_SHORT,
                        self->node,
                        &self->decider,
                        site,
                        size - 1);
}
