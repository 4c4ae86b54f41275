/* `sim corpus check`: is the corpus sound, and do its bugs still happen.
 *
 * Errors:      an exit code of tools/exit.h, after a sentence on stderr.
 */
#ifndef TOOLS_RECHECK_H
#define TOOLS_RECHECK_H

#include "tools/options.h"

/* Reads all of the corpus, then replays the shortest case of each bug and every case that is
 * pinned, and stores what came of it. EXIT_FOUND when a bug that was closed as fixed happens again.
 */
int recheck_corpus(const struct options *options);

#endif
