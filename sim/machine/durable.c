#include "sim/machine/durable.h"

#include <string.h>
#include <sys/mman.h>

#include "sim/arena.h"
#include "sim/identity.h"
#include "sim/machine/hook.h"
#include "sim/machine/storage.h"
#include "sim/machine/tree.h"
#include "sim/panic.h"

enum change_kind { CHANGE_WRITE, CHANGE_RESIZE, CHANGE_ADD, CHANGE_REMOVE };

struct change {
    uint32_t link; /* of the list of free ones */
    uint32_t kind;
    uint32_t inode;          /* whose bytes or name */
    uint32_t previous, next; /* of the node's names, or of those of its contents, by time */
    uint32_t before;         /* WRITE, RESIZE: the one before of this inode, 0 = none */
    uint32_t folder;         /* ADD, REMOVE */
    uint32_t length;
    uint32_t group; /* ADD, REMOVE: together with those of the same number */
    bool lasts;     /* ADD, REMOVE: while it is found out what does */
    const char *name;
    uint64_t position, size; /* WRITE: what was written; RESIZE: size is the new one */
    uint64_t size_before;    /* of the file */
    uint64_t bytes;          /* where those lie that were replaced */
};

struct list {
    uint32_t first, last;
};

static struct {
    bool watched;
    struct list names, contents;
    struct decider decider;
} nodes[DESCRIPTION_NODES_MAX + 1];

static struct arena arena;
static struct pool changes;
static unsigned char *replaced;
static uint64_t replaced_used;
static uint32_t groups;
static uint32_t together; /* how many times begun */

void durable_open(void) {
    const uint64_t size = (DURABLE_CHANGES_MAX + UINT64_C(1)) * sizeof(struct change) + 64;
    void *memory = real_map(NULL, size, PROT_READ | PROT_WRITE);
    replaced = real_map(NULL, DURABLE_BYTES_MAX, PROT_READ | PROT_WRITE);
    ASSERT(memory != NULL && replaced != NULL);
    arena_init(&arena, memory, size);
    pool_init(&changes, &arena, sizeof(struct change), DURABLE_CHANGES_MAX);
}

void durable_begin(void) {
    const struct description *description = machine.world.description;
    pool_reset(&changes);
    replaced_used = 0;
    groups = together = 0;
    for (uint32_t node = 1; node <= description->node_count; node++) {
        memset(&nodes[node], 0, sizeof nodes[node]);
        nodes[node].decider.identity = identity_make(IDENTITY_FAULT, node, 0);
    }
    for (uint32_t i = 0; i < description->fault_count; i++) {
        const struct description_fault *fault = &description->faults[i];
        nodes[fault->from].watched =
            nodes[fault->from].watched ||
            (fault->kind == DESCRIPTION_CRASH && fault->files != DESCRIPTION_FILES_KEPT);
    }
}

bool durable_watches(void) {
    return nodes[hook_node()].watched;
}

static struct change *at(uint32_t index) {
    return pool_at(&changes, index);
}

_Noreturn static void too_much(void) {
    world_fail(&machine.world,
               VERDICT_LIMIT,
               NULL,
               "more changes of files were not synchronised than can be undone");
}

/* ---- putting down ---- */

static uint32_t add(struct list *list, enum change_kind kind, uint32_t inode) {
    const uint32_t index = pool_take(&changes);
    if (index == 0) {
        too_much();
    }
    *at(index) = (struct change){.kind = (uint32_t)kind, .inode = inode, .previous = list->last};
    if (list->last != 0) {
        at(list->last)->next = index;
    } else {
        list->first = index;
    }
    list->last = index;
    return index;
}

static void take_out(struct list *list, uint32_t index) {
    const struct change *change = at(index);
    if (change->previous != 0) {
        at(change->previous)->next = change->next;
    } else {
        list->first = change->next;
    }
    if (change->next != 0) {
        at(change->next)->previous = change->previous;
    } else {
        list->last = change->previous;
    }
    pool_give(&changes, index);
}

/* The bytes that are there now. */
static uint64_t keep(const struct tree_inode *inode, uint64_t position, uint64_t end) {
    const uint64_t size = position < end ? end - position : 0;
    const uint64_t start = replaced_used;
    if (size > DURABLE_BYTES_MAX - start) {
        too_much();
    }
    for (uint64_t done = 0; done < size;) {
        const long count = real_call6(SYS_pread64,
                                      inode->descriptor,
                                      (long)(replaced + start + done),
                                      (long)(size - done),
                                      (long)(position + done),
                                      0,
                                      0);
        ASSERT(count > 0);
        done += (uint64_t)count;
    }
    replaced_used += size;
    return start;
}

/* A file with such changes is held: it is there as long as they can be undone. */
static struct change *add_content(uint32_t index, enum change_kind kind) {
    struct tree_inode *inode = tree_at(index);
    const uint32_t added = add(&nodes[hook_node()].contents, kind, index);
    ASSERT(inode->written);
    at(added)->before = inode->unsynced;
    at(added)->size_before = inode->size;
    if (inode->unsynced == 0) {
        tree_hold(index);
    }
    inode->unsynced = added;
    return at(added);
}

void durable_write(uint32_t index, uint64_t position, uint64_t size) {
    if (!durable_watches()) {
        return;
    }
    struct change *change = add_content(index, CHANGE_WRITE);
    const uint64_t end = position + size;
    change->position = position;
    change->size = size;
    change->bytes =
        keep(tree_at(index), position, end < change->size_before ? end : change->size_before);
}

void durable_resize(uint32_t index, uint64_t size) {
    if (!durable_watches()) {
        return;
    }
    struct change *change = add_content(index, CHANGE_RESIZE);
    change->size = size;
    change->bytes = keep(tree_at(index), size, change->size_before);
}

static struct change *add_name(uint32_t folder,
                               const char *name,
                               uint32_t length,
                               enum change_kind kind,
                               uint32_t inode) {
    struct change *change = at(add(&nodes[hook_node()].names, kind, inode));
    groups += together == 0 ? 1 : 0;
    change->folder = folder;
    change->name = tree_text(name, length);
    change->length = length;
    change->group = groups;
    return change;
}

void durable_name_added(uint32_t folder, const char *name, uint32_t length, uint32_t inode) {
    if (durable_watches()) {
        add_name(folder, name, length, CHANGE_ADD, inode);
    }
}

void durable_name_removed(uint32_t folder, const char *name, uint32_t length, uint32_t inode) {
    if (durable_watches()) {
        add_name(folder, name, length, CHANGE_REMOVE, inode);
        tree_hold(inode);
        tree_hold(folder);
    }
}

void durable_together(bool begin) {
    if (begin) {
        groups++;
        together++;
    } else {
        ASSERT(together > 0);
        together--;
    }
}

/* ---- what lasts ---- */

/* The changes of a file's bytes are none any more. */
static void settle_content(uint32_t node, uint32_t index) {
    struct tree_inode *inode = tree_at(index);
    if (inode->unsynced == 0) {
        return;
    }
    while (inode->unsynced != 0) {
        const uint32_t before = at(inode->unsynced)->before;
        take_out(&nodes[node].contents, inode->unsynced);
        inode->unsynced = before;
    }
    tree_drop(index);
}

static void settle_name(uint32_t node, uint32_t index) {
    const struct change change = *at(index);
    take_out(&nodes[node].names, index);
    if (change.kind == CHANGE_REMOVE) {
        const struct tree_inode *inode = tree_at(change.inode);
        if (inode->names == 0 && inode->holds == 2 && inode->unsynced != 0) {
            settle_content(node, change.inode); /* nobody will see it again */
        }
        tree_drop(change.inode);
        tree_drop(change.folder);
    }
}

static bool same_name(const struct change *a, const struct change *b) {
    return a->folder == b->folder && a->length == b->length &&
           memcmp(a->name, b->name, a->length) == 0;
}

/* Whether `later` cannot last unless `change` does. */
static bool stands_on(const struct change *later, const struct change *change) {
    return same_name(later, change) ||
           (change->kind == CHANGE_ADD && change->inode == later->folder) ||
           (later->kind == CHANGE_REMOVE && change->folder == later->inode);
}

/* Marks what the marked ones take along; true when there were any. */
static bool mark_more(const struct list *names) {
    bool more = false;
    for (uint32_t i = names->last; i != 0; i = at(i)->previous) {
        bool earlier = true;
        for (uint32_t j = names->first; at(i)->lasts && j != 0; j = at(j)->next) {
            earlier = earlier && j != i;
            if (!at(j)->lasts &&
                (at(j)->group == at(i)->group || (earlier && stands_on(at(i), at(j))))) {
                at(j)->lasts = more = true;
            }
        }
    }
    return more;
}

static void settle_names(uint32_t node) {
    while (mark_more(&nodes[node].names)) {
    }
    for (uint32_t i = nodes[node].names.first, next; i != 0; i = next) {
        next = at(i)->next;
        if (at(i)->lasts) {
            settle_name(node, i);
        }
    }
}

void durable_sync(uint32_t index) {
    const uint32_t node = hook_node();
    if (!nodes[node].watched) {
        return;
    }
    settle_content(node, index);
    for (uint32_t i = nodes[node].names.first; i != 0; i = at(i)->next) {
        struct change *change = at(i);
        change->lasts =
            change->folder == index || (change->kind == CHANGE_ADD && change->inode == index);
    }
    settle_names(node);
}

static void settle_all(uint32_t node) {
    while (nodes[node].contents.first != 0) {
        settle_content(node, at(nodes[node].contents.first)->inode);
    }
    while (nodes[node].names.first != 0) {
        settle_name(node, nodes[node].names.first);
    }
}

void durable_sync_all(void) {
    settle_all(hook_node());
}

/* ---- what is lost ---- */

/* In how many pieces a change comes to the disk. */
static uint64_t pieces_of(const struct change *change) {
    if (change->kind == CHANGE_RESIZE || change->size == 0) {
        return 1;
    }
    return (change->position + change->size - 1) / DURABLE_SECTOR -
           change->position / DURABLE_SECTOR + 1;
}

/* Undoes a change but for its first pieces. */
static void undo_content(const struct change *change, uint64_t left) {
    struct tree_inode *inode = tree_at(change->inode);
    const bool writes = change->kind == CHANGE_WRITE;
    const uint64_t start = writes ? change->position : change->size;
    uint64_t end = writes ? change->position + change->size : change->size_before;
    end = end < change->size_before ? end : change->size_before;
    const uint64_t from =
        left == 0 ? start : (change->position / DURABLE_SECTOR + left) * DURABLE_SECTOR;
    if (from < end) {
        const int64_t refusal = storage_write(inode->descriptor,
                                              replaced + change->bytes + (from - start),
                                              end - from,
                                              from);
        ASSERT(refusal == 0);
    }
    inode->size = left != 0 && from > change->size_before ? from : change->size_before;
    storage_resize(inode->descriptor, inode->size);
}

/* How much of so much is lost. */
static uint64_t draw(uint32_t node, uint64_t most, uint32_t files) {
    return files == DESCRIPTION_FILES_SYNCED ? most
                                             : choices_draw(&machine.world.choices,
                                                            CHOICE_FAULT,
                                                            node,
                                                            &nodes[node].decider,
                                                            NULL,
                                                            most + 1);
}

static void lose_content(uint32_t node, uint32_t index, uint32_t files) {
    uint64_t pieces = 0;
    for (uint32_t i = tree_at(index)->unsynced; i != 0; i = at(i)->before) {
        pieces += pieces_of(at(i));
    }
    uint64_t lost = draw(node, pieces, files);
    for (uint32_t i = tree_at(index)->unsynced; i != 0 && lost > 0; i = at(i)->before) {
        const uint64_t own = pieces_of(at(i));
        undo_content(at(i), lost < own ? own - lost : 0);
        lost -= lost < own ? lost : own;
    }
    settle_content(node, index);
}

static void undo_name(uint32_t node, uint32_t index) {
    const struct change change = *at(index);
    take_out(&nodes[node].names, index);
    if (change.kind == CHANGE_ADD) {
        tree_remove(change.folder, change.name, change.length);
    } else {
        tree_add(change.folder, change.name, change.length, change.inode);
        tree_drop(change.inode);
        tree_drop(change.folder);
    }
}

static void lose_names(uint32_t node, uint32_t files) {
    const struct list *names = &nodes[node].names;
    uint64_t count = 0;
    for (uint32_t i = names->first; i != 0; i = at(i)->next) {
        count += at(i)->previous == 0 || at(at(i)->previous)->group != at(i)->group ? 1 : 0;
    }
    for (uint64_t lost = draw(node, count, files); lost > 0; lost--) {
        const uint32_t group = at(names->last)->group;
        while (names->last != 0 && at(names->last)->group == group) {
            undo_name(node, names->last);
        }
    }
}

void durable_crash(uint32_t node, uint32_t files) {
    if (files != DESCRIPTION_FILES_KEPT) {
        lose_names(node, files);
        while (nodes[node].contents.first != 0) {
            lose_content(node, at(nodes[node].contents.first)->inode, files);
        }
    }
    settle_all(node);
}
