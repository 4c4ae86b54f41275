#include "tools/conflict.h"

#include <inttypes.h>

#include "tools/phrase.h"

/* What hands something over to others, and what is handed something by others. */
enum { GIVES = 1, GETS = 2 };

static const unsigned char roles[POINT_KIND_COUNT] = {
    [POINT_CREATE] = GIVES,
    [POINT_THREAD_START] = GETS,
    [POINT_JOIN] = GETS,
    [POINT_ONCE] = GIVES | GETS,
    [POINT_LOCK] = GETS,
    [POINT_TRYLOCK] = GETS,
    [POINT_READ_LOCK] = GETS,
    [POINT_WRITE_LOCK] = GETS,
    [POINT_SPIN_LOCK] = GETS,
    [POINT_UNLOCK] = GIVES,
    [POINT_WAIT] = GETS,
    [POINT_SIGNAL] = GIVES,
    [POINT_BROADCAST] = GIVES,
    [POINT_BARRIER] = GIVES | GETS,
    [POINT_SEMAPHORE_WAIT] = GETS,
    [POINT_SEMAPHORE_POST] = GIVES,
    [POINT_FUTEX_WAIT] = GETS,
    [POINT_FUTEX_WAKE] = GIVES,
    [POINT_READ] = GETS,
    [POINT_RECEIVE] = GETS,
    [POINT_POLL] = GETS,
    [POINT_EPOLL_WAIT] = GETS,
    [POINT_WRITE] = GIVES,
    [POINT_SEND] = GIVES,
    [POINT_ATOMIC_LOAD] = GETS,
    [POINT_ATOMIC_STORE] = GIVES,
    [POINT_ATOMIC_UPDATE] = GIVES | GETS,
    [POINT_COMPARE_EXCHANGE] = GIVES | GETS,
    [POINT_FENCE] = GIVES | GETS,
};

/* An event and where it was; NULL = none, or it is no longer known. */
struct last {
    const struct event *event;
    uint64_t site;
};

/* The last such event of a thread from a step on. */
static struct last
last_event(const struct record *record, uint32_t thread, unsigned role, uint64_t from_step) {
    const uint64_t count = record->trace.count;
    for (uint64_t n = 0; n < count && count - n > from_step; n++) {
        struct last last = {0};
        last.event = trace_last(&record->trace, n, &last.site);
        if (last.event == NULL) {
            break;
        }
        if (last.event->thread == thread && (roles[last.event->kind] & role) != 0) {
            return last;
        }
    }
    return (struct last){0};
}

void conflict_print_access(FILE *out, const struct record *record, struct symbols *symbols) {
    const struct verdict *verdict = &record->verdict;
    char where[128];
    phrase_site(symbols, verdict->other_site, where, sizeof where);
    fprintf(out,
            "  against %s, thread %" PRIu32 " of %s, %" PRIu64 " events before\n",
            where,
            verdict->other,
            phrase_node(record, verdict->node),
            verdict->step - verdict->other_step);
}

/* "unlock #3 at queue.c:20" */
static void last_print(const struct record *record,
                       struct symbols *symbols,
                       const struct last *last,
                       char *text,
                       size_t size) {
    char what[64];
    char where[128];
    if (last->event == NULL) {
        snprintf(text, size, "none");
        return;
    }
    phrase_step(record, last->event, what, sizeof what);
    phrase_site(symbols, last->site, where, sizeof where);
    snprintf(text, size, "%s at %s", what, where);
}

void conflict_print_remedy(FILE *out, const struct record *record, struct symbols *symbols) {
    const struct verdict *verdict = &record->verdict;
    char gave[200];
    char got[200];
    char text[800];
    const struct last gives = last_event(record, verdict->other, GIVES, verdict->other_step);
    const struct last gets = last_event(record, verdict->thread, GETS, 0);
    last_print(record, symbols, &gives, gave, sizeof gave);
    last_print(record, symbols, &gets, got, sizeof got);
    snprintf(text,
             sizeof text,
             "Nothing that thread %" PRIu32 " gave to others after its access (last: %s) came to "
             "thread %" PRIu32 " before its own (last it got: %s). One mutex around both would "
             "order them; so would a release store after the one, read by an acquire load before "
             "the other.",
             verdict->other,
             gave,
             verdict->thread,
             got);
    fprintf(out, "\n");
    phrase_fold(out, "", text);
}
