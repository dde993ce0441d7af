//! The watch over real files: what editors, git and people do to them, and what is reported.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where it fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Receiver;
use twinlock_client::files::{ContentHash, FileEvent, FileProblem, LinkedFileId, Seen, WatchedFiles};

/// Far beyond anything that happens; a test that waits this long has failed.
const DEADLINE: Duration = Duration::from_secs(30);
const FILE: LinkedFileId = LinkedFileId::new([1; 16]);

struct Case {
    folder: tempfile::TempDir,
    files: WatchedFiles,
    events: Receiver<FileEvent>,
    past: Vec<FileEvent>,
}

impl Case {
    fn new() -> Self {
        let (files, events) = WatchedFiles::start().unwrap();
        Self { folder: tempfile::tempdir().unwrap(), files, events, past: Vec::new() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Watches one file and waits until it was reported for the first time.
    async fn watching(name: &str, prepare: impl FnOnce(&Self)) -> Self {
        let mut case = Self::new();
        prepare(&case);
        case.files.watch([(FILE, case.at(name))]).await.unwrap();
        case.next().await;
        case.past.clear();
        case
    }

    async fn next(&mut self) -> FileEvent {
        let event =
            tokio::time::timeout(DEADLINE, self.events.recv()).await.expect("an event in time").unwrap();
        self.past.push(event.clone());
        event
    }

    /// Waits until the file is reported as `seen`, and returns what was reported before.
    async fn until(&mut self, seen: &Seen) -> Vec<Seen> {
        let end = Instant::now() + DEADLINE;
        let mut before = Vec::new();
        loop {
            assert!(Instant::now() < end, "never reported; instead: {before:?}");
            let event = self.next().await;
            if event.seen == *seen {
                return before;
            }
            before.push(event.seen);
        }
    }
}

fn text(text: &str) -> Seen {
    Seen::Text(ContentHash::of(text))
}

fn missing() -> Seen {
    Seen::Problem(FileProblem::Missing)
}

fn rename_over(path: &Path, content: &str) {
    let beside = path.with_extension("swp");
    fs::write(&beside, content).unwrap();
    fs::rename(beside, path).unwrap();
}

#[tokio::test]
async fn each_file_is_reported_when_its_watch_begins() {
    let mut case = Case::new();
    fs::write(case.at("one"), "1").unwrap();
    let two = LinkedFileId::new([2; 16]);
    case.files.watch([(FILE, case.at("one")), (two, case.at("two"))]).await.unwrap();
    let first = case.next().await;
    let second = case.next().await;
    assert_eq!(first, FileEvent { file: FILE, seen: text("1") });
    assert_eq!(second, FileEvent { file: two, seen: missing() });
    assert_eq!(case.files.trouble(), None);
}

#[tokio::test]
async fn saved_by_truncate_and_write() {
    let mut case = Case::watching(".env", |case| fs::write(case.at(".env"), "old").unwrap()).await;
    for n in 0..20 {
        fs::File::create(case.at(".env")).unwrap();
        fs::write(case.at(".env"), n.to_string()).unwrap();
    }
    let before = case.until(&text("19")).await;
    assert!(!before.contains(&Seen::Empty), "{before:?}");
}

#[tokio::test]
async fn saved_by_rename() {
    let mut case = Case::watching(".env", |case| fs::write(case.at(".env"), "old").unwrap()).await;
    rename_over(&case.at(".env"), "new");
    assert_eq!(case.until(&text("new")).await, []);
    rename_over(&case.at(".env"), "newer");
    assert_eq!(case.until(&text("newer")).await, []);
}

#[tokio::test]
async fn removed_and_made_again_as_by_git_checkout() {
    let mut case = Case::watching(".env", |case| fs::write(case.at(".env"), "old").unwrap()).await;
    fs::remove_file(case.at(".env")).unwrap();
    fs::write(case.at(".env"), "of the other branch").unwrap();
    let before = case.until(&text("of the other branch")).await;
    assert!(!before.contains(&missing()), "{before:?}");
}

#[tokio::test]
async fn deleted_emptied_and_filled_again() {
    let mut case = Case::watching(".env", |case| fs::write(case.at(".env"), "old").unwrap()).await;
    fs::remove_file(case.at(".env")).unwrap();
    case.until(&missing()).await;
    fs::write(case.at(".env"), "").unwrap();
    case.until(&Seen::Empty).await;
    fs::write(case.at(".env"), "new").unwrap();
    case.until(&text("new")).await;
    fs::write(case.at(".env"), b"\xff").unwrap();
    case.until(&Seen::Problem(FileProblem::NotUtf8 { line: 1 })).await;
}

#[tokio::test]
async fn a_content_that_comes_back_is_reported() {
    // As when Twinlock wrote "theirs" and somebody at once restored "mine".
    let mut case = Case::watching(".env", |case| fs::write(case.at(".env"), "mine").unwrap()).await;
    fs::write(case.at(".env"), "theirs").unwrap();
    fs::write(case.at(".env"), "mine").unwrap();
    case.until(&text("mine")).await;
}

#[tokio::test]
async fn files_in_one_folder_are_told_apart_and_others_are_not_reported() {
    let mut case = Case::new();
    let two = LinkedFileId::new([2; 16]);
    fs::write(case.at("one"), "1").unwrap();
    fs::write(case.at("two"), "2").unwrap();
    case.files.watch([(FILE, case.at("one")), (two, case.at("two"))]).await.unwrap();
    case.next().await;
    case.next().await;
    fs::write(case.at("unlinked"), "3").unwrap();
    fs::write(case.at("two"), "22").unwrap();
    assert_eq!(case.next().await, FileEvent { file: two, seen: text("22") });
    case.files.watch([(FILE, case.at("one"))]).await.unwrap();
    fs::write(case.at("two"), "222").unwrap();
    fs::write(case.at("one"), "11").unwrap();
    assert_eq!(case.next().await, FileEvent { file: FILE, seen: text("11") });
}

#[tokio::test]
async fn a_folder_removed_and_made_again() {
    let mut case = Case::watching("a/b/.env", |case| {
        fs::create_dir_all(case.at("a/b")).unwrap();
        fs::write(case.at("a/b/.env"), "old").unwrap();
    })
    .await;
    for content in ["first", "second"] {
        fs::remove_dir_all(case.at("a")).unwrap();
        case.until(&missing()).await;
        fs::create_dir_all(case.at("a/b")).unwrap();
        fs::write(case.at("a/b/.env"), content).unwrap();
        case.until(&text(content)).await;
    }
    fs::write(case.at("a/b/.env"), "third").unwrap();
    case.until(&text("third")).await;
}

#[tokio::test]
async fn a_folder_made_long_after_the_file_was_linked() {
    let mut case = Case::watching("later/deep/.env", |_| {}).await;
    fs::create_dir(case.at("later")).unwrap();
    fs::create_dir(case.at("later/deep")).unwrap();
    fs::write(case.at("later/deep/.env"), "new").unwrap();
    case.until(&text("new")).await;
    fs::write(case.at("later/deep/.env"), "newer").unwrap();
    case.until(&text("newer")).await;
}

#[tokio::test]
async fn a_folder_far_above_moved_away_and_replaced() {
    let mut case = Case::watching("a/b/c/.env", |case| {
        fs::create_dir_all(case.at("a/b/c")).unwrap();
        fs::write(case.at("a/b/c/.env"), "old").unwrap();
    })
    .await;
    fs::rename(case.at("a"), case.at("elsewhere")).unwrap();
    fs::create_dir_all(case.at("a/b/c")).unwrap();
    fs::write(case.at("a/b/c/.env"), "another project").unwrap();
    case.until(&text("another project")).await;
    fs::write(case.at("a/b/c/.env"), "edited").unwrap();
    case.until(&text("edited")).await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_target_of_a_link_edited_and_the_link_turned() {
    use std::os::unix::fs::symlink;
    let mut case = Case::watching(".env", |case| {
        fs::create_dir(case.at("shared")).unwrap();
        fs::write(case.at("shared/one"), "1").unwrap();
        fs::write(case.at("shared/two"), "2").unwrap();
        symlink("shared/one", case.at(".env")).unwrap();
    })
    .await;
    fs::write(case.at("shared/one"), "11").unwrap();
    case.until(&text("11")).await;
    symlink("shared/two", case.at("turned")).unwrap();
    fs::rename(case.at("turned"), case.at(".env")).unwrap();
    case.until(&text("2")).await;
    rename_over(&case.at("shared/two"), "22");
    case.until(&text("22")).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_a_folder_turned() {
    use std::os::unix::fs::symlink;
    let mut case = Case::watching("current/.env", |case| {
        for release in ["1", "2"] {
            fs::create_dir_all(case.at(release)).unwrap();
            fs::write(case.at(release).join(".env"), release).unwrap();
        }
        symlink("1", case.at("current")).unwrap();
    })
    .await;
    symlink("2", case.at("turned")).unwrap();
    fs::rename(case.at("turned"), case.at("current")).unwrap();
    case.until(&text("2")).await;
}
