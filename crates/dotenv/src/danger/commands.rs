//! Commands that a loader would run for a text.

use std::collections::HashSet;

use super::changed::Changed;
use super::{Found, read};
use crate::assignment::Assignment;
use crate::dialects::{Dialect, Reading, Value, active_lines};

/// Who looks for commands in values. What the shells do is told by their grammar.
const LOOKING: [Dialect; 4] = [Dialect::NodeExpand, Dialect::Dotenvx, Dialect::Ruby, Dialect::Symfony];

/// Lines that do more than set variables, where they are new or name a variable that has another value now.
pub(super) fn in_shells(
    before: &str,
    now: [(Dialect, Vec<String>); 2],
    changed: &Changed<'_>,
    found: &mut Found,
) {
    if now.iter().all(|(_, lines)| lines.is_empty()) {
        return;
    }
    for ((dialect, lines), (_, known)) in now.into_iter().zip(active_lines(before)) {
        let known: HashSet<&str> = known.iter().map(|line| line.trim_end()).collect();
        for line in &lines {
            if !known.contains(line.trim_end()) || changed.mentions(line) {
                found.command(Assignment::at_start(line).map(|found| found.name()), dialect);
            }
        }
    }
}

/// Values that a command is run for, and lines that can come to one.
pub(super) fn in_values(before: &str, after: &str, changed: &Changed<'_>, found: &mut Found) {
    if !(after.contains('$') && after.contains('(')) {
        return;
    }
    let needing = |dialect| -> HashSet<String> {
        let needs = |reading: &Reading| reading.value == Value::NeedsCommand;
        read(dialect, after).into_iter().filter(needs).map(|reading| reading.name).collect()
    };
    let now = LOOKING.map(|dialect| (dialect, needing(dialect)));
    for (dialect, names) in now.iter().filter(|(_, names)| !names.is_empty()) {
        let known: HashSet<String> = read(*dialect, before)
            .into_iter()
            .filter(|reading| reading.value == Value::NeedsCommand)
            .map(|reading| reading.name)
            .collect();
        for name in names {
            if !known.contains(name) || changed.has_another_value(name) {
                found.command(Some(name), *dialect);
            }
        }
    }
    // What is around a loader can decide whether it comes to a command; then only the text tells.
    for piece in changed.active().filter(|piece| holds_command(piece.text) && changed.is_another(piece.text))
    {
        let runs = |names: &HashSet<String>| piece.name.is_some_and(|name| names.contains(name));
        let known: Vec<Dialect> =
            now.iter().filter(|(_, names)| runs(names)).map(|(dialect, _)| *dialect).collect();
        let told = !known.is_empty() && !piece.text.contains("${");
        for dialect in if told { known } else { LOOKING.to_vec() } {
            found.command(piece.name, dialect);
        }
    }
}

/// Whether `$(…)` stands in a text, or a reference that can be put together to one: `${A+…$…}`.
fn holds_command(text: &str) -> bool {
    let command = text.find("$(").is_some_and(|at| text[at..].contains(')'));
    command
        || text.match_indices("${").any(|(at, _)| {
            let inside = &text[at + 2..];
            let name = inside.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':')));
            name.is_some_and(|end| inside[end..].starts_with('+') && inside[end..].contains('$'))
        })
}
