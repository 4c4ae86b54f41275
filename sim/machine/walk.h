/* From a path to where it leads: one name after the other, through symbolic links.
 *
 * Memory:      the caller's place.
 * Limits:      PATH_MAX bytes of path, 40 symbolic links.
 * Errors:      negative errno values, as Linux gives them and in its order.
 * Threads:     simulated threads.
 * Determinism: a function of the tree.
 */
#ifndef SIM_MACHINE_WALK_H
#define SIM_MACHINE_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/machine/tree.h"

enum walk_flag {
    WALK_FOLLOW = 1, /* the last name may be a symbolic link */
    WALK_PARENT = 2, /* the last name's folder and name are wanted: nothing is asked of the inode */
    WALK_MAKE = 4,   /* the last name may be made as a file: it must be a plain one */
};

enum walk_kind { WALK_NAME, WALK_DOT, WALK_DOTS, WALK_ROOT };

struct walk_place {
    uint32_t folder;
    uint32_t inode; /* 0 = nothing there yet */
    uint8_t kind;   /* enum walk_kind: what the path ends with */
    bool slash;     /* more slashes follow */
    uint32_t length;
    char name[HOST_NAME_SIZE];
};

/* Fills the place; its inode may be 0 only with the last name. */
int64_t walk(uint32_t start, const char *path, unsigned flags, struct walk_place *place);

#endif
