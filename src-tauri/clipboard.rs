//! The clipboard: filled by the program, so that what is copied does not cross to the page, and cleared again.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use arboard::Clipboard;
use zeroize::Zeroizing;

use crate::core::eprintln_line;
use crate::dto::CommandError;

/// How long a copied secret stays, unless something else is copied before.
pub(crate) const CLEARED_AFTER: Duration = Duration::from_secs(30);

/// What was copied last, until it is cleared.
#[derive(Default)]
pub(crate) struct Copied(Mutex<Option<Sender<Instead>>>);

/// Something else is in the clipboard by now, so that there is nothing left to clear.
struct Instead;

impl Copied {
    /// Copies a text that is to be secret, and clears the clipboard later if it still holds it.
    pub(crate) fn copy(&self, text: Zeroizing<String>) -> Result<(), CommandError> {
        let mut clipboard = Clipboard::new().map_err(|error| unusable(&error))?;
        put(&mut clipboard, &text).map_err(|error| unusable(&error))?;
        let (last, ended) = channel();
        if let Some(before) = self.held().replace(last) {
            // Fails where its time was over already.
            let _over = before.send(Instead);
        }
        // On X11 the clipboard is served by whoever copied: this thread keeps it as long as it is to last.
        std::thread::spawn(move || {
            if let Ok(Instead) = ended.recv_timeout(CLEARED_AFTER) {
                return;
            }
            let same = clipboard.get_text().is_ok_and(|now| *Zeroizing::new(now) == *text);
            if same && let Err(error) = clipboard.clear() {
                eprintln_line(&format!("The clipboard could not be cleared: {error}"));
            }
        });
        Ok(())
    }

    /// Clears the clipboard now, if it still holds what was copied here.
    pub(crate) fn clear(&self) {
        *self.held() = None;
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Sender<Instead>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the system's own history of the clipboard to leave this one out.
fn put(clipboard: &mut Clipboard, text: &str) -> Result<(), arboard::Error> {
    #[cfg(target_os = "macos")]
    use arboard::SetExtApple as _;
    #[cfg(all(unix, not(target_os = "macos")))]
    use arboard::SetExtLinux as _;
    #[cfg(windows)]
    use arboard::SetExtWindows as _;
    #[cfg(windows)]
    return clipboard.set().exclude_from_history().exclude_from_cloud().text(text);
    #[cfg(not(windows))]
    clipboard.set().exclude_from_history().text(text)
}

fn unusable(error: &arboard::Error) -> CommandError {
    CommandError::failed(format!("The clipboard cannot be used: {error}. Show it and copy it by hand."))
}
