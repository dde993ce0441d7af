//! What `. ./file` sets in dash and in bash, with `set -a` before it.
//!
//! The file is a script, so this reads one: assignments, `export`, `unset` and their like change
//! variables, every other command is looked at and never run. What only a command, the process or
//! a file would tell is [`Value::NeedsCommand`].

mod arithmetic;
mod braces;
mod builtins;
mod change;
mod compound;
mod declare;
mod expand;
mod glob;
mod parameter;
mod parse;
mod plain;
mod run;
mod test;
mod variables;

use std::collections::HashMap;
use std::rc::Rc;

use super::fuel::Fuel;
use super::{Dialect, Reading, Refused, Surroundings, Value};
use parse::{Command, Parser};
use variables::{Entry, ReadOnly, Variables};

/// Which shell reads.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Dash,
    Bash,
}

/// What becomes of a command.
#[derive(Clone, Copy, PartialEq)]
enum Status {
    Known(u8),
    Unknown,
}

impl Status {
    const ZERO: Self = Self::Known(0);

    fn is_zero(self) -> Option<bool> {
        match self {
            Self::Known(status) => Some(status == 0),
            Self::Unknown => None,
        }
    }
}

/// Why a command, a line or the whole file goes no further.
enum Stop {
    /// The rest of the line is given up; bash reads on after it.
    Line,
    /// The function or the file ends here.
    Return,
    /// So many loops end here.
    Break(usize),
    /// The last of so many loops goes into its next turn.
    Continue(usize),
    /// The shell itself ends.
    Shell(Refused),
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Shell(refused)
    }
}

/// dash.
pub(super) fn sh(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    read(Kind::Dash, text, surroundings)
}

/// bash.
pub(super) fn bash(text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    read(Kind::Bash, text, surroundings)
}

/// The lines by which dash or bash would do more than set variables; both read the same text differently.
pub(crate) fn active_lines(text: &str) -> [(Dialect, Vec<String>); 2] {
    [(Dialect::Sh, Kind::Dash), (Dialect::Bash, Kind::Bash)]
        .map(|(dialect, kind)| (dialect, plain::active_lines(kind, text)))
}

fn read(kind: Kind, text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    // Shells drop zero bytes as they read.
    let text = text.replace('\0', "");
    let mut shell = Shell {
        kind,
        variables: Variables::new(kind, surroundings),
        arguments: Vec::new(),
        functions: HashMap::new(),
        locals: Vec::new(),
        calls: 0,
        loops: 0,
        evals: 0,
        tested: 0,
        status: Status::ZERO,
        doubtful: false,
        refuses_unset: false,
        stops_at_failure: false,
        options_changed: false,
        ran_in_background: false,
        line: 1,
        fuel: Fuel::of(text.len()),
    };
    match shell.read(&text) {
        Err(Stop::Shell(refused)) => Err(refused),
        Ok(()) | Err(_) => Ok(shell.variables.into_readings()),
    }
}

struct Shell<'a> {
    kind: Kind,
    variables: Variables<'a>,
    arguments: Vec<String>,
    functions: HashMap<String, Rc<Command>>,
    /// What the functions that run now have hidden, the innermost last.
    locals: Vec<HashMap<String, Option<Entry>>>,
    calls: usize,
    loops: usize,
    evals: usize,
    /// How many conditions are being looked at: a failure there is no failure.
    tested: usize,
    status: Status,
    /// Whether it is not sure that what runs now runs at all.
    doubtful: bool,
    /// `set -u`.
    refuses_unset: bool,
    /// `set -e`.
    stops_at_failure: bool,
    options_changed: bool,
    ran_in_background: bool,
    line: usize,
    fuel: Fuel,
}

impl Shell<'_> {
    fn refused(&self) -> Stop {
        Stop::Shell(Refused::Syntax { line: self.line })
    }

    /// A fault in a value: dash ends, bash gives up the line.
    fn fault(&self) -> Stop {
        match self.kind {
            Kind::Dash => self.refused(),
            Kind::Bash => Stop::Line,
        }
    }

    /// A fault in the words of a builtin: dash ends, in bash it is a status.
    fn complaint(&self, status: u8) -> Result<Status, Stop> {
        match self.kind {
            Kind::Dash => Err(self.refused()),
            Kind::Bash => Ok(Status::Known(status)),
        }
    }

    fn set(&mut self, name: &str, value: Value) -> Result<(), Stop> {
        let value = if self.doubtful { Value::NeedsCommand } else { value };
        self.variables.set(name, value).map_err(|ReadOnly| self.fault())
    }
}
