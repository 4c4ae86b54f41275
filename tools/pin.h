/* Cases that are kept for good: pinned in the corpus, and as a text file for git.
 *
 *   sim corpus pin CASE ─► abba_bug-83db4e571b44.case ─► sim corpus merge FILE, on any machine
 *
 * Memory:      none after the call.
 * Errors:      an exit code of tools/exit.h, after a sentence on stderr.
 */
#ifndef TOOLS_PIN_H
#define TOOLS_PIN_H

#include "corpus/store.h"
#include "tools/options.h"

/* Pins the case whose id begins so, and writes its text into the current folder. A file of this
 * name that says something else is left alone. */
int pin_case(struct store *store, const struct options *options, const char *digits);

/* True when the file begins like a case's text. */
bool pin_is_text(const char *path);

/* Adds the case of a text file to the corpus, pinned. */
int pin_take(struct store *store, const struct options *options, const char *path);

/* What a merge says, of a text or of a whole corpus. */
void pin_merged_print(const struct options *options, uint64_t cases, uint64_t bugs);

#endif
