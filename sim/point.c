#include "sim/point.h"

#include "sim/panic.h"

static const char *const names[POINT_KIND_COUNT] = {
#define POINT_WORD(kind, word) [POINT_##kind] = word,
    POINT_KINDS(POINT_WORD)
#undef POINT_WORD
};

const char *point_name(unsigned kind) {
    ASSERT(kind < POINT_KIND_COUNT);
    ASSERT(names[kind] != 0);
    return names[kind];
}
