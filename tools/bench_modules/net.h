/* How many messages one run of bench_modules/net.c is about: its programs and who measures them
 * must agree.
 *
 * Memory:      none.
 */
#ifndef TOOLS_BENCH_MODULES_NET_H
#define TOOLS_BENCH_MODULES_NET_H

#define NET_MESSAGES 40960u /* in all; a multiple of every number of nodes */

#endif
