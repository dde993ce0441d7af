//! The variables found so far, by name and in the order of their first appearance.

use std::collections::HashMap;

use super::{Reading, Value};

/// A map that remembers the order of first insertion.
#[derive(Default)]
pub(super) struct Store {
    places: HashMap<String, usize>,
    readings: Vec<Reading>,
}

impl Store {
    /// Sets a variable; of a name that comes again the last value counts.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        match self.places.get(name) {
            Some(place) => self.readings[*place].value = value.into(),
            None => {
                self.places.insert(name.to_owned(), self.readings.len());
                self.readings.push(Reading { name: name.to_owned(), value: value.into() });
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.places.get(name).map(|place| &self.readings[*place].value)
    }

    /// The value of a name, where it is a text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_text)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    pub(super) fn readings(&self) -> &[Reading] {
        &self.readings
    }

    pub(super) fn into_readings(self) -> Vec<Reading> {
        self.readings
    }
}

impl Value {
    /// The value, where it is a text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::None | Self::Bytes(_) | Self::NeedsCommand => None,
        }
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
