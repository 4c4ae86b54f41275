#!/bin/bash
# A debugger sees the calls of a fiber: of one that runs, and of one that waits.
set -u
if ! command -v gdb >/dev/null; then
    echo 'skipped: no gdb here'
    exit 77
fi
build=${SIM_BUILD:-$(pwd)}
while [ ! -f "$build/test_fiber_stack" ] && [ "$build" != / ]; do build=$(dirname "$build"); done
[ -f "$build/test_fiber_stack" ] || { echo "no test_fiber_stack above $(pwd)" >&2; exit 1; }
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0

# One fiber stands 50 calls deep; then one waits 20 calls deep while the next begins.
cat >"$folder/commands" <<'END'
set pagination off
set confirm off
break fibers_of_any_depth_below_that_wait_and_return_fn
run
break reach_bottom
continue
echo \nrunning\n
backtrace
continue
set $place = (struct ex_fiber_place *)ex_overflow_stack->top - 1
delete
break descend_to
continue
set $sp = $place->context.stack_pointer
set $pc = &ex_context_suspended
echo \nwaiting\n
backtrace
echo \nend\n
kill
END
CK_FORK=no timeout 60 gdb -q -batch -x "$folder/commands" "$build/test_fiber_stack" \
    >"$folder/out" 2>&1 </dev/null

# calls FROM TO: the functions of the backtrace between two words, the innermost first.
calls() {
    sed -n "/^$1\$/,/^$2\$/p" "$folder/out" |
        sed -nE 's/^#[0-9]+ +(0x[0-9a-f]+ in )?([a-z_]+) .*/\2/p'
}

# Compilers leave out who ends in a call, and show whom they inlined.
callers='reach_bottom descend{DEPTH} (descend_to )?enter (land )?ex_context_begin'
expect_calls() { # FROM TO INNERMOST DEPTH
    local got pattern
    got=$(calls "$1" "$2" | uniq -c | awk '{ print $2 ($1 > 1 ? "{" $1 "}" : "") }' | paste -sd ' ')
    pattern="^($3 ([a-z_]+ )*)?${callers/DEPTH/$4}\$"
    pattern=${pattern//\{/\\\{}
    pattern=${pattern//\}/\\\}}
    if ! grep -qE "$pattern" <<<"$got"; then
        failed=1
        echo "FAILED: the calls of the fiber that is $1: $got; gdb printed:"
        sed 's/^/  | /' "$folder/out"
    fi
}
expect_calls running waiting none 51
expect_calls waiting end ex_context_swap 21
exit $failed
