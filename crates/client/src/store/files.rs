//! Linked files: which file is tied to which environment, how, and what was last seen in it.

use std::path::{Path, PathBuf};

use subtle::ConstantTimeEq as _;
use twinlock_dotenv::Dialect;
use twinlock_protocol::EnvironmentId;

use super::sealed::{LocalSeal, Place};
use super::{Step, StoreError, count, id, number};
use crate::files::{ContentHash, LinkedFileId};

/// A `.env` file on this computer tied to an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedFile {
    /// Its id on this computer.
    pub id: LinkedFileId,
    /// Where it is, absolute.
    pub path: PathBuf,
    /// The environment.
    pub environment: EnvironmentId,
    /// What happens with changes made here.
    pub push: Mode,
    /// What happens with changes made elsewhere.
    pub pull: Mode,
    /// The loader it is written for, where somebody said so; else the project around it tells.
    pub dialect: Option<Dialect>,
    /// What is wrong with the file, in a sentence, if anything.
    pub problem: Option<String>,
    /// The revision that the environment went back to, until its user pushed or pulled once: nothing happens by itself.
    pub went_back_to: Option<u64>,
}

/// Whether a person is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing happens until somebody says so.
    Ask,
    /// It happens by itself.
    Auto,
}

impl Step<'_> {
    /// Links a file.
    pub fn add_linked_file(&mut self, file: &LinkedFile) -> Result<(), StoreError> {
        if self.linked_file_at(&file.path)?.is_some() {
            return Err(StoreError::AlreadyLinked);
        }
        let path = text(&file.path)?;
        let row: &[&[u8]] = &[file.id.as_bytes()];
        let sealed_path = self.seal.seal(path_place(row), path.as_bytes())?;
        self.write(
            "INSERT INTO linked_files (id, environment, push, pull, keyed_path, sealed_path) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (
                file.id.as_bytes(),
                file.environment.as_bytes(),
                file.push.name(),
                file.pull.name(),
                keyed_path(&self.seal, path),
                sealed_path,
            ),
        )?;
        self.set_dialect(file.id, file.dialect)?;
        self.set_problem(file.id, file.problem.as_deref())
    }

    /// Unlinks a file: forgets its base, decisions, plans and backups. The file itself is untouched.
    pub fn remove_linked_file(&mut self, file: LinkedFileId) -> Result<(), StoreError> {
        self.write("DELETE FROM linked_files WHERE id = ?1", [file.as_bytes()])?;
        Ok(())
    }

    /// All linked files, by path.
    pub fn linked_files(&self) -> Result<Vec<LinkedFile>, StoreError> {
        let rows = self.all(&format!("SELECT {COLUMNS} FROM linked_files"), (), Row::read)?;
        let mut files = rows.into_iter().map(|row| row.open(&self.seal)).collect::<Result<Vec<_>, _>>()?;
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(files)
    }

    /// One linked file.
    pub fn linked_file(&self, file: LinkedFileId) -> Result<Option<LinkedFile>, StoreError> {
        self.optional(
            &format!("SELECT {COLUMNS} FROM linked_files WHERE id = ?1"),
            [file.as_bytes()],
            Row::read,
        )?
        .map(|row| row.open(&self.seal))
        .transpose()
    }

    /// The linked file at this path (absolute, as it was linked).
    pub fn linked_file_at(&self, path: &Path) -> Result<Option<LinkedFile>, StoreError> {
        self.optional(
            &format!("SELECT {COLUMNS} FROM linked_files WHERE keyed_path = ?1"),
            [keyed_path(&self.seal, text(path)?)],
            Row::read,
        )?
        .map(|row| row.open(&self.seal))
        .transpose()
    }

    /// Notes that the environment of a file went back to a revision, or that its user has seen so.
    pub fn set_went_back(&mut self, file: LinkedFileId, to: Option<u64>) -> Result<(), StoreError> {
        let to = to.map(number).transpose()?;
        self.write("UPDATE linked_files SET went_back_to = ?2 WHERE id = ?1", (file.as_bytes(), to))?;
        Ok(())
    }

    /// Changes how a linked file is kept in step.
    pub fn set_modes(&mut self, file: LinkedFileId, push: Mode, pull: Mode) -> Result<(), StoreError> {
        self.write(
            "UPDATE linked_files SET push = ?2, pull = ?3, went_back_to = NULL WHERE id = ?1",
            (file.as_bytes(), push.name(), pull.name()),
        )?;
        Ok(())
    }

    /// Notes which loader a linked file is written for, or that the project around it tells.
    pub fn set_dialect(&mut self, file: LinkedFileId, dialect: Option<Dialect>) -> Result<(), StoreError> {
        self.write(
            "UPDATE linked_files SET dialect = ?2 WHERE id = ?1",
            (file.as_bytes(), dialect.map(Dialect::name)),
        )?;
        Ok(())
    }

    /// Notes what is wrong with a file, or that nothing is.
    pub fn set_problem(&mut self, file: LinkedFileId, problem: Option<&str>) -> Result<(), StoreError> {
        let sealed = problem
            .map(|problem| self.seal.seal(problem_place(&[file.as_bytes()]), problem.as_bytes()))
            .transpose()?;
        self.write("UPDATE linked_files SET sealed_problem = ?2 WHERE id = ?1", (file.as_bytes(), sealed))?;
        Ok(())
    }

    /// Notes which content of a file was handled, one's own writes among them. Only a keyed hash is kept.
    pub fn set_last_seen(&mut self, file: LinkedFileId, content: &ContentHash) -> Result<(), StoreError> {
        let keyed = keyed_content(&self.seal, file, content);
        self.write("UPDATE linked_files SET keyed_content = ?2 WHERE id = ?1", (file.as_bytes(), keyed))?;
        Ok(())
    }

    /// Whether this content was handled already: an event about it is no news.
    pub fn is_last_seen(&self, file: LinkedFileId, content: &ContentHash) -> Result<bool, StoreError> {
        let kept: Option<Option<Vec<u8>>> = self.optional(
            "SELECT keyed_content FROM linked_files WHERE id = ?1",
            [file.as_bytes()],
            |row| row.get(0),
        )?;
        let keyed = keyed_content(&self.seal, file, content);
        Ok(kept.flatten().is_some_and(|kept| bool::from(kept.ct_eq(&keyed))))
    }
}

const COLUMNS: &str = "id, environment, push, pull, sealed_path, dialect, sealed_problem, went_back_to";

struct Row {
    id: Vec<u8>,
    environment: Vec<u8>,
    push: String,
    pull: String,
    sealed_path: Vec<u8>,
    dialect: Option<String>,
    sealed_problem: Option<Vec<u8>>,
    went_back_to: Option<i64>,
}

impl Row {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            environment: row.get(1)?,
            push: row.get(2)?,
            pull: row.get(3)?,
            sealed_path: row.get(4)?,
            dialect: row.get(5)?,
            sealed_problem: row.get(6)?,
            went_back_to: row.get(7)?,
        })
    }

    fn open(&self, seal: &LocalSeal) -> Result<LinkedFile, StoreError> {
        let row: &[&[u8]] = &[&self.id];
        let open = |place: Place<'_>, sealed: &[u8]| {
            String::from_utf8(seal.open(place, sealed)?.to_vec()).map_err(|_| place.damaged())
        };
        Ok(LinkedFile {
            id: id(&self.id, "linked_files.id")?,
            path: open(path_place(row), &self.sealed_path)?.into(),
            environment: id(&self.environment, "linked_files.environment")?,
            push: Mode::named(&self.push)?,
            pull: Mode::named(&self.pull)?,
            dialect: self.dialect.as_deref().map(dialect_named).transpose()?,
            problem: self
                .sealed_problem
                .as_deref()
                .map(|sealed| open(problem_place(row), sealed))
                .transpose()?,
            went_back_to: self
                .went_back_to
                .map(|number| count(number, "linked_files.went_back_to"))
                .transpose()?,
        })
    }
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Auto => "auto",
        }
    }

    fn named(name: &str) -> Result<Self, StoreError> {
        match name {
            "ask" => Ok(Self::Ask),
            "auto" => Ok(Self::Auto),
            _ => Err(StoreError::Damaged { place: "linked_files.mode".into() }),
        }
    }
}

fn dialect_named(name: &str) -> Result<Dialect, StoreError> {
    name.parse().map_err(|_| StoreError::Damaged { place: "linked_files.dialect".into() })
}

fn text(path: &Path) -> Result<&str, StoreError> {
    path.to_str().ok_or(StoreError::PathNotText)
}

fn keyed_path(seal: &LocalSeal, path: &str) -> [u8; 32] {
    seal.recognise("path", &[path.as_bytes()])
}

fn keyed_content(seal: &LocalSeal, file: LinkedFileId, content: &ContentHash) -> [u8; 32] {
    seal.recognise("content", &[file.as_bytes(), content.as_bytes()])
}

fn path_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "linked_files", column: "path", row }
}

fn problem_place<'a>(row: &'a [&'a [u8]]) -> Place<'a> {
    Place { table: "linked_files", column: "problem", row }
}
