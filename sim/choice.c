#include "sim/choice.h"

_Static_assert(sizeof(struct choice) == 40, "a choice has no padding");

static const char *const names[CHOICE_KIND_COUNT] = {
    [CHOICE_NONE] = "none",
    [CHOICE_SCHEDULE] = "schedule",
    [CHOICE_HOLD_MAIN] = "hold main",
    [CHOICE_SPURIOUS] = "spurious wake",
    [CHOICE_LATENCY] = "latency",
    [CHOICE_LOSS] = "loss",
    [CHOICE_DUPLICATE] = "duplicate",
    [CHOICE_SHORT] = "short transfer",
    [CHOICE_NUMBER] = "number",
    [CHOICE_PORT] = "port",
    [CHOICE_FAULT] = "fault",
    [CHOICE_RACE] = "race",
    [CHOICE_MAYBE] = "maybe",
    [CHOICE_ONE_OF] = "one of",
    [CHOICE_CLOCK] = "clock",
    [CHOICE_CLASS] = "fault class",
    [CHOICE_STALE] = "stale load",
};

const char *choice_name(unsigned kind) {
    return kind < CHOICE_KIND_COUNT ? names[kind] : "unknown";
}
