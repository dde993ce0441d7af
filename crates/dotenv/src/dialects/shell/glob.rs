//! Patterns of the shells: `*`, `?`, `[…]`; a character in quotes is itself.

use super::expand::{Glyph, Mark};

/// A pattern, taken apart.
pub(super) struct Pattern(Vec<Token>);

enum Token {
    Many,
    One,
    Is(char),
    Of { negated: bool, ranges: Vec<(char, char)>, classes: Vec<String> },
}

/// Which of several matches is wanted.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Wanted {
    Shortest,
    Longest,
}

impl Pattern {
    pub(super) fn new(glyphs: &[Glyph]) -> Self {
        let mut tokens = Vec::new();
        let mut at = 0;
        // Where no class is closed, none that starts later is.
        let mut closed = true;
        while let Some((c, mark)) = glyphs.get(at) {
            at += 1;
            match (c, mark) {
                (_, Mark::Empty | Mark::Break) => {}
                ('*', Mark::Bare | Mark::Split) => tokens.push(Token::Many),
                ('?', Mark::Bare | Mark::Split) => tokens.push(Token::One),
                ('[', Mark::Bare | Mark::Split) if closed => match class(&glyphs[at..]) {
                    Some((token, length)) => {
                        tokens.push(token);
                        at += length;
                    }
                    None => {
                        closed = false;
                        tokens.push(Token::Is('['));
                    }
                },
                ('\\', Mark::Split) if at < glyphs.len() => {
                    tokens.push(Token::Is(glyphs[at].0));
                    at += 1;
                }
                _ => tokens.push(Token::Is(*c)),
            }
        }
        Self(tokens)
    }

    /// The same from back to front.
    pub(super) fn reversed(mut self) -> Self {
        self.0.reverse();
        self
    }

    /// What one walk over so many characters costs.
    pub(super) fn cost(&self, characters: usize) -> usize {
        characters.saturating_mul(self.0.len() + 1)
    }

    /// How many characters at the start of a text it matches.
    pub(super) fn start_of(&self, text: impl Iterator<Item = char>, wanted: Wanted) -> Option<usize> {
        let count = self.0.len();
        // Which tokens may come next.
        let mut states = vec![false; count + 1];
        states[0] = true;
        self.pass_many(&mut states);
        let mut found = states[count].then_some(0);
        for (length, c) in text.enumerate() {
            if (found.is_some() && wanted == Wanted::Shortest) || !states.contains(&true) {
                break;
            }
            let mut next = vec![false; count + 1];
            for place in (0..count).filter(|place| states[*place]) {
                match &self.0[place] {
                    Token::Many => next[place] = true,
                    token if token.matches(c) => next[place + 1] = true,
                    _ => {}
                }
            }
            self.pass_many(&mut next);
            states = next;
            if states[count] {
                found = Some(length + 1);
            }
        }
        found
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let length = text.chars().count();
        self.start_of(text.chars(), Wanted::Longest) == Some(length)
    }

    /// A `*` may also stand for nothing.
    fn pass_many(&self, states: &mut [bool]) {
        for (place, token) in self.0.iter().enumerate() {
            if states[place] && matches!(token, Token::Many) {
                states[place + 1] = true;
            }
        }
    }
}

impl Token {
    fn matches(&self, c: char) -> bool {
        match self {
            Self::Many | Self::One => true,
            Self::Is(wanted) => *wanted == c,
            Self::Of { negated, ranges, classes } => {
                let held = ranges.iter().any(|(from, to)| (*from..=*to).contains(&c))
                    || classes.iter().any(|class| is_of_class(c, class));
                held != *negated
            }
        }
    }
}

/// What follows a `[`, and its length; `None` where it is not closed.
fn class(glyphs: &[Glyph]) -> Option<(Token, usize)> {
    let bare = |at: usize, wanted: char| {
        glyphs.get(at).is_some_and(|(c, mark)| *c == wanted && matches!(mark, Mark::Bare | Mark::Split))
    };
    let negated = bare(0, '!') || bare(0, '^');
    let first = usize::from(negated);
    let (mut ranges, mut classes) = (Vec::new(), Vec::new());
    let mut at = first;
    loop {
        let (c, _) = *glyphs.get(at)?;
        if bare(at, ']') && at > first {
            return Some((Token::Of { negated, ranges, classes }, at + 1));
        }
        if bare(at, '[')
            && bare(at + 1, ':')
            && let Some(length) = glyphs[at + 2..].iter().take(12).position(|(c, _)| *c == ':')
            && bare(at + 3 + length, ']')
        {
            classes.push(glyphs[at + 2..at + 2 + length].iter().map(|(c, _)| c).collect());
            at += length + 4;
            continue;
        }
        match glyphs.get(at + 2) {
            Some((end, _)) if bare(at + 1, '-') && !bare(at + 2, ']') => {
                ranges.push((c, *end));
                at += 3;
            }
            _ => {
                ranges.push((c, c));
                at += 1;
            }
        }
    }
}

fn is_of_class(c: char, class: &str) -> bool {
    match class {
        "alnum" => c.is_ascii_alphanumeric(),
        "alpha" => c.is_ascii_alphabetic(),
        "blank" => matches!(c, ' ' | '\t'),
        "cntrl" => c.is_ascii_control(),
        "digit" => c.is_ascii_digit(),
        "graph" => c.is_ascii_graphic(),
        "lower" => c.is_ascii_lowercase(),
        "print" => c.is_ascii_graphic() || c == ' ',
        "punct" => c.is_ascii_punctuation(),
        "space" => matches!(c, '\t'..='\r' | ' '),
        "upper" => c.is_ascii_uppercase(),
        "xdigit" => c.is_ascii_hexdigit(),
        _ => false,
    }
}
