/* What is due when: every timer and every message on its way, in one hierarchical timing wheel.
 *
 *   agenda_insert(due) ──► wheel ──► agenda_pop(now): entries with due <= now, by (due, sequence)
 *
 *   level k   64 slots; a slot spans 64^k ns; an entry lies at the level of the highest 6-bit digit
 *             in which its due time differs from `elapsed`, in the slot of that digit
 *   overdue   entries that are due before `elapsed`, sorted
 *
 * When time reaches a slot of level k, its entries move to lower levels in their order. At any
 * moment the slot is a function of (due, elapsed), so equal deadlines always share one, in order
 * of insertion.
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
 *              differs in that levels follow from the digits of the due time (as in a radix heap),
 *              so that 11 levels of 64 slots hold every 64-bit time exactly.
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
    uint64_t handle;   /* what agenda_insert returned */
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

/* The earliest due time, AGENDA_NEVER when empty. Exact. O(1): kept up to date by the others,
 * which may have to look through one slot for it. */
uint64_t agenda_next_ns(const struct agenda *agenda);

/* Removes the earliest entry if its time has come (due <= now). now must not decrease between
 * calls; a cancel or an insert may come between. */
bool agenda_pop(struct agenda *agenda, uint64_t now_ns, struct agenda_item *item);

uint32_t agenda_count(const struct agenda *agenda);

/* Asserts the invariants; for tests. */
void agenda_verify(const struct agenda *agenda);

#endif
