/* How Lua text gets into the sandbox: require and load.
 *
 *   require "links"  ──►  FOLDER/links.lua, run once; a cycle is an error that names the chain
 *
 * Memory: texts are kept in core->sources, for messages; what a file returned is Lua's.
 * Errors: Lua errors.
 */
#ifndef SCENARIOS_LUA_REQUIRE_H
#define SCENARIOS_LUA_REQUIRE_H

struct lua_State;
struct lua_source;

/* Once for each sandbox, before the others. */
void lua_require_open(struct lua_State *state);

/* Pushes the function that the text makes, or what is wrong with it: a status of Lua's. */
int lua_require_compile(struct lua_State *state, const struct lua_source *source);

/* require(name). */
int lua_require_file(struct lua_State *state);

/* load(text or function [, name [, mode [, environment]]]). */
int lua_require_load(struct lua_State *state);

#endif
