//! `twinlock lock` and `unlock`: putting all keys of this home away, and taking them again.

use serde::Serialize;
use twinlock_client::home::Home;
use twinlock_client::{Client, Error};

use crate::failure::{Failure, Status};
use crate::opened::options;
use crate::output::Output;

#[derive(Serialize)]
struct LockDocument {
    locked: bool,
}

/// Needs no key, and no keychain.
pub(crate) fn lock(out: &mut Output) -> Result<Status, Failure> {
    let folder = Home::locate(None).map_err(Error::from)?;
    let Some(home) = Home::open(&folder).map_err(Error::from)? else {
        return Err(Error::NoTeam.into());
    };
    home.lock().map_err(Error::from)?;
    out.answer(&LockDocument { locked: true }, |_| {})?;
    out.note(
        "Locked. Twinlock programs that are running put their keys away; files stay watched, nothing is opened or \
         sent. “twinlock unlock” ends it.",
    );
    Ok(Status::Done)
}

pub(crate) async fn unlock(out: &mut Output) -> Result<Status, Failure> {
    let folder = Home::locate(None).map_err(Error::from)?;
    if Home::open(&folder).map_err(Error::from)?.is_none() {
        return Err(Error::NoTeam.into());
    }
    Client::open_unlocking(options()?).await?;
    out.answer(&LockDocument { locked: false }, |_| {})?;
    out.note("Unlocked.");
    Ok(Status::Done)
}
