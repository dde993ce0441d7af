//! The grammar of the shells: lists of pipelines of commands.

mod ansi;
mod assign;
mod compound;
mod dollar;
mod redirect;
mod word;

use super::Kind;
use assign::Head;
pub(super) use redirect::{Access, Redirection};
use word::is_declaration;
pub(super) use word::{Choice, Index, Operation, Parameter, Part, Quoting, Word, is_name, name_length};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Error {
    Syntax,
    TooDeep,
}

pub(super) type List = Vec<Statement>;

/// Pipelines joined by `&&` and `||`.
pub(super) struct Statement {
    pub(super) pipelines: Vec<(Link, Pipeline)>,
    /// Whether it runs in a shell of its own: `&`.
    pub(super) background: bool,
}

/// When a pipeline runs, after those before it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Link {
    Always,
    And,
    Or,
}

pub(super) struct Pipeline {
    pub(super) negated: bool,
    pub(super) commands: Vec<Command>,
}

pub(super) enum Command {
    Simple {
        assignments: Vec<Assignment>,
        words: Vec<Word>,
        redirections: Vec<Redirection>,
    },
    Group(List),
    /// A shell of its own: nothing of it stays.
    Elsewhere,
    If {
        arms: Vec<(List, List)>,
        otherwise: List,
    },
    For {
        name: String,
        words: Option<Vec<Word>>,
        body: List,
    },
    Loop {
        until: bool,
        condition: List,
        body: List,
    },
    Case {
        subject: Word,
        arms: Vec<(Vec<Word>, List)>,
    },
    Function {
        name: String,
        body: std::rc::Rc<Command>,
    },
    /// `[[ … ]]`.
    Condition,
    /// `((…))`.
    Arithmetic(Word),
}

pub(super) struct Assignment {
    pub(super) name: String,
    /// In bash, the index of an element.
    pub(super) index: Option<Word>,
    pub(super) append: bool,
    pub(super) value: Assigned,
}

impl Assignment {
    /// Whether its value asks a command, whose status is then that of the assignment.
    pub(super) fn asks_a_command(&self) -> bool {
        match &self.value {
            Assigned::Word(word) => word.iter().any(|part| matches!(part, Part::Command)),
            Assigned::Array(_) => false,
        }
    }
}

pub(super) enum Assigned {
    Word(Word),
    /// bash's `(…)`.
    Array(Vec<Element>),
}

/// One word of an array, at an index of its own where it is written `[index]=`.
pub(super) struct Element {
    pub(super) index: Option<Word>,
    pub(super) value: Word,
}

/// How deep lists and `${…}` may nest.
const MAX_DEPTH: usize = 200;

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

    fn expect(&mut self, token: &str) -> Result<(), Error> {
        if self.eat(token) { Ok(()) } else { Err(Error::Syntax) }
    }

    /// Runs one step deeper.
    fn deeper<T>(&mut self, step: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::TooDeep);
        }
        let result = step(self);
        self.depth -= 1;
        result
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

    fn skip_lines(&mut self) {
        loop {
            self.skip_blanks();
            if !self.eat("\n") {
                return;
            }
            self.skip_documents();
        }
    }

    /// Goes to where the next line of commands starts, and answers where that is.
    pub(super) fn skip_to_command(&mut self) -> usize {
        self.skip_lines();
        self.at
    }

    /// Where the reading stands.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// The commands of the next line that has any; `None` at the end of the text.
    pub(super) fn line_of_commands(&mut self) -> Result<Option<List>, Error> {
        self.skip_lines();
        if self.peek().is_none() {
            return Ok(None);
        }
        let mut list = List::new();
        loop {
            let separated = self.statement(&mut list)?;
            self.skip_blanks();
            match self.peek() {
                None => break,
                Some(b'\n') => {
                    self.at += 1;
                    self.skip_documents();
                    break;
                }
                Some(_) if separated => {}
                Some(_) => return Err(Error::Syntax),
            }
        }
        Ok(Some(list))
    }

    /// The statements up to one of these words or operators, which is not taken.
    fn list_until(&mut self, ends: &[&str]) -> Result<List, Error> {
        self.deeper(|parser| {
            let mut list = List::new();
            loop {
                parser.skip_lines();
                if parser.peek().is_none() {
                    return Err(Error::Syntax);
                }
                if ends.contains(&parser.keyword()) {
                    return Ok(list);
                }
                let separated = parser.statement(&mut list)?;
                parser.skip_blanks();
                let operator = matches!(parser.keyword(), ")" | ";;");
                if !separated
                    && parser.peek() != Some(b'\n')
                    && !(operator && ends.contains(&parser.keyword()))
                {
                    return Err(Error::Syntax);
                }
            }
        })
    }

    /// As `list_until`, where at least one statement has to stand.
    fn some_until(&mut self, ends: &[&str]) -> Result<List, Error> {
        let list = self.list_until(ends)?;
        if list.is_empty() { Err(Error::Syntax) } else { Ok(list) }
    }

    /// Reads a statement, and the `;` or `&` behind it; answers whether there was one.
    fn statement(&mut self, list: &mut List) -> Result<bool, Error> {
        let mut pipelines = Vec::new();
        let mut link = Link::Always;
        loop {
            pipelines.push((link, self.pipeline()?));
            self.skip_blanks();
            link = if self.eat("&&") {
                Link::And
            } else if self.eat("||") {
                Link::Or
            } else {
                break;
            };
            self.skip_lines();
        }
        let background = self.eat("&");
        let separated = background || (!self.rest().starts_with(";;") && self.eat(";"));
        list.push(Statement { pipelines, background });
        Ok(separated)
    }

    fn pipeline(&mut self) -> Result<Pipeline, Error> {
        let mut negated = false;
        loop {
            self.skip_blanks();
            match self.keyword() {
                "!" if negated && self.kind == Kind::Dash => return Err(Error::Syntax),
                "!" => {
                    negated = !negated;
                    self.at += 1;
                }
                "time" if self.kind == Kind::Bash => self.at += 4,
                _ => break,
            }
        }
        let mut commands = Vec::new();
        if negated && self.kind == Kind::Bash && matches!(self.peek(), None | Some(b'\n' | b';')) {
            // Nothing, and not even that.
            return Ok(Pipeline { negated, commands });
        }
        loop {
            commands.push(self.command()?);
            self.skip_blanks();
            if self.rest().starts_with("||") || !self.eat("|") {
                return Ok(Pipeline { negated, commands });
            }
            if self.kind == Kind::Bash {
                self.eat("&");
            }
            self.skip_lines();
        }
    }

    /// The word at this place as it is written, or the operator.
    fn keyword(&self) -> &'a str {
        let rest = self.rest();
        for operator in ["((", "(", ")", ";;"] {
            if rest.starts_with(operator) {
                return operator;
            }
        }
        let ends = |c: char| matches!(c, ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')');
        &rest[..rest.find(ends).unwrap_or(rest.len())]
    }

    fn command(&mut self) -> Result<Command, Error> {
        self.skip_blanks();
        if let Some(compound) = self.compound()? {
            return Ok(compound);
        }
        let mut assignments = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        let mut redirections = Vec::new();
        let mut empty = true;
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(b'<' | b'>') => redirections.push(self.redirection()?),
                Some(b'&') if self.kind == Kind::Bash && self.rest().starts_with("&>") => {
                    self.at += 1;
                    redirections.push(self.redirection()?);
                }
                None | Some(b'\n' | b';' | b'&' | b'|' | b')') => break,
                Some(b'(') => {
                    if words.len() == 1 && assignments.is_empty() {
                        return self.function(&words[0]);
                    }
                    return Err(Error::Syntax);
                }
                Some(_) => {
                    let start = self.at;
                    let head = if words.is_empty() { self.head()? } else { None };
                    match head {
                        Some(Head::Assignment(assignment)) => assignments.push(assignment),
                        Some(Head::Word(word)) => words.push(word),
                        None => {
                            let word = self.word(is_declaration(&words, self.kind))?;
                            let written = &self.text[start..self.at];
                            let number = written.bytes().all(|byte| byte.is_ascii_digit());
                            if !(number && matches!(self.peek(), Some(b'<' | b'>'))) {
                                words.push(word);
                            }
                        }
                    }
                }
            }
            empty = false;
        }
        if empty {
            return Err(Error::Syntax);
        }
        Ok(Command::Simple { assignments, words, redirections })
    }
}
