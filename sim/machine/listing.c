#include "sim/machine/listing.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/machine/hook.h"
#include "sim/machine/real.h"
#include "sim/machine/tree.h"
#include "sim/panic.h"

#define LISTING_SIZE (UINT64_C(1) << 26)
#define DOTS 2u

struct item {
    const char *text;
    uint64_t number;
    uint32_t length;
    uint32_t mode;
};

/* Items grow from the front of the mapping, their names from its end. */
struct listing {
    uint64_t count;
    char *names;
    struct item items[];
};

static void add(void *context, const struct host_name *name) {
    struct listing *listing = context;
    char *copy = listing->names - name->length - 1;
    if (copy < (const char *)&listing->items[listing->count + 1]) {
        world_fail(&machine.world, VERDICT_LIMIT, NULL, "a folder has too many names");
    }
    memcpy(copy, name->text, name->length);
    copy[name->length] = '\0';
    listing->names = copy;
    listing->items[listing->count++] = (struct item){copy, name->number, name->length, name->mode};
}

/* ---- order ---- */

static void sink(struct item *items, uint64_t from, uint64_t count) {
    const struct item moved = items[from];
    for (;;) {
        uint64_t child = 2 * from + 1;
        if (child + 1 < count && strcmp(items[child].text, items[child + 1].text) < 0) {
            child++;
        }
        if (child >= count || strcmp(items[child].text, moved.text) < 0) {
            break;
        }
        items[from] = items[child];
        from = child;
    }
    items[from] = moved;
}

/* A heap sort; no two names are equal. */
static void sort(struct item *items, uint64_t count) {
    for (uint64_t i = count / 2; i > 0; i--) {
        sink(items, i - 1, count);
    }
    for (uint64_t i = count; i > 1; i--) {
        const struct item last = items[i - 1];
        items[i - 1] = items[0];
        items[0] = last;
        sink(items, 0, i - 1);
    }
}

int64_t listing_create(uint32_t folder, struct listing **created) {
    struct listing *listing = real_map(NULL, LISTING_SIZE, PROT_READ | PROT_WRITE);
    ASSERT(listing != NULL);
    listing->names = (char *)listing + LISTING_SIZE;
    const uint32_t parent = tree_at(folder)->parent == 0 ? folder : tree_at(folder)->parent;
    add(listing, &(struct host_name){".", 1, S_IFDIR, tree_at(folder)->number});
    add(listing, &(struct host_name){"..", 2, S_IFDIR, tree_at(parent)->number});
    const int64_t result = tree_each(folder, add, listing);
    if (result < 0) {
        listing_destroy(listing);
        return result;
    }
    sort(listing->items + DOTS, listing->count - DOTS);
    *created = listing;
    return 0;
}

void listing_destroy(struct listing *listing) {
    const long result = real_call3(SYS_munmap, (long)listing, LISTING_SIZE, 0);
    ASSERT(result == 0);
}

int64_t listing_read(const struct listing *listing, int64_t *at, void *records, uint64_t size) {
    uint64_t used = 0;
    while (*at >= 0 && (uint64_t)*at < listing->count) {
        const struct item *item = &listing->items[*at];
        const uint64_t needed = (offsetof(struct dirent64, d_name) + item->length + 1 + 7) & ~7ull;
        if (needed > size - used) {
            return used == 0 ? -EINVAL : (int64_t)used;
        }
        struct dirent64 *record = (void *)((char *)records + used);
        record->d_ino = item->number;
        record->d_off = ++*at;
        record->d_reclen = (unsigned short)needed;
        record->d_type = IFTODT(item->mode);
        memcpy(record->d_name, item->text, item->length + 1);
        used += needed;
    }
    return (int64_t)used;
}
