#include "sim/machine/real_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/machine/content.h"
#include "sim/machine/durable.h"
#include "sim/machine/hook.h"
#include "sim/machine/hooks_chance.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/listing.h"
#include "sim/machine/storage.h"
#include "sim/panic.h"

#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)
#define FLAGS_KNOWN                                                                                \
    (O_ACCMODE | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_DIRECTORY | O_NOFOLLOW | O_NOATIME |        \
     O_PATH | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_DSYNC | O_SYNC | TMPFILE_BIT | FLAG_LARGE)
#define FLAG_LARGE 0100000 /* O_LARGEFILE, which is 0 for programs and not for the kernel */
#define FLAGS_SHOWN                                                                                \
    (O_ACCMODE | O_NONBLOCK | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_PATH | O_APPEND | O_DSYNC | \
     O_SYNC | TMPFILE_BIT)
#define FLAGS_OF_PATH (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct real_file {
    uint32_t inode;
    bool open;
    bool content;            /* it is one of the inode's contents */
    uint8_t lock;            /* LOCK_SH, LOCK_EX, 0 = none */
    int64_t position;        /* in a folder: how many names were read */
    struct listing *listing; /* of a folder that is being read */
};

static struct real_file table[REAL_FILES_MAX];
static uint32_t table_high; /* entries from here on were never used in this run */

static struct real_file *entry_of(uint32_t file) {
    const struct file *found = file_at(hook_kernel()->files, file);
    return found->kind == FILE_REAL ? &table[found->subject] : NULL;
}

static uint32_t status_of(uint32_t file) {
    return file_at(hook_kernel()->files, file)->status;
}

/* ---- reading and writing ---- */

static int64_t device_read(enum tree_device device, const struct file_call *call) {
    const uint64_t size = file_call_size(call);
    uint64_t left = device == TREE_NULL ? 0 : size;
    for (uint32_t i = 0; left > 0; i++) {
        const uint64_t part = call->parts[i].iov_len < left ? call->parts[i].iov_len : left;
        if (device == TREE_RANDOM) {
            hooks_chance_fill(call->parts[i].iov_base, part);
        } else {
            memset(call->parts[i].iov_base, 0, part);
        }
        left -= part;
    }
    return device == TREE_NULL ? 0 : (int64_t)size;
}

static int64_t
read_at(uint32_t file, const struct real_file *real, const struct file_call *call, int64_t at) {
    if ((status_of(file) & O_PATH) != 0) {
        return -EBADF;
    }
    const uint8_t device = tree_at(real->inode)->device;
    if (device != TREE_NO_DEVICE) {
        return device_read(device, call);
    }
    return tree_is(real->inode, S_IFDIR) ? -EISDIR : content_read(real->inode, call, at);
}

/* `*at` is where the bytes went. */
static int64_t
write_at(uint32_t file, const struct real_file *real, const struct file_call *call, int64_t *at) {
    if ((status_of(file) & O_PATH) != 0) {
        return -EBADF;
    }
    const struct tree_inode *inode = tree_at(real->inode);
    if (inode->device != TREE_NO_DEVICE) {
        return inode->device == TREE_FULL ? -ENOSPC : (int64_t)file_call_size(call);
    }
    if ((status_of(file) & O_APPEND) != 0) {
        *at = (int64_t)inode->size;
    }
    const int64_t count = content_write(real->inode, call, *at);
    if (count > 0 && (status_of(file) & O_DSYNC) != 0) { /* a bit of O_SYNC */
        durable_sync(real->inode);
    }
    return count;
}

static int64_t read_real(void *context, uint32_t file, const struct file_call *call) {
    (void)context;
    struct real_file *real = entry_of(file);
    const int64_t count = read_at(file, real, call, real->position);
    real->position += count > 0 && real->content ? count : 0;
    return count;
}

static int64_t write_real(void *context, uint32_t file, const struct file_call *call) {
    (void)context;
    struct real_file *real = entry_of(file);
    int64_t at = real->position;
    const int64_t count = write_at(file, real, call, &at);
    if (count > 0 && real->content) {
        real->position = at + count;
    }
    return count;
}

int64_t
real_file_positioned(uint32_t file, const struct file_call *call, bool write, int64_t position) {
    const struct real_file *real = entry_of(file);
    if (real == NULL) {
        return -ESPIPE;
    }
    const uint32_t access = status_of(file) & O_ACCMODE;
    if (access == (write ? O_RDONLY : O_WRONLY)) {
        return -EBADF;
    }
    return write ? write_at(file, real, call, &position) : read_at(file, real, call, position);
}

/* ---- locks ---- */

int64_t real_file_lock(uint32_t file, int operation) {
    struct real_file *real = entry_of(file);
    struct tree_inode *inode = tree_at(real->inode);
    const uint32_t self = (uint32_t)(real - table) + 1;
    const uint32_t others = inode->lock_shared - (real->lock == LOCK_SH ? 1u : 0u);
    const bool alone_by_other = inode->lock_alone != 0 && inode->lock_alone != self;
    if ((operation == LOCK_EX && (others != 0 || alone_by_other)) ||
        (operation == LOCK_SH && alone_by_other)) {
        return -EWOULDBLOCK;
    }
    inode->lock_shared = others + (operation == LOCK_SH ? 1u : 0u);
    if (inode->lock_alone == self || operation == LOCK_EX) {
        inode->lock_alone = operation == LOCK_EX ? self : 0;
    }
    real->lock = operation == LOCK_UN ? 0 : (uint8_t)operation;
    return 0;
}

/* ---- opening and closing ---- */

static void list_again(struct real_file *real) {
    if (real->listing != NULL) {
        listing_destroy(real->listing);
        real->listing = NULL;
    }
}

static void close_real(void *context, uint32_t file) {
    (void)context;
    struct real_file *real = entry_of(file);
    if (real->lock != 0) {
        real_file_lock(file, LOCK_UN);
    }
    list_again(real);
    if (real->content) {
        content_close(real->inode);
    }
    tree_drop(real->inode);
    real->open = false;
}

static const struct file_operations operations = {.read = read_real,
                                                  .write = write_real,
                                                  .close = close_real,
                                                  .seeks = true};

void real_file_open_kind(void) {
    file_kind_add(hook_kernel()->files, FILE_REAL, &operations, NULL);
    tree_open();
}

void real_file_begin(void) {
    for (uint32_t i = 0; i < table_high; i++) {
        if (table[i].open) {
            list_again(&table[i]);
            table[i].open = false;
        }
    }
    table_high = 0;
    tree_begin();
    storage_begin();
}

static int64_t
install(uint32_t inode, bool content, const struct real_file_open *open, uint32_t flags) {
    uint32_t index = 0;
    while (index < table_high && table[index].open) {
        index++;
    }
    tree_hold(inode);
    if (index == REAL_FILES_MAX) {
        if (content) {
            content_close(inode);
        }
        tree_drop(inode);
        return -ENFILE;
    }
    table_high = index < table_high ? table_high : index + 1;
    table[index] = (struct real_file){.inode = inode, .open = true, .content = content};
    const uint32_t shown =
        (flags & (uint32_t)FLAGS_SHOWN) | ((flags & O_PATH) != 0 ? 0 : FLAG_LARGE);
    const int64_t number = descriptor_create(hook_descriptors(),
                                             FILE_REAL,
                                             shown,
                                             index,
                                             open->limit,
                                             (flags & O_CLOEXEC) != 0);
    if (number == -ENFILE) {
        if (content) {
            content_close(inode);
        }
        tree_drop(inode);
        table[index].open = false;
    }
    return number;
}

int64_t real_file_walk(int folder, const char *path, unsigned flags, struct walk_place *place) {
    uint32_t start = path[0] == '/' ? tree_root() : tree_folder();
    if (path[0] != '/' && path[0] != '\0' && folder != AT_FDCWD) {
        const uint32_t file = descriptor_file(hook_descriptors(), folder);
        if (file == 0) {
            return -EBADF;
        }
        start = real_file_inode(file);
        if (start == 0 || !tree_is(start, S_IFDIR)) {
            return -ENOTDIR;
        }
    }
    return walk(start, path, flags, place);
}

int64_t real_file_find(int folder, const char *path, unsigned flags, uint32_t *inode) {
    struct walk_place place;
    const int64_t refusal = real_file_walk(folder, path, flags, &place);
    *inode = refusal == 0 ? place.inode : 0;
    return refusal == 0 && place.inode == 0 ? -ENOENT : refusal;
}

static uint32_t create(uint32_t mode) {
    return tree_create(S_IFREG | (mode & 07777 & ~hooks_environment_mask()));
}

/* Whether what is there can be opened like this; in the kernel's order. */
static int64_t refusal_of(uint32_t inode, const struct real_file_open *open, int flags) {
    const uint32_t kind = tree_at(inode)->mode & S_IFMT;
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) {
        return -EEXIST;
    }
    if (kind == S_IFDIR && (flags & O_CREAT) != 0) {
        return -EISDIR;
    }
    if (kind != S_IFDIR && (flags & O_DIRECTORY) != 0) {
        return -ENOTDIR;
    }
    if ((flags & O_PATH) != 0) {
        return 0;
    }
    switch (kind) {
    case S_IFLNK:
        return -ELOOP;
    case S_IFDIR:
        return (flags & (O_ACCMODE | O_TRUNC)) != 0 ? -EISDIR : 0;
    case S_IFSOCK:
        return -ENXIO;
    case S_IFREG:
        return 0;
    default:
        if (tree_at(inode)->device == TREE_NO_DEVICE) {
            hook_escape(open->site, "opening %s, which is no plain file,", open->path);
        }
        return 0;
    }
}

static int64_t open_inode(uint32_t inode, const struct real_file_open *open, int flags) {
    const bool content = tree_is(inode, S_IFREG) && (flags & O_PATH) == 0;
    if (content && (flags & O_TRUNC) != 0) {
        const int64_t refusal = content_resize(inode, 0);
        if (refusal != 0) {
            return refusal;
        }
    }
    if (content) {
        const int64_t refusal = content_open(inode, (flags & O_ACCMODE) != O_RDONLY);
        if (refusal != 0) {
            return refusal;
        }
    }
    return install(inode, content, open, (uint32_t)flags);
}

static int64_t open_unnamed(const struct real_file_open *open, int flags) {
    uint32_t folder;
    const int64_t refusal = real_file_find(open->folder, open->path, WALK_FOLLOW, &folder);
    if ((flags & O_ACCMODE) == O_RDONLY || (flags & O_CREAT) != 0) {
        return -EINVAL;
    }
    if (refusal != 0) {
        return refusal;
    }
    if (!tree_is(folder, S_IFDIR)) {
        return -ENOTDIR;
    }
    const uint32_t inode = create(open->mode);
    tree_at(inode)->unnamed_for_good = (flags & O_EXCL) != 0;
    return open_inode(inode, open, flags);
}

int64_t real_file_open(const struct real_file_open *open) {
    int flags = open->flags;
    if ((flags & ~FLAGS_KNOWN) != 0 || (flags & O_ACCMODE) == O_ACCMODE) {
        hook_escape(open->site, "open() with flags %#x", (unsigned)flags);
    }
    if ((flags & O_PATH) != 0) {
        flags &= FLAGS_OF_PATH;
    }
    if ((flags & O_TMPFILE) == O_TMPFILE) {
        return open_unnamed(open, flags);
    }
    if ((flags & TMPFILE_BIT) != 0 ||
        (flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY)) {
        return -EINVAL;
    }
    const bool follows =
        (flags & O_NOFOLLOW) == 0 && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
    struct walk_place place;
    const int64_t refusal =
        real_file_walk(open->folder,
                       open->path,
                       (follows ? WALK_FOLLOW : 0u) | ((flags & O_CREAT) != 0 ? WALK_MAKE : 0u),
                       &place);
    if (refusal != 0) {
        return refusal;
    }
    if (place.inode != 0) {
        const int64_t refused = refusal_of(place.inode, open, flags);
        return refused != 0 ? refused : open_inode(place.inode, open, flags);
    }
    if ((flags & O_CREAT) == 0 || tree_at(place.folder)->names == 0) {
        return -ENOENT;
    }
    const uint32_t inode = create(open->mode);
    tree_add(place.folder, place.name, place.length, inode);
    durable_name_added(place.folder, place.name, place.length, inode);
    tree_touch(place.folder, 1u << TREE_CHANGED | 1u << TREE_STATUS_CHANGED);
    return open_inode(inode, open, flags & ~O_TRUNC);
}

uint32_t real_file_inode(uint32_t file) {
    const struct real_file *real = entry_of(file);
    return real == NULL ? 0 : real->inode;
}

int64_t real_file_use(int64_t number, int64_t other, uint32_t *inode) {
    const uint32_t file = descriptor_file(hook_descriptors(), number);
    if (file == 0 || (status_of(file) & O_PATH) != 0) {
        return -EBADF;
    }
    *inode = real_file_inode(file);
    return *inode == 0 ? other : 0;
}

/* ---- positions ---- */

/* Where lseek() goes, from what is known of the content: it has no holes. */
static int64_t target_of(const struct real_file *real, int64_t offset, int whence) {
    const int64_t size = (int64_t)tree_at(real->inode)->size;
    switch (whence) {
    case SEEK_SET:
        return offset;
    case SEEK_CUR:
        return offset > INT64_MAX - real->position ? -EOVERFLOW : real->position + offset;
    case SEEK_END:
        return offset > INT64_MAX - size ? -EOVERFLOW : size + offset;
    case SEEK_DATA:
    case SEEK_HOLE:
        if (offset < 0 || offset >= size) {
            return -ENXIO;
        }
        return whence == SEEK_DATA ? offset : size;
    default:
        return -EINVAL;
    }
}

int64_t real_file_seek(uint32_t file, int64_t offset, int whence) {
    struct real_file *real = entry_of(file);
    if (real == NULL) {
        return -ESPIPE;
    }
    if ((status_of(file) & O_PATH) != 0) {
        return -EBADF;
    }
    if (tree_at(real->inode)->device != TREE_NO_DEVICE) {
        return 0;
    }
    const bool folder = tree_is(real->inode, S_IFDIR);
    const int64_t target = folder && whence > SEEK_CUR ? -EINVAL : target_of(real, offset, whence);
    const bool told = target == -ENXIO || target == -EOVERFLOW;
    if (target < 0 || target > CONTENT_SIZE_MAX) {
        return told ? target : -EINVAL;
    }
    if (folder && target == 0) {
        list_again(real);
    }
    real->position = target;
    return target;
}

int64_t real_file_readable(uint32_t file) {
    const struct real_file *real = entry_of(file);
    if (real == NULL || !real->content) {
        return -ENOTTY;
    }
    const int64_t left = (int64_t)tree_at(real->inode)->size - real->position;
    return left > INT32_MAX ? INT32_MAX : left;
}

int64_t real_file_list(uint32_t file, void *records, uint64_t size) {
    struct real_file *real = entry_of(file);
    if ((status_of(file) & O_PATH) != 0) {
        return -EBADF;
    }
    if (real == NULL || !tree_is(real->inode, S_IFDIR)) {
        return -ENOTDIR;
    }
    if (tree_at(real->inode)->names == 0) {
        return -ENOENT;
    }
    if (real->listing == NULL) {
        const int64_t refusal = listing_create(real->inode, &real->listing);
        if (refusal != 0) {
            return refusal;
        }
    }
    return listing_read(real->listing, &real->position, records, size);
}
