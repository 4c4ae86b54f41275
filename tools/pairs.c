#include "tools/pairs.h"

#include <stdbool.h>
#include <string.h>

#include "sim/hash.h"
#include "sim/panic.h"

/* What a site did to an object, whoever it was. */
struct use {
    uint64_t site;
    uint32_t object;
    uint32_t thread;
    bool several; /* threads */
    bool writes, reads;
};

static struct use uses[TRACE_RING];
static uint32_t use_count;

void pairs_clear(struct pairs *pairs) {
    pairs->count = 0;
}

static bool is_of_interest(const struct event *event) {
    return event->object != 0 && event->thread != 0 && !point_about_thread(event->kind) &&
           (point_is_call(event->kind) || event->kind >= POINT_ATOMIC_LOAD);
}

static void use_add(const struct event *event, uint64_t site) {
    uint32_t i = 0;
    while (i < use_count && (uses[i].site != site || uses[i].object != event->object)) {
        i++;
    }
    struct use *use = &uses[i];
    if (i == use_count) {
        use_count++;
        *use = (struct use){.site = site, .object = event->object, .thread = event->thread};
    }
    use->several |= use->thread != event->thread;
    use->writes |= event->kind != POINT_ATOMIC_LOAD && event->kind != POINT_MEMORY_LOAD;
    use->reads |= event->kind != POINT_ATOMIC_STORE && event->kind != POINT_MEMORY_STORE;
}

static void uses_gather(const struct record *record) {
    const uint64_t count = record->trace.count;
    use_count = 0;
    for (uint64_t n = count < TRACE_RING ? count : TRACE_RING; n > 0; n--) {
        uint64_t site = 0;
        const struct event *event = trace_last(&record->trace, n - 1, &site);
        if (event != NULL && site != 0 && is_of_interest(event)) {
            use_add(event, site);
        }
    }
}

/* False when it is in no image. */
static bool site_of(const struct record *record, uint64_t address, struct pairs_site *site) {
    for (uint32_t i = 0; i < record->image_count; i++) {
        const struct record_image *image = &record->images[i];
        if (address >= image->start && address < image->end) {
            *site = (struct pairs_site){.image = i, .offset = address - image->start};
            return true;
        }
    }
    return false;
}

static bool same(const struct pairs_site *one, const struct pairs_site *other) {
    return one->image == other->image && one->offset == other->offset;
}

static void pair_add(struct pairs *pairs,
                     const struct record *record,
                     const struct use *writer,
                     const struct use *reader) {
    struct pairs_site writes;
    struct pairs_site reads;
    if (pairs->count == PROFILE_PAIRS_MAX || !site_of(record, writer->site, &writes) ||
        !site_of(record, reader->site, &reads)) {
        return;
    }
    for (uint32_t i = 0; i < pairs->count; i++) {
        if (same(&pairs->writes[i], &writes) && same(&pairs->reads[i], &reads)) {
            return;
        }
    }
    pairs->writes[pairs->count] = writes;
    pairs->reads[pairs->count++] = reads;
}

void pairs_gather(struct pairs *pairs, const struct record *record) {
    uses_gather(record);
    for (uint32_t i = 0; i < use_count; i++) {
        for (uint32_t j = 0; j < use_count && uses[i].writes; j++) {
            const bool threads =
                uses[i].several || uses[j].several || uses[i].thread != uses[j].thread;
            if (uses[j].reads && uses[i].object == uses[j].object && threads) {
                pair_add(pairs, record, &uses[i], &uses[j]);
            }
        }
    }
}

static uint64_t address_of(const struct record *record, const struct pairs_site *site) {
    ASSERT(site->image < record->image_count); /* each worker loads the same */
    return record->images[site->image].start + site->offset;
}

uint32_t pairs_tell(const struct pairs *pairs, struct record *record) {
    struct hash_stream stream;
    struct profile *profile = &record->profile;
    hash_stream_init(&stream);
    profile->count = pairs->count;
    for (uint32_t i = 0; i < pairs->count; i++) {
        const uint64_t numbers[] = {pairs->writes[i].image,
                                    pairs->writes[i].offset,
                                    pairs->reads[i].image,
                                    pairs->reads[i].offset};
        hash_stream_add(&stream, numbers, sizeof numbers);
        profile->pairs[i].writes = address_of(record, &pairs->writes[i]);
        profile->pairs[i].reads = address_of(record, &pairs->reads[i]);
    }
    const struct hash hash = hash_stream_value(&stream);
    memcpy(&profile->id, hash.bytes, sizeof profile->id);
    profile->id = pairs->count == 0 ? 0 : profile->id | 1;
    return profile->id;
}
