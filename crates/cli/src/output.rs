//! The one place that writes to the terminal: answers on standard output, messages on standard error.
//!
//! Text for people never carries a control character that somebody else wrote. A reader that goes away
//! (`twinlock log … | head`) is no failure.

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;
use twinlock_client::inert_line;
use zeroize::Zeroizing;

use crate::ask::unless_locked;
use crate::failure::{Failure, Status};
use crate::text::{Text, inert_json};

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one document.
    Json,
}

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Volume {
    /// Messages too.
    Normal,
    /// Answers and errors only.
    Quiet,
}

/// Whether somebody still reads standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    There,
    Gone,
}

/// What a person said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Yes.
    Yes,
    /// Anything else.
    No,
}

/// Where a command's answer and messages go.
pub(crate) struct Output {
    format: Format,
    volume: Volume,
    reader: Reader,
    answered: bool,
}

#[derive(Serialize)]
struct FailureDocument {
    error: FailureBody,
}

/// A failure, in a document.
#[derive(Serialize)]
pub(crate) struct FailureBody {
    code: twinlock_client::ErrorCode,
    message: String,
}

impl From<&Failure> for FailureBody {
    fn from(failure: &Failure) -> Self {
        Self { code: failure.code(), message: failure.to_string() }
    }
}

impl Output {
    pub(crate) fn new(format: Format, volume: Volume) -> Self {
        Self { format, volume, reader: Reader::There, answered: false }
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    pub(crate) fn volume(&self) -> Volume {
        self.volume
    }

    /// Whether whoever read the answer has gone away.
    pub(crate) fn reader_is_gone(&self) -> bool {
        self.reader == Reader::Gone
    }

    /// Writes a command's answer: the document, or the text for people.
    pub(crate) fn answer(
        &mut self,
        document: &impl Serialize,
        text: impl FnOnce(&mut Text),
    ) -> Result<(), Failure> {
        match self.format {
            Format::Json => self.json_line(document),
            Format::Text => {
                let mut written = Text::default();
                text(&mut written);
                self.write(written.as_str().as_bytes())
            }
        }
    }

    /// Writes one line of JSON, whatever the format.
    pub(crate) fn json_line(&mut self, document: &impl Serialize) -> Result<(), Failure> {
        let json = serde_json::to_string(document).map_err(|error| Failure::Output(error.into()))?;
        let mut line = Zeroizing::new(inert_json(&Zeroizing::new(json)));
        line.push('\n');
        self.write(line.as_bytes())
    }

    /// Writes bytes as they are: a value that was asked for.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.answered = true;
        if self.reader == Reader::Gone {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.reader = Reader::Gone;
                Ok(())
            }
            result => result.map_err(Failure::Output),
        }
    }

    /// Says what happened, unless nobody wants to hear it.
    pub(crate) fn note(&self, sentence: &str) {
        if self.volume == Volume::Normal {
            say(sentence);
        }
    }

    /// Says what is wrong.
    pub(crate) fn problem(&self, sentence: &str) {
        say(sentence);
    }

    /// Whether a person is there to be asked.
    pub(crate) fn can_ask() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a person at the terminal. Anything but a clear yes is a no.
    pub(crate) fn ask(&self, question: &str) -> Result<Answer, Failure> {
        let mut err = io::stderr();
        // Nobody answers a question that could not be asked.
        if write!(err, "{} [y/N] ", inert_line(question)).and_then(|()| err.flush()).is_err() {
            return Ok(Answer::No);
        }
        let mut line = String::new();
        unless_locked(|| io::stdin().read_line(&mut line)).map_err(Failure::Input)?;
        let yes = ["y", "yes"].contains(&line.trim().to_lowercase().as_str());
        Ok(if yes { Answer::Yes } else { Answer::No })
    }

    /// Says why a command failed; in a document too, if there is none yet. Gives the status to end with.
    pub(crate) fn failure(&mut self, failure: &Failure) -> Status {
        self.problem(&format!("twinlock: {failure}"));
        if self.format == Format::Json && !self.answered {
            let document = FailureDocument { error: failure.into() };
            if let Err(error) = self.json_line(&document) {
                self.problem(&format!("twinlock: {error}"));
            }
        }
        failure.code().into()
    }
}

/// Says a sentence, whatever the command was asked to say.
pub(crate) fn say(sentence: &str) {
    // Nobody is left to tell if standard error is gone too.
    let _ = writeln!(io::stderr(), "{}", inert_line(sentence));
}
