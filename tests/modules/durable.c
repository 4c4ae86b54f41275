/* Random calls on files, then a loss of power; started again, the program looks whether there is
 * what a naive model says: one that keeps every change and copies each file whenever it is
 * synchronised.
 *
 * WHAT: KEPT, SYNCED, TORN. The program knows in its second life what it did in the first by the
 * numbers it draws them from, which it has put into a counter. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/scenario.h"

enum { KEPT, SYNCED, TORN };
_Static_assert(KEPT == (int)SIM_FILES_KEPT && TORN == (int)SIM_FILES_TORN, "the same words");

#define SECTOR 512
#define SIZE_MAX_ 6000
#define CALLS_MAX 40
#define INODES_MAX 64
#define EVENTS_MAX 256

SIM_SCENARIO(scenario) {
    const uint32_t main = sim_node(scenario, "main", "program", NULL);
    sim_crash(scenario, main, 0, SIM_MS(1), (enum sim_files)WHAT);
    sim_fault_on(scenario, sim_on_mark(scenario, main, "now", 1), 0, 0);
    sim_finally(scenario, "it looks", "looked", sim_equal(1));
    sim_sometimes(scenario, "a name lasts", "names", sim_at_least(1));
    sim_sometimes(scenario, "bytes last", "bytes", sim_at_least(1));
    if (WHAT != KEPT) {
        sim_sometimes(scenario, "a name is lost", "names lost", sim_at_least(1));
        sim_sometimes(scenario, "bytes are lost", "bytes lost", sim_at_least(1));
    }
    if (WHAT == TORN) {
        sim_sometimes(scenario, "a write is torn", "torn", sim_at_least(1));
    }
}

/* ---- the model ---- */

struct content {
    int size;
    unsigned char bytes[SIZE_MAX_];
};

static struct inode {
    bool folder;
    struct content now, synced;
} inodes[INODES_MAX]; /* 1: the working directory */

static struct write {
    int inode, position, size; /* position -1: the file has this size now */
    unsigned char fill;
} writes[CALLS_MAX]; /* that did not last */

static struct event {
    int folder, name, inode, group;
    bool removed, lasts;
} events[EVENTS_MAX];

static int inode_count, write_count, event_count, group_count;

static void put(struct content *content, const struct write *write, int until) {
    if (write->position < 0) {
        if (write->size > content->size) {
            memset(content->bytes + content->size, 0, (size_t)(write->size - content->size));
        }
        content->size = write->size;
        return;
    }
    const int end = write->position + write->size < until ? write->position + write->size : until;
    if (write->position > content->size) {
        memset(content->bytes + content->size, 0, (size_t)(write->position - content->size));
    }
    memset(content->bytes + write->position, write->fill, (size_t)(end - write->position));
    content->size = end > content->size ? end : content->size;
}

static void changes(int inode, int position, int size, unsigned char fill) {
    const struct write write = {inode, position, size, fill};
    put(&inodes[inode].now, &write, SIZE_MAX_);
    writes[write_count++] = write;
}

static void names(int folder, int name, int inode, bool removed) {
    events[event_count++] = (struct event){folder, name, inode, group_count, removed, false};
}

/* What a name leads to by those events that last, and by so many groups of the others. */
static int find(int folder, int name, int groups) {
    int inode = 0;
    int seen = 0;
    int group = -1;
    for (int i = 0; i < event_count; i++) {
        if (!events[i].lasts && events[i].group != group) {
            group = events[i].group;
            seen++;
        }
        if ((events[i].lasts || seen <= groups) && events[i].folder == folder &&
            events[i].name == name) {
            inode = events[i].removed ? 0 : events[i].inode;
        }
    }
    return inode;
}

static bool needs(const struct event *later, const struct event *event) {
    return (later->folder == event->folder && later->name == event->name) ||
           (!event->removed && event->inode == later->folder) ||
           (later->removed && event->folder == later->inode);
}

static void last(int inode, bool all) {
    int kept = 0;
    bool more = true;
    for (int i = 0; i < write_count; i++) {
        if (!all && writes[i].inode != inode) {
            writes[kept++] = writes[i];
        }
    }
    write_count = kept;
    for (int i = 1; i <= inode_count; i++) {
        if (all || i == inode) {
            inodes[i].synced = inodes[i].now;
        }
    }
    for (int i = 0; i < event_count; i++) {
        events[i].lasts = events[i].lasts || all || events[i].folder == inode ||
                          (!events[i].removed && events[i].inode == inode);
    }
    while (more) {
        more = false;
        for (int i = 0; i < event_count; i++) {
            for (int j = 0; j < event_count && events[i].lasts; j++) {
                if (!events[j].lasts && (events[j].group == events[i].group ||
                                         (j < i && needs(&events[i], &events[j])))) {
                    events[j].lasts = more = true;
                }
            }
        }
    }
}

/* ---- calls, of the model and, in the first life, of the system ---- */

static uint64_t state;
static bool real;

static int draw(int below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int)((state >> 33) % (uint64_t)below);
}

static const char *path(int folder, int name) {
    static char paths[2][16];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[0], folder == 1 ? "%c" : "d/%c", 'a' + name);
    return paths[turn];
}

static void must(long result) {
    if (real && result < 0) {
        sim_fail("a call failed that the model allows");
    }
}

static void close_after(int descriptor, long result) {
    must(descriptor);
    must(result);
    close(descriptor);
}

static void change_file(int folder, int name, int call) {
    const bool synced = draw(6) == 0;
    const bool shortens = draw(4) == 0;
    const int size = draw(2500) + 1;
    int inode = find(folder, name, EVENTS_MAX);
    int descriptor = -1;
    if (inode == 0) {
        inode = ++inode_count;
        group_count++;
        names(folder, name, inode, false);
    }
    const int there = inodes[inode].now.size;
    const int position = draw((there < 3000 ? there : 3000) + 1);
    if (real) {
        descriptor = open(path(folder, name), O_CREAT | O_RDWR | (synced ? O_SYNC : 0), 0644);
    }
    if (shortens) {
        changes(inode, -1, position, 0);
        close_after(descriptor, real ? ftruncate(descriptor, position) : 0);
        return;
    }
    char bytes[2501];
    memset(bytes, call + 1, sizeof bytes);
    changes(inode, position, size, (unsigned char)(call + 1));
    close_after(descriptor, real ? pwrite(descriptor, bytes, (size_t)size, position) : 0);
    if (synced) {
        last(inode, false);
    }
}

static void synchronise(int folder, int name) {
    const bool of_folder = draw(2) == 0;
    const int inode = of_folder ? folder : find(folder, name, EVENTS_MAX);
    if (inode == 0) {
        return;
    }
    if (real) {
        const int descriptor =
            open(of_folder ? (folder == 1 ? "." : "d") : path(folder, name), O_RDONLY);
        close_after(descriptor, fsync(descriptor));
    }
    last(inode, false);
}

static void take(int folder, int name) {
    const int inode = find(folder, name, EVENTS_MAX);
    if (inode != 0) {
        group_count++;
        names(folder, name, inode, true);
        must(real ? unlink(path(folder, name)) : 0);
    }
}

static void move(int folder, int name, int to_folder, int to_name) {
    const int inode = find(folder, name, EVENTS_MAX);
    const int replaced = find(to_folder, to_name, EVENTS_MAX);
    if (inode == 0 || inode == replaced) {
        return;
    }
    group_count++;
    if (replaced != 0) {
        names(to_folder, to_name, replaced, true);
    }
    names(folder, name, inode, true);
    names(to_folder, to_name, inode, false);
    must(real ? rename(path(folder, name), path(to_folder, to_name)) : 0);
}

/* The folder d has the name 3; it goes when it is empty. */
static void change_folder(int folder) {
    if (folder == 0) {
        group_count++;
        inodes[++inode_count].folder = true;
        names(1, 3, inode_count, false);
        must(real ? mkdir("d", 0755) : 0);
        return;
    }
    for (int name = 0; name < 3; name++) {
        if (find(folder, name, EVENTS_MAX) != 0) {
            return;
        }
    }
    group_count++;
    names(1, 3, folder, true);
    must(real ? rmdir("d") : 0);
}

static void call(int number) {
    const int d = find(1, 3, EVENTS_MAX);
    const int folder = draw(2) == 0 || d == 0 ? 1 : d;
    const int to_folder = draw(2) == 0 || d == 0 ? 1 : d;
    const int name = draw(3);
    const int to_name = draw(3);
    switch (draw(12)) {
    case 0:
        take(folder, name);
        break;
    case 1:
    case 2:
        move(folder, name, to_folder, to_name);
        break;
    case 3:
        change_folder(d);
        break;
    case 4:
    case 5:
    case 6:
        synchronise(folder, name);
        break;
    case 7:
        if (draw(4) == 0) {
            last(0, true);
            if (real) {
                sync();
            }
        }
        break;
    default:
        change_file(folder, name, number);
        break;
    }
}

/* ---- what is there ---- */

static bool same(const struct content *a, const struct content *b) {
    return a->size == b->size && memcmp(a->bytes, b->bytes, (size_t)a->size) == 0;
}

/* Whether a file may have this content: what was synchronised, and the first so many sectors of
 * what was written since. */
static bool may_be(int inode, const struct content *there) {
    static struct content tried;
    static struct content torn;
    tried = inodes[inode].synced;
    if (WHAT == KEPT) {
        return same(&inodes[inode].now, there);
    }
    if (same(&tried, there)) {
        return true;
    }
    for (int i = 0; i < write_count && WHAT == TORN; i++) {
        const struct write *write = &writes[i];
        if (write->inode != inode) {
            continue;
        }
        const int first = write->position < 0 ? SIZE_MAX_ : write->position / SECTOR + 1;
        for (int end = first * SECTOR; end < write->position + write->size; end += SECTOR) {
            torn = tried;
            put(&torn, write, end);
            if (same(&torn, there)) {
                sim_count("torn", 1);
                return true;
            }
        }
        put(&tried, write, SIZE_MAX_);
        if (same(&tried, there)) {
            return true;
        }
    }
    return false;
}

/* What a name leads to: -1 nothing, 0 a folder, 1 a file with this content. */
static int look_at(const char *name, struct content *content) {
    struct stat status;
    if (stat(name, &status) != 0) {
        return -1;
    }
    if (S_ISDIR(status.st_mode)) {
        return 0;
    }
    const int descriptor = open(name, O_RDONLY);
    content->size = (int)read(descriptor, content->bytes, sizeof content->bytes);
    close(descriptor);
    return 1;
}

static bool agrees(int folder, int name, int groups) {
    static struct content content;
    const int inode = find(folder, name, groups);
    const int kind = look_at(path(folder, name), &content);
    if (inode == 0 || kind <= 0) {
        return inode == 0 ? kind < 0 : inodes[inode].folder && kind == 0;
    }
    return !inodes[inode].folder && may_be(inode, &content);
}

static bool is_tree(int groups) {
    const int d = find(1, 3, groups);
    for (int name = 0; name < 4; name++) {
        if (!agrees(1, name, groups) || (d != 0 && name < 3 && !agrees(d, name, groups))) {
            return false;
        }
    }
    return true;
}

/* How many groups of changes do not last by themselves. */
static int open_groups(void) {
    int count = 0;
    int group = -1;
    for (int i = 0; i < event_count; i++) {
        if (!events[i].lasts && events[i].group != group) {
            group = events[i].group;
            count++;
        }
    }
    return count;
}

static void look(void) {
    const int most = open_groups();
    bool found = false;
    int groups = WHAT == KEPT ? most : 0;
    for (; groups <= (WHAT == SYNCED ? 0 : most) && !found; groups++) {
        found = is_tree(groups);
    }
    if (!found) {
        sim_fail("the files are none that a crash may leave");
    }
    for (int name = 0; name < 3; name++) {
        static struct content content;
        const int inode = find(1, name, groups - 1);
        const int kind = look_at(path(1, name), &content);
        sim_count("names", kind == 1);
        sim_count("names lost", kind < 0 && find(1, name, EVENTS_MAX) != 0);
        sim_count("bytes", kind == 1 && content.size > 0);
        sim_count("bytes lost", kind == 1 && !same(&content, &inodes[inode].now));
    }
    sim_count("looked", 1);
}

int program(int argc, char **argv) {
    (void)argc;
    (void)argv;
    real = sim_count("lives", 1) == 1;
    const int64_t number = sim_count("number", real ? (int64_t)(random() & 0xffffff) + 1 : 0);
    state = (uint64_t)number;
    inode_count = 1;
    inodes[1].folder = true;
    const int calls = draw(CALLS_MAX);
    for (int i = 0; i < calls; i++) {
        call(i);
    }
    if (real) {
        SIM_MARK("now");
    }
    look();
    return 0;
}
