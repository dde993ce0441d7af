//! The ways to write a value that some loader may read back: bare and in each quote, and in each
//! of them with the escapes that at least one loader knows.
//!
//! Nothing here knows which loader knows which escape. That is found out by reading.

use std::collections::HashSet;

use crate::right_half::Quote;

/// One way to write a value.
pub(crate) struct Candidate {
    pub(crate) written: String,
    /// The quote it opens with; `None` for a bare value.
    pub(crate) quote: Option<Quote>,
    /// How much there is in it that is not the value, the least first.
    pub(crate) effort: Effort,
}

/// How a candidate comes about, the plainest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Effort {
    /// The place of its form among the forms.
    form: usize,
    /// How many characters are written otherwise than they are.
    rewritten: usize,
}

/// What is written for a character.
#[derive(Clone, Copy)]
enum Written {
    /// This text.
    As(&'static str),
    /// The character after a backslash.
    Escaped,
    /// `${` as the default of a variable that cannot be set; another `$` as it is.
    AsDefault,
}

/// Some characters, and what may be written for each of them besides themselves.
struct Choice {
    characters: &'static [char],
    written: &'static [Written],
}

/// A quote, or none, and the choices inside it.
struct Form {
    quote: Option<Quote>,
    choices: &'static [Choice],
}

use Written::{As, AsDefault, Escaped};

const FORMS: [Form; 4] = [
    Form {
        quote: None,
        choices: &[
            Choice { characters: &['\\'], written: &[Escaped] },
            Choice { characters: &['$'], written: &[Escaped, As("$$"), AsDefault] },
            Choice { characters: &['"'], written: &[Escaped] },
            Choice { characters: &['\''], written: &[Escaped] },
            Choice { characters: &[' '], written: &[Escaped] },
            Choice { characters: &['\n'], written: &[As("\\n")] },
            Choice {
                characters: &[
                    '\t', '\r', '`', '#', '&', '|', ';', '<', '>', '(', ')', '*', '?', '[', ']', '{', '}',
                    '~', '!', '=',
                ],
                written: &[Escaped],
            },
        ],
    },
    Form {
        quote: Some(Quote::Double),
        choices: &[
            Choice { characters: &['\\'], written: &[Escaped] },
            Choice { characters: &['"'], written: &[Escaped, As("\"'\"'\"")] },
            Choice { characters: &['$'], written: &[Escaped, As("$$"), AsDefault] },
            Choice { characters: &['`'], written: &[Escaped] },
            Choice { characters: &['\n'], written: &[As("\\n")] },
            Choice { characters: &['\r'], written: &[As("\\r")] },
        ],
    },
    Form {
        quote: Some(Quote::Single),
        choices: &[
            Choice { characters: &['\\'], written: &[Escaped] },
            Choice { characters: &['\''], written: &[Escaped, As("'\\''"), As("'\"'\"'")] },
            Choice { characters: &['$'], written: &[Escaped, AsDefault] },
            Choice { characters: &['\n'], written: &[As("'\"\\n\"'")] },
            Choice { characters: &['\r'], written: &[As("'\"\\r\"'")] },
        ],
    },
    Form {
        quote: Some(Quote::Backtick),
        choices: &[
            Choice { characters: &['\\'], written: &[Escaped] },
            Choice { characters: &['`'], written: &[Escaped] },
            Choice { characters: &['$'], written: &[Escaped] },
        ],
    },
];

/// All candidates for a value, each text once, the plainest first.
pub(crate) fn candidates(value: &str) -> Vec<Candidate> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for (place, form) in FORMS.iter().enumerate() {
        for chosen in combinations(form, value) {
            let (written, rewritten) = write(form, &chosen, value);
            let mut add = |written: String, rewritten| {
                if seen.insert(written.clone()) {
                    let effort = Effort { form: place, rewritten };
                    found.push(Candidate { written, quote: form.quote, effort });
                }
            };
            // To one loader a backslash hides the quote after it and is not itself hidden, but
            // more than one closing quote is taken off. Another takes one final `\r` for a part
            // of the line's end.
            match form.quote {
                Some(quote) if value.ends_with('\\') => {
                    add(format!("{written}{}", quote.character()), rewritten + 1);
                }
                None if value.ends_with('\r') => add(format!("{written}\r"), rewritten + 1),
                _ => {}
            }
            add(written, rewritten);
        }
    }
    found.sort_by_key(|candidate| candidate.effort);
    found
}

/// For every choice that the value has a character for, one of its ways or none; in all ways.
fn combinations(form: &Form, value: &str) -> Vec<Vec<(&'static [char], Written)>> {
    let mut all = vec![Vec::new()];
    for choice in form.choices.iter().filter(|choice| value.contains(choice.characters)) {
        let more: Vec<Vec<_>> = choice
            .written
            .iter()
            .flat_map(|written| {
                all.iter().map(|chosen| {
                    let mut chosen: Vec<_> = chosen.clone();
                    chosen.push((choice.characters, *written));
                    chosen
                })
            })
            .collect();
        all.extend(more);
    }
    all
}

fn write(form: &Form, chosen: &[(&'static [char], Written)], value: &str) -> (String, usize) {
    let mut written = String::with_capacity(value.len() + 2);
    let mut rewritten = 0;
    written.extend(form.quote.map(Quote::character));
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        match chosen.iter().find(|(characters, _)| characters.contains(&c)) {
            None => {
                written.push(c);
                continue;
            }
            Some((_, As(text))) => written.push_str(text),
            Some((_, Escaped)) => written.extend(['\\', c]),
            Some((_, AsDefault)) => {
                written.push(c);
                if rest.as_str().starts_with('{') {
                    written.push_str("{:-${}");
                    rest.next();
                }
            }
        }
        rewritten += 1;
    }
    written.extend(form.quote.map(Quote::character));
    (written, rewritten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_each_way_once_and_the_plainest_first() {
        fn check(value: &str, expected: &[&str]) {
            let found = candidates(value);
            let found: Vec<&str> = found.iter().map(|candidate| candidate.written.as_str()).collect();
            assert_eq!(found, expected, "{value:?}");
        }
        check("a", &["a", "\"a\"", "'a'", "`a`"]);
        check("", &["", "\"\"", "''", "``"]);
        check("a b", &["a b", "a\\ b", "\"a b\"", "'a b'", "`a b`"]);
        check("\n", &["\n", "\\n", "\"\n\"", "\"\\n\"", "'\n'", "''\"\\n\"''", "`\n`"]);
        check("'", &["'", "\\'", "\"'\"", "'''", "'\\''", "''\\'''", "''\"'\"''", "`'`"]);
    }

    #[test]
    fn writes_a_reference_as_a_default() {
        let found = candidates("a${B}$");
        assert!(found.iter().any(|candidate| candidate.written == "\"a${:-${}B}$\""));
    }

    #[test]
    fn a_value_with_everything_in_it_has_a_bounded_number() {
        let found = candidates("a\\$\"' \n\r`#");
        assert!((100..1_000).contains(&found.len()), "{}", found.len());
    }
}
