/* 128-bit XXH3, whole and streamed: fingerprints, ids and signatures.
 *
 * Memory:      a hash_stream is the caller's and may lie in shared memory: another process of the
 *              same build may go on with it.
 * Errors:      none.
 * Threads:     a stream belongs to one thread at a time.
 * Determinism: the result is in canonical byte order, equal on every machine.
 * Source:      xxHash 0.8, XXH3_128bits (BSD licence, Debian's libxxhash-dev, header only).
 */
#ifndef SIM_HASH_H
#define SIM_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "sim/status.h"

#define HASH_SIZE 16
#define HASH_TEXT_SIZE (2 * HASH_SIZE + 1)
#define HASH_STREAM_SIZE 640 /* at least sizeof(XXH3_state_t); checked in hash.c */

/* 128 bits in canonical (big-endian) byte order. */
struct hash {
    uint8_t bytes[HASH_SIZE];
};

struct hash_stream {
    _Alignas(64) unsigned char opaque[HASH_STREAM_SIZE];
};

struct hash hash_bytes(const void *bytes, size_t size);

void hash_stream_init(struct hash_stream *stream);
void hash_stream_add(struct hash_stream *stream, const void *bytes, size_t size);

/* The hash of what was added so far; more may be added afterwards. */
struct hash hash_stream_value(const struct hash_stream *stream);

/* Lower-case hexadecimal, NUL terminated; text must hold HASH_TEXT_SIZE. */
void hash_print(const struct hash *hash, char *text);

/* Reads what hash_print wrote. STATUS_FORMAT when it is not 32 hexadecimal digits. */
MUST_USE enum status hash_parse(struct hash *hash, const char *text);

#endif
