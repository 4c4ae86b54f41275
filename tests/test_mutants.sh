#!/bin/bash
# Two of the executor's mutants are found by the scenarios that are there for them; the executor as
# it is passes. tools/mutants does the same with all of them, and with the unit tests.
set -u
. "$(dirname "$0")/expect.sh"
root=$(dirname "$source")

# A shared library of its own from the executor's sources, after a patch or none.
build_executor() { # FOLDER [PATCH]
    mkdir -p "$1"
    cp -r "$root/executor" "$1/executor"
    [ $# -eq 1 ] || patch -d "$1" -p1 -s --no-backup-if-mismatch -i "$2" || return 1
    ${CC:-cc} -std=gnu11 -O1 -g -w -fPIC -shared -fvisibility=hidden -D_GNU_SOURCE -I"$1" \
        -I"$1/executor/include" "$1"/executor/*.c "$1/executor/context_$(uname -m).S" \
        -o "$1/libexecutor.so" -lpthread
}

search() { # FOLDER SCENARIO
    LD_LIBRARY_PATH=$1 $sim fuzz "$2" --seed 1 --runs 500 --corpus "$folder/corpus.db"
}

found() { # MUTANT SCENARIO
    check "$1 is built" build_executor "$folder/$1" "$source/mutants/$1.patch"
    expect 10 "FAIL $2: " search "$folder/$1" "$2"
}

check 'the executor is built' build_executor "$folder/plain"
expect 0 ' 0 failed, 0 new.$' search "$folder/plain" ex_shutdown
expect 0 ' 0 failed, 0 new.$' search "$folder/plain" ex_steal_park
found abort_misses_newborn ex_shutdown
found steal_leaves_lifo ex_steal_park

done_expecting
