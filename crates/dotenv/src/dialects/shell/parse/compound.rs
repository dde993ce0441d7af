//! Compound commands and functions.

use std::rc::Rc;

use super::word::{Place, is_name, literal};
use super::{Command, Error, Kind, Parser, Word};

impl Parser<'_> {
    /// A compound command, where one starts here.
    pub(super) fn compound(&mut self) -> Result<Option<Command>, Error> {
        let keyword = self.keyword();
        let bash = self.kind == Kind::Bash;
        let skip = |parser: &mut Self| parser.at += keyword.len();
        let command = match keyword {
            "((" if bash && super::super::arithmetic::end(self.rest()).is_some() => {
                let close = super::super::arithmetic::end(self.rest()).ok_or(Error::Syntax)?;
                let sum = self.quoted(2, close)?;
                self.at += close + 2;
                Command::Arithmetic(sum)
            }
            "(" | "((" => {
                self.at += 1;
                self.some_until(&[")"])?;
                self.at += 1;
                Command::Elsewhere
            }
            "{" => {
                skip(self);
                let list = self.some_until(&["}"])?;
                self.at += 1;
                Command::Group(list)
            }
            "if" => {
                skip(self);
                self.branches()?
            }
            "while" | "until" => {
                skip(self);
                let condition = self.some_until(&["do"])?;
                let body = self.loop_body()?;
                Command::Loop { until: keyword == "until", condition, body }
            }
            "for" => {
                skip(self);
                self.for_each()?
            }
            "select" if bash => {
                skip(self);
                self.for_each()?;
                Command::Elsewhere
            }
            "case" => {
                skip(self);
                self.case()?
            }
            "[[" if bash => {
                skip(self);
                self.condition()?;
                Command::Condition
            }
            "function" if bash => {
                skip(self);
                self.skip_blanks();
                let name = self.word(false)?;
                self.skip_blanks();
                return self.function(&name).map(Some);
            }
            "coproc" if bash => {
                skip(self);
                self.command()?;
                Command::Elsewhere
            }
            "then" | "else" | "elif" | "fi" | "do" | "done" | "esac" | "}" | ")" | ";;" => {
                return Err(Error::Syntax);
            }
            _ => return Ok(None),
        };
        self.skip_blanks();
        while matches!(self.peek(), Some(b'<' | b'>')) {
            self.redirection()?;
            self.skip_blanks();
        }
        Ok(Some(command))
    }

    /// Whether what comes next closes something that is not open.
    pub(super) fn closes(&mut self) -> bool {
        self.skip_lines();
        matches!(self.keyword(), "then" | "else" | "elif" | "fi" | "do" | "done" | "esac" | "}" | ")" | ";;")
    }

    fn branches(&mut self) -> Result<Command, Error> {
        let mut arms = Vec::new();
        loop {
            let condition = self.some_until(&["then"])?;
            self.at += 4;
            arms.push((condition, self.some_until(&["elif", "else", "fi"])?));
            if !self.eat("elif") {
                break;
            }
        }
        let otherwise = if self.eat("else") { self.some_until(&["fi"])? } else { Vec::new() };
        self.at += 2;
        Ok(Command::If { arms, otherwise })
    }

    fn loop_body(&mut self) -> Result<super::List, Error> {
        self.at += 2;
        let body = self.some_until(&["done"])?;
        self.at += 4;
        Ok(body)
    }

    fn for_each(&mut self) -> Result<Command, Error> {
        self.skip_blanks();
        if self.rest().starts_with("((") {
            // Counting loops are beyond what a file of variables holds.
            return Err(Error::TooDeep);
        }
        let name = self.keyword().to_owned();
        if !is_name(&name) {
            return Err(Error::Syntax);
        }
        self.at += name.len();
        self.skip_blanks();
        let mut words = None;
        if !self.eat(";") {
            self.skip_lines();
            if self.keyword() == "in" {
                self.at += 2;
                words = Some(self.words()?);
                if !self.eat(";") && self.peek() != Some(b'\n') {
                    return Err(Error::Syntax);
                }
            }
        }
        self.skip_lines();
        let body = if self.kind == Kind::Bash && self.keyword() == "{" {
            self.at += 1;
            let body = self.some_until(&["}"])?;
            self.at += 1;
            body
        } else if self.keyword() == "do" {
            self.loop_body()?
        } else {
            return Err(Error::Syntax);
        };
        Ok(Command::For { name, words, body })
    }

    fn words(&mut self) -> Result<Vec<Word>, Error> {
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                None | Some(b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')') => return Ok(words),
                Some(_) => words.push(self.word(false)?),
            }
        }
    }

    fn case(&mut self) -> Result<Command, Error> {
        self.skip_blanks();
        let subject = self.word(false)?;
        self.skip_lines();
        if subject.is_empty() || self.keyword() != "in" {
            return Err(Error::Syntax);
        }
        self.at += 2;
        let mut arms = Vec::new();
        loop {
            self.skip_lines();
            if self.keyword() == "esac" {
                self.at += 4;
                return Ok(Command::Case { subject, arms });
            }
            self.eat("(");
            let mut patterns = Vec::new();
            loop {
                self.skip_blanks();
                let start = self.at;
                patterns.push(self.word(false)?);
                self.skip_blanks();
                if start == self.at {
                    return Err(Error::Syntax);
                }
                if !self.eat("|") {
                    break;
                }
            }
            self.expect(")")?;
            arms.push((patterns, self.list_until(&[";;", "esac"])?));
            self.eat(";;");
        }
    }

    /// Passes over `[[ … ]]`, up to its end on its own.
    fn condition(&mut self) -> Result<(), Error> {
        loop {
            self.skip_lines();
            match self.peek() {
                None | Some(b';') => return Err(Error::Syntax),
                Some(b'(' | b')' | b'<' | b'>' | b'&' | b'|') => self.at += 1,
                Some(_) if self.keyword() == "]]" => {
                    self.at += 2;
                    return Ok(());
                }
                Some(_) => {
                    self.word(false)?;
                }
            }
        }
    }

    /// What stands after a function's name.
    pub(super) fn function(&mut self, name: &Word) -> Result<Command, Error> {
        let name = literal(name).ok_or(Error::Syntax)?.to_owned();
        if self.eat("(") {
            self.skip_blanks();
            self.expect(")")?;
        }
        if self.kind == Kind::Dash && !is_name(&name) {
            return Err(Error::Syntax);
        }
        self.skip_lines();
        let body = match self.compound()? {
            Some(body) => body,
            None if self.kind == Kind::Dash => self.command()?,
            None => return Err(Error::Syntax),
        };
        Ok(Command::Function { name, body: Rc::new(body) })
    }

    /// A part of the text, from and to places after this one, read as in double quotes.
    pub(super) fn quoted(&mut self, from: usize, to: usize) -> Result<Word, Error> {
        let inside = self.rest()[from..to].to_owned() + "\"";
        let mut inner = Parser::new(self.kind, &inside);
        inner.depth = self.depth;
        let mut word = Word::new();
        inner.parts(&mut word, Place::Quotes)?;
        Ok(word)
    }
}
