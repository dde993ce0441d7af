//! What is lost with keys that nobody has.

use serde::Serialize;

/// What new keys would not bring along, because it does not open on this computer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LostView {
    /// How many are carried over as they are: variables, or names.
    pub kept: usize,
    /// Carried over as they were before, by name: what was sealed last does not open.
    pub earlier: Vec<String>,
    /// No version opens: gone, by the name that they had once.
    pub gone: Vec<String>,
    /// The same for those whose name does not open either.
    pub gone_unnamed: usize,
}

impl LostView {
    /// Whether all is carried over as it is.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.earlier.is_empty() && self.gone.is_empty() && self.gone_unnamed == 0
    }
}
