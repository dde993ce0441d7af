//! Words: quotes, parameters and what stands in braces.

use super::super::{Kind, expand};
use super::{Error, Parser};

/// How deep `${…}` may nest.
const MAX_DEPTH: usize = 200;

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
    Parameter {
        name: String,
        operation: Operation,
        quoting: Quoting,
    },
    /// Something that only a command would tell.
    Command,
    /// `$((…))`, as it is written.
    Arithmetic(Word),
    /// A reference that bash finds fault with only when it comes to it.
    Bad,
    /// `~` or `~name` at a place where it stands for a folder.
    Home(String),
}

pub(in super::super) enum Operation {
    Plain,
    Length,
    /// `-`, `=`, `?` or `+`, with or without the colon.
    Choice {
        operator: u8,
        colon: bool,
        word: Word,
    },
    /// `#`, `##`, `%`, `%%`.
    Trim {
        operator: u8,
        longest: bool,
        pattern: Word,
    },
    /// bash's `${name:offset:length}`.
    Slice(Word),
    /// bash's `^^` and `,,`, or with one sign for the first character only.
    Case {
        operator: u8,
        whole: bool,
    },
    /// Another of bash's own.
    Unknown,
}

pub(in super::super) fn is_name(text: &str) -> bool {
    !text.is_empty() && name_length(text) == text.len()
}

pub(super) fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
    } else {
        0
    }
}

impl Parser<'_> {
    /// A word outside of quotes. One that is like an assignment knows `~` after `=` and `:`.
    pub(super) fn word(&mut self, assigns: bool) -> Result<Word, Error> {
        let mut word = Word::new();
        if let Some(home) = self.home() {
            word.push(home);
        }
        if assigns {
            let length = name_length(self.rest());
            if length > 0 && self.rest()[length..].starts_with('=') {
                let end = self.at + length + 1;
                word.push(Part::Text(self.text[self.at..end].to_owned(), Quoting::Bare));
                self.at = end;
                if self.kind == Kind::Bash && self.eat("(") {
                    // The name alone: no environment holds an array.
                    word = vec![Part::Text(self.text[end - length - 1..end - 1].to_owned(), Quoting::Bare)];
                    self.array()?;
                } else {
                    word.extend(self.value()?);
                }
                return Ok(word);
            }
        }
        self.parts(&mut word, Place::Word)?;
        Ok(word)
    }

    pub(super) fn value(&mut self) -> Result<Word, Error> {
        let mut word = Word::new();
        word.extend(self.home());
        self.parts(&mut word, Place::Value)?;
        Ok(word)
    }

    fn home(&mut self) -> Option<Part> {
        let after = self.rest().strip_prefix('~')?;
        let ends =
            |c: char| matches!(c, '/' | ':' | ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')');
        let name = &after[..after.find(ends).unwrap_or(after.len())];
        if name.contains(['\'', '"', '\\', '$', '`']) {
            return None;
        }
        self.at += 1 + name.len();
        Some(Part::Home(name.to_owned()))
    }

    /// Reads parts up to the end of their place, which is not taken.
    fn parts(&mut self, word: &mut Word, place: Place) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::TooDeep);
        }
        let quoting = if matches!(place, Place::Quotes | Place::QuotedBraces) {
            Quoting::Quoted
        } else {
            Quoting::Bare
        };
        loop {
            let Some(byte) = self.peek() else {
                if matches!(place, Place::Word | Place::Value) {
                    break;
                }
                return Err(Error::Syntax);
            };
            let start = self.at;
            match (place, byte) {
                (
                    Place::Word | Place::Value,
                    b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')',
                ) => break,
                (Place::Quotes, b'"') | (Place::Braces | Place::QuotedBraces, b'}') => break,
                (_, b'\\') => {
                    self.at += 1;
                    let next = self.rest().chars().next();
                    let Some(next) = next else {
                        word.push(Part::Text("\\".to_owned(), Quoting::Quoted));
                        continue;
                    };
                    self.at += next.len_utf8();
                    let special = matches!(next, '$' | '`' | '"' | '\\')
                        || (place == Place::QuotedBraces && next == '}');
                    if next == '\n' {
                        continue;
                    }
                    if quoting == Quoting::Bare || special {
                        word.push(Part::Text(next.to_string(), Quoting::Quoted));
                    } else {
                        word.push(Part::Text(self.text[start..self.at].to_owned(), Quoting::Quoted));
                    }
                }
                (Place::Word | Place::Value | Place::Braces, b'\'') => {
                    let inside = &self.rest()[1..];
                    let close = inside.find('\'').ok_or(Error::Syntax)?;
                    word.push(Part::Text(inside[..close].to_owned(), Quoting::Quoted));
                    self.at += close + 2;
                }
                (Place::Word | Place::Value | Place::Braces | Place::QuotedBraces, b'"') => {
                    self.at += 1;
                    word.push(Part::Text(String::new(), Quoting::Quoted));
                    self.parts(word, Place::Quotes)?;
                    self.at += 1;
                }
                (_, b'`') => {
                    self.at += 1;
                    self.backticks()?;
                    word.push(Part::Command);
                }
                (_, b'$') => {
                    self.at += 1;
                    let part = self.dollar(quoting)?;
                    word.push(part);
                }
                (Place::Value, b':') => {
                    self.at += 1;
                    word.push(Part::Text(":".to_owned(), quoting));
                    word.extend(self.home());
                }
                _ => {
                    let stops = |c: char| {
                        matches!(
                            c,
                            '\\' | '\''
                                | '"'
                                | '`'
                                | '$'
                                | '}'
                                | ':'
                                | ' '
                                | '\t'
                                | '\n'
                                | ';'
                                | '&'
                                | '|'
                                | '<'
                                | '>'
                                | '('
                                | ')'
                        )
                    };
                    let first = self.rest().chars().next().map_or(1, char::len_utf8);
                    let more = &self.rest()[first..];
                    self.at += first + more.find(stops).unwrap_or(more.len());
                    word.push(Part::Text(self.text[start..self.at].to_owned(), quoting));
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn backticks(&mut self) -> Result<(), Error> {
        loop {
            match self.peek().ok_or(Error::Syntax)? {
                b'`' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.at = (self.at + 2).min(self.text.len()),
                _ => self.at += 1,
            }
            while !self.text.is_char_boundary(self.at) {
                self.at += 1;
            }
        }
    }

    /// What stands after a `$`.
    fn dollar(&mut self, quoting: Quoting) -> Result<Part, Error> {
        let rest = self.rest();
        let length = name_length(rest);
        let plain =
            |name: &str| Part::Parameter { name: name.to_owned(), operation: Operation::Plain, quoting };
        if length > 0 {
            self.at += length;
            return Ok(plain(&rest[..length]));
        }
        match rest.bytes().next() {
            Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') => {
                self.at += 1;
                Ok(plain(&rest[..1]))
            }
            Some(b'{') => {
                self.at += 1;
                self.braces(quoting)
            }
            Some(b'(') => self.command_or_arithmetic(),
            // bash's old way to write a sum.
            Some(b'[') if self.kind == Kind::Bash => {
                self.at += 1 + rest.find(']').ok_or(Error::Syntax)?;
                Ok(Part::Command)
            }
            Some(b'\'') if self.kind == Kind::Bash && quoting == Quoting::Bare => {
                self.at += 1;
                self.escaped_text()
            }
            Some(b'"') if self.kind == Kind::Bash && quoting == Quoting::Bare => {
                Ok(Part::Text(String::new(), Quoting::Quoted))
            }
            _ => Ok(Part::Text("$".to_owned(), Quoting::Quoted)),
        }
    }

    fn command_or_arithmetic(&mut self) -> Result<Part, Error> {
        if self.rest().starts_with("((")
            && let Some(close) = expand::arithmetic_end(self.rest())
        {
            let inside = &self.rest()[2..close];
            self.at += close + 2;
            // Its references are read as in quotes.
            let quoted = inside.to_owned() + "\"";
            let mut inner = Parser::new(self.kind, &quoted);
            inner.depth = self.depth;
            let mut word = Word::new();
            inner.parts(&mut word, Place::Quotes)?;
            return Ok(Part::Arithmetic(word));
        }
        let end = command_end(&self.text.as_bytes()[self.at + 1..]).ok_or(Error::Syntax)?;
        self.at += 1 + end;
        Ok(Part::Command)
    }

    /// What stands after `${`.
    fn braces(&mut self, quoting: Quoting) -> Result<Part, Error> {
        let start = self.at;
        if self.peek() == Some(b'#') {
            self.at += 1;
            let length = self.parameter_length();
            if length > 0 && self.rest()[length..].starts_with('}') {
                let name = self.rest()[..length].to_owned();
                self.at += length + 1;
                return Ok(Part::Parameter { name, operation: Operation::Length, quoting });
            }
            self.at = start;
        }
        let length = self.parameter_length();
        let name = self.rest()[..length].to_owned();
        self.at += length;
        if length == 0 {
            return self.bad_braces(start);
        }
        let inner = if quoting == Quoting::Quoted { Place::QuotedBraces } else { Place::Braces };
        let colon = self.eat(":");
        let operation = match self.peek() {
            Some(b'}') if !colon => Operation::Plain,
            Some(operator @ (b'-' | b'=' | b'?' | b'+')) => {
                self.at += 1;
                let mut word = Word::new();
                word.extend(if quoting == Quoting::Bare { self.home() } else { None });
                self.parts(&mut word, inner)?;
                Operation::Choice { operator, colon, word }
            }
            Some(operator @ (b'#' | b'%')) if !colon => {
                self.at += 1;
                let longest = self.peek() == Some(operator);
                self.at += usize::from(longest);
                let mut pattern = Word::new();
                self.parts(&mut pattern, Place::Braces)?;
                Operation::Trim { operator, longest, pattern }
            }
            Some(_) if self.kind == Kind::Bash && colon => {
                let mut bounds = Word::new();
                self.parts(&mut bounds, inner)?;
                Operation::Slice(bounds)
            }
            Some(operator @ (b'^' | b',')) if self.kind == Kind::Bash && self.is_case_operation() => {
                self.at += 1;
                let whole = self.peek() == Some(operator);
                self.at += usize::from(whole);
                Operation::Case { operator, whole }
            }
            Some(b'/' | b'^' | b',' | b'@' | b'[') if self.kind == Kind::Bash => {
                self.parts(&mut Word::new(), inner)?;
                Operation::Unknown
            }
            _ => return self.bad_braces(start),
        };
        if !self.eat("}") {
            return Err(Error::Syntax);
        }
        Ok(Part::Parameter { name, operation, quoting })
    }

    /// Whether one or two signs, and no pattern, stand before the brace.
    fn is_case_operation(&self) -> bool {
        let rest = self.rest();
        ["^}", "^^}", ",}", ",,}"].iter().any(|operation| rest.starts_with(operation))
    }

    fn parameter_length(&self) -> usize {
        let rest = self.rest();
        match name_length(rest) {
            0 => match rest.bytes().next() {
                Some(b'0'..=b'9') => rest.bytes().take_while(u8::is_ascii_digit).count(),
                Some(b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') => 1,
                _ => 0,
            },
            length => length,
        }
    }

    /// A reference that is none: dash refuses it, bash reads on to its brace.
    fn bad_braces(&mut self, start: usize) -> Result<Part, Error> {
        if self.kind == Kind::Dash {
            return Err(Error::Syntax);
        }
        self.at = start;
        self.parts(&mut Word::new(), Place::Braces)?;
        self.at += 1;
        Ok(Part::Bad)
    }

    /// bash's `$'…'`.
    fn escaped_text(&mut self) -> Result<Part, Error> {
        let mut value = Vec::new();
        let bytes = self.text.as_bytes();
        loop {
            let byte = self.peek().ok_or(Error::Syntax)?;
            self.at += 1;
            match byte {
                b'\'' => break,
                b'\\' => {
                    let next = self.peek().ok_or(Error::Syntax)?;
                    self.at += 1;
                    let at = self.at;
                    let mut number = |radix: u32, most: usize, from: usize| {
                        let digits = bytes[from..]
                            .iter()
                            .take(most)
                            .take_while(|byte| char::from(**byte).is_digit(radix))
                            .count();
                        self.at = from + digits;
                        u32::from_str_radix(&self.text[from..from + digits], radix).ok()
                    };
                    match next {
                        b'a' => value.push(7),
                        b'b' => value.push(8),
                        b'e' | b'E' => value.push(27),
                        b'f' => value.push(12),
                        b'n' => value.push(b'\n'),
                        b'r' => value.push(b'\r'),
                        b't' => value.push(b'\t'),
                        b'v' => value.push(11),
                        b'0'..=b'7' => value.extend(number(8, 3, at - 1).map(|number| (number & 0xff) as u8)),
                        b'x' => match number(16, 2, at) {
                            Some(number) => value.push((number & 0xff) as u8),
                            None => value.extend(b"\\x"),
                        },
                        b'u' | b'U' => {
                            match number(16, if next == b'u' { 4 } else { 8 }, at).and_then(char::from_u32) {
                                Some(c) => value.extend(c.to_string().into_bytes()),
                                None => value.extend([b'\\', next]),
                            }
                        }
                        b'\\' | b'\'' | b'"' | b'?' => value.push(next),
                        _ => value.extend([b'\\', next]),
                    }
                }
                _ => value.push(byte),
            }
        }
        // A zero ends it, as in C.
        let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
        value.truncate(end);
        Ok(String::from_utf8(value).map_or(Part::Command, |text| Part::Text(text, Quoting::Quoted)))
    }
}

/// The name that a word assigns to, where it is like an assignment.
pub(in super::super) fn assigned_name(word: &Word) -> Option<&str> {
    match word.first() {
        Some(Part::Text(text, Quoting::Bare)) => {
            text.split_once('=').map(|(name, _)| name).filter(|name| is_name(name))
        }
        _ => None,
    }
}

/// Whether any part of a word stands in quotes.
pub(in super::super) fn has_quotes(word: &Word) -> bool {
    word.iter().any(|part| match part {
        Part::Text(_, quoting) | Part::Parameter { quoting, .. } => *quoting == Quoting::Quoted,
        Part::Command | Part::Arithmetic(_) | Part::Bad | Part::Home(_) => false,
    })
}

pub(super) fn is_declaration(word: &Word) -> bool {
    matches!(&word[..], [Part::Text(name, Quoting::Bare)] if matches!(name.as_str(), "export" | "readonly" | "declare" | "typeset"))
}

/// Where a word is read.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Word,
    /// The right side of an assignment, where `~` may follow a colon.
    Value,
    Quotes,
    Braces,
    QuotedBraces,
}

/// The length of a command after its `(`, with its `)`.
pub(super) fn command_end(bytes: &[u8]) -> Option<usize> {
    // What is open: a parenthesis, or the quote that ends it.
    let mut open = vec![b'('];
    let mut at = 0;
    while let (Some(&byte), Some(&inner)) = (bytes.get(at), open.last()) {
        at += 1;
        match (inner, byte) {
            (b'\'', b'\'') | (b'"', b'"') => {
                open.pop();
            }
            (b'\'', _) => {}
            (_, b'\\') => at += 1,
            (b'"', b'$') if bytes.get(at) == Some(&b'(') => {
                open.push(b'(');
                at += 1;
            }
            (b'"', _) => {}
            (_, b'\'' | b'"' | b'(') => open.push(byte),
            (_, b')') => {
                open.pop();
                if open.is_empty() {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}
