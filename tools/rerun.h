/* A stored case run again in a fresh worker, and what came of it.
 *
 *   rerun_init ─► _load ─► _open ─► _go ─► _outcome ─► _keep ─► rerun_close
 *
 * Memory:      the caller's, with a worker and the case's choices until rerun_close.
 * Errors:      an exit code of tools/exit.h, after a sentence on stderr.
 */
#ifndef TOOLS_RERUN_H
#define TOOLS_RERUN_H

#include <limits.h>

#include "corpus/cases.h"
#include "corpus/outcome.h"
#include "tools/options.h"
#include "tools/runner.h"

struct rerun {
    struct cases_entry entry;
    char module[PATH_MAX];
    struct runner runner;
    struct hash build; /* of what runs; zero before rerun_open */
};

/* So that it may be closed, whatever comes of it. */
void rerun_init(struct rerun *rerun);

/* Takes the one case of the corpus whose id begins so. Close it all the same on errors. */
int rerun_load(struct rerun *rerun, const struct options *options, const char *digits);

/* Starts a worker that has all it needs to run the case once. */
int rerun_open(struct rerun *rerun, const struct options *options, const char *const *environment);

/* True when the worker did its part; else a sentence. */
bool rerun_go(struct rerun *rerun);

struct outcome rerun_outcome(const struct rerun *rerun);

/* Stores the outcome. A corpus that may not be written stays as it is, without a word. */
int rerun_keep(const struct options *options, const struct outcome *outcome);

void rerun_close(struct rerun *rerun);

#endif
