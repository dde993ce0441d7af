//! Padding of plaintext before it is sealed, so that a blob's size tells little of a value's length.
//!
//! Padded plaintext is the length (u32, big endian), the bytes, and zeros up to a bucket: powers of two
//! from 32 to 1024, then Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and
//! Communication with PURBs", PETS 2019), the length field included.

const LENGTH_FIELD: usize = 4;
const SMALLEST: usize = 32;
const LARGEST_POWER: usize = 1024;

/// Padded plaintext that is not what `pad` would have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the padding is not of the protocol's form")]
pub struct WrongPadding;

/// The padded size, in bytes, of `length` bytes of plaintext.
#[must_use]
pub fn padded_length(length: usize) -> usize {
    let total = length + LENGTH_FIELD;
    if total <= LARGEST_POWER {
        return total.next_power_of_two().max(SMALLEST);
    }
    let exponent = total.ilog2();
    let significant_bits = exponent.ilog2() + 1;
    let mask = (1_usize << (exponent - significant_bits)) - 1;
    (total + mask) & !mask
}

/// Pads plaintext to its bucket. `limits` keep every plaintext far below 4 GiB.
#[must_use]
pub fn pad(plaintext: &[u8]) -> Vec<u8> {
    let length = u32::try_from(plaintext.len()).unwrap_or(u32::MAX);
    let mut padded = Vec::with_capacity(padded_length(plaintext.len()));
    padded.extend_from_slice(&length.to_be_bytes());
    padded.extend_from_slice(plaintext);
    padded.resize(padded_length(plaintext.len()), 0);
    padded
}

/// The plaintext inside; any other form than `pad` makes is refused.
pub fn unpad(padded: &[u8]) -> Result<&[u8], WrongPadding> {
    let (length, rest) = padded.split_first_chunk::<LENGTH_FIELD>().ok_or(WrongPadding)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| WrongPadding)?;
    let (plaintext, zeros) = rest.split_at_checked(length).ok_or(WrongPadding)?;
    let exact = padded.len() == padded_length(length) && zeros.iter().all(|&byte| byte == 0);
    if exact { Ok(plaintext) } else { Err(WrongPadding) }
}

/// Whether some plaintext pads to exactly this many bytes: what a server can check of a blob it cannot open.
#[must_use]
pub fn is_bucket(padded: usize) -> bool {
    padded >= SMALLEST && padded_length(padded - LENGTH_FIELD) == padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets() {
        for (length, expect) in [
            (0, 32),
            (28, 32),
            (29, 64),
            (60, 64),
            (1020, 1024),
            (1021, 1088),
            (1084, 1088),
            (1085, 1152),
            (100_000, 100_352),
            (262_144, 270_336),
        ] {
            assert_eq!(padded_length(length), expect, "{length}");
            assert!(is_bucket(expect));
        }
        assert!(!is_bucket(31) && !is_bucket(33) && !is_bucket(1025));
    }

    #[test]
    fn only_exact_padding_opens() {
        for length in [0, 1, 28, 29, 1020, 1021, 5000] {
            let plaintext = vec![7; length];
            assert_eq!(unpad(&pad(&plaintext)), Ok(plaintext.as_slice()));
        }
        let mut longer = pad(b"abc");
        longer.extend_from_slice(&[0; 32]);
        let mut dirty = pad(b"abc");
        dirty[31] = 1;
        let mut lying = pad(b"abc");
        lying[3] = 200;
        for wrong in [longer, dirty, lying, Vec::new(), vec![0; 3], vec![0xff; 32]] {
            assert_eq!(unpad(&wrong), Err(WrongPadding));
        }
    }
}
