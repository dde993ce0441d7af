//! The core that window and command line share: home, keychain, store, files, watch, vault, sync, team.
//!
//! [`Client`] has the verbs, [`view`] what is shown, [`Event`] what moved. Planning ([`sync`]) and the
//! writing of events (`team`) are pure; everything that touches the world is in the other modules.

mod clock;
mod engine;
mod error;
pub mod files;
pub mod home;
pub mod keychain;
mod refused;
pub mod store;
pub mod sync;
mod team;
mod vault;
pub mod view;

pub use clock::Clock;
pub use engine::{
    AccessRequest, Applicant, Approval, Approved, BroughtIn, Candidacy, Client, ComparedComputer,
    CreateMissing, Differing, Event, FormerValue, HandedOut, ImportTarget, Incoming, Invitation,
    InviteOptions, Keep, KnockingComputer, LinkOptions, Message, NewKit, NewService, OpenOptions, ProvenKit,
    PullOutcome, PurgeOutcome, PushOutcome, ReadAs, Resolution, Revealed, Selection, ServiceOptions,
    SettingsChange, SyncOutcome, Taking, TeamPlace, ToPurge, ToRun, WriteOutcome, WrongWord, write_pins,
};
pub use error::{Error, ErrorCode};
pub use refused::{Evidence, Refused};
pub use store::Mode;
pub use team::inert::{inert_line, is_inert};
pub use team::{Label, NotALabel};
pub use twinlock_dotenv as dotenv;
pub use twinlock_formats as formats;
pub use twinlock_protocol::event::{Creating, KeyholderKind, Level, Renewal, Role};
pub use twinlock_protocol::ids;
pub use twinlock_protocol::pins::{NotPins, Pins};
pub use twinlock_protocol::refusal::{Misanswer, Refusal};
pub use twinlock_protocol::revision::Cause;
pub use twinlock_protocol::safety::SafetyWords;
pub use twinlock_seal::{
    ComputerLink, InviteLink, KitLine, LinkError, Pin, PlaceError, RECOVERY_WORDS, RecoveryWords, SecretText,
    ServiceToken, TokenError, WordsError,
};
pub use vault::{Answered, Patience, Served, VaultError, VaultLocation};
