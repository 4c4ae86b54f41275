#include "sim/machine/heap.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "sim/machine/real.h"
#include "sim/panic.h"

#define ZONE_SIZE (UINT64_C(64) << 30)
#define KEEP_TOUCHED (UINT64_C(256) << 10) /* beyond it a reset gives pages back */

#define SMALL_STEP 16u
#define SMALL_CLASSES 64u /* 16, 32 … 1024 */
#define CLASS_COUNT 192u
/* The class of a header that stands before an aligned payload, inside of a block. */
#define ALIGNED_CLASS 0xffffu

#define STATE_LIVE 0x6c697665u
#define STATE_FREE 0x66726565u

struct block {
    uint32_t class;
    uint32_t state;
    uint64_t offset; /* ALIGNED_CLASS: from the payload of the block to this one's; else its mark */
};

_Static_assert(sizeof(struct block) == 16, "payloads stay aligned to 16");
_Static_assert(ZONE_SIZE <= HEAP_ZONE_STRIDE, "no zone reaches into the next");

/* At the start of its own zone, so that tracking the zone restores it too. */
struct zone {
    uintptr_t next; /* first byte never given out */
    uintptr_t end;
    struct block *free[CLASS_COUNT]; /* the payload's first word links them */
};

static struct zone *zones[HEAP_ZONE_COUNT];
static enum heap_zone zone_current = HEAP_PERSISTENT;
static unsigned char fill_byte;
static uint64_t run_limit = ZONE_SIZE;
static heap_misuse *misuse;

static struct zone *zone_open(enum heap_zone which) {
    void *base = real_map((void *)(uintptr_t)(HEAP_BASE + HEAP_ZONE_STRIDE * which),
                          ZONE_SIZE,
                          PROT_READ | PROT_WRITE);
    ASSERT(base != NULL);
    struct zone *zone = base;
    zone->next = (uintptr_t)base + ((sizeof(struct zone) + 63) & ~(uintptr_t)63);
    zone->end = (uintptr_t)base + ZONE_SIZE;
    zones[which] = zone;
    return zone;
}

static struct zone *zone_now(void) {
    struct zone *zone = zones[zone_current];
    return zone != NULL ? zone : zone_open(zone_current);
}

static struct zone *zone_of(const void *pointer) {
    const uint64_t which = ((uintptr_t)pointer - HEAP_BASE) / HEAP_ZONE_STRIDE;
    if ((uintptr_t)pointer < HEAP_BASE || which >= HEAP_ZONE_COUNT || zones[which] == NULL ||
        (uintptr_t)pointer >= zones[which]->next) {
        return NULL;
    }
    return zones[which];
}

bool heap_in_run(void) {
    return zone_current == HEAP_RUN;
}

enum heap_zone heap_enter(enum heap_zone zone) {
    const enum heap_zone before = zone_current;
    zone_current = zone;
    return before;
}

void heap_set_misuse(heap_misuse *function) {
    misuse = function;
}

void heap_set_limit(uint64_t bytes) {
    run_limit = bytes < ZONE_SIZE ? bytes : ZONE_SIZE;
}

void heap_set_fill(unsigned char fill) {
    fill_byte = fill;
}

static uint32_t class_of(size_t size) {
    if (size <= SMALL_STEP * SMALL_CLASSES) {
        return size == 0 ? 0 : (uint32_t)((size - 1) / SMALL_STEP);
    }
    const unsigned log = 63u - (unsigned)__builtin_clzl(size - 1); /* 2^log < size <= 2^(log+1) */
    const unsigned quarter = (unsigned)(((size - 1) >> (log - 2)) & 3);
    return SMALL_CLASSES + (log - 10) * 4 + quarter;
}

static size_t class_size(uint32_t class) {
    if (class < SMALL_CLASSES) {
        return (size_t)(class + 1) * SMALL_STEP;
    }
    const uint32_t large = class - SMALL_CLASSES;
    return (size_t)(5 + large % 4) << (large / 4 + 8);
}

static struct block *block_of(const void *payload) {
    return (struct block *)((uintptr_t)payload - sizeof(struct block));
}

/* A free block keeps the next one of its class where its payload was. */
static struct block **link_of(struct block *block) {
    return (struct block **)(void *)(block + 1);
}

static struct block *carve(struct zone *zone, uint32_t class) {
    const size_t size = sizeof(struct block) + class_size(class);
    uint64_t room = zone->end - zone->next;
    if (zone == zones[HEAP_RUN]) {
        const uint64_t used = zone->next - (uintptr_t)zone;
        room = used < run_limit ? run_limit - used : 0;
    }
    if (size > room) {
        return NULL;
    }
    struct block *block = (struct block *)zone->next;
    zone->next += size;
    block->class = class;
    return block;
}

void *heap_take(size_t size) {
    if (size > ZONE_SIZE / 2) {
        return NULL;
    }
    struct zone *zone = zone_now();
    const uint32_t class = class_of(size);
    ASSERT(class < CLASS_COUNT);
    struct block *block = zone->free[class];
    if (block != NULL) {
        zone->free[class] = *link_of(block);
    } else {
        block = carve(zone, class);
        if (block == NULL) {
            return NULL;
        }
    }
    block->state = STATE_LIVE;
    if (fill_byte != 0 && zone == zones[HEAP_RUN]) {
        memset(block + 1, fill_byte, class_size(class));
    }
    return block + 1;
}

void *heap_take_aligned(size_t alignment, size_t size) {
    ASSERT(alignment != 0 && (alignment & (alignment - 1)) == 0);
    if (alignment <= 16) {
        return heap_take(size);
    }
    if (size > ZONE_SIZE / 4 || alignment > ZONE_SIZE / 4) {
        return NULL;
    }
    unsigned char *payload = heap_take(size + alignment + sizeof(struct block));
    if (payload == NULL || (uintptr_t)payload % alignment == 0) {
        return payload;
    }
    const uintptr_t aligned =
        ((uintptr_t)payload + sizeof(struct block) + alignment - 1) & ~(uintptr_t)(alignment - 1);
    struct block *marker = block_of((void *)aligned);
    marker->class = ALIGNED_CLASS;
    marker->state = STATE_LIVE;
    marker->offset = aligned - (uintptr_t)payload;
    return (void *)aligned;
}

/* The block that a payload pointer stands for, NULL when it stands for none that is alive. */
static struct block *living(const void *payload) {
    if ((uintptr_t)payload % 16 != 0 || zone_of(payload) == NULL) {
        return NULL;
    }
    struct block *block = block_of(payload);
    if (block->class == ALIGNED_CLASS && block->state == STATE_LIVE) {
        block = block_of((const unsigned char *)payload - block->offset);
    }
    return block->state == STATE_LIVE ? block : NULL;
}

void heap_give(void *payload) {
    if (payload == NULL) {
        return;
    }
    struct block *block = living(payload);
    if (block == NULL) {
        const bool ours = (uintptr_t)payload % 16 == 0 && zone_of(payload) != NULL;
        if (misuse != NULL) {
            misuse(ours && block_of(payload)->state == STATE_FREE
                       ? "free of a block that is free already"
                       : "free of a pointer that malloc did not return",
                   payload);
        }
        return;
    }
    struct zone *zone = zone_of(block);
    if (block + 1 != payload) {
        block_of(payload)->state = STATE_FREE;
    }
    block->state = STATE_FREE;
    *link_of(block) = zone->free[block->class];
    zone->free[block->class] = block;
}

size_t heap_usable(const void *payload) {
    const struct block *block = payload == NULL ? NULL : living(payload);
    if (block == NULL) {
        return 0;
    }
    return class_size(block->class) - ((uintptr_t)payload - (uintptr_t)(block + 1));
}

void *heap_resize(void *payload, size_t size) {
    if (payload == NULL) {
        return heap_take(size);
    }
    const size_t usable = heap_usable(payload);
    if (usable == 0) {
        heap_give(payload); /* reports the misuse */
        return NULL;
    }
    if (size <= usable && zone_of(payload) == zone_now() && usable / 4 <= size) {
        return payload;
    }
    void *fresh = heap_take(size);
    if (fresh != NULL) {
        memcpy(fresh, payload, size < usable ? size : usable);
        heap_give(payload);
    }
    return fresh;
}

void heap_mark(void *payload, uint32_t number) {
    block_of(payload)->offset = number;
}

uint32_t heap_marked(const void *payload) {
    const struct block *block = living(payload);
    return block == NULL || block != block_of(payload) ? 0 : (uint32_t)block->offset;
}

void heap_reset(void) {
    struct zone *zone = zones[HEAP_RUN];
    if (zone == NULL) {
        return;
    }
    uint64_t used = zone->next - (uintptr_t)zone;
    if (used > KEEP_TOUCHED) {
        const uintptr_t keep = (uintptr_t)zone + KEEP_TOUCHED;
        const long result = real_call3(SYS_madvise,
                                       (long)keep,
                                       (long)(used - KEEP_TOUCHED + 4095) & ~4095L,
                                       MADV_DONTNEED);
        ASSERT(result == 0);
        used = KEEP_TOUCHED;
    }
    const uintptr_t end = zone->end;
    memset(zone, 0, used);
    zone->next = (uintptr_t)zone + ((sizeof(struct zone) + 63) & ~(uintptr_t)63);
    zone->end = end;
}

void heap_persistent_range(uintptr_t *start, uintptr_t *end) {
    const enum heap_zone before = heap_enter(HEAP_PERSISTENT);
    const struct zone *zone = zone_now();
    heap_enter(before);
    *start = (uintptr_t)zone;
    *end = (zone->next + 4095) & ~(uintptr_t)4095;
}

uintptr_t heap_persistent_end(void) {
    uintptr_t start;
    uintptr_t end;
    heap_persistent_range(&start, &end);
    return zones[HEAP_PERSISTENT]->next;
}
