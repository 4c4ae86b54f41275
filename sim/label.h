/* Texts that a worker has met, for whoever shows what happened: names of marks, of files, of tasks.
 *
 *   sim_mark("timeout") ─► label_mark ─► the event holds label_number("timeout")
 *   sim trace           ◄─ label_of_mark ◄─ that number, and the event's node
 *
 * An open table by hash, which is only added to, also from run to run: what stands in it decides
 * nothing, and nothing of it is in a fingerprint.
 *
 * Memory:      a struct labels lies in memory shared with the supervisor. All zero is empty.
 * Limits:      LABELS_USED_MAX texts, cut to LABEL_TEXT_SIZE; further ones have no label.
 * Errors:      0, or NULL, for what has none.
 * Threads:     the world's only; the supervisor reads when the worker stands still.
 * Determinism: for people only.
 */
#ifndef SIM_LABEL_H
#define SIM_LABEL_H

#include <stdint.h>

#define LABELS_MAX 4096u /* slots, a power of two */
#define LABELS_USED_MAX (LABELS_MAX / 4 * 3)
#define LABEL_TEXT_SIZE 52

struct label {
    uint64_t key;  /* 0 = free */
    uint32_t node; /* a mark's, 0 = it is none */
    char text[LABEL_TEXT_SIZE];
};

struct labels {
    uint64_t count;
    struct label all[LABELS_MAX];
};

/* A name in an event: equal in every build. Never negative. */
int64_t label_number(const char *text);

/* The label of a text, from 1 to LABELS_MAX; added unless it is there. */
uint32_t label_add(struct labels *labels, const char *text);
const char *label_text(const struct labels *labels, uint32_t label);

/* The same for a mark that a node came to; the number is label_number's. */
void label_mark(struct labels *labels, uint32_t node, int64_t number, const char *text);
const char *label_of_mark(const struct labels *labels, uint32_t node, int64_t number);

#endif
