//! The text of a `.env` file: a lossless [`Document`], the cut at the `=`, values as a loader
//! reads them, problems, matching, three-way merging and what changed between two texts.
//!
//! Everything here is a pure function over text that the caller keeps: nothing is read, written,
//! timed or drawn at random, and no byte is changed that a function was not asked to change.
//! Values are secrets, so no type here shows one in its `Debug`, and no message quotes one.

mod assignment;
mod changes;
mod cut;
mod danger;
mod dialects;
mod document;
pub mod edit;
mod join;
mod key_material;
pub mod lint;
mod matching;
mod merge;
pub mod node;
mod problems;
pub mod project;
mod prose;
mod right_half;
pub mod spelling;
mod weave;

pub use assignment::{Assignment, MAX_NAME};
pub use changes::{Change, ChangeKind, ProseLine, Summary, diff, prose_diff};
pub use danger::{Danger, arriving};
pub use dialects::{Dialect, NotADialect, Reading, Refused, Surroundings, Value};
pub use document::{Document, Entry, Prose, Variable};
pub use join::{Joined, LineEnding, join_entries};
pub use matching::{KnownEntry, match_entries};
pub use merge::{
    Conflict, ConflictKind, Decision, Entangled, Merged, Side, ValueConflict, merge, merge_left, merge_right,
};
pub use problems::{Problem, ProblemKind};
pub use prose::merge_prose;
pub use right_half::{Quote, RightHalf};
