/* Other runtimes, each a program of its own in bench_peers/ beside this one.
 *
 *   bench_executor --json
 *       bench_peers/bench_peer_tokio --json      prints its own lines
 *
 * A peer that is not there is skipped and said on stderr, with the packages that it needs.
 */
#ifndef TOOLS_BENCH_EXECUTOR_PEER_H
#define TOOLS_BENCH_EXECUTOR_PEER_H

#include "tools/bench_executor/row.h"

/* Runs the peers that the request is for, with the command line given. Returns how many there are,
 * installed or not, and puts an exit code in *status when one failed or the only one was skipped.
 */
unsigned peer_run(const struct row_request *request, char **argv, int *status);

#endif
