/* What a step costs at the least on this machine: the floor that our own figures stand on.
 *
 * Memory:      two stacks and two TLS blocks, kept.
 * Units:       nanoseconds of process CPU time per step; negative when this machine cannot do it.
 * Threads:     the process's first thread only.
 */
#ifndef TOOLS_BENCH_LIMIT_H
#define TOOLS_BENCH_LIMIT_H

/* A bare switch between two contexts, no fs base. */
double bench_limit_switch_ns(void);

/* Pick from two, switch, fs base, event, hash in blocks: no machine around it. */
double bench_limit_tls_step_ns(void);

/* CPU time of this process in nanoseconds. */
double bench_cpu_ns(void);

#endif
