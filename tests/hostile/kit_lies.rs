//! A vault that lies to whoever comes back with a kit: other logs, other keys, none, or acknowledgements of what it forgets.
//! Nothing is joined, nobody else is in the team afterwards, and the kit works on when the vault is honest.

use std::sync::Arc;

use serde_json::{Value, json};
use twinlock_client::store::Mode;
use twinlock_client::{Error, KitLine, ProvenKit, RecoveryWords};
use twinlock_protocol::Envelope;
use twinlock_tests::Computer;
use twinlock_tests::lying_proxy::{Asked, Told};

use crate::lies::Expect;
use crate::setting::{Setting, check_error};

/// A kit as somebody wrote it down.
struct Sheet {
    words: String,
    line: KitLine,
}

impl Sheet {
    async fn of(computer: &Computer) -> Self {
        let kit = computer.client.new_kit().await.unwrap();
        let words: Vec<&str> = kit.words().expose().collect();
        let (joined, line) = (words.join(" "), kit.line().clone());
        let answers = kit.asked().map(|asked| words[asked - 1]);
        let proven: ProvenKit = kit.prove(answers).unwrap_or_else(|error| panic!("{error}"));
        computer.client.add_kit(&proven).await.unwrap();
        Self { words: joined, line }
    }

    async fn restore(&self, on: &Computer) -> Result<(), Error> {
        let words = RecoveryWords::parse(&self.words).unwrap_or_else(|error| panic!("{error}"));
        on.client.restore_member(self.line.clone(), &words).await.map(drop)
    }
}

/// What is told, and what comes of it.
struct Lie(&'static str, &'static str, fn(&Asked, Value) -> Value);

fn log(asked: &Asked, mut answer: Value, lie: impl FnOnce(&mut Vec<Value>)) -> Value {
    if asked.method == "GET"
        && asked.path.ends_with("/events")
        && let Some(statements) = answer["statements"].as_array_mut()
    {
        // One page, and that is said to be all.
        match asked.after() {
            0 => lie(statements),
            _ => statements.clear(),
        }
    }
    answer
}

const LIES: &[Lie] = &[
    Lie("an empty log", "rollback", |asked, answer| log(asked, answer, Vec::clear)),
    Lie("the first event alone", "rollback", |asked, answer| log(asked, answer, |all| all.truncate(1))),
    Lie("a log that ends before the kit", "rollback", |asked, answer| {
        log(asked, answer, |all| all.truncate(all.len() - 2))
    }),
    Lie("a member left out", "number", |asked, answer| log(asked, answer, |all| drop(all.remove(4)))),
    Lie("two events in another order", "number", |asked, answer| log(asked, answer, |all| all.swap(2, 3))),
    Lie("an event without its signature", "signers", |asked, answer| {
        log(asked, answer, |all| all[3]["signatures"] = json!([]))
    }),
    Lie("an event with another content", "signature", |asked, answer| {
        log(asked, answer, |all| {
            let last = all.len() - 1;
            crate::lies::change_payload(&mut all[last], |payload| payload["created_at"] = json!(7));
        })
    }),
    Lie("the kit as a computer", "signature", |asked, answer| {
        log(asked, answer, |all| {
            let last = all.len() - 1;
            crate::lies::change_payload(&mut all[last], |payload| {
                payload["event"]["kind"] = json!("computer")
            });
        })
    }),
    Lie("an event twice", "number", |asked, answer| {
        log(asked, answer, |all| {
            let again = all[2].clone();
            all.insert(3, again);
        })
    }),
    Lie("a statement as if of a newer version", "signature", |asked, answer| {
        log(asked, answer, |all| all[3]["payloadType"] = json!("twinlock/team-event/v9"))
    }),
    Lie("a member that is not of the API", "not-understood", |asked, mut answer| {
        if asked.path.ends_with("/events") {
            answer["admin"] = json!(true);
        }
        answer
    }),
    Lie("keys of another form", "not-understood", |asked, mut answer| {
        if asked.path.ends_with("/wraps") {
            answer["wraps"] = json!([{ "key": "A" }]);
        }
        answer
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_with_a_kit_is_told_nothing_false() {
    let setting = Setting::new(Mode::Ask).await;
    let sheet = Sheet::of(&setting.ada).await;
    // Another team's log, whole and well signed.
    let other = Setting::new(Mode::Ask).await;
    let elsewhere = twinlock_tests::forge::Forge::of(&other.ada, &other.vault).await;
    let path = format!("/v1/teams/{}/events?after=0", elsewhere.team().id());
    let others: Value = elsewhere.send("GET", &path, Vec::new()).await.ok();
    let refused = async |name: &str, code: &'static str| {
        let new = Computer::new().await;
        let Err(error) = sheet.restore(&new).await else { panic!("{name}: the member is back") };
        assert!(setting.proxy.be_honest() > 0, "{name}: it was never told");
        check_error(&Expect::Refused(code), &error).unwrap_or_else(|said| panic!("{name}: {said}"));
        assert!(matches!(new.client.team().await, Err(Error::NoTeam)), "{name}");
        let store = rusqlite::Connection::open(new.client.home().unwrap().database()).unwrap();
        let count = |table: &str| -> i64 {
            store.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        assert_eq!((count("teams"), count("statements"), count("refusals")), (0, 0, 1), "{name}");
        assert_eq!(setting.ada.client.computers().await.unwrap().len(), 2, "{name}");
    };
    for Lie(name, code, tell) in LIES {
        setting.proxy.lie(Arc::new(move |asked, honest| Told::Json(tell(asked, honest))));
        refused(name, code).await;
    }
    setting.proxy.lie(Arc::new(move |asked, honest| match asked.path.ends_with("/events") {
        true => Told::Json(others.clone()),
        false => Told::Json(honest),
    }));
    refused("another team's log", "elsewhere").await;

    // An acknowledgement of what is forgotten: it is looked at again, and nothing is joined that is not in the log.
    setting.proxy.answer_in_place(Arc::new(|asked: &Asked| {
        if asked.method != "POST" || !asked.path.ends_with("/events") {
            return None;
        }
        let body: Value = serde_json::from_slice(&asked.body).ok()?;
        let statement: Envelope =
            serde_json::from_value(body["statements"].as_array()?.last()?.clone()).ok()?;
        let payload: Value = serde_json::from_slice(&statement.payload.0).ok()?;
        Some(Told::Json(json!({ "head": { "sequence": payload["sequence"], "hash": statement.hash() } })))
    }));
    let new = Computer::new().await;
    let error = sheet.restore(&new).await.unwrap_err();
    assert!((1..=16).contains(&setting.proxy.be_honest()));
    assert!(matches!(error, Error::TooBusy), "{error}");
    assert!(matches!(new.client.team().await, Err(Error::NoTeam)));

    // Junk for keys, and the keys of somebody else: whoever comes back is a member again, and reads nothing until somebody
    // who is honest passes the keys on.
    for (name, junk) in [("junk", true), ("none", false)] {
        setting.proxy.lie(Arc::new(move |asked, mut honest| {
            if asked.method == "GET" && asked.path.ends_with("/wraps") {
                match junk {
                    true => honest["wraps"]
                        .as_array_mut()
                        .into_iter()
                        .flatten()
                        .for_each(|wrap| wrap["sealed"] = json!("A".repeat(64))),
                    false => honest["wraps"] = json!([]),
                }
            }
            Told::Json(honest)
        }));
        let new = Computer::new().await;
        sheet.restore(&new).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(setting.proxy.be_honest() > 0, "{name}");
        let environment = setting.environment().await;
        setting.ada.client.sync().await.unwrap();
        let read = new.client.get(environment, "A").await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read.expose(), "1", "{name}");
    }
}
