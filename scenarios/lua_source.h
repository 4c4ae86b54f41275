/* The texts that a Lua sandbox has read, by the name that messages call them.
 *
 * Knows nothing of Lua but what ends a line.
 *
 * Memory:      the list's owner calls lua_source_free; entries stay where they are until then.
 * Limits:      LUA_SOURCE_SIZE_MAX for each file; longer names are cut in front ("...").
 * Errors:      a sentence, for a message.
 */
#ifndef SCENARIOS_LUA_SOURCE_H
#define SCENARIOS_LUA_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    LUA_SOURCE_NAME_SIZE = 40, /* what Lua keeps as a short string, which is the same everywhere */
    LUA_SOURCE_SIZE_MAX = 1 << 20,
};

struct lua_source {
    struct lua_source *next;
    char chunk_name[LUA_SOURCE_NAME_SIZE]; /* '@' and the name */
    char *text;                            /* NULL: only the name is known */
    size_t size;
};

struct lua_source_line {
    const char *text;
    size_t size; /* without its end */
};

/* Reads a regular file of text into the list, in place of an earlier one with the same name.
 * `beside`: a symbolic link is refused. On failure NULL, and `why` holds "there is no such file" or
 * the like. */
struct lua_source *
lua_source_read(struct lua_source **list, const char *path, bool beside, const char **why);

/* The same from a list of texts that were read before, by the last part of the path. */
struct lua_source *lua_source_take(struct lua_source **list,
                                   const struct lua_source *texts,
                                   const char *path,
                                   const char **why);

/* Makes a name known whose text is not kept. NULL: there is no memory. */
struct lua_source *lua_source_name(struct lua_source **list, const char *name);

/* If `text` begins with `name:line: ` of a known name: that entry, the line, and where the rest
 * begins
 * (`rest` may be NULL). */
const struct lua_source *
lua_source_place(const struct lua_source *list, const char *text, int *line, const char **rest);

/* Line 1 is the first. False: there is no such line, or the text is not kept. */
bool lua_source_line(const struct lua_source *source, int number, struct lua_source_line *line);

void lua_source_free(struct lua_source *list);

#endif
