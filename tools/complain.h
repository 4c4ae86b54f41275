/* How `sim` says that it cannot do what was asked: one sentence on stderr, and the exit code.
 *
 * Memory:      borrows everything.
 */
#ifndef TOOLS_COMPLAIN_H
#define TOOLS_COMPLAIN_H

#include "corpus/store.h"

/* Prints "sim: …" and a newline. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints what store_error says, after "sim: " and `before` (may be ""). Returns EXIT_USAGE where
 * another command line would help, EXIT_BROKEN where the system has to. */
int complain_store(const struct store *store, enum status status, const char *before);

#endif
