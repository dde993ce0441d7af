"""Replaying an environment's revisions on its team's log: chain, rights to push, pins, generations, states.

Section 7 of docs/protocol.md a second time.
"""

from statements import REVISION, Statement
from team import ROLES, Team
from twinlock import check_position, fields, from_base64url, from_hex, require, sha256

__all__ = ["History", "Team"]


class History:
    """An environment's revisions, replayed on the team's log."""

    def __init__(self, team, name, revisions):
        self.team, self.name = team, name
        self.environment = team.environments[name]
        self.entries, self.pointers, self.purged = {}, set(), set()
        self.hashes, self.authors = [self.environment.vouched_start], []
        for envelope in revisions:
            self.append(envelope)

    def append(self, envelope):
        statement = Statement(envelope, REVISION)
        payload = statement.payload
        author = from_hex(payload["author"], 16)
        require(author in self.team.keyholders, "an author whom nobody let in", "unknown-keyholder")
        statement.verify({author: self.team.keys[author]})
        require(from_hex(payload["team"], 16) == self.team.id, "a revision of another team", "elsewhere")
        require(from_hex(payload["environment"], 16) == self.name, "a revision of another environment", "elsewhere")
        number = payload["number"]
        require(number == len(self.hashes), "a gap in the history", "number")
        require(from_hex(payload["previous"], 32) == self.hashes[-1], "a broken chain", "chain")
        vouched = self.environment.vouched.get(number, statement.hash)
        require(vouched == statement.hash, "another revision than the one vouched for", "fork")
        at = payload["team_head"]["sequence"]
        require(1 <= at <= len(self.team.hashes), "a log head that the log does not have", "log-behind")
        same = from_hex(payload["team_head"]["hash"], 32) == self.team.hashes[at - 1]
        require(same and at >= max([0] + [log for _, log in self.authors]), "a log head of another log", "other-log")

        self._rights(author, payload["cause"], number, at)
        self._generation(payload, number, at)
        self._cause(payload["cause"], payload["changes"])
        self._change(payload["changes"])
        require(from_hex(payload["state"], 32) == self.state(), "a state that does not follow", "state")
        self.hashes.append(statement.hash)
        self.authors.append((author, at))

    def _rights(self, author, cause, number, at):
        held = self.team.keyholders[author]
        member = self.team.members[held.member]
        able = held.live_at(at) and held.kind == "computer" and member.level_at(self.name, at) == "write"
        require(able, "a push without write access", "not-allowed")
        require(cause != "purge" or ROLES[member.role_at(at)] > 0, "a purge by a member", "not-allowed")
        self._pins(author, number, at)

    def _pins(self, author, number, at):
        for keyholder, since, pin in self.environment.pins:
            over = number > pin and at < since and keyholder in (None, author)
            require(not over, "a push above the head at which its author's right ended", "above-pin")

    def _generation(self, payload, number, at):
        generation, opened_at, opened_on, opened_hash = self.environment.generation_at(at)
        by_number = number <= self.environment.accepted or generation == self.environment.generation_of(number)[0]
        require(payload["generation"] == generation and by_number, "another generation than the one due", "wrong-generation")
        opens = generation > 1 and number == opened_on + 1
        require(opens == (payload["cause"] == "rotate"), "a rotation without its opening, or the reverse", "rotation-mismatch")
        if opens:
            require(at == opened_at and opened_hash == self.hashes[-1], "opened on another head", "rotation-mismatch")
        require(not self.environment.stale_at(at), "a push under keys that somebody lost", "stale")

    def _cause(self, cause, changes):
        if cause == "rotate":
            whole = all(set(change) <= {"put", "remove"} for change in changes)
            changed = [from_hex(body["entry"], 16) for change in changes for body in change.values() if "entry" in body]
            require(whole and sorted(changed) == sorted(self.entries), "a rotation that leaves an entry out", "rotation-incomplete")
            return
        require(changes, "no change", "no-change")
        require(all(("purge" in change) == (cause == "purge") for change in changes), "a purge purges", "malformed")

    def agrees(self):
        """Held against a log that went on: every vouched head is there, nothing is above a pin."""
        require(len(self.hashes) > self.environment.reach, "a history cut short", "cut-short")
        for number, digest in self.environment.vouched.items():
            require(number >= len(self.hashes) or self.hashes[number] == digest, "another history", "fork")
        for number, (author, at) in enumerate(self.authors, 1):
            self._pins(author, number, at)

    def _change(self, changes):
        seen = set()
        for change in changes:
            require(len(change) == 1, "a change of another form")
            (kind, body), = change.items()
            if kind == "purge":
                self._purge(from_hex(body["pointer"], 16))
                continue
            entry = from_hex(body["entry"], 16)
            require(entry not in seen, "an entry changed twice")
            seen.add(entry)
            if kind == "remove":
                require(entry in self.entries, "an entry removed that is not there")
                del self.entries[entry]
                continue
            require(kind == "put", "written by a newer version")
            pointer = from_hex(body["pointer"], 16)
            name, digest = sha256(from_base64url(body["name"])), from_hex(body["digest"], 32)
            old = self.entries.get(entry)
            moved = old is not None and old[1:] == (name, pointer, digest)
            require(moved or pointer not in self.pointers, "a pointer used again")
            self.pointers.add(pointer)
            self.entries[entry] = (check_position(body["position"]).encode(), name, pointer, digest)
        positions = [entry[0] for entry in self.entries.values()]
        require(len(set(positions)) == len(positions), "two entries at one position")

    def _purge(self, pointer):
        in_use = {entry[2] for entry in self.entries.values()}
        former = pointer in self.pointers and pointer not in in_use and pointer not in self.purged
        require(former, "a value that can't be purged", "purge")
        self.purged.add(pointer)

    def state(self):
        in_order = sorted(self.entries.items(), key=lambda item: item[1][0])
        parts = [part for entry, rest in in_order for part in (entry, *rest)]
        return sha256(fields("twinlock/v1/state", *parts))
