#include "sim/machine/loader.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/panic.h"

#define TAG_LENGTH 3 /* characters of a name that tell nodes apart */
#define COPIES_MAX 4096
#define DESCRIPTOR_MIN 1000 /* real descriptors lie above what programs see */

struct library {
    char path[PATH_MAX];
    char soname[64];
    unsigned char *bytes; /* the file */
    size_t size;
    uint32_t needed_by; /* bits of modules */
};

static struct library libraries[LOADER_LIBRARIES_MAX]; /* needed ones before who needs them */
static unsigned library_count;

static struct copy {
    uintptr_t base;
    unsigned library;
    uint32_t node;
} copies[COPIES_MAX];
static unsigned copy_count;

/* What is one per process in the simulator, or has no state of a program. */
static bool is_shared(const char *name) {
    static const char *const prefixes[] = {
        "libc.so",
        "libm.so",
        "ld-linux",
        "libpthread.so",
        "libdl.so",
        "librt.so",
        "libstdc++.so",
        "libgcc_s.so",
        "libsim",
        "libasan.so",
        "libubsan.so",
        "linux-vdso",
    };
    for (unsigned i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

static const ElfW(Dyn) * dynamic_find(const ElfW(Dyn) * dynamic, ElfW(Sxword) tag) {
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        if (dynamic->d_tag == tag) {
            return dynamic;
        }
    }
    return NULL;
}

/* ld.so relocates the pointer in place, but not in images that it cannot write to (the vDSO). */
static const char *loaded_strings(const struct link_map *map) {
    const ElfW(Dyn) *entry = dynamic_find(map->l_ld, DT_STRTAB);
    if (entry == NULL) {
        return NULL;
    }
    const ElfW(Addr) address = entry->d_un.d_ptr;
    return (const char *)(address < map->l_addr ? map->l_addr + address : address);
}

static const char *loaded_soname(const struct link_map *map) {
    const ElfW(Dyn) *entry = dynamic_find(map->l_ld, DT_SONAME);
    const char *strings = loaded_strings(map);
    return entry == NULL || strings == NULL ? NULL : strings + entry->d_un.d_val;
}

static const struct link_map *loaded_find(const struct link_map *first, const char *soname) {
    for (const struct link_map *map = first; map != NULL; map = map->l_next) {
        const char *name = loaded_soname(map);
        if (name != NULL && strcmp(name, soname) == 0) {
            return map;
        }
    }
    return NULL;
}

static bool read_file(struct library *library, char *error, size_t error_size) {
    const int descriptor = open(library->path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) != 0) {
        snprintf(error, error_size, "cannot read %s: %s", library->path, strerror(errno));
        return false;
    }
    library->size = (size_t)status.st_size;
    library->bytes = mmap(NULL, library->size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (library->bytes == MAP_FAILED) {
        snprintf(error, error_size, "cannot map %s: %s", library->path, strerror(errno));
        return false;
    }
    return true;
}

static struct library *known(const char *soname) {
    for (unsigned i = 0; i < library_count; i++) {
        if (strcmp(libraries[i].soname, soname) == 0) {
            return &libraries[i];
        }
    }
    return NULL;
}

static bool is_done(const char *soname, uint32_t module) {
    const struct library *library = known(soname);
    return library != NULL && (library->needed_by & UINT32_C(1) << module) != 0;
}

static bool add(const struct link_map *map, uint32_t module, char *error, size_t error_size) {
    const char *soname = loaded_soname(map);
    struct library *library = soname == NULL ? NULL : known(soname);
    if (library != NULL) {
        library->needed_by |= UINT32_C(1) << module;
        return true;
    }
    if (library_count == LOADER_LIBRARIES_MAX) {
        snprintf(error,
                 error_size,
                 "the modules need more than %d libraries",
                 LOADER_LIBRARIES_MAX);
        return false;
    }
    library = &libraries[library_count++];
    snprintf(library->path, sizeof library->path, "%s", map->l_name);
    snprintf(library->soname, sizeof library->soname, "%s", soname == NULL ? "" : soname);
    library->needed_by = UINT32_C(1) << module;
    return read_file(library, error, error_size);
}

/* Adds a loaded image after all that it needs. The depth is bounded by the number of libraries. */
static bool collect(const struct link_map *map,
                    uint32_t module,
                    unsigned depth,
                    char *error,
                    size_t error_size) {
    ASSERT(depth <= LOADER_LIBRARIES_MAX);
    const char *strings = loaded_strings(map);
    for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
        const char *needed = strings + entry->d_un.d_val;
        if (entry->d_tag != DT_NEEDED || is_shared(needed) || is_done(needed, module)) {
            continue;
        }
        const struct link_map *first = map;
        while (first->l_prev != NULL) {
            first = first->l_prev;
        }
        const struct link_map *found = loaded_find(first, needed);
        if (found != NULL && !collect(found, module, depth + 1, error, error_size)) {
            return false;
        }
    }
    return add(map, module, error, error_size);
}

void *loader_open(uint32_t module, const char *path, char *error, size_t error_size) {
    ASSERT(module < LOADER_MODULES_MAX);
    char resolved[PATH_MAX];
    if (realpath(path, resolved) == NULL) {
        snprintf(error, error_size, "cannot open the module %s: %s", path, strerror(errno));
        return NULL;
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max; /* a copy of an image takes a descriptor */
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    void *handle = dlopen(resolved, RTLD_NOW | RTLD_LOCAL);
    struct link_map *map = NULL;
    if (handle == NULL || dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) {
        snprintf(error, error_size, "cannot load the module: %s", dlerror());
        return NULL;
    }
    return collect(map, module, 0, error, error_size) ? handle : NULL;
}

static void tag_write(char *name, uint32_t node) {
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (unsigned i = TAG_LENGTH; i-- > 0;) {
        name[i] = digits[node % (sizeof digits - 1)];
        node /= (uint32_t)(sizeof digits - 1);
    }
}

/* Offset in the file of a virtual address. */
static size_t file_offset(const unsigned char *bytes, ElfW(Addr) address) {
    const ElfW(Ehdr) *header = (const void *)bytes;
    const ElfW(Phdr) *segments = (const void *)(bytes + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type == PT_LOAD && address >= segments[i].p_vaddr &&
            address < segments[i].p_vaddr + segments[i].p_filesz) {
            return segments[i].p_offset + (address - segments[i].p_vaddr);
        }
    }
    return 0;
}

static const ElfW(Dyn) * file_dynamic(const unsigned char *bytes) {
    const ElfW(Ehdr) *header = (const void *)bytes;
    const ElfW(Phdr) *segments = (const void *)(bytes + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type == PT_DYNAMIC) {
            return (const void *)(bytes + segments[i].p_offset);
        }
    }
    return NULL;
}

static void rename_if_copied(char *name, const char *original, uint32_t node) {
    if (strlen(original) > TAG_LENGTH && known(original) != NULL) {
        tag_write(name, node);
    }
}

/* Renames the library and what it needs, in a private copy of the file's bytes. */
static void patch(unsigned char *bytes, const struct library *library, uint32_t node) {
    const ElfW(Dyn) *dynamic = file_dynamic(library->bytes);
    ASSERT(dynamic != NULL);
    const size_t strings =
        file_offset(library->bytes, dynamic_find(dynamic, DT_STRTAB)->d_un.d_ptr);
    for (const ElfW(Dyn) *entry = dynamic; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_NEEDED || entry->d_tag == DT_SONAME) {
            const size_t at = strings + entry->d_un.d_val;
            rename_if_copied((char *)bytes + at, (const char *)library->bytes + at, node);
        }
    }
    const ElfW(Dyn) *versions = dynamic_find(dynamic, DT_VERNEED);
    const ElfW(Dyn) *count = dynamic_find(dynamic, DT_VERNEEDNUM);
    size_t at = versions == NULL ? 0 : file_offset(library->bytes, versions->d_un.d_ptr);
    for (unsigned i = 0; versions != NULL && count != NULL && i < count->d_un.d_val; i++) {
        const ElfW(Verneed) *need = (const void *)(library->bytes + at);
        const size_t name = strings + need->vn_file;
        rename_if_copied((char *)bytes + name, (const char *)library->bytes + name, node);
        at += need->vn_next;
    }
}

static void *open_copy(unsigned index, uint32_t node, char *error, size_t error_size) {
    const struct library *library = &libraries[index];
    const char *base = strrchr(library->path, '/');
    const int low = memfd_create(base == NULL ? "image" : base + 1, MFD_CLOEXEC);
    const int descriptor = fcntl(low, F_DUPFD_CLOEXEC, DESCRIPTOR_MIN);
    close(low);
    if (descriptor < 0 || ftruncate(descriptor, (off_t)library->size) != 0) {
        snprintf(error,
                 error_size,
                 "no memory for a copy of %s: %s",
                 library->path,
                 strerror(errno));
        return NULL;
    }
    unsigned char *bytes =
        mmap(NULL, library->size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    ASSERT(bytes != MAP_FAILED);
    memcpy(bytes, library->bytes, library->size);
    patch(bytes, library, node);
    munmap(bytes, library->size);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    struct link_map *map = NULL;
    if (handle == NULL || dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) {
        snprintf(error, error_size, "cannot load a copy of %s: %s", library->path, dlerror());
        return NULL;
    }
    /* The descriptor stays open: ld.so tells images apart by path, and its number is in it. */
    if (copy_count < COPIES_MAX) {
        copies[copy_count++] = (struct copy){map->l_addr, index, node};
    }
    return handle;
}

void *loader_copy(uint32_t module, uint32_t node, char *error, size_t error_size) {
    void *handle = NULL;
    for (unsigned i = 0; i < library_count; i++) {
        if ((libraries[i].needed_by & UINT32_C(1) << module) == 0) {
            continue;
        }
        handle = open_copy(i, node, error, error_size);
        if (handle == NULL) {
            return NULL;
        }
    }
    ASSERT(handle != NULL);
    return handle;
}

uint32_t loader_node(uintptr_t base) {
    for (unsigned i = 0; i < copy_count; i++) {
        if (copies[i].base == base) {
            return copies[i].node;
        }
    }
    return 0;
}

struct listing {
    struct record_image *images;
    uint32_t count;
};

static const char *original_path(const struct dl_phdr_info *info, char *buffer, size_t size) {
    for (unsigned i = 0; i < copy_count; i++) {
        if (copies[i].base == info->dlpi_addr) {
            return libraries[copies[i].library].path;
        }
    }
    if (info->dlpi_name[0] != '\0') {
        return info->dlpi_name;
    }
    const ssize_t length = readlink("/proc/self/exe", buffer, size - 1);
    buffer[length < 0 ? 0 : length] = '\0';
    return buffer;
}

static int list_one(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    struct listing *listing = context;
    if (listing->count == RECORD_IMAGES_MAX) {
        return 1;
    }
    struct record_image *image = &listing->images[listing->count++];
    *image = (struct record_image){.base = info->dlpi_addr, .start = UINT64_MAX};
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD) {
            const uint64_t start = info->dlpi_addr + header->p_vaddr;
            const uint64_t end = start + header->p_memsz;
            image->start = start < image->start ? start : image->start;
            image->end = end > image->end ? end : image->end;
        }
    }
    char buffer[PATH_MAX];
    const char *path = original_path(info, buffer, sizeof buffer);
    const size_t length = strnlen(path, sizeof image->path - 1);
    memcpy(image->path, path, length);
    image->path[length] = '\0';
    return 0;
}

void loader_list(struct record_image *images, uint32_t *count) {
    struct listing listing = {.images = images, .count = 0};
    dl_iterate_phdr(list_one, &listing);
    *count = listing.count;
}
