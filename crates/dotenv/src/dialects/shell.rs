//! What `. ./file` sets in dash and in bash, with `set -a` before it.
//!
//! The file is a script, so this reads one: assignments, `export`, `unset` and their like change
//! variables, every other command is looked at and never run. What only a command, the process or
//! a file would tell is [`Value::NeedsCommand`].

mod expand;
mod glob;
mod parse;

use std::collections::HashSet;

use super::fuel::Fuel;
use super::store::Store;
use super::{Reading, Refused, Surroundings, Value};
use parse::{Assignment, Command, Joint, Parser, Word};

/// Which shell reads.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Dash,
    Bash,
}

/// What becomes of a command.
#[derive(Clone, Copy, PartialEq)]
enum Status {
    Zero,
    NonZero,
    Unknown,
}

/// Why a line, or the whole file, goes no further.
enum Stop {
    /// The rest of the line is given up; bash reads on after it.
    Line,
    /// The rest of the file is given up, what was set so far stays.
    File,
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

fn read(kind: Kind, text: &str, surroundings: &Surroundings) -> Result<Vec<Reading>, Refused> {
    // Shells drop zero bytes as they read.
    let text = text.replace('\0', "");
    let mut shell = Shell {
        kind,
        around: surroundings,
        store: Store::default(),
        hidden: HashSet::new(),
        unset: HashSet::new(),
        all_exported: true,
        arguments: Vec::new(),
        status: Status::Zero,
        line: 1,
        fuel: Fuel::new(),
    };
    let mut parser = Parser::new(kind, &text);
    loop {
        shell.line = parser.line();
        let commands = match parser.line_of_commands() {
            Ok(Some(commands)) => commands,
            Ok(None) => break,
            Err(parse::Error::TooDeep) => return Err(Refused::Endless),
            Err(parse::Error::Syntax) if kind == Kind::Dash => {
                return Err(Refused::Syntax { line: parser.line() });
            }
            Err(parse::Error::Syntax) => break,
        };
        match shell.run(&commands) {
            Ok(()) | Err(Stop::Line) => {}
            Err(Stop::File) => break,
            Err(Stop::Shell(refused)) => return Err(refused),
        }
    }
    let Shell { store, hidden, unset, .. } = shell;
    let seen = |reading: &Reading| !hidden.contains(&reading.name) && !unset.contains(&reading.name);
    Ok(store.into_readings().into_iter().filter(seen).collect())
}

struct Shell<'a> {
    kind: Kind,
    around: &'a Surroundings,
    store: Store,
    /// Names that are set but not exported.
    hidden: HashSet<String>,
    unset: HashSet<String>,
    all_exported: bool,
    arguments: Vec<String>,
    status: Status,
    line: usize,
    fuel: Fuel,
}

/// How sure it is that a command runs, and runs in this shell.
#[derive(Clone, Copy, PartialEq)]
enum Effect {
    Kept,
    Doubtful,
}

impl Shell<'_> {
    fn refused(&self) -> Stop {
        Stop::Shell(Refused::Syntax { line: self.line })
    }

    fn run(&mut self, commands: &[(Command, Joint)]) -> Result<(), Stop> {
        let mut before = Joint::Next;
        for (command, after) in commands {
            let runs = match (before, self.status) {
                (Joint::And, Status::NonZero) | (Joint::Or, Status::Zero) => None,
                (Joint::And | Joint::Or, Status::Unknown) => Some(Effect::Doubtful),
                _ => Some(Effect::Kept),
            };
            // The parts of a pipeline, and what runs in the background, are shells of their own.
            let elsewhere = before == Joint::Pipe || matches!(after, Joint::Pipe | Joint::Background);
            if elsewhere {
                self.status = if *after == Joint::Background { Status::Zero } else { Status::Unknown };
            } else if let Some(effect) = runs {
                self.status = self.command(command, effect)?;
            }
            before = *after;
        }
        Ok(())
    }

    fn command(&mut self, command: &Command, effect: Effect) -> Result<Status, Stop> {
        let (assignments, words, effect) = match command {
            Command::Simple { assignments, words, touches_files: false } => (assignments, words, effect),
            Command::Simple { assignments, words, .. } => (assignments, words, Effect::Doubtful),
            Command::Compound { assigned } => {
                for name in assigned {
                    self.set(name, Value::NeedsCommand);
                }
                return Ok(Status::Unknown);
            }
        };
        let mut expanded = Vec::new();
        for word in words {
            let text = self.text(word)?;
            // Outside of quotes a word that comes to nothing is none.
            if text.as_deref() != Some("") || parse::has_quotes(word) {
                expanded.push(text);
            }
        }
        let unknown: Vec<&str> = if expanded.contains(&None) {
            words.iter().filter_map(parse::assigned_name).collect()
        } else {
            Vec::new()
        };
        let name = expanded.first().cloned().flatten().unwrap_or_default();
        let special = matches!(
            name.as_str(),
            ":" | "export"
                | "readonly"
                | "set"
                | "shift"
                | "unset"
                | "return"
                | "exit"
                | "eval"
                | "."
                | "times"
                | "trap"
                | "break"
                | "continue"
                | "exec"
        );
        if expanded.is_empty() || (special && self.kind == Kind::Dash) {
            for assignment in assignments {
                self.assign(assignment, effect)?;
            }
        } else {
            for assignment in assignments {
                if let Assignment::Text { value, .. } = assignment {
                    self.text(value)?;
                }
            }
        }
        if expanded.is_empty() {
            return Ok(if effect == Effect::Doubtful { Status::Unknown } else { Status::Zero });
        }
        let status = self.builtin(&name, &expanded[1..], effect)?;
        if matches!(name.as_str(), "export" | "readonly" | "declare" | "typeset") {
            let given: HashSet<&str> =
                expanded.iter().flatten().filter_map(|word| word.split('=').next()).collect();
            for name in unknown.into_iter().filter(|name| !given.contains(name)) {
                self.set(name, Value::NeedsCommand);
            }
        }
        Ok(status)
    }

    fn builtin(&mut self, name: &str, words: &[Option<String>], effect: Effect) -> Result<Status, Stop> {
        match name {
            ":" | "true" => Ok(Status::Zero),
            "false" => Ok(Status::NonZero),
            "export" | "readonly" => self.export(words, effect),
            "declare" | "typeset" if self.kind == Kind::Bash => self.export(words, effect),
            "unset" => {
                for word in words.iter().flatten().filter(|word| !word.starts_with('-')) {
                    self.unset.insert(word.clone());
                }
                Ok(Status::Zero)
            }
            "set" => {
                match words.first() {
                    Some(Some(word)) if word == "-a" => self.all_exported = true,
                    Some(Some(word)) if word == "+a" => self.all_exported = false,
                    Some(Some(word)) if !word.starts_with(['-', '+']) => {
                        self.arguments = words.iter().map(|word| word.clone().unwrap_or_default()).collect();
                    }
                    _ => {}
                }
                Ok(Status::Zero)
            }
            "return" => Err(Stop::File),
            "exit" => Err(self.refused()),
            "read" => {
                for word in words.iter().flatten().filter(|word| parse::is_name(word)) {
                    self.set(word, Value::NeedsCommand);
                }
                Ok(Status::Unknown)
            }
            _ => Ok(Status::Unknown),
        }
    }

    fn export(&mut self, words: &[Option<String>], effect: Effect) -> Result<Status, Stop> {
        let mut status = Status::Zero;
        let mut options = true;
        let mut taken_back = false;
        for word in words {
            let Some(word) = word else { continue };
            if options && word.starts_with('-') && word.len() > 1 {
                options = word != "--";
                let known = matches!(word.as_str(), "--" | "-p");
                if self.kind == Kind::Dash && !known {
                    return Err(self.refused());
                }
                taken_back |= !known && word.contains('n');
                continue;
            }
            options = false;
            let (name, value) =
                word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
            let append = self.kind == Kind::Bash && name.ends_with('+') && value.is_some();
            let name = if append { &name[..name.len() - 1] } else { name };
            if !parse::is_name(name) {
                if self.kind == Kind::Dash {
                    return Err(self.refused());
                }
                status = Status::NonZero;
                continue;
            }
            if let Some(value) = value {
                let read = if effect == Effect::Doubtful {
                    Value::NeedsCommand
                } else if append {
                    self.appended(name, value.to_owned())
                } else {
                    value.into()
                };
                self.set(name, read);
            }
            if taken_back {
                self.hidden.insert(name.to_owned());
            } else {
                self.hidden.remove(name);
            }
        }
        Ok(status)
    }

    fn assign(&mut self, assignment: &Assignment, effect: Effect) -> Result<(), Stop> {
        match assignment {
            Assignment::Text { name, append, value } => {
                let value = self.text(value)?;
                let read = match value {
                    Some(value) if effect == Effect::Kept => {
                        if *append {
                            self.appended(name, value)
                        } else {
                            value.into()
                        }
                    }
                    _ => Value::NeedsCommand,
                };
                self.set(name, read);
            }
            Assignment::Array { name } => {
                // No environment holds an array.
                self.set(name, "");
                self.hidden.insert(name.clone());
            }
        }
        Ok(())
    }

    fn appended(&self, name: &str, value: String) -> Value {
        match self.variable(name) {
            Variable::Set(before) => Value::Text(before + &value),
            Variable::Unset => Value::Text(value),
            Variable::Unknown => Value::NeedsCommand,
        }
    }

    fn set(&mut self, name: &str, value: impl Into<Value>) {
        let exported = self.all_exported || (self.variable_is_exported(name));
        self.store.set(name, value);
        self.unset.remove(name);
        if exported {
            self.hidden.remove(name);
        } else {
            self.hidden.insert(name.to_owned());
        }
    }

    fn variable_is_exported(&self, name: &str) -> bool {
        !self.hidden.contains(name) && (self.store.contains(name) || self.around.get(name).is_some())
    }

    /// What the shell knows of a variable.
    fn variable(&self, name: &str) -> Variable {
        if self.unset.contains(name) {
            return Variable::Unset;
        }
        match self.store.get(name) {
            Some(Value::Text(text)) => Variable::Set(text.clone()),
            Some(_) => Variable::Unknown,
            None => match self.around.get(name) {
                Some(text) => Variable::Set(text.to_owned()),
                None if name == "IFS" => Variable::Set(" \t\n".to_owned()),
                None if name == "OPTIND" => Variable::Set("1".to_owned()),
                None if self.is_of_the_process(name) => Variable::Unknown,
                None => Variable::Unset,
            },
        }
    }

    /// Variables that the shell sets itself, from what only a process knows.
    fn is_of_the_process(&self, name: &str) -> bool {
        let bash = matches!(
            name,
            "BASHPID"
                | "EPOCHREALTIME"
                | "EPOCHSECONDS"
                | "EUID"
                | "GROUPS"
                | "HOSTNAME"
                | "HOSTTYPE"
                | "LINENO"
                | "MACHTYPE"
                | "OLDPWD"
                | "OSTYPE"
                | "RANDOM"
                | "SECONDS"
                | "SHELL"
                | "SHELLOPTS"
                | "SHLVL"
                | "SRANDOM"
                | "TERM"
                | "UID"
                | "_"
        );
        matches!(name, "PATH" | "PPID" | "PS1" | "PS2" | "PS4" | "PWD")
            || (self.kind == Kind::Bash && (bash || name.starts_with("BASH")))
    }

    /// The text of a word; `None` where only a command would tell.
    fn text(&mut self, word: &Word) -> Result<Option<String>, Stop> {
        expand::text(self, word)
    }
}

/// What the shell knows of a variable.
enum Variable {
    Set(String),
    Unset,
    Unknown,
}
