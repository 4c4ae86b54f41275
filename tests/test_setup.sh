#!/bin/sh
# Runs tools/setup against a machine of stubs: dpkg-query knows what $installed says, apt-get writes
# down what it is asked.
set -u

setup=$(cd "$(dirname "$0")/.." && pwd)/tools/setup
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0

mkdir "$folder/bin"
for program in sh grep env; do
    ln -s "$(command -v $program)" "$folder/bin/$program"
done

# stub NAME <<'END' … END
stub() {
    { echo '#!/bin/sh' && cat; } >"$folder/bin/$1"
    chmod +x "$folder/bin/$1"
}
stub dpkg-query <<'END'
while [ $# -gt 1 ]; do shift; done
case " $installed " in *" $1 "* | ' all ') echo installed ;; *) echo not-installed ;; esac
END
stub apt-get <<'END'
echo "apt-get $*" >>"$asked"
[ "$1 $2" != "$apt_fails" ]
END
stub id <<'END'
echo "$user"
END

arguments=''
# expect 'sentence' EXIT-STATUS 'pattern of what it prints' 'pattern of what apt-get was asked'
expect() {
    : >"$folder/asked"
    said=$(env -i PATH="$folder/bin" asked="$folder/asked" installed="$installed" user="$user" \
        apt_fails="$apt_fails" "$setup" $arguments 2>&1 </dev/null)
    status=$?
    asked=$(cat "$folder/asked")
    # shellcheck disable=SC2254 # patterns
    case $status in $2) case $said in $3) case $asked in $4) return ;; esac ;; esac ;; esac
    failed=$((failed + 1))
    printf 'FAILED: %s\n  exit %s\n  said %s\n  asked %s\n' "$1" "$status" "$said" "$asked"
}

installed=all user=0 apt_fails=''
expect 'nothing missing: nothing done' 0 '' ''

installed='gcc g++ libc6-dev clang-format cmake ninja-build pkg-config libsqlite3-dev '\
'libxxhash-dev libzstd-dev libdw-dev libuv1-dev libevent-dev liblua5.4-dev check python3 sqlite3'
expect 'only what is missing is installed, after an update' 0 '*installing clang valgrind' \
    'apt-get -q update
apt-get -q -y --no-install-recommends install clang valgrind'

arguments=--peers
expect 'the peers of the benchmark are installed when they are asked for, with a Rust if there is none' 0 \
    '*' '*install clang valgrind libboost-context-dev libboost-fiber-dev librust-tokio-dev *smol-dev cargo rustc'
stub cargo </dev/null
expect 'a Rust that is there is kept' 0 '*' '*install clang valgrind libboost*librust-smol-dev'
rm "$folder/bin/cargo"
arguments=--peer
expect 'an unknown argument is refused' 1 '*unknown argument "--peer"*' ''
arguments=''

apt_fails='-q update'
expect 'without a network it says so' 1 '*is the network reachable? Still missing: clang valgrind' \
    'apt-get -q update'

apt_fails='-q -y'
expect 'a failing installation is told' 1 '*install failed*Still missing: clang valgrind' '*'

user=1000 apt_fails=''
expect 'who may not install is told the command' 1 \
    '*only root may install what is missing; run as root: apt-get install clang valgrind' ''

stub sudo <<'END'
exec "$@"
END
expect 'sudo is used when there is one' 0 '*' '*install clang valgrind'

rm "$folder/bin/apt-get"
expect 'without apt it lists everything' 1 '*there is no apt here; install by hand: gcc g++*' ''

echo "$failed failed"
[ $failed -eq 0 ]
