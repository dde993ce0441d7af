"""Removes the checks of the verifying code, one at a time (mutations.py), and asks the tests whether they notice.

The mutants of all sets are compiled into one build of a copy of the workspace, each behind a switch that is read from a file (programs
that the tests start are mutants too, whatever is in their environment). A run of each test alone, without any mutant, notes which
mutants it reaches and how long it takes. A mutant is then tried against the tests that reach it and no others: the likeliest and
fastest one by one, the rest of them together, until one fails or does not come to an end. A test that failed among others, or that is
slow, has to fail once more, alone. Whatever survives, or is reached by no test, has to be explained in docs/mutation.md, by its name;
else this ends with status 1.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from mutations import File

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXPLAINED = ROOT / "docs" / "mutation.md"
COPY = ROOT / "target" / "mutants" / "copy"
# In the copy: which mutant is on, what a test reached, and what the last run knew.
SWITCH, REACHED, BUILT, BASE = "chosen-mutant", "reached-mutants", "built.json", "base.json"

# For each set: the crate and its files; and the tests that are asked, by package, program and name: what comes first is quick, and
# what follows is asked of the mutants that are left.
SETS = {
    "protocol": {
        "crate": "protocol",
        "files": ["team/**/*.rs", "environment/**/*.rs", "envelope.rs", "encoding.rs", "keyholder.rs", "position.rs",
                  "padding.rs", "http_signature.rs", "safety.rs", "event/mod.rs", "event/terms.rs", "revision.rs"],
        "asked": ["(protocol|seal)/"],
    },
    "seal": {
        "crate": "seal",
        "files": ["**/*.rs"],
        "asked": ["seal/"],
    },
    "server": {
        "crate": "server",
        "files": ["application/signed.rs", "application/asker.rs", "application/plan.rs", "application/due_wraps.rs",
                  "application/pointers.rs", "application/endpoints/*.rs"],
        "asked": ["server/"],
    },
    "client": {
        "crate": "client",
        "files": ["engine/refresh.rs", "engine/opened.rs", "engine/session/*.rs", "engine/join.rs", "vault/*.rs"],
        "asked": ["client/", "tests/hostile ", "tests/system (main_job|trust|tampering)::"],
    },
}
PACKAGES = ["twinlock-protocol", "twinlock-seal", "twinlock-server", "twinlock-client", "twinlock-cli", "twinlock-tests"]
NO_END = "no end of"
ALONE, TOGETHER = 3, 12.0  # how many tests are asked one by one, and how many seconds of the others together at first
SLOW = 1.0  # seconds after which a failure of a test alone is looked at a second time

SWITCH_SOURCE = """//! The switch of the mutants; exists in the mutated copy only.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::{LazyLock, Mutex};

/// The mutant that is on; or, where all that is reached is noted, what was.
static CHOSEN: LazyLock<Result<u32, Mutex<BTreeSet<u32>>>> = LazyLock::new(|| {
    match std::fs::read_to_string("%(switch)s").unwrap_or_default().as_str() {
        "note" => Err(Mutex::default()),
        number => Ok(number.parse().unwrap_or(0)),
    }
});

/// Whether this mutant is asked for.
pub fn on(number: u32) -> bool {
    match &*CHOSEN {
        Ok(chosen) => *chosen == number,
        Err(noted) => {
            if noted.lock().unwrap().insert(number) {
                let notes = std::fs::OpenOptions::new().create(true).append(true).open("%(reached)s");
                notes.unwrap().write_all(format!("{number}\\n").as_bytes()).unwrap();
            }
            false
        }
    }
}
"""


def write(path, content):
    """Leaves alone what is so already: cargo would build it again."""
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def copy_workspace(instead):
    """The workspace as it is now, but for these files."""
    ignored, there = {"target", "node_modules", ".git", ".venv", "dist", "pictures"}, set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in ignored]
        for name in files:
            path = (pathlib.Path(folder) / name).relative_to(ROOT)
            there.add(path)
            if path not in instead and (ROOT / path).is_file():
                write(COPY / path, (ROOT / path).read_bytes())
    for path, content in instead.items():
        write(COPY / path, content)
    for folder in ("crates", "tests"):
        for path in list((COPY / folder).rglob("*")):
            if path.is_file() and path.relative_to(COPY) not in there | instead.keys():
                path.unlink()


def files_of(settings):
    crate = ROOT / "crates" / settings["crate"]
    paths = [path for pattern in settings["files"] for path in sorted((crate / "src").glob(pattern))]
    return [File(crate, path) for path in paths if path.name != "tests.rs"]


def build(sets):
    """Builds with every mutant that compiles, and notes the mutants of each set by number, and the tests' programs."""
    known = json.loads((COPY / BUILT).read_text()) if (COPY / BUILT).exists() else {"left_out": [], "named": {}}
    left_out, named = set(known["left_out"]), {}
    # A mutant keeps its number: what did not change is not compiled again.
    kept = {(name, mutant): int(number) for name, mutants in known["named"].items() for number, mutant in mutants.items()}
    last = max(kept.values(), default=0)
    while True:
        instead = {}
        for name, settings in sets.items():
            crate, named[name] = pathlib.Path("crates") / settings["crate"], {}
            for file in files_of(settings):
                numbers = {}
                for at, mutant in enumerate(file.names()):
                    if mutant not in left_out:
                        last = max(last, kept.setdefault((name, mutant), last + 1))
                        numbers[at] = kept[name, mutant]
                        named[name][numbers[at]] = mutant
                instead[crate / "src" / file.name] = file.mutated(numbers)
            switch = SWITCH_SOURCE % {"switch": COPY / SWITCH, "reached": COPY / REACHED}
            instead[crate / "src" / "mutant.rs"] = switch.encode()
            library = (ROOT / crate / "src" / "lib.rs").read_bytes()
            instead[crate / "src" / "lib.rs"] = library + b"\n#[doc(hidden)]\npub mod mutant;\n"
            # A mutant may leave something unused.
            manifest = (ROOT / crate / "Cargo.toml").read_bytes()
            instead[crate / "Cargo.toml"] = manifest.replace(b"[lints]\nworkspace = true\n", b"")
        copy_workspace(instead)
        packages = [argument for package in PACKAGES for argument in ("-p", package)]
        result = subprocess.run(["cargo", "test", "--no-run", "--locked", "--message-format=json", *packages], cwd=COPY,
                                env={**os.environ, "CARGO_TARGET_DIR": str(COPY / "target")}, capture_output=True, text=True)
        messages = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
        if result.returncode == 0:
            programs = [(message["manifest_path"], message["target"]["name"], message["executable"]) for message in messages
                        if message["reason"] == "compiler-artifact" and message["executable"] and message["profile"]["test"]]
            (COPY / BUILT).write_text(json.dumps({"named": named, "programs": programs, "left_out": sorted(left_out)}, indent=1))
            return
        by_number, before = {number: mutant for mutants in named.values() for number, mutant in mutants.items()}, len(left_out)
        for message in messages:
            if message["reason"] != "compiler-message" or message["message"]["level"] != "error":
                continue
            for span in message["message"]["spans"]:
                lines = (COPY / span["file_name"]).read_text().splitlines()[span["line_start"] - 1:span["line_end"]]
                left_out |= {by_number[int(number)] for line in lines for number in re.findall(r"mutant::on\((\d+)\)", line)}
        if len(left_out) == before:
            sys.exit("The mutated copy does not build, and no mutant is the reason:\n" + result.stderr[-4000:])
        print(f"{len(left_out)} mutants do not compile and are left out", flush=True)


class Tests:
    """The tests: their programs, how long each takes alone, which mutants it reaches, and how often it caught one."""

    def __init__(self, programs):
        self.programs = {}  # of each test: its program, the folder it runs in, its name there
        for manifest, target, program in programs:
            folder = pathlib.Path(manifest).parent
            listing = [program, "--list", "--format", "terse"]
            listed, ignored = (subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
                               for command in (listing, [*listing, "--ignored"]))
            for line in listed:
                if line.endswith(": test") and line not in ignored:
                    name = line.removesuffix(": test")
                    self.programs[f"{folder.name}/{target} {name}"] = (program, folder, name)
        self.seconds, self.reached = {}, {}
        self.caught, self.asked, self.last = collections.Counter(), collections.Counter(), None

    def run(self, tests, switch, limit):
        """Runs tests of one program. Gives those that failed, or that there was no end, and how long it took."""
        program, folder, _ = self.programs[tests[0]]
        (COPY / SWITCH).write_text(str(switch))
        begun = time.monotonic()
        with tempfile.TemporaryFile("w+") as out:
            started = subprocess.Popen([program, "--exact", *(self.programs[test][2] for test in tests)], cwd=folder, stdout=out,
                                       stderr=subprocess.DEVNULL, env={**os.environ, "CARGO_MANIFEST_DIR": str(folder)},
                                       start_new_session=True)
            try:
                status = started.wait(limit)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                # What the tests started, too.
                try:
                    os.killpg(started.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                started.wait()
            out.seek(0)
            said = set(re.findall(r"^test (\S+)(?: - should panic)? \.\.\. FAILED$", out.read(), re.MULTILINE))
        failed = [test for test in tests if self.programs[test][2] in said]
        # A program that crashed names none.
        return [] if status == 0 else failed or [f"{NO_END} {', '.join(tests)}"[:200]], time.monotonic() - begun

    def measure(self, wanted, mutants, before):
        """Runs each test alone, without a mutant: gives those that pass and reach one of these, and those that fail. What was measured
        `before` is believed of a test though it was built anew since."""
        base = json.loads((COPY / BASE).read_text()) if (COPY / BASE).exists() else {}
        broken = []
        for test in wanted:
            built = pathlib.Path(self.programs[test][0]).stat().st_mtime
            if test not in base or (base[test]["built"] != built and not before):
                (COPY / REACHED).unlink(missing_ok=True)
                failed, seconds = self.run([test], "note", 1800)
                if failed:
                    broken.append(test)
                    continue
                noted = (COPY / REACHED).read_text().split() if (COPY / REACHED).exists() else []
                base[test] = {"built": built, "seconds": seconds, "reached": sorted({int(number) for number in noted})}
                (COPY / BASE).write_text(json.dumps(base))
            self.seconds[test], self.reached[test] = base[test]["seconds"], set(base[test]["reached"])
        passing = [test for test in wanted if test not in broken]
        return [test for test in passing if not self.reached[test].isdisjoint(mutants)], broken

    def of_one_program(self, tests, seconds):
        """The first test, and others of its program, in this order and not for longer than that together."""
        chosen = []
        for test in tests:
            if not chosen or (self.programs[test][0] == self.programs[chosen[0]][0] and self.seconds[test] <= seconds):
                chosen.append(test)
                seconds -= self.seconds[test]
        return chosen

    def catch(self, number, tests, longest):
        """Asks the tests that reach a mutant: gives its fate, and the test that failed."""
        reaching = [test for test in tests if number in self.reached[test]]
        if not reaching:
            return "UNREACHED", ""
        # Neighbours are caught by the same test; else by what often caught something, for its time.
        worth = {test: (self.caught[test] + 1) / (self.asked[test] + 2) / (self.seconds[test] + 0.1) for test in reaching}
        reaching.sort(key=lambda test: (test != self.last, -worth[test]))
        alone, seconds, spent = ALONE, TOGETHER, 0
        while reaching:
            if spent > longest:
                return "UNDECIDED", ""
            asked = reaching[:1] if alone > 0 else self.of_one_program(reaching, seconds)
            alone, seconds = alone - 1, seconds if alone > 0 else 2 * seconds
            reaching = [test for test in reaching if test not in asked]
            alone_for = sum(self.seconds[test] for test in asked)
            failed, _ = self.run(asked, number, 20 + 8 * alone_for)
            if failed and not failed[0].startswith(NO_END) and (len(asked) > 1 or alone_for > SLOW):
                # It may not get on with the others, or the machine was busy.
                again = (test for test in failed if self.run([test], number, 20 + 8 * self.seconds[test])[0])
                failed = [test for test in [next(again, None)] if test]
            spent += alone_for
            self.asked.update(asked)
            if failed:
                self.caught.update(failed)
                self.last = failed[0]
                return "caught", failed[0]
        return "SURVIVES", ""


def explained():
    return dict(re.findall(r"^\| `([^`]+: [^`]+)` \| (.+) \|$", EXPLAINED.read_text(), re.MULTILINE))


def try_set(name, mutants, tests, chosen):
    """Tries the mutants of a set; gives whether all is as it should be."""
    known, rest, broken, begun = explained(), dict(mutants), [], time.monotonic()
    # One that an earlier stage reached has not gone unreached.
    fates = dict.fromkeys(mutants, "UNREACHED")
    with (COPY.parent / f"{name}.txt").open("w") as log:
        for stage in SETS[name]["asked"]:
            wanted = [test for test in tests.programs if re.match(stage, test)
                      and re.search(chosen.asking, test) and not (chosen.without and re.search(chosen.without, test))]
            asked, failing = tests.measure(wanted, rest.keys(), chosen.measured) if rest else ([], [])
            broken += failing
            alone = sum(tests.seconds[test] for test in asked)
            print(f"\n{name}: {len(rest)} mutants, {len(asked)} tests {stage} that reach them and take {alone:.0f} s alone; after "
                  f"{(time.monotonic() - begun) / 60:.0f} minutes", flush=True)
            for test in failing:
                print(f"NOT ASKED, for it fails without any mutant: {test}", flush=True)
            for number, mutant in list(rest.items()):
                started = time.monotonic()
                fate, by = tests.catch(number, asked, chosen.longest)
                if fate != "UNREACHED":
                    fates[number] = fate
                print(f"{fate}\t{time.monotonic() - started:.1f}\t{mutant}\t{by}", file=log, flush=True)
                if fate == "caught":
                    del rest[number]
    survivors = list(rest.values())
    for number, mutant in rest.items():
        print(f"{fates[number]} {'(explained) ' if mutant in known else ''}{mutant}", flush=True)
    left = [mutant for mutant in survivors if mutant not in known]
    print(f"{name}: {len(mutants)} mutants, {len(mutants) - len(survivors)} caught, {len(survivors)} not, "
          f"{len(survivors) - len(left)} of them explained; {(time.monotonic() - begun) / 60:.0f} minutes", flush=True)
    for mutant in left:
        print(f"  not explained in docs/mutation.md: {mutant}", flush=True)
    for mutant in known.keys() & set(mutants.values()) - set(survivors):
        print(f"  explained, and caught: {mutant}", flush=True)
    return not left and not broken


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("sets", nargs="*", metavar="SET", help=f"{', '.join(SETS)}; all of them if none is named")
    arguments.add_argument("--only", default="", help="mutants whose name holds this")
    arguments.add_argument("--these", type=pathlib.Path, help="only mutants whose names are lines of this file, in its order")
    arguments.add_argument("--asking", metavar="REGEX", default="", help="only tests whose name has this")
    arguments.add_argument("--without", metavar="REGEX", help="tests that are not asked")
    arguments.add_argument("--longest", type=float, default=float("inf"), metavar="SECONDS",
                           help="how long the tests of one mutant may take together; then it is left undecided")
    arguments.add_argument("--again", action="store_true", help="with what was built last")
    arguments.add_argument("--measured", action="store_true", help="believe what was measured before of tests that were built anew")
    arguments.add_argument("--build", action="store_true", help="only build")
    arguments.add_argument("--list", action="store_true", help="only show what there is")
    chosen = arguments.parse_args()
    if unknown := set(chosen.sets) - SETS.keys():
        arguments.error(f"there is no set {', '.join(unknown)}")
    if chosen.list:
        for name in chosen.sets or SETS:
            found = [mutant for file in files_of(SETS[name]) for mutant in file.names() if chosen.only in mutant]
            print(*found, f"{name}: {len(found)}", sep="\n")
        return
    if not (chosen.again and (COPY / BUILT).exists()):
        build(SETS)
    if chosen.build:
        return
    built = json.loads((COPY / BUILT).read_text())
    these = {name: at for at, name in enumerate(chosen.these.read_text().splitlines())} if chosen.these else None
    tests, fine = Tests(built["programs"]), True
    for name in chosen.sets or SETS:
        mutants = {int(number): mutant for number, mutant in built["named"][name].items()
                   if chosen.only in mutant and (these is None or mutant in these)}
        if these is not None:
            mutants = dict(sorted(mutants.items(), key=lambda one: these[one[1]]))
        if mutants:
            fine &= try_set(name, mutants, tests, chosen)
    there = {mutant for mutants in built["named"].values() for mutant in mutants.values()}
    for mutant in sorted(explained().keys() - there):
        print(f"explained, and not there any more: {mutant}")
    sys.exit(not fine)


if __name__ == "__main__":
    main()
