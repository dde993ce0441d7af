//! The clipboard: filled by the program, so that what is copied does not cross to the page, and cleared again.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arboard::Clipboard;
use zeroize::Zeroizing;

use crate::core::eprintln_line;
use crate::dto::CommandError;

/// How long a copied secret stays, unless something else is copied before.
const CLEARED_AFTER: Duration = Duration::from_secs(30);

/// What was copied last, until it is cleared.
pub(crate) struct Copied {
    held: Mutex<Held>,
    open: fn() -> Result<Box<dyn Board>, arboard::Error>,
    after: Duration,
}

#[derive(Default)]
struct Held {
    /// Counts how often everything was put away.
    turn: u64,
    last: Option<Last>,
}

/// A thread keeps what was copied last.
struct Last {
    /// Gone, it says: now.
    until: Sender<Instead>,
    over: Receiver<()>,
}

/// Something else is in the clipboard by now, so that there is nothing left to clear.
struct Instead;

/// When something was asked for: what is put away afterwards is not copied any more.
#[derive(Clone, Copy)]
pub(crate) struct Turn(u64);

/// A clipboard, for as long as what was put into it is to last.
trait Board: Send {
    fn put(&mut self, text: &str) -> Result<(), arboard::Error>;
    fn text(&mut self) -> Option<Zeroizing<String>>;
    fn clear(&mut self) -> Result<(), arboard::Error>;
}

impl Default for Copied {
    fn default() -> Self {
        let open = || -> Result<Box<dyn Board>, arboard::Error> { Ok(Box::new(Clipboard::new()?)) };
        Self { held: Mutex::default(), open, after: CLEARED_AFTER }
    }
}

impl Copied {
    /// To be asked for before the secret is.
    pub(crate) fn turn(&self) -> Turn {
        Turn(self.held().turn)
    }

    /// Copies a text that is to be secret, and clears the clipboard later if it still holds it.
    pub(crate) fn copy(&self, turn: Turn, text: Zeroizing<String>) -> Result<(), CommandError> {
        let mut held = self.held();
        if held.turn != turn.0 {
            return Err(CommandError::failed("Twinlock was locked meanwhile. Nothing was copied."));
        }
        let mut board = (self.open)().map_err(|error| unusable(&error))?;
        board.put(&text).map_err(|error| unusable(&error))?;
        let ((until, ended), (done, over), after) = (channel(), channel(), self.after);
        if let Some(before) = held.last.replace(Last { until, over }) {
            // Fails where its time was over already.
            let _over = before.until.send(Instead);
        }
        // On X11 the clipboard is served by whoever copied: this thread keeps it as long as it is to last.
        std::thread::spawn(move || {
            if ended.recv_timeout(after).is_err()
                && board.text().is_some_and(|now| *now == *text)
                && let Err(error) = board.clear()
            {
                eprintln_line(&format!("The clipboard could not be cleared: {error}"));
            }
            // Only whoever ends the program waits for it.
            let _nobody = done.send(());
        });
        Ok(())
    }

    /// Clears the clipboard now, if it still holds what was copied here. What was asked for before is not copied either.
    pub(crate) fn clear(&self) {
        self.put_away();
    }

    /// The same, and waits until it is done, but not for long: another program may own the clipboard and hang.
    pub(crate) fn clear_and_wait(&self, at_most: Duration) {
        if let Some(over) = self.put_away() {
            // Late or never: the program ends all the same.
            let _late = over.recv_timeout(at_most);
        }
    }

    fn put_away(&self) -> Option<Receiver<()>> {
        let mut held = self.held();
        held.turn += 1;
        held.last.take().map(|last| last.over)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board for Clipboard {
    /// Asks whoever keeps a history of the clipboard, or sends it to other devices, to leave this one out.
    fn put(&mut self, text: &str) -> Result<(), arboard::Error> {
        #[cfg(target_os = "macos")]
        use arboard::SetExtApple as _;
        #[cfg(all(unix, not(target_os = "macos")))]
        use arboard::SetExtLinux as _;
        #[cfg(windows)]
        use arboard::SetExtWindows as _;
        #[cfg(windows)]
        return self.set().exclude_from_monitoring().text(text);
        #[cfg(not(windows))]
        self.set().exclude_from_history().text(text)
    }

    fn text(&mut self) -> Option<Zeroizing<String>> {
        self.get_text().ok().map(Zeroizing::new)
    }

    fn clear(&mut self) -> Result<(), arboard::Error> {
        Clipboard::clear(self)
    }
}

fn unusable(error: &arboard::Error) -> CommandError {
    CommandError::failed(format!("The clipboard cannot be used: {error}. Show it and copy it by hand."))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What any program would paste, for each test by its name.
    static BOARDS: Mutex<Vec<(&str, Option<String>)>> = Mutex::new(Vec::new());
    const LONG: Duration = Duration::from_secs(60);

    struct Fake(&'static str);

    fn with<T>(name: &'static str, act: impl FnOnce(&mut Option<String>) -> T) -> T {
        let mut boards = BOARDS.lock().unwrap_or_else(PoisonError::into_inner);
        if !boards.iter().any(|(of, _)| *of == name) {
            boards.push((name, None));
        }
        act(&mut boards.iter_mut().find(|(of, _)| *of == name).unwrap().1)
    }

    fn pasted(name: &'static str) -> Option<String> {
        with(name, |board| board.clone())
    }

    impl Board for Fake {
        fn put(&mut self, text: &str) -> Result<(), arboard::Error> {
            with(self.0, |board| *board = Some(text.to_owned()));
            Ok(())
        }

        fn text(&mut self) -> Option<Zeroizing<String>> {
            pasted(self.0).map(Zeroizing::new)
        }

        fn clear(&mut self) -> Result<(), arboard::Error> {
            with(self.0, |board| *board = None);
            Ok(())
        }
    }

    fn copied(open: fn() -> Result<Box<dyn Board>, arboard::Error>, after: Duration) -> Copied {
        Copied { held: Mutex::default(), open, after }
    }

    fn secret(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    /// Waits until the thread that keeps what was copied last is done with it.
    fn until_over(copied: &Copied) {
        let Last { until, over } = copied.held().last.take().unwrap();
        drop(until);
        over.recv_timeout(LONG).unwrap();
    }

    #[test]
    fn its_time_over_what_was_copied_is_gone() {
        let copied = copied(|| Ok(Box::new(Fake("time"))), Duration::from_millis(1));
        copied.copy(copied.turn(), secret("hush")).unwrap();
        let last = copied.held().last.take().unwrap();
        // Its sender is kept, so that nothing but the time ends it.
        last.over.recv_timeout(LONG).unwrap();
        assert_eq!(pasted("time"), None);
        drop(last.until);
    }

    #[test]
    fn what_another_program_copied_is_left_alone() {
        let copied = copied(|| Ok(Box::new(Fake("other"))), LONG);
        copied.copy(copied.turn(), secret("hush")).unwrap();
        assert_eq!(pasted("other").as_deref(), Some("hush"));
        with("other", |board| *board = Some("a recipe".to_owned()));
        copied.clear_and_wait(LONG);
        assert_eq!(pasted("other").as_deref(), Some("a recipe"));
    }

    #[test]
    fn whoever_quits_leaves_nothing_behind() {
        let copied = copied(|| Ok(Box::new(Fake("quit"))), LONG);
        copied.copy(copied.turn(), secret("hush")).unwrap();
        copied.clear_and_wait(LONG);
        assert_eq!(pasted("quit"), None);
        copied.clear_and_wait(LONG);
    }

    #[test]
    fn the_second_one_is_not_cleared_with_the_first() {
        let copied = copied(|| Ok(Box::new(Fake("two"))), LONG);
        copied.copy(copied.turn(), secret("one")).unwrap();
        let before = copied.held().last.take().unwrap();
        let over = before.over;
        copied.held().last = Some(Last { until: before.until, over: channel().1 });
        copied.copy(copied.turn(), secret("two")).unwrap();
        over.recv_timeout(LONG).unwrap();
        assert_eq!(pasted("two").as_deref(), Some("two"));
        until_over(&copied);
        assert_eq!(pasted("two"), None);
    }

    #[test]
    fn what_was_asked_for_before_it_was_locked_is_not_copied_after() {
        let copied = copied(|| Ok(Box::new(Fake("locked"))), LONG);
        let turn = copied.turn();
        copied.clear();
        assert!(copied.copy(turn, secret("hush")).is_err());
        assert_eq!(pasted("locked"), None);
        copied.copy(copied.turn(), secret("hush")).unwrap();
        assert_eq!(pasted("locked").as_deref(), Some("hush"));
    }
}
