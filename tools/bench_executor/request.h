/* The command line that bench_executor and its peers share.
 *
 * Errors: said on stderr, in one sentence that says what to do.
 */
#ifndef TOOLS_BENCH_EXECUTOR_REQUEST_H
#define TOOLS_BENCH_EXECUTOR_REQUEST_H

#include "tools/bench_executor/row.h"

#ifdef __cplusplus
extern "C" {
#endif

#define REQUEST_FAILED 1
#define REQUEST_USAGE 2
#define REQUEST_NOTHING 3 /* what was asked for was skipped */

/* True when there is something to run, else the exit code is in *status. */
bool request_parse(int argc, char **argv, struct row_request *request, int *status);

/* What a peer's main() is: parses, runs its rows under names that begin with `prefix`, and returns
 * the exit code. */
int request_serve(int argc, char **argv, const char *prefix, const struct row *rows, size_t count);

/* Complains that nothing has the name that was asked for; returns the exit code. */
int request_unknown(const struct row_request *request);

#ifdef __cplusplus
}
#endif

#endif
