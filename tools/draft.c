#include "tools/draft.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/panic.h"
#include "sim/point.h"
#include "tools/complain.h"

static char *file_text(const char *path) {
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long size = -1;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0) {
        rewind(file);
        text = malloc((size_t)size + 1);
    }
    if (text != NULL && fread(text, 1, (size_t)size, file) != (size_t)size) {
        free(text);
        text = NULL;
    }
    if (text != NULL) {
        text[size] = '\0';
    }
    if (file != NULL) {
        fclose(file);
    }
    return text;
}

bool draft_init(struct draft *draft,
                const char *path,
                const char *original,
                const struct description *description) {
    *draft = (struct draft){.description = description};
    if (access(path, F_OK) == 0) {
        complain("%s exists already; name another file with -o", path);
        return false;
    }
    if (snprintf(draft->path, sizeof draft->path, "%s", path) >= (int)sizeof draft->path) {
        complain("the path of the file to write is too long");
        draft->path[0] = '\0';
        return false;
    }
    draft->text = file_text(original);
    if (draft->text == NULL) {
        complain("%s cannot be read: %s", original, strerror(errno));
        draft->path[0] = '\0';
    }
    return draft->text != NULL;
}

/* ---- Lua ---- */

static void quoted(FILE *out, const char *text) {
    fputc('"', out);
    for (; *text != '\0'; text++) {
        const unsigned char letter = (unsigned char)*text;
        if (letter < ' ') {
            fprintf(out, "\\%03u", letter);
        } else {
            fprintf(out, letter == '"' || letter == '\\' ? "\\%c" : "%c", letter);
        }
    }
    fputc('"', out);
}

static void which(FILE *out, uint32_t nth) {
    if (nth != 1) {
        fprintf(out, ", { nth = %" PRIu32 " }", nth);
    }
}

/* maker("node"[, "name"][, { nth = 2 }])member */
static void made(FILE *out,
                 const char *maker,
                 const char *node,
                 const char *name,
                 uint32_t nth,
                 const char *member) {
    fprintf(out, "%s(", maker);
    quoted(out, node);
    if (name[0] != '\0') {
        fputs(", ", out);
        quoted(out, name);
    }
    which(out, nth);
    fprintf(out, ")%s", member);
}

static void message(FILE *out, const char *from, const char *to, uint32_t nth, const char *member) {
    fputs("message { from = ", out);
    quoted(out, from);
    fputs(", to = ", out);
    quoted(out, to);
    if (nth != 1) {
        fprintf(out, ", nth = %" PRIu32, nth);
    }
    fprintf(out, " }%s", member);
}

static void occasion(FILE *out, const struct draft *draft, const struct occasion *step) {
    const char *node = draft->description->nodes[step->node].name;
    const char *peer = draft->description->nodes[step->peer].name;
    const char *of_threads = step->name[0] == '\0' ? "thread" : "task";
    switch (step->instant) {
    case OCCASION_MARK:
        made(out, "mark", node, step->name, step->nth, "");
        return;
    case OCCASION_CALL:
        made(out, "call", node, point_name(step->call), step->nth, "");
        return;
    case OCCASION_STARTS:
        made(out, of_threads, node, step->name, step->nth, ".starts");
        return;
    case OCCASION_WAKES:
        made(out, of_threads, node, step->name, step->nth, ".wakes");
        return;
    case OCCASION_ENDS:
        made(out, of_threads, node, step->name, step->nth, ".ends");
        return;
    case OCCASION_TIME:
        fprintf(out, "at \"%" PRIu64 "us\"", step->at_ns / 1000);
        return;
    case OCCASION_EXPIRES:
        made(out, "timer", node, "", step->nth, ".expires");
        return;
    case OCCASION_SENT:
        message(out, peer, node, step->nth, ".sent");
        return;
    case OCCASION_ARRIVES:
        message(out, peer, node, step->nth, ".arrives");
        return;
    case OCCASION_READ:
        message(out, peer, node, step->nth, ".read");
        return;
    default:
        UNREACHABLE();
    }
}

bool draft_write(const struct draft *draft,
                 const char *comment,
                 const struct sequence_pair *pairs,
                 uint32_t chosen) {
    FILE *out = fopen(draft->path, "wb");
    if (out == NULL) {
        complain("%s cannot be written: %s", draft->path, strerror(errno));
        return false;
    }
    const size_t length = strlen(draft->text);
    fputs(draft->text, out);
    fputs(length > 0 && draft->text[length - 1] != '\n' ? "\n\n" : "\n", out);
    fputs(comment, out);
    for (uint32_t i = 0; i < SEQUENCE_PAIRS_MAX; i++) {
        if ((chosen >> i & 1) != 0) {
            fputs("order(", out);
            occasion(out, draft, &pairs[i].first);
            fputs(", ", out);
            occasion(out, draft, &pairs[i].second);
            fputs(")\n", out);
        }
    }
    const bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        complain("%s cannot be written: %s", draft->path, strerror(errno));
        return false;
    }
    return true;
}

void draft_deinit(struct draft *draft, bool keeps) {
    free(draft->text);
    draft->text = NULL;
    if (!keeps && draft->path[0] != '\0') {
        unlink(draft->path);
    }
}
