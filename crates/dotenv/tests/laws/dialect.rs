//! What must hold of every dialect on every text: an end, and each name once.

use std::collections::HashSet;

use twinlock_dotenv::{Dialect, Refused, Surroundings};

/// Reads the text in a dialect.
pub(crate) fn check(text: &str, dialect: Dialect, surroundings: &Surroundings) {
    match dialect.read(text, surroundings) {
        Ok(readings) => {
            let names: HashSet<&str> = readings.iter().map(|reading| reading.name.as_str()).collect();
            assert_eq!(names.len(), readings.len(), "{}: a name comes twice", dialect.name());
        }
        Err(Refused::Syntax { line }) => assert_ne!(line, 0, "{}: lines are counted from 1", dialect.name()),
        Err(_) => {}
    }
}
