#!/bin/sh
# What the macros of ex/frame.h promise: misuse does not compile, and right use has no warning.
#
#   says COMPILER 'pattern' <<'END' … END      a body that the compiler must object to in these words
#   accepts COMPILER <<'END' … END             one that it takes without a word
set -u

source=$(cd "$(dirname "$0")/.." && pwd) || exit 1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
passed=0
failed=0

# compile COMPILER [OPTION…]: a function with the body on stdin; what the compiler says on stdout.
compile() {
    {
        cat <<'END'
#include <ex/call.h>
#include <ex/future.h>
#include <ex/stream.h>
struct child {
    struct ex_frame frame;
};
struct ex_frame *child(struct child *self);
struct ex_future method(void);
struct parent {
    struct ex_frame frame;
    struct ex_generator generator;
    struct child child;
    struct ex_future future;
    int kind;
    int64_t wide;
    uint64_t bits;
    enum { ONE, TWO } either;
};
EX_RESUME(parent) {
    EX_BEGIN(parent);
END
        cat
        cat <<'END'
    EX_END();
}
struct ex_frame *parent(struct parent *self);
struct ex_frame *parent(struct parent *self) {
    return EX_FRAME(self, parent);
}
END
    } >"$folder/body.c"
    compiler=$1
    shift
    LC_ALL=C "$compiler" -std=c11 -O2 -Wall -Wextra "$@" -I"$source/executor/include" \
        -c "$folder/body.c" -o "$folder/body.o" 2>&1
}

says() {
    output=$(compile "$1" -Werror)
    if [ $? -ne 0 ] && printf '%s\n' "$output" | grep -q -e "$2"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s: expected an error with "%s", not:\n%s\n' "$1" "$2" "$output"
    fi
}

accepts() {
    output=$(compile "$1" -Werror -Wpedantic -Wshadow -Wconversion -Wundef -Wcast-qual -Wswitch-enum)
    if [ $? -eq 0 ] && [ -z "$output" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s: expected no word, not:\n%s\n' "$1" "$output"
    fi
}

# every COMPILER LOCAL: what both say, and in which words each says that a local does not live.
every() {
    accepts "$1" <<'END'
    if (self->kind > 0)
        EX_AWAIT(child(&self->child));
    else
        EX_TRY(child(&self->child));
    for (; self->kind > 0; self->kind--)
        EX_YIELD();
    while (self->wide-- > 0)
        EX_AWAIT_FUTURE(self->future, method());
    do
        EX_CALL(sizeof(struct child), child(callee));
    while (value == 0);
    if (self->bits != 0)
        EX_SUSPEND();
    else if (self->kind == 0)
        EX_YIELD_ITEM(self->wide);
    else
        EX_YIELD_FROM(child(&self->child));
    switch (self->kind) {
    case 1:
        EX_RETURN(1);
    default:
        break;
    }
    {
        const int64_t local = self->wide;
        EX_RETURN(local);
    }
END
    says "$1" 'duplicate case value' <<'END'
    EX_AWAIT(child(&self->child)); EX_AWAIT(child(&self->child));
END
    says "$1" 'expected expression' <<'END'
    if (EX_AWAIT(child(&self->child)) < 0) {
        EX_RETURN(1);
    }
END
    for what in 'EX_AWAIT(child(\&self->child))' 'EX_TRY(child(\&self->child))' 'EX_SUSPEND()' \
        'EX_YIELD()' 'EX_AWAIT_FUTURE(self->future, method())' 'EX_YIELD_ITEM(1)' \
        'EX_YIELD_FROM(child(\&self->child))' 'EX_CALL(64, child(callee))'; do
        for member in kind wide bits either value; do
            sed "s/MEMBER/$member/; s/self->value/value/; s/AWAIT/$what/" >"$folder/switch" <<'END'
    switch (self->MEMBER) {
    case ONE:
        AWAIT;
        break;
    case TWO:
    default:
        break;
    }
END
            says "$1" 'overflow' <"$folder/switch"
        done
    done
    says "$1" "$2" <<'END'
    int64_t local = self->wide;
    EX_AWAIT(child(&self->child));
    EX_RETURN(local);
END
    says "$1" "$2" <<'END'
    for (int i = 0; i < 3; i++) {
        EX_AWAIT(child(&self->child));
    }
END
    says "$1" 'ump' <<'END'
    char local[self->kind];
    EX_AWAIT(child(&self->child));
    EX_RETURN(local[0]);
END
    says "$1" 'return-type' <<'END'
    if (self->kind == 0) {
        break;
    }
    EX_AWAIT(child(&self->child));
END
}

every gcc 'may be used uninitialized'
if command -v clang >/dev/null; then
    every clang 'is used uninitialized'
else
    echo 'clang is missing: only gcc was asked'
fi
output=$(compile gcc -Wjump-misses-init <<'END'
    const char local[4] = {1, 2, 3, (char)self->kind};
    EX_AWAIT(child(&self->child));
    EX_RETURN(local[self->kind]);
END
)
case $output in
*'switch jumps over variable initialization'*) passed=$((passed + 1)) ;;
*)
    failed=$((failed + 1))
    printf 'gcc: expected a word about an array, not:\n%s\n' "$output"
    ;;
esac

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
