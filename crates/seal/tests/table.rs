//! The table of who may do what, cell by cell, against the replay. `crates/server/tests/vault/table.rs` tries the same
//! against a server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::events::settings;
use support::table::*;
use twinlock_protocol::event::Creating;

/// What one signer gets for one event, the team being left as it was.
fn attempt(cast: &mut Cast, who: &str, build: &Build) -> Result<(), &'static str> {
    let statement = signed(cast, who, build);
    let mut team = cast.world.team.clone();
    match team.append(&statement) {
        Ok(_) => Ok(()),
        Err(refusal) => {
            assert_eq!(team, cast.world.team, "a refused event changed the team");
            Err(refusal.code())
        }
    }
}

#[test]
fn each_event_is_accepted_from_those_who_may_and_from_nobody_else() {
    let mut cast = Cast::new();
    let mut cells = 0;
    for Row { event, build, may } in table() {
        for who in SIGNERS {
            let found = attempt(&mut cast, who, &build);
            let expected = match who {
                _ if may.split(' ').any(|name| name == who) => Ok(()),
                "removed" => Err("revoked"),
                "service" | "invite" | "stranger" => Err("unknown-keyholder"),
                "owner" | "admin" | "member" if event == "access-changed, given to oneself" => {
                    // `member` may not; the two who may change access have it already.
                    Err(if who == "member" { "not-allowed" } else { "no-change" })
                }
                _ => Err("not-allowed"),
            };
            assert_eq!(found, expected, "{event} by {who}");
            cells += 1;
        }
    }
    assert!(cells > 450, "{cells}");
}

#[test]
fn settings_leave_creating_to_admins() {
    let mut cast = Cast::new();
    let ada = cast.world.twin(cast.signer("owner").id());
    cast.world.does(&ada, settings(Creating::Admins, 7, 30)).unwrap();
    let rows = table();
    for event in ["project-created", "environment-created"] {
        let build = &rows.iter().find(|row| row.event == event).unwrap().build;
        for who in EVERYBODY.split(' ') {
            let expected =
                if ADMINS.split(' ').any(|name| name == who) { Ok(()) } else { Err("not-allowed") };
            assert_eq!(attempt(&mut cast, who, build), expected, "{event} by {who}");
        }
    }
}
