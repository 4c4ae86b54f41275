#include "sim/machine/hooks_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/machine/content.h"
#include "sim/machine/hook.h"
#include "sim/machine/hooks_mishap.h"
#include "sim/machine/image.h"
#include "sim/machine/real_file.h"
#include "sim/panic.h"

#define MAP_BASE UINT64_C(0x300000000000)
#define MAP_END UINT64_C(0x310000000000)
#define HEAP_BASE UINT64_C(0x200000000000) /* the heap's zones: see heap.c */
#define HEAP_END UINT64_C(0x280000000000)
#define PAGE_SIZE UINT64_C(4096)
#define PROTECTIONS_MAX 65536u

#define FLAGS_KNOWN                                                                                \
    (MAP_PRIVATE | MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_NORESERVE |  \
     MAP_STACK | MAP_POPULATE | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_LOCKED | MAP_NONBLOCK)

static uint64_t next = MAP_BASE;
static struct {
    uint64_t start, size;
} protections[PROTECTIONS_MAX]; /* of heap pages, to be undone */
static uint32_t protection_count;

void hooks_map_reset(void) {
    for (uint32_t i = 0; i < protection_count; i++) {
        real_protect((void *)protections[i].start, protections[i].size, PROT_READ | PROT_WRITE);
    }
    protection_count = 0;
    if (next != MAP_BASE) {
        const long result = real_call3(SYS_munmap, (long)MAP_BASE, (long)(next - MAP_BASE), 0);
        ASSERT(result == 0);
        next = MAP_BASE;
    }
}

static uint64_t round_up(uint64_t size) {
    return (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

/* True for a range that the program mapped (or unmapped again) in this run. */
static bool is_own(uint64_t start, uint64_t size) {
    return start >= MAP_BASE && start <= next && size <= next - start;
}

/* Address space for a new mapping, 0 = none left. */
static uint64_t take(uint64_t size) {
    if (size > MAP_END - next) {
        return 0;
    }
    const uint64_t start = next;
    next += size;
    return start;
}

/* The host's descriptor for a mapping of a file, -1 for a device of zeros. */
static int64_t file_descriptor(int number, uint64_t offset, uint64_t size, bool shared_write) {
    const uint32_t file = descriptor_file(hook_descriptors(), number);
    uint32_t inode = 0;
    const int64_t refusal = real_file_use(number, -ENODEV, &inode);
    if (refusal != 0) {
        return refusal;
    }
    const uint32_t access = file_at(hook_kernel()->files, file)->status & O_ACCMODE;
    if (access == O_WRONLY || (shared_write && access != O_RDWR)) {
        return -EACCES;
    }
    if (tree_at(inode)->device == TREE_ZERO) {
        return -1;
    }
    if (offset % PAGE_SIZE != 0) {
        return -EINVAL;
    }
    return tree_is(inode, S_IFREG) ? content_map(inode, offset, size, shared_write) : -ENODEV;
}

static long map(uint64_t address,
                uint64_t size,
                int protection,
                int flags,
                int descriptor,
                int64_t offset,
                const void *site) {
    if ((flags & ~FLAGS_KNOWN) != 0) {
        hook_escape(site, "mmap() with flags %#x", (unsigned)flags);
    }
    const bool anonymous = (flags & MAP_ANONYMOUS) != 0;
    /* MAP_SHARED_VALIDATE is both bits: a shared one whose flags are looked at, as all are here.
     * For memory of nobody's file Linux knows MAP_SHARED and MAP_PRIVATE alone. */
    const int type = flags & MAP_TYPE;
    const bool shared = type == MAP_SHARED || (type == MAP_SHARED_VALIDATE && !anonymous);
    if (size == 0 || size > MAP_END || (!shared && type != MAP_PRIVATE)) {
        return size > MAP_END ? -ENOMEM : -EINVAL;
    }
    int64_t real = -1;
    if (!anonymous) {
        const bool writes = shared && (protection & PROT_WRITE) != 0;
        real = file_descriptor(descriptor, (uint64_t)offset, size, writes);
        if (real < -1) {
            return real;
        }
        flags |= real == -1 ? MAP_ANONYMOUS : 0;
    }
    size = round_up(size);
    uint64_t start = address;
    if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == 0) {
        start = take(size);
    } else if (!is_own(address, size) || (flags & MAP_FIXED_NOREPLACE) != 0) {
        hook_escape(site, "mmap() at a fixed address");
    }
    if (start == 0) {
        return -ENOMEM;
    }
    const int kept = MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    return real_call6(SYS_mmap,
                      (long)start,
                      (long)size,
                      protection,
                      (flags & kept) | MAP_FIXED | (shared && real >= 0 ? MAP_SHARED : MAP_PRIVATE),
                      real,
                      offset);
}

static void *result_of(long result) {
    if (result < 0 && result > -4096) {
        errno = (int)-result;
        return MAP_FAILED;
    }
    return (void *)result;
}

HOOK void *
mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset) {
    if (!hook_simulated()) {
        return result_of(
            real_call6(SYS_mmap, (long)address, (long)size, protection, flags, descriptor, offset));
    }
    const int64_t failed = hooks_mishap(MISHAP_MAP, HOOK_SITE);
    if (failed != 0) {
        return result_of((long)failed);
    }
    return result_of(
        map((uint64_t)address, size, protection, flags, descriptor, offset, HOOK_SITE));
}

HOOK void *
mmap64(void *address, size_t size, int protection, int flags, int descriptor, off64_t offset) {
    return mmap(address, size, protection, flags, descriptor, offset);
}

HOOK int munmap(void *address, size_t size) {
    if (!hook_simulated()) {
        return hook_result(real_call3(SYS_munmap, (long)address, (long)size, 0));
    }
    if ((uint64_t)address % PAGE_SIZE != 0 || size == 0) {
        return hook_result(-EINVAL);
    }
    if (!is_own((uint64_t)address, size)) {
        hook_escape(HOOK_SITE, "munmap() of what the run has not mapped");
    }
    return hook_result(real_call3(SYS_munmap, (long)address, (long)round_up(size), 0));
}

HOOK int mprotect(void *address, size_t size, int protection) {
    if (!hook_simulated()) {
        return hook_result(real_call3(SYS_mprotect, (long)address, (long)size, protection));
    }
    const uint64_t start = (uint64_t)address;
    if (start % PAGE_SIZE != 0) {
        return hook_result(-EINVAL);
    }
    size = round_up(size);
    if (!is_own(start, size)) {
        if (start < HEAP_BASE || start >= HEAP_END || size > HEAP_END - start) {
            hook_escape(HOOK_SITE, "mprotect() of what the run has not mapped");
        }
        if (protection_count == PROTECTIONS_MAX) {
            return hook_result(-ENOMEM);
        }
        image_prepare(address, size); /* its content is kept before it changes hands */
        protections[protection_count].start = start;
        protections[protection_count++].size = size;
    }
    return hook_result(real_call3(SYS_mprotect, (long)address, (long)size, protection));
}

HOOK void *mremap(void *address, size_t old_size, size_t size, int flags, ...) {
    const uint64_t start = (uint64_t)address;
    if (!hook_simulated()) {
        va_list list;
        va_start(list, flags);
        void *wanted = (flags & MREMAP_FIXED) != 0 ? va_arg(list, void *) : NULL;
        va_end(list);
        return result_of(real_call6(SYS_mremap,
                                    (long)start,
                                    (long)old_size,
                                    (long)size,
                                    flags,
                                    (long)wanted,
                                    0));
    }
    if ((flags & ~MREMAP_MAYMOVE) != 0) {
        hook_escape(HOOK_SITE, "mremap() with flags %#x", (unsigned)flags);
    }
    if (!is_own(start, old_size)) {
        hook_escape(HOOK_SITE, "mremap() of what the run has not mapped");
    }
    if (size == 0 || old_size == 0) {
        return result_of(-EINVAL);
    }
    if (round_up(size) <= round_up(old_size)) {
        return result_of(real_call6(SYS_mremap, (long)start, (long)old_size, (long)size, 0, 0, 0));
    }
    const uint64_t to = (flags & MREMAP_MAYMOVE) != 0 ? take(round_up(size)) : 0;
    if (to == 0) {
        return result_of(-ENOMEM);
    }
    return result_of(real_call6(SYS_mremap,
                                (long)start,
                                (long)old_size,
                                (long)size,
                                MREMAP_MAYMOVE | MREMAP_FIXED,
                                (long)to,
                                0));
}

HOOK int brk(void *address) {
    if (!hook_simulated()) {
        return REAL(brk)(address);
    }
    hook_escape(HOOK_SITE, "brk()");
}

HOOK void *sbrk(intptr_t change) {
    if (!hook_simulated()) {
        return REAL(sbrk)(change);
    }
    hook_escape(HOOK_SITE, "sbrk()");
}
