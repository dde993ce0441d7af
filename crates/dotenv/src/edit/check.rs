//! Trying edits before they are given out: the entries of the new text, and what the loader reads
//! from it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Edit, Edited, NotEdited, Proof, apply};
use crate::cut::{BYTE_ORDER_MARK, lines};
use crate::dialects::{Dialect, Reading, Refused, Surroundings, Value};
use crate::document::{Document, Entry};

/// How many names a sentence lists.
const LISTED: usize = 5;

/// Edits, and the variables that the text will have then, as they are written.
pub(super) struct Draft<'t> {
    pub(super) edits: Vec<Edit>,
    pub(super) variables: Vec<Cow<'t, str>>,
    /// The variables that are rewritten or taken out, as they were written.
    pub(super) touched: Vec<&'t str>,
}

/// What the loader must make of the new text.
#[derive(Clone, Copy)]
pub(super) enum Promise<'n> {
    /// This name has this value, also when everything it may seem to refer to is set around.
    Reads { name: &'n str, value: &'n str, around: &'n Surroundings },
    /// The second name has the value that the first one had.
    Renamed { from: &'n str, to: &'n str },
    /// This name may have any value or none.
    Free { name: &'n str },
    /// Every variable has the value that it had.
    Nothing,
}

/// A text and what the loader makes of it as it stands.
pub(super) struct Check<'d, 't> {
    document: &'d Document<'t>,
    dialect: Dialect,
    before: Result<BTreeMap<String, Value>, Refused>,
}

impl<'d, 't> Check<'d, 't> {
    pub(super) fn new(document: &'d Document<'t>, dialect: Dialect) -> Self {
        Self { document, dialect, before: read(dialect, document.text(), &Surroundings::default()) }
    }

    /// What the loader makes of the text as it stands.
    pub(super) fn before(&self) -> Result<&BTreeMap<String, Value>, Refused> {
        self.before.as_ref().map_err(|refused| *refused)
    }

    /// The answer of an operation that has nothing to change.
    pub(super) fn unchanged(&self) -> Edited {
        let proof = self.before.as_ref().map_or_else(|refused| Proof::Alone(*refused), |_| Proof::WholeText);
        let text = self.document.text().to_owned();
        Edited { edits: Vec::new(), text, proof, newly_read: Vec::new() }
    }

    /// Makes the edits and looks at what comes of them.
    pub(super) fn try_out(&self, draft: Draft<'t>, promise: Promise<'_>) -> Result<Edited, NotEdited> {
        let Draft { mut edits, variables, touched } = draft;
        edits.sort_by_key(|edit| edit.span.start);
        let text = apply(self.document.text(), &edits).map_err(|_| NotEdited::ChangesEntries)?;
        let found = Document::parse(&text);
        if !found.variables().map(|variable| variable.text()).eq(variables.iter().map(Cow::as_ref)) {
            return Err(NotEdited::ChangesEntries);
        }
        let after = read(self.dialect, &text, &Surroundings::default());
        let mut newly_read = Vec::new();
        let proof = match (&self.before, &after) {
            (Err(refused), Err(_)) => Proof::Alone(*refused),
            (Ok(_), Err(_)) => return Err(NotEdited::WouldRefuse { dialect: self.dialect }),
            (Err(_), Ok(after)) => {
                self.promise_kept(&BTreeMap::new(), after, promise, &text)?;
                Proof::WholeText
            }
            (Ok(before), Ok(after)) => {
                self.promise_kept(before, after, promise, &text)?;
                newly_read = self.others_as_before(before, after, promise, &touched)?;
                Proof::WholeText
            }
        };
        Ok(Edited { edits, text, proof, newly_read })
    }

    fn promise_kept(
        &self,
        before: &BTreeMap<String, Value>,
        after: &BTreeMap<String, Value>,
        promise: Promise<'_>,
        text: &str,
    ) -> Result<(), NotEdited> {
        let kept = |name: &str, kept: bool| {
            let not_read = || NotEdited::NotRead { dialect: self.dialect, name: name.to_owned() };
            if kept { Ok(()) } else { Err(not_read()) }
        };
        let holds = |found: &BTreeMap<String, Value>, name: &str, value: &str| {
            found.get(name).and_then(Value::as_text) == Some(value)
        };
        match promise {
            Promise::Reads { name, value, around } => {
                let alike = holds(after, name, value)
                    && (!value.contains('$')
                        || read(self.dialect, text, around).is_ok_and(|found| holds(&found, name, value)));
                kept(name, alike)
            }
            Promise::Renamed { from, to } => {
                let refers = self.references(from).contains(from) || self.references(from).contains(to);
                kept(to, before.get(from).is_none_or(|value| after.get(to) == Some(value)) || refers)
            }
            Promise::Free { .. } | Promise::Nothing => Ok(()),
        }
    }

    /// Whether all other variables read as before, but those that refer to what was changed.
    ///
    /// What the loader takes for variables inside the lines that are touched goes with them. And
    /// lines that were lost to the loader may come to light; their names are answered.
    fn others_as_before(
        &self,
        before: &BTreeMap<String, Value>,
        after: &BTreeMap<String, Value>,
        promise: Promise<'_>,
        touched: &[&str],
    ) -> Result<Vec<String>, NotEdited> {
        let named: Vec<&str> = match promise {
            Promise::Reads { name, .. } | Promise::Free { name } => vec![name],
            Promise::Renamed { from, to } => vec![from, to],
            Promise::Nothing => Vec::new(),
        };
        let names: BTreeSet<&str> = before.keys().chain(after.keys()).map(String::as_str).collect();
        let changed: HashSet<&str> = names
            .into_iter()
            .filter(|name| !named.contains(name) && before.get(*name) != after.get(*name))
            .collect();
        if changed.is_empty() {
            return Ok(Vec::new());
        }
        // From what was changed to all that refers to it, and to all that refers to that.
        let referring = self.referring(&changed);
        let mut reached: HashSet<&str> = named.iter().copied().collect();
        let mut open = named.clone();
        while let Some(name) = open.pop() {
            for next in referring.get(name).into_iter().flatten() {
                if reached.insert(next) {
                    open.push(next);
                }
            }
        }
        let written: HashMap<&str, &str> =
            self.document.variables().map(|variable| (variable.name(), variable.text())).collect();
        let strict = matches!(promise, Promise::Nothing);
        let (mut others, mut newly_read) = (Vec::new(), Vec::new());
        for name in changed.into_iter().filter(|name| strict || !reached.contains(name)) {
            let line = written.get(name);
            let inside =
                line.is_none() && !name.is_empty() && touched.iter().any(|touched| touched.contains(name));
            let came_to_light = !before.contains_key(name) && (line.is_some() || inside);
            match () {
                () if strict => others.push(name.to_owned()),
                () if named.contains(&name.trim_start_matches(BYTE_ORDER_MARK)) => {}
                () if came_to_light => newly_read.push(name.to_owned()),
                () if inside => {}
                () => others.push(name.to_owned()),
            }
        }
        others.sort_unstable();
        newly_read.sort_unstable();
        if others.is_empty() {
            return Ok(newly_read);
        }
        others.truncate(LISTED);
        Err(NotEdited::ChangesOthers { dialect: self.dialect, names: others })
    }

    /// For each word in a text with a `$` the names, of those given, that this text may set.
    fn referring<'n>(&self, names: &HashSet<&'n str>) -> HashMap<&'n str, Vec<&'n str>>
    where
        't: 'n,
    {
        let mut referring: HashMap<&'n str, Vec<&'n str>> = HashMap::new();
        let mut add = |text: &'n str, name: Option<&str>| {
            if !text.contains('$') {
                return;
            }
            let words = words(text);
            let sets: Vec<&'n str> = match name {
                Some(name) => names.get(name).copied().into_iter().collect(),
                None => words.iter().filter_map(|word| names.get(word).copied()).collect(),
            };
            for word in words {
                referring.entry(word).or_default().extend(&sets);
            }
        };
        for entry in self.document.entries() {
            match entry {
                Entry::Variable(variable) => add(variable.text(), Some(variable.name())),
                Entry::Prose(prose) => lines(prose.text(), 0).for_each(|(_, line)| add(line, None)),
            }
        }
        referring
    }

    /// The words in the values of one name that hold a `$`.
    fn references(&self, name: &str) -> HashSet<&'t str> {
        let variables = self.document.variables().filter(|variable| variable.name() == name);
        variables
            .map(|variable| variable.right())
            .filter(|right| right.contains('$'))
            .flat_map(words)
            .collect()
    }
}

/// All that may be a name in a text, by each idea of what a name is.
fn words(text: &str) -> HashSet<&str> {
    let mut found = HashSet::new();
    let ideas: [fn(char) -> bool; 4] = [
        |c| c.is_ascii_alphanumeric() || c == '_',
        |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'),
        |c| c.is_ascii_alphanumeric(),
        |c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_',
    ];
    for is_name in ideas {
        found.extend(text.split(|c| !is_name(c)).filter(|word| !word.is_empty()));
    }
    found
}

fn read(dialect: Dialect, text: &str, around: &Surroundings) -> Result<BTreeMap<String, Value>, Refused> {
    let found = dialect.read(text, around)?;
    Ok(found.into_iter().map(|Reading { name, value }| (name, value)).collect())
}
