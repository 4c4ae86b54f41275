#include "sim/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/panic.h"

static const char *const names[VERDICT_KIND_COUNT] = {
    [VERDICT_NONE] = "none",
    [VERDICT_PASS] = "pass",
    [VERDICT_ASSERTION] = "assertion",
    [VERDICT_CRASH] = "crash",
    [VERDICT_DEADLOCK] = "deadlock",
    [VERDICT_NO_PROGRESS] = "no progress",
    [VERDICT_HANG] = "hang",
    [VERDICT_LIMIT] = "limit",
    [VERDICT_PROPERTY] = "property",
    [VERDICT_ESCAPE] = "escape",
    [VERDICT_LEAK] = "leak",
    [VERDICT_NONDETERMINISM] = "nondeterminism",
    [VERDICT_EXIT] = "exit",
    [VERDICT_DIVERGED] = "diverged",
    [VERDICT_RACE] = "race",
};

const char *verdict_name(enum verdict_kind kind) {
    ASSERT(kind < VERDICT_KIND_COUNT);
    return names[kind];
}

bool verdict_is_finding(const struct verdict *verdict) {
    return verdict->kind > VERDICT_PASS;
}

bool verdict_set(struct verdict *verdict, enum verdict_kind kind, const char *format, ...) {
    ASSERT(kind != VERDICT_NONE && kind < VERDICT_KIND_COUNT);
    if (verdict->kind != VERDICT_NONE) {
        return false;
    }
    const size_t size = strlen(format) + 1;
    if (size <= sizeof verdict->message && strchr(format, '%') == NULL) {
        memcpy(verdict->message, format, size); /* as most runs end, and printf takes its time */
    } else {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(verdict->message, sizeof verdict->message, format, arguments);
        va_end(arguments);
    }
    verdict->kind = kind;
    return true;
}
