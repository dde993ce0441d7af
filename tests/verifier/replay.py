"""Replaying a team's log and an environment's revisions: chains, signers, ids, rights to push, generations, states.

The events are those of the vectors. The finer rules of roles are not repeated here; the Rust tests hold them.
"""

from twinlock import (
    REVISION,
    TEAM_EVENT,
    Statement,
    check_position,
    fields,
    from_base64url,
    from_hex,
    keyholder_id,
    require,
    sha256,
)


def public_keys(keys):
    """The id and the signing key of a keyholder that a statement introduces."""
    require(set(keys) == {"signing", "kem"}, "public keys of another form")
    signing, kem = from_base64url(keys["signing"]), from_base64url(keys["kem"])
    return keyholder_id(signing, kem), signing


class Member:
    def __init__(self, role, since, writes):
        self.role, self.since, self.writes = role, since, writes


class Environment:
    """What the log says: the event that created it, and its generations, each with log sequence and head."""

    def __init__(self, created_by, sequence):
        self.created_by = created_by
        self.generations = [(1, sequence, 0, created_by)]

    def generation_at(self, sequence):
        return [opened for opened in self.generations if opened[1] <= sequence][-1]


class Team:
    """The log, replayed from its first event."""

    def __init__(self, log):
        self.keys, self.member_of, self.invites = {}, {}, {}
        self.members, self.environments, self.hashes = {}, {}, []
        self.id, self.generation = None, 0
        for envelope in log:
            self._append(Statement(envelope, TEAM_EVENT))

    def _append(self, statement):
        payload = statement.payload
        require(payload["sequence"] == len(self.hashes) + 1, "a gap in the log")
        event, author = payload["event"], from_hex(payload["author"], 16)
        kind = event["type"]
        if not self.hashes:
            require(kind == "team-created" and "team" not in payload and "previous" not in payload, "the first event")
        else:
            require(from_hex(payload["team"], 16) == self.id, "an event of another team")
            require(from_hex(payload["previous"], 32) == self.hashes[-1], "a broken chain")

        introduced = None
        if kind in ("team-created", "invited", "member-joined"):
            introduced = public_keys(event["keys"])
        if kind in ("team-created", "member-joined"):
            require(introduced[0] == author, "keys that do not hash to the author")
            signers = dict([introduced])
        else:
            require(author in self.member_of, "an author whom nobody let in")
            signers = {author: self.keys[author]}
        if kind == "member-joined":
            invite = from_hex(event["invite"], 16)
            require(invite in self.invites, "an invite that is used or unknown")
            signers[invite] = self.keys[invite]
        statement.verify(signers)

        self._apply(kind, event, author, introduced, statement.hash, payload["sequence"])
        self.hashes.append(statement.hash)

    def _apply(self, kind, event, author, introduced, digest, sequence):
        if introduced:
            require(introduced[0] not in self.keys, "a keyholder introduced twice")
            self.keys[introduced[0]] = introduced[1]
        if kind == "team-created":
            self.id = digest[:16]
            self._let_in(author, "owner", digest, sequence, set())
        elif kind == "invited":
            require(self.members[self.member_of[author]].role in ("owner", "admin"), "an invite by a member")
            writes = {from_hex(grant["environment"], 16) for grant in event["access"] if grant["level"] == "write"}
            self.invites[introduced[0]] = (event["role"], writes)
        elif kind == "member-joined":
            role, writes = self.invites.pop(from_hex(event["invite"], 16))
            self._let_in(author, role, digest, sequence, writes)
        elif kind == "environment-created":
            environment = from_hex(event["environment"], 16)
            require(environment not in self.environments, "an environment created twice")
            require(set(event["commitments"]) == {"name", "value"}, "commitments to both keys")
            self.environments[environment] = Environment(digest, sequence)
            self.members[self.member_of[author]].writes.add(environment)
        elif kind == "generation-opened":
            self._open_generation(event, author, sequence)
        else:
            require(kind in ("label-changed", "project-created"), "written by a newer version")

    def _let_in(self, keyholder, role, digest, sequence, writes):
        self.member_of[keyholder] = digest[:16]
        self.members[digest[:16]] = Member(role, sequence, writes)

    def _open_generation(self, event, author, sequence):
        if "environment" not in event:
            require(event["generation"] == self.generation + 1, "a generation out of order")
            require(set(event["commitments"]) == {"name"}, "a commitment to the team's name key alone")
            self.generation += 1
            return
        name = from_hex(event["environment"], 16)
        environment = self.environments[name]
        require(name in self.members[self.member_of[author]].writes, "a generation opened without write access")
        require(event["generation"] == environment.generations[-1][0] + 1, "a generation out of order")
        require(set(event["commitments"]) == {"name", "value"}, "commitments to both keys")
        head = event["head"]
        environment.generations.append((event["generation"], sequence, head["number"], from_hex(head["hash"], 32)))


class History:
    """An environment's revisions, replayed on the team's log."""

    def __init__(self, team, name, revisions):
        self.team, self.name = team, name
        self.environment = team.environments[name]
        self.entries, self.pointers = {}, set()
        self.hashes = [self.environment.created_by]
        for envelope in revisions:
            self._append(Statement(envelope, REVISION))

    def _append(self, statement):
        payload = statement.payload
        require(from_hex(payload["team"], 16) == self.team.id, "a revision of another team")
        require(from_hex(payload["environment"], 16) == self.name, "a revision of another environment")
        number = payload["number"]
        require(number == len(self.hashes), "a gap in the history")
        require(from_hex(payload["previous"], 32) == self.hashes[-1], "a broken chain")
        at = payload["team_head"]["sequence"]
        require(1 <= at <= len(self.team.hashes), "a log head that the log does not have")
        require(from_hex(payload["team_head"]["hash"], 32) == self.team.hashes[at - 1], "a log head of another log")

        author = from_hex(payload["author"], 16)
        require(author in self.team.member_of, "an author whom nobody let in")
        member = self.team.members[self.team.member_of[author]]
        require(member.since <= at and self.name in member.writes, "a push without write access")
        statement.verify({author: self.team.keys[author]})

        generation, _, opened_on, opened_hash = self.environment.generation_at(at)
        require(payload["generation"] == generation, "another generation than the one due")
        opens = generation > 1 and number == opened_on + 1
        require(opens == (payload["cause"] == "rotate"), "a rotation without its opening, or the reverse")
        if opens:
            require(opened_hash == self.hashes[-1], "a generation opened on another head")
            changed = [from_hex((change.get("put") or change["remove"])["entry"], 16) for change in payload["changes"]]
            require(sorted(changed) == sorted(self.entries), "a rotation that leaves an entry out")
        self._change(payload["changes"])
        require(from_hex(payload["state"], 32) == self.state(), "a state that does not follow")
        self.hashes.append(statement.hash)

    def _change(self, changes):
        seen = set()
        for change in changes:
            require(len(change) == 1, "a change of another form")
            (kind, body), = change.items()
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

    def state(self):
        in_order = sorted(self.entries.items(), key=lambda item: item[1][0])
        parts = [part for entry, rest in in_order for part in (entry, *rest)]
        return sha256(fields("twinlock/v1/state", *parts))
