#include "sim/place.h"

#include <stddef.h>

#include "sim/panic.h"

enum { LABEL_BITS = 13, LINE_BITS = 19, FILE_AT = LINE_BITS, NAME_AT = FILE_AT + LABEL_BITS };
enum { TASK_AT = NAME_AT + LABEL_BITS };

#define IS_PLACE (UINT64_C(1) << 63)
#define LABEL_MASK ((1u << LABEL_BITS) - 1)

_Static_assert(LABELS_MAX <= LABEL_MASK, "a label fits");
_Static_assert((PLACE_TASK_MAX + UINT64_C(1)) << TASK_AT == IS_PLACE, "a task fits");
_Static_assert(PLACE_LINE_MAX == (1u << LINE_BITS) - 1, "a line fits");

static uint64_t lesser(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

uint64_t place_site(struct labels *labels, const struct place *place) {
    ASSERT(place->file != NULL && place->name != NULL);
    const uint64_t file = label_add(labels, place->file);
    const uint64_t name = place->name[0] == '\0' ? 0 : label_add(labels, place->name);
    if (file == 0) {
        return 0;
    }
    return IS_PLACE | lesser(place->task, PLACE_TASK_MAX) << TASK_AT | name << NAME_AT |
           file << FILE_AT | lesser(place->line, PLACE_LINE_MAX);
}

bool place_read(const struct labels *labels, uint64_t site, struct place *place) {
    if ((site & IS_PLACE) == 0) {
        return false;
    }
    const uint32_t name = site >> NAME_AT & LABEL_MASK;
    place->file = label_text(labels, site >> FILE_AT & LABEL_MASK);
    place->name = name == 0 ? "" : label_text(labels, name);
    place->line = site & PLACE_LINE_MAX;
    place->task = place_task(site);
    return true;
}

uint32_t place_task(uint64_t site) {
    return (site & IS_PLACE) == 0 ? 0 : site >> TASK_AT & PLACE_TASK_MAX;
}
