#!/usr/bin/python3
"""Changes scenario files at random and lets `sim check` read them: it must neither crash nor hang, and
what it refuses it must refuse with a line. Files whose nodes run functions are run once: what goes wrong in
Lua is a finding with a line, and never a crash, a hang or anything that the executor panics of.

    tools/mutate_files.py SIM FOLDER COUNT [SEED]
"""
import glob
import os
import random
import re
import subprocess
import sys
import tempfile

BATCH = 50  # files of one command
POINTS_MAX = 1000000  # of one run
WORDS = ['"', "'", "(", ")", "{", "}", "[", "]", ",", ".", ":", "=", "-", "--", "..", "#", "%", "0", "1",
         "-1", "99999999999999999999", "1e300", "nil", "true", "any", "end", "function", "local", "\n",
         "\0", "\xff", "each", "nth", "race", "order", "hold", "node", "module", "message", "ms", "until_", "task",
         "when", "timer", "never", "mark", "spawn", "sleep", "within", "sent"]
WORSE = re.compile(r"^FAIL \w+(\.lua)?: (crash|hang|escape|exit)", re.MULTILINE)
LINE = re.compile(r"^sim: m\d+\.lua:\d+: ", re.MULTILINE)


def mutate(text, dice):
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(text) + 1)
        end = min(len(text), at + dice.choice([0, 1, 2, 5, 20, 200]))
        kind = dice.randrange(4)
        if kind == 0:
            text = text[:at] + text[end:]
        elif kind == 1:
            text = text[:at] + dice.choice(WORDS) + text[at:]
        elif kind == 2:
            text = text[:at] + dice.choice(WORDS) + text[end:]
        else:
            text = text[:at] + text[at:end] + text[at:]
    return text


def check(sim, files):
    """What is wrong with the answer, or nothing."""
    done = subprocess.run([sim, "check", *files], capture_output=True, timeout=120)
    output = done.stdout.decode(errors="replace")
    complaints = done.stderr.decode(errors="replace")
    good = len(re.findall(r"^ok ", output, re.MULTILINE))
    refused = len(LINE.findall(complaints))
    if done.returncode in (0, 2) and good + refused == len(files):
        return ""
    if len(files) == 1:
        return f"exit {done.returncode}\n{complaints}"
    alone = (answer for answer in (check(sim, [file]) for file in files) if answer)
    return next(alone, f"exit {done.returncode} for {len(files)} files that are right one by one\n{complaints}")


def run(sim, path):
    """What is wrong with a run of a file that can be read, or nothing. A loop without an end is none of
    ours: it comes to a limit that is soon reached."""
    corpus = path + ".db"
    with open(path, "a", encoding="latin-1") as file:
        file.write(f"\nlimit {{ points = {POINTS_MAX} }}\n")
    command = [sim, "run", path, "--seed", "1", "--corpus", corpus]
    done = subprocess.run(command, capture_output=True, timeout=120)
    output = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    if done.returncode in (0, 2, 10, 11) and not WORSE.search(output):
        return ""
    with open(path, encoding="latin-1") as file:
        return f"exit {done.returncode}\n{output}\n{file.read()}"


def main():
    sim, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    dice = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    texts = []
    for path in sorted(glob.glob(os.path.join(folder, "*.lua"))):
        with open(path, encoding="latin-1") as file:
            texts.append(file.read())
    with tempfile.TemporaryDirectory() as work:
        for first in range(0, count, BATCH):
            files = [os.path.join(work, f"m{i}.lua") for i in range(first, min(first + BATCH, count))]
            for path in files:
                with open(path, "w", encoding="latin-1", newline="") as file:
                    file.write(mutate(dice.choice(texts), dice))
            wrong = check(sim, files)
            for path in files:
                wrong = wrong or ("spawn" in open(path, encoding="latin-1").read() and run(sim, path))
            if wrong:
                print(f"one of the mutations {first} to {first + BATCH - 1}: {wrong}")
                return 1
    print(f"{count} mutations: each is read or refused with its line, and run without a crash")
    return 0


if __name__ == "__main__":
    sys.exit(main())
