//! The databases of a vault, changed by hand while it is down. Whoever does that knows the files and has SQLite,
//! perhaps yesterday's copies too. What was changed is never served as good: the service notices, or the client
//! refuses. The linked file stays as it is, and everything goes on once the databases are what they were.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use rusqlite::Connection;
use twinlock_client::store::Mode;
use twinlock_client::view::FileState;
use twinlock_client::{CreateMissing, Error, ErrorCode, Role, Selection};
use twinlock_protocol::api::ProblemCode;
use twinlock_tests::{Computer, TestVault, copy_of};

const VAULT: &str = "vault.db";
const APPLICATION: &str = "application.db";

/// One thing that a hand can do.
struct Tampering {
    name: &'static str,
    hand: Hand,
    expect: Expect,
}

enum Hand {
    /// Statements of SQL in one database, with yesterday's copy of it attached as `yesterday`.
    Sql(&'static str, &'static str),
    /// Yesterday's whole databases put back.
    Yesterday(&'static [&'static str]),
}

#[derive(Clone, Copy)]
enum Expect {
    /// The service says that something is damaged and serves it to nobody.
    Noticed,
    /// The service can't know; the client refuses, with this code.
    Refused(&'static str),
}

use Expect::{Noticed, Refused};
use Hand::{Sql, Yesterday};

/// Each pair of values changes places: the sealed bytes under one pointer are those of another.
const SWAP_VALUES: &str = "CREATE TEMP TABLE old AS SELECT pointer, sealed, row_number() OVER (ORDER BY pointer) AS n, \
    count(*) OVER () AS total FROM sealed_values; \
    UPDATE sealed_values SET sealed = (SELECT b.sealed FROM old a, old b WHERE a.pointer = sealed_values.pointer \
    AND b.n = a.n % a.total + 1)";

const TAMPERINGS: &[Tampering] = &[
    Tampering { name: "values swapped", hand: Sql(VAULT, SWAP_VALUES), expect: Noticed },
    Tampering {
        name: "a value deleted",
        hand: Sql(
            VAULT,
            "DELETE FROM sealed_values WHERE pointer NOT IN (SELECT pointer FROM yesterday.sealed_values)",
        ),
        expect: Noticed,
    },
    Tampering {
        name: "a bit of each value flipped",
        hand: Sql(
            VAULT,
            "UPDATE sealed_values SET sealed = CAST(substr(sealed, 1, length(sealed) - 1) || \
             CASE substr(sealed, -1) WHEN x'00' THEN x'01' ELSE x'00' END AS BLOB)",
        ),
        expect: Noticed,
    },
    Tampering {
        name: "each value cut short",
        hand: Sql(VAULT, "UPDATE sealed_values SET sealed = substr(sealed, 1, length(sealed) - 1)"),
        expect: Noticed,
    },
    Tampering {
        name: "yesterday's values under today's pointers",
        hand: Sql(
            VAULT,
            "UPDATE sealed_values SET sealed = (SELECT sealed FROM yesterday.sealed_values LIMIT 1) \
             WHERE pointer NOT IN (SELECT pointer FROM yesterday.sealed_values)",
        ),
        expect: Noticed,
    },
    Tampering {
        name: "the key that seals the values",
        hand: Sql(VAULT, "UPDATE data_keys SET id = randomblob(length(id))"),
        expect: Noticed,
    },
    Tampering { name: "yesterday's values, today's names", hand: Yesterday(&[VAULT]), expect: Noticed },
    Tampering {
        name: "yesterday's names, today's values",
        hand: Yesterday(&[APPLICATION]),
        expect: Refused("rollback"),
    },
    Tampering {
        name: "yesterday as a whole",
        hand: Yesterday(&[APPLICATION, VAULT]),
        expect: Refused("rollback"),
    },
    Tampering {
        name: "yesterday's revisions and heads",
        hand: Sql(
            APPLICATION,
            "DELETE FROM revisions WHERE (environment, number) NOT IN (SELECT environment, number FROM yesterday.revisions); \
             UPDATE environments SET head = (SELECT head FROM yesterday.environments y WHERE y.environment = environments.environment) \
             WHERE environment IN (SELECT environment FROM yesterday.environments)",
        ),
        expect: Refused("rollback"),
    },
    Tampering {
        name: "yesterday's head alone",
        hand: Sql(
            APPLICATION,
            "UPDATE environments SET head = (SELECT head FROM yesterday.environments y WHERE y.environment = environments.environment) \
             WHERE environment IN (SELECT environment FROM yesterday.environments)",
        ),
        expect: Noticed,
    },
    Tampering {
        name: "the last revision deleted",
        hand: Sql(APPLICATION, "DELETE FROM revisions WHERE number = (SELECT max(number) FROM revisions)"),
        expect: Noticed,
    },
    Tampering {
        name: "a revision deleted from the middle",
        hand: Sql(
            APPLICATION,
            "DELETE FROM revisions WHERE number = (SELECT max(number) - 1 FROM revisions)",
        ),
        expect: Noticed,
    },
    Tampering {
        name: "the names and pointers of a revision in the place of the next one's",
        hand: Sql(
            APPLICATION,
            "CREATE TEMP TABLE old AS SELECT * FROM revisions; \
             UPDATE revisions SET statement = (SELECT statement FROM old WHERE old.environment = revisions.environment \
             AND old.number = revisions.number - 1) WHERE number > 1",
        ),
        expect: Noticed,
    },
    Tampering {
        name: "the environments' histories swapped",
        hand: Sql(
            APPLICATION,
            "CREATE TEMP TABLE old AS SELECT * FROM revisions; \
             UPDATE revisions SET statement = (SELECT statement FROM old WHERE old.environment <> revisions.environment \
             ORDER BY old.number LIMIT 1)",
        ),
        expect: Noticed,
    },
    Tampering {
        name: "the environments' heads swapped",
        hand: Sql(
            APPLICATION,
            "CREATE TEMP TABLE old AS SELECT * FROM environments; UPDATE environments SET head = \
             (SELECT head FROM old WHERE old.environment <> environments.environment LIMIT 1)",
        ),
        expect: Noticed,
    },
    Tampering {
        name: "the team's log cut short",
        hand: Sql(APPLICATION, "DELETE FROM events WHERE sequence = (SELECT max(sequence) FROM events)"),
        expect: Noticed,
    },
    Tampering {
        name: "yesterday's log",
        hand: Sql(
            APPLICATION,
            "DELETE FROM events WHERE sequence > (SELECT max(sequence) FROM yesterday.events); \
             UPDATE teams SET head = (SELECT head FROM yesterday.teams)",
        ),
        expect: Refused("rollback"),
    },
    Tampering {
        name: "an event in the place of another",
        hand: Sql(
            APPLICATION,
            "UPDATE events SET statement = (SELECT statement FROM events WHERE sequence = 2) WHERE sequence = 3",
        ),
        expect: Noticed,
    },
    Tampering {
        name: "pointers that trade what they are for",
        hand: Sql(
            APPLICATION,
            "CREATE TEMP TABLE old AS SELECT pointer, about, row_number() OVER (ORDER BY pointer) AS n, \
             count(*) OVER () AS total FROM pointers; UPDATE pointers SET about = \
             (SELECT b.about FROM old a, old b WHERE a.pointer = pointers.pointer AND b.n = a.n % a.total + 1)",
        ),
        expect: Noticed,
    },
    Tampering {
        name: "values that seem never to have been used",
        hand: Sql(APPLICATION, "UPDATE pointers SET state = 'stored'"),
        expect: Noticed,
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_by_hand_is_never_served_as_good() {
    let mut vault = TestVault::start().await;
    let (ada, ben) = (Computer::new().await, Computer::new().await);
    ada.found(&vault).await;
    ada.link(CreateMissing::Yes, Mode::Ask).await;
    let other = ada.root.path().join("other.env");
    ada.link_to(other.clone(), ("api", "production"), CreateMissing::Yes, Mode::Ask).await;
    std::fs::write(&other, "P=1\n").unwrap();
    ada.client.push(&other, Selection::All).await.unwrap();
    ben.join(&ada.invite(Role::Member).await, "Ben").await;
    ben.link(CreateMissing::No, Mode::Ask).await;

    for Tampering { name, hand, expect } in TAMPERINGS {
        // Yesterday: both in step, and a copy of everything.
        ada.save(&format!("# before: {name}\nA=1\nB=1\n"));
        ada.client.push(&ada.env(), Selection::All).await.unwrap();
        ada.link_to(ada.root.path().join(format!("{name}.x")), (name, "x"), CreateMissing::Yes, Mode::Ask)
            .await;
        ben.client.pull(&ben.env()).await.unwrap();
        vault.stop().await;
        let yesterday = copy_of(vault.data.path());
        vault.restart().await;

        // Today: news in the log, and two revisions that Ben has not seen but for the first.
        ada.link_to(ada.root.path().join(format!("{name}.y")), (name, "y"), CreateMissing::Yes, Mode::Ask)
            .await;
        for value in [2, 3] {
            ada.save(&format!("# today: {name}\nA={value}\nB={value}\n"));
            ada.client.push(&ada.env(), Selection::All).await.unwrap();
            if value == 2 {
                ben.client.pull(&ben.env()).await.unwrap();
            }
        }
        let text = ben.text();
        vault.stop().await;
        let today = copy_of(vault.data.path());
        apply(hand, vault.data.path(), yesterday.path());
        // A vault that does not start with it has noticed too.
        match (vault.try_restart().await, expect) {
            (Ok(()), _) => check(name, *expect, &ben).await,
            (Err(_), Noticed) => {}
            (Err(error), Refused(_)) => panic!("{name}: {error}"),
        }
        assert_eq!(ben.text(), text, "{name}");

        // The databases as they were: nothing was lost.
        vault.stop().await;
        put_back(&[APPLICATION, VAULT], today.path(), vault.data.path());
        vault.restart().await;
        ben.client.pull(&ben.env()).await.unwrap_or_else(|error| panic!("after {name}: {error}"));
        assert_eq!(ben.text(), ada.text(), "{name}");
        assert_eq!(ben.client.status(Some(&ben.env())).await.unwrap()[0].state, FileState::InStep, "{name}");
    }
}

async fn check(name: &str, expect: Expect, ben: &Computer) {
    let error = ben.client.pull(&ben.env()).await.map(|outcome| outcome.pulled).unwrap_err();
    match (expect, &error) {
        (Noticed, Error::Vault(error)) if error.is(ProblemCode::Damaged) => {}
        (Refused(code), Error::Refused(refused)) if refused.view().code == code => {
            assert_eq!(error.code(), ErrorCode::Refused, "{name}");
        }
        _ => panic!("{name}: {error}"),
    }
}

fn apply(hand: &Hand, data: &Path, yesterday: &Path) {
    match hand {
        Yesterday(databases) => put_back(databases, yesterday, data),
        Sql(database, sql) => {
            let connection = Connection::open(data.join(database)).unwrap();
            connection.execute_batch("PRAGMA foreign_keys = off").unwrap();
            let copy = yesterday.join(database).display().to_string();
            connection.execute("ATTACH ?1 AS yesterday", [copy]).unwrap();
            connection.execute_batch(sql).unwrap();
            let changes: i64 = connection.query_row("SELECT total_changes()", [], |row| row.get(0)).unwrap();
            assert!(changes > 0, "{sql}");
        }
    }
}

/// Puts databases of a copy in the place of those that are there.
fn put_back(databases: &[&str], from: &Path, to: &Path) {
    for database in databases {
        for ending in ["", "-wal", "-shm"] {
            let name = format!("{database}{ending}");
            let (from, to) = (from.join(&name), to.join(&name));
            if from.exists() {
                std::fs::copy(from, to).unwrap();
            } else if to.exists() {
                std::fs::remove_file(to).unwrap();
            }
        }
    }
}
