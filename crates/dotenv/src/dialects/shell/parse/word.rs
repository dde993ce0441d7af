//! Words: what stands between two blanks, with its quotes.

use super::{Assigned, Element, Error, Kind, Parser};

/// A word: its parts follow one another without a blank.
pub(in super::super) type Word = Vec<Part>;

/// Whether a part stands in quotes, where blanks and pattern characters are themselves.
#[derive(Clone, Copy, PartialEq)]
pub(in super::super) enum Quoting {
    Bare,
    Quoted,
}

pub(in super::super) enum Part {
    Text(String, Quoting),
    /// `name=` or `name+=` after `export` and its like: what follows is not split.
    Declared(String),
    Parameter(Box<Parameter>),
    /// Something that only a command would tell.
    Command,
    /// `$((…))`, as it is written.
    Arithmetic(Word, Quoting),
    /// A reference that a shell finds fault with only when it comes to it.
    Bad,
    /// `~` or `~name` at a place where it stands for a folder.
    Home(String),
    /// bash's `(…)` after `name=`.
    Array(Vec<Element>),
}

/// A reference: `$name` or what stands in `${…}`.
pub(in super::super) struct Parameter {
    pub(in super::super) name: String,
    pub(in super::super) index: Option<Index>,
    /// bash's `${!name}`: the value is the name that is meant.
    pub(in super::super) indirect: bool,
    pub(in super::super) operation: Operation,
    pub(in super::super) quoting: Quoting,
}

pub(in super::super) enum Index {
    /// `[@]`.
    Each,
    /// `[*]`.
    Joined,
    One(Word),
}

/// What a reference makes of the value.
pub(in super::super) enum Operation {
    Plain,
    Length,
    Choice(Choice),
    /// `#`, `##`, `%`, `%%`.
    Trim {
        operator: u8,
        longest: bool,
        pattern: Word,
    },
    /// bash's `${name:offset:length}`.
    Slice(Word),
    /// bash's `/`, `//`, `/#` and `/%`; the sign is the last one.
    Replace {
        sign: u8,
        pattern: Word,
        with: Word,
    },
    /// bash's `^` and `,`, doubled for every character, with a pattern that limits them.
    Case {
        operator: u8,
        whole: bool,
        pattern: Word,
    },
    /// bash's `@Q` and its like; none where it knows no such letter.
    Transform(Option<char>),
    /// bash's `${!start*}`: the names that begin alike.
    Names,
}

/// `-`, `=`, `?` or `+`, with or without the colon.
pub(in super::super) struct Choice {
    pub(in super::super) operator: u8,
    pub(in super::super) colon: bool,
    pub(in super::super) word: Word,
}

pub(in super::super) fn is_name(text: &str) -> bool {
    !text.is_empty() && name_length(text) == text.len()
}

pub(in super::super) fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
    } else {
        0
    }
}

/// The name at the start of a text, which may go on after a joined line, and its length with the
/// joints.
pub(super) fn joined_name(text: &str) -> (String, usize) {
    let mut name = String::new();
    let mut length = 0;
    loop {
        let rest = &text[length..];
        let more = if name.is_empty() {
            name_length(rest)
        } else {
            rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
        };
        name.push_str(&rest[..more]);
        length += more;
        if name.is_empty() || !text[length..].starts_with("\\\n") {
            return (name, length);
        }
        length += 2;
    }
}

/// Whether the words so far make the next one an assignment where it is like one.
pub(super) fn is_declaration(words: &[Word], kind: Kind) -> bool {
    let is = |word: &Word, names: &[&str]| match &word[..] {
        [Part::Text(name, quoting)] => {
            (kind == Kind::Dash || *quoting == Quoting::Bare) && names.contains(&name.as_str())
        }
        [Part::Text(start, Quoting::Quoted), Part::Text(name, Quoting::Quoted)] => {
            kind == Kind::Dash && start.is_empty() && names.contains(&name.as_str())
        }
        _ => false,
    };
    let dash = ["export", "readonly", "local"];
    let bash = ["export", "readonly", "local", "declare", "typeset"];
    let names: &[&str] = if kind == Kind::Dash { &dash } else { &bash };
    match words {
        [] => false,
        [first, second, ..] if kind == Kind::Dash && is(first, &["command"]) => is(second, names),
        [first, ..] => is(first, names),
    }
}

/// The text of a word that is nothing but text outside of quotes.
pub(super) fn literal(word: &Word) -> Option<&str> {
    match &word[..] {
        [Part::Text(text, Quoting::Bare)] => Some(text),
        _ => None,
    }
}

/// Where a word is read.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Word,
    /// The right side of an assignment, where `~` may follow a colon.
    Value,
    Quotes,
    Braces,
    QuotedBraces,
    /// Before the second `/` of a replacement.
    Pattern,
    /// Between `[` and `]`.
    Index,
}

pub(super) const ENDS: [char; 10] = [' ', '\t', '\n', ';', '&', '|', '<', '>', '(', ')'];

impl Parser<'_> {
    /// A word outside of quotes. One that is like an assignment knows `~` after `=` and `:`.
    pub(super) fn word(&mut self, assigns: bool) -> Result<Word, Error> {
        let mut word = Word::new();
        if let Some(home) = self.home() {
            word.push(home);
        }
        if assigns {
            let rest = self.rest();
            let (name, length) = joined_name(rest);
            let append = self.kind == Kind::Bash && rest[length..].starts_with("+=");
            if length > 0 && (append || rest[length..].starts_with('=')) {
                let sign = if append { "+=" } else { "=" };
                self.at += length + sign.len();
                word = vec![Part::Declared(name + sign)];
                match self.assigned()? {
                    Assigned::Word(value) => word.extend(value),
                    Assigned::Array(elements) => word.push(Part::Array(elements)),
                }
                return Ok(word);
            }
        }
        self.parts(&mut word, Place::Word)?;
        Ok(word)
    }

    pub(super) fn home(&mut self) -> Option<Part> {
        let after = self.rest().strip_prefix('~')?;
        let ends = |c: char| matches!(c, '/' | ':' | '}') || ENDS.contains(&c);
        let name = &after[..after.find(ends).unwrap_or(after.len())];
        if name.contains(['\'', '"', '\\', '$', '`']) {
            return None;
        }
        self.at += 1 + name.len();
        Some(Part::Home(name.to_owned()))
    }

    /// Reads parts up to the end of their place, which is not taken.
    pub(super) fn parts(&mut self, word: &mut Word, place: Place) -> Result<(), Error> {
        self.deeper(|parser| parser.parts_here(word, place))
    }

    fn parts_here(&mut self, word: &mut Word, place: Place) -> Result<(), Error> {
        let quoting = match place {
            Place::Quotes | Place::QuotedBraces => Quoting::Quoted,
            _ => Quoting::Bare,
        };
        let open = matches!(place, Place::Word | Place::Value);
        // bash finds no `}` between single quotes, though these are themselves inside of double ones.
        let mut single = false;
        let mut brackets = 0_usize;
        loop {
            let Some(byte) = self.peek() else {
                return if open { Ok(()) } else { Err(Error::Syntax) };
            };
            let start = self.at;
            match (place, byte) {
                (Place::Word | Place::Value, _) if ENDS.contains(&char::from(byte)) => return Ok(()),
                (Place::Quotes, b'"') => return Ok(()),
                (Place::Braces | Place::QuotedBraces | Place::Pattern, b'}') if !single => return Ok(()),
                (Place::Pattern, b'/') => return Ok(()),
                (Place::Index, b']') if brackets == 0 => return Ok(()),
                (Place::Index, b'[' | b']') => {
                    brackets = if byte == b'[' { brackets + 1 } else { brackets - 1 };
                    self.at += 1;
                    word.push(Part::Text(char::from(byte).to_string(), quoting));
                }
                (_, b'\\') => self.backslash(word, place, quoting),
                (Place::QuotedBraces, b'\'') if self.kind == Kind::Bash => {
                    single = !single;
                    self.at += 1;
                    word.push(Part::Text("'".to_owned(), quoting));
                }
                (_, b'\'') if quoting == Quoting::Bare => {
                    let inside = &self.rest()[1..];
                    let close = inside.find('\'').ok_or(Error::Syntax)?;
                    word.push(Part::Text(inside[..close].to_owned(), Quoting::Quoted));
                    self.at += close + 2;
                }
                (_, b'"') => {
                    self.at += 1;
                    word.push(Part::Text(String::new(), Quoting::Quoted));
                    self.parts(word, Place::Quotes)?;
                    self.at += 1;
                }
                (_, b'`') => {
                    self.at += 1;
                    self.backticks(quoting)?;
                    word.push(Part::Command);
                }
                (_, b'$') => {
                    self.at += 1;
                    let part = self.dollar(quoting, place)?;
                    word.push(part);
                }
                (Place::Value, b':') => {
                    self.at += 1;
                    word.push(Part::Text(":".to_owned(), quoting));
                    word.extend(self.home());
                }
                _ => {
                    let stops = |c: char| {
                        matches!(c, '\\' | '\'' | '"' | '`' | '$' | '}' | ':' | '/' | '[' | ']')
                            || ENDS.contains(&c)
                    };
                    let first = self.rest().chars().next().map_or(1, char::len_utf8);
                    let more = &self.rest()[first..];
                    self.at += first + more.find(stops).unwrap_or(more.len());
                    word.push(Part::Text(self.text[start..self.at].to_owned(), quoting));
                }
            }
        }
    }

    fn backslash(&mut self, word: &mut Word, place: Place, quoting: Quoting) {
        let start = self.at;
        self.at += 1;
        let Some(next) = self.rest().chars().next() else {
            word.push(Part::Text("\\".to_owned(), Quoting::Quoted));
            return;
        };
        self.at += next.len_utf8();
        let special = matches!(next, '$' | '`' | '"' | '\\') || (place == Place::QuotedBraces && next == '}');
        if next == '\n' {
            return;
        }
        let from = if quoting == Quoting::Bare || special { start + 1 } else { start };
        word.push(Part::Text(self.text[from..self.at].to_owned(), Quoting::Quoted));
    }

    /// Reads to the closing backtick. dash reads the command at once, bash only when it runs it.
    fn backticks(&mut self, quoting: Quoting) -> Result<(), Error> {
        let mut command = String::new();
        let mut rest = self.rest().char_indices();
        while let Some((at, c)) = rest.next() {
            match c {
                '`' => {
                    self.at += at + 1;
                    let mut inner = Parser::new(self.kind, &command);
                    inner.depth = self.depth + 1;
                    // dash stops, and asks no more, at a word that closes something.
                    while self.kind == Kind::Dash && !inner.closes() && inner.line_of_commands()?.is_some() {}
                    return Ok(());
                }
                '\\' => match rest.next() {
                    Some((_, next)) => {
                        let loses =
                            matches!(next, '\\' | '`' | '$') || (next == '"' && quoting == Quoting::Quoted);
                        if !loses {
                            command.push('\\');
                        }
                        command.push(next);
                    }
                    None => break,
                },
                c => command.push(c),
            }
        }
        self.at = self.text.len();
        Err(Error::Syntax)
    }
}
