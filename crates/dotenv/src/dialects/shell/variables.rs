//! The variables of a shell, with what is around it underneath: values, arrays, and what is
//! exported, read-only or changed on its way in.

use std::collections::{BTreeMap, HashMap};

use super::Kind;
use crate::dialects::{Reading, Surroundings, Value};

/// What the shell knows of a variable.
pub(super) enum Variable {
    Set(String),
    Unset,
    Unknown,
}

/// What a variable holds.
#[derive(Clone)]
pub(super) enum Content {
    /// Nothing: it was unset, or only named.
    Nothing,
    One(Value),
    /// bash's array, by index.
    Many(BTreeMap<i64, Value>),
}

/// What bash makes of every value that is assigned to a name.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Nature {
    Plain,
    Integer,
    Upper,
    Lower,
}

/// One name that the file has touched.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) content: Content,
    pub(super) exported: bool,
    pub(super) readonly: bool,
    pub(super) nature: Nature,
}

/// The name may not be changed.
pub(super) struct ReadOnly;

pub(super) struct Variables<'a> {
    kind: Kind,
    around: &'a Surroundings,
    entries: HashMap<String, Entry>,
    /// The names in the order in which they were touched; one that was put back comes again.
    order: Vec<String>,
    /// Whether what is set is exported without being asked for: `set -a`.
    pub(super) all_exported: bool,
}

impl<'a> Variables<'a> {
    pub(super) fn new(kind: Kind, around: &'a Surroundings) -> Self {
        Self { kind, around, entries: HashMap::new(), order: Vec::new(), all_exported: true }
    }

    /// What the environment of a program holds that starts now.
    pub(super) fn into_readings(mut self) -> Vec<Reading> {
        let mut readings = Vec::new();
        for name in self.order {
            // bash sets `_` anew for every program.
            let seen = self.kind == Kind::Dash || name != "_";
            match self.entries.remove(&name) {
                Some(Entry { content: Content::One(value), exported: true, .. }) if seen => {
                    readings.push(Reading { name, value });
                }
                _ => {}
            }
        }
        readings
    }

    /// The entry of a name, made from what is around where there is none yet.
    pub(super) fn entry(&mut self, name: &str) -> &mut Entry {
        if !self.entries.contains_key(name) {
            self.order.push(name.to_owned());
        }
        let around = self.around.get(name);
        self.entries.entry(name.to_owned()).or_insert_with(|| Entry {
            content: around.map_or(Content::Nothing, |value| Content::One(value.into())),
            exported: around.is_some(),
            readonly: false,
            nature: Nature::Plain,
        })
    }

    pub(super) fn set(&mut self, name: &str, value: Value) -> Result<(), ReadOnly> {
        self.set_at(name, 0, value)
    }

    /// Sets an element; one of a variable that is no array makes it one.
    pub(super) fn set_element(&mut self, name: &str, index: i64, value: Value) -> Result<(), ReadOnly> {
        if self.entry(name).readonly {
            return Err(ReadOnly);
        }
        self.make_array(name);
        self.set_at(name, index, value)
    }

    fn set_at(&mut self, name: &str, index: i64, value: Value) -> Result<(), ReadOnly> {
        let all_exported = self.all_exported;
        let entry = self.entry(name);
        if entry.readonly {
            return Err(ReadOnly);
        }
        let value = match (value, entry.nature) {
            (Value::Text(text), Nature::Upper) => Value::Text(text.to_ascii_uppercase()),
            (Value::Text(text), Nature::Lower) => Value::Text(text.to_ascii_lowercase()),
            (value, _) => value,
        };
        match &mut entry.content {
            Content::Many(elements) => {
                elements.insert(index, value);
            }
            content => *content = Content::One(value),
        }
        entry.exported |= all_exported;
        Ok(())
    }

    /// Makes a variable an array; a value that it has becomes the first element.
    pub(super) fn make_array(&mut self, name: &str) {
        let entry = self.entry(name);
        let elements = match std::mem::replace(&mut entry.content, Content::Nothing) {
            Content::Nothing => BTreeMap::new(),
            Content::One(value) => BTreeMap::from([(0, value)]),
            Content::Many(elements) => elements,
        };
        entry.content = Content::Many(elements);
    }

    pub(super) fn unset(&mut self, name: &str) -> Result<(), ReadOnly> {
        let entry = self.entry(name);
        if entry.readonly {
            return Err(ReadOnly);
        }
        *entry = Entry { content: Content::Nothing, exported: false, readonly: false, nature: Nature::Plain };
        Ok(())
    }

    /// Takes an element out of an array; what is no array is its own first element.
    pub(super) fn unset_element(&mut self, name: &str, index: i64) {
        let entry = self.entry(name);
        match &mut entry.content {
            Content::Many(elements) => {
                elements.remove(&index);
            }
            content if index == 0 => *content = Content::Nothing,
            _ => {}
        }
    }

    /// What a name is now, to be put back later.
    pub(super) fn saved(&self, name: &str) -> Option<Entry> {
        self.entries.get(name).cloned()
    }

    pub(super) fn put_back(&mut self, name: &str, saved: Option<Entry>) {
        match saved {
            Some(entry) => {
                self.entries.insert(name.to_owned(), entry);
            }
            None => {
                self.entries.remove(name);
            }
        }
    }

    /// What the shell knows of a variable.
    pub(super) fn get(&self, name: &str) -> Variable {
        let content = self.entries.get(name).map(|entry| &entry.content);
        match content {
            Some(Content::One(value)) => known(Some(value)),
            Some(Content::Many(elements)) => known(elements.get(&0)),
            Some(Content::Nothing) => Variable::Unset,
            None => match self.around.get(name) {
                Some(text) => Variable::Set(text.to_owned()),
                None => self.of_the_shell(name),
            },
        }
    }

    /// The elements of a variable; one that is no array has one.
    pub(super) fn elements(&self, name: &str) -> BTreeMap<i64, Value> {
        if let Some(Entry { content: Content::Many(elements), .. }) = self.entries.get(name) {
            return elements.clone();
        }
        match self.get(name) {
            Variable::Set(text) => BTreeMap::from([(0, Value::Text(text))]),
            Variable::Unset => BTreeMap::new(),
            Variable::Unknown => BTreeMap::from([(0, Value::NeedsCommand)]),
        }
    }

    /// The entry of a name that the file has touched, or that is around.
    pub(super) fn known(&self, name: &str) -> Option<Entry> {
        let around =
            || Entry { content: Content::Nothing, exported: true, readonly: false, nature: Nature::Plain };
        self.entries.get(name).cloned().or_else(|| self.around.get(name).map(|_| around()))
    }

    /// How many names there may be.
    pub(super) fn count(&self) -> usize {
        self.order.len()
    }

    /// The names that are set and begin alike, as far as the file tells them.
    pub(super) fn names(&self, start: &str) -> Vec<&str> {
        let set = |name: &&String| {
            let entry = self.entries.get(*name);
            entry.is_some_and(|entry| !matches!(entry.content, Content::Nothing))
        };
        let mut names: Vec<&str> = self
            .order
            .iter()
            .filter(|name| name.starts_with(start))
            .filter(set)
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Variables that the shell sets itself.
    fn of_the_shell(&self, name: &str) -> Variable {
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
        let of_the_process = matches!(name, "HOME" | "PATH" | "PPID" | "PS1" | "PS2" | "PS4" | "PWD")
            || (self.kind == Kind::Bash && (bash || name.starts_with("BASH")));
        match name {
            "IFS" => Variable::Set(" \t\n".to_owned()),
            "OPTIND" => Variable::Set("1".to_owned()),
            _ if of_the_process => Variable::Unknown,
            _ => Variable::Unset,
        }
    }
}

fn known(value: Option<&Value>) -> Variable {
    match value {
        Some(Value::Text(text)) => Variable::Set(text.clone()),
        Some(_) => Variable::Unknown,
        None => Variable::Unset,
    }
}
