#include "sim/strategy_moments.h"

#include "sim/panic.h"

void strategy_moments_begin(struct strategy_moments *moments,
                            uint32_t count,
                            uint64_t steps,
                            struct random *random) {
    ASSERT(count <= STRATEGY_MOMENTS_MAX);
    moments->count = count;
    moments->next = 0;
    moments->step = 0;
    const uint64_t bound = steps > 0 ? steps : 1;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t at = 1 + random_below(random, bound);
        uint32_t j = i;
        while (j > 0 && moments->at[j - 1] > at) {
            moments->at[j] = moments->at[j - 1];
            j--;
        }
        moments->at[j] = at;
    }
}
