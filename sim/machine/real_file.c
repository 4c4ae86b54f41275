#include "sim/machine/real_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/machine/hook.h"
#include "sim/machine/hooks_chance.h"
#include "sim/panic.h"

#define READING_FLAGS                                                                              \
    (O_ACCMODE | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_DIRECTORY | O_NOFOLLOW | O_LARGEFILE |      \
     O_NOATIME | O_PATH)
#define WRITING_FLAGS (O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_DSYNC | O_SYNC)

enum device { DEVICE_NONE, DEVICE_NULL, DEVICE_ZERO, DEVICE_FULL, DEVICE_RANDOM };

static const struct {
    const char *path;
    enum device device;
} devices[] = {
    {"/dev/null", DEVICE_NULL},
    {"/dev/zero", DEVICE_ZERO},
    {"/dev/full", DEVICE_FULL},
    {"/dev/random", DEVICE_RANDOM},
    {"/dev/urandom", DEVICE_RANDOM},
};

struct real_file {
    enum device device;
    int descriptor; /* DEVICE_NONE: the host's */
    bool open;
};

static struct real_file table[REAL_FILES_MAX];
static uint32_t table_high; /* entries from here on were never used */

static struct real_file *entry_of(uint32_t file) {
    const struct file *found = file_at(hook_kernel()->files, file);
    return found->kind == FILE_REAL ? &table[found->subject] : NULL;
}

/* ---- operations ---- */

/* One system call for many parts, at the file's position or at another. */
static int64_t host_call(const struct real_file *real,
                         const struct file_call *call,
                         bool positioned,
                         int64_t position) {
    return real_call6(positioned ? SYS_preadv : SYS_readv,
                      real->descriptor,
                      (long)call->parts,
                      call->part_count,
                      position,
                      0,
                      0);
}

static int64_t device_read(enum device device, const struct file_call *call) {
    const uint64_t size = file_call_size(call);
    uint64_t left = device == DEVICE_NULL ? 0 : size;
    for (uint32_t i = 0; left > 0; i++) {
        const uint64_t part = call->parts[i].iov_len < left ? call->parts[i].iov_len : left;
        if (device == DEVICE_RANDOM) {
            hooks_chance_fill(call->parts[i].iov_base, part);
        } else {
            memset(call->parts[i].iov_base, 0, part);
        }
        left -= part;
    }
    return device == DEVICE_NULL ? 0 : (int64_t)size;
}

static int64_t device_write(enum device device, const struct file_call *call) {
    return device == DEVICE_FULL ? -ENOSPC : (int64_t)file_call_size(call);
}

static int64_t read_real(void *context, uint32_t file, const struct file_call *call) {
    (void)context;
    const struct real_file *real = entry_of(file);
    return real->device != DEVICE_NONE ? device_read(real->device, call)
                                       : host_call(real, call, false, 0);
}

static int64_t write_real(void *context, uint32_t file, const struct file_call *call) {
    (void)context;
    const struct real_file *real = entry_of(file);
    ASSERT(real->device != DEVICE_NONE); /* the host's are opened for reading only */
    return device_write(real->device, call);
}

static void close_entry(struct real_file *real) {
    if (real->device == DEVICE_NONE) {
        real_call3(SYS_close, real->descriptor, 0, 0);
    }
    real->open = false;
}

static void close_real(void *context, uint32_t file) {
    (void)context;
    close_entry(entry_of(file));
}

static const struct file_operations operations = {.read = read_real,
                                                  .write = write_real,
                                                  .close = close_real};

void real_file_open_kind(void) {
    file_kind_add(hook_kernel()->files, FILE_REAL, &operations, NULL);
}

void real_file_begin(void) {
    for (uint32_t i = 0; i < table_high; i++) {
        if (table[i].open) {
            close_entry(&table[i]);
        }
    }
    table_high = 0;
}

/* ---- opening ---- */

static enum device device_of(const char *path) {
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        if (strcmp(path, devices[i].path) == 0) {
            return devices[i].device;
        }
    }
    return DEVICE_NONE;
}

static bool begins_with(const char *path, const char *folder) {
    const size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

int64_t real_file_path(int folder, const char *path, int *folder_real, const char **path_real) {
    *folder_real = AT_FDCWD;
    *path_real = path;
    if (path[0] == '/') {
        const bool missing = begins_with(path, "/proc") || begins_with(path, "/sys") ||
                             (begins_with(path, "/dev") && device_of(path) == DEVICE_NONE);
        return missing ? -ENOENT : 0;
    }
    if (path[0] == '\0') {
        return -ENOENT;
    }
    if (folder != AT_FDCWD) {
        const uint32_t file = descriptor_file(hook_descriptors(), folder);
        if (file == 0) {
            return -EBADF;
        }
        *folder_real = real_file_descriptor(file);
        return *folder_real < 0 ? -ENOTDIR : 0;
    }
    static int root = -1;
    if (root < 0) {
        const long opened =
            real_call6(SYS_openat, AT_FDCWD, (long)"/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 0, 0);
        ASSERT(opened >= 0);
        root = (int)real_call3(SYS_fcntl, opened, F_DUPFD_CLOEXEC, REAL_FILE_FIRST);
        real_call3(SYS_close, opened, 0, 0);
    }
    *folder_real = root;
    return 0;
}

/* Opens on the host, at a number that no program of ours has. */
static int64_t host_open(int folder, const char *path, int flags) {
    const long opened = real_call6(SYS_openat, folder, (long)path, flags | O_CLOEXEC, 0, 0, 0);
    if (opened < 0 || opened >= REAL_FILE_FIRST) {
        return opened;
    }
    const long moved = real_call3(SYS_fcntl, opened, F_DUPFD_CLOEXEC, REAL_FILE_FIRST);
    real_call3(SYS_close, opened, 0, 0);
    return moved;
}

static int64_t install(enum device device, int descriptor, int flags, uint64_t limit) {
    uint32_t index = 0;
    while (index < table_high && table[index].open) {
        index++;
    }
    if (index == REAL_FILES_MAX) {
        if (device == DEVICE_NONE) {
            real_call3(SYS_close, descriptor, 0, 0);
        }
        return -ENFILE;
    }
    table_high = index < table_high ? table_high : index + 1;
    table[index] = (struct real_file){.device = device, .descriptor = descriptor, .open = true};
    const int64_t number =
        descriptor_create(hook_descriptors(),
                          FILE_REAL,
                          (uint32_t)flags & (uint32_t)(O_ACCMODE | O_NONBLOCK | O_APPEND),
                          index,
                          limit,
                          (flags & O_CLOEXEC) != 0);
    if (number == -ENFILE) {
        close_entry(&table[index]);
    }
    return number;
}

int64_t real_file_open(int folder, const char *path, int flags, uint64_t limit, const void *site) {
    if ((flags & ~(READING_FLAGS | WRITING_FLAGS)) != 0) {
        hook_escape(site, "open() with flags %#x", (unsigned)flags);
    }
    int folder_real;
    const char *path_real;
    const int64_t refusal = real_file_path(folder, path, &folder_real, &path_real);
    if (refusal != 0) {
        return refusal;
    }
    const enum device device = path[0] == '/' ? device_of(path) : DEVICE_NONE;
    if (device != DEVICE_NONE) {
        return (flags & O_DIRECTORY) != 0 ? -ENOTDIR : install(device, -1, flags, limit);
    }
    if ((flags & O_ACCMODE) != O_RDONLY || (flags & WRITING_FLAGS) != 0) {
        hook_escape(site, "writing the file %s", path);
    }
    const int64_t opened = host_open(folder_real, path_real, flags);
    return opened < 0 ? opened : install(DEVICE_NONE, (int)opened, flags, limit);
}

/* ---- positions ---- */

int64_t
real_file_positioned(uint32_t file, const struct file_call *call, bool write, int64_t position) {
    const struct real_file *real = entry_of(file);
    if (position < 0) {
        return -EINVAL;
    }
    if (real == NULL) {
        return -ESPIPE;
    }
    if (real->device == DEVICE_NONE && !write) {
        return host_call(real, call, true, position);
    }
    return write ? file_write(hook_kernel()->files, file, call)
                 : file_read(hook_kernel()->files, file, call);
}

int64_t real_file_seek(uint32_t file, int64_t offset, int whence) {
    const struct real_file *real = entry_of(file);
    if (real == NULL) {
        return -ESPIPE;
    }
    return real->device != DEVICE_NONE ? 0
                                       : real_call3(SYS_lseek, real->descriptor, offset, whence);
}

int real_file_descriptor(uint32_t file) {
    const struct real_file *real = entry_of(file);
    return real == NULL || real->device != DEVICE_NONE ? -1 : real->descriptor;
}

uint32_t real_file_device_mode(uint32_t file) {
    const struct real_file *real = entry_of(file);
    return real == NULL || real->device == DEVICE_NONE ? 0 : S_IFCHR | 0666;
}
