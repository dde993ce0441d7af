"""Replaying a team's log: chain, signers, who may sign what, what falls with what, which heads are vouched for.

Section 6 of docs/protocol.md a second time. Refused carries the code of the refusal.
"""

from statements import TEAM_EVENT, Statement
from twinlock import Refused, from_base64url, from_hex, keyholder_id, require

ROLES = {"member": 0, "admin": 1, "owner": 2}
LEVELS = {None: 0, "names": 1, "read": 2, "write": 3}


def allow(condition, why):
    require(condition, why, "not-allowed")


def public_keys(keys):
    """The id and the signing key of a keyholder that a statement introduces."""
    require(set(keys) == {"signing", "kem"}, "public keys of another form", "malformed")
    signing, kem = from_base64url(keys["signing"]), from_base64url(keys["kem"])
    return keyholder_id(signing, kem), signing


def grants(access):
    given = {from_hex(grant["environment"], 16): grant["level"] for grant in access}
    require(len(given) == len(access), "an environment granted twice", "malformed")
    return given


def ids(listed):
    found = {from_hex(one, 16) for one in listed}
    require(len(found) == len(listed), "the same is named twice", "malformed")
    return found


def recorded(heads):
    """Recorded heads by environment; none twice."""
    found = {from_hex(one["environment"], 16): (one["head"]["number"], from_hex(one["head"]["hash"], 32)) for one in heads}
    require(len(found) == len(heads), "a head recorded twice", "heads")
    return found


class Member:
    def __init__(self, role, since, state):
        self.state, self.since, self.keyholders = state, since, set()
        self.roles = [(since, role)]
        self.access = {}  # environment: [(sequence, level)]

    @property
    def role(self):
        return self.roles[-1][1]

    def rank(self):
        return ROLES[self.role]

    def role_at(self, sequence):
        return [role for since, role in self.roles if since <= sequence][-1]

    def level_at(self, environment, sequence):
        levels = [level for since, level in self.access.get(environment, []) if since <= sequence]
        return levels[-1] if levels else None


class Keyholder:
    def __init__(self, member, kind, since, added_by):
        self.member, self.kind, self.since, self.added_by = member, kind, since, added_by
        self.revoked = None

    def live_at(self, sequence):
        return self.since <= sequence and (self.revoked is None or sequence < self.revoked)


class Issued:
    """An invite or a service."""

    def __init__(self, author, access, role=None, approve=False):
        self.author, self.access, self.role, self.approve = author, access, role, approve
        self.state, self.used_by = "open", None


class Environment:
    """What the log says: generations of keys, losses, vouched heads, and where rights to push ended."""

    def __init__(self, project, created_by, sequence):
        self.project, self.losses, self.pins, self.accepted = project, [], [], -1
        self.generations = [(1, sequence, 0, created_by)]
        self.vouched_start, self.vouched, self.reach = created_by, {0: created_by}, 0

    def generation_at(self, sequence):
        return [opened for opened in self.generations if opened[1] <= sequence][-1]

    def generation_of(self, number):
        return [opened for opened in self.generations if opened[2] < number or opened[0] == 1][-1]

    def stale_at(self, sequence):
        opened = self.generation_at(sequence)[1]
        return any(opened < loss <= sequence for loss in self.losses)

    def believable(self, head):
        return head[0] >= self.reach and self.vouched.get(head[0], head[1]) == head[1]

    def vouch(self, head):
        self.vouched[head[0]] = head[1]
        self.reach = max(self.reach, head[0])


class Team:
    """The log, replayed from its first event."""

    def __init__(self, log=()):
        self.hashes, self.keys, self.keyholders, self.members = [], {}, {}, {}
        self.invites, self.services, self.projects, self.environments, self.gone = {}, {}, {}, {}, set()
        self.id, self.generation, self.label, self.labelled_members = None, 0, False, set()
        self.name_key_due, self.vault = False, None
        self.settings = {"creating": "members", "renewal": {"at_least_days": 7, "at_most_days": 30}}
        for envelope in log:
            self.append(envelope)

    # Signers and chain

    def append(self, envelope):
        statement = Statement(envelope, TEAM_EVENT)
        payload = statement.payload
        event, author = payload["event"], from_hex(payload["author"], 16)
        kind = event["type"]
        rule = getattr(self, "on_" + kind.replace("-", "_"), None)
        if not rule:
            # Said only of what somebody in the team signed.
            live = author in self.keyholders and self.keyholders[author].revoked is None
            require(live, "an author whom nobody let in", "unknown-keyholder")
            statement.verify({author: self.keys[author]})
            raise Refused("written by a newer version", "newer-version")
        introduced = public_keys(event["keys"]) if "keys" in event else None
        if kind in ("team-created", "member-joined"):
            require(introduced[0] == author, "keys that do not hash to the author", "keys")
            signers = dict([introduced])
        else:
            require(author in self.keyholders, "an author whom nobody let in", "unknown-keyholder")
            signers = {author: self.keys[author]}
        if kind == "member-joined":
            invite = from_hex(event["invite"], 16)
            require(invite in self.invites and self.invites[invite].state == "open", "no open invite", "invite-not-open")
            signers[invite] = self.keys[invite]
        if kind == "keyholder-added":
            signers[introduced[0]] = introduced[1]
        statement.verify(signers)
        if not self.hashes:
            first = kind == "team-created" and "team" not in payload and "previous" not in payload
            require(first and payload["sequence"] == 1, "the first event", "malformed")
        else:
            require(kind != "team-created", "team-created comes once", "malformed")
            require(from_hex(payload["team"], 16) == self.id, "an event of another team", "elsewhere")
            require(payload["sequence"] == len(self.hashes) + 1, "a gap in the log", "number")
            require(from_hex(payload["previous"], 32) == self.hashes[-1], "a broken chain", "chain")
        self.sequence, self.hash, self.author = payload["sequence"], statement.hash, author
        if kind not in ("team-created", "member-joined"):
            self.authorise(kind, event)
        if introduced:
            require(introduced[0] not in self.keys, "a keyholder introduced twice", "id-taken")
        rule(event)
        if introduced:
            self.keys[introduced[0]] = introduced[1]
        self.hashes.append(statement.hash)

    # Who may sign what (6.1)

    def authorise(self, kind, event):
        held = self.keyholders[self.author]
        require(held.revoked is None, "a keyholder that was revoked", "revoked")
        self.me, self.who = held.member, self.members[held.member]
        allow(self.who.state == "active", "somebody who waits for approval")
        least, rank, write, kits = self.needs(kind, event)
        allow(kits or held.kind == "computer", "a recovery kit")
        allow(self.who.rank() >= ROLES[least], "a role too low")
        allow(self.who.rank() >= rank, "a role above one's own")
        for environment in write:
            require(environment in self.environments, "no such environment", "no-environment")
            allow(self.level(self.me, environment) == "write", "no write access")

    def needs(self, kind, event):
        """Least role, highest role concerned, environments to write to, whether kits may."""
        create = "member" if self.settings["creating"] == "members" else "admin"
        if kind in ("team-settings", "vault-moved", "history-accepted"):
            return "owner", 0, [], False
        if kind in ("invited", "service-created"):
            return "admin", ROLES[event.get("role", "member")], grants(event["access"]), False
        if kind == "invite-closed":
            invite = self.invites.get(from_hex(event["invite"], 16))
            return "admin", ROLES[invite.role] if invite else 0, [], False
        if kind == "service-closed":
            return "admin", 0, [], False
        if kind == "member-approved":
            return "admin", self.present(event["member"])[1].rank(), [], False
        if kind == "role-changed":
            name, member = self.active(event["member"])
            rank = ROLES[event["role"]]
            if name == self.me and rank < member.rank():
                return "member", 0, [], False
            orphans = any(self.orphaned(one) for one in self.written(name))
            least = "owner" if member.rank() == 0 and rank > 0 and orphans else "admin"
            return least, max(rank, member.rank()), [], False
        if kind == "member-removed":
            name, member = self.present(event["member"])
            return ("member", 0, [], False) if name == self.me else ("admin", member.rank(), [], False)
        if kind == "keyholder-added":
            return "member", 0, [], True
        if kind == "keyholder-revoked":
            name = from_hex(event["keyholder"], 16)
            require(name in self.keyholders, "no such keyholder", "unknown-keyholder")
            allow(self.keyholders[name].member == self.me, "somebody else's keyholder")
            return "member", 0, [], True
        if kind == "project-created":
            return create, 0, [], False
        if kind == "environment-created":
            return "admin" if event["access"] else create, 0, [], False
        if kind == "project-deleted":
            return "admin", 0, self.undeletable(self.project(event["project"])[1]), False
        if kind == "environment-deleted":
            return "admin", 0, self.undeletable([from_hex(event["environment"], 16)]), False
        if kind == "access-changed":
            return "admin", 0, [from_hex(event["environment"], 16)], False
        if kind == "generation-opened":
            of = event.get("environment")
            return ("member", 0, [from_hex(of, 16)], False) if of else ("admin", 0, [], False)
        require(kind == "label-changed", "written by a newer version", "newer-version")
        subject = event["subject"]
        if subject["kind"] == "team":
            return "owner", 0, [], False
        name = from_hex(subject["id"], 16)
        if subject["kind"] == "member":
            return "member" if name == self.me else "admin", 0, [], False
        write = {"project": lambda: self.project(subject["id"])[1], "environment": lambda: [name], "service": list}
        return "admin", 0, write[subject["kind"]](), False

    def undeletable(self, environments):
        """Those that take write access: an owner deletes orphaned ones without."""
        owner = self.who.role == "owner"
        return [one for one in environments if not (owner and one in self.environments and self.orphaned(one))]

    # What is there

    def level(self, member, environment, sequence=None):
        at = len(self.hashes) if sequence is None else sequence
        return self.members[member].level_at(environment, at) if environment in self.environments else None

    def accessible(self, member):
        return [one for one in self.environments if self.level(member, one)]

    def written(self, member):
        return {one for one in self.environments if self.level(member, one) == "write"}

    def orphaned(self, environment):
        return not any(who.rank() > 0 and environment in self.written(name) for name, who in self.members.items())

    def present(self, name):
        name = from_hex(name, 16)
        require(name in self.members and self.members[name].state != "removed", "no such member", "no-member")
        return name, self.members[name]

    def active(self, name):
        name = from_hex(name, 16)
        require(name in self.members and self.members[name].state == "active", "no such member", "no-member")
        return name, self.members[name]

    def project(self, name):
        name = from_hex(name, 16)
        require(name in self.projects, "no such project", "no-project")
        return name, self.projects[name]

    def owners(self):
        return [name for name, who in self.members.items() if who.state == "active" and who.role == "owner"]

    def check_label(self, label):
        require(label["generation"] == self.generation, "a label of another generation", "wrong-generation")

    # What falls with what (6.3)

    def issued_by(self, keyholder):
        lists = ((self.invites, ("open", "waiting")), (self.services, ("open",)))
        found = [one for things, live in lists for one, it in things.items() if it.author == keyholder and it.state in live]
        added = [one for one, held in self.keyholders.items() if held.added_by == keyholder and held.revoked is None]
        return found + added

    def falls(self, roots, first, keep):
        """Everything that falls, and what is kept. `first` falls to begin with."""
        fallen, kept, queue = set(first), set(), list(roots)
        while queue:
            for one in self.issued_by(queue.pop()):
                if one == self.author:
                    continue
                if one in keep:
                    kept.add(one)
                elif one not in fallen:
                    fallen.add(one)
                    queue.append(one)
        require(kept == keep and not kept & fallen, "something that can't be kept", "kept")
        return fallen, kept

    def check_kept(self, kept, fallen, rank):
        for one in kept - set(self.keyholders):
            thing = self.invites.get(one) or self.services[one]
            able = rank is not None and rank >= max(1, ROLES[thing.role or "member"]) and self.author not in fallen
            writes = all(self.level(self.me, it) == "write" for it in thing.access if it in self.environments)
            require(able and writes, "something that the author can't stand in for", "kept")

    def check_exact(self, due, heads):
        require(set(heads) == set(due), "heads other than those due", "heads")

    def check_heads(self, due, heads):
        self.check_exact(due, heads)
        require(all(self.environments[one].believable(head) for one, head in heads.items()), "a head beside the log", "heads")

    def take_down(self, fallen, kept, heads):
        for one, head in heads.items():
            self.environments[one].vouch(head)
        for one in kept:
            if one in self.keyholders:
                self.keyholders[one].added_by = None
            else:
                (self.invites.get(one) or self.services[one]).author = self.author
        for one in fallen:
            if one in self.invites:
                self.close_invite(self.invites[one])
            elif one in self.services:
                self.services[one].state = "closed"
                self.lose(self.services[one].access)
            else:
                self.revoke(one, heads)

    def revoke(self, name, heads):
        held = self.keyholders[name]
        held.revoked = self.sequence
        self.lose(self.accessible(held.member))
        self.name_key_due = True
        self.members[held.member].keyholders.discard(name)
        if held.kind == "computer":
            self.pin(name, {one: head for one, head in heads.items() if one in self.written(held.member)})

    def pin(self, keyholder, heads):
        for one, head in heads.items():
            self.environments[one].pins.append((keyholder, self.sequence, head[0]))

    def close_invite(self, invite):
        if invite.state == "waiting":
            for keyholder in self.members[invite.used_by].keyholders:
                self.keyholders[keyholder].revoked = self.sequence
            self.leave(invite.used_by)
        invite.state = "closed"
        if not invite.approve:
            self.lose(invite.access)
            self.name_key_due = True

    def leave(self, name):
        member = self.members[name]
        member.state = "removed"
        member.keyholders = set()
        for levels in member.access.values():
            levels.append((self.sequence, None))

    def lose(self, environments):
        for one in environments:
            if one in self.environments:
                self.environments[one].losses.append(self.sequence)

    def give(self, member, environment, level):
        if environment in self.environments:
            self.members[member].access.setdefault(environment, []).append((self.sequence, level))

    # Events (6.2)

    def on_team_created(self, event):
        self.id = self.hash[:16]
        self.let_in(self.hash[:16], "owner", "active")

    def let_in(self, name, role, state):
        self.members[name] = Member(role, self.sequence, state)
        self.members[name].keyholders.add(self.author)
        self.keyholders[self.author] = Keyholder(name, "computer", self.sequence, None)

    def on_team_settings(self, event):
        new = {"creating": event["creating"], "renewal": event["renewal"]}
        least, most = new["renewal"]["at_least_days"], new["renewal"]["at_most_days"]
        require(1 <= least <= most <= 365, "renewal out of bounds", "limit")
        require(new != self.settings, "no change", "no-change")
        self.settings = new

    def on_vault_moved(self, event):
        require(event["address"].startswith("https://"), "another kind of address", "malformed")
        moved = (event["address"], event.get("pin"))
        require(moved != self.vault, "no change", "no-change")
        self.vault = moved

    def on_history_accepted(self, event):
        log = (event["log"]["sequence"], from_hex(event["log"]["hash"], 32))
        require(log == (len(self.hashes), self.hashes[-1]), "another log head", "heads")
        heads = recorded(event["heads"])
        self.check_exact(self.environments, heads)
        first = all(number > 0 or digest == self.environments[one].vouched_start for one, (number, digest) in heads.items())
        require(first, "another beginning than its own", "heads")
        for name, (number, digest) in heads.items():
            known = self.environments[name]
            if not known.believable((number, digest)):
                known.losses.append(self.sequence)
            known.vouched = {0: known.vouched_start, number: digest}
            known.reach = known.accepted = number
            known.pins.append((None, self.sequence, number))

    def on_label_changed(self, event):
        self.check_label(event["label"])
        subject = event["subject"]
        if subject["kind"] == "member":
            self.labelled_members.add(self.active(subject["id"])[0])
        if subject["kind"] == "service":
            service = self.services.get(from_hex(subject["id"], 16))
            require(service and service.state == "open", "no such service", "service-not-open")
        self.label = self.label or subject["kind"] == "team"

    def on_invited(self, event):
        name = public_keys(event["keys"])[0]
        self.invites[name] = Issued(self.author, grants(event["access"]), event["role"], event["approve"])

    def on_invite_closed(self, event):
        name = from_hex(event["invite"], 16)
        require(name in self.invites and self.invites[name].state in ("open", "waiting"), "no open invite", "invite-not-open")
        self.take_down({name}, set(), {})

    def on_member_joined(self, event):
        invite = self.invites[from_hex(event["invite"], 16)]
        require(("label" in event) != invite.approve, "a label, or none", "malformed")
        name = self.hash[:16]
        if invite.approve:
            self.let_in(name, invite.role, "waiting")
            invite.state, invite.used_by = "waiting", name
            return
        self.check_label(event["label"])
        self.labelled_members.add(name)
        self.let_in(name, invite.role, "active")
        self.use(invite, name)
        self.lose(invite.access)
        self.name_key_due = True

    def use(self, invite, name):
        invite.state = "used"
        for environment, level in invite.access.items():
            self.give(name, environment, level)

    def on_member_approved(self, event):
        name, member = self.present(event["member"])
        require(member.state == "waiting", "nobody who waits", "no-change")
        member.state = "active"
        (invite,) = [one for one in self.invites.values() if one.used_by == name]
        self.use(invite, name)

    def on_role_changed(self, event):
        name, member = self.active(event["member"])
        require(event["role"] != member.role, "no change", "no-change")
        require(self.owners() != [name], "the last owner", "last-owner")
        keep, heads, fallen, kept = ids(event["keep"]), recorded(event["heads"]), set(), set()
        if ROLES[event["role"]] < member.rank():
            fallen, kept = self.falls(member.keyholders, (), keep)
        require(kept == keep, "something that can't be kept", "kept")
        require(not member.keyholders <= fallen, "no keyholder left", "no-keyholder-left")
        self.check_kept(kept, fallen, ROLES[event["role"]] if name == self.me else self.who.rank())
        ends_duties = member.rank() > 0 and event["role"] == "member"
        self.check_heads(self.written(name) if ends_duties or self.computers(fallen) else (), heads)
        self.take_down(fallen, kept, heads)
        for keyholder in member.keyholders if ends_duties else ():
            self.pin(keyholder, heads)
        member.roles.append((self.sequence, event["role"]))

    def computers(self, fallen):
        return [one for one in fallen if one in self.keyholders and self.keyholders[one].kind == "computer"]

    def on_member_removed(self, event):
        name, member = self.present(event["member"])
        keep, heads = ids(event["keep"]), recorded(event["heads"])
        if member.state == "waiting":
            require(not keep, "something that can't be kept", "kept")
            self.check_heads((), heads)
            (invite,) = [one for one in self.invites.values() if one.used_by == name]
            self.close_invite(invite)
            return
        require(self.owners() != [name], "the last owner", "last-owner")
        fallen, kept = self.falls(member.keyholders, member.keyholders, keep)
        self.check_kept(kept, fallen, None if name == self.me else self.who.rank())
        self.check_heads(self.written(name), heads)
        self.take_down(fallen, kept, heads)
        self.leave(name)

    def on_keyholder_added(self, event):
        require(event["kind"] in ("computer", "recovery"), "another kind of keyholder", "malformed")
        require(len(self.who.keyholders) < 16, "too many keyholders", "limit")
        name = public_keys(event["keys"])[0]
        self.keyholders[name] = Keyholder(self.me, event["kind"], self.sequence, self.author)
        self.who.keyholders.add(name)

    def on_keyholder_revoked(self, event):
        name, keep, heads = from_hex(event["keyholder"], 16), ids(event["keep"]), recorded(event["heads"])
        require(self.keyholders[name].revoked is None, "revoked already", "revoked")
        fallen, kept = self.falls([name], [name], keep)
        require(not self.who.keyholders <= fallen, "no keyholder left", "no-keyholder-left")
        self.check_kept(kept, fallen, self.who.rank())
        self.check_heads(self.written(self.me) if self.computers(fallen) else (), heads)
        self.take_down(fallen, kept, heads)

    def on_service_created(self, event):
        self.check_label(event["label"])
        access = grants(event["access"])
        require(access and "write" not in access.values(), "a service that reads nothing, or writes", "malformed")
        self.services[public_keys(event["keys"])[0]] = Issued(self.author, access)

    def on_service_closed(self, event):
        name = from_hex(event["service"], 16)
        require(name in self.services and self.services[name].state == "open", "no open service", "service-not-open")
        self.take_down({name}, set(), {})

    def on_project_created(self, event):
        name = from_hex(event["project"], 16)
        self.check_label(event["label"])
        require(name not in self.projects and name not in self.gone, "a project created twice", "id-taken")
        require(len(self.projects) < 1000, "too many projects", "limit")
        self.projects[name] = set()

    def on_project_deleted(self, event):
        name, environments = self.project(event["project"])
        self.check_exact(environments, recorded(event["heads"]))
        for environment in set(environments):
            self.forget(environment)
        del self.projects[name]
        self.gone.add(name)

    def on_environment_created(self, event):
        name, (project, environments) = from_hex(event["environment"], 16), self.project(event["project"])
        self.check_label(event["label"])
        require(name not in self.environments and name not in self.gone, "an environment created twice", "id-taken")
        require(len(self.environments) < 4000, "too many environments", "limit")
        require(set(event["commitments"]) == {"name", "value"}, "commitments to both keys", "malformed")
        listed = ids([grant["member"] for grant in event["access"]])
        require(self.me not in listed, "the author listed", "malformed")
        for grant in event["access"]:
            self.active(grant["member"])
        self.environments[name] = Environment(project, self.hash, self.sequence)
        environments.add(name)
        for grant in event["access"]:
            self.give(from_hex(grant["member"], 16), name, grant["level"])
        self.give(self.me, name, "write")

    def on_environment_deleted(self, event):
        name = from_hex(event["environment"], 16)
        self.check_exact([name], recorded([event]))
        self.forget(name)

    def forget(self, name):
        self.projects[self.environments[name].project].discard(name)
        del self.environments[name]
        self.gone.add(name)

    def on_access_changed(self, event):
        name, environment, level = self.active(event["member"])[0], from_hex(event["environment"], 16), event.get("level")
        before = self.level(name, environment)
        require(level != before, "no change", "no-change")
        heads, keyholders = recorded([event] if event.get("head") else []), self.members[name].keyholders
        fallen = set()
        if before == "write":
            issued = {one for keyholder in keyholders for one in self.issued_by(keyholder)} - set(self.keyholders)
            fallen = {one for one in issued if environment in (self.invites.get(one) or self.services[one]).access}
        self.check_heads([environment] if before == "write" else [], heads)
        for keyholder in keyholders:
            self.pin(keyholder, heads)
        self.take_down(fallen, set(), heads)
        if LEVELS[level] < LEVELS[before]:
            self.lose([environment])
        self.give(name, environment, level)

    def on_generation_opened(self, event):
        if "environment" not in event:
            require(event["generation"] == self.generation + 1, "a generation out of order", "wrong-generation")
            alone = set(event["commitments"]) == {"name"} and "head" not in event
            require(alone, "a commitment to the team's name key alone", "malformed")
            self.generation += 1
            require(sorted(self.subjects(event.get("labels", []))) == sorted(self.labelled()), "other labels", "malformed")
            self.name_key_due = False
            return
        known = self.environments[from_hex(event["environment"], 16)]
        require(event["generation"] == known.generations[-1][0] + 1, "a generation out of order", "wrong-generation")
        both = set(event["commitments"]) == {"name", "value"} and "head" in event and "labels" not in event
        require(both, "commitments to both keys, a head, no labels", "malformed")
        head = (event["head"]["number"], from_hex(event["head"]["hash"], 32))
        require(known.believable(head), "an opening on another head", "rotation-mismatch")
        known.vouch(head)
        known.reach = head[0] + 1
        known.generations.append((event["generation"], self.sequence, *head))

    def subjects(self, labels):
        for change in labels:
            self.check_label(change["label"])
        return [(one["subject"]["kind"], one["subject"].get("id", "")) for one in labels]

    def labelled(self):
        """Everything that has a label now; members who are gone among them."""
        services = {name for name, one in self.services.items() if one.state == "open"}
        things = {"member": self.labelled_members, "project": self.projects, "environment": self.environments, "service": services}
        named = [(kind, name.hex()) for kind, names in things.items() for name in names]
        return named + ([("team", "")] if self.label else [])
