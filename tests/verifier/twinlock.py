"""The Twinlock protocol, version 1, a second time: written from docs/protocol.md, to find what the text leaves open.

It checks vectors and is no client: it keeps no secret safe and does no I/O. Every primitive comes from `cryptography`.
What does not verify raises Refused.
"""

import base64
import hashlib
import hmac
import json
import re

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Refused(Exception):
    """What was given does not verify. `code` is that of section 12, where the rule names one."""

    def __init__(self, why, code=None):
        super().__init__(why)
        self.code = code


def require(condition, why, code=None):
    if not condition:
        raise Refused(why, code)


def sha256(data):
    return hashlib.sha256(data).digest()


# Encodings (section 2)


def from_base64url(text):
    """Canonical base64url without padding."""
    require(isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_-]*", text), "base64url")
    require(len(text) % 4 != 1, "base64url of an impossible length")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    require(to_base64url(data) == text, "base64url that is not canonical")
    return data


def to_base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_hex(text, length):
    require(isinstance(text, str) and re.fullmatch(f"[0-9a-f]{{{2 * length}}}", text), f"an id of {length} bytes")
    return bytes.fromhex(text)


LEVELS = 32


def strict_json(data):
    """JSON without doubled members at any depth, at most 32 levels deep, with integers below 2^53 only."""

    def members(pairs):
        require(len({name for name, _ in pairs}) == len(pairs), "a doubled member")
        return dict(pairs)

    def integer(text):
        require(abs(int(text)) < 2**53 and text != "-0", "an integer of 2^53 or more, or -0")
        return int(text)

    def never(text):
        raise Refused(f"a number that is no integer: {text}")

    def look(value, levels):
        if isinstance(value, str):
            value.encode()  # half of a surrogate pair is no text
        elif isinstance(value, (dict, list)):
            require(levels, "nested too deep")
            for one in [*value, *value.values()] if isinstance(value, dict) else value:
                look(one, levels - 1)

    try:
        text = data.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=members, parse_int=integer, parse_float=never, parse_constant=never
        )
        look(value, LEVELS)
        return value
    except (ValueError, RecursionError) as error:
        raise Refused(f"JSON: {error}") from None


def u32(number):
    return number.to_bytes(4, "big")


def u64(number):
    return number.to_bytes(8, "big")


def fields(*parts):
    """Each part preceded by its length. Text is UTF-8; integers are given as u32() or u64()."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(u32(len(part)) + part for part in encoded)


def derive(key, *info):
    return HKDF(hashes.SHA256(), 32, salt=None, info=fields(*info)).derive(key)


def padded_length(length):
    """The bucket: powers of two from 32 to 1024, then Padmé, the length field included."""
    total = length + 4
    if total <= 1024:
        return max(32, 1 << (total - 1).bit_length())
    exponent = total.bit_length() - 1
    free_bits = exponent - exponent.bit_length()
    return -(-total >> free_bits) << free_bits


def pad(plaintext):
    return (u32(len(plaintext)) + plaintext).ljust(padded_length(len(plaintext)), b"\0")


def unpad(padded):
    require(len(padded) >= 4, "padding")
    plaintext = padded[4 : 4 + int.from_bytes(padded[:4], "big")]
    require(pad(plaintext) == padded, "padding")
    return plaintext


def check_position(position):
    require(isinstance(position, str) and re.fullmatch("[0-9a-z]{0,63}[1-9a-z]", position), "a position")
    return position


# Keyholders (section 3)


def keyholder_id(signing, kem):
    require(len(signing) == 32 and len(kem) == 1216, "public keys of another size")
    return sha256(fields("twinlock/v1/keyholder", signing, kem))[:16]


class Keyholder:
    """What a seed of 32 bytes gives."""

    def __init__(self, seed):
        self.signer = Ed25519PrivateKey.from_private_bytes(derive(seed, "twinlock/v1/keyholder-signing"))
        # The 32 bytes are the X-Wing decapsulation key itself; X-Wing expands them with SHAKE256.
        expanded = hashlib.shake_256(derive(seed, "twinlock/v1/keyholder-kem")).digest(96)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
        self.decapsulation = hpke.MLKEM768X25519PrivateKey(mlkem, x25519)
        self.encapsulation = self.decapsulation.public_key()
        self.signing = self.signer.public_key().public_bytes_raw()
        self.kem = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        self.id = keyholder_id(self.signing, self.kem)


def verify_signature(signing, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(signing).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise Refused("a signature") from None


def hold_to_pin(pin, hashes, at):
    """The history, as its hashes by number, goes through a pinned head; `at` names the number's member."""
    require(pin[at] < len(hashes), "a history from before the pin", "rollback")
    require(hashes[pin[at]] == from_hex(pin["hash"], 32), "another history than the pinned one", "fork")


# Keys of an environment, and what they seal (sections 5 and 6)


class GenerationKey:
    """A name key or a value key. `environment` is empty for the team's own name key."""

    def __init__(self, key, half, team, environment, generation):
        require(len(key) == 32 and half in ("name", "value"), "a key")
        self.key, self.half = key, half
        self.scope = (team, environment, u32(generation))

    def commitment(self):
        return derive(self.key, "twinlock/v1/commitment", self.half, *self.scope)

    def _cipher(self, purpose, pointer):
        aad = fields(f"twinlock/v1/{purpose}", *self.scope, pointer)
        return AESGCM(derive(self.key, f"twinlock/v1/{purpose}", pointer)), aad

    def seal(self, purpose, pointer, text, nonce):
        cipher, aad = self._cipher(purpose, pointer)
        return b"\x01" + nonce + cipher.encrypt(nonce, pad(text.encode()), aad)

    def open(self, purpose, pointer, blob):
        require(blob[:1] == b"\x01", "a blob of another version")
        cipher, aad = self._cipher(purpose, pointer)
        try:
            return unpad(cipher.decrypt(blob[1:13], blob[13:], aad)).decode()
        except (InvalidTag, ValueError):
            raise Refused("a blob that does not open") from None


HPKE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def wrap_info(half, team, environment, generation, keyholder):
    return fields("twinlock/v1/wrap", half, team, environment, u32(generation), keyholder)


def open_wrap(keyholder, team, wrap):
    environment = from_hex(wrap["environment"], 16) if wrap.get("environment") else b""
    require(from_hex(wrap["keyholder"], 16) == keyholder.id, "a wrap to another keyholder")
    info = wrap_info(wrap["half"], team, environment, wrap["generation"], keyholder.id)
    encapsulated, sealed = from_base64url(wrap["encapsulated"]), from_base64url(wrap["sealed"])
    require(len(encapsulated) == 1120 and len(sealed) == 48, "a wrap of another size")
    try:
        key = HPKE.decrypt(encapsulated + sealed, keyholder.decapsulation, info=info)
    except (InvalidTag, ValueError):
        raise Refused("a wrap that does not open") from None
    return GenerationKey(key, wrap["half"], team, environment, wrap["generation"])


def check_commitment(key, commitment):
    require(hmac.compare_digest(key.commitment(), commitment), "a key that was not committed to")


# Requests (section 7)


def content_digest(body):
    return f"sha-256=:{base64.b64encode(sha256(body)).decode()}:"


def signature_parameters(created, keyid):
    covered = '("@method" "@path" "@query" "content-digest" "twinlock-team")'
    return f'{covered};created={created};keyid="{keyid}"'


def signature_base(method, path, query, digest, team, parameters):
    return "\n".join(
        [
            f'"@method": {method}',
            f'"@path": {path}',
            f'"@query": ?{query}',
            f'"content-digest": {digest}',
            f'"twinlock-team": {team}',
            f'"@signature-params": {parameters}',
        ]
    )
