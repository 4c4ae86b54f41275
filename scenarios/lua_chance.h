/* math.random of the Lua sandbox: whole numbers, from core->random only. */
#ifndef SCENARIOS_LUA_CHANCE_H
#define SCENARIOS_LUA_CHANCE_H

struct lua_State;

/* math.random(last), math.random(first, last); math.random(0): any whole number. */
int lua_chance_random(struct lua_State *state);

#endif
