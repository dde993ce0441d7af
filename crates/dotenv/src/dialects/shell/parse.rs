//! The grammar of the shells, as far as variables need it: lines of simple commands.
//!
//! A compound command is only searched for the names that it might set.

use super::Kind;

/// How deep `${…}` may nest.
const MAX_DEPTH: usize = 200;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Error {
    Syntax,
    TooDeep,
}

/// A word: its parts follow one another without a blank.
pub(super) type Word = Vec<Part>;

/// Whether a part stands in quotes, where blanks and pattern characters are themselves.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Quoting {
    Bare,
    Quoted,
}

pub(super) enum Part {
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

pub(super) enum Operation {
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

pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && name_length(text) == text.len()
}

fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
    } else {
        0
    }
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

    /// A word outside of quotes. One that is like an assignment knows `~` after `=` and `:`.
    fn word(&mut self, assigns: bool) -> Result<Word, Error> {
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

    fn value(&mut self) -> Result<Word, Error> {
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
            && let Some(close) = super::expand::arithmetic_end(self.rest())
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
pub(super) fn assigned_name(word: &Word) -> Option<&str> {
    match word.first() {
        Some(Part::Text(text, Quoting::Bare)) => {
            text.split_once('=').map(|(name, _)| name).filter(|name| is_name(name))
        }
        _ => None,
    }
}

/// Whether any part of a word stands in quotes.
pub(super) fn has_quotes(word: &Word) -> bool {
    word.iter().any(|part| match part {
        Part::Text(_, quoting) | Part::Parameter { quoting, .. } => *quoting == Quoting::Quoted,
        Part::Command | Part::Arithmetic(_) | Part::Bad | Part::Home(_) => false,
    })
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

fn is_declaration(word: &Word) -> bool {
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
fn command_end(bytes: &[u8]) -> Option<usize> {
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
