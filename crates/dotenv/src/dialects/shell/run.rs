//! Commands: what becomes of variables when a list of them runs.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::expand::{self, Field};
use super::parse::{
    Access, Assigned, Assignment, Command, Link, List, Pipeline, Redirection, Statement, Word,
};
use super::variables::{Content, Nature, ReadOnly, Variable};
use super::{Kind, Shell, Status, Stop, arithmetic, builtins};
use crate::dialects::{Refused, Value};

/// What the files of a command's redirections come to.
#[derive(Clone, Copy, PartialEq)]
enum Files {
    Sound,
    Missing,
}

/// How deep functions may call one another.
const MAX_CALLS: usize = 60;

impl Shell<'_> {
    pub(super) fn run(&mut self, list: &List) -> Result<(), Stop> {
        list.iter().try_for_each(|statement| self.statement(statement))
    }

    fn statement(&mut self, statement: &Statement) -> Result<(), Stop> {
        if statement.background {
            self.ran_in_background = true;
            self.status = Status::ZERO;
            return Ok(());
        }
        let last = statement.pipelines.len() - 1;
        let doubtful = self.doubtful;
        for (place, (link, pipeline)) in statement.pipelines.iter().enumerate() {
            match (link, self.status.is_zero()) {
                (Link::And, Some(false)) | (Link::Or, Some(true)) => continue,
                (Link::And | Link::Or, None) => self.doubtful = true,
                _ => {}
            }
            let tested = place < last || pipeline.negated;
            self.tested += usize::from(tested);
            let before = self.status;
            let result = self.pipeline(pipeline);
            self.tested -= usize::from(tested);
            let leaves = self.doubtful && !doubtful;
            if leaves {
                // It may not have run at all.
                if self.status != before {
                    self.status = Status::Unknown;
                }
                self.doubtful = doubtful;
                self.swallow(result)?;
            } else {
                result?;
            }
            if self.stops_at_failure && !tested && self.tested == 0 && self.status.is_zero() == Some(false) {
                return Err(self.refused());
            }
        }
        Ok(())
    }

    fn pipeline(&mut self, pipeline: &Pipeline) -> Result<(), Stop> {
        match &pipeline.commands[..] {
            [] => self.status = Status::ZERO,
            [command] => self.command(command)?,
            // The parts of a pipeline are shells of their own.
            _ => self.status = Status::Unknown,
        }
        if pipeline.negated {
            self.status = match self.status.is_zero() {
                Some(zero) => Status::Known(u8::from(zero)),
                None => Status::Unknown,
            };
        }
        Ok(())
    }

    fn command(&mut self, command: &Command) -> Result<(), Stop> {
        match command {
            Command::Simple { assignments, words, redirections } => {
                self.simple(assignments, words, redirections)
            }
            Command::Group(list) => self.run(list),
            Command::Elsewhere | Command::Condition => {
                self.status = Status::Unknown;
                Ok(())
            }
            Command::If { arms, otherwise } => self.branches(arms, otherwise),
            Command::For { name, words, body } => self.for_each(name, words.as_deref(), body),
            Command::Loop { until, condition, body } => self.repeat(*until, condition, body),
            Command::Case { subject, arms } => self.case(subject, arms),
            Command::Function { name, body } => {
                self.functions.insert(name.clone(), Rc::clone(body));
                if self.kind == Kind::Bash && self.variables.all_exported {
                    // bash hands its own spelling of the function down.
                    self.variables.entry(&format!("BASH_FUNC_{name}%%")).exported = true;
                    self.set(&format!("BASH_FUNC_{name}%%"), Value::NeedsCommand)?;
                }
                self.status = Status::ZERO;
                Ok(())
            }
            Command::Arithmetic(word) => {
                let number = match expand::text(self, word)? {
                    Some(written) => arithmetic::evaluate(self, &written),
                    None => Err(arithmetic::Fault::Unknown),
                };
                self.status = match number {
                    Ok(number) => Status::Known(u8::from(number == 0)),
                    Err(arithmetic::Fault::Error) => Status::Known(1),
                    Err(arithmetic::Fault::Unknown) => Status::Unknown,
                };
                Ok(())
            }
        }
    }

    fn simple(
        &mut self,
        assignments: &[Assignment],
        words: &[Word],
        redirections: &[Redirection],
    ) -> Result<(), Stop> {
        let mut fields = Vec::new();
        for word in words {
            fields.extend(expand::fields(self, word)?);
        }
        let name = fields.first().and_then(Field::whole).unwrap_or_default().to_owned();
        let mut files = Files::Sound;
        // What another program reads and writes, bash leaves to a shell of its own.
        let own = fields.is_empty() || self.functions.contains_key(&name) || builtins::is_builtin(&name);
        let looked_at = if own || self.kind == Kind::Dash { redirections } else { &[] };
        for redirection in looked_at {
            if self.file_is_missing(redirection)? {
                files = Files::Missing;
                break;
            }
        }
        if fields.is_empty() {
            if files == Files::Missing && self.kind == Kind::Dash {
                self.status = Status::Known(2);
                return Ok(());
            }
            let mut asks = false;
            for assignment in assignments {
                self.assign(assignment)?;
                asks |= assignment.asks_a_command();
            }
            self.status = match files {
                _ if asks => Status::Unknown,
                Files::Sound => Status::ZERO,
                Files::Missing => Status::Known(1),
            };
            return Ok(());
        }
        let special = builtins::is_special(&name) && !self.functions.contains_key(&name);
        if files == Files::Missing {
            if special && self.kind == Kind::Dash {
                return Err(self.refused());
            }
            self.status = Status::Known(1);
            return Ok(());
        }
        if special && self.kind == Kind::Dash {
            assignments.iter().try_for_each(|assignment| self.assign(assignment))?;
            return self.call(&name, &fields);
        }
        // Everywhere else an assignment before a command holds for that command.
        let saved: Vec<_> =
            assignments.iter().map(|given| (&given.name, self.variables.saved(&given.name))).collect();
        let result = assignments
            .iter()
            .try_for_each(|assignment| self.assign(assignment))
            .and_then(|()| self.call(&name, &fields));
        // bash: what `export` names stays.
        let declares =
            self.kind == Kind::Bash && matches!(name.as_str(), "export" | "readonly" | "declare" | "typeset");
        let named: HashSet<&str> = match declares {
            true => fields[1..].iter().filter_map(|field| field.text.split('=').next()).collect(),
            false => HashSet::new(),
        };
        for (name, before) in saved.into_iter().rev().filter(|(name, _)| !named.contains(name.as_str())) {
            self.variables.put_back(name, before);
        }
        result
    }

    /// Whether a redirection comes to nothing. A file to read from is taken to be missing: a `<` in
    /// a value is a slip. One to write to is taken to come into being, if it is in no other folder.
    fn file_is_missing(&mut self, redirection: &Redirection) -> Result<bool, Stop> {
        if redirection.access == Access::Here {
            return Ok(false);
        }
        let file = match self.kind {
            Kind::Dash => expand::text(self, &redirection.file)?,
            Kind::Bash => match &expand::fields(self, &redirection.file)?[..] {
                [field] => field.whole().map(str::to_owned),
                _ => return Ok(true),
            },
        };
        let Some(file) = file else { return Ok(false) };
        let open = matches!(file.as_str(), "/dev/null" | "/dev/stdin" | "/dev/stdout" | "/dev/stderr");
        Ok(!open && (redirection.access == Access::Read || file.is_empty() || file.contains('/')))
    }

    /// Runs a command by its name: a function, or a builtin.
    pub(super) fn call(&mut self, name: &str, fields: &[Field]) -> Result<(), Stop> {
        let Some(body) = self.functions.get(name).cloned() else {
            self.status = builtins::run(self, name, &fields[1..])?;
            return Ok(());
        };
        self.fuel.spend(0)?;
        if self.calls == MAX_CALLS {
            return Err(Stop::Shell(Refused::Endless));
        }
        let arguments = fields[1..].iter().map(|field| field.text.clone()).collect();
        let arguments = std::mem::replace(&mut self.arguments, arguments);
        let loops = std::mem::take(&mut self.loops);
        self.calls += 1;
        self.locals.push(HashMap::new());
        let result = self.command(&body);
        for (name, before) in self.locals.pop().unwrap_or_default() {
            self.variables.put_back(&name, before);
        }
        self.calls -= 1;
        self.loops = loops;
        self.arguments = arguments;
        match result {
            Err(Stop::Return) => Ok(()),
            result => result,
        }
    }

    /// Reads and runs a text, as `eval` does and as the file itself is read.
    pub(super) fn read(&mut self, text: &str) -> Result<(), Stop> {
        let mut parser = super::Parser::new(self.kind, text);
        let outer = self.line;
        loop {
            let line = parser.line();
            if self.calls == 0 {
                self.line = line;
            }
            match parser.line_of_commands() {
                Ok(None) => break,
                Ok(Some(list)) => match self.run(&list) {
                    Err(Stop::Line) => self.status = Status::Known(1),
                    result => result?,
                },
                Err(super::parse::Error::TooDeep) => return Err(Stop::Shell(Refused::Endless)),
                Err(super::parse::Error::Syntax) if self.kind == Kind::Dash => {
                    self.line = parser.line();
                    return Err(self.refused());
                }
                Err(super::parse::Error::Syntax) => {
                    self.status = Status::Known(2);
                    break;
                }
            }
        }
        self.line = outer;
        Ok(())
    }

    fn assign(&mut self, assignment: &Assignment) -> Result<(), Stop> {
        let Assignment { name, index, append, value } = assignment;
        let word = match value {
            // No list is an element.
            Assigned::Array(_) if index.is_some() => return Err(self.fault()),
            Assigned::Array(elements) => {
                let before = if *append { self.variables.elements(name) } else { Default::default() };
                let array = expand::array(self, elements, before)?;
                return self.set_array(name, array);
            }
            Assigned::Word(word) => word,
        };
        let at = match index {
            Some(index) => match expand::index_of(self, index)? {
                Some(at) => Some(at),
                None => return Ok(()),
            },
            None => None,
        };
        let text = expand::text(self, word)?;
        if let Some(at) = at {
            let text = text.map_or(Value::NeedsCommand, Value::Text);
            return self.variables.set_element(name, at, text).map_err(|ReadOnly| self.fault());
        }
        self.assign_text(name, text, *append)
    }

    /// Sets a variable to a text, or to what is behind it joined with the text.
    pub(super) fn assign_text(&mut self, name: &str, text: Option<String>, append: bool) -> Result<(), Stop> {
        let Some(text) = text else { return self.set(name, Value::NeedsCommand) };
        let integer = self.variables.known(name).is_some_and(|entry| entry.nature == Nature::Integer);
        let before = match self.variables.get(name) {
            Variable::Set(before) if append => before,
            Variable::Unknown if append => return self.set(name, Value::NeedsCommand),
            _ => String::new(),
        };
        if integer {
            let sum = if append { format!("({before})+({text})") } else { text };
            let number = match arithmetic::number(self, &sum) {
                // Here even bash ends.
                Err(Stop::Line) => return Err(self.refused()),
                number => number?,
            };
            return self.set(name, number.map_or(Value::NeedsCommand, |number| number.to_string().into()));
        }
        self.fuel.spend(before.len())?;
        self.set(name, Value::Text(before + &text))
    }

    pub(super) fn set_array(
        &mut self,
        name: &str,
        array: std::collections::BTreeMap<i64, Value>,
    ) -> Result<(), Stop> {
        let entry = self.variables.entry(name);
        if entry.readonly {
            return Err(self.fault());
        }
        entry.content = Content::Many(array);
        Ok(())
    }
}
