/* The interpreter that reads scenario files: Lua 5.4 with everything taken out that could make two
 * readings of one file differ, or reach the machine it is read on.
 *
 *   lua_sandbox_open ──► lua_sandbox_define … ──► lua_sandbox_run("pair.lua") ──► lua_sandbox_close
 *                        (what the file calls)
 *
 * What a file sees that differs from plain Lua:
 *
 *   pairs, next       in the order of the keys: 1, 2, 3 …, then … -1, 0, then strings bytewise,
 *                     then false, true. Other keys are an error. pairs sorts once, O(n log n),
 *                     and visits what is there then and not removed before its turn; next
 *                     searches, O(n)
 *   table.sort        stable; an order function that contradicts itself is an error: each one on
 *                     up to 32 elements, and on more what neighbours and powers of two show
 *   tostring, %p      "table 1", "function 2" …, numbered as they are first asked for
 *   math.random       draws whole numbers from options.random, and from nowhere else
 *   names             none is global but the sandbox's, and those cannot be changed
 *   require           a file beside this one, by a bare name, once
 *   not there         os, io, debug, package, dofile, loadfile, collectgarbage (but "collect",
 *                     which does nothing), string.dump, compiled code, weak tables, finalizers,
 *                     math.sin and others whose last digit depends on the processor
 *
 * Memory:      lua_sandbox_close frees all. What the file uses is counted; see options.
 * Limits:      instructions and memory, below; what reaches one cannot be caught by pcall. A
 *              step of a text pattern counts as an instruction, and so do 64 bytes of a new
 *              text.
 * Errors:      one text of up to three lines: `pair.lua:12: what is wrong`, the line, and a
 *              caret.
 * Threads:     one at a time. The process must not have set a locale.
 * Determinism: a function of the files, the options and what `random` and the defined functions
 *              return. Not guarded: the length of an array with holes, which Lua leaves open;
 *              the last digit of x^y of fractions, which is the C library's; and the very byte
 *              at which the memory ends, since a table's size depends on how its keys collide.
 */
#ifndef SCENARIOS_LUA_SANDBOX_H
#define SCENARIOS_LUA_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LUA_SANDBOX_MEMORY_BYTES ((size_t)64 << 20)
#define LUA_SANDBOX_INSTRUCTIONS ((uint64_t)100 * 1000 * 1000)

struct lua_sandbox;
struct lua_source;
struct lua_State;

struct lua_sandbox_options {
    size_t memory_bytes_max;   /* 0: LUA_SANDBOX_MEMORY_BYTES */
    uint64_t instructions_max; /* of one run; 0: LUA_SANDBOX_INSTRUCTIONS */
    const char *folder;        /* where require looks; NULL: beside the file that is run */
    /* A number below `bound`, which is not 0. NULL: math.random is an error. */
    uint64_t (*random)(void *context, uint64_t bound);
    /* One line of print, without its end; it may hold any byte. NULL: nobody reads it. */
    void (*print)(void *context, const char *text, size_t size);
    void *context; /* for both */
    /* What another sandbox has read (lua_sandbox_take_texts): no other file is there. Borrowed.
     * NULL: files are read. */
    const struct lua_source *texts;
};

/* NULL: there is no memory. `options` may be NULL and is copied. */
struct lua_sandbox *lua_sandbox_open(const struct lua_sandbox_options *options);

void lua_sandbox_close(struct lua_sandbox *sandbox);

/* Gives the file a function, by a name like "node" or "link.cut"; what was there is replaced. The
 * function finds `context` with lua_sandbox_context. False: there is no memory. */
bool lua_sandbox_define(struct lua_sandbox *sandbox,
                        const char *name,
                        int (*function)(struct lua_State *state),
                        void *context);

/* In a defined function: the context that it was defined with. */
void *lua_sandbox_context(struct lua_State *state);

/* Runs a file to its end. False: it is wrong, and `error` says how. May be called again; what has
 * been required stays. */
bool lua_sandbox_run(struct lua_sandbox *sandbox, const char *path, char *error, size_t error_size);

/* The texts of all files that were run or required; the caller's from now on (lua_source_free). */
struct lua_source *lua_sandbox_take_texts(struct lua_sandbox *sandbox);

/* For who runs coroutines in it when the file has ended: the state of which they are made. */
struct lua_State *lua_sandbox_state(struct lua_sandbox *sandbox);

/* Writes what is wrong, as lua_sandbox_run does: a coroutine has ended with this status of Lua's,
 * and the error is on top of its stack. */
void lua_sandbox_complain(struct lua_sandbox *sandbox,
                          struct lua_State *coroutine,
                          int status,
                          char *error,
                          size_t error_size);

#endif
