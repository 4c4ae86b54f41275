#include "sim/causality.h"

#include <string.h>

#include "sim/panic.h"

uint64_t causality_arena_size(uint32_t threads_max) {
    return vector_arena_size() +
           (CAUSALITY_VIEWS_MAX + UINT64_C(1)) * sizeof(struct causality_view) +
           (threads_max + UINT64_C(1)) * sizeof(uint32_t) +
           CAUSALITY_OBJECTS_MAX * sizeof(struct causality_object) +
           (DESCRIPTION_NODES_MAX + UINT64_C(1)) * sizeof(struct causality_home);
}

void causality_init(struct causality *causality,
                    struct arena *arena,
                    struct schedule *schedule,
                    uint32_t threads_max) {
    *causality = (struct causality){.schedule = schedule};
    vectors_init(&causality->vectors, arena, schedule);
    causality->views = arena_take(arena, (CAUSALITY_VIEWS_MAX + 1) * sizeof(struct causality_view));
    causality->view_of = arena_take(arena, (threads_max + UINT64_C(1)) * sizeof(uint32_t));
    causality->objects = arena_take(arena, CAUSALITY_OBJECTS_MAX * sizeof(struct causality_object));
    causality->homes =
        arena_take(arena, (DESCRIPTION_NODES_MAX + 1) * sizeof(struct causality_home));
}

void causality_begin(struct causality *causality, uint32_t node_count) {
    vectors_begin(&causality->vectors);
    causality->view_count = 0;
    causality->process_count = 0;
    causality->run++;
    for (uint32_t node = 1; node <= node_count; node++) {
        causality->homes[node].process = 0;
    }
}

/* ---- threads ---- */

static _Noreturn void too_many(struct causality *causality, uint32_t limit, const char *what) {
    verdict_set(causality->schedule->verdict,
                VERDICT_LIMIT,
                "more than %u %s: search with --races off and --memory sc",
                limit,
                what);
    schedule_end(causality->schedule);
    UNREACHABLE();
}

/* A process that begins knows of nothing, and nobody of it. */
static void home_begin(struct causality *causality, uint32_t node) {
    struct causality_home *home = &causality->homes[node];
    home->process = ++causality->process_count;
    home->lane_count = 0;
    home->free_count = 0;
    home->kernel = 0;
    home->ended = 0;
    home->fences = 0;
}

/* A view on a lane that nobody stands on. */
static uint32_t lane_take(struct causality *causality, uint32_t node) {
    struct causality_home *home = &causality->homes[node];
    if (home->free_count > 0 && home->lane_count >= CAUSALITY_FRESH_LANES) {
        return home->free[--home->free_count];
    }
    if (home->lane_count == VECTOR_LANES) {
        too_many(causality, VECTOR_LANES, "threads of a program that were not joined");
    }
    if (causality->view_count == CAUSALITY_VIEWS_MAX) {
        too_many(causality, CAUSALITY_VIEWS_MAX, "threads");
    }
    const uint32_t index = ++causality->view_count;
    struct causality_view *view = &causality->views[index];
    memset(view, 0, sizeof *view);
    view->process = home->process;
    view->node = node;
    view->lane = home->lane_count++;
    return index;
}

/* A new thread knows what its parent knows. Nothing is known of its own lane yet. */
static void view_start(struct causality_view *view, const struct causality_view *parent) {
    const uint32_t epoch = view->clock.at[view->lane] + 1;
    view->clock = (struct vector_clock){0};
    if (parent != NULL) {
        vector_clock_join(&view->clock, &parent->clock);
    }
    view->clock.at[view->lane] = epoch;
    if (view->clock.count <= view->lane) {
        view->clock.count = view->lane + 1;
    }
}

void causality_birth(struct causality *causality, uint32_t parent, uint32_t id, uint32_t node) {
    if (parent == 0) {
        home_begin(causality, node);
    }
    const uint32_t index = lane_take(causality, node);
    causality->view_of[id] = index;
    struct causality_view *view = &causality->views[index];
    vector_drop(&causality->vectors, &view->released);
    vector_drop(&causality->vectors, &view->pending);
    vector_drop(&causality->vectors, &view->fenced);
    view->fence_time = 0;
    view->stale = 0;
    struct causality_view *creator =
        parent == 0 ? NULL : &causality->views[causality->view_of[parent]];
    view_start(view, creator);
    if (creator != NULL) {
        causality_advance(creator);
    }
}

void causality_end(struct causality *causality) {
    const struct causality_view *self = causality_view(causality);
    vector_join(&causality->vectors, &causality->homes[self->node].ended, &self->clock);
}

void causality_reuse(struct causality *causality, uint32_t id) {
    struct causality_view *view = &causality->views[causality->view_of[id]];
    vector_read(&causality->vectors, causality->homes[view->node].ended, &view->clock);
}

void causality_part(struct causality *causality, uint32_t id) {
    const uint32_t index = causality->view_of[id];
    const struct causality_view *view = &causality->views[index];
    struct causality_home *home = &causality->homes[view->node];
    if (home->process == view->process) { /* else the process is no more */
        ASSERT(home->free_count < VECTOR_LANES);
        home->free[home->free_count++] = index;
    }
}

void causality_join(struct causality *causality, uint32_t id) {
    const struct causality_view *other = &causality->views[causality->view_of[id]];
    vector_clock_join(&causality_view(causality)->clock, &other->clock);
    causality_part(causality, id);
}

void causality_wake(struct causality *causality, uint32_t id) {
    struct causality_view *self = causality_view(causality);
    vector_clock_join(&causality->views[causality->view_of[id]].clock, &self->clock);
    causality_advance(self);
}

/* ---- objects ---- */

static uint32_t *object_vector(struct causality *causality, uint32_t id, enum causality_side side) {
    if (id >= CAUSALITY_OBJECTS_MAX) {
        too_many(causality, CAUSALITY_OBJECTS_MAX, "objects");
    }
    struct causality_object *object = &causality->objects[id];
    if (object->run != causality->run) {
        *object = (struct causality_object){.run = causality->run};
    }
    return &object->vectors[side];
}

void causality_release(struct causality *causality, uint32_t object, enum causality_side side) {
    struct causality_view *self = causality_view(causality);
    vector_join(&causality->vectors, object_vector(causality, object, side), &self->clock);
    causality_advance(self);
}

void causality_acquire(struct causality *causality, uint32_t object, enum causality_side side) {
    vector_read(&causality->vectors,
                *object_vector(causality, object, side),
                &causality_view(causality)->clock);
}

void causality_kernel_release(struct causality *causality) {
    struct causality_view *self = causality_view(causality);
    vector_join(&causality->vectors, &causality->homes[self->node].kernel, &self->clock);
    causality_advance(self);
}

void causality_kernel_acquire(struct causality *causality) {
    struct causality_view *self = causality_view(causality);
    vector_read(&causality->vectors, causality->homes[self->node].kernel, &self->clock);
}

static void
fence(struct causality *causality, struct causality_view *view, bool acquires, uint64_t sc_time) {
    uint32_t *fences = &causality->homes[view->node].fences;
    if (acquires) {
        vector_read(&causality->vectors, view->pending, &view->clock);
    }
    if (sc_time != 0) {
        vector_copy(&causality->vectors, &view->fenced, *fences);
        vector_join(&causality->vectors, fences, &view->clock);
        view->fence_time = sc_time;
    }
}

static void fence_end(struct causality *causality, struct causality_view *view) {
    vector_set(&causality->vectors, &view->released, &view->clock);
    causality_advance(view);
}

void causality_fence(struct causality *causality, bool acquires, bool releases, uint64_t sc_time) {
    struct causality_view *self = causality_view(causality);
    fence(causality, self, acquires, sc_time);
    if (releases) {
        fence_end(causality, self);
    }
}

void causality_fence_all(struct causality *causality, uint64_t sc_time) {
    const uint32_t process = causality_view(causality)->process;
    /* In the second round they know of each other's first. */
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 1; i <= causality->view_count; i++) {
            if (causality->views[i].process == process) {
                fence(causality, &causality->views[i], true, sc_time);
            }
        }
    }
    for (uint32_t i = 1; i <= causality->view_count; i++) {
        if (causality->views[i].process == process) {
            fence_end(causality, &causality->views[i]);
        }
    }
}
