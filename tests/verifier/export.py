#!/usr/bin/env python3
"""Verifies an export of `twinlock activity --export` on its own, by the second implementation.

    .venv/bin/python tests/verifier/export.py FILE [--team ID]

It believes nothing in the file but signatures and hashes: the log is replayed from its first event, whose hash is the
team's id, and every environment on it. Compare the id, the numbers and the hashes that it prints with those that a
member sees ("twinlock activity --verify"). No key is needed, so no name and no value is seen.
"""

import argparse
import collections
import pathlib
import sys

from replay import History, Team
from twinlock import Refused, from_hex, require, strict_json

FORM = "twinlock/export/v1"


def verify_export(data):
    """The replayed team, its histories by environment id, and how many refusals are told of."""
    lines = [strict_json(line) for line in data.splitlines()]
    require(lines, "an empty export")
    head, *rest = lines
    require(set(head) == {"line", "form", "team", "log", "environments"}, "a first line of another form")
    require((head["line"], head["form"]) == ("export", FORM), "an export of another version")
    log, revisions, refusals = [], collections.defaultdict(list), 0
    for line in rest:
        if line["line"] == "event":
            require(set(line) == {"line", "sequence", "statement"}, "an event line of another form")
            log.append(line["statement"])
            require(line["sequence"] == len(log), "events out of order")
        elif line["line"] == "revision":
            require(set(line) == {"line", "environment", "number", "statement"}, "a revision line of another form")
            revisions[line["environment"]].append(line["statement"])
            require(line["number"] == len(revisions[line["environment"]]), "revisions out of order")
        else:
            require(line["line"] == "refusal", "a line of another kind")
            require(set(line) == {"line", "about", "code", "at", "evidence"}, "a refusal line of another form")
            refusals += 1
    require(log, "an export without a log")
    team = Team(log)
    require(from_hex(head["team"], 16) == team.id, "the log of another team", "elsewhere")
    require(head["log"] == {"sequence": len(log), "hash": team.hashes[-1].hex()}, "another head of the log", "cut-short")

    stated = {one["environment"]: one["head"] for one in head["environments"]}
    require(set(stated) == {name.hex() for name in team.environments}, "other environments than those of the log")
    require(set(revisions) <= set(stated), "revisions of an environment that the log does not have")
    histories = {}
    for name, at in sorted(stated.items()):
        history = History(team, from_hex(name, 16), revisions[name])
        found = {"number": len(history.hashes) - 1, "hash": history.hashes[-1].hex()}
        require(found == at, "another head of an environment", "cut-short")
        histories[name] = history
    return team, histories, refusals


def main():
    arguments = argparse.ArgumentParser(description="Verifies an export of 'twinlock activity --export'.")
    arguments.add_argument("file", type=pathlib.Path)
    arguments.add_argument("--team", help="the team's id, as a member knows it")
    given = arguments.parse_args()
    try:
        team, histories, refusals = verify_export(given.file.read_bytes())
        require(given.team in (None, team.id.hex()), f"the team is {team.id.hex()}", "elsewhere")
    except (Refused, KeyError, TypeError, ValueError) as error:
        print(f"does not verify: {error}")
        return 1
    print(f"team {team.id.hex()} verifies: {len(team.hashes)} events, head {team.hashes[-1].hex()}")
    for name, history in histories.items():
        print(f"environment {name} verifies: {len(history.hashes) - 1} revisions, head {history.hashes[-1].hex()}")
    if refusals:
        print(f"{refusals} refusals are told of; nothing in them is signed, and none of it was looked at")
    return 0


if __name__ == "__main__":
    sys.exit(main())
