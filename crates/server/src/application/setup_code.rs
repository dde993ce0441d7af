//! The setup code: printed where the vault was started, it allows the first team and nothing else.
//!
//! Only its hash is stored; a start without a team makes a new one.

use rand::TryRng as _;
use rand::rngs::SysRng;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use twinlock_protocol::encoding::Fields;
use zeroize::Zeroizing;

use super::store::SetupCodeHash;

/// 32 signs that are not mistaken for one another: no i, l, o, u.
const SIGNS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const GROUPS: usize = 5;
const SIGNS_PER_GROUP: usize = 5;

/// A setup code in the clear: 125 random bits, in five groups of five signs.
pub struct SetupCode(Zeroizing<String>);

impl SetupCode {
    /// Makes a code from the system's random source.
    pub(crate) fn make() -> Result<Self, rand::rngs::SysError> {
        let mut random = Zeroizing::new([0_u8; GROUPS * SIGNS_PER_GROUP]);
        SysRng.try_fill_bytes(random.as_mut_slice())?;
        let mut code = Zeroizing::new(String::with_capacity(GROUPS * (SIGNS_PER_GROUP + 1)));
        for (at, byte) in random.iter().enumerate() {
            if at > 0 && at % SIGNS_PER_GROUP == 0 {
                code.push('-');
            }
            // 256 is a multiple of 32, so every sign is equally likely.
            code.push(char::from(SIGNS[usize::from(byte % 32)]));
        }
        Ok(Self(code))
    }

    /// A code from where it was kept.
    pub(crate) fn kept(code: String) -> Self {
        Self(Zeroizing::new(code))
    }

    /// The code, to be shown once to whoever started the vault.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> SetupCodeHash {
        hash(&self.0)
    }
}

/// Whether a code that somebody sent is the one whose hash is kept; takes the same time for every answer.
pub(crate) fn check(sent: &str, kept: &SetupCodeHash) -> Result<(), WrongSetupCode> {
    if bool::from(hash(sent).0.ct_eq(&kept.0)) { Ok(()) } else { Err(WrongSetupCode) }
}

/// The code is not the one that was printed.
#[derive(Debug)]
pub(crate) struct WrongSetupCode;

fn hash(code: &str) -> SetupCodeHash {
    let fields = Fields::purpose("twinlock/v1/setup-code").text(code);
    SetupCodeHash(Sha256::digest(fields.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_accepted_and_no_other() {
        let code = SetupCode::make().unwrap();
        assert_eq!(code.expose().len(), GROUPS * SIGNS_PER_GROUP + GROUPS - 1);
        assert!(check(code.expose(), &code.hash()).is_ok());
        let other = SetupCode::make().unwrap();
        assert!(check(other.expose(), &code.hash()).is_err());
        assert!(check("", &code.hash()).is_err());
    }
}
