#!/bin/bash
# gdb shows the executor's tasks: states, logical stacks with lines, branches, and fibers' stacks.
set -u
source "$(dirname "$0")/expect.sh"
program=$build/ex_gdb_program
[ -x "$program" ] || { echo "no ex_gdb_program in $build" >&2; exit 1; }
if grep -q '^SIM_SANITIZE:BOOL=ON' "$build/CMakeCache.txt"; then
    echo "skipped: the leak check of sanitizers and a debugger exclude each other"
    exit 77
fi
if ! gdb -q -nx -batch -ex run /bin/true 2>/dev/null | grep -q 'exited normally'; then
    echo "skipped: no gdb here, or it may not trace"
    exit 77
fi

line() { # PATTERN: the number of the first line of the program with it
    grep -n -m1 -- "$1" "$source/gdb/program.c" | cut -d: -f1
}

# look OUTPUT COMMAND...: what gdb prints at the place to stop, from the first command on
look() {
    local output=$1 commands=()
    shift
    for command; do commands+=(-ex "$command"); done
    gdb -q -nx -batch -ex "source $source/../executor/gdb.py" -ex 'break stop_here' -ex run \
        -ex 'echo ----\n' "${commands[@]}" "$program" 2>&1 | sed '1,/^----$/d; s/ *$//' >"$folder/$output"
}

# Tasks are listed by their pages, the newest size first; only what stands together is compared.
look tasks 'ex tasks' continue
cp "$folder/tasks" "$folder/out"
nap=$(line 'EX_AWAIT(ex_sleep_for')
select=$(line 'EX_AWAIT(ex_select')
check 'there are five tasks' [ "$(grep -c '^task [0-4]: ' "$folder/tasks")" -eq 5 ]
check 'one has returned' [ "$(grep -c ': returned, and nobody took its result$' "$folder/tasks")" -eq 1 ]
check 'one runs' [ "$(grep -c '^task [0-4]: runs$' "$folder/tasks")" -eq 1 ]
check 'the program ends as ever' grep -q 'exited normally' "$folder/tasks"

# A nap's frame is the innermost but one; the calls behind it name what is awaited.
sed 's/:[0-9]* / /; s/:[0-9]*$//; s/  */ /g' "$folder/tasks" >"$folder/flat"
cat >"$folder/chooser" <<'TEXT'
 branch 0
 branch 0
 ex_sleep at timer.c
 nap at program.c ex_sleep_for(&self->sleep, (uint64_t)self->hours * 3600 * EX_TIMER_S)
 ex_deadline at timer.c
 branch 1
 ex_mutex_lock at mutex.c
 ex_select at select.c
 chooser at program.c ex_select(&self->select, self->branches, 2)
TEXT
check 'branches stand in what runs them, innermost first' \
    [ "$(tr '\n' '|' <"$folder/flat" | grep -cF "$(tr '\n' '|' <"$folder/chooser")")" -eq 1 ]
cat >"$folder/reader" <<'TEXT'
 slow at program.c nap(&self->nap, 31)
 hands_over at program.c EX_FRAME(&self->slow, slow)
 ex_stream at stream.c a generator
 reader at program.c ex_stream_next(&self->stream)
TEXT
check 'generators that handed over stand below the one that waits' \
    [ "$(tr '\n' '|' <"$folder/flat" | grep -cF "$(tr '\n' '|' <"$folder/reader")")" -eq 1 ]
check 'a frame has its line' grep -q "nap at program.c:$nap " "$folder/tasks"
check 'so has that of the select' grep -q "chooser at program.c:$select " "$folder/tasks"
check 'a fiber has its function' grep -q '^    fiber of diver$' "$folder/tasks"

number=$(grep -B3 'fiber of diver' "$folder/tasks" | sed -n 's/^task \([0-9]\):.*/\1/p' | tail -1)
look fiber "ex task $number" 'backtrace 1' continue
cp "$folder/fiber" "$folder/out"
check 'the fields of a frame are shown' grep -q 'hours = 23$' "$folder/fiber"
check 'a fiber shows each call on its stack' [ "$(grep -c ' deep (' "$folder/fiber")" -ge 3 ]
check 'down to its function' grep -q ' diver (argument=' "$folder/fiber"
check 'the thread is where it was' grep -q '^#0  *stop_here ' "$folder/fiber"
check 'and goes on from there' grep -q 'exited normally' "$folder/fiber"

look other 'ex task 77' 'ex task'
check 'a task that is not there is an error' grep -q 'there is no task 77' "$folder/other"
check 'so is one that is not named' grep -q 'give a number' "$folder/other"
look frame up "print *(struct stopper *)frame"
check 'a frame prints as the place where it waits' \
    grep -qE 'frame = \{stopper at program.c:[0-9]+\}' "$folder/frame"
done_expecting
