#include "tools/recording.h"

#include <errno.h>
#include <string.h>

#include "tools/complain.h"

bool recording_open(struct recording *recording) {
    recording->file = tmpfile();
    recording->count = 0;
    recording->next = 0;
    if (recording->file == NULL) {
        complain("there is no temporary file for the trace: %s; set TMPDIR or free some space",
                 strerror(errno));
        return false;
    }
    snprintf(recording->number, sizeof recording->number, "%d", fileno(recording->file));
    recording->variables[0] = "SIM_TRACE_FD";
    recording->variables[1] = recording->number;
    recording->variables[2] = NULL;
    return true;
}

void recording_rewind(struct recording *recording) {
    rewind(recording->file);
    recording->count = 0;
    recording->next = 0;
}

static bool read_block(struct recording *recording) {
    uint32_t count = 0;
    recording->next = 0;
    recording->count = 0;
    if (fread(&count, sizeof count, 1, recording->file) != 1 || count > TRACE_BLOCK ||
        fread(recording->events, sizeof recording->events[0], count, recording->file) != count ||
        fread(recording->sites, sizeof recording->sites[0], count, recording->file) != count) {
        return false;
    }
    recording->count = count;
    return count > 0;
}

const struct event *recording_next(struct recording *recording, uint64_t *site) {
    if (recording->next == recording->count && !read_block(recording)) {
        return NULL;
    }
    if (site != NULL) {
        *site = recording->sites[recording->next];
    }
    return &recording->events[recording->next++];
}

void recording_close(struct recording *recording) {
    if (recording->file != NULL) {
        fclose(recording->file);
        recording->file = NULL;
    }
}
