//! Why something that a vault served, or that a client sent, is not accepted.

use crate::encoding::JsonError;
use crate::ids::{EntryId, EnvironmentId, Generation, KeyholderId, MemberId, Pointer, ProjectId};

/// A check that failed. Whoever gets one has changed nothing.
///
/// `code` is stable and documented; the text says what was found, for the evidence and for the people who
/// look into it. What it means for a user, what was kept safe and what to do is said by the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A statement or event type that this version does not know.
    #[error("it was written by a newer version of Twinlock ({kind})")]
    NewerVersion {
        /// The type as written, cut to a printable length.
        kind: String,
    },
    /// The payload is not of the protocol's form.
    #[error("the statement is not of the protocol's form: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// Signatures are missing, extra or doubled.
    #[error("the statement is not signed by exactly those who have to sign it")]
    Signers,
    /// A signature does not verify.
    #[error("the signature of {signer} does not verify")]
    Signature {
        /// Whose signature it claims to be.
        signer: KeyholderId,
    },
    /// Signed by somebody the team does not know.
    #[error("{keyholder} is not a keyholder of the team")]
    UnknownKeyholder {
        /// The stranger.
        keyholder: KeyholderId,
    },
    /// Public keys that do not hash to the id they are given for.
    #[error("the keys given for {keyholder} are not its keys")]
    Keys {
        /// The id they were given for.
        keyholder: KeyholderId,
    },
    /// A statement of another team or environment.
    #[error("the statement belongs to another team or environment")]
    Elsewhere,
    /// Not the next number of its chain.
    #[error("number {found} was served where {expected} is due")]
    Number {
        /// The number due.
        expected: u64,
        /// The number served.
        found: u64,
    },
    /// Does not continue the chain it is served in.
    #[error("number {number} does not continue the history before it")]
    Chain {
        /// Its number.
        number: u64,
    },
    /// The vault serves less than this client has seen.
    #[error("the history ends at {served}, and {seen} was seen before")]
    Rollback {
        /// The last number served.
        served: u64,
        /// The last number seen.
        seen: u64,
    },
    /// The vault serves a history other than the one this client has seen.
    #[error("number {number} is not the one that was seen before")]
    Fork {
        /// The first number known to differ.
        number: u64,
    },
    /// The log names a later head than the revisions served reach.
    #[error("the history of the environment stops at {served}, and the log knows of {known}")]
    CutShort {
        /// The last number served.
        served: u64,
        /// The number the log vouches for.
        known: u64,
    },
    /// A revision refers to a later log than is known here. Not a lie until the log was fetched again.
    #[error("it refers to number {sequence} of the log, which is not known here")]
    LogBehind {
        /// The log sequence referred to.
        sequence: u64,
    },
    /// A revision refers to another log.
    #[error("it refers to another log of this team at number {sequence}")]
    OtherLog {
        /// The log sequence referred to.
        sequence: u64,
    },
    /// The author may not do this.
    #[error("{author} may not do this: {rule}")]
    NotAllowed {
        /// The keyholder who signed.
        author: KeyholderId,
        /// The rule, in words.
        rule: &'static str,
    },
    /// An id that is already taken.
    #[error("the id is already taken")]
    IdTaken,
    /// No such member.
    #[error("there is no member {0}")]
    NoMember(MemberId),
    /// No such project.
    #[error("there is no project {0}")]
    NoProject(ProjectId),
    /// No such environment.
    #[error("there is no environment {0}")]
    NoEnvironment(EnvironmentId),
    /// The invite was never made, is used up, or is closed.
    #[error("the invite {0} is not open")]
    InviteNotOpen(KeyholderId),
    /// The service was never created, or is closed.
    #[error("the service {0} is not open")]
    ServiceNotOpen(KeyholderId),
    /// Signed with a computer or kit that counts no more, or concerns one.
    #[error("{keyholder} was taken from the team")]
    Revoked {
        /// The keyholder.
        keyholder: KeyholderId,
    },
    /// The team would be left without an owner.
    #[error("{0} is the last owner")]
    LastOwner(MemberId),
    /// A member would be left without a computer or kit.
    #[error("{0} would be left without any computer or kit")]
    NoKeyholderLeft(MemberId),
    /// Something is named as kept that would not fall, or that the author can't stand in for.
    #[error("{0} can't be kept")]
    Kept(KeyholderId),
    /// The heads recorded are not those of the environments concerned, or contradict the log.
    #[error("the event does not record the heads of the environments that it concerns")]
    Heads,
    /// A revision above the head recorded when its author lost the right to push, under an older log head.
    #[error("number {number} comes after number {pin}, with which its author's right to push ended")]
    AbovePin {
        /// The revision's number.
        number: u64,
        /// The recorded head.
        pin: u64,
    },
    /// A value to purge is in use, unknown, or purged already.
    #[error("pointer {0} can't be purged")]
    Purge(Pointer),
    /// A limit of the protocol (`limits`).
    #[error("over the limit: {0}")]
    Limit(&'static str),
    /// Not the generation of keys that is due.
    #[error("generation {found} was used where {due} is due")]
    WrongGeneration {
        /// The generation due.
        due: Generation,
        /// The generation used.
        found: Generation,
    },
    /// Somebody lost a key since this generation was opened: nothing new is sealed under it.
    #[error("the keys of the environment have to be renewed before anything is pushed")]
    Stale,
    /// A `rotate` revision without its opened generation, or the reverse.
    #[error("new keys and the revision that re-seals everything under them belong together")]
    RotationMismatch,
    /// A `rotate` revision that does not re-seal exactly the current entries.
    #[error("the revision does not re-seal exactly the current entries")]
    RotationIncomplete,
    /// The entry to remove is not there, or an entry occurs twice in one revision.
    #[error("entry {0} is not there, or is changed twice")]
    Entry(EntryId),
    /// Two entries at one position, or a position not of the protocol's form.
    #[error("two entries stand at the same place")]
    PositionTaken,
    /// A pointer was used before for something else.
    #[error("pointer {0} was used before")]
    PointerReused(Pointer),
    /// A revision or an event that changes nothing.
    #[error("it changes nothing")]
    NoChange,
    /// The stated state is not what the changes lead to.
    #[error("the revision's state is not what its changes lead to")]
    State,
    /// A value's blob is not the one the revision names.
    #[error("the sealed value for {0} is not the one its author signed")]
    Digest(Pointer),
    /// A value that the revision names is not served.
    #[error("the sealed value for {0} is missing")]
    ValueMissing(Pointer),
    /// What was answered is no answer.
    #[error("what was answered is no answer to what was asked: {0}")]
    Answer(Misanswer),
    /// Somebody else than the vault answers.
    #[error("what answers does not have the vault's certificate")]
    Certificate,
    /// A key that does not match the commitment in the log.
    #[error("a key for generation {generation} does not match the one the team signed for")]
    Commitment {
        /// The generation of the key.
        generation: Generation,
    },
}

impl Refusal {
    /// A stable name for this kind of refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NewerVersion { .. } => "newer-version",
            Self::Malformed { .. } => "malformed",
            Self::Signers => "signers",
            Self::Signature { .. } => "signature",
            Self::UnknownKeyholder { .. } => "unknown-keyholder",
            Self::Keys { .. } => "keys",
            Self::Elsewhere => "elsewhere",
            Self::Number { .. } => "number",
            Self::Chain { .. } => "chain",
            Self::Rollback { .. } => "rollback",
            Self::Fork { .. } => "fork",
            Self::CutShort { .. } => "cut-short",
            Self::LogBehind { .. } => "log-behind",
            Self::OtherLog { .. } => "other-log",
            Self::NotAllowed { .. } => "not-allowed",
            Self::IdTaken => "id-taken",
            Self::NoMember(_) => "no-member",
            Self::NoProject(_) => "no-project",
            Self::NoEnvironment(_) => "no-environment",
            Self::InviteNotOpen(_) => "invite-not-open",
            Self::ServiceNotOpen(_) => "service-not-open",
            Self::Revoked { .. } => "revoked",
            Self::LastOwner(_) => "last-owner",
            Self::NoKeyholderLeft(_) => "no-keyholder-left",
            Self::Kept(_) => "kept",
            Self::Heads => "heads",
            Self::AbovePin { .. } => "above-pin",
            Self::Purge(_) => "purge",
            Self::Limit(_) => "limit",
            Self::WrongGeneration { .. } => "wrong-generation",
            Self::Stale => "stale",
            Self::RotationMismatch => "rotation-mismatch",
            Self::RotationIncomplete => "rotation-incomplete",
            Self::Entry(_) => "entry",
            Self::PositionTaken => "position-taken",
            Self::PointerReused(_) => "pointer-reused",
            Self::NoChange => "no-change",
            Self::State => "state",
            Self::Digest(_) => "digest",
            Self::ValueMissing(_) => "value-missing",
            Self::Answer(Misanswer::Foreign) => "not-a-vault",
            Self::Answer(Misanswer::Redirect) => "redirect",
            Self::Answer(Misanswer::Form) => "not-understood",
            Self::Answer(Misanswer::Compressed) => "compressed",
            Self::Answer(Misanswer::Endless) => "too-long",
            Self::Answer(Misanswer::Unasked) => "unasked",
            Self::Certificate => "certificate",
            Self::Commitment { .. } => "commitment",
        }
    }
}

/// How an answer is none: no vault gives one like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misanswer {
    /// A web page, another program's error, nothing where something was due or the reverse.
    #[error("it is not of a vault")]
    Foreign,
    /// It names another place to ask.
    #[error("it sends the asker somewhere else")]
    Redirect,
    /// Not of the API's form: not JSON, nested too deep, members twice, unknown or of another kind.
    #[error("it is not of the form that is due")]
    Form,
    /// Compressed, or encoded otherwise.
    #[error("its content is encoded")]
    Compressed,
    /// Longer than any answer is.
    #[error("it is longer than any answer")]
    Endless,
    /// With something that was not asked for, or something twice.
    #[error("it has something twice, or something that was not asked for")]
    Unasked,
}

impl From<JsonError> for Refusal {
    fn from(error: JsonError) -> Self {
        // serde quotes the offending text; a hostile one is cut and made inert before it reaches a screen.
        Self::Malformed { reason: printable(&error.to_string(), 200) }
    }
}

/// At most `limit` characters of foreign text, control characters replaced.
pub(crate) fn printable(text: &str, limit: usize) -> String {
    text.chars().take(limit).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
