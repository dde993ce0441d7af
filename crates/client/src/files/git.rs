//! What git makes of a linked file, asked of the `git` program itself.
//!
//! Asks only; the one thing it changes, when told to, is a line in `.gitignore`. Nothing of the
//! surrounding environment's git settings, and no program named in a repository's settings, takes part.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

use super::read::{FileProblem, read};
use super::route::Route;
use super::write::{Expected, WriteProblem, write};
use crate::keychain::SECRET_VARIABLES;

/// What a commit would do with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GitState {
    /// It leaves the file out.
    Ignored,
    /// The file is in the repository already, for everybody who has it.
    Tracked,
    /// `git add .` would take it in.
    WouldBeCommitted,
    /// The file is in no repository.
    NoRepository,
}

/// Why git's view of a file is not known.
#[derive(Debug, thiserror::Error)]
pub enum GitProblem {
    /// There is no `git` program.
    #[error("git is not installed, so Twinlock cannot tell whether it would commit this file.")]
    NotInstalled,
    /// No answer in time.
    #[error("git did not answer within {} seconds, so Twinlock cannot tell whether it would commit this file.", LIMIT.as_secs())]
    TooSlow,
    /// git refused to look.
    #[error("git could not say whether it would commit this file: {0}")]
    Refused(String),
    /// `.gitignore` could not be read.
    #[error(".gitignore was left as it is. {0}")]
    Unreadable(#[source] FileProblem),
    /// `.gitignore` could not be written.
    #[error(".gitignore was left as it is. {0}")]
    Unwritten(#[source] WriteProblem),
}

const LIMIT: Duration = Duration::from_secs(5);

/// What git would do with the file at `path`; of a symbolic link, with the file it leads to.
pub async fn state(path: &Path) -> Result<GitState, GitProblem> {
    let Some(place) = Place::of(path) else { return Ok(GitState::NoRepository) };
    let inside = place.ask(&["rev-parse", "--is-inside-work-tree"], Named::No).await?;
    match inside.status.code() {
        Some(0) if inside.stdout.starts_with(b"true") => {}
        Some(0) => return Ok(GitState::NoRepository),
        _ if text(&inside.stderr).contains("not a git repository") => return Ok(GitState::NoRepository),
        _ => return Err(refused(&inside)),
    }
    let tracked = place.ask(&["--literal-pathspecs", "ls-files", "--error-unmatch"], Named::Yes).await?;
    match tracked.status.code() {
        Some(0) => return Ok(GitState::Tracked),
        Some(1) => {}
        _ => return Err(refused(&tracked)),
    }
    let ignored = place.ask(&["check-ignore", "--quiet"], Named::Yes).await?;
    match ignored.status.code() {
        Some(0) => Ok(GitState::Ignored),
        Some(1) => Ok(GitState::WouldBeCommitted),
        _ => Err(refused(&ignored)),
    }
}

/// Adds the file to the `.gitignore` beside it, and says what git makes of it now: a file that is tracked
/// stays tracked until `git rm --cached`.
pub async fn ignore(path: &Path) -> Result<GitState, GitProblem> {
    let before = state(path).await?;
    if before != GitState::WouldBeCommitted && before != GitState::Tracked {
        return Ok(before);
    }
    if let Some(place) = Place::of(path) {
        let list = place.folder.join(".gitignore");
        let line = ignore_line(&place.name);
        tokio::task::spawn_blocking(move || append_line(&list, &line))
            .await
            .map_err(|error| GitProblem::Refused(std::io::Error::from(error).to_string()))??;
    }
    state(path).await
}

fn append_line(list: &Path, line: &str) -> Result<(), GitProblem> {
    let (mut text, expected) = match read(list) {
        Ok(text) => (text.as_str().to_owned(), Expected::Content(text.hash())),
        Err(FileProblem::Missing) => (String::new(), Expected::Missing),
        Err(problem) => return Err(GitProblem::Unreadable(problem)),
    };
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if text.lines().any(|present| present == line) {
        return Ok(());
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(ending);
    }
    text.push_str(line);
    text.push_str(ending);
    write(list, expected, &text).map(|_| ()).map_err(GitProblem::Unwritten)
}

/// The pattern that means this one file, in the folder of the `.gitignore`.
fn ignore_line(name: &str) -> String {
    let mut line = String::from("/");
    for (position, character) in name.char_indices() {
        let last = position + character.len_utf8() == name.len();
        if matches!(character, '\\' | '*' | '?' | '[') || (character == ' ' && last) {
            line.push('\\');
        }
        line.push(character);
    }
    line
}

/// A file as git is asked about it: by name, in its real folder.
struct Place {
    folder: std::path::PathBuf,
    name: String,
}

#[derive(Clone, Copy)]
enum Named {
    Yes,
    No,
}

impl Place {
    /// `None`: there is no such folder, or the name is none that a repository of text patterns can mean.
    fn of(path: &Path) -> Option<Self> {
        let target = Route::of(path).ok()?.target;
        let (folder, name) = (target.parent()?, target.file_name()?.to_str()?);
        let possible = folder.is_dir() && !name.contains(['\n', '\r']);
        possible.then(|| Self { folder: folder.to_path_buf(), name: name.to_owned() })
    }

    async fn ask(&self, question: &[&str], named: Named) -> Result<Output, GitProblem> {
        let mut git = Command::new("git");
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            git.env_remove(name);
        }
        // git starts programs that a repository names: they get no secret of ours.
        for name in SECRET_VARIABLES {
            git.env_remove(name);
        }
        git.envs([("LC_ALL", "C"), ("GIT_OPTIONAL_LOCKS", "0"), ("GIT_TERMINAL_PROMPT", "0")])
            .args(["--no-pager", "-c", "core.fsmonitor=false", "-C"])
            .arg(&self.folder)
            .args(question);
        if let Named::Yes = named {
            // `./`, because check-ignore takes a leading colon for the beginning of a pattern.
            git.arg("--").arg(format!("./{}", self.name));
        }
        git.stdin(Stdio::null()).kill_on_drop(true);
        match tokio::time::timeout(LIMIT, git.output()).await {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => Err(GitProblem::NotInstalled),
            Ok(Err(error)) => Err(GitProblem::Refused(error.to_string())),
            Err(_) => Err(GitProblem::TooSlow),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

fn refused(output: &Output) -> GitProblem {
    GitProblem::Refused(text(&output.stderr))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--quiet"]);
        folder
    }

    fn git(folder: &Path, arguments: &[&str]) {
        let done = std::process::Command::new("git").arg("-C").arg(folder).args(arguments).status().unwrap();
        assert!(done.success(), "git {arguments:?}");
    }

    #[tokio::test]
    async fn each_state_is_told_apart() {
        let repository = repository();
        let at = |name: &str| repository.path().join(name);
        fs::write(at(".gitignore"), "ignored\n").unwrap();
        fs::write(at("tracked"), "A=1").unwrap();
        git(repository.path(), &["add", "tracked"]);
        assert_eq!(state(&at("tracked")).await.unwrap(), GitState::Tracked);
        assert_eq!(state(&at("ignored")).await.unwrap(), GitState::Ignored);
        assert_eq!(state(&at(".env")).await.unwrap(), GitState::WouldBeCommitted);
        let outside = tempfile::tempdir().unwrap();
        assert_eq!(state(&outside.path().join(".env")).await.unwrap(), GitState::NoRepository);
        assert_eq!(state(&outside.path().join("no/.env")).await.unwrap(), GitState::NoRepository);
    }

    #[tokio::test]
    async fn a_name_is_never_a_pattern_or_an_option() {
        let repository = repository();
        for name in ["--cached", "-v", ":(glob)*", "a*b", "[x]", "!not", "#hash", "end ", "back\\slash"] {
            let path = repository.path().join(name);
            fs::write(&path, "A=1").unwrap();
            assert_eq!(state(&path).await.unwrap(), GitState::WouldBeCommitted, "{name}");
            assert_eq!(ignore(&path).await.unwrap(), GitState::Ignored, "{name}");
        }
        fs::write(repository.path().join("aXb"), "A=1").unwrap();
        assert_eq!(state(&repository.path().join("aXb")).await.unwrap(), GitState::WouldBeCommitted);
    }

    #[tokio::test]
    async fn ignoring_adds_one_line_and_keeps_the_rest() {
        let repository = repository();
        let (list, path) = (repository.path().join(".gitignore"), repository.path().join(".env"));
        fs::write(&list, "target\r\nnode_modules").unwrap();
        fs::write(&path, "A=1").unwrap();
        assert_eq!(ignore(&path).await.unwrap(), GitState::Ignored);
        assert_eq!(ignore(&path).await.unwrap(), GitState::Ignored);
        assert_eq!(fs::read_to_string(&list).unwrap(), "target\r\nnode_modules\r\n/.env\r\n");
    }

    #[tokio::test]
    async fn a_tracked_file_stays_tracked_until_it_is_taken_out() {
        let repository = repository();
        let path = repository.path().join(".env");
        fs::write(&path, "A=1").unwrap();
        git(repository.path(), &["add", ".env"]);
        assert_eq!(ignore(&path).await.unwrap(), GitState::Tracked);
        git(repository.path(), &["rm", "--cached", "--quiet", ".env"]);
        assert_eq!(state(&path).await.unwrap(), GitState::Ignored);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn of_a_link_the_target_counts() {
        let repository = repository();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("real"), "A=1").unwrap();
        std::os::unix::fs::symlink(outside.path().join("real"), repository.path().join(".env")).unwrap();
        assert_eq!(state(&repository.path().join(".env")).await.unwrap(), GitState::NoRepository);
    }
}
