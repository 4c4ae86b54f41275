/* What a description demands of the order of things: occasions and constraints are added here, and
 * said in words.
 *
 * Memory:      part of the description.
 * Limits:      OCCASIONS_MAX, CONSTRAINTS_MAX, CONSTRAINT_OCCASIONS_MAX.
 * Errors:      the first one stays in the description's `error`.
 * Threads:     no shared state.
 * Determinism: indices follow the order of the calls.
 */
#ifndef SIM_DEMAND_H
#define SIM_DEMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/constraint.h"
#include "sim/description.h"
#include "sim/occasion.h"

/* The index of this occasion, added unless it is there already; OCCASION_NONE with `error` set. */
uint32_t demand_occasion(struct description *description, const struct occasion *occasion);

/* NULL with `error` set. */
struct constraint *demand_constraint(struct description *description,
                                     enum constraint_kind kind,
                                     const uint32_t *occasions,
                                     uint32_t count);

/* "race(message 1 from server arrives at client, mark timeout of client)", cut to size. */
void demand_print(const struct description *description, uint32_t index, char *text, size_t size);

/* "partition of client and server", "EINTR of read() of server", cut to size; its length. */
size_t
demand_fault_name(const struct description *description, uint32_t index, char *text, size_t size);

/* Whether a fault may not come, though it is declared: partitions and resets at a time always do.
 */
bool demand_fault_told(const struct description *description, uint32_t index);

/* "partition of client and server when mark ready of client", "crash of server at time 5 ms", cut
 * to size; of one that is told. */
void demand_fault_print(const struct description *description,
                        uint32_t index,
                        char *text,
                        size_t size);

/* "a leader is there, after mark calm 1 of weather", cut to size; of a property that begins to
 * count with an occasion. */
void demand_after_print(const struct description *description,
                        uint32_t property,
                        char *text,
                        size_t size);

#endif
