/* Files of the host, as simulated programs see them: they may be read, never written.
 *
 *   /dev/null /dev/zero /dev/full /dev/random /dev/urandom   simulated
 *   /proc /sys and the rest of /dev                          a node has none: -ENOENT
 *   everything else                                          read from the host; a node's working
 *                                                            directory is /
 *
 * Memory:      a table of open files; the host's descriptors are REAL_FILE_FIRST and above.
 * Limits:      REAL_FILES_MAX open at once, then -ENFILE.
 * Errors:      negative errno values. What would write to the host escapes.
 * Threads:     simulated threads.
 * Determinism: what the host's files hold is part of the scenario.
 */
#ifndef SIM_MACHINE_REAL_FILE_H
#define SIM_MACHINE_REAL_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/file.h"

#define REAL_FILE_FIRST 1000
#define REAL_FILES_MAX 1024u

/* Once, when the world is made. Registers FILE_REAL. */
void real_file_open_kind(void);

/* Before a run: closes what the run before left open. */
void real_file_begin(void);

/* openat(): a number. `folder` is a number or AT_FDCWD. */
int64_t real_file_open(int folder, const char *path, int flags, uint64_t limit, const void *site);

/* pread() and pwrite() of any file; -ESPIPE where there is no position. */
int64_t
real_file_positioned(uint32_t file, const struct file_call *call, bool write, int64_t position);

/* lseek() of any file. */
int64_t real_file_seek(uint32_t file, int64_t offset, int whence);

/* The host's descriptor behind a file, -1 when it has none. */
int real_file_descriptor(uint32_t file);

/* The mode of a device that is simulated, 0 when the file is none. */
uint32_t real_file_device_mode(uint32_t file);

/* Where a path leads on the host: 0 and `folder_real`, `path_real` for a *at() call; -ENOENT for
 * what a node does not have; -EBADF, -ENOTDIR for a bad folder. */
int64_t real_file_path(int folder, const char *path, int *folder_real, const char **path_real);

#endif
