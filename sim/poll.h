/* poll() and its kin: one thread that waits for one of many files, for once.
 *
 *   look at all ─► none ready: watch all, wait ─► told of one: look at all again
 *
 * As in Linux, numbers are looked up anew each time, while the files watched are held.
 *
 * Memory:      watches, for as long as the thread waits.
 * Errors:      negative errno values.
 * Threads:     the world's only.
 * Determinism: a function of the calls.
 */
#ifndef SIM_POLL_H
#define SIM_POLL_H

#include <poll.h>
#include <stdint.h>

#include "sim/readiness.h"

struct poll_wait_for {
    uint64_t deadline_ns;
    uint32_t always; /* POLLERR and POLLHUP are told unasked by poll(), and not by select() */
    const void *site;
};

/* How many entries have revents; 0 at the deadline; -EINTR. */
int64_t poll_wait(struct readiness *readiness,
                  struct pollfd *entries,
                  uint64_t count,
                  const struct poll_wait_for *what);

#endif
