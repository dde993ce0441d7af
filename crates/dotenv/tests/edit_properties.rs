//! What must hold of every edit of every text: what was not asked for stays, byte for byte, and
//! the loader reads what was asked for, from the whole new text.
//!
//! The promises are looked at here anew, without what the crate itself tries before it answers.

#![expect(clippy::disallowed_methods, reason = "reads the inputs of the loaders' tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use twinlock_dotenv::edit::{
    Edited, NotEdited, Place, Proof, Which, add, apply, comment_out, remove, rename, set, shift, uncomment,
};
use twinlock_dotenv::spelling::{choose, takes};
use twinlock_dotenv::{Dialect, Document, Surroundings, Value};

/// Files as people write them.
const FILES: [&str; 8] = [
    "# Server\nPORT=3000\nHOST=localhost\nNODE_ENV=development\n\n# Database\nDATABASE_URL=\"postgres://user:p%40ss@localhost:5432/app?sslmode=disable\" # local\nDATABASE_POOL=5\n",
    "APP_NAME=Laravel\nAPP_KEY=base64:3Jx0Q9c3Z1yO9s2pS0m7q1VJxgk3bGJ8wq5o2bq8Q0U=\nAPP_URL=http://localhost\n\nMAIL_FROM_NAME=\"${APP_NAME}\"\nMAIL_PASSWORD=null\nVITE_APP_NAME=\"${APP_NAME}\"",
    "export AWS_ACCESS_KEY_ID='AKIAEXAMPLE'\nexport AWS_SECRET_ACCESS_KEY='wJalr/XUtnFEMI+K7MDENG=='\nexport AWS_REGION='eu-west-1'\n",
    "\u{feff}NAME=Zoë\r\nGREETING=\"Hello, World\"\r\n# a comment\r\nEMPTY=\r\nLAST=1",
    "POSTGRES_USER     = admin\nPOSTGRES_PASSWORD = s3cret\nPOSTGRES_DB       = main\n",
    "PRIVATE_KEY=\"-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nab+/==\n-----END RSA PRIVATE KEY-----\"\nJSON='{\"a\": [1, 2], \"b\": \"#\"}'\nPLAIN=x\n",
    "A=1\nA=2\n\n  INDENTED=yes # why\n#OLD=1\nTAIL=`tick`\n\n\n",
    "PASS=pa$$word\nHASH=a#b\nQUOTE=it's\nBACK=C:\\dir\\new\nREF=$PASS-${HASH}\nSPACE=two words\n",
];

const PIECES: [&str; 40] = [
    "A",
    "B",
    "NAME",
    "export ",
    "=",
    "==",
    " = ",
    ": ",
    "\"",
    "'",
    "`",
    "\\",
    "\\\"",
    "#",
    " # ",
    "\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "x",
    "1",
    "$A",
    "${A}",
    "\u{feff}",
    "\u{2028}",
    "é",
    "A=1\n",
    "B='2'\n",
    "C=\"3\n",
    "A=\"1\"\n",
    "B=two words # c\n",
    "# c\n",
    "-----BEGIN K-----",
    "-----END K-----",
    "MIIEow\n",
    "ab=\n",
    "K=-----BEGIN K-----\n",
    "D=$A\n",
];

fn text() -> impl Strategy<Value = String> {
    let pieces = vec(select(PIECES.to_vec()), 0..30).prop_map(|pieces| pieces.concat());
    let cut = (select(FILES.to_vec()), any::<prop::sample::Index>()).prop_map(|(file, at)| {
        let ends: Vec<usize> = file.char_indices().map(|(at, _)| at).collect();
        file[..ends[at.index(ends.len())]].to_owned()
    });
    prop_oneof![select(FILES.to_vec()).prop_map(str::to_owned), cut, pieces.clone(), pieces]
}

fn value() -> impl Strategy<Value = String> {
    let known = [
        "",
        "1",
        "plain",
        "two words",
        " blanks ",
        "a#b",
        "a # b",
        "$A",
        "${A}",
        "$$",
        "${",
        "a\\nb",
        "\\",
        "'",
        "\"",
        "`",
        "it's",
        "'\"`",
        "say \"it's\" `now` # $5",
        "a\nb",
        "a\r\nb",
        "\r",
        "\t",
        "export A=1",
        "A=1\nB=2",
        "{\"a\": \"b\", \"c\": [1]}",
        "-----BEGIN K-----\nab+/\nab==\n-----END K-----\n",
        "🔑",
        "a\0b",
        "\u{feff}",
        "ab=",
        "x'\ny",
        "x\"\ny",
        "x`\n# y",
    ];
    let pieces = ["a", "A", "$", "{", "}", "\"", "'", "`", "\\", "#", " ", "\n", "n", "=", "\r", "é"];
    let mixed = vec(select(pieces.to_vec()), 0..8).prop_map(|pieces| pieces.concat());
    prop_oneof![
        select(known.to_vec()).prop_map(str::to_owned),
        mixed,
        ".{0,12}".prop_map(|text: String| text)
    ]
}

fn dialect() -> impl Strategy<Value = Dialect> {
    select(Dialect::ALL.to_vec())
}

type Readings = BTreeMap<String, Value>;

fn readings(dialect: Dialect, text: &str) -> Option<Readings> {
    let found = dialect.read(text, &Surroundings::default()).ok()?;
    Some(found.into_iter().map(|found| (found.name, found.value)).collect())
}

/// Names, and the texts of all variables of the name.
fn variables(text: &str) -> Vec<(String, String)> {
    let document = Document::parse(text);
    document.variables().map(|found| (found.name().to_owned(), found.text().to_owned())).collect()
}

/// Variables whose reading changed, but those named and those whose text has a `$` or a part of
/// what was edited: a coarser rule than the crate's own.
fn others_changed(dialect: Dialect, old: &str, edited: &Edited, named: &[&str]) -> Vec<String> {
    let (Some(before), Some(after)) = (readings(dialect, old), readings(dialect, &edited.text)) else {
        return Vec::new();
    };
    // What a loader takes for a value may be more than the variable's own lines.
    let refers = |name: &str| {
        old.lines().any(|line| line.contains('$') && line.contains(name))
            || variables(old).iter().any(|(other, text)| other == name && text.contains('$'))
    };
    let own: BTreeSet<String> = variables(old).into_iter().map(|(name, _)| name).collect();
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name) && !named.contains(&name.as_str()))
        .filter(|name| own.contains(*name) && !refers(name) && !edited.newly_read.contains(*name))
        .cloned()
        .collect()
}

/// Looks at an edit that was given out: its spans, the variables, what the loader reads.
fn check(
    dialect: Dialect,
    old: &str,
    edited: &Edited,
    named: &[&str],
    expected: &[(String, String)],
) -> Result<(), TestCaseError> {
    let applied = apply(old, &edited.edits);
    prop_assert_eq!(applied.as_deref(), Ok(edited.text.as_str()));
    prop_assert!(edited.edits.is_sorted_by(|left, right| left.span.end <= right.span.start));
    let ends = |text: &str| text.trim_end_matches(['\n', '\r']).to_owned();
    let found: Vec<_> = variables(&edited.text).into_iter().map(|(name, text)| (name, ends(&text))).collect();
    let expected: Vec<_> = expected.iter().map(|(name, text)| (name.clone(), ends(text))).collect();
    prop_assert_eq!(found, expected);
    if edited.proof == Proof::WholeText {
        prop_assert_eq!(others_changed(dialect, old, edited, named), Vec::<String>::new());
    }
    Ok(())
}

/// The variables of `new`, where every one but those of `name` is as it is in `old`.
fn but_for(old: &str, new: &str, name: &str) -> Vec<(String, String)> {
    let all = variables(new);
    let mut changed = all.into_iter().filter(|(other, _)| other == name);
    variables(old)
        .into_iter()
        .map(|found| if found.0 == name { changed.next().unwrap_or(found) } else { found })
        .collect()
}

fn check_set(dialect: Dialect, text: &str, name: &str, value: &str) -> Result<bool, TestCaseError> {
    let there = variables(text).iter().any(|(other, _)| other == name);
    let Ok(edited) = set(&Document::parse(text), dialect, name, value) else { return Ok(false) };
    let mut expected = but_for(text, &edited.text, name);
    if !there {
        expected.extend(variables(&edited.text).into_iter().filter(|(other, _)| other == name));
    }
    check(dialect, text, &edited, &[name], &expected)?;
    if let Some(found) = readings(dialect, &edited.text) {
        prop_assert_eq!(found.get(name).and_then(Value::as_text), Some(value));
    }
    let again = set(&Document::parse(&edited.text), dialect, name, value);
    prop_assert!(again.is_ok_and(|again| again.edits.is_empty()));
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn a_value_that_was_set_is_read(
        text in text(), value in value(), dialect in dialect(), pick in any::<prop::sample::Index>(),
    ) {
        let names: Vec<String> = variables(&text).into_iter().map(|(name, _)| name).collect();
        let name = if names.is_empty() { "NEW" } else { names[pick.index(names.len())].as_str() };
        check_set(dialect, &text, name, &value)?;
    }

    #[test]
    fn what_was_added_is_read_and_removing_it_gives_the_text_back(
        text in text(), value in value(), dialect in dialect(), pick in any::<prop::sample::Index>(),
    ) {
        let names = variables(&text);
        let place = match names.get(pick.index(names.len() + 1)) {
            Some((name, _)) if pick.index(2) == 0 => Place::Before(name),
            Some((name, _)) => Place::After(name),
            None => Place::End,
        };
        if let Ok(edited) = add(&Document::parse(&text), dialect, "NEW", &value, place) {
            let old: Vec<_> = variables(&edited.text).into_iter().filter(|(name, _)| name != "NEW").collect();
            prop_assert_eq!(old.len() + 1, variables(&edited.text).len());
            let mut expected = variables(&text);
            let at = variables(&edited.text).iter().position(|(name, _)| name == "NEW");
            let found = variables(&edited.text);
            let new = at.map(|at| found[at].clone());
            expected.insert(at.unwrap_or_default(), new.unwrap_or_default());
            check(dialect, &text, &edited, &["NEW"], &expected)?;
            if let Some(found) = readings(dialect, &edited.text) {
                prop_assert_eq!(found.get("NEW").and_then(Value::as_text), Some(value.as_str()));
            }
            let back = remove(&Document::parse(&edited.text), dialect, "NEW", Which::Every);
            // What came to light with it would be lost again, and a text that was refused before
            // would be again.
            if edited.newly_read.is_empty() && readings(dialect, &text).is_some() {
                prop_assert_eq!(back.map(|back| back.text), Ok(text));
            }
        }
    }

    #[test]
    fn renaming_and_back_gives_the_text(
        text in text(), dialect in dialect(), pick in any::<prop::sample::Index>(),
    ) {
        let names = variables(&text);
        if names.is_empty() {
            return Ok(());
        }
        let name = names[pick.index(names.len())].0.as_str();
        if let Ok(edited) = rename(&Document::parse(&text), dialect, name, "NEW_NAME") {
            prop_assert!(edited.edits.iter().all(|edit| "NEW_NAME".contains(&edit.text)));
            // A name or a text that the loader does not take is not given back to it.
            if readings(dialect, &text).is_some() && takes(dialect, name) {
                let back = rename(&Document::parse(&edited.text), dialect, "NEW_NAME", name);
                prop_assert_eq!(back.map(|back| back.text), Ok(text));
            }
        }
    }

    #[test]
    fn removing_moving_and_commenting_touch_nothing_else(
        text in text(), dialect in dialect(), pick in any::<prop::sample::Index>(),
    ) {
        let all = variables(&text);
        if all.is_empty() {
            return Ok(());
        }
        let name = all[pick.index(all.len())].0.clone();
        let document = Document::parse(&text);
        let without: Vec<_> = all.iter().filter(|(other, _)| *other != name).cloned().collect();
        if let Ok(edited) = remove(&document, dialect, &name, Which::Every) {
            check(dialect, &text, &edited, &[&name], &without)?;
            prop_assert!(edited.edits.iter().all(|edit| edit.text.is_empty()));
        }
        if let Ok(edited) = comment_out(&document, dialect, &name, Which::Every) {
            check(dialect, &text, &edited, &[&name], &without)?;
            prop_assert!(edited.edits.iter().all(|edit| edit.span.is_empty() && edit.text.starts_with('#')));
            if all.len() == without.len() + 1
                && let Ok(back) = uncomment(&Document::parse(&edited.text), dialect, &name)
                && !text.contains("-----BEGIN")
            {
                let (found, wanted) = (variables(&back.text), variables(&text));
                prop_assert_eq!(found.len(), wanted.len());
            }
        }
        if let Ok(edited) = shift(&document, dialect, &name, Place::End) {
            let mut expected = all.clone();
            if let Some(at) = all.iter().rposition(|(other, _)| *other == name) {
                let moved = expected.remove(at);
                expected.push(moved);
            }
            check(dialect, &text, &edited, &[], &expected)?;
            if let (Some(before), Some(after)) = (readings(dialect, &text), readings(dialect, &edited.text)) {
                prop_assert!(before == after);
            }
        }
    }
}

#[test]
fn ordinary_values_in_ordinary_files_can_be_set_in_every_dialect_that_takes_them() {
    let values =
        ["", "plain", "two words", "a#b # c", "p@ss$word", "it's", "say \"no\"", "C:\\dir\\new", "a=b&c=d"];
    let mut turn = 0;
    for (number, file) in FILES.iter().enumerate().filter(|(number, _)| *number != 3) {
        for dialect in Dialect::ALL {
            let Some(read) = readings(dialect, file) else { continue };
            for (name, _) in variables(file).iter().filter(|(name, _)| read.contains_key(name)) {
                turn += 1;
                let value = values[turn % values.len()];
                let possible = choose(name, value, dialect, None).is_ok();
                let done = check_set(dialect, file, name, value).ok();
                assert_eq!(done, Some(possible), "{dialect} file {number} {name} {value:?}");
            }
        }
    }
}

#[expect(clippy::print_stdout, reason = "a test that checks nothing has to say so")]
fn folder() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above.map(|folder| folder.join("shared/conformance")).find(|folder| folder.is_dir());
    if found.is_none() {
        println!("skipped: no shared/conformance beside a folder above this crate");
    }
    found
}

/// Every variable of every input that the loaders were asked about, each in one dialect and with
/// one value of several; how often there is no answer is bounded, so that it cannot grow unseen.
#[test]
fn the_inputs_of_the_loaders_can_be_edited() -> Result<(), Box<dyn std::error::Error>> {
    let Some(folder) = folder() else { return Ok(()) };
    let mut inputs = Vec::new();
    for part in ["cases", "fixtures"] {
        for entry in fs::read_dir(folder.join(part))? {
            let path = entry?.path();
            if path.extension() == Some("env".as_ref())
                && let Ok(text) = String::from_utf8(fs::read(&path)?)
            {
                inputs.push((path, text));
            }
        }
    }
    inputs.sort();
    let values = ["plain", "", "two words", "it's \"q\" $HOME #1"];
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut turn = 0;
    for (path, text) in &inputs {
        let names: BTreeSet<String> = variables(text).into_iter().map(|(name, _)| name).collect();
        let document = Document::parse(text);
        // Of the few long inputs some variables are enough: each costs as much as a short input.
        let step = if text.len() > 2_000 { 8 } else { 1 };
        for name in names.iter().step_by(step) {
            turn += 1;
            let dialect = Dialect::ALL[turn % Dialect::ALL.len()];
            let value = values[turn % values.len()];
            if let Err(error) = check_set(dialect, text, name, value) {
                return Err(format!("{} {dialect} {name} {value:?}: {error}", path.display()).into());
            }
            let outcome = match set(&document, dialect, name, value) {
                Ok(edited) if edited.proof == Proof::WholeText => "set",
                Ok(_) => "set, in a file that is refused",
                Err(NotEdited::NoSpelling(_)) => "no spelling",
                Err(_) => "not in this file",
            };
            *outcomes.entry(outcome).or_default() += 1;
            if let Ok(edited) = rename(&document, dialect, name, "NEW_NAME")
                && edited.proof == Proof::WholeText
                && readings(dialect, text).is_some()
                && takes(dialect, name)
            {
                let back = rename(&Document::parse(&edited.text), dialect, "NEW_NAME", name);
                assert_eq!(
                    back.map(|back| back.text).as_ref(),
                    Ok(text),
                    "{} {dialect} {name}",
                    path.display()
                );
            }
        }
    }
    println!("{outcomes:?}");
    let count = |outcome| outcomes.get(outcome).copied().unwrap_or_default();
    assert!(count("set") > 700, "{outcomes:?}");
    assert!(count("no spelling") * 100 < turn && count("not in this file") * 20 < turn, "{outcomes:?}");
    Ok(())
}
