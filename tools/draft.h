/* A scenario file with orders that were added to it.
 *
 *   the file's own text
 *   order(message { from = "server", to = "client" }.arrives, mark("client", "timeout"))
 *
 * Memory:      the caller's; the text is allocated and freed by draft_deinit.
 * Errors:      false after a sentence on stderr.
 */
#ifndef TOOLS_DRAFT_H
#define TOOLS_DRAFT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/description.h"
#include "tools/sequence.h"

struct draft {
    char path[PATH_MAX]; /* what is written */
    const struct description *description;
    char *text; /* of the scenario file */
};

/* path: a file that does not exist yet. The description is borrowed. */
bool draft_init(struct draft *draft,
                const char *path,
                const char *original,
                const struct description *description);

/* Writes the file with those pairs whose bits are set; the comment stands before them. */
bool draft_write(const struct draft *draft,
                 const char *comment,
                 const struct sequence_pair *pairs,
                 uint32_t chosen);

/* Removes what was written, too, unless it is kept. */
void draft_deinit(struct draft *draft, bool keeps);

#endif
