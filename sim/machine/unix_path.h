/* AF_UNIX sockets that are bound to a path: files of kind S_IFSOCK in the node's tree.
 *
 *   bind() ─► a name in a folder ─► inode ─► the name that the socket was bound to ─► sim/binding.h
 *   connect(), sendto(): the path is walked, whatever it was called when the socket was bound
 *
 * Memory:      the inode keeps the name.
 * Limits:      a node has one socket for each spelling of a path, also when they are of different
 *              folders.
 * Errors:      negative errno values.
 * Threads:     simulated threads.
 * Determinism: a function of the tree.
 */
#ifndef SIM_MACHINE_UNIX_PATH_H
#define SIM_MACHINE_UNIX_PATH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>

/* An address as a call gives it, and as the sockets know it. */
struct unix_path {
    const void *sockaddr;
    uint32_t size;
    struct sockaddr_un named;
};

/* bind() of an AF_UNIX socket to what is a path: -EADDRINUSE, -ENOENT … 1 when it is none. */
int64_t unix_path_bind(uint32_t index, const void *sockaddr, uint32_t size);

/* Whom connect() and sendto() mean: 0 and the address to go on with; -ECONNREFUSED, -ENOENT … */
int64_t
unix_path_find(uint32_t index, const void *sockaddr, uint32_t size, struct unix_path *found);

/* The inode of a socket has lost its last name. */
void unix_path_forget(uint32_t inode);

#endif
