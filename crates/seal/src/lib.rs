//! Secret keys: deriving, signing, sealing, opening, wrapping. Client side only; the server does not link it.
//!
//! No primitive of its own: AES-256-GCM, HKDF, Ed25519 and HPKE come from well-kept crates. Nothing here
//! reads a clock or makes randomness by itself; a random source is an argument.

mod derive;
mod form;
mod generation_key;
mod keyholder;
mod link;
mod place;
mod recovery;
mod secret;
mod token;

pub use generation_key::{KeyScope, NameKey, OpenError, ValueKey};
pub use keyholder::{Keyholder, SignedHeaders};
pub use link::{InviteLink, LinkError, Pin};
pub use place::{ComputerLink, KitLine, Place, PlaceError};
pub use recovery::{RECOVERY_WORDS, RecoveryWords, WordsError};
pub use secret::{SecretText, Seed};
pub use token::{ServiceToken, TokenEnvironment, TokenError};
