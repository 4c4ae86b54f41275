#!/bin/bash
# The replicated log: each planted bug is found, as the property that its rule protects; the whole
# one is clean, and what is interesting in it is reached often.
set -u
. "$(dirname "$0")/expect.sh"

finds() { # RULE SENTENCE: within 500 runs
    expect 10 "^FAIL raft_$1_bug: property: ($2)" \
        $sim fuzz "raft_$1_bug" --runs 500 --corpus "$folder/$1.db"
}
kv='the log is like one register a key'
applied='an index is applied everywhere as one'
finds commit "$applied|$kv"
finds vote "$applied|$kv"
finds store "a term has at most one leader|$applied|$kv"
finds read "$kv"
finds once "$kv"
finds cut "$applied|$kv"
finds fresh "$kv"
finds tail "$applied|$kv"
finds term "a term has at most one leader|$applied|$kv"

often() { # SENTENCE: in at least a fifth of the last runs
    local runs
    runs=$(sed -n "s/^  raft: $1: in \([0-9]*\) runs$/\1/p" "$folder/out")
    check "often: $1" [ "${runs:-0}" -ge 50 ]
}
expect 0 '^250 runs, 0 failed' $sim fuzz raft --runs 250 --corpus "$corpus"
often 'a leader is replaced'
often 'who was cut off leads and commits'
often 'a node remembers'
often 'a log is cut'
often 'a command is twice in the log'

done_expecting
