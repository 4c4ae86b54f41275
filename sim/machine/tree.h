/* The files of each node as its programs see them: the host's, and over them what the run did.
 *
 *   folder ─┬─ entry "a" ─► inode    made, renamed or looked at in this run
 *           ├─ entry "b" ─► 0        removed: hides the host's "b"
 *           └─ no entry  ─► the host is asked, below the folder's path there
 *
 * An inode keeps its path on the host when it is renamed, so folders of the host can be renamed as
 * well. A node's tree begins as the host's without /proc, /sys and all of /dev but the devices that
 * are simulated; and with an empty folder of its own, in which its programs begin.
 *
 * Memory:      inodes, entries and names of our own, forgotten when a run begins.
 * Limits:      TREE_INODES_MAX, TREE_ENTRIES_MAX, TREE_TEXT_SIZE: VERDICT_LIMIT.
 * Units:       bytes; virtual time.
 * Errors:      negative errno values.
 * Threads:     simulated threads; all calls concern the running thread's node.
 * Determinism: a number (st_ino) is counted, or a hash of the path on the host; no time, owner or
 *              count of links of the host is told. What its files hold is part of the scenario.
 */
#ifndef SIM_MACHINE_TREE_H
#define SIM_MACHINE_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "sim/machine/host.h"

#define TREE_INODES_MAX (1u << 20)
#define TREE_ENTRIES_MAX (1u << 20)
#define TREE_TEXT_SIZE (UINT64_C(1) << 30)

enum tree_device { TREE_NO_DEVICE, TREE_NULL, TREE_ZERO, TREE_FULL, TREE_RANDOM };
enum tree_time { TREE_ACCESSED, TREE_CHANGED, TREE_STATUS_CHANGED, TREE_TIMES };

struct tree_inode {
    uint32_t link; /* of the list of free ones */
    uint32_t mode; /* kind and permissions */
    uint64_t number;
    uint64_t size;
    struct timespec times[TREE_TIMES];
    const char *host;     /* path on the host, NULL = none */
    const char *target;   /* of a symbolic link; of a socket the name it is bound to */
    uint32_t names;       /* entries that lead here */
    uint32_t holds;       /* open files, working directories, folders inside */
    uint32_t contents;    /* of these, open files that read or write */
    uint32_t parent;      /* of a folder */
    uint32_t entry;       /* of a folder: its one name */
    uint32_t entry_first; /* of a folder: what is in it */
    uint32_t unsynced;  /* its newest change that does not last (sim/machine/durable.h), 0 = none */
    int32_t descriptor; /* of the host, -1 = none */
    uint32_t lock_shared;  /* flock(): how many open files share it */
    uint32_t lock_alone;   /* flock(): the open file that has it alone, 0 = none */
    uint8_t device;        /* enum tree_device */
    bool written;          /* `descriptor` is of sim/machine/storage.h */
    bool mapped;           /* its memory is the program's until the run ends */
    bool unnamed_for_good; /* O_TMPFILE with O_EXCL */
};

/* Once. */
void tree_open(void);

/* Before a run. */
void tree_begin(void);

/* A node crashed: its programs begin where they began. */
void tree_node_begin(uint32_t node);

/* Folders of the running node. */
uint32_t tree_root(void);
uint32_t tree_folder(void);
void tree_folder_set(uint32_t folder);

struct tree_inode *tree_at(uint32_t inode);

static inline bool tree_is(uint32_t inode, uint32_t kind) {
    return (tree_at(inode)->mode & S_IFMT) == kind;
}

/* What a name in a folder leads to, 0 = nothing; or what the host refuses with. */
int64_t tree_find(uint32_t folder, const char *name, uint32_t length, uint32_t *inode);

/* A new inode without a name. */
uint32_t tree_create(uint32_t mode);

/* Gives an inode a name that leads nowhere yet; takes one away. */
void tree_add(uint32_t folder, const char *name, uint32_t length, uint32_t inode);
void tree_remove(uint32_t folder, const char *name, uint32_t length);

/* An inode without names and holds is gone. */
void tree_hold(uint32_t inode);
void tree_drop(uint32_t inode);

/* Calls `visit` for each name in a folder, in no particular order. 0, or what the host says. */
int64_t tree_each(uint32_t folder,
                  void (*visit)(void *context, const struct host_name *name),
                  void *context);

/* Sets these times (bits by enum tree_time) to now. */
void tree_touch(uint32_t inode, unsigned times);

/* Writes the path of a folder. Its length with the NUL, -ENOENT when it was removed, -ERANGE. */
int64_t tree_path(uint32_t folder, char *path, uint64_t size);

/* A copy that lasts until the run ends. */
const char *tree_text(const char *text, uint32_t length);

#endif
