/* Open files that have a name, as simulated programs see them.
 *
 *   number ─► file ─► real_file: position, lock ─► inode (sim/machine/tree.h) ─► its content
 *
 * /dev/null, zero, full, random and urandom are simulated. A program may do everything with its
 * files: permissions are kept and shown, never checked.
 *
 * Memory:      a table of open files.
 * Limits:      REAL_FILES_MAX open at once, then -ENFILE.
 * Errors:      negative errno values.
 * Threads:     simulated threads.
 * Determinism: what the host's files hold is part of the scenario.
 */
#ifndef SIM_MACHINE_REAL_FILE_H
#define SIM_MACHINE_REAL_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/file.h"
#include "sim/machine/walk.h"

#define REAL_FILES_MAX 65536u

/* Once, when the world is made. Registers FILE_REAL. */
void real_file_open_kind(void);

/* Before a run: closes what the run before left open. */
void real_file_begin(void);

/* openat() by the running node. */
struct real_file_open {
    int folder; /* a number or AT_FDCWD */
    int flags;
    const char *path;
    uint32_t mode;  /* of a new file, as far as the node's mask lets it */
    uint64_t limit; /* of numbers */
    const void *site;
};

/* A number. */
int64_t real_file_open(const struct real_file_open *open);

/* Where a path that a *at() call was given leads: walk() from the folder it begins in. */
int64_t real_file_walk(int folder, const char *path, unsigned flags, struct walk_place *place);

/* The same, for an inode that must be there. */
int64_t real_file_find(int folder, const char *path, unsigned flags, uint32_t *inode);

/* The inode of a file, 0 = it is none with a name. */
uint32_t real_file_inode(uint32_t file);

/* The same for calls that need more than O_PATH: 0 and the inode, -EBADF, or `other` when the file
 * is none with a name. */
int64_t real_file_use(int64_t number, int64_t other, uint32_t *inode);

/* pread() and pwrite() of any file; -ESPIPE where there is no position. */
int64_t
real_file_positioned(uint32_t file, const struct file_call *call, bool write, int64_t position);

/* lseek() of any file. */
int64_t real_file_seek(uint32_t file, int64_t offset, int whence);

/* Bytes from the position to the end; -ENOTTY for what is no regular file. */
int64_t real_file_readable(uint32_t file);

/* getdents64(). */
int64_t real_file_list(uint32_t file, void *records, uint64_t size);

/* flock() with LOCK_SH, LOCK_EX or LOCK_UN; -EWOULDBLOCK. */
int64_t real_file_lock(uint32_t file, int operation);

#endif
