/* The stored form of a run's choices: what differs from alternative 0, with its labels.
 *
 *   count, then per choice: at (as a difference), kind, ordinal, last, who, taken,
 *   site: an index into a table of names at the end ("function file:line")
 *
 * Integers are variable-length: seven bits a byte, low ones first, the high bit says that more
 * follow. Identities are eight bytes.
 *
 * Memory:      results are malloc'd; the caller frees them.
 * Limits:      RECORD_CHOICES_MAX choices.
 * Errors:      STATUS_FORMAT for what is not such a form, whatever the bytes.
 * Threads:     any.
 */
#ifndef TOOLS_CHOICE_CODE_H
#define TOOLS_CHOICE_CODE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/choices.h"
#include "sim/status.h"

/* Turns a site's address into a name for the table; text is CHOICE_CODE_NAME_SIZE long. */
typedef void choice_code_name(void *context, uint64_t site, char *text);

#define CHOICE_CODE_NAME_SIZE 160

MUST_USE enum status choice_code_write(const struct choice *choices,
                                       uint64_t count,
                                       choice_code_name *name,
                                       void *context,
                                       uint8_t **bytes,
                                       size_t *size);

/* Fills at most `capacity` choices; their `site` is the hash of its name. */
MUST_USE enum status choice_code_read(const uint8_t *bytes,
                                      size_t size,
                                      struct choice *choices,
                                      uint64_t capacity,
                                      uint64_t *count);

#endif
