//! The clipboard: filled by the program, so that what is copied does not cross to the page, and cleared again.

use std::time::Duration;

use arboard::Clipboard;
use zeroize::Zeroizing;

use crate::core::eprintln_line;
use crate::dto::CommandError;

/// How long a copied secret stays, unless something else is copied before.
pub(crate) const CLEARED_AFTER: Duration = Duration::from_secs(30);

/// Copies a text that is to be secret, and clears the clipboard later if it still holds it.
pub(crate) fn copy(text: Zeroizing<String>) -> Result<(), CommandError> {
    let mut clipboard = Clipboard::new().map_err(|error| unusable(&error))?;
    put(&mut clipboard, &text).map_err(|error| unusable(&error))?;
    // On X11 the clipboard is served by whoever copied: this thread keeps it as long as it is to last.
    std::thread::spawn(move || {
        std::thread::sleep(CLEARED_AFTER);
        let same = clipboard.get_text().is_ok_and(|now| *Zeroizing::new(now) == *text);
        if same && let Err(error) = clipboard.clear() {
            eprintln_line(&format!("The clipboard could not be cleared: {error}"));
        }
    });
    Ok(())
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
