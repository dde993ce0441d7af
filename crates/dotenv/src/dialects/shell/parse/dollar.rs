//! What stands after a `$`.

use super::word::{Place, joined_name};
use super::{Choice, Error, Index, Kind, Operation, Parameter, Parser, Part, Quoting, Word, name_length};
use crate::dialects::shell::arithmetic;

impl Parser<'_> {
    pub(super) fn dollar(&mut self, quoting: Quoting, place: Place) -> Result<Part, Error> {
        let rest = self.rest();
        let bash = self.kind == Kind::Bash;
        let plain = |name: &str| {
            let (name, operation) = (name.to_owned(), Operation::Plain);
            Part::Parameter(Box::new(Parameter { name, index: None, indirect: false, operation, quoting }))
        };
        let (name, length) = joined_name(rest);
        if length > 0 {
            self.at += length;
            return Ok(plain(&name));
        }
        match rest.bytes().next() {
            Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') => {
                self.at += 1;
                Ok(plain(&rest[..1]))
            }
            Some(b'{') => {
                self.at += 1;
                self.deeper(|parser| parser.braces(quoting))
            }
            Some(b'(') => self.command_or_arithmetic(quoting),
            // bash's old way to write a sum.
            Some(b'[') if bash => {
                let close = rest.find(']').ok_or(Error::Syntax)?;
                let sum = self.quoted(1, close)?;
                self.at += close + 1;
                Ok(Part::Arithmetic(sum, quoting))
            }
            Some(b'\'') if bash && (quoting == Quoting::Bare || place == Place::QuotedBraces) => {
                self.at += 1;
                self.escaped_text()
            }
            Some(b'"') if bash && quoting == Quoting::Bare => Ok(Part::Text(String::new(), Quoting::Quoted)),
            _ => Ok(Part::Text("$".to_owned(), Quoting::Quoted)),
        }
    }

    fn command_or_arithmetic(&mut self, quoting: Quoting) -> Result<Part, Error> {
        if self.rest().starts_with("((")
            && let Some(close) = arithmetic::end(self.rest())
        {
            // Its references are read as in quotes.
            let sum = self.quoted(2, close)?;
            self.at += close + 2;
            return Ok(Part::Arithmetic(sum, quoting));
        }
        self.at += 1;
        let pending = std::mem::take(&mut self.pending);
        self.list_until(&[")"])?;
        self.at += 1;
        self.pending = pending;
        Ok(Part::Command)
    }

    /// What stands after `${`.
    fn braces(&mut self, quoting: Quoting) -> Result<Part, Error> {
        let start = self.at;
        let bash = self.kind == Kind::Bash;
        let part = |name, index, indirect, operation| {
            Ok(Part::Parameter(Box::new(Parameter { name, index, indirect, operation, quoting })))
        };
        if self.peek() == Some(b'#') {
            self.at += 1;
            let length = self.parameter_length();
            let name = self.rest()[..length].to_owned();
            self.at += length;
            let index = if length > 0 { self.index()? } else { None };
            if length > 0 && self.eat("}") {
                return part(name, index, false, Operation::Length);
            }
            self.at = start;
        }
        let mut indirect = false;
        if bash && self.peek() == Some(b'!') {
            let after = &self.rest()[1..];
            let length = name_length(after);
            indirect =
                length > 0 || after.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '@' | '*'));
            if indirect {
                self.at += 1;
                let names = &after[length..];
                if length > 0 && (names.starts_with("*}") || names.starts_with("@}")) {
                    self.at += length + 2;
                    return part(after[..length].to_owned(), None, false, Operation::Names);
                }
            }
        }
        let length = self.parameter_length();
        let name = self.rest()[..length].to_owned();
        self.at += length;
        if length == 0 {
            return self.bad_braces(start, quoting);
        }
        let index = self.index()?;
        let Some(operation) = self.operation(quoting)? else { return self.bad_braces(start, quoting) };
        if !self.eat("}") {
            return Err(Error::Syntax);
        }
        part(name, index, indirect, operation)
    }

    /// What stands between the name and the closing brace; `None` where it is no operation.
    fn operation(&mut self, quoting: Quoting) -> Result<Option<Operation>, Error> {
        let bash = self.kind == Kind::Bash;
        let inner = if quoting == Quoting::Quoted { Place::QuotedBraces } else { Place::Braces };
        let colon = self.eat(":");
        let mut word = Word::new();
        let operation = match self.peek() {
            Some(b'}') if !colon => Operation::Plain,
            Some(operator @ (b'-' | b'=' | b'?' | b'+')) => {
                self.at += 1;
                word.extend(if quoting == Quoting::Bare { self.home() } else { None });
                self.parts(&mut word, inner)?;
                Operation::Choice(Choice { operator, colon, word })
            }
            Some(operator @ (b'#' | b'%')) if !colon => {
                self.at += 1;
                let longest = self.peek() == Some(operator);
                self.at += usize::from(longest);
                self.parts(&mut word, Place::Braces)?;
                Operation::Trim { operator, longest, pattern: word }
            }
            Some(_) if bash && colon => {
                self.parts(&mut word, inner)?;
                Operation::Slice(word)
            }
            Some(b'/') if bash => {
                self.at += 1;
                let sign = self.peek().filter(|sign| matches!(sign, b'/' | b'#' | b'%'));
                self.at += usize::from(sign.is_some());
                self.parts(&mut word, Place::Pattern)?;
                let mut with = Word::new();
                if self.eat("/") {
                    self.parts(&mut with, Place::Braces)?;
                }
                Operation::Replace { sign: sign.unwrap_or(b' '), pattern: word, with }
            }
            Some(operator @ (b'^' | b',' | b'~')) if bash => {
                self.at += 1;
                let whole = self.peek() == Some(operator);
                self.at += usize::from(whole);
                self.parts(&mut word, Place::Braces)?;
                Operation::Case { operator, whole, pattern: word }
            }
            Some(b'@') if bash => {
                self.at += 1;
                let start = self.at;
                self.parts(&mut word, inner)?;
                let mut letters = self.text[start..self.at].chars();
                let letter = letters.next().filter(|letter| "QEPAKkaUuL".contains(*letter));
                Operation::Transform(letter.filter(|_| letters.next().is_none()))
            }
            _ => return Ok(None),
        };
        Ok(Some(operation))
    }

    /// bash's `[…]` after a name.
    fn index(&mut self) -> Result<Option<Index>, Error> {
        if self.kind == Kind::Dash || self.peek() != Some(b'[') {
            return Ok(None);
        }
        for (written, index) in [("[@]", Index::Each), ("[*]", Index::Joined)] {
            if self.eat(written) {
                return Ok(Some(index));
            }
        }
        self.at += 1;
        let mut word = Word::new();
        self.parts(&mut word, Place::Index)?;
        self.at += 1;
        Ok(Some(Index::One(word)))
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

    /// A reference that is none: both read on to its brace, and find fault when they come to it.
    fn bad_braces(&mut self, start: usize, quoting: Quoting) -> Result<Part, Error> {
        self.at = start;
        let dash = self.kind == Kind::Dash && quoting == Quoting::Quoted;
        self.parts(&mut Word::new(), if dash { Place::QuotedBraces } else { Place::Braces })?;
        self.at += 1;
        Ok(Part::Bad)
    }
}
