#include "scenarios/lua_quantity.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct kind {
    const char *example;
    struct unit units[8]; /* the last has no name */
} kinds[] = {
    [LUA_QUANTITY_TIME] = {"a time like \"5ms\" (ns, us, ms, s, min, h)",
                           {{"ns", 1},
                            {"us", 1000},
                            {"ms", 1000000},
                            {"s", 1000000000},
                            {"min", UINT64_C(60000000000)},
                            {"h", UINT64_C(3600000000000)}}},
    [LUA_QUANTITY_BYTES] = {"a size like \"64KB\" (B, KB, MB, GB)",
                            {{"B", 1}, {"KB", 1 << 10}, {"MB", 1 << 20}, {"GB", 1 << 30}}},
    [LUA_QUANTITY_PART] = {"a part like \"1%\" or \"250ppm\"", {{"%", 10000}, {"ppm", 1}}},
};

static bool read_digits(const char **text, uint64_t *number) {
    const char *const start = *text;
    *number = 0;
    for (; **text >= '0' && **text <= '9'; ++*text) {
        const uint64_t digit = (uint64_t)(**text - '0');
        if (*number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *number = *number * 10 + digit;
    }
    return *text != start;
}

static bool read_text(const char *text, const struct kind *kind, uint64_t *value) {
    uint64_t number;
    if (!read_digits(&text, &number)) {
        return false;
    }
    text += *text == ' ';
    for (const struct unit *unit = kind->units; unit->name != NULL; unit++) {
        if (strcmp(text, unit->name) == 0) {
            *value = number * unit->factor;
            return number <= INT64_MAX / unit->factor;
        }
    }
    return false;
}

uint64_t
lua_quantity_read(struct lua_State *state, int index, enum lua_quantity kind, const char *what) {
    uint64_t value = 0;
    if (lua_isinteger(state, index) && lua_tointeger(state, index) >= 0) {
        return (uint64_t)lua_tointeger(state, index);
    }
    if (lua_type(state, index) == LUA_TSTRING &&
        read_text(lua_tostring(state, index), &kinds[kind], &value)) {
        return value;
    }
    luaL_tolstring(state, index, NULL);
    luaL_error(state,
               "`%s` is %s, whole and not negative; this is %s",
               what,
               kinds[kind].example,
               lua_tostring(state, -1));
    return 0;
}

/* "+2s", "-2s", "±2s" and "2s": moves behind the sign. 1, -1; 0 for both. */
static int read_sign(const char **text) {
    static const char both[] = "\xc2\xb1";
    if (strncmp(*text, both, sizeof both - 1) == 0) {
        *text += sizeof both - 1;
        return 0;
    }
    if (**text == '-' || **text == '+') {
        return *(*text)++ == '-' ? -1 : 1;
    }
    return 1;
}

static void complain(struct lua_State *state, int index, enum lua_quantity kind, const char *what) {
    luaL_tolstring(state, index, NULL);
    luaL_error(state,
               "`%s` is %s, whole, with a sign where it is less; this is %s",
               what,
               kinds[kind].example,
               lua_tostring(state, -1));
}

void lua_quantity_range(struct lua_State *state,
                        int index,
                        enum lua_quantity kind,
                        const char *what,
                        int64_t range[2]) {
    uint64_t value = 0;
    if (lua_isinteger(state, index)) {
        range[0] = range[1] = lua_tointeger(state, index);
        return;
    }
    const char *text = lua_type(state, index) == LUA_TSTRING ? lua_tostring(state, index) : "";
    const int sign = read_sign(&text);
    if (!read_text(text, &kinds[kind], &value)) {
        complain(state, index, kind, what);
    }
    range[0] = sign > 0 ? (int64_t)value : -(int64_t)value;
    range[1] = sign < 0 ? -(int64_t)value : (int64_t)value;
}

int64_t
lua_quantity_signed(struct lua_State *state, int index, enum lua_quantity kind, const char *what) {
    int64_t range[2];
    lua_quantity_range(state, index, kind, what, range);
    if (range[0] != range[1]) {
        complain(state, index, kind, what);
    }
    return range[0];
}
