/* What a scenario file sees of Lua's library where it is not Lua's own: order, names, patterns. */
#include "tests/lua_fixture.h"

/* ---- pairs, next ----------------------------------------------------------------------------- */

/* Lines of Lua, one for each key, in the order that pairs has to give. */
static const char *const KEYS[] = {
    "1",
    "2",
    "3",
    "4",
    "10",
    "math.maxinteger",
    "math.mininteger",
    "-7",
    "0",
    "''",
    "'\\0'",
    "'A'",
    "'B'",
    "'a'",
    "'a\\0'",
    "'aa'",
    "'ab'",
    "'b'",
    "'b' .. ('x'):rep(100)",
    "'bz'",
    "'\\255'",
    "false",
    "true",
};
enum { KEY_COUNT = sizeof KEYS / sizeof KEYS[0], TEXT_SIZE = 8192 };

static uint32_t draw(uint32_t bound) {
    return (uint32_t)lua_fixture_random(NULL, bound);
}

/* A table with each key, filled in an order of chance, with others that come and go. */
static void write_table(char *text, uint64_t seed) {
    int order[KEY_COUNT];
    size_t used = (size_t)snprintf(text, TEXT_SIZE, "local t = {}\n");

    lua_fixture.random_state = seed;
    for (uint32_t i = 0; i < KEY_COUNT; i++) {
        const uint32_t at = draw(i + 1);
        order[i] = order[at];
        order[at] = (int)i;
    }
    for (uint32_t i = 0; i < KEY_COUNT; i++) {
        const uint32_t other = draw(1000);
        used += (size_t)
            snprintf(text + used, TEXT_SIZE - used, "t[%s] = %d\n", KEYS[order[i]], order[i]);
        used += (size_t)
            snprintf(text + used, TEXT_SIZE - used, "t[%u] = 1 t.k%u = 2\n", other + 20, other);
        if (draw(2) == 0) {
            used += (size_t)snprintf(text + used,
                                     TEXT_SIZE - used,
                                     "t[%u] = nil t.k%u = nil\n",
                                     other + 20,
                                     other);
        }
    }
    snprintf(text + used,
             TEXT_SIZE - used,
             "for i = 20, 1020 do t[i] = nil t['k' .. (i - 20)] = nil end\n");
}

START_TEST(pairs_goes_by_the_keys_whatever_the_order_of_insertion) {
    char text[TEXT_SIZE], expected[256] = "";
    write_table(text, (uint64_t)_i);
    strcat(text, "local all = {} for k, v in pairs(t) do all[#all + 1] = v end\n");
    strcat(text, "print(table.concat(all, ' '))\n");
    for (int i = 0; i < KEY_COUNT; i++) {
        snprintf(expected + strlen(expected), 8, i == 0 ? "%d" : " %d", i);
    }
    strcat(expected, "\n");

    lua_fixture_run(text);

    lua_fixture_expect(expected);
}
END_TEST

START_TEST(next_goes_as_pairs_does) {
    char text[TEXT_SIZE];
    write_table(text, (uint64_t)_i);
    strcat(text, "local last for k, v in pairs(t) do\n");
    strcat(text, "  local n, m = next(t, last) assert(rawequal(n, k) and m == v) last = k\n");
    strcat(text, "end assert(next(t, last) == nil and next({}) == nil)\n");
    strcat(text, "print(next(t))");

    lua_fixture_run(text);

    lua_fixture_expect("1\t0\n");
}
END_TEST

START_TEST(what_is_removed_on_the_way_is_not_visited_and_changes_nothing_else) {
    lua_fixture_run("local t = {1, 2, 3, 4, 5, 6, a = 7, b = 8, [-1] = 9}\n"
                    "for k in pairs(t) do print(k) t[k] = nil t[5] = nil t.new = nil end\n"
                    "t = {1, 2, 3, 4, [-1] = 5, a = 6}\n"
                    "local k = next(t)\n"
                    "while k do print(k) t[k] = nil k = next(t, k) end\n"
                    "t = {1} for k in pairs(t) do t[k + 1] = 1 end print(#t)\n");

    lua_fixture_expect("1\n2\n3\n4\n6\n-1\na\nb\n"
                       "1\n2\n3\n4\n-1\na\n"
                       "2\n");
}
END_TEST

START_TEST(a_metatable_may_answer_for_pairs) {
    lua_fixture_run(
        "local t = setmetatable({}, {__pairs = function(t) return next, {7}, nil end})\n"
        "for k, v in pairs(t) do print(k, v) end");

    lua_fixture_expect("1\t7\n");
}
END_TEST

static const char *const BAD_KEYS[][2] = {
    {"{}", "table; use an array"},
    {"print", "function; use an array"},
    {"function() end", "function; use an array"},
    {"coroutine.create(print)", "thread; use an array"},
    {"1.5", "fraction 1.5; use a whole"},
    {"1 / 0", "fraction inf; use a whole"},
};

START_TEST(a_key_without_an_order_is_an_error) {
    char text[128], expected[128];
    snprintf(expected,
             sizeof expected,
             "test.lua:1: not deterministic: a key is %s%s",
             strncmp(BAD_KEYS[_i][1], "fraction", 8) == 0 ? "the " : "a ",
             BAD_KEYS[_i][1]);

    snprintf(text, sizeof text, "for k in pairs{a = 1, [%s] = 2} do end", BAD_KEYS[_i][0]);
    lua_fixture_fails(text, expected);
    snprintf(text, sizeof text, "next{a = 1, [%s] = 2}", BAD_KEYS[_i][0]);
    lua_fixture_fails(text, expected);
    snprintf(text, sizeof text, "next({}, %s)", BAD_KEYS[_i][0]);
    lua_fixture_fails(text, expected);
}
END_TEST

/* ---- sort ------------------------------------------------------------------------------------ */

START_TEST(sort_is_stable) {
    lua_fixture_run("for n = 0, 200 do\n"
                    "  local t = {}\n"
                    "  for i = 1, n do t[i] = {math.random(5), i} end\n"
                    "  table.sort(t, function(a, b) return a[1] < b[1] end)\n"
                    "  assert(#t == n)\n"
                    "  for i = 2, n do\n"
                    "    local a, b = t[i - 1], t[i]\n"
                    "    assert(a[1] < b[1] or a[1] == b[1] and a[2] < b[2])\n"
                    "  end\n"
                    "end\n"
                    "local t = {3, 1, 2} table.sort(t) print(table.concat(t, ' '))\n"
                    "t = {'b', 'a', 'B'} table.sort(t, function(a, b) return a > b end)\n"
                    "print(table.concat(t, ' '))");

    lua_fixture_expect("1 2 3\nb a B\n");
}
END_TEST

static const char *const BAD_ORDERS[][3] = {
    {"{1, 2, 3}", "a <= b", "the order function says that an element comes before itself"},
    {"{1}", "true", "the order function says that an element comes before itself"},
    {"{1, 2, 3}", "a % 3 == (b + 1) % 3", "the order function contradicts itself"},
    {"{3, 1, 2}", "a ~= b", "the order function contradicts itself"},
    {"{2, 3, 4, 1, 5}", "a ~= b and (a + b) % 2 == 1", "the order function contradicts itself"},
    {"{1, 'a'}", "a < b", "attempt to compare"},
};

START_TEST(an_order_that_contradicts_itself_is_an_error) {
    char text[256], expected[128];
    snprintf(text,
             sizeof text,
             "table.sort(%s, function(a, b) return %s end)",
             BAD_ORDERS[_i][0],
             BAD_ORDERS[_i][1]);
    snprintf(expected, sizeof expected, "test.lua:1: %s", BAD_ORDERS[_i][2]);

    lua_fixture_fails(text, expected);
}
END_TEST

START_TEST(a_cycle_of_three_is_found_in_any_order) {
    lua_fixture_run(
        "local beats = {rock = 'scissors', scissors = 'paper', paper = 'rock'}\n"
        "for _, t in ipairs{{'rock', 'paper', 'scissors'}, {'paper', 'rock', 'scissors'},\n"
        "    {'scissors', 'rock', 'paper'}, {'rock', 'scissors', 'paper'}} do\n"
        "  print(pcall(table.sort, t, function(a, b) return beats[a] == b end))\n"
        "end");

    const char *at = lua_fixture.output;
    for (int i = 0; i < 4; i++) {
        ck_assert(strncmp(at, "false\tthe order function contradicts itself", 30) == 0);
        at = strchr(at, '\n') + 1;
    }
}
END_TEST

/* ---- names ----------------------------------------------------------------------------------- */

START_TEST(what_is_printed_has_a_number_instead_of_an_address) {
    lua_fixture_run(
        "local t, f = {}, function() end\n"
        "local c = coroutine.create(f)\n"
        "print(f, t) print(t, c, print, f)\n"
        "print(string.format('[%p|%s|%8s|%-10p|%%s|%p|%d]', t, f, {}, c, 'x', 3))\n"
        "local named = setmetatable({}, {__name = 'link'})\n"
        "local said = setmetatable({}, {__tostring = function() return 'me' end})\n"
        "print(named, said, string.format('%s %5s', said, named))\n"
        "print(1, 2.5, nil, true, 'x') print() print(('a\\0b') == ('a' .. '\\0b'))\n"
        "print(pcall(tostring, setmetatable({}, {__tostring = function() return {} end})))");

    lua_fixture_expect("function 1\ttable 2\n"
                       "table 2\tthread 3\tfunction 4\tfunction 1\n"
                       "[table 2|function 1| table 5|thread 3  |%s|(null)|3]\n"
                       "link 6\tme\tme link 6\n"
                       "1\t2.5\tnil\ttrue\tx\n\ntrue\n"
                       "false\t`__tostring` must return a string\n");
}
END_TEST

START_TEST(names_are_not_given_twice_when_objects_are_gone) {
    lua_fixture_run("for i = 1, 20000 do\n"
                    "  assert(tostring({}) == 'table ' .. i)\n"
                    "end");

    ck_assert_uint_eq(lua_fixture.size, 0);
}
END_TEST

/* ---- patterns -------------------------------------------------------------------------------- */

static const char *const PATTERNS[][2] = {
    {"('hello'):find('l')", "3\t3"},
    {"('hello'):find('l', -2)", "4\t4"},
    {"('hello'):find('xyz')", "nil"},
    {"('hello'):find('')", "1\t0"},
    {"('hello'):find('', 10)", "nil"},
    {"('hello'):find('', 6)", "6\t5"},
    {"('a.b'):find('.', 2, true)", "2\t2"},
    {"('a+b'):find('+b', 1, true)", "2\t3"},
    {"('key = value'):match('^(%w+)%s*=%s*(%w+)$')", "key\tvalue"},
    {"('key = value'):find('(%w+)%s*=%s*()')", "1\t6\tkey\t7"},
    {"('2024-01-02'):match('(%d+)-(%d+)-(%d+)')", "2024\t01\t02"},
    {"('f(a(b)c)d'):match('%b()')", "(a(b)c)"},
    {"('THE (quick) fox'):find('%f[%a]%a+%f[%A]', 5)", "6\t10"},
    {"('abcabc'):match('(abc)%1')", "abc"},
    {"('\"it\\'s\"'):match([[([\"'])(.-)%1]])", "\"\tit's"},
    {"('f(x)'):find('x)'), ('x'):match('()%1')", "3\tnil"},
    {"('aaa'):match('a-b')", "nil"},
    {"('aaab'):match('a-b')", "aaab"},
    {"('aaa'):match('^a?a?a?a?$')", "aaa"},
    {"('[]'):match('[]]'), ('x-]'):match('[%]-]+'), ('^'):match('[x^]')", "]\t-]\t^"},
    {"('az09_'):match('[a-z0-9]+'), ('AZ'):match('[^a-z]+'), ('a-'):match('[a-]+')",
     "az09\tAZ\ta-"},
    {"('x\\0y'):match('%z'), #('x\\0y'):match('[^x]+')", "nil\t2"},
    {"('\xc3\xa4'):match('%a'), (' \t\\n'):match('^%s+$') ~= nil", "nil\ttrue"},
    {"('abc'):gsub('', '-')", "-a-b-c-\t4"},
    {"('abc'):gsub('%w', '%0%0')", "aabbcc\t3"},
    {"('abc'):gsub('%w', '%%', 2)", "%%c\t2"},
    {"('hello world'):gsub('o', {o = '0'})", "hell0 w0rld\t2"},
    {"('hello'):gsub('(l)(.)', function(a, b) return b .. a end)", "hello\t1"},
    {"('hello'):gsub('l', function() end)", "hello\t2"},
    {"('abc'):gsub('^a', 'x')", "xbc\t1"},
    {"('  trim  '):gsub('^%s*(.-)%s*$', '%1')", "trim\t1"},
    {"('abc def'):gsub('%a*', 'x')", "x x\t2"},
    {"('x'):gsub('()', '%1')", "1x2\t2"},
    {"('a,b,,c'):gsub(',', ';', 0)", "a,b,,c\t0"},
    {"('a1'):upper(), ('A'):lower(), ('ab'):reverse(), ('ab'):byte(1, -1)", "A1\ta\tba\t97\t98"},
};

START_TEST(patterns_are_those_of_lua) {
    char text[256], expected[64];
    snprintf(text, sizeof text, "print(%s)", PATTERNS[_i][0]);
    snprintf(expected, sizeof expected, "%s\n", PATTERNS[_i][1]);

    lua_fixture_run(text);

    lua_fixture_expect(expected);
}
END_TEST

START_TEST(gmatch_gives_each_match_once) {
    lua_fixture_run("local all = {}\n"
                    "for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do all[#all + 1] = k .. v end\n"
                    "for w in ('one two'):gmatch('%a*') do all[#all + 1] = '<' .. w .. '>' end\n"
                    "for p in ('xx'):gmatch('()') do all[#all + 1] = p end\n"
                    "for w in ('one two'):gmatch('%a+', 5) do all[#all + 1] = w end\n"
                    "print(table.concat(all, ' '))");

    lua_fixture_expect("a1 b2 <one> <two> 1 2 3 two\n");
}
END_TEST

static const char *const BAD_PATTERNS[][2] = {
    {"('x'):find('%')", "malformed pattern (ends with '%')"},
    {"('x'):find('[a')", "malformed pattern (missing ']')"},
    {"('x'):find('[%')", "malformed pattern (missing ']')"},
    {"('x'):find('[]')", "malformed pattern (missing ']')"},
    {"('x'):find('%b')", "malformed pattern (missing arguments to '%b')"},
    {"('x'):find('%f')", "missing '[' after '%f' in pattern"},
    {"('x'):find('(x')", "unfinished capture"},
    {"('x'):match('x)')", "invalid pattern capture"},
    {"('x'):find('%1')", "invalid capture index %1"},
    {"('x'):gsub('x', '%2')", "invalid capture index %2"},
    {"('x'):gsub('x', '%')", "invalid use of '%' in replacement string"},
    {"('x'):gsub('x', function() return {} end)", "invalid replacement value (a table)"},
    {"('x'):gsub('x', true)", "bad argument #2 to 'gsub'"},
    {"('x'):find(('()'):rep(33))", "too many captures"},
    {"('x'):rep(300):find(('x?'):rep(300))", "pattern too complex"},
};

START_TEST(a_malformed_pattern_is_an_error) {
    char expected[128];
    snprintf(expected, sizeof expected, "test.lua:1: %s", BAD_PATTERNS[_i][1]);

    lua_fixture_fails(BAD_PATTERNS[_i][0], expected);
}
END_TEST

/* ---- errors and coroutines ------------------------------------------------------------------- */

START_TEST(errors_and_coroutines_are_those_of_lua) {
    lua_fixture_run(
        "print(pcall(error, 'x', 0)) print(pcall(error)) print(select('#', pcall(error)))\n"
        "print(pcall(function(...) return select('#', ...), ... end, 1, nil, 3))\n"
        "print(xpcall(function(a) error('at', 0) end, function(e) return 'handled ' .. e end, 1))\n"
        "print(xpcall(function(...) return ... end, print, 4, 5))\n"
        "local g = coroutine.wrap(function(a)\n"
        "  local ok, b = pcall(function() return coroutine.yield(a + 1) end)\n"
        "  local c = select(2, xpcall(function() return coroutine.yield(b + 1) end, print))\n"
        "  return c + 1\n"
        "end)\n"
        "print(g(1), g(10), g(100)) print(pcall(g))\n"
        "local c = coroutine.create(function() error({}) end)\n"
        "print(coroutine.status(c), coroutine.resume(c)) print(coroutine.status(c), "
        "coroutine.resume(c))\n"
        "print(pcall(coroutine.wrap(function() local x = nil + 1 end)))\n"
        "print(select(2, pcall(coroutine.yield)), coroutine.isyieldable(), select(2, "
        "coroutine.running()))\n"
        "print(coroutine.wrap(function() return pcall(table.sort, {2, 1}, coroutine.yield) "
        "end)())\n"
        "print(coroutine.wrap(function() return select(2, coroutine.running()) end)())\n"
        "print(pcall(load, 1)) print(load('return ...', '=name', 't', {})(7))\n"
        "print(load('return x', 'name', 't', {x = 8})()) print(load('x x', 'n'))\n"
        "local i = 0 print(load(function() i = i + 1 return ({'return', ' 1'})[i] end)())\n");

    lua_fixture_expect("false\tx\nfalse\tnil\n2\n"
                       "true\t3\t1\tnil\t3\n"
                       "false\thandled at\n"
                       "true\t4\t5\n"
                       "2\t11\t101\nfalse\tcannot resume dead coroutine\n"
                       "suspended\tfalse\ttable 1\ndead\tfalse\tcannot resume dead coroutine\n"
                       "false\ttest.lua:13: attempt to perform arithmetic on a nil value\n"
                       "coroutine.yield outside a coroutine\tfalse\ttrue\n"
                       "false\tcoroutine.yield in what table.sort, gsub, require … have called\n"
                       "false\n"
                       "false\tbad argument #1 to '?' (text or function expected, got number)\n7\n"
                       "8\nnil\tn:1: syntax error near 'x'\n"
                       "1\n");
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

SUITE(lua_library) {
    tcase_add_checked_fixture(tcase, lua_fixture_setup, lua_fixture_teardown);
    SUITE_LOOP(pairs_goes_by_the_keys_whatever_the_order_of_insertion, 0, 200);
    SUITE_LOOP(next_goes_as_pairs_does, 0, 20);
    SUITE_TEST(what_is_removed_on_the_way_is_not_visited_and_changes_nothing_else);
    SUITE_TEST(a_metatable_may_answer_for_pairs);
    SUITE_LOOP(a_key_without_an_order_is_an_error, 0, COUNT(BAD_KEYS));
    SUITE_TEST(sort_is_stable);
    SUITE_LOOP(an_order_that_contradicts_itself_is_an_error, 0, COUNT(BAD_ORDERS));
    SUITE_TEST(a_cycle_of_three_is_found_in_any_order);
    SUITE_TEST(what_is_printed_has_a_number_instead_of_an_address);
    SUITE_TEST(names_are_not_given_twice_when_objects_are_gone);
    SUITE_LOOP(patterns_are_those_of_lua, 0, COUNT(PATTERNS));
    SUITE_TEST(gmatch_gives_each_match_once);
    SUITE_LOOP(a_malformed_pattern_is_an_error, 0, COUNT(BAD_PATTERNS));
    SUITE_TEST(errors_and_coroutines_are_those_of_lua);
}
