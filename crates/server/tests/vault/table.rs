//! The table of who may sign what (`docs/protocol.md`, 6.1), against a server: each statement of the table that the
//! replay is tried with (`crates/seal/tests/table.rs`), sent by each signer who may not.

use twinlock_protocol::api::{AppendEvents, Appended, CreateTeam, ProblemCode, Rotate, Wrap};
use twinlock_protocol::encoding::decode_strict;
use twinlock_protocol::event::{Event, Half, TeamEvent};
use twinlock_protocol::team::Team;
use twinlock_protocol::{Envelope, KeyholderId, Verified};
use twinlock_seal::Keyholder;

use crate::support::{Answer, Signed, Vault, databases, now};
use crate::world::table::{Cast, Row, SIGNERS, signed, table};

/// The statements with which a team begins: it, its name key, its name, its founder's.
const FIRST: usize = 4;

async fn send(vault: &Vault, cast: &Cast, by: &Keyholder, path: &str, body: Vec<u8>) -> Answer {
    Signed::new(by, cast.world.team.id(), "POST", path, body, now()).send(vault).await
}

fn events_path(cast: &Cast) -> String {
    format!("/v1/teams/{}/events", cast.world.team.id())
}

fn appending(statement: &Envelope, wraps: Vec<Wrap>) -> Vec<u8> {
    serde_json::to_vec(&AppendEvents { statements: vec![statement.clone()], wraps }).unwrap()
}

/// Keys for everybody who is to have them, as far as their maker has them. What is in one, no server sees.
fn wraps(team: &Team, cast: &Cast, wrapper: KeyholderId) -> Vec<Wrap> {
    let environment = Some(cast.world.environment);
    let mut wraps = Vec::new();
    for (environment, half) in [(None, Half::Name), (environment, Half::Name), (environment, Half::Value)] {
        let entitled = team.entitled(environment, half);
        let generation = match environment {
            Some(id) => team.environment(id).ok().map(|known| known.current().number),
            None => team.generations().last().map(|last| last.number),
        };
        let Some(generation) = generation.filter(|_| entitled.iter().any(|(id, _)| *id == wrapper)) else {
            continue;
        };
        wraps.extend(entitled.into_iter().map(|(keyholder, _)| Wrap {
            keyholder,
            environment,
            generation,
            half,
            wrapper,
            encapsulated: vec![1; 1120].into(),
            sealed: vec![1; 48].into(),
        }));
    }
    wraps
}

/// The cast's log, stored event by event, each sent by whoever signed it.
async fn stored(vault: &Vault, cast: &Cast) {
    let log = &cast.world.log;
    let mut team: Verified<Team> = twinlock_protocol::team::replay(&log[..FIRST]).unwrap();
    let founder = cast.world.founder.id();
    let begun = CreateTeam {
        setup_code: vault.setup_code(),
        statements: log[..FIRST].to_vec(),
        wraps: wraps(&team, cast, founder),
    };
    let begun = serde_json::to_vec(&begun).unwrap();
    send(vault, cast, &cast.world.founder, "/v1/teams", begun).await.ok::<Appended>();
    for statement in &log[FIRST..] {
        team.append(statement).unwrap();
        let event: TeamEvent = decode_strict(&statement.payload, usize::MAX).unwrap();
        let by = match &event.event {
            Event::MemberJoined(joined) => joined.invite,
            _ => event.author,
        };
        let body = appending(statement, wraps(&team, cast, event.author));
        let answer = send(vault, cast, &cast.world.twin(by), &events_path(cast), body).await;
        assert_eq!(answer.ok::<Appended>().head, team.head(), "{event:?}");
    }
}

/// What a server says to somebody who may not sign what they signed.
fn is_refused(answer: &Answer, who: &str, event: &str) {
    let refusal = |status, code| answer.refused(status, code).refusal;
    match who {
        "removed" => assert_eq!(refusal(403, ProblemCode::Revoked), None),
        "service" | "invite" | "waiting" => assert_eq!(refusal(403, ProblemCode::Forbidden), None),
        "stranger" => assert_eq!(refusal(404, ProblemCode::NotFound), None),
        // They have it already.
        "owner" | "admin" if event == "access-changed, given to oneself" => {
            assert_eq!(refusal(422, ProblemCode::Refused).as_deref(), Some("no-change"));
        }
        _ => assert_eq!(
            refusal(403, ProblemCode::Forbidden).as_deref(),
            Some("not-allowed"),
            "{event} by {who}"
        ),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_sign_an_event_is_refused_it_and_the_log_stays_as_it_was() {
    let vault = Vault::start().await;
    let mut cast = Cast::new();
    stored(&vault, &cast).await;
    let before = databases(&vault);
    let path = events_path(&cast);
    let rotations = format!("/v1/environments/{}/rotations", cast.world.environment);
    let mut cells = 0;
    for Row { event, build, may } in table() {
        for who in SIGNERS.into_iter().filter(|who| !may.split(' ').any(|name| name == *who)) {
            let statement = signed(&mut cast, who, &build);
            let body = appending(&statement, Vec::new());
            is_refused(&send(&vault, &cast, cast.signer(who), &path, body.clone()).await, who, event);
            // Nor does it come in the owner's name, or as half of a rotation.
            let relayed = send(&vault, &cast, cast.signer("owner"), &path, body).await;
            assert!(
                [403, 422].contains(&relayed.status),
                "{event} of {who} by the owner: {}",
                relayed.status
            );
            if event == "generation-opened, environment" {
                let rotate = Rotate { event: statement.clone(), revision: statement, wraps: Vec::new() };
                let body = serde_json::to_vec(&rotate).unwrap();
                is_refused(&send(&vault, &cast, cast.signer(who), &rotations, body).await, who, event);
            }
            assert!(databases(&vault) == before, "{event} by {who} changed something");
            cells += 1;
        }
    }
    assert!(cells > 250, "{cells}");
    // And what is stored is what was before, also for a vault that starts anew.
    let vault = vault.restart().await;
    let asked = Signed::new(cast.signer("owner"), cast.world.team.id(), "GET", &path, Vec::new(), now());
    let page: twinlock_protocol::api::EventsPage = asked.send(&vault).await.ok();
    assert_eq!(page.head, cast.world.team.head());
}
