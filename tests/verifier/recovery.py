"""The words of a recovery kit, section 3 of docs/protocol.md a second time."""

from mnemonic import Mnemonic

from twinlock import require

__all__ = ["seed_of_words", "words_of_seed"]

ENGLISH = Mnemonic("english")


def words_of_seed(seed):
    require(len(seed) == 32, "a seed")
    return ENGLISH.to_mnemonic(seed).split(" ")


def seed_of_words(words):
    require(len(words) == 24 and ENGLISH.check(" ".join(words)), "the words of a kit")
    return bytes(ENGLISH.to_entropy(words))
