#include "scenarios/raft_message.h"

#include <assert.h>

uint8_t *raft_message_put4(uint8_t *bytes, uint32_t number) {
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(number >> (24 - 8 * i));
    }
    return bytes + 4;
}

uint8_t *raft_message_put8(uint8_t *bytes, uint64_t number) {
    return raft_message_put4(raft_message_put4(bytes, (uint32_t)(number >> 32)), (uint32_t)number);
}

const uint8_t *raft_message_get4(const uint8_t *bytes, uint32_t *number) {
    *number = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
              (uint32_t)bytes[3];
    return bytes + 4;
}

const uint8_t *raft_message_get8(const uint8_t *bytes, uint64_t *number) {
    uint32_t high, low;

    bytes = raft_message_get4(raft_message_get4(bytes, &high), &low);
    *number = (uint64_t)high << 32 | low;
    return bytes;
}

void raft_message_write_entry(const struct raft_entry *entry, uint8_t *bytes) {
    bytes = raft_message_put8(bytes, entry->term);
    bytes = raft_message_put4(bytes, entry->command.kind);
    bytes = raft_message_put4(bytes, entry->command.client);
    bytes = raft_message_put4(bytes, entry->command.number);
    bytes = raft_message_put4(bytes, entry->command.key);
    bytes = raft_message_put8(bytes, (uint64_t)entry->command.value);
    raft_message_put8(bytes, (uint64_t)entry->command.expected);
}

void raft_message_read_entry(struct raft_entry *entry, const uint8_t *bytes) {
    uint64_t value, expected;

    bytes = raft_message_get8(bytes, &entry->term);
    bytes = raft_message_get4(bytes, &entry->command.kind);
    bytes = raft_message_get4(bytes, &entry->command.client);
    bytes = raft_message_get4(bytes, &entry->command.number);
    bytes = raft_message_get4(bytes, &entry->command.key);
    bytes = raft_message_get8(bytes, &value);
    raft_message_get8(bytes, &expected);
    entry->command.value = (int64_t)value;
    entry->command.expected = (int64_t)expected;
}

size_t raft_message_write(const struct raft_message *message, uint8_t *bytes) {
    const size_t size = RAFT_MESSAGE_SIZE(message->entry_count);

    assert(message->entry_count <= RAFT_BATCH_MAX);
    bytes = raft_message_put4(bytes, (uint32_t)size);
    bytes = raft_message_put4(bytes, message->kind);
    bytes = raft_message_put4(bytes, message->from);
    bytes = raft_message_put4(bytes, message->yes);
    bytes = raft_message_put8(bytes, message->term);
    bytes = raft_message_put8(bytes, message->index);
    bytes = raft_message_put8(bytes, message->index_term);
    bytes = raft_message_put8(bytes, message->commit);
    bytes = raft_message_put8(bytes, message->round);
    bytes = raft_message_put8(bytes, message->hint);
    bytes = raft_message_put8(bytes, message->hint_term);
    bytes = raft_message_put4(bytes, message->entry_count);
    for (uint32_t i = 0; i < message->entry_count; i++) {
        raft_message_write_entry(&message->entries[i], &bytes[i * RAFT_MESSAGE_ENTRY]);
    }
    return size;
}

size_t raft_message_read(struct raft_message *message, const uint8_t *bytes, size_t size) {
    uint32_t told;

    if (size < RAFT_MESSAGE_HEAD) {
        return 0;
    }
    bytes = raft_message_get4(bytes, &told);
    bytes = raft_message_get4(bytes, &message->kind);
    bytes = raft_message_get4(bytes, &message->from);
    bytes = raft_message_get4(bytes, &message->yes);
    bytes = raft_message_get8(bytes, &message->term);
    bytes = raft_message_get8(bytes, &message->index);
    bytes = raft_message_get8(bytes, &message->index_term);
    bytes = raft_message_get8(bytes, &message->commit);
    bytes = raft_message_get8(bytes, &message->round);
    bytes = raft_message_get8(bytes, &message->hint);
    bytes = raft_message_get8(bytes, &message->hint_term);
    bytes = raft_message_get4(bytes, &message->entry_count);
    if (message->kind < RAFT_VOTE || message->kind > RAFT_ANSWER ||
        message->entry_count > RAFT_BATCH_MAX || told != RAFT_MESSAGE_SIZE(message->entry_count)) {
        return SIZE_MAX;
    }
    for (uint32_t i = 0; i < message->entry_count && size >= told; i++) {
        raft_message_read_entry(&message->entries[i], &bytes[i * RAFT_MESSAGE_ENTRY]);
    }
    return size >= told ? told : 0;
}
