/* A barrier that costs only the one who executes it: every other thread of the process passes a
 * full memory barrier between two of its instructions.
 *
 * So one side of a Dekker pair (store mine, look at yours) may be plain code, if the other side
 * stores, executes this, and looks.
 *
 * Errors:  ex_asymmetric_prepare says whether the kernel can; else both sides must use
 *          sequentially consistent operations.
 * Threads: any.
 * Source:  membarrier(2), MEMBARRIER_CMD_PRIVATE_EXPEDITED.
 */
#ifndef EXECUTOR_ASYMMETRIC_H
#define EXECUTOR_ASYMMETRIC_H

#include <stdbool.h>

/* Once before the first barrier of a process; again is harmless. */
bool ex_asymmetric_prepare(void);

/* Only where prepare said true. */
void ex_asymmetric_barrier(void);

#endif
