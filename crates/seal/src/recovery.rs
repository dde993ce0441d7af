//! The words of a recovery kit: a seed of 32 bytes as 24 English words of BIP-39, and back.

use bip39::{Language, Mnemonic};
use twinlock_memory::{Key, clean_stack};
use zeroize::Zeroizing;

use crate::secret::Seed;

/// How many words a kit has.
pub const RECOVERY_WORDS: usize = 24;

/// A kit's words. Wiped when dropped; has no `Debug`, and is never compared.
pub struct RecoveryWords(Mnemonic);

/// Why words are no kit's. None of them is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Too few, or too many.
    #[error("a recovery kit has 24 words, and these are {0}")]
    Count(usize),
    /// One that is on no kit.
    #[error("word {0} is none of the words that kits are made of: look for a slip of the pen")]
    Unknown(usize),
    /// All are possible, and they do not belong together.
    #[error(
        "each of these words is possible, but together they are no kit: one is wrong, or two changed places"
    )]
    Checksum,
}

impl RecoveryWords {
    /// The words of a seed.
    #[must_use]
    pub fn of(seed: &Seed) -> Self {
        #[expect(clippy::expect_used, reason = "BIP-39 takes 16 to 32 bytes; only a length can be wrong")]
        let words =
            Mnemonic::from_entropy_in(Language::English, seed.expose()).expect("32 bytes are 24 words");
        Self(words)
    }

    /// Reads words as somebody copied them: in any case, over several lines, numbered or not.
    pub fn parse(text: &str) -> Result<Self, WordsError> {
        // As long as it can get from the start, so that nothing is left behind where it grew.
        let mut joined = Zeroizing::new(String::with_capacity(text.len() + 1));
        let mut count = 0;
        for word in text.split_whitespace().filter(|word| !is_number(word)) {
            if count > 0 {
                joined.push(' ');
            }
            joined.extend(word.chars().map(|c| c.to_ascii_lowercase()));
            count += 1;
        }
        let known = |word: &str| Language::English.find_word(word).is_some();
        if let Some(at) = joined.split(' ').position(|word| !known(word))
            && count == RECOVERY_WORDS
        {
            return Err(WordsError::Unknown(at + 1));
        }
        if count != RECOVERY_WORDS {
            return Err(WordsError::Count(count));
        }
        Mnemonic::parse_in_normalized(Language::English, &joined).map(Self).map_err(|_| WordsError::Checksum)
    }

    /// The seed that the words stand for.
    #[must_use]
    pub fn seed(&self) -> Seed {
        clean_stack(|| {
            let (entropy, _) = self.0.to_entropy_array();
            Seed::new(Key::fill(|place| place.copy_from_slice(&entropy[..32])))
        })
    }

    /// The words, in order. Say beside the call where they go.
    pub fn expose(&self) -> impl Iterator<Item = &'static str> {
        self.0.words()
    }
}

/// The number before a word on a sheet of paper: `7`, `7.`, `7)`, `7:`.
fn is_number(word: &str) -> bool {
    let digits = word.trim_end_matches(['.', ')', ':']);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Vec<&'static str> {
        RecoveryWords::of(&Seed::from_bytes([7; 32])).expose().collect()
    }

    fn why(text: &str) -> Option<WordsError> {
        RecoveryWords::parse(text).err()
    }

    #[test]
    fn words_come_back_however_they_were_written_down() {
        let words = words();
        assert_eq!(words.len(), RECOVERY_WORDS);
        let numbered: Vec<String> =
            words.iter().enumerate().map(|(at, word)| format!("{}. {word}", at + 1)).collect();
        for text in [
            words.join(" "),
            words.join("\n"),
            format!("  {}\r\n", words.join("   ").to_uppercase()),
            numbered.join("  "),
        ] {
            let read = RecoveryWords::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(*read.seed().expose(), [7; 32]);
        }
    }

    #[test]
    fn wrong_words_are_told_without_repeating_them() {
        let words = words();
        assert_eq!(why(""), Some(WordsError::Count(0)));
        assert_eq!(why(&words[..23].join(" ")), Some(WordsError::Count(23)));
        // A dot by itself is no number.
        assert_eq!(why(&format!("{} .", words.join(" "))), Some(WordsError::Count(25)));
        let mut other = words.clone();
        other[4] = "twinlock";
        assert_eq!(why(&other.join(" ")), Some(WordsError::Unknown(5)));
        let mut swapped = words;
        swapped.swap(0, 1);
        assert_ne!(swapped[0], swapped[1]);
        assert_eq!(why(&swapped.join(" ")), Some(WordsError::Checksum));
    }
}
