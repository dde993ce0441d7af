//! Secrets that are given to a command: on standard input, which is what help and scripts show, or as an
//! argument. Never from a file, never from the environment.

use std::convert::Infallible;
use std::io::{self, BufRead as _, IsTerminal as _, Read};
use std::str::FromStr;

use twinlock_client::SecretText;

use crate::failure::Failure;

/// Longer than any link or value can be.
const LONGEST: u64 = 1024 * 1024;

/// Where a secret is.
#[derive(Clone)]
pub(crate) enum SecretArgument {
    /// `-`: on standard input.
    StandardInput,
    /// On the command line itself, where other programs of this computer can see it.
    Given(SecretText),
}

impl FromStr for SecretArgument {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "-" => Self::StandardInput,
            text => Self::Given(SecretText::new(text.to_owned())),
        })
    }
}

impl SecretArgument {
    /// A secret of one line, such as a link or a code. `what` is asked for at a terminal.
    pub(crate) fn line(self, what: &str) -> Result<SecretText, Failure> {
        self.read(what, |mut input| {
            let mut line = String::with_capacity(8 * 1024);
            input.by_ref().take(LONGEST).read_line(&mut line)?;
            line.truncate(line.trim_end_matches(['\r', '\n']).len());
            Ok(line)
        })
    }

    /// A secret that is all of standard input, line endings included.
    pub(crate) fn whole(self, what: &str) -> Result<SecretText, Failure> {
        self.read(what, |input| {
            let mut text = String::with_capacity(8 * 1024);
            input.take(LONGEST).read_to_string(&mut text)?;
            Ok(text)
        })
    }

    fn read(
        self,
        what: &str,
        read: impl FnOnce(io::StdinLock<'static>) -> io::Result<String>,
    ) -> Result<SecretText, Failure> {
        let text = match self {
            Self::Given(secret) => return Ok(secret),
            Self::StandardInput if io::stdin().is_terminal() => {
                rpassword::prompt_password(format!("{what}: ")).map_err(Failure::Input)?
            }
            Self::StandardInput => read(io::stdin().lock()).map_err(Failure::Input)?,
        };
        Ok(SecretText::new(text))
    }
}
