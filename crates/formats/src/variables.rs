//! An ordered list of names and values, and what could not become part of it.

use std::collections::HashSet;
use std::fmt;

use thiserror::Error;
use twinlock_dotenv::{Reading, Value};
use zeroize::Zeroizing;

/// A name and its value. The value is wiped when it is dropped, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Variable {
    name: String,
    value: Zeroizing<String>,
}

impl Variable {
    /// A variable.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Zeroizing::new(value.into()) }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value: a secret.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variable").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Variables in the order in which they are written. No name comes twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    list: Vec<Variable>,
}

/// A name came a second time.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name} is there twice, and only one of its values can be kept. Remove the other.")]
pub struct DuplicateName {
    /// The name.
    pub name: String,
}

/// A name that a loader knows and that has no value to hand over.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name} is left out: {why}.")]
pub struct LeftOut {
    /// The name.
    pub name: String,
    /// Why it has no value.
    pub why: Why,
}

/// Why a name has no value to hand over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Why {
    /// Its value is what a command answers.
    #[error("its value would come from a command, and Twinlock runs none")]
    NeedsCommand,
    /// Its value is taken from the surroundings of the program.
    #[error("it is named without a value")]
    NoValue,
    /// Its value is bytes that are no text.
    #[error("its value is no text")]
    NotText,
}

impl Variables {
    /// The variables of `list`, in its order.
    ///
    /// # Errors
    ///
    /// [`DuplicateName`] for the first name that comes a second time.
    pub fn new(list: Vec<Variable>) -> Result<Self, DuplicateName> {
        let mut names = HashSet::new();
        match list.iter().find(|variable| !names.insert(variable.name())) {
            Some(twice) => Err(DuplicateName { name: twice.name.clone() }),
            None => Ok(Self { list }),
        }
    }

    /// What a dialect made of a text: the variables that have a value, and those that have none.
    ///
    /// A dialect answers each name once; should one come again, its last value counts.
    #[must_use]
    pub fn from_readings(readings: Vec<Reading>) -> (Self, Vec<LeftOut>) {
        let mut left_out = Vec::new();
        let mut list: Vec<Variable> = Vec::new();
        let mut names = HashSet::new();
        for Reading { name, value } in readings.into_iter().rev() {
            if !names.insert(name.clone()) {
                continue;
            }
            let why = match value {
                Value::Text(value) => {
                    list.push(Variable::new(name, value));
                    continue;
                }
                Value::NeedsCommand => Why::NeedsCommand,
                Value::None => Why::NoValue,
                Value::Bytes(_) => Why::NotText,
            };
            left_out.push(LeftOut { name, why });
        }
        list.reverse();
        left_out.reverse();
        (Self { list }, left_out)
    }

    /// The variables, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Variable> {
        self.list.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The names of the variables for which `holds` is not true.
    pub(crate) fn names_unless(&self, holds: impl Fn(&Variable) -> bool) -> Vec<String> {
        self.iter().filter(|variable| !holds(variable)).map(|variable| variable.name.clone()).collect()
    }
}

impl<'v> IntoIterator for &'v Variables {
    type Item = &'v Variable;
    type IntoIter = std::slice::Iter<'v, Variable>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_there_once() {
        let twice = vec![Variable::new("A", "1"), Variable::new("B", "2"), Variable::new("A", "3")];
        assert_eq!(Variables::new(twice), Err(DuplicateName { name: "A".to_owned() }));
    }

    #[test]
    fn what_has_no_value_is_told() {
        let reading = |name: &str, value| Reading { name: name.to_owned(), value };
        let (variables, left_out) = Variables::from_readings(vec![
            reading("A", Value::Text("1".to_owned())),
            reading("B", Value::NeedsCommand),
            reading("C", Value::None),
            reading("D", Value::Bytes(vec![0xff])),
            reading("A", Value::Text("2".to_owned())),
        ]);
        assert_eq!(variables, Variables::new(vec![Variable::new("A", "2")]).unwrap());
        let told: Vec<_> = left_out.iter().map(|left| (left.name.as_str(), left.why)).collect();
        assert_eq!(told, [("B", Why::NeedsCommand), ("C", Why::NoValue), ("D", Why::NotText)]);
    }

    #[test]
    fn a_value_is_not_shown() {
        let variables = Variables::new(vec![Variable::new("A", "canary")]).unwrap();
        assert!(!format!("{variables:?}").contains("canary"));
    }
}
