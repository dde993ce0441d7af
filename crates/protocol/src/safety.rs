//! Safety words: what two people read to each other to learn whether a vault shows both the same, and whether a
//! computer is the one it says it is.
//!
//! Twelve words of the English list of BIP-39, eleven bits each. They are no phrase of that standard: nothing is
//! derived from them, and none of them is a checksum.

use bip39::Language;
use sha2::{Digest as _, Sha256};

use crate::encoding::Fields;
use crate::event::{Head, LogHead};
use crate::ids::{EnvironmentId, KeyholderId, TeamId};

/// How many words there are.
pub const WORDS: usize = 12;
const BITS: usize = 11;

/// Twelve words.
pub type SafetyWords = [&'static str; WORDS];

/// Words over where a team's log stands, and over the environments that both people can see.
#[must_use]
pub fn of_history<'a>(
    team: TeamId,
    log: LogHead,
    environments: impl IntoIterator<Item = (&'a EnvironmentId, &'a Head)>,
) -> SafetyWords {
    let mut heads: Vec<_> = environments.into_iter().collect();
    heads.sort_by_key(|(id, _)| **id);
    let mut fields = Fields::purpose("twinlock/v1/safety-words/history")
        .bytes(team.as_bytes())
        .u64(log.sequence)
        .bytes(log.hash.as_bytes());
    for (id, head) in heads {
        fields = fields.bytes(id.as_bytes()).u64(head.number).bytes(head.hash.as_bytes());
    }
    words(&fields)
}

/// Words for a computer, by the id that its public keys hash to.
#[must_use]
pub fn of_computer(computer: KeyholderId) -> SafetyWords {
    words(&Fields::purpose("twinlock/v1/safety-words/computer").bytes(computer.as_bytes()))
}

/// The first 132 bits of the fields' hash.
fn words(fields: &Fields) -> SafetyWords {
    let hash: [u8; 32] = Sha256::digest(fields.as_bytes()).into();
    let list = Language::English.word_list();
    std::array::from_fn(|word| {
        let bit = |at: usize| usize::from(hash[at / 8] >> (7 - at % 8) & 1);
        // Twelve times eleven bits are fewer than 256, and eleven bits are below the 2,048 words of the list.
        list[(word * BITS..(word + 1) * BITS).fold(0, |index, at| index << 1 | bit(at))]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::StatementHash;

    fn history(sequence: u64, heads: &[(u8, u64, u8)]) -> SafetyWords {
        let heads: Vec<_> = heads
            .iter()
            .map(|(id, number, hash)| {
                let head = Head { number: *number, hash: StatementHash::new([*hash; 32]) };
                (EnvironmentId::new([*id; 16]), head)
            })
            .collect();
        let log = LogHead { sequence, hash: StatementHash::new([7; 32]) };
        of_history(TeamId::new([1; 16]), log, heads.iter().map(|(id, head)| (id, head)))
    }

    #[test]
    fn whatever_differs_gives_other_words_and_the_order_does_not_count() {
        let both = history(3, &[(1, 5, 1), (2, 6, 2)]);
        assert_eq!(both, history(3, &[(2, 6, 2), (1, 5, 1)]));
        let others = [
            history(4, &[(1, 5, 1), (2, 6, 2)]),
            history(3, &[(1, 5, 1)]),
            history(3, &[(1, 6, 1), (2, 6, 2)]),
            history(3, &[(1, 5, 2), (2, 6, 2)]),
            history(3, &[(1, 6, 2), (2, 5, 1)]),
            history(3, &[]),
            of_computer(KeyholderId::new([1; 16])),
        ];
        for (at, other) in others.iter().enumerate() {
            assert_ne!(both, *other, "{at}");
            assert!(others[..at].iter().all(|earlier| earlier != other), "{at}");
        }
    }
}
