/* What a loss of power leaves of the files that a node has changed, like ext4 with data=ordered and
 * without a cache that lies; and without what ext4 does for programs that forget to synchronise.
 *
 *   written, renamed …  ─► a change, put down with what it replaced
 *   fsync, O_SYNC …     ─► the changes that it makes last are forgotten
 *   crash               ─► the others are undone, the newest first: all ("synced"), or of each
 *                          file, and of the names, as many as the seed says ("torn")
 *
 *   what                          lasts after
 *   bytes and size of a file      fsync or fdatasync of it, a write with O_SYNC or O_DSYNC; sync
 *   a name, a removal, a rename   fsync of its folder, of either one of a rename; sync, syncfs
 *   a new name of a file          the same, and fsync of the file
 *
 * What lasts takes along what it stands on: of one name the changes before it, of a folder its own
 * name, of a folder's removal what emptied it; a rename lasts whole. So a file whose name lasts may
 * be empty, and one whose bytes last has a name.
 *
 *   torn: a write of many sectors, of which those in front have come to the disk
 *   before   |aaaaaaaa|aaaaaaaa|aaa        written  |bbbbbbbb|bbbbbbbb|bbbbb
 *   left     |bbbbbbbb|aaaaaaaa|aaa                  DURABLE_SECTOR
 *
 * What is written through a mapping, permissions and times last at once.
 *
 * Memory:      changes and replaced bytes of our own, forgotten when a run begins. A file that was
 *              removed is there until its removal lasts.
 * Limits:      DURABLE_CHANGES_MAX, DURABLE_BYTES_MAX: VERDICT_LIMIT.
 * Errors:      none.
 * Threads:     simulated threads; calls concern the running thread's node.
 * Determinism: how much is lost is a choice, one for each file in order of its first change that
 * did not last, and one for the names; alternative 0: nothing.
 */
#ifndef SIM_MACHINE_DURABLE_H
#define SIM_MACHINE_DURABLE_H

#include <stdbool.h>
#include <stdint.h>

#define DURABLE_SECTOR 512u
#define DURABLE_CHANGES_MAX (1u << 20)
#define DURABLE_BYTES_MAX (UINT64_C(1) << 30)

/* Once; and before a run. */
void durable_open(void);
void durable_begin(void);

/* Whether a crash may take something from the running node: else no call here does anything. */
bool durable_watches(void);

/* Bytes of a file are about to be written, in storage; its size is about to be another one. */
void durable_write(uint32_t inode, uint64_t position, uint64_t size);
void durable_resize(uint32_t inode, uint64_t size);

/* A name was given; is about to be taken away. */
void durable_name_added(uint32_t folder, const char *name, uint32_t length, uint32_t inode);
void durable_name_removed(uint32_t folder, const char *name, uint32_t length, uint32_t inode);

/* Names that are changed from here to there change together. */
void durable_together(bool begin);

/* What changed of a file or folder lasts; of all files of the node. */
void durable_sync(uint32_t inode);
void durable_sync_all(void);

/* A node has lost its power; enum description_files says what is left. Its files are closed. */
void durable_crash(uint32_t node, uint32_t files);

#endif
