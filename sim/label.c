#include "sim/label.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sim/hash.h"
#include "sim/panic.h"
#include "sim/random.h"

_Static_assert((LABELS_MAX & (LABELS_MAX - 1)) == 0, "a slot is the end of a key");
_Static_assert(sizeof(struct label) == 64, "a line of the cache");

int64_t label_number(const char *text) {
    const struct hash hash = hash_bytes(text, strlen(text));
    int64_t number;
    memcpy(&number, hash.bytes, sizeof number);
    return number & INT64_MAX;
}

static uint64_t key_of(int64_t number, uint32_t node) {
    return random_mix((uint64_t)number, node) | 1;
}

/* Where the key stands, or may be put. */
static uint32_t slot_of(const struct labels *labels, uint64_t key) {
    uint32_t slot = (uint32_t)(key >> 32) % LABELS_MAX;
    ASSERT(key != 0);
    while (labels->all[slot].key != key && labels->all[slot].key != 0) {
        slot = (slot + 1) % LABELS_MAX;
    }
    return slot;
}

/* LABELS_MAX when there is no room. */
static uint32_t add(struct labels *labels, uint64_t key, uint32_t node, const char *text) {
    const uint32_t slot = slot_of(labels, key);
    struct label *label = &labels->all[slot];
    if (label->key == 0) {
        if (labels->count == LABELS_USED_MAX) {
            return LABELS_MAX;
        }
        labels->count++;
        label->node = node;
        snprintf(label->text, sizeof label->text, "%s", text);
        label->key = key;
    }
    return slot;
}

uint32_t label_add(struct labels *labels, const char *text) {
    const uint32_t slot = add(labels, key_of(label_number(text), 0), 0, text);
    return slot == LABELS_MAX ? 0 : slot + 1;
}

const char *label_text(const struct labels *labels, uint32_t label) {
    ASSERT(label >= 1 && label <= LABELS_MAX);
    return labels->all[label - 1].text;
}

void label_mark(struct labels *labels, uint32_t node, int64_t number, const char *text) {
    (void)add(labels, key_of(number, node), node, text);
}

const char *label_of_mark(const struct labels *labels, uint32_t node, int64_t number) {
    const struct label *label = &labels->all[slot_of(labels, key_of(number, node))];
    return label->key == 0 ? NULL : label->text;
}
