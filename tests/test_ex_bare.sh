#!/bin/bash
# The executor's build for small machines runs without a libc: no malloc, no thread, no clock, no
# thread-local variable.
set -u
source "$(dirname "$0")/expect.sh"
small=$build/parts/executor/libexecutor_small.a
[ -f "$small" ] || { echo "no libexecutor_small.a in $build" >&2; exit 1; }
if grep -q '^SIM_SANITIZE:BOOL=ON' "$build/CMakeCache.txt"; then
    echo "skipped: sanitizers need a libc"
    exit 77
fi
cc=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
flags=(-std=c11 -Os -g -ffreestanding -fno-stack-protector -ffunction-sections -fdata-sections
    -fno-pie "-I$source/../executor/include" -DEX_SMALL -DEX_MEMORY_PAGE_SIZE=4096)

# What its objects need of others, and do not define among themselves.
needs() {
    sort -u <(nm "$1" 2>/dev/null | awk '$1 == "U" && $2 !~ /GLOBAL_OFFSET_TABLE/ { print $2 }') |
        grep -vxFf <(nm --defined-only "$1" 2>/dev/null | awk 'NF == 3 { print $3 }')
}
check 'of all else it needs memcpy and memset' \
    [ "$(needs "$small" | tr '\n' ' ')" = 'memcpy memset ' ]
# The same question about the whole library has another answer.
check 'the whole library needs threads and a clock' \
    [ "$(needs "${small/_small/_static}" | grep -cxE 'pthread_create|clock_gettime')" -eq 2 ]

check 'it compiles' "$cc" "${flags[@]}" -c "$source/../executor/examples/small.c" -o "$folder/small.o"
check 'it compiles' "$cc" "${flags[@]}" -c "$source/bare/start.c" -o "$folder/start.o"
check 'it links' "$cc" -static -nostdlib -Wl,--gc-sections \
    "$folder/small.o" "$folder/start.o" "$small" -o "$folder/small"
expect 0 '^three readings$' "$folder/small"
check 'it says what the readings were' \
    [ "$(tr '\n' ' ' <"$folder/out")" = 'cold cold hot three readings ' ]

code_size() { size -t "$1" | awk 'END { print $1 + $2 }'; }
echo "the small build, all of it: $(code_size "$small") bytes"
echo "a program with tasks, a mutex and a channel: $(code_size "$folder/small") bytes"
done_expecting
