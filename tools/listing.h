/* The verbs that only look: scenarios and the corpus.
 *
 * Errors:      an exit code of tools/exit.h, after a sentence on stderr.
 */
#ifndef TOOLS_LISTING_H
#define TOOLS_LISTING_H

#include "tools/options.h"

int listing_scenarios(const struct options *options);

/* `sim corpus list|show|check|merge|pin|close`. */
int listing_corpus(const struct options *options);

#endif
