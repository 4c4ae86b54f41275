#include <inttypes.h>

#include "sim/schedule.h"
#include "sim/schedule_parts.h"

#define CHECK_POINTS 64u

void schedule_limits_check(struct schedule *schedule) {
    const uint64_t points = *schedule->points;
    const bool moves = points - schedule->progress_at <= SCHEDULE_NO_PROGRESS_POINTS;
    if (!moves && schedule_relax(schedule)) {
        schedule_progress(schedule);
    } else if (!moves) {
        verdict_set(schedule->verdict,
                    VERDICT_NO_PROGRESS,
                    "%u points passed and nothing moved",
                    SCHEDULE_NO_PROGRESS_POINTS);
        schedule_end(schedule);
    }
    if (points > schedule->points_max) {
        verdict_set(schedule->verdict,
                    VERDICT_LIMIT,
                    "the limit of %" PRIu64 " points was reached",
                    schedule->points_max);
        schedule_end(schedule);
    }
    if (schedule->clock.now_ns > schedule->time_max_ns) {
        verdict_set(schedule->verdict,
                    VERDICT_LIMIT,
                    "the limit of %" PRIu64 " ns of virtual time was reached",
                    schedule->time_max_ns);
        schedule_end(schedule);
    }
    const struct choices *choices = schedule->choices;
    if (choices->diverged || (choices->overflow && points % CHECK_POINTS == 0)) {
        verdict_set(schedule->verdict,
                    choices->diverged ? VERDICT_DIVERGED : VERDICT_LIMIT,
                    choices->diverged ? "choice %" PRIu64 " does not match the recorded one"
                                      : "more than %" PRIu64 " choices",
                    choices->diverged ? choices->mismatch_at : choices->record_capacity);
        schedule_end(schedule);
    }
}

void schedule_limits_look(struct schedule *schedule) {
    const uint64_t points = *schedule->points;
    schedule_limits_check(schedule);
    if (schedule->held.first != 0 && points - schedule->held_since > SCHEDULE_HOLD_POINTS_MAX) {
        schedule_release_held(schedule);
    }
    schedule->check_at = choices_replays(schedule->choices)
                             ? points + 1
                             : points - points % CHECK_POINTS + CHECK_POINTS;
    schedule->check_at = schedule_earlier(schedule->check_at,
                                          schedule->progress_at + SCHEDULE_NO_PROGRESS_POINTS + 1);
    if (schedule->points_max < schedule->check_at) {
        schedule->check_at = schedule->points_max + 1;
    }
    const uint64_t left_ns = schedule->time_max_ns - schedule->clock.now_ns;
    schedule->check_at =
        schedule_earlier(schedule->check_at, points + left_ns / VCLOCK_CALL_NS + 1);
    if (schedule->held.first != 0) {
        schedule->check_at = schedule_earlier(schedule->check_at,
                                              schedule->held_since + SCHEDULE_HOLD_POINTS_MAX + 1);
    }
}
