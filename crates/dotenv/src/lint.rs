//! What deserves a second look in a `.env` file, told by line and column in a sentence.
//!
//! Everything is judged for the dialect that the file is read in and compared with all others; an
//! ordinary file has no finding at all. A finding never quotes a value. What may be done about it
//! is offered as edits. `docs/lint.md` lists the findings.

mod alike;
mod comparison;
mod differences;
mod environment;
mod fix;
mod invisible;
mod kind;
mod names;
mod place;
mod values;

use crate::dialects::{Dialect, Surroundings};
use crate::document::Document;
use fix::Proposal;
use place::Places;

pub use crate::danger::danger;
pub use comparison::{Difference, Differences, Group, Outcome, reads_differently};
pub use environment::Sign;
pub use fix::{Effect, Fix};
pub use invisible::Invisible;
pub(crate) use kind::list;
pub use kind::{Code, FindingKind, Severity};

/// What is known around a file.
#[derive(Clone, Default)]
pub struct Context {
    /// The variables that a loader finds around it.
    pub surroundings: Surroundings,
    /// The name of the environment that the file is for, such as `production`.
    pub environment: Option<String>,
    /// Dialects that the file is surely read in too. A difference in one of them is a warning.
    pub also: Vec<Dialect>,
}

/// One thing that deserves a second look.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The variable that it is about.
    pub name: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// What it is.
    pub kind: FindingKind,
    /// What may be done about it.
    pub fix: Option<Fix>,
}

/// A finding before its place is counted out and its fix is tried.
struct Draft {
    at: usize,
    name: Option<String>,
    severity: Severity,
    kind: FindingKind,
    proposal: Option<Proposal>,
}

/// All findings of a text that is read in `dialect`, in the order of its lines.
///
/// Takes a bounded number of passes over the text: each dialect reads it once, and what fixes are
/// tried is limited, so that a text with very many findings has some without a fix.
#[must_use]
pub fn lint(text: &str, dialect: Dialect, context: &Context) -> Vec<Finding> {
    let document = Document::parse(text);
    let places = Places::new(text);
    let mut drafts = Vec::new();
    let mut fixes = alike::Fixes::new(dialect, context);
    differences::findings(&document, dialect, context, &places, &mut fixes, &mut drafts);
    problems(&document, &places, &mut drafts);
    values::findings(&document, dialect, context, &mut fixes, &mut drafts);
    names::findings(&document, &mut drafts);
    invisible::findings(&document, &mut drafts);
    if let Some(environment) = &context.environment {
        environment::findings(&document, environment, &mut drafts);
    }
    drafts.sort_by_key(|draft| (draft.at, draft.kind.code()));
    let proposals = drafts.iter_mut().map(|draft| draft.proposal.take()).collect();
    let fixes = fix::tried(text, dialect, &context.surroundings, proposals);
    let placed = drafts.into_iter().zip(fixes).map(|(draft, fix)| {
        let (line, column) = places.of(draft.at);
        Finding { line, column, name: draft.name, severity: draft.severity, kind: draft.kind, fix }
    });
    placed.collect()
}

/// What is wrong with the text whichever loader reads it.
fn problems(document: &Document<'_>, places: &Places<'_>, drafts: &mut Vec<Draft>) {
    drafts.extend(document.problems().into_iter().map(|problem| Draft {
        at: places.at(problem.line, problem.column),
        name: problem.kind.name().map(str::to_owned),
        severity: Severity::Warning,
        kind: FindingKind::Problem(problem.kind),
        proposal: None,
    }));
}
