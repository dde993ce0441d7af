//! A checkpoint saves the replay of a long log and decides nothing: damaged, swapped or foreign, it is as if there
//! were none.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "../../seal/examples/long_log/mod.rs"]
mod long_log;

use long_log::Author;
use rusqlite::Connection;
use tempfile::TempDir;
use twinlock_client::home::Home;
use twinlock_client::keychain::Key;
use twinlock_client::store::{KeptTeam, Scope, Store, StoreError};
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::ids::TeamId;

/// Long enough for a checkpoint.
const LONG: usize = 140;

/// A home with nothing but a team's log.
struct Kept {
    folder: TempDir,
    store: Store,
    team: TeamId,
}

impl Kept {
    fn with_key(byte: u8, author: &Author) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open_or_create(folder.path()).unwrap();
        // Whose key it is decides what opens; a home's id and folder do not.
        let store = Store::open(&home, &Key::fill(|place| *place = [byte; 32]));
        let kept =
            Self { folder, store: store.map_err(|error| error.to_string()).unwrap(), team: author.team.id() };
        kept.add(1, &author.log);
        kept
    }

    fn new(author: &Author) -> Self {
        Self::with_key(1, author)
    }

    fn add(&self, from: u64, statements: &[Envelope]) {
        self.store
            .step(|step| {
                (from..).zip(statements).try_for_each(|(number, statement)| {
                    step.add_statement(
                        &Scope::Team(self.team),
                        number,
                        &serde_json::to_vec(statement).unwrap(),
                    )
                })
            })
            .unwrap();
    }

    fn load(&self) -> Result<KeptTeam, StoreError> {
        self.store.read(|step| step.team(self.team))
    }

    /// Loads as a program that starts does, and says whether the whole log was replayed.
    fn open(&self, author: &Author) -> bool {
        let kept = self.load().map_err(|error| error.to_string()).unwrap();
        assert!(*kept.team == *author.team, "the team is the one that the log makes");
        if let Some(checkpoint) = &kept.renewed {
            self.store.step(|step| step.keep_checkpoint(self.team, checkpoint)).unwrap();
        }
        kept.renewed.is_some()
    }

    fn sql(&self, sql: &str) {
        let changed = Connection::open(self.folder.path().join("home.db")).unwrap().execute(sql, ()).unwrap();
        assert!(changed > 0, "{sql}");
    }

    /// Puts the checkpoint of another home in the place of this one's.
    fn take_checkpoint_of(&self, other: &Self) {
        let other = other.folder.path().join("home.db").display().to_string();
        let connection = Connection::open(self.folder.path().join("home.db")).unwrap();
        connection.execute("ATTACH DATABASE ?1 AS other", [other]).unwrap();
        let copy =
            "INSERT OR REPLACE INTO checkpoints SELECT ?1, number, hash, sealed_team FROM other.checkpoints";
        assert_eq!(connection.execute(copy, [self.team.as_bytes()]).unwrap(), 1);
    }
}

#[test]
fn a_short_log_has_none_and_a_long_one_is_replayed_once() {
    let short = Author::of_length(20);
    let kept = Kept::new(&short);
    assert!(!kept.open(&short) && kept.load().unwrap().renewed.is_none());

    let mut author = Author::of_length(LONG);
    let kept = Kept::new(&author);
    assert!(kept.open(&author), "the first time");
    assert!(!kept.open(&author), "the second time");
    // It goes on from there, until so much was added that a new one is due.
    let mut replays = 0;
    while replays == 0 {
        author.rename();
        kept.add(author.team.head().sequence, &author.log[author.log.len() - 1..]);
        replays = usize::from(kept.open(&author));
        assert!(author.log.len() < 4 * LONG, "a new checkpoint becomes due");
    }
    assert!(author.log.len() > LONG + 10, "and not at once");
    assert!(!kept.open(&author));
}

#[test]
fn whatever_is_off_about_one_changes_nothing() {
    let author = Author::of_length(LONG);
    for damage in [
        "UPDATE checkpoints SET sealed_team = zeroblob(length(sealed_team))",
        "UPDATE checkpoints SET sealed_team = substr(sealed_team, 1, length(sealed_team) - 1)",
        "UPDATE checkpoints SET sealed_team = x''",
        "UPDATE checkpoints SET number = number - 1",
        "UPDATE checkpoints SET number = number + 1",
        "UPDATE checkpoints SET number = 9223372036854775807",
        "UPDATE checkpoints SET hash = zeroblob(32)",
        "DELETE FROM checkpoints",
    ] {
        let kept = Kept::new(&author);
        assert!(kept.open(&author));
        assert!(!kept.open(&author));
        kept.sql(damage);
        assert!(kept.open(&author), "{damage}");
        assert!(!kept.open(&author), "{damage}: the next one is whole again");
    }
}

#[test]
fn one_of_another_home_team_or_history_changes_nothing() {
    let author = Author::of_length(LONG);
    let other = Author::of_length(LONG);
    // The same team, and a log that goes another way at its end.
    let mut one_way = Author::of_length(LONG - 1);
    let mut another = one_way.clone();
    one_way.rename();
    another.rename();

    for (what, mine, (key, theirs)) in [
        ("another home's", &author, (2, &author)),
        ("another team's", &author, (1, &other)),
        ("another history's", &one_way, (1, &another)),
    ] {
        let (kept, foreign) = (Kept::new(mine), Kept::with_key(key, theirs));
        assert!(kept.open(mine) && foreign.open(theirs));
        kept.take_checkpoint_of(&foreign);
        assert!(kept.open(mine), "{what}");
        assert!(!kept.open(mine), "{what}");
    }
}

#[test]
fn a_damaged_log_is_damaged_with_a_checkpoint_too() {
    let mut author = Author::of_length(LONG);
    let kept = Kept::new(&author);
    assert!(kept.open(&author));
    author.rename();
    kept.add(author.team.head().sequence, &author.log[author.log.len() - 1..]);
    kept.sql("DELETE FROM statements WHERE number = 140");
    assert!(matches!(kept.load(), Err(StoreError::Damaged { .. })));
}
