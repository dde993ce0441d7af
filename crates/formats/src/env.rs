//! The text of a `.env` file: an assignment for each variable, spelled so that it reads back in
//! the dialect of the project and in as many others as possible.

use std::collections::HashMap;

use twinlock_dotenv::edit::{self, Place};
use twinlock_dotenv::{Assignment, Dialect, Document, RightHalf, Surroundings, spelling};
use zeroize::Zeroizing;

use crate::error::{Unspelled, WriteError};
use crate::format::Format;
use crate::variables::Variables;

/// Writes an assignment for each variable, and reads the whole text back before it is given out.
pub(crate) fn write(variables: &Variables, dialect: Dialect) -> Result<Zeroizing<String>, WriteError> {
    let names = variables.names_unless(|variable| is_name(variable.name()));
    if !names.is_empty() {
        let reason = "a name there is at most 128 letters, digits, _ . and -, and begins with a letter or _";
        return Err(WriteError::Names { format: Format::Env, names, reason });
    }
    let plain = assignments(variables, dialect, None)?;
    let Some(astray) = not_read_back(variables, dialect, &plain) else { return Ok(plain) };
    // Beside each other, lines without quotes can look like a key. With quotes they do not.
    let quoted = assignments(variables, dialect, Some(&RightHalf::parse("\"x\"")))?;
    if not_read_back(variables, dialect, &quoted).is_none() {
        return Ok(quoted);
    }
    // A quote in one value can look like the end of another's: then each is fitted to those before it.
    match one_by_one(variables, dialect) {
        Some(fitted) if not_read_back(variables, dialect, &fitted).is_none() => Ok(fitted),
        _ => {
            let reason = "beside the others it would be read as something else";
            Err(WriteError::Values { format: Format::Env, names: astray, reason })
        }
    }
}

/// More variables are not fitted to one another: each is tried in the whole text.
const MOST_FITTED: usize = 200;

/// The same with each variable added to the text of those before it; `None` where one does not fit.
fn one_by_one(variables: &Variables, dialect: Dialect) -> Option<Zeroizing<String>> {
    if variables.len() > MOST_FITTED {
        return None;
    }
    variables.into_iter().try_fold(Zeroizing::new(String::new()), |text, variable| {
        let document = Document::parse(&text);
        let edited = edit::add(&document, dialect, variable.name(), variable.value(), Place::End).ok()?;
        let ending = if edited.text.ends_with('\n') { "" } else { "\n" };
        Some(Zeroizing::new(edited.text + ending))
    })
}

fn is_name(name: &str) -> bool {
    let left = format!("{name}=");
    Assignment::at_start(&left).is_some_and(|found| found.name() == name)
}

/// A line for each variable, in the style of `beside` where that costs no reader.
fn assignments(
    variables: &Variables,
    dialect: Dialect,
    beside: Option<&RightHalf<'_>>,
) -> Result<Zeroizing<String>, WriteError> {
    let mut out = Zeroizing::new(String::new());
    let mut unspelled = Vec::new();
    for variable in variables {
        match spelling::choose(variable.name(), variable.value(), dialect, beside) {
            Ok(spelling) => {
                let written = Zeroizing::new(spelling.written);
                out.extend([variable.name(), "=", &written, "\n"]);
            }
            Err(why) => unspelled.push(Unspelled { name: variable.name().to_owned(), why }),
        }
    }
    if unspelled.is_empty() { Ok(out) } else { Err(WriteError::Unspelled(unspelled)) }
}

/// The names that the text does not give back, to us by the cut or to the loader; `None` if all
/// is well.
fn not_read_back(variables: &Variables, dialect: Dialect, text: &str) -> Option<Vec<String>> {
    let readings = dialect.read(text, &Surroundings::default()).unwrap_or_default();
    let (found, left_out) = Variables::from_readings(readings);
    let found: HashMap<_, _> = found.iter().map(|found| (found.name(), found.value())).collect();
    let document = Document::parse(text);
    let cut: Vec<_> = document.variables().map(twinlock_dotenv::Variable::name).collect();
    let astray = variables.names_unless(|variable| {
        found.get(variable.name()) == Some(&variable.value()) && cut.contains(&variable.name())
    });
    let sound = astray.is_empty()
        && left_out.is_empty()
        && found.len() == variables.len()
        && cut.len() == variables.len();
    (!sound).then_some(astray)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::Variable;

    fn written(list: &[(&str, &str)], dialect: Dialect) -> Result<Zeroizing<String>, WriteError> {
        let list = list.iter().map(|(name, value)| Variable::new(*name, *value)).collect();
        write(&Variables::new(list).unwrap(), dialect)
    }

    #[test]
    fn writes_a_line_for_each_variable() {
        let check = |list: &[(&str, &str)], expected: &str| {
            assert_eq!(written(list, Dialect::Node).as_deref().map(String::as_str), Ok(expected));
        };
        check(&[], "");
        check(&[("B", "1"), ("A", "a b"), ("C", "")], "B=1\nA=\"a b\"\nC=\n");
        check(&[("A", "pa$$word")], "A='pa$$word'\n");
    }

    #[test]
    fn lines_that_look_like_a_key_are_quoted() {
        let list = [("MIIEow", "="), ("IBAAKC", ""), ("AQEAx3", "")];
        let text = written(&list, Dialect::Node).unwrap();
        let document = Document::parse(&text);
        assert_eq!(
            document.variables().map(|found| found.name()).collect::<Vec<_>>(),
            ["MIIEow", "IBAAKC", "AQEAx3"]
        );
    }

    #[test]
    fn tells_what_cannot_be_written() {
        match written(&[("A", "1"), ("9", ""), ("A B", ""), ("é", "")], Dialect::Node) {
            Err(WriteError::Names { names, .. }) => assert_eq!(names, ["9", "A B", "é"]),
            other => panic!("{other:?}"),
        }
        match written(&[("A", "1"), ("B", "canary\n"), ("C", "canary\n")], Dialect::Docker) {
            Err(error @ WriteError::Unspelled(_)) => {
                let message = error.to_string();
                assert!(message.starts_with("B: ") && message.contains("\nC: "), "{message}");
                assert!(!format!("{error:?}{message}").contains("canary"));
            }
            other => panic!("{other:?}"),
        }
    }
}
