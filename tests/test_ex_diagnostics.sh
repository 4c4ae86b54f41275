#!/bin/sh
# What the macros of ex/frame.h promise: misuse does not compile, and right use has no warning.
#
#   says COMPILER 'pattern' [OPTION…] <<'END' … END     a body that it must object to in these words
#   accepts COMPILER [OPTION…] <<'END' … END            one that it takes without a word
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
    compiler=$1
    pattern=$2
    shift 2
    output=$(compile "$compiler" -Werror "$@")
    if [ $? -ne 0 ] && printf '%s\n' "$output" | grep -q -e "$pattern"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s: expected an error with "%s", not:\n%s\n' "$compiler" "$pattern" "$output"
    fi
}

accepts() {
    compiler=$1
    shift
    output=$(compile "$compiler" -Werror -Wpedantic -Wshadow -Wconversion -Wundef -Wcast-qual \
        -Wswitch-enum "$@")
    if [ $? -eq 0 ] && [ -z "$output" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s: expected no word, not:\n%s\n' "$compiler" "$output"
    fi
}

# every COMPILER WORDS [OPTION…]: what both say, and how each says that a local does not live.
every() {
    compiler=$1
    local=$2
    shift 2
    accepts "$compiler" "$@" <<'END'
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
    says "$compiler" 'duplicate case value' <<'END'
    EX_AWAIT(child(&self->child)); EX_AWAIT(child(&self->child));
END
    says "$compiler" 'expected expression' <<'END'
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
            says "$compiler" 'overflow' <"$folder/switch"
        done
    done
    says "$compiler" "$local" "$@" <<'END'
    int64_t local = self->wide;
    EX_AWAIT(child(&self->child));
    EX_RETURN(local);
END
    says "$compiler" "$local" "$@" <<'END'
    for (int i = 0; i < 3; i++) {
        EX_AWAIT(child(&self->child));
    }
END
    says "$compiler" 'ump' <<'END'
    char local[self->kind];
    EX_AWAIT(child(&self->child));
    EX_RETURN(local[0]);
END
    says "$compiler" 'return-type' <<'END'
    if (self->kind == 0) {
        break;
    }
    EX_AWAIT(child(&self->child));
END
}

every gcc 'switch jumps over variable initialization' -Wjump-misses-init
for option in -O0 -O2; do
    for local in 'int local = 3;' 'const char *local = "x";' 'const int local[2] = {3, 4};' \
        'struct ex_frame local = {0};' '_Bool local = self->kind > 0;'; do
        for await in 'EX_AWAIT(child(&self->child));' 'EX_SUSPEND();' 'EX_YIELD_ITEM(1);'; do
            says gcc 'switch jumps over variable initialization' $option -Wjump-misses-init <<END
    if (self->kind > 0) {
        $local
        $await
        self->wide += sizeof local;
    }
END
        done
    done
done
says gcc 'may be used uninitialized' <<'END'
    int64_t local = self->wide;
    EX_AWAIT(child(&self->child));
    EX_RETURN(local);
END
if command -v clang >/dev/null; then
    every clang 'is used uninitialized'
    says clang 'is used uninitialized' <<'END'
    int local;
    local = 3;
    EX_AWAIT(child(&self->child));
    EX_RETURN(local);
END
else
    echo 'clang is missing: only gcc was asked'
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
