/* What calls that change names in folders have in common: mkdir(), unlink(), rename() …
 *
 *   hooks_change_enter ─► point ─► the effect on the tree ─► hooks_change_leave: event, errno
 *
 * Memory:      none.
 * Errors:      negative errno values, in the order in which Linux finds them.
 * Threads:     simulated threads.
 * Determinism: a function of the tree.
 */
#ifndef SIM_MACHINE_HOOKS_CHANGE_H
#define SIM_MACHINE_HOOKS_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/machine/walk.h"

void hooks_change_enter(const void *site);
int hooks_change_leave(int64_t result, const void *site);

/* Where something new can go: -EEXIST, and -ENOENT for a slash after what is no folder. */
int64_t hooks_change_new(int folder, const char *path, bool is_folder, struct walk_place *place);

/* Gives the inode its name there. */
void hooks_change_add(const struct walk_place *place, uint32_t inode);

/* rmdir(). */
int64_t hooks_change_remove_folder(int folder, const char *path);

#endif
