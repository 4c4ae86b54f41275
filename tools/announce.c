#include "tools/announce.h"

#include <inttypes.h>

#include "tools/json.h"

void announce_run(const struct quarry *quarry,
                  const char *event,
                  const struct case_record *stored,
                  const struct cases_added *added) {
    const struct record *record = quarry->runner.record;
    char text[HASH_TEXT_SIZE];
    char strategy[CASE_STRATEGY_SIZE];
    strategy_print(&record->strategy, strategy, sizeof strategy);
    hash_print(&record->fingerprint, text);
    printf("{\"event\":\"%s\",", event);
    json_field(stdout, "scenario", quarry->name);
    if (!quarry->hunt->exact_seed) {
        const uint64_t after = record->runs_done - 1;
        printf(",\"number\":%" PRIu64, record->request.first + after * quarry->stride);
    }
    printf(",\"seed\":%" PRIu64 ",", record->seed);
    json_field(stdout, "strategy", strategy);
    printf(",\"verdict\":\"%s\",", verdict_name((enum verdict_kind)record->verdict.kind));
    json_field(stdout, "message", record->verdict.message);
    printf(",\"fingerprint\":\"%s\",\"steps\":%" PRIu64 ",\"time_ns\":%" PRIu64,
           text,
           record->trace.count,
           record->now_ns);
    if (stored != NULL) {
        hash_print(&stored->signature, text);
        printf(",\"signature\":\"%s\"", text);
        hash_print(&stored->id, text);
        printf(",\"id\":\"%s\",\"new\":%s", text, added->bug_is_new ? "true" : "false");
    }
    printf("}\n");
}
