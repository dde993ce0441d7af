//! What the fuzz targets call. The same functions run over the committed corpus in the ordinary
//! tests of `twinlock-dotenv` and `twinlock-formats`, without a fuzzer.

#[path = "../../crates/dotenv/tests/laws/mod.rs"]
mod laws;

#[path = "../../crates/formats/tests/laws/mod.rs"]
mod formats_laws;

pub use targets::*;

mod targets {
    use crate::{formats_laws, laws::input};

    /// Round trip, spans, problems.
    pub fn parse(data: &[u8]) {
        input::parse(data);
    }

    /// Any edit: every other byte stays, and the dialect reads it back.
    pub fn edit(data: &[u8]) {
        input::edit(data);
    }

    /// Merging three texts, and the difference of two.
    pub fn merge(data: &[u8]) {
        input::merge(data);
    }

    /// Any dialect: an answer, and an end.
    pub fn dialect(data: &[u8]) {
        input::dialect(data);
    }

    /// Texts of other programs.
    pub fn formats(data: &[u8]) {
        formats_laws::input(data);
    }
}
