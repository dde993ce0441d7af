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

/// A value of more bytes than this is first tried as a sample of itself.
pub(crate) const LARGE: usize = 2_048;

/// The candidates for a value, each text once, the plainest first.
///
/// The ways to write a large value are tried on a sample of it, so that only those are written
/// out that `keep` takes, given the sample and how it is written.
pub(crate) fn candidates(value: &str, keep: impl Fn(&str, &str) -> bool) -> Vec<Candidate> {
    let sample = (value.len() > LARGE).then(|| sample(value));
    let short = sample.as_deref().unwrap_or(value);
    let mut seen = HashSet::new();
    let mut ways = Vec::new();
    for (place, form) in FORMS.iter().enumerate() {
        for chosen in combinations(form, value) {
            for end in [End::Plain, End::Doubled] {
                let way = Way { place, chosen: chosen.clone(), end };
                let Some(written) = way.write(short) else { continue };
                if seen.insert(written.written.clone()) {
                    ways.push((way, written));
                }
            }
        }
    }
    ways.sort_by_key(|(_, written)| written.effort);
    if sample.is_none() {
        return ways.into_iter().map(|(_, written)| written).collect();
    }
    let kept = ways.into_iter().filter(|(_, written)| keep(short, &written.written));
    kept.filter_map(|(way, _)| way.write(value)).collect()
}

/// A short text in which every character that can be written otherwise stands among the neighbours
/// that it has in the value, once for each pair of them, between the value's start and its end.
fn sample(value: &str) -> String {
    const AROUND: usize = 3;
    let special = |c: char| c.is_whitespace() || c.is_ascii_punctuation();
    let characters: Vec<char> = value.chars().collect();
    let mut seen = HashSet::new();
    let mut taken: Vec<usize> = Vec::new();
    let last = characters.len().saturating_sub(1);
    for at in [0, last].into_iter().chain(0..characters.len()) {
        let class = |at: usize| characters.get(at).map(|c| if special(*c) { *c } else { 'a' });
        let kind = (class(at), class(at + 1));
        let new = special(characters[at]) && seen.len() < 200 && seen.insert(kind);
        if new || at == 0 || at == last {
            taken.extend(at.saturating_sub(AROUND)..=(at + AROUND).min(last));
        }
    }
    taken.sort_unstable();
    taken.dedup();
    let mut sample = String::new();
    let mut before = None;
    for at in taken {
        if before.is_some_and(|before| before + 1 < at) {
            sample.push('a');
        }
        sample.push(characters[at]);
        before = Some(at);
    }
    sample
}

/// A form and what is chosen in it.
struct Way {
    place: usize,
    chosen: Vec<(&'static [char], Written)>,
    end: End,
}

/// How a written value ends.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Plain,
    /// To one loader a backslash hides the quote after it and is not itself hidden, but more than
    /// one closing quote is taken off. Another takes one final `\r` for a part of the line's end.
    Doubled,
}

impl Way {
    /// The value written this way; `None` where it does not end in what the way doubles.
    fn write(&self, value: &str) -> Option<Candidate> {
        let form = &FORMS[self.place];
        let (mut written, mut rewritten) = write(form, &self.chosen, value);
        if self.end == End::Doubled {
            match form.quote {
                Some(quote) if value.ends_with('\\') => written.push(quote.character()),
                None if value.ends_with('\r') => written.push('\r'),
                _ => return None,
            }
            rewritten += 1;
        }
        let effort = Effort { form: self.place, rewritten };
        Some(Candidate { written, quote: form.quote, effort })
    }
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
            let found = candidates(value, |_, _| true);
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
        let found = candidates("a${B}$", |_, _| true);
        assert!(found.iter().any(|candidate| candidate.written == "\"a${:-${}B}$\""));
    }

    #[test]
    fn a_value_with_everything_in_it_has_a_bounded_number() {
        let found = candidates("a\\$\"' \n\r`#", |_, _| true);
        assert!((100..1_000).contains(&found.len()), "{}", found.len());
    }

    #[test]
    fn a_large_value_is_tried_as_a_sample() {
        let value = format!("'{}\\n$A\"", "abc\ndef # ".repeat(1_000));
        let sample = sample(&value);
        assert!(sample.starts_with("'abc") && sample.ends_with("\\n$A\"") && sample.len() < 100);
        for part in ["c\nd", "f # ", "\\n$A\""] {
            assert!(sample.contains(part), "{part:?}");
        }
        let found = candidates(&value, |short, written| written == format!("`{short}`"));
        let found: Vec<String> = found.into_iter().map(|candidate| candidate.written).collect();
        assert_eq!(found, [format!("`{value}`")]);
    }
}
