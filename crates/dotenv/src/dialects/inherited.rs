//! The names that every JavaScript object answers to without ever having been given them.
//!
//! The npm loaders keep variables in plain objects, so that a reference to `toString` finds a
//! function there, and puts in what that function answers when it is called with the reference.

use super::Refused;

/// What a name stands for on an object that was not given it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inherited {
    /// What comes of it in a text.
    Text(&'static str),
    /// A function that answers the reference itself, which is then looked up for ever.
    Itself,
    /// A function that throws: the loader stops.
    Throws,
}

impl Inherited {
    /// What an object inherits under a name, if anything.
    pub(super) fn find(name: &str) -> Option<Self> {
        match name {
            "__proto__" => Some(Self::Text("[object Object]")),
            "toString" => Some(Self::Text("[object Undefined]")),
            "isPrototypeOf" => Some(Self::Text("false")),
            "constructor" => Some(Self::Itself),
            "hasOwnProperty"
            | "propertyIsEnumerable"
            | "toLocaleString"
            | "valueOf"
            | "__defineGetter__"
            | "__defineSetter__"
            | "__lookupGetter__"
            | "__lookupSetter__" => Some(Self::Throws),
            _ => None,
        }
    }

    /// What Node's `process.env` inherits: its constructor answers the global object.
    pub(super) fn find_in_environment(name: &str) -> Option<Self> {
        match Self::find(name) {
            Some(Self::Itself) => Some(Self::Text("[object global]")),
            found => found,
        }
    }

    /// What is put in the place of a reference.
    pub(super) fn put_in(self, refused: impl FnOnce() -> Refused) -> Result<&'static str, Refused> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Itself => Err(Refused::Endless),
            Self::Throws => Err(refused()),
        }
    }
}
