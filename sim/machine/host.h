/* The host's files, for reading only: what is under a path, what is in a folder.
 *
 * Memory:      the caller's.
 * Limits:      PATH_MAX, HOST_NAME_SIZE.
 * Errors:      negative errno values.
 * Threads:     simulated threads.
 * Determinism: a file's number is a hash of its path; the order of a folder is the host's, so the
 *              caller sorts.
 */
#ifndef SIM_MACHINE_HOST_H
#define SIM_MACHINE_HOST_H

#include <limits.h>
#include <stdint.h>

#define HOST_NAME_SIZE 256u

struct host_file {
    uint32_t mode;
    uint64_t number;
    uint64_t size;
    char path[PATH_MAX];
    char target[PATH_MAX]; /* of a symbolic link */
};

/* A name in a folder, as it is listed. */
struct host_name {
    const char *text;
    uint32_t length;
    uint32_t mode; /* its kind */
    uint64_t number;
};

/* What a name in a folder is. A folder's path has no slash at its end: that of the root is empty.
 * -ENOENT also for what a node has none of: /proc and /sys. */
int64_t host_look(const char *folder, const char *name, uint32_t length, struct host_file *file);

/* Calls `visit` for every name in a folder but "." and "..". */
int64_t host_each(const char *folder,
                  void (*visit)(void *context, const struct host_name *name),
                  void *context);

/* A descriptor for reading, REAL_DESCRIPTOR_FIRST or above. */
int64_t host_open(const char *path);

#endif
