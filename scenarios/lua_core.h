/* What all parts of the Lua sandbox share: its limits, its callbacks and its files.
 *
 * Each lua_State of a sandbox, also a coroutine's, carries a pointer to it: lua_core_of.
 *
 * Memory:      part of struct lua_sandbox.
 * Limits:      lua_core_charge raises a Lua error when the instructions are used up, and again each
 *              time that it is called after that, so that nothing can go on by catching it.
 * Determinism: counts only what Lua code makes it do.
 */
#ifndef SCENARIOS_LUA_CORE_H
#define SCENARIOS_LUA_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scenarios/lua_source.h"

enum {
    LUA_CORE_STEP = 100,          /* instructions between two looks at the count */
    LUA_CORE_BYTES_PER_STEP = 64, /* of text: as dear as one instruction */
    LUA_CORE_CHAIN_MAX = 32,      /* files that require one another */
    LUA_CORE_CHUNKS_MAX = 64, /* texts given to load that messages call by a name of their own */
    LUA_CORE_FOLDER_SIZE = 4096,
    LUA_CORE_TEXT_SIZE = 160,
    LUA_CORE_RESERVE = 64 << 10, /* bytes more, to say that there are no more */
};

struct lua_State;

struct lua_core {
    size_t bytes;
    size_t bytes_max;
    size_t bytes_allowed; /* bytes_max without what is held in reserve */
    uint64_t instructions;
    uint64_t instructions_max;
    bool exhausted; /* a limit was reached: the run is over, whoever catches the error */
    uint64_t (*random)(void *context, uint64_t bound);
    void (*print)(void *context, const char *text, size_t size);
    void *context;
    struct lua_State *thread; /* runs the file, or the task whose turn it is */
    bool runs_tasks;          /* the file has ended, and its functions are tasks */
    struct lua_source *sources;
    const struct lua_source *texts; /* instead of files; NULL: files are read */
    char folder[LUA_CORE_FOLDER_SIZE];
    bool folder_given;
    /* The files that are being run: each requires the next. */
    const struct lua_source *chain[LUA_CORE_CHAIN_MAX];
    int chain_count;
    int chunk_count;          /* names given to load so far */
    uint64_t name_count;      /* objects that have a name (lua_name) */
    uint64_t metatable_count; /* given to tables so far (lua_environment) */
};

struct lua_core *lua_core_of(struct lua_State *state);

/* A lua_Alloc that counts; its context is the core. */
void *lua_core_allocate(void *context, void *old, size_t old_size, size_t size);

/* Begins to count the instructions of `state` and of the coroutines that it will create. */
void lua_core_count(struct lua_State *state);

/* So many instructions more. */
void lua_core_charge(struct lua_State *state, uint64_t instructions);

/* Writes "file:line: " of the innermost Lua function that `state` runs, or ran until an error; ""
 * when there is none. Neither allocates nor raises. */
void lua_core_place(struct lua_State *state, char place[LUA_CORE_TEXT_SIZE]);

/* Pushes the same. */
void lua_core_push_place(struct lua_State *state);

/* Reads a file into `sources`, as lua_source_read does, or takes it from `texts`. */
struct lua_source *
lua_core_read(struct lua_core *core, const char *path, bool beside, const char **why);

/* The memory is used up, and somebody caught that: frees the reserve, and writes what is wrong. */
void lua_core_exhaust_memory(struct lua_core *core, char text[LUA_CORE_TEXT_SIZE]);

/* True if the text begins with `file:line: ` of a file that was read. */
bool lua_core_has_place(const struct lua_core *core, const char *text);

#endif
