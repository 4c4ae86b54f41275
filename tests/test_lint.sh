#!/bin/sh
# Plants one violation of each rule in a tiny tree and expects tools/lint to find it, and only it.
#
#   plant FILE <<'END' … END     writes a file into the tree
#   finds 'sentence' LINE…       lints the tree, expects exactly these lines, and starts a new tree
set -u

source=$(cd "$(dirname "$0")/.." && pwd) || exit 1
lint=$source/tools/lint
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
tree=$folder/tree
passed=0
failed=0

new_tree() {
    rm -rf "$tree"
    mkdir -p "$tree"
    cp "$source/.clang-format" "$tree"
    for path in '' executor/ scenarios/ corpus/ tools/ tests/ sim/ sim/machine/; do
        mkdir -p "$tree/$path"
        echo 'What is here.' >"$tree/${path}README.md"
    done
    plant sim/clock.h <<'END'
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

int clock_now(void);

#endif
END
    plant sim/clock.c <<'END'
#include "sim/clock.h"

int clock_now(void) {
    return 0;
}
END
}

plant() {
    mkdir -p "$(dirname "$tree/$1")"
    cat >"$tree/$1"
}

# repeat COUNT LINE
repeat() {
    yes "$2" | head -n "$1"
}

finds() {
    sentence=$1
    shift
    "$lint" "$tree" >"$folder/found" 2>&1
    status=$?
    expected_status=0
    : >"$folder/expected"
    if [ $# -gt 0 ]; then
        expected_status=1
        printf '%s\n' "$@" >"$folder/expected"
    fi
    if [ $status -eq $expected_status ] && diff -u "$folder/expected" "$folder/found"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED (exit $status): $sentence"
    fi
    new_tree
}

new_tree
finds 'a tree without a violation is clean'

# ---- include -------------------------------------------------------------------------------------

plant executor/task.c <<'END'
#include "sim/clock.h"
END
finds 'the executor includes only itself' \
    'executor/task.c:1: executor may include only executor; not sim/clock.h [include]'

plant executor/examples/README.md <<'END'
What is here.
END
plant executor/examples/hello.c <<'END'
#include "executor/worker.h"
#include <ex/task.h>
#include <stdio.h>
END
finds 'examples include what programs of anybody may include' \
    'executor/examples/hello.c:1: an example includes <ex/...> and libc only; not executor/worker.h [include]'

plant sim/machine/real.h <<'END'
#ifndef SIM_MACHINE_REAL_H
#define SIM_MACHINE_REAL_H
#endif
END
plant sim/world.c <<'END'
#include <stddef.h>

#include "sim/machine/real.h"
END
finds 'the core includes nothing of the machine' \
    'sim/world.c:3: sim may include only sim; not sim/machine/real.h [include]'

plant sim/world.c <<'END'
/* #include "tools/sim.h" */
// #include "tools/sim.h"
END
plant sim/machine/real.c <<'END'
#include "sim/clock.h"
END
finds 'a comment includes nothing, and the machine includes the core'

plant sim/world.S <<'END'
# include "tools/sim.h"
END
finds 'assembly is held to the same rule' \
    'sim/world.S:1: sim may include only sim; not tools/sim.h [include]'

plant scenarios/echo.c <<'END'
#include "executor/executor.h"
#include "sim/clock.h"
#include "sim/scenario.h"
END
finds 'a scenario sees of the simulator its public header only' \
    'scenarios/echo.c:2: scenarios may include only executor, scenarios, sim/reader.h, sim/scenario.h; not sim/clock.h [include]'

plant corpus/store.c <<'END'
#include "corpus/store.h"
#include "sim/case.h"
#include "sim/clock.h"
END
finds 'the corpus sees of the simulator a case only' \
    'corpus/store.c:3: corpus may include only corpus, sim/case.h; not sim/clock.h [include]'

plant tools/main.c <<'END'
#include "corpus/store.h"
#include "sim/machine/real.h"
#include "tests/suite.h"
END
finds 'tools include everything but tests' \
    'tools/main.c:3: tools may include only corpus, executor, scenarios, sim, sim/machine, tools; not tests/suite.h [include]'

plant tools/main.c <<'END'
#include <sim/clock.h>
#include <tests/suite.h>
END
finds 'angle brackets hide no dependency' \
    'tools/main.c:2: tools may include only corpus, executor, scenarios, sim, sim/machine, tools; not tests/suite.h [include]'

plant sim/world.c <<'END'
#include "../tools/sim.h"
#include "clock.h"
END
finds 'a path starts at the top of the tree' \
    'sim/world.c:1: write "../tools/sim.h" as a path from the top of the tree [include]' \
    'sim/world.c:2: write "clock.h" as a path from the top of the tree [include]'

# ---- home ----------------------------------------------------------------------------------------

plant corpus/a.c <<'END'
#include <sqlite3.h>
END
plant tests/b.c <<'END'

#include <sqlite3.h>
END
finds 'sqlite3.h is included in one file' \
    'corpus/a.c:1: sqlite3.h belongs in one .c file only; it is also in tests/b.c [home]' \
    'tests/b.c:2: sqlite3.h belongs in one .c file only; it is also in corpus/a.c [home]'

plant sim/hash.h <<'END'
#ifndef SIM_HASH_H
#define SIM_HASH_H
#include <xxhash.h>
#endif
END
finds 'xxhash.h is included in no header' \
    'sim/hash.h:3: xxhash.h belongs in one .c file, never in a header [home]'

plant scenarios/lua_world.c <<'END'
#include <lua.h>
END
plant scenarios/world.c <<'END'
#include <lauxlib.h>
#include <lua5.4/lua.h>
#include <lualib.h>
END
finds 'Lua is known to scenarios/lua_*.c only' \
    'scenarios/world.c:1: lauxlib.h belongs in scenarios/lua_*.c only [home]' \
    'scenarios/world.c:2: lua.h belongs in scenarios/lua_*.c only [home]' \
    'scenarios/world.c:3: lualib.h belongs in scenarios/lua_*.c only [home]'

plant sim/world.c <<'END'
#include <check.h>
END
finds 'Check is known to tests only' \
    'sim/world.c:1: check.h belongs in tests/ only [home]'

# ---- cycle ---------------------------------------------------------------------------------------

for edge in 'a.c b' 'b.c c' 'c.c a' 'd.c a'; do
    echo "#include \"sim/${edge#* }.h\"" | plant "sim/${edge% *}"
done
finds 'modules form no cycle, though headers form none' \
    'sim/a.c:1: modules form a cycle: sim/a -> sim/b -> sim/c -> sim/a [cycle]'

plant sim/clock.h <<'END'
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include "sim/agenda.h"

#endif
END
plant sim/agenda.c <<'END'
#include "sim/agenda.h"
#include "sim/clock.h"
END
finds 'a header and a .c file close a cycle together' \
    'sim/agenda.c:2: modules form a cycle: sim/agenda -> sim/clock -> sim/agenda [cycle]'

# ---- seam, banned --------------------------------------------------------------------------------

plant executor/task.c <<'END'
#ifdef SIM
#endif
#if defined(EX_UNDER_SIM)
#endif
int simple(void);
int simd(void);
void sim_point(void);
END
finds 'the executor has no seam' \
    'executor/task.c:1: SIM: the executor has no seam for the simulator [seam]' \
    'executor/task.c:3: EX_UNDER_SIM: the executor has no seam for the simulator [seam]' \
    'executor/task.c:7: sim_point: the executor has no seam for the simulator [seam]'

plant sim/world.c <<'END'
static int draw(void) {
    float share = 0;
    return rand() + (int)random() + (int)time(NULL) + (getenv("HOME") != NULL) + (int)share;
}

static void sort(struct world *world) {
    double unused;
    qsort(world->items, 1, 1, world->compare);
    strtok(world->text, " ");
    gettimeofday(NULL, NULL);
    clock_gettime(0, NULL);
}
END
finds 'the core asks libc for no chance, time, environment, order or float' \
    'sim/world.c:2: float is banned in the core: integers only wherever something is decided [banned]' \
    'sim/world.c:3: getenv is banned in the core: a run may not depend on the environment [banned]' \
    'sim/world.c:3: rand is banned in the core: chance comes through sim/choices only [banned]' \
    'sim/world.c:3: random is banned in the core: chance comes through sim/choices only [banned]' \
    'sim/world.c:3: time is banned in the core: time is virtual (sim/vclock) [banned]' \
    'sim/world.c:7: double is banned in the core: integers only wherever something is decided [banned]' \
    "sim/world.c:8: qsort is banned in the core: equal keys come out in an order of libc's choosing [banned]" \
    'sim/world.c:9: strtok is banned in the core: it keeps state between runs [banned]' \
    'sim/world.c:10: gettimeofday is banned in the core: time is virtual (sim/vclock) [banned]' \
    'sim/world.c:11: clock_gettime is banned in the core: time is virtual (sim/vclock) [banned]'

plant sim/machine/real.c <<'END'
long real_time(void) {
    return time(NULL);
}
END
plant sim/world.c <<'END'
/* rand(), a double, time() */
static const char *text = "rand() double";

static int time_of(struct world *world) {
    return world->time(world) + world->clock.time(0) + my_random(1);
}
END
finds 'the machine may ask, and a word alone is no call'

# ---- guard, size ---------------------------------------------------------------------------------

plant sim/machine/real.h <<'END'
#pragma once
END
plant sim/world.h <<'END'
#ifndef WORLD_H
#define WORLD_H
#endif
END
finds 'a header guard is the path' \
    'sim/machine/real.h:1: the header guard is SIM_MACHINE_REAL_H [guard]' \
    'sim/world.h:1: the header guard is SIM_WORLD_H [guard]'

repeat 501 'int declared(void);' | plant sim/world.c
{
    echo '#ifndef SIM_WORLD_H'
    echo '#define SIM_WORLD_H'
    repeat 148 'int declared(void);'
    echo '#endif'
} | plant sim/world.h
finds 'files stay short' \
    'sim/world.c:501: 501 lines, at most 500 [size]' \
    'sim/world.h:151: 151 lines, at most 150 [size]'

{
    echo '/* { */'
    echo 'struct __attribute__((packed)) table {'
    repeat 80 '    int field;'
    echo '};'
    echo
    echo 'static const int numbers[] = {'
    repeat 80 '    1,'
    echo '};'
    echo 'static int just_short_enough(void) {'
    repeat 67 '    step("}");'
    printf '%s\n' '    return 0;' '}' ''
    printf '%s\n' '__attribute__((noinline)) static struct table *' 'too_long(int (*function)(void)) {'
    repeat 69 '    function();'
    echo '}'
} | plant sim/world.c
printf 'DisableFormat: true\n' >"$tree/.clang-format"
finds 'functions stay short; types and tables may be long' \
    'sim/world.c:238: too_long has 72 lines, at most 70 [size]'

# ---- comment -------------------------------------------------------------------------------------

plant sim/world.c <<'END'
/* A world.
 *
 * Memory:      its own; see
 *              Limits: there
 * runs. Limits:      none. Errors:      none,
 * ever. Determinism: a function of the choices.
 */
END
plant sim/agent.c <<'END'
/* An agent.
 *
 * Memory:      its own.
 * Errors:      none; Source: nobody.
 * Determinism: a function of the choices.
 */
END
finds 'a label begins its line' \
    'sim/world.c:5: two labels on one line; each begins its own [comment]' \
    'sim/world.c:6: two labels on one line; each begins its own [comment]'

plant tests/test_a.c <<'END'
/* ---- a title that the formatter broke in two since it is too long for one line
 * ----------------- */

/* ---- short ---- */

/* ---- with what there is to say of it ------------
 *
 * All of it. */
END
finds 'a title is one line' \
    'tests/test_a.c:1: a title is one line; shorten it [comment]'

plant sim/world.c <<'END'
/* A drawing that is as wide as a line may be, and is left as it was drawn:
 *
 *   choices ─► world ─► trace ─► verdict ─► corpus ─► replay ─► and again from the beginning, since
 *                                                               there is always one seed more here
 *   choices ─► world ─► trace ─► verdict ─► corpus ─► replay ─► and again from the beginning, since …
 */
END
finds 'a comment keeps to the width' \
    'sim/world.c:5: a comment of 102 columns, at most 100 [comment]'

# ---- mark, test ----------------------------------------------------------------------------------

open='TO''DO'
plant sim/world.c <<END
/* $open: later */
char name[] = "/tmp/XXXXXX";
END
echo "FIX""ME" | plant tools/run
finds 'nothing is left open' \
    "sim/world.c:1: $open: do it or delete it [mark]" \
    "tools/run:1: FIX""ME: do it or delete it [mark]"

plant tests/test_clock.c <<'END'
#include "tests/suite.h"

#define EXPECT(condition) ck_assert(condition)

static void expect_zero(int value) {
    EXPECT(value == 0);
}

START_TEST(asserts_itself) {
    ck_assert_int_eq(clock_now(), 0);
}
END_TEST

START_TEST(asserts_through_a_helper) {
    expect_zero(clock_now());
}
END_TEST

START_TEST(panics) {
    clock_set(-1);
}
END_TEST

START_TEST(proves_nothing) {
    clock_now();
}
END_TEST

SUITE(clock) {
    SUITE_TEST(asserts_itself);
    SUITE_TEST(asserts_through_a_helper);
    tcase_add_test_raise_signal(tcase, panics, 6);
    SUITE_TEST(proves_nothing);
}
END
finds 'a test asserts' \
    'tests/test_clock.c:24: proves_nothing asserts nothing [test]'

# ---- top, readme, format -------------------------------------------------------------------------

plant notes.txt </dev/null
plant src/README.md </dev/null
plant .github/settings </dev/null
plant build-clang/sim </dev/null
finds 'the top of the tree is closed; builds and dot files are not of the tree' \
    'notes.txt:1: not one of the names that belong at the top of the tree [top]' \
    'src:1: not one of the names that belong at the top of the tree [top]'

plant scenarios/uv/echo.c </dev/null
rm "$tree/README.md" "$tree/sim/machine/README.md"
plant sim/machine/real.c </dev/null
finds 'every folder has a README' \
    'README.md:1: every folder has a README.md [readme]' \
    'scenarios/uv/README.md:1: every folder has a README.md [readme]' \
    'sim/machine/README.md:1: every folder has a README.md [readme]'

plant sim/world.c <<'END'
int world_step(void)
{
  return 0;
}
END
finds 'every C file is formatted' \
    'sim/world.c:1: not formatted; clang-format -i sim/world.c [format]'

# ---- exceptions, use -----------------------------------------------------------------------------

lint=$folder/lint
sed "s|^EXCEPTIONS = \[|&('size', 'sim/world.c', 'why'), ('guard', 'sim/clock.h', 'why'),|" \
    "$source/tools/lint" >"$lint"
chmod +x "$lint"
repeat 501 'int declared(void);' | plant sim/world.c
finds 'an exception holds, and one that is no longer needed is found' \
    'sim/clock.h:1: its exception in tools/lint is no longer needed [guard]'
lint=$source/tools/lint

if "$lint" --all 2>/dev/null || [ $? -ne 2 ] || "$lint" "$folder/gone" 2>/dev/null || [ $? -ne 2 ]; then
    failed=$((failed + 1))
    echo 'FAILED: wrong use exits with 2'
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
