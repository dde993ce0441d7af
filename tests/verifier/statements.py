"""Statements (section 5): envelopes and what is signed in them."""

import forms
from twinlock import Refused, from_base64url, from_hex, require, sha256, strict_json, verify_signature

TEAM_EVENT, REVISION = "twinlock/team-event/v1", "twinlock/revision/v1"


class Statement:
    """A DSSE envelope: decoded strictly, its signatures not checked yet."""

    def __init__(self, envelope, expected_type):
        envelope = forms.envelope(envelope)
        require(envelope["payloadType"] == expected_type, "written by a newer version")
        payload = from_base64url(envelope["payload"])
        kind = expected_type.encode()
        self.encoding = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        self.hash = sha256(self.encoding)
        self.payload = formed(strict_json(payload), expected_type)
        self.signatures = envelope["signatures"]

    def verify(self, signers):
        """Exactly these signed, each once. `signers`: id to Ed25519 public key."""
        named = [from_hex(signature["keyid"], 16) for signature in self.signatures]
        require(len(named) == len(signers) and set(named) == set(signers), "another set of signers", "signers")
        for name, signature in zip(named, self.signatures):
            verify_signature(signers[name], self.encoding, from_base64url(signature["sig"]))


def formed(payload, expected_type):
    if expected_type == REVISION:
        return forms.revision(payload)
    inner = payload.get("event") if isinstance(payload, dict) else None
    kind = inner.get("type") if isinstance(inner, dict) else None
    if isinstance(kind, str) and kind not in forms.EVENTS:
        # Of a newer version, if its author says so: nothing else of it is looked at.
        return {"author": forms.ID(payload.get("author")), "event": {"type": kind}}
    return forms.event(payload)
