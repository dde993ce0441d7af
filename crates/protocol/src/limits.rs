//! The limits of protocol version 1. Over a limit there is a clear error before anything is sent.

/// Bytes of one right half (value, comment and line ending) or one block of prose.
pub const VALUE_BYTES: usize = 256 * 1024;
/// Bytes of one `.env` file.
pub const FILE_BYTES: usize = 4 * 1024 * 1024;
/// Characters of a variable's name.
pub const NAME_CHARACTERS: usize = 128;
/// Bytes of one left half: `export`, blanks, the name and the separator.
pub const LEFT_HALF_BYTES: usize = 4 * 1024;
/// Entries of an environment.
pub const ENTRIES: usize = 10_000;
/// Bytes of the sealed values of an environment's entries together. What a `.env` file can hold takes at most 8.4 MiB of
/// it, however it is cut: so nothing honest comes near, and whoever fetches it all knows an end.
pub const ENVIRONMENT_BYTES: usize = 16 * 1024 * 1024;
/// Environments that one service reads: its token stays short enough for a secret store.
pub const SERVICE_ENVIRONMENTS: usize = 32;
/// Members of a team.
pub const MEMBERS: usize = 1_000;
/// Projects of a team. With the environments' and the members' their labels stay well below a statement's payload: the
/// team's `generation-opened` seals all of them anew.
pub const PROJECTS: usize = 1_000;
/// Environments of a team, in all its projects.
pub const ENVIRONMENTS: usize = 4_000;
/// Live keyholders of one member.
pub const KEYHOLDERS_PER_MEMBER: usize = 16;
/// Days after which keys are renewed at the latest, whatever the settings say.
pub const RENEWAL_DAYS: u32 = 365;
/// Bytes of a vault's address.
pub const ADDRESS_BYTES: usize = 256;
/// Statements, entries or blobs in one page of an answer or a request.
pub const PAGE: usize = 500;
/// Bytes of sealed values in one page, so that a page of large values stays a bounded body.
pub const PAGE_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of one statement's payload: a revision that puts every entry stays below it.
pub const STATEMENT_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of a request body or an answer's body.
pub const BODY_BYTES: usize = 32 * 1024 * 1024;
/// Characters of a label (the name of a team, member, project or environment).
pub const LABEL_CHARACTERS: usize = 100;
/// Characters of a revision's message.
pub const MESSAGE_CHARACTERS: usize = 500;
/// Seconds by which a signed request's `created` may differ from the server's clock.
pub const REQUEST_AGE_SECONDS: i64 = 300;
/// Seconds after which a pointer that no revision names is swept.
pub const UNUSED_POINTER_SECONDS: i64 = 24 * 60 * 60;
/// Candidates at one door.
pub const CANDIDATES: usize = 4;
/// Seconds for which a door stays open after somebody looked out.
pub const DOOR_SECONDS: u64 = 60;
/// Seconds after which a candidate that is not heard of is forgotten.
pub const CANDIDATE_SECONDS: u64 = 10 * 60;
/// Bytes of an offer's payload: public keys, and little beside them.
pub const OFFER_BYTES: usize = 8 * 1024;
/// Events of one member within 24 hours that nobody has to agree to: about oneself, and what somebody below admin creates.
pub const EVENTS_IN_A_DAY: usize = 64;
