//! What may be done about a finding, tried before it is offered.
//!
//! A proposal becomes a fix only if the loader that counts reads the text afterwards as the
//! proposal says. In a text with very many of them they are tried together, and none is offered
//! where that fails.

use std::collections::{BTreeSet, HashMap};

use crate::dialects::{Dialect, Reading, Surroundings, Value};
use crate::document::Document;
use crate::edit::{Edit, apply};

/// How many bytes of text may be read to try proposals one by one.
const BUDGET: usize = 1024 * 1024;

/// Edits that would mend a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The edits, for the text that was judged. They do not overlap.
    pub edits: Vec<Edit>,
    /// What they change.
    pub effect: Effect,
}

/// What a fix changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The loader that counts reads what it read before.
    KeepsReading,
    /// So it does, and so do now all that take a variable of this name at all, but these.
    ReadAlike {
        /// The dialects that still differ: no spelling is right for them as well.
        but: Vec<Dialect>,
    },
    /// The loader that counts reads another value for this variable, which is what the fix is for.
    ChangesReading,
}

/// A fix that was not tried yet.
#[derive(Clone)]
pub(super) struct Proposal {
    pub(super) edits: Vec<Edit>,
    pub(super) effect: Effect,
    /// The variable and the value that it is about, if it holds for that value alone.
    pub(super) reads: Option<Reading>,
}

/// The fixes in the place of the proposals; none where one does not do what it says.
pub(super) fn tried(
    text: &str,
    dialect: Dialect,
    surroundings: &Surroundings,
    proposals: Vec<Option<Proposal>>,
) -> Vec<Option<Fix>> {
    if proposals.iter().all(Option::is_none) {
        return proposals.iter().map(|_| None).collect();
    }
    let trial = Trial { text, dialect, surroundings, before: read(text, dialect, surroundings) };
    let (keeping, changing): (Vec<&Proposal>, Vec<&Proposal>) =
        proposals.iter().flatten().partition(|proposal| proposal.effect != Effect::ChangesReading);
    // Together only where there are too many to try each: what holds for all may not hold for one.
    let one_by_one = text.len().saturating_mul(keeping.len() + changing.len()) <= BUDGET;
    let kept = one_by_one || trial.holds_together(&keeping);
    let changed = one_by_one || trial.holds_together(&changing);
    // A loader may make something else of a line among others than of the line alone.
    let before: HashMap<&str, &Value> = by_name(trial.before.as_deref().unwrap_or_default());
    let tried = proposals.into_iter().map(|proposal| {
        let Proposal { mut edits, effect, reads } = proposal?;
        if reads.is_some_and(|reading| before.get(reading.name.as_str()) != Some(&&reading.value)) {
            return None;
        }
        edits.retain(|edit| text.get(edit.span.clone()) != Some(edit.text.as_str()));
        let together = if effect == Effect::ChangesReading { changed } else { kept };
        let holds = !edits.is_empty() && together && (!one_by_one || trial.holds(&edits, &effect));
        holds.then_some(Fix { edits, effect })
    });
    tried.collect()
}

/// A text, and what the loader that counts makes of it.
struct Trial<'t> {
    text: &'t str,
    dialect: Dialect,
    surroundings: &'t Surroundings,
    before: Option<Vec<Reading>>,
}

impl Trial<'_> {
    /// Whether the edits do what they should when they are made together. Those that overlap others
    /// are left to themselves.
    fn holds_together(&self, proposals: &[&Proposal]) -> bool {
        let Some(first) = proposals.first() else { return true };
        let mut edits: Vec<Edit> = proposals.iter().flat_map(|proposal| proposal.edits.clone()).collect();
        edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let mut end = 0;
        edits.retain(|edit| {
            let apart = edit.span.start >= end;
            end = if apart { edit.span.end } else { end };
            apart
        });
        self.holds(&edits, &first.effect)
    }

    fn holds(&self, edits: &[Edit], effect: &Effect) -> bool {
        let Ok(text) = apply(self.text, edits) else { return false };
        let after = read(&text, self.dialect, self.surroundings);
        // A quote that is written anew may close one that is open further up.
        let cut_alike = names(&text) == names(self.text);
        match effect {
            // Where nothing is read, nothing is known to be kept.
            Effect::KeepsReading | Effect::ReadAlike { .. } => {
                cut_alike && after.is_some() && after == self.before
            }
            Effect::ChangesReading => {
                names(self.text).is_subset(&names(&text)) && self.nothing_is_lost(after.as_deref())
            }
        }
    }

    /// Whether every variable that was there still is.
    fn nothing_is_lost(&self, after: Option<&[Reading]>) -> bool {
        let Some(before) = &self.before else { return true };
        let Some(after) = after else { return false };
        let after = by_name(after);
        before.iter().all(|reading| after.contains_key(reading.name.as_str()))
    }
}

/// The names that the cut finds.
fn names(text: &str) -> BTreeSet<String> {
    Document::parse(text).variables().map(|variable| variable.name().to_owned()).collect()
}

fn by_name(readings: &[Reading]) -> HashMap<&str, &Value> {
    readings.iter().map(|reading| (reading.name.as_str(), &reading.value)).collect()
}

fn read(text: &str, dialect: Dialect, surroundings: &Surroundings) -> Option<Vec<Reading>> {
    dialect.read(text, surroundings).ok()
}
