/* What is in a regular file: the host's bytes until the run first writes, then bytes of storage.
 *
 *   host ──read──► inode ──first opened for writing──► copied to storage ──► read and written there
 *
 * All open files of an inode see one content, also those opened before it was copied. A mapping
 * that was made of the host's bytes goes on showing those.
 *
 * Memory:      none beyond the inode's descriptor.
 * Limits:      CONTENT_SIZE_MAX, then -EFBIG.
 * Units:       bytes.
 * Errors:      negative errno values.
 * Threads:     simulated threads.
 * Determinism: a function of the calls and of what the host's files hold.
 */
#ifndef SIM_MACHINE_CONTENT_H
#define SIM_MACHINE_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/file.h"

#define CONTENT_SIZE_MAX (INT64_C(1) << 43)

/* One more open file reads it, or writes to it: 0, or why the host's cannot be read. */
int64_t content_open(uint32_t inode, bool write);
void content_close(uint32_t inode);

/* At most as many bytes as there are. */
int64_t content_read(uint32_t inode, const struct file_call *call, int64_t position);

/* All bytes. -EFBIG, -EFAULT. */
int64_t content_write(uint32_t inode, const struct file_call *call, int64_t position);

int64_t content_resize(uint32_t inode, int64_t size);

/* A descriptor of the host for a mapping; it stays the file's until the run ends. */
int content_map(uint32_t inode, uint64_t position, uint64_t size, bool write);

#endif
