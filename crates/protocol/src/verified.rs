//! The mark of what was checked.

use std::ops::Deref;

/// A value whose signatures, chain and rules were checked by this crate. Only its verifying functions make
/// one, so code that takes `Verified<T>` cannot be handed anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(value)
    }

    /// The checked value, without the mark.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }

    pub(crate) fn inner_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
