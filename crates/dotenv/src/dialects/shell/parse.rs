//! The grammar of the shells, as far as variables need it: lines of simple commands.
//!
//! A compound command is only searched for the names that it might set.

mod word;

use super::Kind;
pub(super) use word::{Operation, Part, Quoting, Word, assigned_name, has_quotes, is_name};
use word::{command_end, is_declaration, name_length};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Error {
    Syntax,
    TooDeep,
}

pub(super) enum Assignment {
    Text { name: String, append: bool, value: Word },
    Array { name: String },
}

pub(super) enum Command {
    Simple { assignments: Vec<Assignment>, words: Vec<Word>, touches_files: bool },
    Compound { assigned: Vec<String> },
}

/// What joins a command to the next.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Joint {
    Next,
    And,
    Or,
    Pipe,
    Background,
}

pub(super) struct Parser<'a> {
    kind: Kind,
    text: &'a str,
    at: usize,
    /// A place, and the number of its line.
    counted: (usize, usize),
    depth: usize,
    /// Here-documents whose text starts after this line: the word that ends each, and whether tabs
    /// before it do not count.
    pending: Vec<(String, bool)>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(kind: Kind, text: &'a str) -> Self {
        Self { kind, text, at: 0, counted: (0, 1), depth: 0, pending: Vec::new() }
    }

    /// The line that comes next, counted from 1.
    pub(super) fn line(&mut self) -> usize {
        let (counted, line) = self.counted;
        let line = line + self.text[counted..self.at].matches('\n').count();
        self.counted = (self.at, line);
        line
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    /// Blanks, joined lines and comments.
    fn skip_blanks(&mut self) {
        loop {
            if self.eat("\\\n") {
                continue;
            }
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'#') => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                _ => return,
            }
        }
    }

    /// The commands of the next line that has any; `None` at the end of the text.
    pub(super) fn line_of_commands(&mut self) -> Result<Option<Vec<(Command, Joint)>>, Error> {
        loop {
            self.skip_blanks();
            if !self.eat("\n") {
                break;
            }
        }
        if self.peek().is_none() {
            return Ok(None);
        }
        let mut commands = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                None if !commands.is_empty() => break,
                Some(b'\n') if !commands.is_empty() => break,
                _ => {}
            }
            let command = self.command()?;
            let joint = self.joint()?;
            let goes_on = matches!(joint, Some(Joint::And | Joint::Or | Joint::Pipe));
            let ends = joint.is_none();
            commands.push((command, joint.unwrap_or(Joint::Next)));
            if goes_on {
                self.skip_lines()?;
                if self.peek().is_none() {
                    return Err(Error::Syntax);
                }
            }
            if ends {
                break;
            }
        }
        if self.eat("\n") {
            self.skip_documents();
        }
        Ok(Some(commands))
    }

    fn skip_lines(&mut self) -> Result<(), Error> {
        loop {
            self.skip_blanks();
            if !self.eat("\n") {
                return Ok(());
            }
            self.skip_documents();
        }
    }

    /// What follows a command; `None` where the line ends.
    fn joint(&mut self) -> Result<Option<Joint>, Error> {
        self.skip_blanks();
        let joint = if self.eat("&&") {
            Joint::And
        } else if self.eat("||") {
            Joint::Or
        } else if (self.kind == Kind::Bash && self.eat("|&")) || self.eat("|") {
            Joint::Pipe
        } else if self.eat("&") {
            Joint::Background
        } else if self.rest().starts_with(";;") {
            return Err(Error::Syntax);
        } else if self.eat(";") {
            Joint::Next
        } else if matches!(self.peek(), None | Some(b'\n')) {
            return Ok(None);
        } else {
            return Err(Error::Syntax);
        };
        Ok(Some(joint))
    }

    fn command(&mut self) -> Result<Command, Error> {
        let mut assignments = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        let mut touches_files = false;
        let mut empty = true;
        let keyword = self.keyword();
        match keyword {
            "!" => {
                self.at += 1;
                self.skip_blanks();
            }
            "then" | "else" | "elif" | "fi" | "do" | "done" | "esac" | "}" | "in" if keyword != "in" => {
                return Err(Error::Syntax);
            }
            "if" | "for" | "while" | "until" | "case" | "{" | "(" => return self.compound(),
            "[[" | "function" | "select" | "time" | "((" | "coproc" if self.kind == Kind::Bash => {
                return self.compound();
            }
            _ => {}
        }
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(b'<' | b'>') => touches_files |= self.redirection()?,
                Some(b'&') if self.kind == Kind::Bash && self.rest().starts_with("&>") => {
                    self.at += 1;
                    touches_files |= self.redirection()?;
                }
                None | Some(b'\n' | b';' | b'&' | b'|' | b')') => break,
                Some(b'(') => {
                    let function = words.len() == 1 && assignments.is_empty();
                    let after = self.rest()[1..].trim_start_matches([' ', '\t']);
                    if function && after.starts_with(')') {
                        return self.compound();
                    }
                    return Err(Error::Syntax);
                }
                Some(_) => {
                    let start = self.at;
                    if words.is_empty()
                        && let Some(assignment) = self.assignment()?
                    {
                        assignments.push(assignment);
                    } else {
                        self.at = start;
                        let declares = words.first().is_some_and(is_declaration);
                        let word = self.word(declares)?;
                        let number = self.text[start..self.at].bytes().all(|byte| byte.is_ascii_digit());
                        if !(number && matches!(self.peek(), Some(b'<' | b'>'))) {
                            words.push(word);
                        }
                    }
                }
            }
            empty = false;
        }
        if empty {
            return Err(Error::Syntax);
        }
        Ok(Command::Simple { assignments, words, touches_files })
    }

    /// The word at this place as it is written, if a blank or an operator ends it.
    fn keyword(&self) -> &'a str {
        let rest = self.rest();
        if rest.starts_with("((") {
            return "((";
        }
        if rest.starts_with('(') {
            return "(";
        }
        let ends = |c: char| matches!(c, ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')');
        &rest[..rest.find(ends).unwrap_or(rest.len())]
    }

    /// Gives up on a compound command: from here on nothing is certain, so all of the rest is
    /// looked through for names that might be set.
    fn compound(&mut self) -> Result<Command, Error> {
        let mut assigned = Vec::new();
        let rest = self.rest();
        if !rest.contains(closing_word(self.keyword())) {
            return Err(Error::Syntax);
        }
        if self.keyword() == "(" {
            // A shell of its own: nothing of it stays.
            self.at += 1 + command_end(&rest.as_bytes()[1..]).ok_or(Error::Syntax)?;
            self.skip_blanks();
            while matches!(self.peek(), Some(b'<' | b'>')) {
                self.redirection()?;
                self.skip_blanks();
            }
            return Ok(Command::Compound { assigned });
        }
        let starts = |c: char| matches!(c, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | '{');
        for piece in rest.split(starts) {
            let length = name_length(piece);
            if length > 0 && piece[length..].starts_with('=') {
                assigned.push(piece[..length].to_owned());
            }
        }
        self.at = self.text.len();
        Ok(Command::Compound { assigned })
    }

    /// Reads a redirection; answers whether a file decides about the command.
    fn redirection(&mut self) -> Result<bool, Error> {
        let document = self.eat("<<-");
        if document
            || (self.rest().starts_with("<<") && !(self.kind == Kind::Bash && self.rest().starts_with("<<<")))
        {
            if !document {
                self.at += 2;
            }
            self.skip_blanks();
            let start = self.at;
            self.word(false)?;
            let end: String =
                self.text[start..self.at].chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
            if start == self.at {
                return Err(Error::Syntax);
            }
            self.pending.push((end, document));
            return Ok(false);
        }
        let here = self.eat("<<<");
        if !here {
            let operators = [">>", ">&", ">|", "<&", "<>", "<", ">"];
            let found = operators.iter().find(|operator| self.rest().starts_with(**operator));
            self.at += found.map_or(1, |found| found.len());
        }
        self.skip_blanks();
        let start = self.at;
        self.word(false)?;
        if start == self.at { Err(Error::Syntax) } else { Ok(!here) }
    }

    fn skip_documents(&mut self) {
        for (end, tabs) in std::mem::take(&mut self.pending) {
            loop {
                let line = self.rest().split('\n').next().unwrap_or("");
                self.at = (self.at + line.len() + 1).min(self.text.len());
                let line = if tabs { line.trim_start_matches('\t') } else { line };
                if line == end || self.at == self.text.len() {
                    break;
                }
            }
        }
    }

    /// `name=value` and, in bash, `name+=value`, `name=(…)` and `name[…]=value`.
    fn assignment(&mut self) -> Result<Option<Assignment>, Error> {
        let length = name_length(self.rest());
        let name = &self.rest()[..length];
        let after = &self.rest()[length..];
        let bash = self.kind == Kind::Bash;
        if length == 0 {
            return Ok(None);
        }
        if bash && after.starts_with('[') {
            let index = &after[..after.find([' ', '\t', '\n', ';', '&', '|']).unwrap_or(after.len())];
            let Some(close) = index.find("]=") else { return Ok(None) };
            self.at += length + close + 2;
            self.word(true)?;
            return Ok(Some(Assignment::Array { name: name.to_owned() }));
        }
        let append = bash && after.starts_with("+=");
        if !append && !after.starts_with('=') {
            return Ok(None);
        }
        self.at += length + if append { 2 } else { 1 };
        if bash && self.eat("(") {
            self.array()?;
            return Ok(Some(Assignment::Array { name: name.to_owned() }));
        }
        let value = self.value()?;
        Ok(Some(Assignment::Text { name: name.to_owned(), append, value }))
    }

    fn array(&mut self) -> Result<(), Error> {
        loop {
            self.skip_lines()?;
            match self.peek() {
                Some(b')') => {
                    self.at += 1;
                    return Ok(());
                }
                None | Some(b'(' | b'<' | b'>' | b';' | b'&' | b'|') => return Err(Error::Syntax),
                Some(_) => {
                    self.word(false)?;
                }
            }
        }
    }
}

/// The word that ends a compound command.
fn closing_word(keyword: &str) -> &'static str {
    match keyword {
        "(" | "((" => ")",
        "{" | "function" => "}",
        "if" => "fi",
        "case" => "esac",
        "for" | "while" | "until" | "select" => "done",
        "[[" => "]]",
        _ => "",
    }
}
