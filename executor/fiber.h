/* What a scheduler that a fiber runs asks of fibers; their users see ex/fiber.h.
 *
 * Threads: the calling one's.
 */
#ifndef EXECUTOR_FIBER_H
#define EXECUTOR_FIBER_H

#include <ex/fiber.h>

/* A scheduler is run on this stack from now on, whose tasks are none of the fiber that calls, if
 * one does: true then, and ex_fiber_unhide follows. */
bool ex_fiber_hide(void);
void ex_fiber_unhide(void);

#endif
