#!/bin/bash
# The same scenario gives the same runs whichever compiler built it and however it optimised: each
# scenario of the tree that needs no foreign library is built four times more, its planted variant
# once, and every fingerprint compared.
set -u
build=${SIM_BUILD:-$(pwd)}
while [ ! -f "$build/sim" ] && [ "$build" != / ]; do build=$(dirname "$build"); done
[ -f "$build/sim" ] || { echo "no sim above $(pwd)" >&2; exit 1; }
sim=$build/sim
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d) || exit 1
memory=$folder # for what nobody reads again: where nothing waits for a disk, if there is such a place
[ -w /dev/shm ] && memory=$(mktemp -d -p /dev/shm)
trap 'rm -rf "$folder" "$memory"' EXIT
failed=0
compared=0
libraries=
seeds=16 # of which the first is fifo, and the others are what the mix is of
all_ways="tree gcc-O0 gcc-O3 clang-O0 clang-O2"
some_ways="tree clang-O3"
ways=$all_ways

fail() {
    failed=$((failed + 1))
    echo "FAILED: $*"
}

# compile SOURCES WAY MODULE FLAGS...: as scenarios/CMakeLists.txt does; that of the tree is there
compile() {
    local sources=$1 way=$2 module=$3
    shift 3
    if [ "$way" = tree ]; then
        cp "$shipped" "$module"
        return
    fi
    "${way%-*}" "-${way#*-}" -std=gnu11 -fPIC -shared -D_GNU_SOURCE -UNDEBUG "$@" "-I$root" \
        -Wl,-Bsymbolic -Wl,-z,now $sources -o "$module" $libraries
}

# runs MODULE: what each run came to, a line a run
runs() {
    $sim run "$1" --runs $seeds --fail-on never --json --corpus "$memory/corpus.db" |
        grep '"event":"run"' | sed 's/.*"number":/"number":/; s/"message":.*"fingerprint"/"fingerprint"/; s/,"signature":.*//'
}

# matrix NAME SOURCES FLAGS...: true when all builds give the same runs
matrix() {
    local name=$1 sources=$2 # `way` tells the caller which one differs
    shift 2
    for way in $ways; do
        if ! compile "$sources" "$way" "$folder/$name-$way.so" "$@"; then
            fail "$name does not compile with $way"
            return 1
        fi
        runs "$folder/$name-$way.so" >"$folder/$name-$way"
        if [ "$(grep -c '"fingerprint":"[0-9a-f]\{32\}"' "$folder/$name-$way")" -ne $seeds ]; then
            fail "$name of $way: not $seeds runs"
            return 1
        fi
    done
    for way in $ways; do
        diff "$folder/$name-${ways%% *}" "$folder/$name-$way" >"$folder/diff" && continue
        return 1
    done
}

for shipped in "$build"/scenarios/*.so; do
    name=$(basename "$shipped" .so)
    source=$root/scenarios/${name%_bug}.c
    flags= libraries= ways=$all_ways
    case $name in
    raft) source=$(echo "$root"/scenarios/raft_*.c) ways=$some_ways ;; # all but a line of its variants
    *_bug) flags=-DPLANTED ways=$some_ways ;;
    esac
    case $name in
    ex_* | raft) # the library as it ships, built once
        flags=-I$root/executor/include
        libraries="-L$build -lexecutor -Wl,-rpath,$build"
        ;;
    esac
    # What is instrumented is not the same in all builds, and not here.
    if [ ! -f "${source%% *}" ] || grep -q sim_points $source || grep -q 'include <\(uv.h\|event2/.*\)>' $source; then
        continue
    fi
    matrix "$name" "$source" $flags || { fail "$name: $way is not as in the tree:"; head -n 4 "$folder/diff"; }
    compared=$((compared + 1))
done
[ $compared -ge 10 ] || fail "only $compared scenarios were compared"
different=$(grep -o '"fingerprint":"[^"]*"' "$folder/abba-tree" | sort -u | wc -l)
[ "$different" -gt 10 ] || fail "the runs of abba are the same for all seeds"
ways=${all_ways#tree }
matrix leak_compiler "$root/tests/modules/leak_compiler.c" && fail 'a module that leaks its compiler is not noticed'

[ $failed -eq 0 ] && echo "$compared scenarios are the same in all builds"
exit $((failed > 0))
