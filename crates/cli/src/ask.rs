//! Asking a person while something else goes on, and reading answers that a script gives on standard input.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use tokio::sync::mpsc;
use twinlock_client::Error;
use twinlock_client::home::Home;
use zeroize::Zeroizing;

use crate::failure::{Failure, Status};
use crate::output::say;

/// How often it is looked whether the home was locked while a person is asked.
const LOOK: Duration = Duration::from_millis(200);
/// Longer than any answer can be.
const LONGEST: u64 = 64 * 1024;

/// Lines of standard input. They are read on a thread of their own, which ends with the program: nothing else waits for
/// a person who does not answer.
pub(crate) struct Lines(mpsc::Receiver<io::Result<Zeroizing<String>>>);

impl Lines {
    /// Reads from now on.
    pub(crate) fn start() -> Self {
        let (send, receive) = mpsc::channel(1);
        std::thread::spawn(move || {
            loop {
                let line = next_line();
                let over = !matches!(&line, Ok(Some(_)));
                if let Some(line) = line.transpose()
                    && send.blocking_send(line).is_err()
                {
                    return;
                }
                if over {
                    return;
                }
            }
        });
        Self(receive)
    }

    /// The next line, or nothing once there is no more. Whoever locks waits for no person.
    pub(crate) async fn next(&mut self) -> Result<Option<Zeroizing<String>>, Failure> {
        let mut looks = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                line = self.0.recv() => return line.transpose().map_err(Failure::Input),
                _ = looks.tick() => if home_is_locked() { return Err(Error::Locked.into()) },
            }
        }
    }
}

/// Asks a person, who may take their time, but no longer than until the home is locked. While somebody is asked nothing is
/// half done: the program ends right there, and its keys with it.
pub(crate) fn unless_locked<T>(ask: impl FnOnce() -> T) -> T {
    let (answered, waits) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        while waits.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            if home_is_locked() {
                // Behind the question.
                say("");
                say(&format!("twinlock: {}", Error::Locked));
                std::process::exit(Status::Locked.number().into());
            }
        }
    });
    let answer = ask();
    drop(answered);
    answer
}

fn home_is_locked() -> bool {
    let home = Home::locate(None).and_then(|folder| Home::open(&folder));
    home.is_ok_and(|home| home.is_some_and(|home| home.is_locked()))
}

/// One line of standard input, without its ending; nothing at its end.
pub(crate) fn read_line() -> io::Result<Option<Zeroizing<String>>> {
    unless_locked(next_line)
}

fn next_line() -> io::Result<Option<Zeroizing<String>>> {
    let mut line = Zeroizing::new(String::with_capacity(8 * 1024));
    let read = io::Read::take(io::stdin().lock(), LONGEST).read_line(&mut line)?;
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
    Ok((read > 0).then_some(line))
}

/// Whether a person can be asked here.
pub(crate) fn somebody_is_here() -> bool {
    io::stdin().is_terminal()
}

/// A question, answered on the same line.
pub(crate) fn prompt(question: &str) {
    let mut err = io::stderr().lock();
    // Nobody is left to ask if standard error is gone; the answer then is none.
    let _ = write!(err, "{question} ").and_then(|()| err.flush());
}

/// A plain yes. Anything else is none.
pub(crate) fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for yes in ["y", "yes", " YES "] {
            assert!(is_yes(yes), "{yes}");
        }
        for no in ["", "n", "no", "yess", "y n", "ja", "1", "true"] {
            assert!(!is_yes(no), "{no}");
        }
    }
}
