#include "sim/level.h"

#include <string.h>

#include "sim/panic.h"

static const char *const names[LEVEL_COUNT] =
    {[LEVEL_CALLS] = "calls", [LEVEL_ATOMICS] = "atomics", [LEVEL_ACCESSES] = "accesses"};

const char *level_name(enum level level) {
    ASSERT(level > LEVEL_DEFAULT && level < LEVEL_COUNT);
    return names[level];
}

enum level level_find(const char *name) {
    unsigned level = LEVEL_CALLS;
    while (level < LEVEL_COUNT && strcmp(names[level], name) != 0) {
        level++;
    }
    return (enum level)level;
}
