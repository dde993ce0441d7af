"""Removes the checks of the verifying code, one at a time, and asks the tests whether they notice.

What it takes away, of the functions in the files of a set (SETS below), tests and constant functions left out:

  drops     a statement: a check (`…?;`), or an effect (a call or an assignment for its own sake)
  never     the condition of an `if` or of a match arm never holds: of a guard, its refusal is gone
  always    it always holds (not where it also binds something)
  without   one operand of `&&` or `||` no longer counts
  accepts   one closure of filter, all, any, is_some_and, … lets everything through (of `any`: nothing)
  bound     `<` is `<=`, `>` is `>=`, and the other way round
  answers   the whole function answers Ok(()), None, true or false at once

All of them are compiled into one build of a copy of the workspace, each behind a switch that is read from a file (programs that the
tests start are mutants too, whatever is in their environment), so that a mutant costs a run of the tests and no build. A mutant is caught when a test fails, or does not come to an end. Whatever survives
has to be explained in docs/mutation.md, by its name; else this ends with status 1.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import tree_sitter
import tree_sitter_rust

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXPLAINED = ROOT / "docs" / "mutation.md"
SWITCH = "chosen-mutant"

# For each set: the crate and its files; what is built and its tests asked, the fastest first. A test's `asked` are its parts.
SETS = {
    "protocol": {
        "crate": "protocol",
        "files": ["team/**/*.rs", "environment/**/*.rs", "envelope.rs", "encoding.rs", "keyholder.rs", "position.rs",
                  "padding.rs", "http_signature.rs", "safety.rs", "event/mod.rs", "event/terms.rs", "revision.rs"],
        "build": ["-p", "twinlock-protocol", "-p", "twinlock-seal"],
    },
    "seal": {
        "crate": "seal",
        "files": ["**/*.rs"],
        "build": ["-p", "twinlock-seal"],
    },
    "server": {
        "crate": "server",
        "files": ["application/signed.rs", "application/asker.rs", "application/plan.rs", "application/due_wraps.rs",
                  "application/pointers.rs", "application/endpoints/*.rs"],
        "build": ["-p", "twinlock-server"],
        # In this order, with what costs most last.
        "asked": {"vault": [["access", "leaving", "rotation", "conflicts", "first_team", "news"], ["matrix"], ["table"],
                            ["values", "sweep", "faults", "tampering", "limits"]]},
    },
    "client": {
        "crate": "client",
        "files": ["engine/refresh.rs", "engine/opened.rs", "engine/session.rs", "engine/join.rs", "vault/*.rs"],
        "build": ["-p", "twinlock-client", "-p", "twinlock-tests", "--test", "hostile"],
        "programs": ["-p", "twinlock-cli", "-p", "twinlock-server"],
    },
}

SWITCH_SOURCE = """//! The switch of a mutant; exists in the mutated copy only.

/// Whether this mutant is asked for.
pub fn on(number: u32) -> bool {
    static CHOSEN: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    let read = || std::fs::read_to_string("%s").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    *CHOSEN.get_or_init(read) == number
}
"""

LETTING = {"filter", "all", "is_some_and", "is_ok_and", "is_none_or", "take_while", "skip_while", "retain"}
COMPARED = {"<": ("({} < {} || (@ && {} == {}))"), ">": ("({} > {} || (@ && {} == {}))"),
            "<=": ("({} <= {} && !(@ && {} == {}))"), ">=": ("({} >= {} && !(@ && {} == {}))")}


class File:
    """One source file: its mutants, and its text with all of them in it."""

    def __init__(self, crate, path):
        self.path, self.name = path, str(path.relative_to(crate / "src"))
        self.source = path.read_bytes()
        self.found = []  # (start, end, before, after, what, where)
        parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))
        self.walk(parser.parse(self.source).root_node, [])

    def text(self, node):
        return self.source[node.start_byte:node.end_byte].decode()

    def short(self, node):
        return re.sub(r"\s+", " ", self.text(node)).replace("|", "¦").replace("`", "'")[:90]

    def add(self, node, kind, before, after, where, shown=None):
        self.found.append((node.start_byte, node.end_byte, before, after, f"{kind} {self.short(shown or node)}".replace("|", "¦"), where))

    def walk(self, node, where):
        if node.type == "attribute_item" or node.type == "macro_invocation" or node.type == "macro_definition":
            return
        if node.type in ("const_item", "static_item"):
            return
        if node.type == "mod_item" and self.text(node.child_by_field_name("name")) == "tests":
            return
        if node.type == "impl_item":
            trait = node.child_by_field_name("trait")
            if trait is not None and self.text(trait).split("::")[-1].split("<")[0] in ("Debug", "Display", "Deref", "Drop"):
                return
            where = [self.text(node.child_by_field_name("type")).split("<")[0]]
        if node.type == "function_item":
            modifiers = [child for child in node.children if child.type == "function_modifiers"]
            if any("const" in self.text(one) for one in modifiers):
                return
            where = [*where, self.text(node.child_by_field_name("name"))]
            self.answers(node, "::".join(where))
        if where:
            self.mutants(node, "::".join(where))
        for child in node.children:
            self.walk(child, where)

    def answers(self, node, where):
        result, body = node.child_by_field_name("return_type"), node.child_by_field_name("body")
        if result is None:
            return
        result = self.text(result)
        given = ["Ok(())"] if result.startswith("Result<(),") else ["None"] if result.startswith("Option<") else \
            ["true", "false"] if result == "bool" else []
        for answer in given:
            if self.text(body)[1:-1].strip() == answer:
                continue
            start = body.start_byte + 1
            # The gap behind the brace: an insertion, before anything else that begins there.
            self.found.append((start, start, f" if @ {{ return {answer}; }}", "", f"answers {answer}", where))

    def mutants(self, node, where):
        if node.type == "expression_statement":
            inner = node.children[0]
            if inner.type in ("try_expression", "call_expression", "assignment_expression", "compound_assignment_expr") \
                    and self.text(node).endswith(";"):
                self.add(node, "drops", "if !@ { ", " }", where)
        elif node.type == "if_expression":
            condition, block = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
            binds = condition.type in ("let_condition", "let_chain")
            self.never(condition, binds, where)
            leaves = node.child_by_field_name("alternative") is None and re.search(
                r"(return\b[^;]*;?|continue;|break;)\s*}$", self.text(block))
            if not binds and not leaves:
                self.add(condition, "always", "@ || (", ")", where)
        elif node.type == "match_pattern" and node.child_by_field_name("condition") is not None:
            condition = node.child_by_field_name("condition")
            self.never(condition, False, where)
            self.add(condition, "always", "@ || (", ")", where)
        elif node.type == "binary_expression":
            left, operator, right = (node.child_by_field_name(name) for name in ("left", "operator", "right"))
            operator = self.text(operator)
            if operator in ("&&", "||"):
                for operand in (left, right):
                    same = operand.type == "binary_expression" and \
                        self.text(operand.child_by_field_name("operator")) == operator
                    if not same:
                        self.without(operand, operator, where)
            elif operator in COMPARED:
                sides = [self.text(left), self.text(right)]
                wrapped = COMPARED[operator].format("\0", "\0", *sides)
                before, between, after = wrapped.split("\0")
                assert between == f" {operator} "
                self.add(node, "bound", before, after, where)
        elif node.type == "let_chain":
            for operand in node.named_children:
                if operand.type != "let_condition":
                    self.without(operand, "&&", where)
        elif node.type == "call_expression":
            called, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            if called.type == "field_expression" and given.named_child_count >= 1:
                method, closure = self.text(called.child_by_field_name("field")), given.named_children[-1]
                if closure.type == "closure_expression":
                    body = closure.child_by_field_name("body")
                    if method in LETTING:
                        self.add(body, f"accepts .{method}", "@ || (", ")", where)
                    elif method == "any":
                        self.add(body, "accepts .any", "!@ && (", ")", where)

    def never(self, condition, binds, where):
        self.add(condition, "never", "!@ && " if binds else "!@ && (", "" if binds else ")", where)

    def without(self, operand, operator, where):
        self.add(operand, f"without {operator}", "(@ || (" if operator == "&&" else "(!@ && (", "))", where)

    def mutated(self, numbers):
        """The text, with the mutants that have a number."""
        points = []
        for at, (start, end, before, after, *_) in enumerate(self.found):
            number = numbers.get((self.name, at))
            if number is None:
                continue
            on = f"crate::mutant::on({number})"
            # At one place: what ends there first, inner before outer; then what begins there, outer before inner.
            if after:
                points.append(((end, 0, -start, -at), after.replace("@", on)))
            points.append(((start, 1, -end if end > start else -10**9, at), before.replace("@", on)))
        pieces, last = [], 0
        for (position, *_), text in sorted(points):
            pieces += [self.source[last:position], text.encode()]
            last = position
        return b"".join([*pieces, self.source[last:]])


def copy_of_workspace(folder):
    folder.mkdir(parents=True, exist_ok=True)
    ignored = ("target", "node_modules", ".git", ".venv", "pictures")
    for entry in ROOT.iterdir():
        if entry.name in ignored:
            continue
        target = folder / entry.name
        if entry.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(entry, target, ignore=shutil.ignore_patterns(*ignored))
        else:
            shutil.copy2(entry, target)


def cargo(folder, *arguments):
    environment = {**os.environ, "CARGO_TARGET_DIR": str(folder / "target")}
    return subprocess.run(["cargo", *arguments], cwd=folder, env=environment, capture_output=True, text=True)


def build(folder, crate, files, settings):
    """Builds with every mutant that compiles; gives the mutants by number, and the tests' programs."""
    excluded = set()
    while True:
        numbers = {}
        for file in files:
            for at in range(len(file.found)):
                if (file.name, at) not in excluded:
                    numbers[file.name, at] = len(numbers) + 1
        for file in files:
            (crate / "src" / file.name).write_bytes(file.mutated(numbers))
        library, switch = crate / "src" / "lib.rs", "\n#[doc(hidden)]\npub mod mutant;\n"
        if not library.read_text().endswith(switch):
            library.write_text(library.read_text() + switch)
        command = ["test", "--no-run", "--locked", "--message-format=json", "-j1", *settings["build"]]
        result = cargo(folder, *command)
        messages = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
        if result.returncode == 0:
            if "programs" in settings:
                built = cargo(folder, "build", "--bins", "--locked", "-j1", *settings["programs"])
                if built.returncode:
                    sys.exit(built.stderr)
            tests = [(message["target"]["name"], message["executable"], message["manifest_path"]) for message in messages
                     if message["reason"] == "compiler-artifact" and message["executable"] and message["profile"]["test"]]
            by_number = {number: key for key, number in numbers.items()}
            return by_number, tests
        before = len(excluded)
        by_number = {number: key for key, number in numbers.items()}
        for message in messages:
            if message["reason"] != "compiler-message" or message["message"]["level"] != "error":
                continue
            for span in message["message"]["spans"]:
                lines = (folder / span["file_name"]).read_text().splitlines()
                for line in lines[span["line_start"] - 1:span["line_end"]]:
                    for number in re.findall(r"mutant::on\((\d+)\)", line):
                        excluded.add(by_number[int(number)])
        if len(excluded) == before:
            sys.exit("The mutated copy does not build, and no mutant is the reason:\n" + result.stderr[-4000:])
        print(f"{len(excluded)} mutants do not compile and are left out", flush=True)


def names(files):
    """A stable name for each mutant: where it is and what it does, and which of several alike."""
    seen, named = {}, {}
    for file in files:
        for at, (*_, what, where) in enumerate(file.found):
            name = f"{file.name} {where}: {what}"
            seen[name] = seen.get(name, 0) + 1
            named[file.name, at] = name if seen[name] == 1 else f"{name} #{seen[name]}"
    return named


def passes(folder, test, number, limit):
    """Whether a test program passes, and how long it took."""
    _, program, manifest, part = test
    begun = time.monotonic()
    (folder / SWITCH).write_text(str(number))
    environment = {**os.environ, "CARGO_MANIFEST_DIR": str(pathlib.Path(manifest).parent)}
    try:
        result = subprocess.run([program, "-q", *part], cwd=pathlib.Path(manifest).parent, env=environment, timeout=limit,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return False, time.monotonic() - begun
    return result.returncode == 0, time.monotonic() - begun


def explained():
    if not EXPLAINED.exists():
        return {}
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", EXPLAINED.read_text(), re.MULTILINE)
    return dict(rows)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("set", choices=SETS)
    arguments.add_argument("--only", default="", help="mutants whose name holds this")
    arguments.add_argument("--these", type=pathlib.Path, help="only mutants whose names are lines of this file")
    arguments.add_argument("--begin", default="", help="the first mutant to try: the first whose name begins so")
    arguments.add_argument("--without", nargs="*", default=[], help="tests that are not asked")
    arguments.add_argument("--again", action="store_true", help="with what the last run built")
    arguments.add_argument("--list", action="store_true", help="only show what there is")
    arguments.add_argument("--folder", type=pathlib.Path, default=ROOT / "target" / "mutants")
    chosen = arguments.parse_args()
    settings = SETS[chosen.set]
    source = ROOT / "crates" / settings["crate"]
    paths = [path for pattern in settings["files"] for path in sorted((source / "src").glob(pattern))]
    files = [File(source, path) for path in paths]
    named = names(files)
    if chosen.list:
        wanted = [name for name in named.values() if chosen.only in name]
        print(*wanted, sep="\n")
        return print(len(wanted))

    folder = (chosen.folder / chosen.set).resolve()
    built = folder / "built.json"
    if not chosen.again:
        built.unlink(missing_ok=True)
        copy_of_workspace(folder)
        crate = folder / "crates" / settings["crate"]
        (crate / "src" / "mutant.rs").write_text(SWITCH_SOURCE % (folder / SWITCH))
        # A mutant may leave something unused.
        manifest = crate / "Cargo.toml"
        manifest.write_text(manifest.read_text().replace("[lints]\nworkspace = true\n", ""))
        by_number, tests = build(folder, crate, files, settings)
        made = {number: named[key] for number, key in by_number.items()}
        built.write_text(json.dumps([made, tests], indent=1))
    made, tests = json.loads(built.read_text())

    baseline = []
    parts = [(*test, part) for test in tests for part in settings.get("asked", {}).get(test[0], [[]])]
    for test in (part for part in parts if part[0] not in chosen.without):
        fine, seconds = passes(folder, test, 0, 1800)
        if not fine:
            sys.exit(f"'{test[0]}' fails without any mutant.")
        baseline.append((seconds, test))
    baseline.sort(key=lambda one: one[0])
    print(*(f"{seconds:7.1f} s  {test[0]} {' '.join(test[3])}" for seconds, test in baseline), sep="\n", flush=True)

    known, survivors, caught, begins = explained(), [], 0, not chosen.begin
    these = set(chosen.these.read_text().splitlines()) if chosen.these else None
    for number, name in made.items():
        begins = begins or name.startswith(chosen.begin)
        if not begins or chosen.only not in name or (these is not None and name not in these):
            continue
        begun, by = time.monotonic(), None
        for at, (seconds, test) in enumerate(baseline):
            fine, _ = passes(folder, test, number, 20 + 8 * seconds)
            if not fine:
                by = test[0]
                break
        if by is None:
            survivors.append(name)
            print(f"SURVIVES ({time.monotonic() - begun:.0f} s)  {'explained: ' if name in known else ''}{name}", flush=True)
        else:
            caught += 1
    left = [name for name in survivors if name not in known]
    print(f"\n{chosen.set}: {caught + len(survivors)} mutants, {caught} caught, {len(survivors)} survive, "
          f"{len(survivors) - len(left)} of them explained")
    if left:
        print("Not explained in docs/mutation.md:", *left, sep="\n  ")
        sys.exit(1)


if __name__ == "__main__":
    main()
