/* What is said about a file that is wrong, and that something is said about each. */
#include "tests/lua_fixture.h"

static const char *const SAID[][2] = {
    /* by the parser */
    {"local t = {}\nt[1] = = 4",
     "test.lua:2: unexpected symbol near '='\n    t[1] = = 4\n           ^"},
    {"local x = y y y",
     "test.lua:1: syntax error near 'y'\n    local x = y y y\n                  ^"},
    {"local s = \"abc",
     "test.lua:1: unfinished string near <eof>\n    local s = \"abc\n                  ^"},
    {"local s = \"abc\n",
     "test.lua:1: unfinished string near '\"abc'\n    local s = \"abc\n              ^"},
    {"x = 12q4", "test.lua:1: malformed number near '12q'\n    x = 12q4\n        ^"},
    {"if x then  ", "test.lua:1: 'end' expected near <eof>\n    if x then  \n             ^"},
    {"if x then\n\n", "test.lua:3: 'end' expected (to close 'if' at line 1) near <eof>"},
    {"\tfor i in\tend",
     "test.lua:1: unexpected symbol near 'end'\n    \tfor i in\tend\n    \t        \t^"},
    {"local \xc3\xa4 = 1",
     "test.lua:1: <name> expected near '\xc3\xa4'\n    local \xc3\xa4 = 1\n          ^"},
    {"local s = '\xc3\xa4\xe4\xb8\xad' x",
     "test.lua:1: syntax error near <eof>\n    local s = '\xc3\xa4\xe4\xb8\xad' x\n                "
     "     ^"},
    {"local s, \xff = 1",
     "test.lua:1: <name> expected near '?'\n    local s, ? = 1\n             ^"},
    {"goto out", "test.lua:1: no visible label 'out' for "},
    {"local x <const> = 1 x = 2",
     "test.lua:1: attempt to assign to const variable 'x'\n    local x <const> = 1 x = 2\n    ^"},
    {"break", "test.lua:1: break outside "},
    /* at run time */
    {"\tlocal t = {}\r\n\tt.link.cut = 1",
     "test.lua:2: attempt to index a nil value (field 'link')\n    \tt.link.cut = 1\n    \t  ^"},
    {"local n = '\xe4\xb8\xad', nod",
     "test.lua:1: there is no `nod`\n    local n = '\xe4\xb8\xad', nod\n                    ^"},
    {"local a, b = nod, nod", "test.lua:1: there is no `nod`\n    local a, b = nod, nod\n    ^"},
    {"  error('two\\nlines')", "test.lua:1: two\n    lines\n      error('two\\nlines')\n      ^"},
    {"error('\\27[31mred\\7')", "test.lua:1: ?[31mred?\n"},
    {"error('none', 0)", "test.lua:1: none\n    error('none', 0)\n    ^"},
    {"local function f()\n  error('x', 2)\nend\nf()", "test.lua:4: x\n    f()\n    ^"},
    {"error({})", "test.lua:1: the error is a table; give error() a text\n"},
    {"error()", "test.lua:1: the error is a nil; give error() a text\n"},
    {"error(42)", "test.lua:1: 42\n"},
    {"assert(false)", "test.lua:1: assertion failed!\n    assert(false)\n    ^"},
    {"assert(nil, 'why')", "test.lua:1: why\n"},
    {"local function f() return 1 + f() end f()",
     "test.lua:1: not enough memory: a scenario file may use 64 MiB; does a function call itself "},
    {"local x = 1 < {}", "test.lua:1: attempt to compare number with table\n"},
    {"coroutine.wrap(function()\n  error('in', 0)\nend)()",
     "test.lua:2: in\n      error('in', 0)\n      ^"},
    {"coroutine.wrap(function()\n  local x = nil .. 'a' end)()",
     "test.lua:2: attempt to concatenate a nil value\n"},
    {"error(select(2, load('x x', 'part')), 0)", "part:1: syntax error near 'x'"},
    {"load('local t = 1 + {}')()", "load:1: attempt to perform arithmetic on a table value"},
    {"assert(pcall(error, 'elsewhere:3: text'))", "test.lua:1: elsewhere:3: text\n"},
    {"setmetatable({}, {__index = function() error('deep') end}).x = nil\nlocal x = "
     "setmetatable({}, {\n"
     "__index = function() error('deep') end}).y",
     "test.lua:3: deep\n"},
    {"string.rep()", "test.lua:1: bad argument #1 to 'rep' (string expected, got no value)\n"},
    {"('x'):rep({})", "test.lua:1: bad argument #1 to 'rep' (number expected, got table)\n"},
};

START_TEST(what_is_wrong_is_shown_in_its_line) {
    lua_fixture_fails(SAID[_i][0], SAID[_i][1]);

    ck_assert_ptr_null(strstr(lua_fixture.error, "traceback"));
    ck_assert_ptr_null(strstr(lua_fixture.error, "0x"));
}
END_TEST

START_TEST(of_a_long_line_the_place_is_shown) {
    char text[4096], *const end = text + sizeof text - 64;
    snprintf(text, sizeof text, "local t = {");
    for (char *at = text + strlen(text); at < end; at += 4) {
        memcpy(at, "'\xc3\xa4'", 5);
        at[4] = ',';
        at[5] = '\0';
        at++;
    }
    strcat(text, "} local x = nod(t)");

    lua_fixture_fails(text, "test.lua:1: there is no `nod`\n    ");

    const char *const line = strchr(lua_fixture.error, '\n') + 1;
    const char *const caret = strchr(line, '\n') + 1;
    size_t column = 0;
    for (const char *at = line; at < strstr(line, "nod"); at++) {
        column += ((unsigned char)*at & 0xc0) != 0x80;
    }
    ck_assert_uint_eq(column, strspn(caret, " "));
    ck_assert_str_eq(caret + column, "^");
    ck_assert_uint_lt(strlen(lua_fixture.error), 512);
}
END_TEST

START_TEST(a_long_message_is_cut) {
    lua_fixture_fails("error(('a'):rep(100000))", "test.lua:1: aaaaaaaa");

    ck_assert_uint_lt(strlen(lua_fixture.error), 600);
}
END_TEST

START_TEST(a_small_buffer_is_filled_and_ended) {
    char error[2 * 64];
    const char *const path = lua_fixture_file("test.lua", "local x = nod");

    for (size_t size = 0; size <= 64; size++) {
        memset(error, '#', sizeof error);
        struct lua_sandbox *const sandbox = lua_sandbox_open(NULL);
        ck_assert(!lua_sandbox_run(sandbox, path, error, size));
        ck_assert(size == 0 || memchr(error, '\0', size) != NULL);
        ck_assert_int_eq(error[size], '#');
        lua_sandbox_close(sandbox);
    }
}
END_TEST

START_TEST(a_long_file_name_keeps_its_end) {
    const char *const path =
        lua_fixture_file("a_rather_long_name_for_a_scenario_file.lua", "local x = nod");

    ck_assert(!lua_fixture_try(path));

    ck_assert_str_eq(lua_fixture.error,
                     "...r_long_name_for_a_scenario_file.lua:1: there is no `nod`\n"
                     "    local x = nod\n"
                     "              ^");
}
END_TEST

/* ---- anything -------------------------------------------------------------------------------- */

static const char SAMPLE[] =
    "-- Two nodes, and a link between them that is cut.\n"
    "local links = {a = {latency = 3}, b = {latency = 5}}\n"
    "local names = {}\n"
    "for name, link in pairs(links) do\n"
    "  names[#names + 1] = name:upper() .. link.latency\n"
    "end\n"
    "table.sort(names, function(x, y) return x > y end)\n"
    "print(table.concat(names, ', '), \"caf\xc3\xa9\\n\", [[long]])\n"
    "local function twice(f, ...)\n"
    "  for i = 1, 2 do f(i, ...) end\n"
    "  return select('#', ...)\n"
    "end\n"
    "twice(function(i, what)\n"
    "  local ok, why = pcall(function() assert(i < 2, what) end)\n"
    "  print(i, ok, why and why:gsub('%d+', '<%0>'))\n"
    "end, 'too many')\n"
    "local numbers = coroutine.wrap(function()\n"
    "  local n = 0x10 while n > 0 do coroutine.yield(n) n = n >> 1 end\n"
    "end)\n"
    "for n in numbers do if n == 4 then goto done end print(string.format('%04d %s', n, {})) end\n"
    "::done:: print(#links, next(links), math.random(6), tostring(nil))\n";

/* Deletes, doubles, swaps or replaces a piece of the text; returns its new size. */
static size_t mutate(char *text, size_t size) {
    const size_t at = (size_t)lua_fixture_random(NULL, size);
    const size_t rest = size - at;
    const size_t piece = 1 + (size_t)lua_fixture_random(NULL, rest < 12 ? rest : 12);

    switch (lua_fixture_random(NULL, 4)) {
    case 0:
        memmove(text + at, text + at + piece, rest - piece);
        return size - piece;
    case 1:
        memmove(text + at + piece, text + at, rest);
        return size + piece;
    case 2: {
        const size_t other = (size_t)lua_fixture_random(NULL, size);
        const char kept = text[at];
        text[at] = text[other];
        text[other] = kept;
        return size;
    }
    default:
        text[at] = (char)lua_fixture_random(NULL, 256);
        return size;
    }
}

enum { MUTANTS = 2000, MUTATIONS_MAX = 4 };

START_TEST(whatever_the_file_is_it_runs_or_is_told_with_a_line) {
    int clean = 0, wrong = 0;
    lua_fixture.options.instructions_max = 300000;
    lua_fixture.options.memory_bytes_max = 4 << 20;
    lua_fixture.options.print = NULL;

    for (uint64_t i = 0; i < MUTANTS; i++) {
        char text[sizeof SAMPLE + 16 * MUTATIONS_MAX];
        size_t size = sizeof SAMPLE - 1;
        memcpy(text, SAMPLE, size);
        lua_fixture.random_state = i;
        for (uint64_t k = 0; k <= lua_fixture_random(NULL, MUTATIONS_MAX - 1); k++) {
            size = mutate(text, size);
        }
        if (lua_fixture_try(lua_fixture_bytes("test.lua", text, size))) {
            clean++;
            continue;
        }
        int line = 0;
        ck_assert_msg(sscanf(lua_fixture.error, "test.lua:%d: ", &line) == 1 && line > 0,
                      "mutant %d: %s",
                      (int)i,
                      lua_fixture.error);
        ck_assert_ptr_null(strstr(lua_fixture.error, "0x5"));
        ck_assert_ptr_null(strstr(lua_fixture.error, "0x7"));
        wrong++;
    }

    ck_assert_int_gt(clean, MUTANTS / 40);
    ck_assert_int_gt(wrong, MUTANTS / 2);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

SUITE(lua_complaint) {
    tcase_add_checked_fixture(tcase, lua_fixture_setup, lua_fixture_teardown);
    SUITE_LOOP(what_is_wrong_is_shown_in_its_line, 0, COUNT(SAID));
    SUITE_TEST(of_a_long_line_the_place_is_shown);
    SUITE_TEST(a_long_message_is_cut);
    SUITE_TEST(a_small_buffer_is_filled_and_ended);
    SUITE_TEST(a_long_file_name_keeps_its_end);
    SUITE_TEST(whatever_the_file_is_it_runs_or_is_told_with_a_line);
}
