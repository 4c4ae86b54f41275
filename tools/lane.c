#include "tools/lane.h"

#include <stdlib.h>

#include "tools/complain.h"
#include "tools/search.h"

#define SLICE_MS_FIRST 250 /* of one scenario, where there are several; twice as long each turn */
#define SLICE_MS_MAX 5000
#define ALONE_MS 500 /* of the only one: how far it came is told so often */

/* The first number of this lane that is not below `from`. */
static uint64_t first_number(uint64_t from, uint64_t offset, uint64_t stride) {
    if (from <= offset) {
        return offset;
    }
    return offset + (from - offset + stride - 1) / stride * stride;
}

static uint64_t lowest_next(const struct quarry *quarries, unsigned count) {
    uint64_t next = BOARD_DONE;
    for (unsigned i = 0; i < count; i++) {
        if (!quarries[i].done && quarries[i].next < next) {
            next = quarries[i].next;
        }
    }
    return next;
}

/* Every scenario has its turn until none is left. */
static int
take_turns(const struct hunt *hunt, struct quarry *quarries, unsigned count, uint32_t lane) {
    _Atomic uint64_t *next = &hunt->board->next[lane];
    int result = EXIT_CLEAN;
    uint64_t slice_ms = count == 1 ? ALONE_MS : SLICE_MS_FIRST;
    for (unsigned turn = 0; result == EXIT_CLEAN && !*hunt->stop; turn = (turn + 1) % count) {
        struct quarry *quarry = &quarries[turn];
        if (!quarry->done) {
            result = search_slice(quarry, quarry_now_ms() + slice_ms);
        }
        if (count > 1 || quarry->done || *hunt->stop || result != EXIT_CLEAN) {
            const int rested = search_rest(quarry);
            result = result == EXIT_CLEAN ? rested : result;
        }
        quarry->board->next[lane] = quarry->next;
        *next = lowest_next(quarries, count);
        if (*next == BOARD_DONE) {
            break;
        }
        if (count > 1 && turn == count - 1) {
            slice_ms = slice_ms < SLICE_MS_MAX / 2 ? 2 * slice_ms : SLICE_MS_MAX;
        }
    }
    return result;
}

int lane_run(const struct hunt *hunt, uint32_t lane, uint32_t lanes) {
    const struct options *options = hunt->options;
    const unsigned count = options->operand_count;
    const uint64_t stride = (uint64_t)lanes * options->shard_count;
    const uint64_t offset = (uint64_t)options->shard * lanes + lane;
    struct quarry *quarries = calloc(count, sizeof *quarries);
    if (quarries == NULL) {
        complain("there is no memory for %u scenarios; name fewer, or end other programs", count);
        return EXIT_BROKEN;
    }
    int result = EXIT_CLEAN;
    for (unsigned i = 0; i < count && result == EXIT_CLEAN; i++) {
        const uint64_t first = first_number(hunt->firsts[i], offset, stride);
        result = quarry_open(&quarries[i], hunt, i, first, stride);
        hunt->board->scenarios[i].next[lane] = first;
    }
    if (result == EXIT_CLEAN) {
        result = take_turns(hunt, quarries, count, lane);
    }
    free(quarries);
    return result;
}
