#!/bin/bash
# Two of the executor's mutants are found by the scenarios that are there for them; the executor as
# it is passes. tools/mutants does the same with all of them, and with the unit tests.
set -u
. "$(dirname "$0")/expect.sh"
root=$(dirname "$source")

compile() { # TREE FILE...: objects beside the sources
    (cd "$1/executor" && printf '%s\n' "${@:2}" | xargs -P 2 -n 8 ${CC:-cc} -std=gnu11 -O1 -g -w -fPIC \
        -fvisibility=hidden -D_GNU_SOURCE -DEX_LOCAL_CONST= -I"$1" -I"$1/executor/include" -c)
}

link() { # TREE
    ${CC:-cc} -shared "$1"/executor/*.o -o "$1/libexecutor.so" -lpthread
}

build_executor() {
    mkdir "$folder/plain" && cp -r "$root/executor" "$folder/plain/executor" &&
        compile "$folder/plain" $(cd "$root/executor" && ls *.c "context_$(uname -m).S") &&
        link "$folder/plain"
}

# Only the sources that the patch changes are compiled anew.
build_mutant() { # NAME
    cp -r "$folder/plain" "$folder/$1" &&
        patch -d "$folder/$1" -p1 -s --no-backup-if-mismatch -i "$source/mutants/$1.patch" &&
        compile "$folder/$1" $(sed -n 's|^+++ b/executor/||p' "$source/mutants/$1.patch") &&
        link "$folder/$1"
}

search() { # FOLDER SCENARIO
    LD_LIBRARY_PATH=$1 $sim fuzz "$2" --seed 1 --runs 500 --corpus "$folder/corpus.db"
}

found() { # MUTANT SCENARIO
    check "$1 is built" build_mutant "$1"
    expect 10 "FAIL $2: " search "$folder/$1" "$2"
}

check 'the executor is built' build_executor
expect 0 ' 0 failed, 0 new.$' search "$folder/plain" ex_shutdown
expect 0 ' 0 failed, 0 new.$' search "$folder/plain" ex_channel
found abort_misses_newborn ex_shutdown
found channel_close_gap ex_channel

done_expecting
