//! What must hold of every text, as functions that panic where it does not: the properties here
//! and the fuzz targets in `fuzz/` call the same ones.

pub(crate) mod dialect;
pub(crate) mod diff;
pub(crate) mod edit;
pub(crate) mod input;
pub(crate) mod merge;
pub(crate) mod parse;
