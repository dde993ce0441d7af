//! Linked files: tying a `.env` on this computer to an environment, and how each stands.

use std::path::{Path, PathBuf};

use twinlock_protocol::event::Level;
use zeroize::Zeroizing;

use super::dangers::Dangers;
use super::loader::{ReadAs, loader};
use super::went_back::went_back;
use super::{Client, Joined};
use crate::error::Error;
use crate::files::{self, FileProblem, FileText, LinkedFileId, git};
use crate::store::{LinkedFile, Mode, Scope};
use crate::sync::{Agreed, Plan, Theirs, plan};
use crate::team::Label;
use crate::view::{FileState, LinkedFileView};

/// What to do where there is no environment of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateMissing {
    /// Create it.
    Yes,
    /// Say so and change nothing.
    No,
}

/// How to link a file.
pub struct LinkOptions {
    /// The file; it need not be there yet.
    pub path: PathBuf,
    /// The project.
    pub project: Label,
    /// The environment.
    pub environment: Label,
    /// What to do where there is none.
    pub create: CreateMissing,
    /// What happens with changes made here.
    pub push: Mode,
    /// What happens with changes made elsewhere.
    pub pull: Mode,
    /// Which loader it is written for.
    pub read_as: ReadAs,
}

/// A linked file, what it holds, and how that differs from its environment.
pub(super) struct Looked {
    pub(super) file: LinkedFile,
    pub(super) read: Result<FileText, FileProblem>,
    pub(super) plan: Plan,
    pub(super) base: Vec<Agreed>,
    pub(super) theirs: Vec<Theirs>,
}

impl Client {
    /// Links a file to an environment. Nothing in it changes, and nothing is sent of it.
    pub async fn link(&self, options: LinkOptions) -> Result<LinkedFileView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        let path = absolute(&options.path)?;
        match files::read(&path) {
            Ok(_) | Err(FileProblem::Missing) => {}
            Err(problem) => return Err(Error::File { path: shown(&path), problem }),
        }
        let name = format!("{}/{}", options.project.as_str(), options.environment.as_str());
        self.try_refresh_log(joined).await?;
        let environment = match self.environment_by_name(joined, &name) {
            Err(Error::Unknown { .. }) if options.create == CreateMissing::Yes => {
                self.refresh_log(joined).await?;
                self.create_or_find(joined, &options.project, &options.environment).await?
            }
            found => found?,
        };
        self.check_access(joined, environment, Level::Read)?;
        let (push, pull) = (options.push, options.pull);
        let dialect = options.read_as.set();
        let id = LinkedFileId::make();
        let file =
            LinkedFile { id, path, environment, push, pull, dialect, problem: None, went_back_to: None };
        self.store().step(|step| {
            // Linked again to the same environment: only the settings change, and the base stays.
            if let Some(known) = step.linked_file_at(&file.path)?
                && known.environment == environment
            {
                if options.read_as != ReadAs::Unchanged {
                    step.set_dialect(known.id, dialect)?;
                }
                return step.set_modes(known.id, push, pull).map_err(Error::from);
            }
            step.add_linked_file(&file).map_err(Error::from)
        })?;
        self.try_refresh(joined, environment).await?;
        self.emit(super::Event::Environment(environment));
        let file = self.linked_file(&file.path)?;
        self.view_of(joined, &file).await
    }

    /// Unlinks a file. The file stays as it is, and so does the environment.
    pub async fn unlink(&self, path: &Path) -> Result<(), Error> {
        let _lock = self.lock().await?;
        let file = self.linked_file(&absolute(path)?)?;
        self.store().step(|step| step.remove_linked_file(file.id).map_err(Error::from))?;
        self.emit(super::Event::Environment(file.environment));
        Ok(())
    }

    /// How linked files stand: one, or all. Asks the vault if it can be reached.
    pub async fn status(&self, path: Option<&Path>) -> Result<Vec<LinkedFileView>, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        let files = match path {
            Some(path) => vec![self.linked_file(&absolute(path)?)?],
            None => self.linked_files()?,
        };
        let mut views = Vec::new();
        for file in files {
            self.try_refresh(joined, file.environment).await?;
            views.push(self.view_of(joined, &file).await?);
        }
        Ok(views)
    }

    /// All linked files.
    pub fn linked_files(&self) -> Result<Vec<LinkedFile>, Error> {
        self.store().read(|step| step.linked_files().map_err(Error::from))
    }

    /// The linked file at a path.
    pub fn linked_file(&self, path: &Path) -> Result<LinkedFile, Error> {
        let path = absolute(path)?;
        let found = self.store().read(|step| step.linked_file_at(&path).map_err(Error::from))?;
        found.ok_or_else(|| Error::Unknown {
            kind: "linked file",
            name: shown(&path),
            hint: "Link it with “twinlock link FILE PROJECT/ENV”.".to_owned(),
        })
    }

    /// The linked file of an id.
    pub fn linked_file_by_id(&self, id: LinkedFileId) -> Result<LinkedFile, Error> {
        let found = self.store().read(|step| step.linked_file(id).map_err(Error::from))?;
        found.ok_or_else(|| Error::Unknown {
            kind: "linked file",
            name: id.to_string(),
            hint: "It may have been unlinked.".to_owned(),
        })
    }

    pub(super) async fn status_of_all(&self, joined: &mut Joined) -> Result<Vec<LinkedFileView>, Error> {
        let mut views = Vec::new();
        for file in self.linked_files()? {
            views.push(self.view_of(joined, &file).await?);
        }
        Ok(views)
    }

    /// Reads a file and plans, from what is known of the vault here. A file that cannot be read plans as
    /// one that is not there; `read` says which.
    pub(super) fn look(&self, joined: &mut Joined, file: &LinkedFile) -> Result<Looked, Error> {
        joined.session.held(file.environment)?;
        let theirs = self.open_entries(joined, file.environment)?;
        let base = self.base_of(file.id)?;
        let read = files::read(&file.path);
        let text = read.as_ref().map_or("", FileText::as_str);
        let plan = plan(&base, text, &theirs);
        Ok(Looked { file: file.clone(), read, plan, base, theirs })
    }

    pub(super) fn base_of(&self, file: LinkedFileId) -> Result<Vec<Agreed>, Error> {
        let kept = self.store().read(|step| step.base(file).map_err(Error::from))?;
        Ok(kept.unwrap_or_default())
    }

    pub(super) async fn view_of(
        &self,
        joined: &mut Joined,
        file: &LinkedFile,
    ) -> Result<LinkedFileView, Error> {
        let git = git::state(&file.path).await.ok();
        let refused =
            self.store().read(|step| step.refusals().map_err(Error::from))?.into_iter().any(|record| {
                record.scope == Scope::Environment(file.environment)
                    || record.scope == Scope::Team(joined.session.record.team)
            });
        let went_back =
            file.went_back_to.map(|to| went_back(&joined.session.environment_name(file.environment), to));
        let mut view = LinkedFileView {
            id: file.id,
            path: file.path.clone(),
            environment: joined.session.environment_name(file.environment),
            environment_id: file.environment,
            push: file.push,
            pull: file.pull,
            here: 0,
            there: 0,
            dangers: Vec::new(),
            conflicts: 0,
            state: FileState::InStep,
            problem: went_back.or_else(|| file.problem.clone()),
            git,
            loader: loader(file),
        };
        let looked = match self.look(joined, file) {
            Ok(looked) => looked,
            Err(
                error @ (Error::Access { .. }
                | Error::KeysMissing { .. }
                | Error::ValuesMissing { .. }
                | Error::EnvironmentGone),
            ) => {
                view.problem = Some(error.to_string());
                view.state = if refused { FileState::Refused } else { FileState::Unreadable };
                return Ok(view);
            }
            Err(Error::Refused(_)) => {
                view.state = FileState::Refused;
                return Ok(view);
            }
            Err(error) => return Err(error),
        };
        let Looked { read, plan, base, .. } = &looked;
        view.there = plan.count_there();
        view.dangers = Dangers::of(&looked).sentences();
        view.conflicts = plan.conflicts().count();
        view.here = plan.count_here();
        view.state = match (view.here > 0, view.there > 0) {
            _ if refused => FileState::Refused,
            _ if view.conflicts > 0 => FileState::Conflict,
            (true, true) => FileState::Both,
            (true, false) => FileState::Here,
            (false, true) => FileState::There,
            (false, false) => FileState::InStep,
        };
        // Nothing that happens to the file makes a refusal go away.
        let unless_refused = |state| if refused { FileState::Refused } else { state };
        match read {
            Ok(text) if text.as_str().is_empty() && !base.is_empty() => {
                view.problem = Some(emptied(&file.path, base).to_string());
                (view.here, view.state) = (0, unless_refused(FileState::Emptied));
            }
            Ok(_) => {}
            // A file that is not there yet and never was in step is simply to be pulled.
            Err(FileProblem::Missing) if base.is_empty() => view.here = 0,
            Err(problem) => {
                view.problem = Some(problem.to_string());
                (view.here, view.conflicts) = (0, 0);
                view.state = unless_refused(match problem {
                    FileProblem::Missing => FileState::Missing,
                    _ => FileState::Unreadable,
                });
            }
        }
        Ok(view)
    }
}

pub(super) fn emptied(path: &Path, base: &[Agreed]) -> Error {
    let variables = base.iter().filter(|agreed| agreed.halves.name().is_some()).count();
    Error::Emptied { path: shown(path), variables }
}

/// A path that means the same from any folder.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path)
        .map(|path| normal(&path))
        .map_err(|_| Error::Usage("The path of the file is empty.".to_owned()))
}

/// Without `.` and `..`, as far as that can be said of the text alone.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                // `a/..` of a linked folder is not where it looks: then the path is kept as written.
                if normal.is_symlink() || !normal.pop() {
                    normal.push(part);
                }
            }
            part => normal.push(part),
        }
    }
    normal
}

/// A path as people are told of it: its folder and its name.
pub(super) fn shown(path: &Path) -> String {
    let name = |part: Option<&std::ffi::OsStr>| {
        part.map(|part| crate::team::inert(&part.to_string_lossy())).unwrap_or_default()
    };
    match path.parent().and_then(Path::file_name) {
        Some(folder) => format!("{}/{}", name(Some(folder)), name(path.file_name())),
        None => name(path.file_name()),
    }
}

/// The text of a file that plans as empty where it is not there.
pub(super) fn text_of(read: &Result<FileText, FileProblem>) -> Zeroizing<String> {
    Zeroizing::new(read.as_ref().map_or_else(|_| String::new(), |text| text.as_str().to_owned()))
}
