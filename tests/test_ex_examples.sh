#!/bin/bash
# The executor's examples print what they should, and its documents quote what stands in them.
set -u
source "$(dirname "$0")/expect.sh"
executor=$source/../executor

count=0
for expected in "$executor"/examples/*.expected; do
    name=$(basename "$expected" .expected)
    timeout 60 "$build/ex_example_$name" >"$folder/out" 2>&1
    check "example $name ends well" [ $? -eq 0 ]
    check "example $name prints what it should" diff "$expected" "$folder/out"
    count=$((count + 1))
done
check 'each example says what it prints' \
    [ $count -eq "$(find "$executor/examples" -name '*.c' | wc -l)" ]

# quotes FOLDER: each block that begins with ```c examples/NAME.c stands in that file, line by line;
# each public header is named in the README.
quotes() {
    python3 - "$1" <<'PYTHON'
import pathlib
import re
import sys

folder = pathlib.Path(sys.argv[1])
wrong, count = [], 0
for document in ("README.md", "ABI.md"):
    text = (folder / document).read_text(encoding="utf-8")
    for info, quoted in re.findall(r"^```(\S[^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if not info.startswith("c"):
            continue
        name = info.split(" ")[-1]
        count += 1
        if not re.fullmatch(r"c examples/\w+\.c", info):
            wrong.append(f"{document}: a block of C says not which example it is from")
        elif "\n" + quoted not in (folder / name).read_text(encoding="utf-8"):
            wrong.append(f"{document}: not in {name} any more:\n{quoted}")
readme = (folder / "README.md").read_text(encoding="utf-8")
for header in sorted((folder / "include/ex").glob("*.h")):
    if f"`{header.stem}`" not in readme:
        wrong.append(f"README.md: ex/{header.name} is not in the table")
print("\n".join(wrong) if wrong else f"{count} quotes")
sys.exit(1 if wrong else 0)
PYTHON
}
quotes "$executor" >"$folder/out"
check 'what is quoted is there' [ $? -eq 0 ]
check 'there are quotes' grep -qE '^[1-9][0-9]* quotes$' "$folder/out"

# So does the command that builds one, from anywhere below which the library is.
command=$(grep '^cc .*hello\.c' "$executor/README.md" | sed "s|build|$build|g; s|^cc|${CC:-cc}|")
check 'there is a command' [ -n "$command" ]
(cd "$executor/.." && $command -o "$folder/hello") >"$folder/out" 2>&1
check 'hello is built as it is said to be' [ $? -eq 0 ]
"$folder/hello" >"$folder/out" 2>&1
check 'and prints what it should' diff "$executor/examples/hello.expected" "$folder/out"

# What was changed in an example, or is a header that nobody named, is found.
cp -r "$executor" "$folder/executor"
sed -i 's/10 \* EX_TIMER_MS/20 * EX_TIMER_MS/' "$folder/executor/examples/hello.c"
touch "$folder/executor/include/ex/unheard_of.h"
quotes "$folder/executor" >"$folder/out"
check 'a planted difference is found' [ $? -eq 1 ]
check 'with its file' grep -q 'not in examples/hello.c any more' "$folder/out"
check 'and so is a header' grep -q 'ex/unheard_of.h is not in the table' "$folder/out"
done_expecting
