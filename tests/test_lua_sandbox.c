/* What a scenario file may do at all: names, limits, files; and that it is the same in each
 * process. */
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/lua_fixture.h"

/* ---- names ----------------------------------------------------------------------------------- */

static const struct {
    const char *use, *said;
} REMOVED[] = {
    {"os.time()", "there is no `os` here: "},
    {"os.clock()", "there is no `os` here: "},
    {"os.getenv('HOME')", "there is no `os` here: "},
    {"io.open('x')", "there is no `io` here: "},
    {"debug.getinfo(1)", "there is no `debug` here: "},
    {"package.path = '.'", "there is no `package` here: "},
    {"loadfile('x')", "there is no `loadfile` here: use require"},
    {"dofile('x')", "there is no `dofile` here: use require"},
    {"warn('x')", "there is no `warn` here: "},
    {"_G.x = 1", "there is no `_G` here: "},
    {"string.dump(print)", "there is no `string.dump` here: "},
    {"local x = ('x').dump", "there is no `string.dump` here: "},
    {"math.randomseed(1)", "there is no `math.randomseed` here: "},
    {"math.sin(1)", "there is no `math.sin` here: "},
    {"math.log(1)", "there is no `math.log` here: "},
    {"math.random()", "`math.random()` would be a fraction; "},
    {"math.random(3, 2)", "bad argument #2 to 'random'"},
    {"collectgarbage('count')", "bad argument #1 to 'collectgarbage'"},
    {"collectgarbage('stop')", "bad argument #1 to 'collectgarbage'"},
    {"setmetatable({}, {__gc = print})", "not deterministic: a finalizer (`__gc`)"},
    {"setmetatable({}, {__mode = 'k'})", "not deterministic: a weak table (`__mode`)"},
    {"local m = {} setmetatable({}, m) m.__mode = 'v'",
     "not deterministic: this metatable made a "},
    {"assert(load('\\27Lua'))", "load: compiled code is not accepted anywhere"},
    {"load('x', 'x', 'b')", "load: compiled code is not accepted anywhere"},
    {"coroutine.yield()", "coroutine.yield outside a coroutine"},
    {"x = 1", "there is no global `x` to set; write `local x = …`"},
    {"function f() end", "there is no global `f` to set; write `local f = …`"},
    {"pairs = next", "`pairs` is the sandbox's and cannot be changed"},
    {"string.upper = print", "`string.upper` is the sandbox's and cannot be changed"},
    {"rawset(string, 'upper', print)", "this table is the sandbox's; "},
    {"rawset(_ENV, 'x', 1)", "this table is the sandbox's; "},
    {"for k in pairs(_ENV) do print(k) end", "this table is the sandbox's; "},
    {"next(math)", "this table is the sandbox's; "},
    {"setmetatable(_ENV, nil)", "cannot change a protected metatable"},
    {"getmetatable('').__index.upper = 1", "attempt to index a boolean value"},
    {"local x = _ENV[1]", "a number is no name of the sandbox"},
};

START_TEST(what_is_not_deterministic_is_not_there_and_says_so) {
    char expected[256];
    snprintf(expected, sizeof expected, "test.lua:1: %s", REMOVED[_i].said);

    lua_fixture_fails(REMOVED[_i].use, expected);
}
END_TEST

static const struct {
    const char *use, *said;
} MISSPELT[] = {
    {"prnt(1)", "there is no `prnt`; did you mean `print`?"},
    {"nod(1)", "there is no `nod`; did you mean `node`?"},
    {"ndoe(1)", "there is no `ndoe`; did you mean `node`?"},
    {"link.ctu()", "there is no `link.ctu`; did you mean `link.cut`?"},
    {"math.flor(1)", "there is no `math.flor`; did you mean `math.floor`?"},
    {"node2 = 1",
     "there is no global `node2` to set; write `local node2 = …`, or did you mean `node`?"},
    {"elephant()", "there is no `elephant`"},
    {"i()", "there is no `i`"},
};

static int count_call(struct lua_State *state) {
    ++*(int *)lua_sandbox_context(state);
    return 0;
}

/* node and link.cut count in `calls`; the error stays in the fixture. */
static bool run_with_functions(const char *text, int *calls) {
    struct lua_sandbox *const sandbox = lua_sandbox_open(&lua_fixture.options);
    ck_assert(lua_sandbox_define(sandbox, "node", count_call, calls));
    ck_assert(lua_sandbox_define(sandbox, "link.cut", count_call, calls));
    ck_assert(
        !lua_sandbox_define(sandbox, "node.cut", count_call, calls)); /* a function is no library */
    lua_fixture.error[0] = '\0';

    const bool clean = lua_sandbox_run(sandbox,
                                       lua_fixture_file("test.lua", text),
                                       lua_fixture.error,
                                       sizeof lua_fixture.error);

    lua_sandbox_close(sandbox);
    return clean;
}

START_TEST(a_misspelt_name_is_told_with_the_nearest) {
    int calls = 0;

    const bool clean = run_with_functions(MISSPELT[_i].use, &calls);

    ck_assert(!clean);
    char *const first_line = strtok(lua_fixture.error, "\n");
    ck_assert_str_eq(first_line + strlen("test.lua:1: "), MISSPELT[_i].said);
}
END_TEST

START_TEST(a_defined_function_is_called_with_its_context) {
    int calls = 0;

    const bool clean = run_with_functions("node() node{} link.cut('a', 'b')", &calls);

    ck_assert_msg(clean, "%s", lua_fixture.error);
    ck_assert_int_eq(calls, 3);
}
END_TEST

START_TEST(chance_comes_from_the_given_function_only) {
    lua_fixture_run(
        "for _ = 1, 1000 do\n"
        "  local a, b, c = math.random(6), math.random(-3, 3), math.random(0)\n"
        "  assert(a >= 1 and a <= 6 and b >= -3 and b <= 3 and math.type(c) == 'integer')\n"
        "  math.random(math.mininteger, math.maxinteger)\n"
        "end\n"
        "print(math.random(1 << 40))");
    char first[64];
    snprintf(first, sizeof first, "%.63s", lua_fixture.output);
    lua_fixture_try(lua_fixture_path("test.lua"));
    lua_fixture_expect(first);

    lua_fixture.options.random = NULL;
    lua_fixture_fails("math.random(6)", "test.lua:1: `math.random`: there is no chance here");
}
END_TEST

/* ---- limits ---------------------------------------------------------------------------------- */

/* None of them would end. */
static const char *const ENDLESS[] = {
    "while true do end",
    "local function f() return f() end f()",
    "while true do pcall(function() while true do end end) end",
    "while true do pcall(pcall, function() while true do end end) end",
    "while true do xpcall(function() while true do end end, function() while true do end end) end",
    "while true do coroutine.wrap(function() end)() end",
    "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
    "local function f() coroutine.wrap(f)() end while true do pcall(f) end",
    "while true do local c = coroutine.create(function() local x <close> = setmetatable({}, {\n"
    "__close = function() while true do end end}) coroutine.yield() end)\n"
    "coroutine.resume(c) coroutine.close(c) end",
    "load(function() while true do end end)",
    "while true do load(function() while true do end end) end",
    "local s = ('a();'):rep(10000) while true do load(s) end",
    "local s = ('x'):rep(100000) while true do local t = s .. 'y' end",
    "while true do local t = ('x'):rep(10000) end",
    "('a'):rep(5000):find('.-.-.-.-.-b')",
    "('a'):rep(5000):match(('a?'):rep(100) .. ('a'):rep(5000))",
    "('a'):rep(5000):gsub('.-.-.-.-.-b', '')",
    "for _ in ('a'):rep(5000):gmatch('.-.-.-.-.-b') do end",
    "table.move({}, 1, 1 << 60, 2)",
    "table.insert(setmetatable({}, {__len = function() return 1 << 60 end}), 1, 2)",
    "table.remove(setmetatable({}, {__len = function() return 1 << 60 end}), 1)",
    "table.concat(setmetatable({}, {__index = table.concat}), '', 1, 1 << 60)",
    "table.sort({1, 2, 3}, function() while true do end end)",
    "local t = {} for i = 1, 1000 do t[i] = i end while true do for _ in pairs(t) do break end end",
};

START_TEST(what_never_ends_is_ended_with_its_line) {
    lua_fixture.options.instructions_max = 2000000;

    lua_fixture_fails(ENDLESS[_i], "test.lua:");
    const char *const said = strstr(lua_fixture.error, "takes more than 2000000 instructions");
    ck_assert_msg(said != NULL, "%s: %s", ENDLESS[_i], lua_fixture.error);
}
END_TEST

START_TEST(nothing_to_do_ends_at_once_however_often) {
    lua_fixture_run("print(#(''):rep(1 << 62), #(''):rep(1 << 62, ''))");

    lua_fixture_expect("0\t0\n");
}
END_TEST

static const char *const GREEDY[] = {
    "local t = {} for i = 1, 1e9 do t[i] = {i} end",
    "local t = {} for i = 1, 1e9 do t['k' .. i] = i end",
    "local s = 'x' while true do s = s .. s end",
    "local s = ('x'):rep(1 << 24)",
    "local t = {} while true do pcall(function() for i = 1, 1e9 do t[#t + 1] = {} end end) end",
    "coroutine.wrap(function() local t = {} for i = 1, 1e9 do t[i] = {i} end end)()",
    "local t = {} for i = 1, 1e9 do t[i] = coroutine.create(print) end",
    "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end",
    "local s = ('a();'):rep(400000) print(pcall(load, s))",
};

START_TEST(what_wants_too_much_memory_is_told_how_much_there_is) {
    lua_fixture.options.memory_bytes_max = 2 << 20;

    lua_fixture_fails(GREEDY[_i], "test.lua:1: not enough memory: a scenario file may use 2 MiB\n");
}
END_TEST

START_TEST(a_sandbox_goes_on_after_each_limit) {
    lua_fixture.options.memory_bytes_max = 1 << 20;
    lua_fixture.options.instructions_max = 100000;
    struct lua_sandbox *const sandbox = lua_sandbox_open(&lua_fixture.options);
    char error[256];

    for (int i = 0; i < 3; i++) {
        ck_assert(!lua_sandbox_run(sandbox,
                                   lua_fixture_file("a.lua", "local s = ('x'):rep(1 << 24)"),
                                   error,
                                   sizeof error));
        ck_assert(!lua_sandbox_run(sandbox,
                                   lua_fixture_file("b.lua", "while true do end"),
                                   error,
                                   sizeof error));
        ck_assert(lua_sandbox_run(sandbox,
                                  lua_fixture_file("c.lua", "print(#('x'):rep(1000))"),
                                  error,
                                  sizeof error));
    }

    lua_fixture_expect("1000\n1000\n1000\n");
    lua_sandbox_close(sandbox);
}
END_TEST

START_TEST(memory_may_end_anywhere) {
    const char *const path =
        lua_fixture_file("test.lua",
                         "local t = {}\n"
                         "for i = 1, 20 do t['k' .. i] = {i} end\n"
                         "for k, v in pairs(t) do print(k, v, #t) end\n"
                         "print(pcall(error, {}), load('return 1')())\n"
                         "coroutine.wrap(function() table.sort({3, 2, 1}) end)()\n"
                         "print(prnt)\n");
    int unopened = 0, out_of_memory = 0, complete = 0;

    for (size_t bytes = 1024; bytes < 64 << 10; bytes += 97) {
        char error[512] = "";
        lua_fixture.options.memory_bytes_max = bytes;
        lua_fixture.size = 0;
        struct lua_sandbox *const sandbox = lua_sandbox_open(&lua_fixture.options);
        if (sandbox == NULL) {
            unopened++;
            continue;
        }
        ck_assert(!lua_sandbox_run(sandbox, path, error, sizeof error));
        ck_assert_msg(strncmp(error, "test.lua:", 9) == 0, "%s", error);
        out_of_memory += strstr(error, ": not enough memory: a scenario file may use ") != NULL;
        complete += strstr(error, "did you mean `print`?") != NULL;
        lua_sandbox_close(sandbox);
    }

    ck_assert_int_gt(unopened, 0);
    ck_assert_int_gt(out_of_memory, 0);
    ck_assert_int_gt(complete, 0);
    ck_assert_int_eq(unopened + out_of_memory + complete, (64 * 1024 - 1024 + 96) / 97);
}
END_TEST

/* ---- require --------------------------------------------------------------------------------- */

static const struct {
    const char *name, *said;
} REFUSED[] = {
    {"../links", "require: a name is made of letters, digits, _ and -"},
    {"a/b", "require: a name is made of letters, digits, _ and -"},
    {"/etc/passwd", "require: a name is made of letters, digits, _ and -"},
    {"links.lua", "require: a name is made of letters, digits, _ and -"},
    {"li\\0nks", "require: a name is made of letters, digits, _ and -"},
    {"", "require: a name has 1 to 30 letters"},
    {"a123456789a123456789a123456789a", "require: a name has 1 to 30 letters"},
    {"gone", "require: `gone.lua` beside this file: there is no such file"},
    {"folder", "require: `folder.lua` beside this file: it is a folder, not a file"},
    {"pipe", "require: `pipe.lua` beside this file: it is no regular file"},
    {"away", "require: `away.lua` beside this file: it is a symbolic link, not a file"},
    {"test", "require: a cycle: test.lua -> test.lua"},
};

START_TEST(require_refuses_what_is_no_file_beside_this_one) {
    char text[128], expected[256], folder[80];
    snprintf(folder, sizeof folder, "%s/folder.lua", lua_fixture.folder);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    ck_assert_int_eq(mkfifo(lua_fixture_path("pipe.lua"), 0600), 0);
    ck_assert_int_eq(symlink("/etc/passwd", lua_fixture_path("away.lua")), 0);
    snprintf(text, sizeof text, "require '%s'", REFUSED[_i].name);
    snprintf(expected, sizeof expected, "test.lua:1: %s", REFUSED[_i].said);

    lua_fixture_fails(text, expected);
    rmdir(folder);
}
END_TEST

START_TEST(require_runs_a_file_once) {
    lua_fixture_file("links.lua", "print('links', ...) return {cut = 1}");
    lua_fixture_file("nothing.lua", "\xef\xbb\xbfprint(math.type(1))");

    lua_fixture_run("local a = require 'links' assert(a == require 'links' and a.cut == 1)\n"
                    "print(require 'nothing', require 'nothing')");

    lua_fixture_expect("links\tlinks\ninteger\ntrue\ttrue\n");
}
END_TEST

START_TEST(a_cycle_names_its_files) {
    lua_fixture_file("a.lua", "\nrequire 'b'");
    lua_fixture_file("b.lua", "require 'a'");

    lua_fixture_fails("require 'a'", "b.lua:1: require: a cycle: a.lua -> b.lua -> a.lua\n");
    lua_fixture_run("print(pcall(require, 'a')) print(pcall(require, 'a'))");
    lua_fixture_expect("false\tb.lua:1: require: a cycle: a.lua -> b.lua -> a.lua\n"
                       "false\tb.lua:1: require: a cycle: a.lua -> b.lua -> a.lua\n");
}
END_TEST

START_TEST(an_error_in_a_required_file_shows_its_line) {
    lua_fixture_file("a.lua", "local x\n  x.y = 1");
    lua_fixture_file("b.lua", "local local");
    lua_fixture_bytes("c.lua", "\033Lua", 4);

    lua_fixture_fails("require 'a'",
                      "a.lua:2: attempt to index a nil value (local 'x')\n      x.y = 1\n      ^");
    lua_fixture_fails("require 'b'", "b.lua:1: <name> expected near 'local'");
    lua_fixture_fails("require 'c'", "c.lua:1: this is compiled code; a scenario file is text");
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_told_by_its_path) {
    char error[512];
    struct lua_sandbox *const sandbox = lua_sandbox_open(NULL);

    ck_assert(!lua_sandbox_run(sandbox, "/nowhere/x.lua", error, sizeof error));

    ck_assert_str_eq(error, "/nowhere/x.lua: there is no such file");
    lua_sandbox_close(sandbox);
}
END_TEST

/* ---- processes ------------------------------------------------------------------------------- */

static const char EVERYTHING[] =
    "local t = {}\n"
    "for i = 1, 300 do t['key' .. i * 7919 % 1000] = i t[-i] = print end\n"
    "for i = 1, 300, 2 do t['key' .. i * 7919 % 1000] = nil end\n"
    "for k, v in pairs(t) do print(k, v) end\n"
    "print(t, print, coroutine.create(print), string.format('%p %s', t, {}))\n"
    "print(next(t), pcall(pairs, {[{}] = 1}))\n"
    "local s = {}\n"
    "for i = 1, 500 do s[i] = {i % 7, i} end\n"
    "table.sort(s, function(a, b) return a[1] < b[1] end)\n"
    "for i = 1, 500 do s[i] = s[i][2] end\n"
    "print(table.concat(s, ' '), math.random(1000))\n"
    "print(select(2, pcall(function() local x = prin end)))\n"
    "print(pcall(string.rep))\n"
    "local n = 0\n"
    "for i = 1, 1e9 do n = n + 1 t[i % 100000] = {} if n % 5000 == 0 then print(n) end end\n";

/* What this process prints of it, with the address of a local variable as its first line. */
__attribute__((constructor)) static void be_child(void) {
    const char *const path = getenv("TEST_LUA_SANDBOX_FILE");
    char error[1024] = "";
    if (path == NULL) {
        return;
    }
    const struct lua_sandbox_options options = {.print = lua_fixture_print,
                                                .random = lua_fixture_random,
                                                .instructions_max = 1000000};
    struct lua_sandbox *const sandbox = lua_sandbox_open(&options);
    const bool clean = lua_sandbox_run(sandbox, path, error, sizeof error);
    lua_sandbox_close(sandbox);
    printf("%p\n%s%s%s\n", (void *)error, lua_fixture.output, clean ? "clean" : "", error);
    fflush(stdout);
    _exit(0);
}

static void run_child(bool fixed_addresses, char *said, size_t size) {
    int ends[2], status;
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        if (fixed_addresses) {
            personality(ADDR_NO_RANDOMIZE);
        }
        execl("/proc/self/exe", "test_lua_sandbox", (char *)NULL);
        _exit(1);
    }
    close(ends[1]);
    size_t used = 0;
    ssize_t more;
    while ((more = read(ends[0], said + used, size - 1 - used)) > 0) {
        used += (size_t)more;
    }
    said[used] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

/* Else shows where they begin to differ: Check cannot say so much at once. */
static void expect_same(const char *a, const char *b) {
    size_t same = 0;
    while (a[same] == b[same] && a[same] != '\0') {
        same++;
    }
    ck_assert_msg(a[same] == b[same], "%.100s\nis in another process:\n%.100s", a + same, b + same);
}

START_TEST(every_process_prints_the_same) {
    static char first[LUA_FIXTURE_SIZE * 2], other[LUA_FIXTURE_SIZE * 2];
    int moved = 0;
    setenv("TEST_LUA_SANDBOX_FILE", lua_fixture_file("test.lua", EVERYTHING), 1);

    run_child(false, first, sizeof first);
    for (int i = 1; i < 20; i++) {
        run_child(i % 2 == 0, other, sizeof other);
        const char *const of_first = strchr(first, '\n'), *const of_other = strchr(other, '\n');
        ck_assert_ptr_nonnull(of_first);
        expect_same(of_first, of_other);
        moved += of_first - first != of_other - other ||
                 strncmp(first, other, (size_t)(of_first - first)) != 0;
    }

    unsetenv("TEST_LUA_SANDBOX_FILE");
    ck_assert_ptr_nonnull(strstr(first, "takes more than 1000000 instructions"));
    ck_assert_int_gt(moved, 0); /* addresses did differ, so that one of them would have shown */
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

SUITE(lua_sandbox) {
    tcase_add_checked_fixture(tcase, lua_fixture_setup, lua_fixture_teardown);
    SUITE_LOOP(what_is_not_deterministic_is_not_there_and_says_so, 0, COUNT(REMOVED));
    SUITE_LOOP(a_misspelt_name_is_told_with_the_nearest, 0, COUNT(MISSPELT));
    SUITE_TEST(a_defined_function_is_called_with_its_context);
    SUITE_TEST(chance_comes_from_the_given_function_only);
    SUITE_LOOP(what_never_ends_is_ended_with_its_line, 0, COUNT(ENDLESS));
    SUITE_TEST(nothing_to_do_ends_at_once_however_often);
    SUITE_LOOP(what_wants_too_much_memory_is_told_how_much_there_is, 0, COUNT(GREEDY));
    SUITE_TEST(a_sandbox_goes_on_after_each_limit);
    SUITE_TEST(memory_may_end_anywhere);
    SUITE_LOOP(require_refuses_what_is_no_file_beside_this_one, 0, COUNT(REFUSED));
    SUITE_TEST(require_runs_a_file_once);
    SUITE_TEST(a_cycle_names_its_files);
    SUITE_TEST(an_error_in_a_required_file_shows_its_line);
    SUITE_TEST(a_file_that_cannot_be_read_is_told_by_its_path);
    SUITE_TEST(every_process_prints_the_same);
}
