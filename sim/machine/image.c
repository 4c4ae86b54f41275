#include "sim/machine/image.h"

#include <link.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/machine/loader.h"
#include "sim/machine/real.h"
#include "sim/panic.h"

#define PAGE_MASK (~(uintptr_t)(IMAGE_PAGE_SIZE - 1))

struct range {
    uintptr_t start, end;
    bool zero;
    bool watched; /* protected, or hot */
};

struct hot {
    unsigned char *page;
    unsigned char *kept; /* NULL = all zero */
};

static struct range ranges[IMAGE_RANGES_MAX]; /* sorted by start, disjoint */
static uint32_t range_count;
static struct hot *hot; /* in order of becoming hot */
static uint32_t hot_count;
static unsigned char *kept_next;

static void add(uintptr_t start, uintptr_t end, bool zero) {
    ASSERT(start < end && start % IMAGE_PAGE_SIZE == 0 && end % IMAGE_PAGE_SIZE == 0);
    ASSERT(range_count < IMAGE_RANGES_MAX);
    if (hot == NULL) {
        hot = real_map(NULL, sizeof(struct hot) * IMAGE_HOT_MAX, PROT_READ | PROT_WRITE);
        kept_next = real_map(NULL, (size_t)IMAGE_PAGE_SIZE * IMAGE_HOT_MAX, PROT_READ | PROT_WRITE);
        ASSERT(hot != NULL && kept_next != NULL);
    }
    uint32_t i = range_count++;
    while (i > 0 && ranges[i - 1].start > start) {
        ranges[i] = ranges[i - 1];
        i--;
    }
    ranges[i] = (struct range){.start = start, .end = end, .zero = zero};
}

static void watch(void) {
    for (uint32_t i = 0; i < range_count; i++) {
        struct range *range = &ranges[i];
        if (!range->watched) {
            range->watched = true;
            real_protect((void *)range->start, range->end - range->start, PROT_READ);
        }
    }
}

void image_track(uintptr_t start, uintptr_t end) {
    add(start, end, false);
    watch();
}

void image_track_zero(uintptr_t start, uintptr_t end) {
    add(start, end, true);
    watch();
}

struct except {
    const void *const *addresses;
    unsigned count;
};

static bool contains(const struct dl_phdr_info *info, const void *address) {
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (uintptr_t)address >= start &&
            (uintptr_t)address < start + info->dlpi_phdr[i].p_memsz) {
            return true;
        }
    }
    return false;
}

/* Pages that become read-only after relocation must not be made writable again by a fault. */
static uintptr_t relro_end(const struct dl_phdr_info *info, uintptr_t start) {
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const uintptr_t relro = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        if (info->dlpi_phdr[i].p_type == PT_GNU_RELRO && (relro & PAGE_MASK) == start) {
            return (relro + info->dlpi_phdr[i].p_memsz) & PAGE_MASK;
        }
    }
    return start;
}

/* The pages of a segment that the program can write; false when there are none. */
static bool
is_writable(const struct dl_phdr_info *info, unsigned i, uintptr_t *start, uintptr_t *end) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[i];
    if (header->p_type != PT_LOAD || (header->p_flags & PF_W) == 0) {
        return false;
    }
    *start = relro_end(info, (info->dlpi_addr + header->p_vaddr) & PAGE_MASK);
    *end = (info->dlpi_addr + header->p_vaddr + header->p_memsz + IMAGE_PAGE_SIZE - 1) & PAGE_MASK;
    return *start < *end;
}

static int track_one(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    const struct except *except = context;
    for (unsigned i = 0; i < except->count; i++) {
        if (contains(info, except->addresses[i])) {
            return 0;
        }
    }
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t start;
        uintptr_t end;
        if (is_writable(info, i, &start, &end)) {
            add(start, end, false);
        }
    }
    return 0;
}

/* ld.so holds a lock of its own during the walk. Its pages are protected after it only, or what is
 * kept of them would be the lock as held, and each reset would hold it again:
 *   1  the walk locks     2  the page is protected     3  the unlock faults: locked is kept
 *   4  a reset locks it   5  a program that walks, or unwinds, waits for ever */
void image_track_loaded(const void *const *addresses, unsigned count) {
    struct except except = {addresses, count};
    dl_iterate_phdr(track_one, &except);
    watch();
}

static const struct range *range_find(uintptr_t address) {
    uint32_t low = 0;
    uint32_t high = range_count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (address >= ranges[middle].end) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < range_count && address >= ranges[low].start ? &ranges[low] : NULL;
}

static bool is_hot(const unsigned char *page) {
    for (uint32_t i = hot_count; i > 0; i--) {
        if (hot[i - 1].page == page) {
            return true;
        }
    }
    return false;
}

bool image_fault(uintptr_t address) {
    const struct range *range = range_find(address);
    unsigned char *page = (unsigned char *)(address & PAGE_MASK);
    if (range == NULL || is_hot(page)) {
        return false;
    }
    ASSERT(hot_count < IMAGE_HOT_MAX);
    unsigned char *kept = NULL;
    if (!range->zero) {
        kept = kept_next;
        kept_next += IMAGE_PAGE_SIZE;
        memcpy(kept, page, IMAGE_PAGE_SIZE);
    }
    hot[hot_count++] = (struct hot){page, kept};
    real_protect(page, IMAGE_PAGE_SIZE, PROT_READ | PROT_WRITE);
    return true;
}

void image_prepare(void *bytes, size_t size) {
    if (size == 0) {
        return;
    }
    const uintptr_t end = (uintptr_t)bytes + size;
    for (uintptr_t page = (uintptr_t)bytes & PAGE_MASK; page < end; page += IMAGE_PAGE_SIZE) {
        image_fault(page);
    }
}

void image_reset(void) {
    for (uint32_t i = 0; i < hot_count; i++) {
        if (hot[i].kept != NULL) {
            memcpy(hot[i].page, hot[i].kept, IMAGE_PAGE_SIZE);
        } else {
            memset(hot[i].page, 0, IMAGE_PAGE_SIZE);
        }
    }
}

/* ---- of one node ---- */

struct kept {
    struct kept *next;
    uint32_t node;
    size_t size;
    unsigned char *at;
    unsigned char bytes[];
};

static struct kept *kept_first;

static void keep(uint32_t node, uintptr_t start, uintptr_t end) {
    const size_t size = end - start;
    struct kept *kept = real_map(NULL, sizeof *kept + size, PROT_READ | PROT_WRITE);
    ASSERT(kept != NULL);
    *kept =
        (struct kept){.next = kept_first, .node = node, .size = size, .at = (unsigned char *)start};
    memcpy(kept->bytes, kept->at, size);
    kept_first = kept;
}

static int keep_one(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    const uint32_t node = *(const uint32_t *)context;
    for (unsigned i = 0; i < info->dlpi_phnum && loader_node(info->dlpi_addr) == node; i++) {
        uintptr_t start;
        uintptr_t end;
        if (is_writable(info, i, &start, &end)) {
            keep(node, start, end);
        }
    }
    return 0;
}

void image_keep(uint32_t node, uintptr_t heap_start, uintptr_t heap_end) {
    dl_iterate_phdr(keep_one, &node);
    if (heap_start < heap_end) {
        keep(node, heap_start, heap_end);
    }
}

/* Piece by piece: a page that nobody has written to is not made hot. */
void image_bring_back(uint32_t node) {
    for (const struct kept *kept = kept_first; kept != NULL; kept = kept->next) {
        for (size_t at = 0; at < kept->size && kept->node == node; at += IMAGE_PAGE_SIZE) {
            const size_t left = kept->size - at;
            const size_t size = left < IMAGE_PAGE_SIZE ? left : IMAGE_PAGE_SIZE;
            if (memcmp(kept->at + at, kept->bytes + at, size) != 0) {
                memcpy(kept->at + at, kept->bytes + at, size);
            }
        }
    }
}
