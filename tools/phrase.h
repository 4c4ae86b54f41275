/* Words of reports: where and who, what a step is, lines that fit.
 *
 * Memory:      the caller's; names that are returned borrow from the record.
 * Limits:      texts are cut to their size.
 */
#ifndef TOOLS_PHRASE_H
#define TOOLS_PHRASE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/machine/record.h"
#include "tools/symbols.h"

#define PHRASE_WIDTH 80
#define PHRASE_WHO_SIZE 80

/* Folds a text into lines of PHRASE_WIDTH, the later ones indented, after a word that stands there
 * already. */
void phrase_fold(FILE *out, const char *word, const char *text);

/* "file:line" of a place, or the function where there is no debug information; of a call. */
void phrase_place(const struct symbols_place *place, char *text, size_t size);
void phrase_site(struct symbols *symbols, uint64_t site, char *text, size_t size);

/* The name of a node, "world" for 0. */
const char *phrase_node(const struct record *record, uint32_t node);

/* "task 3 "clock"", or "thread 2". */
void phrase_who(const struct record *record,
                uint32_t thread,
                uint64_t site,
                char text[PHRASE_WHO_SIZE]);

/* The name of a mark that an event is of; NULL: it is of none. */
const char *phrase_mark(const struct record *record, const struct event *event);

/* The fault that begins or ends; false when the event is none. */
bool phrase_fault(const struct record *record, const struct event *event, char *text, size_t size);

/* What happens, and to what: "lock #3", "invoke write kv". */
void phrase_step(const struct record *record, const struct event *event, char *text, size_t size);

#endif
