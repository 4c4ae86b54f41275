/* A case as a text file, to be kept in git beside the code that it pins.
 *
 *   sim-case 1
 *   id 07d30a05d250b45d12eabe59879a36bb
 *   scenario bank
 *   …                          one field a line, all of them, in the order of the table in text.c
 *   choices 40                 their size; then 32 bytes a line, hexadecimal
 *   0100000000000000…
 *   end 68dbd984eda50c58357a8dea74cae629       the hash of everything above
 *
 * There is one text for a record and one record for a text. What was changed by hand, cut or merged
 * is refused, never guessed at.
 *
 * Memory:      both directions allocate for the caller.
 * Limits:      BLOB_SIZE_MAX bytes of choices.
 * Errors:      enum status; text_parse says which line, and what was expected there.
 * Threads:     any, no shared state.
 */
#ifndef CORPUS_TEXT_H
#define CORPUS_TEXT_H

#include <stddef.h>

#include "sim/case.h"

#define TEXT_VERSION 1
#define TEXT_ERROR_SIZE 256

/* One line without newline: "line 7: expected seed", for a message that names the file. */
struct text_error {
    unsigned line; /* from 1 */
    char what[TEXT_ERROR_SIZE];
};

/* Writes a sealed record. *text is NUL terminated and the caller's to free, NULL on errors.
 * STATUS_NO_MEMORY, STATUS_LIMIT. */
MUST_USE enum status text_print(const struct case_record *record, char **text, size_t *size);

/* Reads what text_print wrote. record->choices is allocated; case_deinit frees it. On errors the
 * record is empty: STATUS_FORMAT, STATUS_VERSION, STATUS_NO_MEMORY. */
MUST_USE enum status
text_parse(struct case_record *record, const char *text, size_t size, struct text_error *error);

#endif
