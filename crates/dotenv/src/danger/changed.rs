//! Which entries of a text are new, and which variables have another value because of them.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Danger;
use crate::cut::{is_comment, lines};
use crate::document::{Document, Entry};

/// A variable's text, or one line of prose.
#[derive(Clone, Copy)]
pub(super) struct Piece<'t> {
    pub(super) name: Option<&'t str>,
    pub(super) text: &'t str,
}

/// What differs between two texts.
pub(super) struct Changed<'t> {
    pieces: Vec<Piece<'t>>,
    /// The texts of pieces that were there before, without their line ending.
    known: HashSet<&'t str>,
    /// The variables that came, went or changed, and those that refer to them.
    names: HashSet<&'t str>,
}

impl<'t> Changed<'t> {
    pub(super) fn between(before: &'t str, after: &'t str) -> Self {
        let (old, pieces) = (pieces(before), pieces(after));
        let known: HashSet<&str> = old.iter().map(|piece| body(piece.text)).collect();
        let mut names: HashSet<&str> = HashSet::new();
        // Of two of one name another may count now.
        let (was, is) = (by_name(&old), by_name(&pieces));
        names.extend(is.iter().filter(|(name, texts)| was.get(*name) != Some(*texts)).map(|(name, _)| *name));
        names.extend(was.keys().filter(|name| !is.contains_key(*name)));
        follow(&pieces, &mut names);
        Self { pieces, known, names }
    }

    /// The pieces of the text as it is now, without its comments.
    pub(super) fn active(&self) -> impl Iterator<Item = &Piece<'t>> {
        self.pieces.iter().filter(|piece| piece.name.is_some() || !is_comment(piece.text))
    }

    /// Whether a piece was not there before, or refers to a variable that has another value now.
    pub(super) fn is_another(&self, text: &str) -> bool {
        !self.known.contains(body(text)) || self.mentions(text)
    }

    /// Whether a text names a variable that has another value now.
    pub(super) fn mentions(&self, text: &str) -> bool {
        !self.names.is_empty() && words(text).any(|word| self.names.contains(word))
    }

    pub(super) fn has_another_value(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// New pieces with a carriage return that ends no line.
    pub(super) fn carriage_returns(&self) -> BTreeSet<Danger> {
        let new = self.pieces.iter().filter(|piece| !self.known.contains(body(piece.text)));
        let lone = new.filter(|piece| body(piece.text).replace("\r\n", "\n").contains('\r'));
        lone.map(|piece| Danger::CarriageReturn { name: piece.name.map(str::to_owned) }).collect()
    }
}

/// The texts of each variable, in their order.
fn by_name<'t>(pieces: &[Piece<'t>]) -> HashMap<&'t str, Vec<&'t str>> {
    let mut texts: HashMap<&str, Vec<&str>> = HashMap::new();
    for piece in pieces {
        if let Some(name) = piece.name {
            texts.entry(name).or_default().push(body(piece.text));
        }
    }
    texts
}

/// Adds the variables whose text mentions one of these, and so on.
fn follow<'t>(pieces: &[Piece<'t>], names: &mut HashSet<&'t str>) {
    let mut mentioned_by: HashMap<&str, Vec<&'t str>> = HashMap::new();
    for piece in pieces {
        if let Some(name) = piece.name
            && piece.text.contains('$')
        {
            for word in words(piece.text) {
                mentioned_by.entry(word).or_default().push(name);
            }
        }
    }
    let mut next: Vec<&str> = names.iter().copied().collect();
    while let Some(name) = next.pop() {
        for other in mentioned_by.remove(name).unwrap_or_default() {
            if names.insert(other) {
                next.push(other);
            }
        }
    }
}

/// What can be a name, wherever it stands.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

fn body(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let document = Document::parse(text);
    let mut pieces = Vec::new();
    for entry in document.entries() {
        let span = entry.span();
        match entry {
            Entry::Variable(variable) => {
                let name = variable.assignment.name_start() + span.start;
                let name = &text[name..name + variable.name().len()];
                pieces.push(Piece { name: Some(name), text: &text[span] });
            }
            Entry::Prose(_) => {
                pieces.extend(lines(&text[span], 0).map(|(_, text)| Piece { name: None, text }));
            }
        }
    }
    pieces
}
