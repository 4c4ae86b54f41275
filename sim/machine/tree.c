#include "sim/machine/tree.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/arena.h"
#include "sim/machine/hook.h"
#include "sim/machine/hooks_environment.h"
#include "sim/machine/real.h"
#include "sim/machine/storage.h"
#include "sim/panic.h"
#include "sim/random.h"

#define BUCKETS 65536u
#define NS_PER_S UINT64_C(1000000000)
#define FOLDER_MODE (S_IFDIR | 0755)

struct entry {
    uint32_t link; /* of the list of free ones */
    uint32_t folder;
    uint32_t inode; /* 0 = hides the host's name */
    uint32_t bucket_next;
    uint32_t previous, next; /* in the folder */
    uint32_t length;
    bool hides; /* the host has such a name */
    const char *name;
};

static struct {
    uint64_t run;
    uint32_t first;
} buckets[BUCKETS];

static struct {
    uint64_t run;
    uint32_t root;
    uint32_t folder;
    uint32_t home; /* where its programs begin; never given back */
} trees[DESCRIPTION_NODES_MAX + 1];

static struct arena arena;
static struct pool inodes;
static struct pool entries;
static char *text;
static uint64_t text_used;
static uint64_t run;
static uint64_t number_next;

void tree_open(void) {
    const uint64_t size = (TREE_INODES_MAX + UINT64_C(1)) * sizeof(struct tree_inode) +
                          (TREE_ENTRIES_MAX + UINT64_C(1)) * sizeof(struct entry) + 128;
    void *memory = real_map(NULL, size, PROT_READ | PROT_WRITE);
    text = real_map(NULL, TREE_TEXT_SIZE, PROT_READ | PROT_WRITE);
    ASSERT(memory != NULL && text != NULL);
    arena_init(&arena, memory, size);
    pool_init(&inodes, &arena, sizeof(struct tree_inode), TREE_INODES_MAX);
    pool_init(&entries, &arena, sizeof(struct entry), TREE_ENTRIES_MAX);
}

static void storage_leave(struct tree_inode *inode) {
    if (inode->descriptor >= 0 && !inode->written) {
        real_call3(SYS_close, inode->descriptor, 0, 0);
    } else if (inode->descriptor >= 0 && !inode->mapped) {
        storage_give(inode->descriptor);
    }
    inode->descriptor = -1;
}

void tree_begin(void) {
    for (uint32_t i = 1; i <= inodes.count; i++) {
        struct tree_inode *inode = tree_at(i);
        if (!inode->written) {
            storage_leave(inode);
        }
    }
    pool_reset(&inodes);
    pool_reset(&entries);
    text_used = 0;
    number_next = 1;
    run++;
}

struct tree_inode *tree_at(uint32_t inode) {
    ASSERT(inode != 0);
    return pool_at(&inodes, inode);
}

static struct entry *entry_at(uint32_t index) {
    return pool_at(&entries, index);
}

_Noreturn static void too_much(void) {
    world_fail(&machine.world, VERDICT_LIMIT, NULL, "more files were used than a run can have");
}

const char *tree_text(const char *from, uint32_t length) {
    if (length >= TREE_TEXT_SIZE - text_used) {
        too_much();
    }
    char *copy = text + text_used;
    memcpy(copy, from, length);
    copy[length] = '\0';
    text_used += length + UINT64_C(1);
    return copy;
}

/* ---- inodes ---- */

static struct timespec time_of(uint64_t ns) {
    return (struct timespec){(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
}

void tree_touch(uint32_t inode, unsigned times) {
    const struct timespec now = time_of(vclock_wall_ns(&hook_schedule()->clock, hook_node()));
    for (unsigned i = 0; i < TREE_TIMES; i++) {
        if ((times >> i & 1) != 0) {
            tree_at(inode)->times[i] = now;
        }
    }
}

uint32_t tree_create(uint32_t mode) {
    const uint32_t index = pool_take(&inodes);
    if (index == 0) {
        too_much();
    }
    *tree_at(index) = (struct tree_inode){.mode = mode, .number = ++number_next, .descriptor = -1};
    tree_touch(index, 1u << TREE_ACCESSED | 1u << TREE_CHANGED | 1u << TREE_STATUS_CHANGED);
    return index;
}

void tree_hold(uint32_t inode) {
    tree_at(inode)->holds++;
}

static void collect(uint32_t index) {
    while (index != 0) {
        struct tree_inode *inode = tree_at(index);
        if (inode->names != 0 || inode->holds != 0) {
            return;
        }
        storage_leave(inode);
        const uint32_t parent = inode->parent;
        inode->written = false;
        pool_give(&inodes, index);
        if (parent != 0) {
            tree_at(parent)->holds--;
        }
        index = parent;
    }
}

void tree_drop(uint32_t inode) {
    ASSERT(tree_at(inode)->holds > 0);
    tree_at(inode)->holds--;
    collect(inode);
}

/* ---- entries ---- */

static uint32_t *bucket_of(uint32_t folder, const char *name, uint32_t length) {
    uint64_t hash = folder;
    for (uint32_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)name[i]) * UINT64_C(0x100000001b3);
    }
    const uint32_t bucket = (uint32_t)(random_mix(hash, length) % BUCKETS);
    if (buckets[bucket].run != run) {
        buckets[bucket].run = run;
        buckets[bucket].first = 0;
    }
    return &buckets[bucket].first;
}

static uint32_t entry_find(uint32_t folder, const char *name, uint32_t length) {
    uint32_t index = *bucket_of(folder, name, length);
    while (index != 0) {
        const struct entry *entry = entry_at(index);
        if (entry->folder == folder && entry->length == length &&
            memcmp(entry->name, name, length) == 0) {
            return index;
        }
        index = entry->bucket_next;
    }
    return 0;
}

static uint32_t entry_create(uint32_t folder, const char *name, uint32_t length) {
    const uint32_t index = pool_take(&entries);
    if (index == 0) {
        too_much();
    }
    uint32_t *bucket = bucket_of(folder, name, length);
    struct tree_inode *parent = tree_at(folder);
    *entry_at(index) = (struct entry){.folder = folder,
                                      .bucket_next = *bucket,
                                      .next = parent->entry_first,
                                      .length = length,
                                      .name = tree_text(name, length)};
    if (parent->entry_first != 0) {
        entry_at(parent->entry_first)->previous = index;
    }
    parent->entry_first = index;
    *bucket = index;
    return index;
}

static void entry_free(uint32_t index) {
    const struct entry *entry = entry_at(index);
    uint32_t *link = bucket_of(entry->folder, entry->name, entry->length);
    while (*link != index) {
        link = &entry_at(*link)->bucket_next;
    }
    *link = entry->bucket_next;
    if (entry->previous != 0) {
        entry_at(entry->previous)->next = entry->next;
    } else {
        tree_at(entry->folder)->entry_first = entry->next;
    }
    if (entry->next != 0) {
        entry_at(entry->next)->previous = entry->previous;
    }
    pool_give(&entries, index);
}

/* An entry gets its inode; a folder gets its place. */
static void entry_set(uint32_t index, uint32_t inode) {
    struct entry *entry = entry_at(index);
    struct tree_inode *named = tree_at(inode);
    ASSERT(entry->inode == 0);
    entry->inode = inode;
    named->names++;
    if (S_ISDIR(named->mode)) {
        const uint32_t before = named->parent;
        tree_hold(entry->folder);
        named->parent = entry->folder;
        named->entry = index;
        if (before != 0) {
            tree_drop(before);
        }
    }
}

void tree_add(uint32_t folder, const char *name, uint32_t length, uint32_t inode) {
    uint32_t index = entry_find(folder, name, length);
    if (index == 0) {
        index = entry_create(folder, name, length);
    }
    entry_set(index, inode);
}

void tree_remove(uint32_t folder, const char *name, uint32_t length) {
    const uint32_t index = entry_find(folder, name, length);
    ASSERT(index != 0 && entry_at(index)->inode != 0);
    const uint32_t inode = entry_at(index)->inode;
    entry_at(index)->inode = 0;
    if (!entry_at(index)->hides) {
        entry_free(index);
    }
    tree_at(inode)->names--;
    if (tree_is(inode, S_IFDIR)) {
        tree_at(inode)->entry = 0;
    }
    collect(inode);
}

/* ---- the host ---- */

static uint32_t host_create(const struct host_file *file) {
    const uint32_t index = tree_create(file->mode);
    struct tree_inode *inode = tree_at(index);
    inode->host = tree_text(file->path, (uint32_t)strlen(file->path));
    inode->number = file->number;
    inode->size = file->size;
    if (S_ISLNK(file->mode)) {
        inode->target = tree_text(file->target, (uint32_t)strlen(file->target));
    }
    for (unsigned i = 0; i < TREE_TIMES; i++) {
        inode->times[i] = time_of(VCLOCK_EPOCH_NS);
    }
    return index;
}

int64_t tree_find(uint32_t folder, const char *name, uint32_t length, uint32_t *inode) {
    const uint32_t known = entry_find(folder, name, length);
    if (known != 0) {
        *inode = entry_at(known)->inode;
        return 0;
    }
    *inode = 0;
    const struct tree_inode *parent = tree_at(folder);
    if (parent->host == NULL || parent->names == 0) {
        return 0;
    }
    static struct host_file file;
    const int64_t result = host_look(parent->host, name, length, &file);
    if (result < 0) {
        return result == -ENOENT ? 0 : result;
    }
    *inode = host_create(&file);
    const uint32_t index = entry_create(folder, name, length);
    entry_at(index)->hides = true;
    entry_set(index, *inode);
    return 0;
}

/* ---- listings ---- */

struct listing {
    uint32_t folder;
    void (*visit)(void *context, const struct host_name *name);
    void *context;
};

static void host_visit(void *context, const struct host_name *name) {
    const struct listing *listing = context;
    if (entry_find(listing->folder, name->text, name->length) == 0) {
        listing->visit(listing->context, name);
    }
}

int64_t tree_each(uint32_t folder,
                  void (*visit)(void *context, const struct host_name *name),
                  void *context) {
    struct listing listing = {folder, visit, context};
    for (uint32_t i = tree_at(folder)->entry_first; i != 0; i = entry_at(i)->next) {
        const struct entry *entry = entry_at(i);
        if (entry->inode != 0) {
            const struct host_name name = {.text = entry->name,
                                           .length = entry->length,
                                           .number = tree_at(entry->inode)->number,
                                           .mode = tree_at(entry->inode)->mode & S_IFMT};
            visit(context, &name);
        }
    }
    return tree_at(folder)->host != NULL ? host_each(tree_at(folder)->host, host_visit, &listing)
                                         : 0;
}

/* ---- a node's tree ---- */

static void add_device(uint32_t folder, const char *name, enum tree_device device) {
    const uint32_t inode = tree_create(S_IFCHR | 0666);
    tree_at(inode)->device = (uint8_t)device;
    tree_add(folder, name, (uint32_t)strlen(name), inode);
}

/* Makes the folder a name leads to, new and empty when it must be or the host has none. */
static uint32_t add_folder(uint32_t parent, const char *name, uint32_t length, bool empty) {
    uint32_t inode = 0;
    if (!empty && tree_find(parent, name, length, &inode) == 0 && inode != 0 &&
        tree_is(inode, S_IFDIR)) {
        return inode;
    }
    if (inode != 0) {
        tree_remove(parent, name, length);
    }
    inode = tree_create(FOLDER_MODE);
    tree_add(parent, name, length, inode);
    return inode;
}

static void plant(uint32_t node) {
    const uint32_t root = tree_create(FOLDER_MODE);
    tree_at(root)->host = "";
    tree_at(root)->number = 1;
    tree_at(root)->names = 1; /* it cannot be removed */
    trees[node].run = run;
    trees[node].root = root;
    const uint32_t devices = add_folder(root, "dev", 3, true);
    add_device(devices, "null", TREE_NULL);
    add_device(devices, "zero", TREE_ZERO);
    add_device(devices, "full", TREE_FULL);
    add_device(devices, "random", TREE_RANDOM);
    add_device(devices, "urandom", TREE_RANDOM);
    uint32_t folder = root;
    const char *rest = HOOKS_ENVIRONMENT_DIRECTORY;
    while (*rest == '/') {
        const uint32_t length = (uint32_t)strcspn(++rest, "/");
        folder = add_folder(folder, rest, length, rest[length] == '\0');
        rest += length;
    }
    tree_hold(folder);
    tree_hold(folder);
    trees[node].folder = trees[node].home = folder;
}

void tree_node_begin(uint32_t node) {
    if (trees[node].run == run) {
        tree_hold(trees[node].home);
        tree_drop(trees[node].folder);
        trees[node].folder = trees[node].home;
    }
}

static uint32_t planted(void) {
    const uint32_t node = hook_node();
    if (trees[node].run != run) {
        plant(node);
    }
    return node;
}

uint32_t tree_root(void) {
    return trees[planted()].root;
}

uint32_t tree_folder(void) {
    return trees[planted()].folder;
}

void tree_folder_set(uint32_t folder) {
    const uint32_t node = planted();
    const uint32_t before = trees[node].folder;
    tree_hold(folder);
    trees[node].folder = folder;
    tree_drop(before);
}

int64_t tree_path(uint32_t folder, char *path, uint64_t size) {
    char whole[PATH_MAX];
    uint32_t at = sizeof whole - 1;
    whole[at] = '\0';
    const uint32_t root = tree_root();
    for (uint32_t i = folder; i != root; i = tree_at(i)->parent) {
        if (tree_at(i)->names == 0) {
            return -ENOENT;
        }
        const struct entry *entry = entry_at(tree_at(i)->entry);
        if (entry->length + 1 > at) {
            return -ENAMETOOLONG;
        }
        at -= entry->length;
        memcpy(whole + at, entry->name, entry->length);
        whole[--at] = '/';
    }
    if (folder == root) {
        whole[--at] = '/';
    }
    const uint64_t length = sizeof whole - at;
    if (length > size) {
        return -ERANGE;
    }
    memcpy(path, whole + at, length);
    return (int64_t)length;
}
