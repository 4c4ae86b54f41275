"""Tasks of libexecutor in gdb, in the terms of the program and not of its scheduler's loop.

    (gdb) source executor/gdb.py
    (gdb) ex tasks          every task of every scheduler: its state and its logical stack
    (gdb) ex task 3         one of them, with the fields of each frame; of a fiber, its own stack too
    (gdb) print *self       a struct ex_frame says where it waits: {fetch at fetch.c:40}

A logical stack goes from the innermost function that waits to the outermost one. Of each frame one
sees its function, the line, and what it awaits there. On a core dump all of this works that lies in
the dump; the calls on a fiber's stack need a live process. Needs debugging information of the
library and of the program.
"""

import os

import gdb
import gdb.printing

AT_LINE = (1 << 40) - 1  # the line in EX_AT_WORD(line) of ex/position.h
INDENT = "    "
DEPTH_MAX = 12  # branches of branches


def constant(name):
    return int(gdb.parse_and_eval(name))


def pointer(address, type_name):
    return gdb.Value(address).cast(gdb.lookup_type(type_name).pointer())


# ---- frames --------------------------------------------------------------------------------------


class Positions:
    """The records that EX_AWAIT leaves: (function, line) -> (expression, whether it runs branches)."""

    def __init__(self):
        self.found = {}
        try:
            at = gdb.parse_and_eval("ex_position_ranges")
        except gdb.error:
            return  # a build for a small machine has none
        while int(at) != 0:
            for i in range(int(at["end"] - at["begin"])):
                record = at["begin"][i]
                key = int(record["function"]["resume"]), int(record["line"])
                has_branches = int(record["function"]["branch"]) != 0
                self.found[key] = record["call"].string(), has_branches
            at = at["next"]


def function_of(frame):
    """The symbol of the function that a frame is resumed by; None: it has no debugging information."""
    block = gdb.block_for_pc(int(frame["resume"]))
    while block is not None and block.function is None:
        block = block.superblock
    return None if block is None else block.function


def name_of(function):
    name = function.name[:-len("_resume")] if function.name.endswith("_resume") else function.name
    return "ex_fiber" if name == "ex_fiber_begun" else name


def line_of(frame):
    at = int(frame["at"])
    return at & AT_LINE or None


def place_of(frame):
    """`fetch at fetch.c:40`, or as much of it as is known."""
    function = function_of(frame)
    if function is None:
        return "function at %#x" % int(frame["resume"])
    if name_of(function) == "ex_fiber":
        fiber = frame.address.cast(gdb.lookup_type("struct ex_fiber").pointer())
        symbol = gdb.block_for_pc(int(fiber["function"]))
        return "fiber of %s" % (symbol.function.name if symbol and symbol.function else "?")
    line = line_of(frame)
    # The function's own symtab is a neighbour's after link-time optimisation.
    symtab = gdb.find_pc_line(int(frame["resume"])).symtab or function.symtab
    file = os.path.basename(symtab.filename)
    return "%s at %s%s" % (name_of(function), file, ":%d" % line if line else ", not begun")


def struct_of(frame):
    """The whole struct that the frame is the first member of; None: its type is not known."""
    function = function_of(frame)
    if function is None:
        return None
    try:
        scope = gdb.block_for_pc(int(frame["resume"]))
        kind = gdb.lookup_type("struct " + name_of(function), scope)
    except gdb.error:
        return None
    return frame.address.cast(kind.pointer()).dereference()


def branches_of(value):
    """The branches that the function of this struct runs."""
    for field in value.type.fields():
        kind = str(field.type.strip_typedefs())
        if kind == "struct ex_branch_set":
            for i in range(int(value[field]["count"])):
                yield value[field]["branches"][i]
        elif kind == "struct ex_branch":
            yield value[field]


def outer_generators_of(frame):
    """The generators that handed over to this one, which links up lead past."""
    if int(frame["up"]) & 1 or int(frame["up"]) == 0:
        return
    function = function_of(frame["up"].dereference())
    if function is None or name_of(function) != "ex_stream":
        return
    stream = frame["up"].cast(gdb.lookup_type("struct ex_stream").pointer())
    inner = frame if int(stream["inner"]) == int(frame) else None
    while inner is not None:
        outer = pointer(int(inner + 1), "struct ex_generator")["outer"]
        inner = outer if int(outer) != 0 else None
        if inner is not None:
            yield inner.dereference()


def frames_of(strand):
    """From the innermost frame out."""
    frame = strand["leaf"]
    while True:
        yield frame.dereference()
        yield from outer_generators_of(frame)
        up = int(frame["up"])
        if up & 1 or up == 0:
            return
        frame = pointer(up, "struct ex_frame")


class FramePrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        if int(self.value["resume"]) == 0:
            return "{none}"
        return "{%s}" % place_of(self.value)


# ---- tasks ---------------------------------------------------------------------------------------


def slots_of(slab):
    page = slab["pages"]
    while int(page) != 0:
        at, size = constant("EX_SLAB_SLOTS_AT"), int(page["slot_size"])
        while at + size <= int(page["begun"]):
            yield pointer(int(page) + at, "struct ex_strand")
            at += size
        page = page["next"]


def schedulers():
    workers = gdb.parse_and_eval("ex_worker_of")
    seen = []
    for i in range(workers.type.range()[1] + 1):
        if int(workers[i]) != 0 and int(workers[i]["scheduler"]) not in seen:
            seen.append(int(workers[i]["scheduler"]))
            yield workers[i]["scheduler"]


def is_task(strand):
    task_size = gdb.lookup_type("struct ex_task").sizeof
    up = int(pointer(int(strand) + task_size, "struct ex_frame")["up"])
    is_live = int(strand["state"]) & constant("EX_STRAND_LIVE")
    is_shared = up & constant("EX_TASK_UP_SHARED")
    return is_live != 0 and up != constant("EX_TASK_UP_RELEASED") | is_shared


def tasks():
    """(root strand, whether a thread is running it), in the order in which ex_dump numbers them."""
    for scheduler in schedulers():
        workers = [scheduler["workers"][i] for i in range(int(scheduler["worker_count"]))]
        running = [int(worker["local"]["running"]) for worker in workers]
        for slab in [worker["slab"] for worker in workers] + [scheduler["foreign"]]:
            for strand in slots_of(slab):
                if is_task(strand):
                    yield strand, int(strand) in running


def state_of(strand, runs):
    state = int(strand["state"])
    if runs:
        name = "runs"
    elif state & constant("EX_STRAND_RETURNED"):
        name = "returned, and nobody took its result"
    elif state & constant("EX_STRAND_READY"):
        name = "ready"
    else:
        name = "waits"
    return name + (", told to cancel" if state & constant("EX_STRAND_CANCEL") else "")


def print_stack(strand, positions, depth, is_long):
    indent = INDENT * depth
    for index, frame in enumerate(frames_of(strand)):
        value = struct_of(frame)
        call, has_branches = positions.found.get((int(frame["resume"]), line_of(frame)), ("", False))
        if index == 0 and has_branches and value is not None and depth < DEPTH_MAX:
            for number, branch in enumerate(branches_of(value)):
                has_returned = int(branch["strand"]["state"]) & constant("EX_STRAND_RETURNED")
                print("%sbranch %d%s" % (indent, number, ": returned" if has_returned else ""))
                if not has_returned:
                    print_stack(branch["strand"], positions, depth + 1, is_long)
        print(("%s%-40s %s" % (indent, place_of(frame), call)).rstrip())
        if is_long and value is not None:
            for field in value.type.fields()[1:]:
                name = field.name or "(union)"
                print("%s%s%s = %s" % (indent, INDENT, name, value[field].format_string(
                    max_depth=2, max_elements=16)))
            if str(value.type) == "struct ex_fiber":
                print_native(value, indent)


def print_native(fiber, indent):
    """The calls on a fiber's stack: those of a thread that would stand where it was left."""
    if int(fiber["place"]) == 0:
        return
    newest = gdb.newest_frame()
    newest.select()
    before = [(name, newest.read_register(name)) for name in ("pc", "sp")]
    context = fiber["place"].dereference()["context"]
    try:
        gdb.execute("set $sp = %d" % int(context["stack_pointer"]))
        gdb.execute("set $pc = %d" % int(gdb.parse_and_eval("(long)&ex_context_suspended")))
        for line in gdb.execute("backtrace", to_string=True).splitlines():
            print(indent + INDENT + line)
    except gdb.error as error:
        print("%s%sits own stack: %s" % (indent, INDENT, error))
    finally:
        for name, value in before:
            try:
                gdb.execute("set $%s = %d" % (name, int(value)))
            except gdb.error:
                pass  # a core dump: it was not changed either


def print_task(number, strand, runs, positions, is_long):
    print("task %d: %s" % (number, state_of(strand, runs)))
    if not runs and not int(strand["state"]) & constant("EX_STRAND_RETURNED"):
        print_stack(strand, positions, 1, is_long)


class Ex(gdb.Command):
    """Commands for programs that use libexecutor."""

    def __init__(self):
        super().__init__("ex", gdb.COMMAND_DATA, prefix=True)


class ExTasks(gdb.Command):
    """Every task: its state and its logical stack, innermost function first."""

    def __init__(self):
        super().__init__("ex tasks", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        positions = Positions()
        for number, (strand, runs) in enumerate(tasks()):
            print_task(number, strand, runs, positions, False)


class ExTask(gdb.Command):
    """ex task NUMBER|ADDRESS: one task, with the fields of its frames."""

    def __init__(self):
        super().__init__("ex task", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        if not argument:
            raise gdb.GdbError("ex task: give a number of `ex tasks`, or a struct ex_task *")
        wanted = int(gdb.parse_and_eval(argument))
        for number, (strand, runs) in enumerate(tasks()):
            if wanted in (number, int(strand)):
                print_task(number, strand, runs, Positions(), True)
                return
        raise gdb.GdbError("ex task: there is no task %s" % argument)


def register():
    printers = gdb.printing.RegexpCollectionPrettyPrinter("libexecutor")
    printers.add_printer("ex_frame", "^ex_frame$", FramePrinter)
    gdb.printing.register_pretty_printer(None, printers, replace=True)
    Ex()
    ExTasks()
    ExTask()


register()
