# For tests of the program by scripts, sourced by them: the built program, a folder, expectations.
build=${SIM_BUILD:-$(pwd)}
while [ ! -f "$build/sim" ] && [ "$build" != / ]; do build=$(dirname "$build"); done
[ -f "$build/sim" ] || { echo "no sim above $(pwd)" >&2; exit 1; }
sim=$build/sim
source=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
corpus=$folder/corpus.db
failed=0
sanitized=$(grep -c '^SIM_SANITIZE:BOOL=ON' "$build/CMakeCache.txt") # 1 where all takes ten times as long

# expect EXIT PATTERN COMMAND...: the exit code, and a line that matches on stdout or stderr.
expect() {
    local code=$1 pattern=$2
    shift 2
    "$@" >"$folder/out" 2>&1
    local got=$?
    if [ $got -ne "$code" ] || ! grep -qE -- "$pattern" "$folder/out"; then
        failed=$((failed + 1))
        echo "FAILED: $*"
        echo "  exit $got, wanted $code and /$pattern/; it printed:"
        sed 's/^/  | /' "$folder/out"
    fi
}

# check SENTENCE COMMAND...: the command succeeds; otherwise what was printed last is shown.
check() {
    local sentence=$1
    shift
    "$@" || { failed=$((failed + 1)); echo "FAILED: $sentence: $*"; sed 's/^/  | /' "$folder/out"; }
}

done_expecting() {
    [ $failed -eq 0 ] && echo 'all as expected'
    exit $((failed > 0))
}
