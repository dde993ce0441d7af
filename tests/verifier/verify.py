#!/usr/bin/env python3
"""Checks every test vector with the second implementation, and that what was tampered with is refused.

    .venv/bin/python tests/verifier/verify.py [FOLDER WITH VECTORS]

Each vector file must be one that is known here, with no member that is not: a new vector cannot go unchecked unnoticed.
"""

import base64
import copy
import json
import pathlib
import sys
import traceback

import forms
from export import verify_export
from forms import read_link, read_pins, read_token
from replay import History, Team
from recovery import seed_of_words, words_of_seed
from safety import words_of_computer, words_of_history
from twinlock import (
    GenerationKey,
    HPKE,
    Keyholder,
    Refused,
    check_commitment,
    check_position,
    content_digest,
    fields,
    from_base64url,
    from_hex,
    hold_to_pin,
    open_wrap,
    pad,
    padded_length,
    require,
    signature_base,
    signature_parameters,
    strict_json,
    to_base64url,
    u32,
    u64,
    unpad,
    verify_signature,
    wrap_info,
)


def equal(found, expected):
    require(found == expected, f"{found!r} is not {expected!r}")


def members(value, *expected):
    """The members of an object, in this order; none missing, none more."""
    require(set(value) == set(expected), f"the members {sorted(value)} are not {sorted(expected)}")
    return [value[name] for name in expected]


def refused(action, *arguments):
    try:
        action(*arguments)
    except Refused:
        return
    raise AssertionError(f"{action.__name__} accepted what it has to refuse")


def flipped(data):
    """The bytes with one bit turned, in the middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def encodings(vector):
    field_list, padding, padded_text, positions = members(
        vector, "fields", "padding", "padded_text", "positions_in_order"
    )
    forms = {"text": str, "u32": u32, "u64": u64, "bytes": from_base64url}
    parts = [forms[form](value) for part in field_list["list"] for form, value in part.items()]
    equal(to_base64url(fields(*parts)), field_list["encoded"])

    for size in padding:
        equal(padded_length(size["length"]), size["padded"])
    text, padded = padded_text["text"].encode(), from_base64url(padded_text["padded"])
    equal(pad(text), padded)
    equal(unpad(padded), text)
    for wrong in (padded + bytes(32), padded[:-1] + b"\1", padded[:16], b""):
        refused(unpad, wrong)

    for position in positions:
        check_position(position)
    equal(positions, sorted(set(positions)))
    for wrong in ("", "0", "10", "A", "é", "1" * 65):
        refused(check_position, wrong)

    for wrong in (b'{"a":1,"a":2}', b'[{"a":{"b":1,"b":2}}]', b"1.5", b"9007199254740992", b"NaN", b'"\xff"', b"{} {}", b"-0"):
        refused(strict_json, wrong)
    strict_json(b"[" * 32 + b"]" * 32)
    for levels in (33, 100_000):
        refused(strict_json, b"[" * levels + b"]" * levels)
    for wrong in ("AA==", "AB", "A", "+/", "A A"):
        refused(from_base64url, wrong)


def keyholders(vector):
    listed, request = members(vector, "keyholders", "request")
    for given in listed:
        seed, signing, kem, name = members(given, "seed", "signing", "kem", "id")
        keyholder = Keyholder(from_base64url(seed))
        equal(to_base64url(keyholder.signing), signing)
        equal(to_base64url(keyholder.kem), kem)
        equal(keyholder.id.hex(), name)
        # A key wrapped here opens here, and only in its place.
        info = wrap_info("value", bytes(16), bytes(16), 1, keyholder.id)
        wrapped = HPKE.encrypt(bytes(32), keyholder.encapsulation, info=info)
        wrap = {
            "keyholder": name, "environment": "00" * 16, "generation": 1, "half": "value",
            "encapsulated": to_base64url(wrapped[:1120]), "sealed": to_base64url(wrapped[1120:]),
        }
        equal(open_wrap(keyholder, bytes(16), wrap).key, bytes(32))
        refused(open_wrap, keyholder, bytes(16), {**wrap, "generation": 2})

    seed, method, path, query, body, team, created, base, digest, given_input, signature = members(
        request, "seed", "method", "path", "query", "body", "team", "created", "base",
        "content_digest", "signature_input", "signature",
    )
    keyholder = Keyholder(from_base64url(seed))
    equal(content_digest(from_base64url(body)), digest)
    parameters = signature_parameters(created, keyholder.id.hex())
    equal(f"twinlock={parameters}", given_input)
    equal(signature_base(method, path, query, digest, team, parameters), base)
    raw = base64.b64decode(signature.removeprefix("twinlock=:").removesuffix(":"), validate=True)
    verify_signature(keyholder.signing, base.encode(), raw)
    equal(keyholder.signer.sign(base.encode()), raw)
    refused(verify_signature, keyholder.signing, flipped(base.encode()), raw)


def generation_key(given):
    key, half, team, environment, generation, commitment = members(
        given, "key", "half", "team", "environment", "generation", "commitment"
    )
    scope = from_hex(team, 16), from_hex(environment, 16) if environment else b""
    made = GenerationKey(from_base64url(key), half, *scope, generation)
    check_commitment(made, from_hex(commitment, 32))
    refused(check_commitment, made, flipped(from_hex(commitment, 32)))
    moved = GenerationKey(made.key, half, *scope, generation + 1)
    refused(check_commitment, moved, from_hex(commitment, 32))
    return made


def seals(vector):
    name_key, value_key, team_key, name, value, message, label, wraps = members(
        vector, "name_key", "value_key", "team_key", "name", "value", "message", "label", "wraps"
    )
    keys = {
        "name": generation_key(name_key),
        "value": generation_key(value_key),
        "team": generation_key(team_key),
    }
    sealed = [("name", "name", name), ("value", "value", value), ("name", "message", message), ("team", "label", label)]
    for key, purpose, given in sealed:
        pointer, text, blob = members(given, "pointer", "text", "blob")
        pointer, blob = from_hex(pointer, 16), from_base64url(blob)
        equal(keys[key].open(purpose, pointer, blob), text)
        equal(keys[key].seal(purpose, pointer, text, nonce=blob[1:13]), blob)
        refused(keys[key].open, purpose, flipped(pointer), blob)
        refused(keys[key].open, purpose, pointer, flipped(blob))
        refused(keys[key].open, purpose, pointer, b"\x02" + blob[1:])
        refused(keys[key].open, purpose, pointer, blob[:-1])
        refused(keys[key].open, purpose, pointer, b"")
        for other in {"name", "value", "message", "label"} - {purpose}:
            refused(keys[key].open, other, pointer, blob)
        for other in set(keys) - {key}:
            refused(keys[other].open, purpose, pointer, blob)

    keyholder = Keyholder(from_base64url(wraps["seed"]))
    commitments = {"name": name_key, "value": value_key, "team": team_key}
    for which, key in zip(("name", "value", "team"), members(wraps, "seed", "name", "value", "team")[1:]):
        team = from_hex(commitments[which]["team"], 16)
        opened = open_wrap(keyholder, team, key)
        equal(opened.key, keys[which].key)
        check_commitment(opened, from_hex(commitments[which]["commitment"], 32))
        refused(open_wrap, keyholder, flipped(team), key)
        refused(open_wrap, keyholder, team, {**key, "generation": key["generation"] + 1})
        refused(open_wrap, keyholder, team, {**key, "half": "value" if key["half"] == "name" else "name"})
        refused(open_wrap, keyholder, team, {**key, "sealed": to_base64url(flipped(from_base64url(key["sealed"])))})
        refused(open_wrap, Keyholder(bytes(32)), team, key)


def link(vector):
    text, *expected = members(vector, "text", "team", "address", "pin", "head", "seed")
    equal(members(read_link(text), "team", "address", "pin", "head", "seed"), expected)
    for wrong in (text[:60], "https://vault.example/join#abc", text.replace("twinlock:", "")):
        refused(read_link, wrong)


def token(vector):
    text, *expected, service = members(
        vector, "text", "team", "address", "pin", "head", "seed", "environments", "service"
    )
    equal(members(read_token(text), "team", "address", "pin", "head", "seed", "environments"), expected)
    equal(Keyholder(from_base64url(vector["seed"])).id.hex(), service)
    for wrong in (text[:60], text.replace("token#", "join#"), text.replace("twinlock:", "")):
        refused(read_token, wrong)
    refused(read_link, text)


def pins(vector):
    log, environment, revisions, accepted, refused_pins = members(
        vector, "log", "environment", "revisions", "accepted", "refused"
    )
    replayed = Team(log)
    history = History(replayed, from_hex(environment, 16), revisions)

    def hold(text):
        read = read_pins(text.encode())
        require(from_hex(read["team"], 16) == replayed.id, "pins of another team", "elsewhere")
        # Events are counted from 1, revisions from 0.
        hold_to_pin(read["log"], [b"", *replayed.hashes], "sequence")
        for pinned in read["environments"]:
            equal(pinned["environment"], environment)
            hold_to_pin(pinned["head"], history.hashes, "number")

    for text in accepted:
        hold(text)
        refused(read_pins, text.replace("pins/v1", "pins/v2").encode())
        refused(read_pins, text[:-4].encode())
    for given in refused_pins:
        text, code = members(given, "text", "code")
        refused_for(code, hold, text)
    # Whatever a pin file was made after, a vault that knows less is refused.
    history = History(replayed, from_hex(environment, 16), revisions[:-1])
    refused_for("rollback", hold, accepted[-1])


def further_keyholders(vector):
    computer_link, kit, recovery = members(vector, "computer_link", "kit", "recovery")
    for kind, given, further in (("computer", computer_link, ["computer"]), ("kit", kit, [])):
        names = ["team", "address", "pin", "head", *further]
        text, *expected = members(given, "text", *names)
        body = read_link(text, kind)
        equal([body.get(name) for name in names], expected)
        for wrong in (text[:60], text.replace("twinlock:", ""), text.replace(f"{kind}#", "join#")):
            refused(read_link, wrong, kind)
        for other in {"join", "computer", "kit"} - {kind}:
            refused(read_link, text.replace(f"{kind}#", f"{other}#"), other)
    for given in recovery:
        seed, words, name = members(given, "seed", "words", "id")
        equal(words_of_seed(from_base64url(seed)), words)
        equal(seed_of_words(words), from_base64url(seed))
        equal(Keyholder(seed_of_words(words)).id.hex(), name)
        refused(seed_of_words, words[:23])
        refused(seed_of_words, [*words[:23], "twinlock"])
        refused(seed_of_words, [*words[:23], "zoo" if words[23] != "zoo" else "zone"])


def read_forms(vector):
    """Each text is read, also otherwise spelled, and in no other form."""
    (listed,) = members(vector, "forms")
    for given in listed:
        form, text, accepted, refused_edits = members(given, "form", "text", "accepted", "refused")
        for edits in accepted:
            reads(form, edited(text.encode(), edits))
        for edits in refused_edits:
            refused(reads, form, edited(text.encode(), edits))


def edited(data, edits):
    for start, end, put in reversed(edits):
        data = data[:start] + put.encode() + data[end:]
    return data


def reads(form, data):
    if form in forms.LINKS:
        text = f"twinlock:{form}#{to_base64url(data)}"
        return read_token(text) if form == "token" else read_link(text, form)
    return read_pins(data) if form == "pins" else getattr(forms, form)(strict_json(data))


def safety(vector):
    histories, computers = members(vector, "histories", "computers")
    for given in histories:
        name, log, environments, words = members(given, "team", "log", "environments", "words")
        heads = {from_hex(one["environment"], 16): one["head"] for one in environments}
        equal(words_of_history(from_hex(name, 16), log, heads), words)
        moved = {**log, "sequence": log["sequence"] + 1}
        require(words_of_history(from_hex(name, 16), moved, heads) != words, "words that do not tell two logs apart")
    for given in computers:
        name, words = members(given, "id", "words")
        equal(words_of_computer(from_hex(name, 16)), words)


def team(vector):
    log, name, head, listed, environment, revisions, environment_head, state = members(
        vector, "log", "team", "head", "members", "environment", "revisions", "environment_head", "state"
    )
    replayed = Team(log)
    equal(replayed.id.hex(), name)
    equal({"sequence": len(replayed.hashes), "hash": replayed.hashes[-1].hex()}, head)
    found = [
        {"id": member.hex(), "role": what.role, "since": what.since} for member, what in replayed.members.items()
    ]
    equal(sorted(found, key=lambda m: m["id"]), sorted(listed, key=lambda m: m["id"]))

    history = History(replayed, from_hex(environment, 16), revisions)
    equal({"number": len(history.hashes) - 1, "hash": history.hashes[-1].hex()}, environment_head)
    equal(history.state().hex(), state)

    # Each statement in turn: changed, signed by nobody, signed twice, left out, moved.
    for at in range(len(log)):
        for changed in tampered(log, at):
            refused(Team, changed)
    for at in range(len(revisions)):
        for changed in tampered(revisions, at):
            refused(History, replayed, from_hex(environment, 16), changed)
    # A log without its end does not carry the revisions that were made after it.
    refused(History, Team(log[:-1]), from_hex(environment, 16), revisions)


def trust(vector):
    log, summary, refused_events, environment, revisions, head, state, refused_revisions = members(
        vector,
        "log", "team", "refused_events", "environment", "revisions", "environment_head", "state", "refused_revisions",
    )
    replayed = Team(log)
    equal(summarised(replayed), summary)
    name = from_hex(environment, 16)
    history = History(replayed, name, revisions)
    history.agrees()
    equal({"number": len(history.hashes) - 1, "hash": history.hashes[-1].hex()}, head)
    equal(history.state().hex(), state)
    for given in refused_events:
        after, statement, code = members(given, "after", "statement", "code")
        refused_for(code, Team(log[:after]).append, statement)
    for given in refused_revisions:
        after, statement, code = members(given, "after", "statement", "code")
        refused_for(code, History(replayed, name, revisions[:after]).append, statement)
    short = History(replayed, name, revisions[:-2])
    refused_for("cut-short", short.agrees)
    for at in range(len(log)):
        for changed in tampered(log, at):
            refused(Team, changed)


def summarised(team):
    at = len(team.hashes)
    by_id = lambda things: [dict(id=name.hex(), **what) for name, what in sorted(things)]
    access = lambda name: [{"environment": one.hex(), "level": team.level(name, one)} for one in sorted(team.accessible(name))]
    return {
        "id": team.id.hex(),
        "head": {"sequence": at, "hash": team.hashes[-1].hex()},
        "name_key_due": team.name_key_due,
        "settings": team.settings,
        "members": by_id(
            (name, {"role": who.role, "state": who.state, "access": access(name)}) for name, who in team.members.items()
        ),
        "keyholders": by_id(
            (name, {"member": held.member.hex(), "kind": held.kind, "live": held.revoked is None})
            for name, held in team.keyholders.items()
        ),
        "invites": by_id((name, {"state": one.state}) for name, one in team.invites.items()),
        "services": by_id((name, {"open": one.state == "open"}) for name, one in team.services.items()),
        "environments": by_id(
            (
                name,
                {
                    "generation": one.generations[-1][0], "stale": one.stale_at(at), "reach": one.reach,
                    "orphaned": team.orphaned(name),
                },
            )
            for name, one in team.environments.items()
        ),
    }


def refused_for(code, action, *arguments):
    try:
        action(*arguments)
    except Refused as error:
        equal(error.code, code)
        return
    raise AssertionError(f"what is to be refused as {code} was accepted")


def tampered(statements, at):
    """The list with one statement wronged, in each way that must be noticed."""

    def with_statement(**change):
        changed = copy.deepcopy(statements)
        changed[at].update(change)
        return changed

    one = statements[at]
    signatures = one["signatures"]
    yield with_statement(payload=to_base64url(flipped(from_base64url(one["payload"]))))
    yield with_statement(payloadType=one["payloadType"].replace("v1", "v2"))
    yield with_statement(signatures=signatures[1:])
    yield with_statement(signatures=signatures + signatures[:1])
    yield with_statement(signatures=[{**signatures[0], "keyid": "00" * 16}, *signatures[1:]])
    yield with_statement(
        signatures=[{**signatures[0], "sig": to_base64url(flipped(from_base64url(signatures[0]["sig"])))}, *signatures[1:]]
    )
    yield with_statement(extra=1)
    if at + 1 < len(statements):
        yield statements[:at] + statements[at + 1 :]
        yield statements[:at] + [statements[at + 1], one] + statements[at + 2 :]
    if at:
        yield statements[: at + 1] + [one] + statements[at + 1 :]


def export(data):
    """An export that the real programs made, and each way of tampering with one."""
    verify_export(data)
    lines = [json.loads(line) for line in data.splitlines()]

    def written(changed):
        return b"\n".join(json.dumps(line).encode() for line in changed)

    verify_export(written(lines))
    for at, line in enumerate(lines):
        if line["line"] in ("event", "revision"):
            refused(verify_export, written(lines[:at] + lines[at + 1 :]))
            payload = to_base64url(flipped(from_base64url(line["statement"]["payload"])))
            changed = {**line, "statement": {**line["statement"], "payload": payload}}
            refused(verify_export, written(lines[:at] + [changed] + lines[at + 1 :]))
            unsigned = {**line, "statement": {**line["statement"], "signatures": []}}
            refused(verify_export, written(lines[:at] + [unsigned] + lines[at + 1 :]))
    refused(verify_export, written([{**lines[0], "team": "00" * 16}] + lines[1:]))
    refused(verify_export, written(lines[1:]))
    refused(verify_export, b"")


CHECKS = {
    "encodings.json": encodings,
    "keyholders.json": keyholders,
    "seals.json": seals,
    "link.json": link,
    "token.json": token,
    "pins.json": pins,
    "further_keyholders.json": further_keyholders,
    "forms.json": read_forms,
    "safety.json": safety,
    "team.json": team,
    "trust.json": trust,
}


def main():
    here = pathlib.Path(__file__).resolve().parent
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent.parent / "crates" / "seal" / "vectors"
    present = {path.name for path in folder.glob("*.json")}
    passed = failed = 0
    for name in sorted(present | set(CHECKS)):
        try:
            require(name in present, f"it is not in {folder}")
            require(name in CHECKS, "nothing here checks it: add a check to verify.py")
            CHECKS[name](json.loads((folder / name).read_text(encoding="utf-8")))
        except Exception:  # whatever it is, it is this vector's failure, and the others are still checked
            failed += 1
            print(f"FAILED  {name}")
            traceback.print_exc(limit=4, file=sys.stdout)
        else:
            passed += 1
            print(f"passed  {name}")
    if len(sys.argv) == 1:
        try:
            export((here / "export.jsonl").read_bytes())
        except Exception:
            failed += 1
            print("FAILED  export.jsonl")
            traceback.print_exc(limit=4, file=sys.stdout)
        else:
            passed += 1
            print("passed  export.jsonl")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
