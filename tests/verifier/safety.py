"""Safety words, section 11 of docs/protocol.md a second time."""

from mnemonic import Mnemonic

from twinlock import fields, from_hex, sha256, u64

__all__ = ["words_of_computer", "words_of_history"]

LIST = Mnemonic("english").wordlist


def words(*parts):
    """The first 132 bits of the hash, eleven for each word."""
    bits = int.from_bytes(sha256(fields(*parts))) >> (256 - 132)
    return [LIST[bits >> (11 * left) & 2047] for left in reversed(range(12))]


def words_of_history(team, log, heads):
    """`heads` by environment id, of the environments that both people can see."""
    in_order = [part for name in sorted(heads) for part in head_fields(name, heads[name])]
    return words("twinlock/v1/safety-words/history", team, u64(log["sequence"]), from_hex(log["hash"], 32), *in_order)


def head_fields(name, head):
    return name, u64(head["number"]), from_hex(head["hash"], 32)


def words_of_computer(name):
    return words("twinlock/v1/safety-words/computer", name)
