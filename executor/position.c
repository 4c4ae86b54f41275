#include <ex/position.h>

/* Of every library that is loaded; for executor/gdb.py too. */
struct ex_position_range *ex_position_ranges;

void ex_position_register(struct ex_position_range *range) {
    EX_ASSERT(range->begin < range->end);

    range->next = ex_position_ranges;
    ex_position_ranges = range;
}

const struct ex_position *
ex_position_find(int64_t (*resume)(struct ex_frame *, struct ex_strand *, int64_t), uint64_t at) {
    for (const struct ex_position_range *range = ex_position_ranges; range != NULL;
         range = range->next) {
        for (const struct ex_position *entry = range->begin; entry < range->end; entry++) {
            if (EX_AT_WORD(entry->line) == at && entry->function->resume == resume) {
                return entry;
            }
        }
    }
    return NULL;
}
