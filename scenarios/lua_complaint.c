#include "scenarios/lua_complaint.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "scenarios/lua_core.h"
#include "scenarios/lua_require.h"
#include "scenarios/lua_source.h"

enum {
    INDENT = 4,
    LINE_SIZE_MAX = 160,    /* bytes of the line that are shown */
    MESSAGE_SIZE_MAX = 400, /* bytes of the message that are shown */
    DEPTH_USUAL_MAX = 1000, /* calls within one another */
    COMPILED_MAX = 32,      /* places in one line that are tried for a token */
};

/* ---- text ---- */

struct paper {
    char *text;
    size_t size, used; /* used < size: there is room for the zero */
};

static void put(struct paper *paper, const char *text, size_t size) {
    const size_t room = paper->size - 1 - paper->used;

    size = size < room ? size : room;
    memcpy(paper->text + paper->used, text, size);
    paper->used += size;
    paper->text[paper->used] = '\0';
}

/* Length of the letter in UTF-8 at `text`; 0 if it is none. */
static size_t letter(const char *text, size_t size, uint32_t *code) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char first = (unsigned char)text[0];
    const size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || length > size) {
        return 0;
    }
    *code = length == 1 ? first : first & (0xffU >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        const unsigned char next = (unsigned char)text[i];
        if ((next & 0xc0) != 0x80) {
            return 0;
        }
        *code = *code << 6 | (next & 0x3f);
    }
    const bool is =
        *code >= least[length] && *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff);
    return is ? length : 0;
}

/* Columns of a terminal. */
static int letter_width(uint32_t code) {
    static const struct {
        uint32_t first, last;
        int width;
    } odd[] = {
        {0x0300, 0x036f, 0}, /* accents that stand on the letter before */
        {0x1100, 0x115f, 2},
        {0x200b, 0x200f, 0},
        {0x2e80, 0xa4cf, 2},
        {0xac00, 0xd7a3, 2},
        {0xf900, 0xfaff, 2},
        {0xfe00, 0xfe0f, 0},
        {0xfe30, 0xfe6f, 2},
        {0xff00, 0xff60, 2},
        {0xffe0, 0xffe6, 2},
        {0x1f300, 0x1faff, 2},
        {0x20000, 0x3fffd, 2},
    };

    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        if (code >= odd[i].first && code <= odd[i].last) {
            return odd[i].width;
        }
    }
    return 1;
}

/* Text, or with `blank` as much empty room as it takes. */
static void put_shown(struct paper *paper, const char *text, size_t size, bool blank) {
    for (size_t i = 0; i < size;) {
        uint32_t code = 0;
        const size_t length = letter(text + i, size - i, &code);
        const bool shown =
            length > 0 && ((code >= ' ' && code < 0x7f) || code >= 0xa0 || code == '\t');
        if (!shown) {
            put(paper, blank ? " " : "?", 1);
        } else if (!blank || code == '\t') {
            put(paper, text + i, length);
        } else {
            put(paper, "  ", (size_t)letter_width(code));
        }
        i += length > 0 ? length : 1;
    }
}

/* ---- where in the line ---- */

static bool in_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The next place from `from` on where a text stands, `whole`: not within a longer word; line->size:
 * there is none. */
static size_t find_text(const struct lua_source_line *line,
                        size_t from,
                        const char *text,
                        size_t size,
                        bool whole) {
    for (size_t i = from; size > 0 && i + size <= line->size; i++) {
        const char *const at = line->text + i;
        if (memcmp(at, text, size) != 0) {
            continue;
        }
        const bool joins_left = i > 0 && in_word(at[-1]) && in_word(text[0]);
        const bool joins_right =
            i + size < line->size && in_word(at[size]) && in_word(text[size - 1]);
        if (!whole || (!joins_left && !joins_right)) {
            return i;
        }
    }
    return line->size;
}

/* Would the parser say the same if the text ended behind the first `size` bytes? */
static bool
fails_alike(lua_State *state, const struct lua_source *source, size_t size, const char *message) {
    struct lua_source beginning = *source;

    beginning.size = size;
    const int status = lua_require_compile(state, &beginning);
    const char *const said = status == LUA_ERRSYNTAX ? lua_tostring(state, -1) : NULL;
    const bool alike = said != NULL && strcmp(said, message) == 0;
    lua_pop(state, 1);
    return alike;
}

/* Of "… near 'x'" where x begins in the message; NULL: there is none. */
static const char *near_token(const char *message) {
    const char *near = NULL;

    for (const char *at = strstr(message, " near '"); at != NULL; at = strstr(at + 1, " near '")) {
        near = at + strlen(" near '");
    }
    return near;
}

/* The token that the parser stopped at: the first behind which nothing matters. */
static size_t find_token(lua_State *state,
                         const struct lua_source *source,
                         const struct lua_source_line *line,
                         const char *message) {
    const char *near = near_token(message);
    char byte;
    int code;

    if (near == NULL) {
        return line->size;
    }
    size_t size = strlen(near) - 1; /* without the ' behind it */
    if (sscanf(near, "<\\%d>'", &code) == 1) {
        byte = (char)code; /* Lua's way to write a byte that it knows nothing of */
        near = &byte;
        size = 1;
    }
    /* Of "12q4" Lua says '12q': what is no word is looked for as a part of one. */
    for (int whole = 1; whole >= 0; whole--) {
        size_t at = find_text(line, 0, near, size, whole);
        for (int i = 0; i < COMPILED_MAX && at < line->size; i++) {
            const size_t end = (size_t)(line->text - source->text) + at + size;
            if (fails_alike(state, source, end, message)) {
                return at;
            }
            at = find_text(line, at + 1, near, size, whole);
        }
    }
    return line->size;
}

/* The first name in `…` or '…' that stands in the line exactly once. */
static size_t find_quoted(const struct lua_source_line *line, const char *message) {
    for (const char *at = strpbrk(message, "`'"); at != NULL; at = strpbrk(at, "`'")) {
        const char *const name = at + 1;
        const char *const end = strpbrk(name, "`'");
        if (end == NULL) {
            break;
        }
        const size_t size = (size_t)(end - name);
        const size_t place = find_text(line, 0, name, size, true);
        if (size > 0 && place < line->size &&
            find_text(line, place + 1, name, size, true) == line->size) {
            return place;
        }
        at = end + 1;
    }
    return line->size;
}

static size_t find_column(lua_State *state,
                          const struct lua_source *source,
                          const struct lua_source_line *line,
                          const char *message,
                          const char *what) {
    size_t column = find_token(state, source, line, message);

    if (column == line->size && strstr(what, "near <eof>") != NULL) {
        while (column > 0 && strchr(" \t\r", line->text[column - 1]) != NULL) {
            column--;
        }
        return column;
    }
    if (column == line->size) {
        column = find_quoted(line, what);
    }
    if (column == line->size) {
        column = 0;
        while (column < line->size && (line->text[column] == ' ' || line->text[column] == '\t')) {
            column++;
        }
    }
    return column;
}

/* ---- the whole ---- */

/* The line, or what is around the column of one that is too long, and the caret. */
static void put_line(struct paper *paper, const struct lua_source_line *line, size_t column) {
    size_t from = 0, size = line->size;

    if (size > LINE_SIZE_MAX) {
        from = column > LINE_SIZE_MAX / 2 ? column - LINE_SIZE_MAX / 2 : 0;
        while (from < column && ((unsigned char)line->text[from] & 0xc0) == 0x80) {
            from++; /* not into a letter */
        }
        size = size - from < LINE_SIZE_MAX ? size - from : LINE_SIZE_MAX;
        while (from + size < line->size && size > 0 &&
               ((unsigned char)line->text[from + size] & 0xc0) == 0x80) {
            size--;
        }
    }
    put(paper, "\n    ", 1 + INDENT);
    put_shown(paper, line->text + from, size, false);
    put(paper, "\n    ", 1 + INDENT);
    put_shown(paper, line->text + from, column - from, true);
    put(paper, "^", 1);
}

static void put_message(struct paper *paper, const char *what) {
    const size_t size = strlen(what);

    for (const char *at = what; at < what + size && at < what + MESSAGE_SIZE_MAX;) {
        size_t part = strcspn(at, "\n");
        const size_t room = (size_t)(what + MESSAGE_SIZE_MAX - at);
        const bool cut = part > room;
        part = cut ? room : part;
        put_shown(paper, at, part, false);
        if (cut || (at[part] == '\n' && at[part + 1] != '\0')) {
            put(paper, cut ? " …" : "\n    ", cut ? strlen(" …") : 1 + INDENT);
        }
        at += part + 1;
    }
}

/* What Lua calls '<\195>' is shown as the letter that begins with that byte. */
static void put_letter(struct paper *paper,
                       const char *what,
                       const struct lua_source_line *line,
                       size_t column) {
    const char *const near = near_token(what);
    uint32_t code;

    if (near == NULL || near[0] != '<' || near[1] != '\\' || column == line->size) {
        put_message(paper, what);
        return;
    }
    const size_t length = letter(line->text + column, line->size - column, &code);
    put_shown(paper, what, (size_t)(near - what), false);
    put_shown(paper, line->text + column, length > 0 ? length : 1, false);
    put(paper, "'", 1);
}

static bool is_blank(const struct lua_source_line *line) {
    size_t i = 0;

    while (i < line->size && strchr(" \t\r", line->text[i]) != NULL) {
        i++;
    }
    return i == line->size;
}

/* The error as Lua has it. */
static const char *error_text(lua_State *state,
                              const struct lua_complaint *complaint,
                              char buffer[LUA_CORE_TEXT_SIZE]) {
    lua_Debug frame;

    if (complaint->status == LUA_ERRMEM) {
        lua_core_exhaust_memory(lua_core_of(state), buffer);
        if (complaint->thread != NULL &&
            lua_getstack(complaint->thread, DEPTH_USUAL_MAX, &frame) != 0) {
            const size_t used = strlen(buffer);
            snprintf(buffer + used,
                     LUA_CORE_TEXT_SIZE - used,
                     "; does a function call itself without end?");
        }
        return buffer;
    }
    if (lua_isstring(state, -1) == 0) {
        snprintf(buffer,
                 LUA_CORE_TEXT_SIZE,
                 "the error is a %s; give error() a text",
                 luaL_typename(state, -1));
        return buffer;
    }
    return lua_tostring(state, -1);
}

void lua_complaint_write(lua_State *state, const struct lua_complaint *complaint) {
    char buffer[LUA_CORE_TEXT_SIZE], place[LUA_CORE_TEXT_SIZE];
    struct paper paper = {.text = complaint->text, .size = complaint->size};
    const char *const message = error_text(state, complaint, buffer);
    const char *what = message;
    const struct lua_source *const list = lua_core_of(state)->sources;
    struct lua_source_line line;
    int number = 1;

    const struct lua_source *source = lua_source_place(list, message, &number, &what);
    if (source == NULL && complaint->thread != NULL) {
        lua_core_place(complaint->thread, place);
        source = lua_source_place(list, place, &number, NULL);
    }
    if (source == NULL) {
        source = complaint->main;
    }
    snprintf(place, sizeof place, "%s:%d: ", source->chunk_name + 1, number);
    put_shown(&paper, place, strlen(place), false);
    if (!lua_source_line(source, number, &line) || is_blank(&line)) {
        put_message(&paper, what);
        return;
    }
    const size_t column = find_column(state, source, &line, message, what);
    put_letter(&paper, what, &line, column);
    put_line(&paper, &line, column);
}
