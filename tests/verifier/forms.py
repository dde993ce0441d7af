"""The form of everything that is read (section 2): which members an object has, and what each of them is.

A form takes a decoded JSON value and gives it back, without members that are `null` for absent. Anything else is Refused.
"""

from twinlock import Refused, check_position, from_base64url, from_hex, require, strict_json


def hexadecimal(length):
    return lambda value: (from_hex(value, length), value)[1]


def base64url(length=None):
    def form(value):
        require(length in (None, len(from_base64url(value))), f"{length} bytes in base64url")
        return value

    return form


def integer(bits):
    def form(value):
        # Python's True is an int as well.
        require(type(value) is int and 0 <= value < 1 << bits, f"an integer of {bits} bits")
        return value

    return form


def truth(value):
    require(type(value) is bool, "true or false")
    return value


def text(value):
    require(isinstance(value, str), "a text")
    return value


def one_of(*words):
    def form(value):
        require(isinstance(value, str) and value in words, f"one of {words}")
        return value

    return form


def listed(form):
    def each(value):
        require(isinstance(value, list), "a list")
        return [form(one) for one in value]

    return each


def members(**forms):
    """An object of exactly these members; those that end in `_` may be left out."""
    required = {name: form for name, form in forms.items() if not name.endswith("_")}
    optional = {name[:-1]: form for name, form in forms.items() if name.endswith("_")}

    def form(value):
        require(isinstance(value, dict), "an object")
        require(set(required) <= set(value) <= set(required) | set(optional), f"other members than {sorted(forms)}", "malformed")
        there = {name: one for name, one in value.items() if not (name in optional and one is None)}
        return {name: (required.get(name) or optional[name])(one) for name, one in there.items()}

    return form


ID, HASH, KEY, BLOB = hexadecimal(16), hexadecimal(32), base64url(32), base64url()
NUMBER, GENERATION, TIME, DAYS = integer(53), integer(32), integer(53), integer(32)
ROLE, LEVEL, HALF = one_of("member", "admin", "owner"), one_of("names", "read", "write"), one_of("name", "value")
KEYS = members(signing=KEY, kem=base64url(1216))
HEAD, LOG = members(number=NUMBER, hash=HASH), members(sequence=NUMBER, hash=HASH)
HEADS = listed(members(environment=ID, head=HEAD))
LABEL = members(id=ID, generation=GENERATION, sealed=BLOB)
GRANTS = listed(members(environment=ID, level=LEVEL))
COMMITMENTS = members(name=HASH, value_=HASH)


def subject(value):
    of_team = isinstance(value, dict) and value.get("kind") == "team"
    one = members(kind=one_of("team"), id_=absent) if of_team else members(kind=one_of("member", "project", "environment", "service"), id=ID)
    return one(value)


def absent(_):
    raise Refused("a member that is not to be here")


NAMED = {"subject": subject, "label": LABEL}
EVENTS = {
    "team-created": {"keys": KEYS},
    "team-settings": {"creating": one_of("members", "admins"), "renewal": members(at_least_days=DAYS, at_most_days=DAYS)},
    "label-changed": NAMED,
    "invited": {"keys": KEYS, "role": ROLE, "access": GRANTS, "expires_at": TIME, "approve": truth},
    "invite-closed": {"invite": ID},
    "member-joined": {"keys": KEYS, "invite": ID, "label_": LABEL},
    "member-approved": {"member": ID},
    "role-changed": {"member": ID, "role": ROLE, "keep": listed(ID), "heads": HEADS},
    "member-removed": {"member": ID, "keep": listed(ID), "heads": HEADS},
    "keyholder-added": {"keys": KEYS, "kind": one_of("computer", "recovery")},
    "keyholder-revoked": {"keyholder": ID, "keep": listed(ID), "heads": HEADS},
    "service-created": {"keys": KEYS, "label": LABEL, "access": GRANTS, "expires_at_": TIME},
    "service-closed": {"service": ID},
    "project-created": {"project": ID, "label": LABEL},
    "project-deleted": {"project": ID, "heads": HEADS},
    "environment-created": {
        "environment": ID, "project": ID, "label": LABEL, "commitments": COMMITMENTS,
        "access": listed(members(member=ID, level=LEVEL)),
    },
    "environment-deleted": {"environment": ID, "head": HEAD},
    "access-changed": {"environment": ID, "member": ID, "level_": LEVEL, "head_": HEAD},
    "generation-opened": {"environment_": ID, "generation": GENERATION, "commitments": COMMITMENTS, "head_": HEAD},
    "vault-moved": {"address": text, "pin_": KEY},
    "history-accepted": {"log": LOG, "heads": HEADS},
}


def inner_event(value):
    require(isinstance(value, dict), "an object")
    kind = value.get("type")
    one_of(*EVENTS)(kind)
    forms = dict(EVENTS[kind])
    if kind == "generation-opened" and "labels" in value:
        # There are none, or the member is left out.
        require(value["labels"], "an empty list of labels")
        forms["labels"] = listed(members(**NAMED))
    return members(type=text, **forms)(value)


event = members(author=ID, team_=ID, sequence=NUMBER, previous_=HASH, created_at=TIME, event=inner_event)


def change(value):
    require(isinstance(value, dict) and len(value) == 1, "a change of one kind")
    kinds = {
        "put": members(entry=ID, position=check_position, name=BLOB, pointer=ID, digest=HASH),
        "remove": members(entry=ID),
        "purge": members(pointer=ID),
    }
    (kind, body), = value.items()
    one_of(*kinds)(kind)
    return {kind: kinds[kind](body)}


revision = members(
    team=ID, environment=ID, author=ID, number=NUMBER, previous=HASH, generation=GENERATION, team_head=LOG,
    changes=listed(change), state=HASH, cause=one_of("push", "import", "restore", "rotate", "purge"),
    message_=members(pointer=ID, text=BLOB), created_at=TIME,
)
envelope = members(payloadType=text, payload=BLOB, signatures=listed(members(keyid=ID, sig=BLOB)))
wrap = members(
    keyholder=ID, environment_=ID, generation=GENERATION, half=HALF, wrapper=ID, encapsulated=BLOB, sealed=BLOB
)
pins = members(form=one_of("twinlock/pins/v1"), team=ID, log=LOG, environments=HEADS)

PLACE = {"team": ID, "address": text, "pin_": KEY, "head": LOG}
LINKS = {
    "join": members(v=integer(53), **PLACE, seed=KEY),
    "token": members(v=integer(53), **PLACE, seed=KEY, environments=listed(members(id=ID, name=text))),
    "computer": members(v=integer(53), **PLACE, computer=ID),
    "kit": members(v=integer(53), **PLACE),
}


def read_link(text_of_it, kind="join"):
    """What stands in `twinlock:KIND#…`: `join`, `token`, `computer` or `kit`."""
    require(text_of_it.startswith(f"twinlock:{kind}#"), "a link of another kind")
    body = strict_json(from_base64url(text_of_it.removeprefix(f"twinlock:{kind}#")))
    require(isinstance(body, dict) and type(body.get("v")) is int and body["v"] == 1, "a link of another version")
    body = LINKS[kind](body)
    del body["v"]
    return body


def read_token(text_of_it):
    body = read_link(text_of_it, "token")
    names = [one["id"] for one in body["environments"]]
    require(names and len(set(names)) == len(names), "environments, each once")
    return body


def read_pins(data):
    body = pins(strict_json(data))
    names = [one["environment"] for one in body["environments"]]
    require(all(first < second for first, second in zip(names, names[1:])), "environments in order, each once")
    return body
