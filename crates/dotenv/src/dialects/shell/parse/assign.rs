//! Assignments, and bash's arrays.

use super::word::{ENDS, Place, joined_name};
use super::{Assigned, Assignment, Element, Error, Kind, Parser, Part, Quoting, Word};

/// What may stand at the head of a command.
pub(super) enum Head {
    Assignment(Assignment),
    Word(Word),
}

impl Parser<'_> {
    /// `name=value` and, in bash, `name+=value`, `name=(…)` and `name[…]=value`.
    pub(super) fn head(&mut self) -> Result<Option<Head>, Error> {
        let start = self.at;
        let rest = self.rest();
        let (name, length) = joined_name(rest);
        if name.is_empty() {
            return Ok(None);
        }
        let bash = self.kind == Kind::Bash;
        let mut index = None;
        if bash && rest[length..].starts_with('[') {
            self.at += length + 1;
            let mut word = Word::new();
            self.parts(&mut word, Place::Index)?;
            self.at += 1;
            index = Some(word);
        } else {
            self.at += length;
        }
        let append = bash && self.eat("+=");
        if !append && !self.eat("=") {
            if index.is_none() {
                self.at = start;
                return Ok(None);
            }
            let mut word = vec![Part::Text(self.text[start..self.at].to_owned(), Quoting::Bare)];
            self.parts(&mut word, Place::Word)?;
            return Ok(Some(Head::Word(word)));
        }
        let value = self.assigned()?;
        Ok(Some(Head::Assignment(Assignment { name, index, append, value })))
    }

    /// The right side of an assignment.
    pub(super) fn assigned(&mut self) -> Result<Assigned, Error> {
        let mut word = Word::new();
        if self.kind == Kind::Bash && self.eat("(") {
            let elements = self.deeper(Self::array)?;
            if self.peek().is_none_or(|byte| ENDS.contains(&char::from(byte))) {
                return Ok(Assigned::Array(elements));
            }
            // With something behind it, it is a text like any other.
            let text = |text: &str| Part::Text(text.to_owned(), Quoting::Bare);
            word.push(text("("));
            for (place, element) in elements.into_iter().enumerate() {
                if place > 0 {
                    word.push(text(" "));
                }
                word.extend(element.index.map(|_| Part::Command));
                word.extend(element.value);
            }
            word.push(text(")"));
        } else {
            word.extend(self.home());
        }
        self.parts(&mut word, Place::Value)?;
        Ok(Assigned::Word(word))
    }

    fn array(&mut self) -> Result<Vec<Element>, Error> {
        let mut elements = Vec::new();
        loop {
            self.skip_lines();
            match self.peek() {
                Some(b')') => {
                    self.at += 1;
                    return Ok(elements);
                }
                None | Some(b'(' | b'<' | b'>' | b';' | b'&' | b'|') => return Err(Error::Syntax),
                Some(b'[') => {
                    self.at += 1;
                    let mut index = Word::new();
                    self.parts(&mut index, Place::Index)?;
                    self.at += 1;
                    let index = if self.eat("=") { Some(index) } else { None };
                    let value = self.word(false)?;
                    elements.push(Element { index, value });
                }
                Some(_) => elements.push(Element { index: None, value: self.word(false)? }),
            }
        }
    }
}
