#include "sim/hash.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sim/panic.h"

_Static_assert(sizeof(XXH3_state_t) <= HASH_STREAM_SIZE, "a stream holds the state of XXH3");

static struct hash canonical(XXH128_hash_t hash) {
    XXH128_canonical_t canon;
    XXH128_canonicalFromHash(&canon, hash);
    struct hash result;
    _Static_assert(sizeof canon.digest == sizeof result.bytes, "128 bits");
    memcpy(result.bytes, canon.digest, sizeof result.bytes);
    return result;
}

struct hash hash_bytes(const void *bytes, size_t size) {
    ASSERT(bytes != NULL || size == 0);
    return canonical(XXH3_128bits(bytes, size));
}

void hash_stream_init(struct hash_stream *stream) {
    XXH3_INITSTATE((XXH3_state_t *)(void *)stream->opaque);
    XXH3_128bits_reset((XXH3_state_t *)(void *)stream->opaque);
}

void hash_stream_add(struct hash_stream *stream, const void *bytes, size_t size) {
    ASSERT(bytes != NULL || size == 0);
    XXH3_128bits_update((XXH3_state_t *)(void *)stream->opaque, bytes, size);
}

struct hash hash_stream_value(const struct hash_stream *stream) {
    return canonical(XXH3_128bits_digest((const XXH3_state_t *)(const void *)stream->opaque));
}

void hash_print(const struct hash *hash, char *text) {
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < HASH_SIZE; i++) {
        text[2 * i] = digits[hash->bytes[i] >> 4];
        text[2 * i + 1] = digits[hash->bytes[i] & 15];
    }
    text[2 * HASH_SIZE] = '\0';
}

static int digit_value(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return -1;
}

enum status hash_parse(struct hash *hash, const char *text) {
    for (unsigned i = 0; i < HASH_SIZE; i++) {
        const int high = digit_value(text[2 * i]);
        const int low = high < 0 ? -1 : digit_value(text[2 * i + 1]);
        if (low < 0) {
            return STATUS_FORMAT;
        }
        hash->bytes[i] = (uint8_t)(high * 16 + low);
    }
    return text[2 * HASH_SIZE] == '\0' ? STATUS_OK : STATUS_FORMAT;
}
