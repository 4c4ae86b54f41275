#include "scenarios/raft_storage.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/raft_message.h"
#include "sim/scenario.h"

#define FOLDER "/tmp"
#define JOURNAL "/tmp/raft.journal"
#define RECORD_SIZE (32 + RAFT_MESSAGE_ENTRY)

enum record_kind {
    VOTE = 1, /* term, vote + 1 */
    ENTRY,    /* its index, 0 */
    CUT,      /* the last index, 0 */
};

struct record {
    uint64_t kind;
    uint64_t first, second;
    struct raft_entry entry;
};

static uint64_t sum_of(const uint8_t *bytes) {
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 8; i < RECORD_SIZE; i++) {
        sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return sum;
}

static void note(struct raft_storage *storage, const struct record *record) {
    uint8_t *const bytes = &storage->pending[storage->pending_size];

    if (storage->pending_size + RECORD_SIZE > RAFT_STORAGE_PENDING_MAX) {
        sim_fail("more is to be stored at once than there is room for");
    }
    uint8_t *rest = raft_message_put8(bytes + 8, record->kind);
    rest = raft_message_put8(rest, record->first);
    rest = raft_message_put8(rest, record->second);
    raft_message_write_entry(&record->entry, rest);
    raft_message_put8(bytes, sum_of(bytes));
    storage->pending_size += RECORD_SIZE;
}

void raft_storage_note_vote(struct raft_storage *storage, uint64_t term, uint32_t vote) {
    const uint64_t second = vote == RAFT_NOBODY ? 0 : (uint64_t)vote + 1;

    note(storage, &(const struct record){.kind = VOTE, .first = term, .second = second});
}

void raft_storage_note_entry(struct raft_storage *storage, const struct raft_entry *entry) {
    note(storage, &(const struct record){.kind = ENTRY, .entry = *entry});
}

void raft_storage_note_cut(struct raft_storage *storage, uint64_t last) {
    note(storage, &(const struct record){.kind = CUT, .first = last});
}

void raft_storage_flush(struct raft_storage *storage) {
    size_t done = 0;

    while (done < storage->pending_size) {
        const ssize_t count =
            write(storage->file, &storage->pending[done], storage->pending_size - done);
        if (count < 0 && errno != EINTR) {
            sim_fail("the journal cannot be written: %d", errno);
        }
        done += count > 0 ? (size_t)count : 0;
    }
    if (fdatasync(storage->file) != 0) {
        sim_fail("the journal cannot be synchronised: %d", errno);
    }
    storage->pending_size = 0;
}

/* False: the bytes are no whole record. */
static bool parse(const uint8_t *bytes, struct record *record) {
    uint64_t sum;
    const uint8_t *rest = raft_message_get8(bytes, &sum);

    rest = raft_message_get8(rest, &record->kind);
    rest = raft_message_get8(rest, &record->first);
    rest = raft_message_get8(rest, &record->second);
    raft_message_read_entry(&record->entry, rest);
    return sum == sum_of(bytes);
}

static bool read_record(int file, struct record *record) {
    uint8_t bytes[RECORD_SIZE];
    size_t size = 0;

    while (size < sizeof bytes) {
        const ssize_t count = read(file, &bytes[size], sizeof bytes - size);
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return false;
        }
        size += count > 0 ? (size_t)count : 0;
    }
    return parse(bytes, record);
}

/* The name of a new file lasts when its folder was synchronised. */
static int open_journal(void) {
    const int file = open(JOURNAL, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const int folder = open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (file < 0 || folder < 0 || fsync(folder) != 0) {
        sim_fail("the journal cannot be opened: %d", errno);
    }
    close(folder);
    return file;
}

uint32_t raft_storage_open(struct raft_storage *storage,
                           uint64_t *term,
                           uint32_t *vote,
                           struct raft_log *log) {
    struct record record;
    uint32_t count = 0;

    storage->file = open_journal();
    storage->pending_size = 0;
    for (; read_record(storage->file, &record); count++) {
        if (record.kind == VOTE) {
            *term = record.first;
            *vote = record.second == 0 ? RAFT_NOBODY : (uint32_t)(record.second - 1);
        } else if (record.kind == ENTRY) {
            raft_log_append(log, &record.entry);
        } else {
            raft_log_cut(log, record.first);
        }
    }
    const off_t end = (off_t)count * (off_t)RECORD_SIZE;
    if (ftruncate(storage->file, end) != 0 || lseek(storage->file, end, SEEK_SET) != end) {
        sim_fail("the end of the journal cannot be cut off: %d", errno);
    }
    return count;
}
