/* What is due when: every timer and every message on its way, in one hierarchical timing wheel.
 *
 *   agenda_insert(due) ──► wheel ──► agenda_pop(now): entries with due <= now, by (due, sequence)
 *
 *   level 0   64 slots, each a fixed span of virtual time; a slot is a list
 *   level k   64 slots, each 64 times as wide as a slot of level k-1; cascades down when reached
 *   far       beyond the top level
 *
 * Equal deadlines come out in the order of insertion: the sequence number is part of the order.
 * Entries are records in a pool and named by handles {index, generation} packed in 64 bits, so
 * that cancelling an entry that already fired is harmless.
 *
 * Memory:      records live in the array given to agenda_init; nothing is allocated later.
 * Limits:      capacity as given; agenda_insert returns 0 when full.
 * Units:       nanoseconds of virtual time.
 * Errors:      as said; misuse panics.
 * Threads:     the world's only.
 * Determinism: a function of the calls so far.
 * Source:      Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP 1987, scheme 7;
 *              differs in that a slot is sorted by (due, sequence) when it is reached, so that
 *              the order is exact and not by slot.
 */
#ifndef SIM_AGENDA_H
#define SIM_AGENDA_H

#include <stdbool.h>
#include <stdint.h>

#define AGENDA_NEVER UINT64_MAX

/* What an entry is for: which handler runs (an index the owner chose) and two words for it. */
struct agenda_item {
    uint64_t due_ns;
    uint64_t sequence; /* order of insertion, from 1 */
    uint32_t handler;
    uint32_t subject; /* e.g. a thread or a socket, by index */
    uint64_t value;
};

struct agenda;

/* Bytes that an agenda of this capacity needs, aligned to 64. */
uint64_t agenda_size(uint32_t capacity);

/* Makes an agenda in memory of agenda_size(capacity) bytes. The memory need not be zeroed and is
 * touched only as far as it is used. */
struct agenda *agenda_init(void *memory, uint32_t capacity);

/* Forgets everything and starts again at time 0, in time proportional to what was used since the
 * last reset (constant when nothing was). */
void agenda_reset(struct agenda *agenda);

/* Adds an entry; due may be in the past. Returns its handle (never 0), or 0 when full. */
uint64_t agenda_insert(struct agenda *agenda,
                       uint64_t due_ns,
                       uint32_t handler,
                       uint32_t subject,
                       uint64_t value);

/* Takes an entry out before it is popped. False when it was popped or cancelled before. */
bool agenda_cancel(struct agenda *agenda, uint64_t handle);

/* The earliest due time, AGENDA_NEVER when empty. Exact. O(1): kept up to date by the others. */
uint64_t agenda_next_ns(const struct agenda *agenda);

/* Removes the earliest entry if its time has come (due <= now). now must not decrease between
 * calls; a cancel or an insert may come between. */
bool agenda_pop(struct agenda *agenda, uint64_t now_ns, struct agenda_item *item);

uint32_t agenda_count(const struct agenda *agenda);

/* Asserts the invariants; for tests. */
void agenda_verify(const struct agenda *agenda);

#endif
