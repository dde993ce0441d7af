//! Which loader a linked file is written for: what somebody set, else what the project around it tells.

use twinlock_dotenv::Dialect;
use twinlock_protocol::ids::EnvironmentId;

use super::{Client, Event};
use crate::error::Error;
use crate::files::{self, LinkedFileId};
use crate::store::LinkedFile;
use crate::view::LoaderView;

/// The dialect where nothing tells another.
const UNTOLD: Dialect = Dialect::Node;

/// Which loader a linked file is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadAs {
    /// As it was; of a file that is new, what the project around it tells.
    Unchanged,
    /// What the project around it tells.
    Project,
    /// This one.
    Loader(Dialect),
}

impl ReadAs {
    /// The dialect that somebody set.
    pub(super) fn set(self) -> Option<Dialect> {
        match self {
            Self::Loader(dialect) => Some(dialect),
            Self::Project | Self::Unchanged => None,
        }
    }
}

impl Client {
    /// Sets the loader that a linked file is written for, or leaves it to the project around the file.
    pub async fn set_loader(&self, file: LinkedFileId, dialect: Option<Dialect>) -> Result<(), Error> {
        let _lock = self.lock().await?;
        let file = self.linked_file_by_id(file)?;
        self.store().step(|step| step.set_dialect(file.id, dialect).map_err(Error::from))?;
        self.emit(Event::Environment(file.environment));
        Ok(())
    }

    /// The dialect that counts where an environment is changed without a linked file.
    pub(super) fn first_dialect_of(&self, environment: EnvironmentId) -> Result<Dialect, Error> {
        Ok(self.dialects_of(environment)?.first().copied().unwrap_or(UNTOLD))
    }

    /// The dialects that the linked files of an environment are read in, each once; Node's dotenv where
    /// no file is linked.
    pub(super) fn dialects_of(&self, environment: EnvironmentId) -> Result<Vec<Dialect>, Error> {
        let files = self.linked_files()?;
        let of_files = files.iter().filter(|file| file.environment == environment).map(dialect_of);
        let mut dialects: Vec<Dialect> = of_files.collect();
        dialects.sort_unstable();
        dialects.dedup();
        if dialects.is_empty() {
            dialects.push(UNTOLD);
        }
        Ok(dialects)
    }
}

/// The dialect that a linked file is read in.
pub(super) fn dialect_of(file: &LinkedFile) -> Dialect {
    let around = || files::dialect_around(&file.path).map(|guess| guess.dialect);
    file.dialect.or_else(around).unwrap_or(UNTOLD)
}

/// The same, with what tells it.
pub(super) fn loader(file: &LinkedFile) -> LoaderView {
    if let Some(dialect) = file.dialect {
        return LoaderView { dialect: dialect.name(), because: Some("it was set".to_owned()), set: true };
    }
    let guess = files::dialect_around(&file.path);
    let because = guess.as_ref().map(|guess| guess.because.to_string());
    let dialect = guess.map_or(UNTOLD, |guess| guess.dialect);
    LoaderView { dialect: dialect.name(), because, set: false }
}
