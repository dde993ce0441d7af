//! Redirections and here-documents: looked at, never followed.

use super::{Error, Kind, Parser, Word};

/// A file that a command is to read from or to write to.
pub(in super::super) struct Redirection {
    pub(in super::super) access: Access,
    pub(in super::super) file: Word,
}

#[derive(Clone, Copy, PartialEq)]
pub(in super::super) enum Access {
    Read,
    Write,
    /// A text in the script, or another number for a file that is open.
    Here,
}

impl Parser<'_> {
    /// Reads a redirection from its operator on.
    pub(super) fn redirection(&mut self) -> Result<Redirection, Error> {
        let bash = self.kind == Kind::Bash;
        let operators = ["<<<", "<<-", "<<", ">>", ">&", ">|", "<&", "<>", "<", ">"];
        let known = |operator: &&&str| self.rest().starts_with(**operator) && (bash || **operator != "<<<");
        let operator = *operators.iter().find(known).ok_or(Error::Syntax)?;
        self.at += operator.len();
        self.skip_blanks();
        let start = self.at;
        let file = self.word(false)?;
        if start == self.at {
            return Err(Error::Syntax);
        }
        let written = &self.text[start..self.at];
        if matches!(operator, "<<" | "<<-") {
            let end = written.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
            self.pending.push((end, operator == "<<-"));
        }
        let number = written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let access = match operator {
            "<" => Access::Read,
            "<&" if !matches!(written, "0" | "1" | "2" | "-") => Access::Read,
            ">&" if !number => Access::Write,
            ">" | ">>" | ">|" | "<>" => Access::Write,
            _ => Access::Here,
        };
        Ok(Redirection { access, file })
    }

    pub(super) fn skip_documents(&mut self) {
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
}
