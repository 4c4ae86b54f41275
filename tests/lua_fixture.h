/* Lua files in a folder of the test's own, run in a sandbox, and what they print.
 *
 *   lua_fixture_file("links.lua", "return 3");
 *   lua_fixture_run("print(require 'links')");       // test.lua, in a new sandbox
 *   lua_fixture_expect("3\n");
 *   lua_fixture_fails("x = 1", "test.lua:1: there is no global");
 *
 * Limits: LUA_FIXTURE_SIZE for all that is printed.
 */
#ifndef TESTS_LUA_FIXTURE_H
#define TESTS_LUA_FIXTURE_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/lua_sandbox.h"
#include "tests/suite.h"

enum { LUA_FIXTURE_SIZE = 1 << 16, LUA_FIXTURE_FILES_MAX = 64 };

static struct lua_fixture {
    char folder[32];
    char files[LUA_FIXTURE_FILES_MAX][96];
    int file_count;
    char output[LUA_FIXTURE_SIZE];
    size_t size;
    char error[2048];
    uint64_t random_state;
    struct lua_sandbox_options options;
} lua_fixture;

static inline void lua_fixture_print(void *context, const char *text, size_t size) {
    (void)context;
    if (lua_fixture.size + size + 2 > LUA_FIXTURE_SIZE) {
        abort(); /* a process of its own may print, where Check's assertions do not work */
    }
    memcpy(lua_fixture.output + lua_fixture.size, text, size);
    lua_fixture.size += size;
    lua_fixture.output[lua_fixture.size++] = '\n';
    lua_fixture.output[lua_fixture.size] = '\0';
}

static inline uint64_t lua_fixture_random(void *context, uint64_t bound) {
    (void)context;
    lua_fixture.random_state =
        lua_fixture.random_state * 6364136223846793005U + 1442695040888963407U;
    return (lua_fixture.random_state >> 33) % bound;
}

static inline void lua_fixture_setup(void) {
    snprintf(lua_fixture.folder, sizeof lua_fixture.folder, "/tmp/test_lua_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(lua_fixture.folder));
    lua_fixture.options = (struct lua_sandbox_options){
        .random = lua_fixture_random,
        .print = lua_fixture_print,
    };
}

static inline void lua_fixture_teardown(void) {
    for (int i = 0; i < lua_fixture.file_count; i++) {
        unlink(lua_fixture.files[i]);
    }
    rmdir(lua_fixture.folder);
}

/* Its path, which the fixture removes at the end. */
static inline const char *lua_fixture_path(const char *name) {
    char path[sizeof lua_fixture.files[0]];

    snprintf(path, sizeof path, "%s/%s", lua_fixture.folder, name);
    for (int i = 0; i < lua_fixture.file_count; i++) {
        if (strcmp(lua_fixture.files[i], path) == 0) {
            return lua_fixture.files[i];
        }
    }
    ck_assert_int_lt(lua_fixture.file_count, LUA_FIXTURE_FILES_MAX);
    char *const kept = lua_fixture.files[lua_fixture.file_count++];
    memcpy(kept, path, sizeof path);
    return kept;
}

static inline const char *lua_fixture_bytes(const char *name, const char *text, size_t size) {
    const char *const path = lua_fixture_path(name);
    FILE *const file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

static inline const char *lua_fixture_file(const char *name, const char *text) {
    return lua_fixture_bytes(name, text, strlen(text));
}

/* In a new sandbox; what was printed before is forgotten. */
static inline bool lua_fixture_try(const char *path) {
    struct lua_sandbox *const sandbox = lua_sandbox_open(&lua_fixture.options);

    ck_assert_ptr_nonnull(sandbox);
    lua_fixture.size = 0;
    lua_fixture.output[0] = '\0';
    lua_fixture.error[0] = '\0';
    lua_fixture.random_state = 1;
    const bool clean = lua_sandbox_run(sandbox, path, lua_fixture.error, sizeof lua_fixture.error);
    ck_assert(clean == (lua_fixture.error[0] == '\0'));
    lua_sandbox_close(sandbox);
    return clean;
}

static inline void lua_fixture_run(const char *text) {
    ck_assert_msg(lua_fixture_try(lua_fixture_file("test.lua", text)),
                  "%s\n%s",
                  text,
                  lua_fixture.error);
}

static inline void lua_fixture_expect(const char *output) {
    ck_assert_str_eq(lua_fixture.output, output);
}

/* The file is wrong, and what is said begins so. */
static inline void lua_fixture_fails(const char *text, const char *beginning) {
    ck_assert_msg(!lua_fixture_try(lua_fixture_file("test.lua", text)), "it is clean: %s", text);
    ck_assert_msg(strncmp(lua_fixture.error, beginning, strlen(beginning)) == 0,
                  "%s\nsays:     %s\nexpected: %s",
                  text,
                  lua_fixture.error,
                  beginning);
}

#endif
