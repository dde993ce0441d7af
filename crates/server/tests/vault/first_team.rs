//! The setup code, and the first team.

use twinlock_protocol::api::{Appended, CreateTeam, EventsPage, ProblemCode, Wraps};
use twinlock_protocol::event::{Event, LabelChanged, ProjectCreated, Subject, TeamEvent};
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{ProjectId, TeamId};

use crate::support::{Client, Signed, Vault, computer, data, new_team, now, random};

#[tokio::test(flavor = "multi_thread")]
async fn a_team_is_created_once_and_read_back() {
    let vault = Vault::start().await;
    let (ada, statements, wraps) = new_team(computer());
    let body =
        CreateTeam { setup_code: vault.setup_code(), statements: statements.clone(), wraps: wraps.clone() };
    let first: Appended = ada.post(&vault, "/v1/teams", &body).await.ok();
    assert_eq!(first.head, ada.team.head());
    // The answer was lost: the same request again is fine, though the code is used up.
    let again: Appended = ada.post(&vault, "/v1/teams", &body).await.ok();
    assert_eq!(again, first);

    let page: EventsPage = ada.get(&vault, &ada.events_path()).await.ok();
    assert_eq!((page.statements, page.head), (statements, ada.team.head()));
    let page: EventsPage = ada.get(&vault, &format!("{}?after=2", ada.events_path())).await.ok();
    assert_eq!(page.statements.len(), 2);
    // Where the log ends, and beyond, there is nothing more: that is no fault.
    for after in [ada.team.head().sequence, 100] {
        let page: EventsPage = ada.get(&vault, &format!("{}?after={after}", ada.events_path())).await.ok();
        assert_eq!((page.statements, page.head), (Vec::new(), ada.team.head()));
    }
    let mine: Wraps = ada.get(&vault, &ada.wraps_path()).await.ok();
    assert_eq!(mine.wraps, wraps);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_setup_code_is_refused_and_so_is_a_second_team() {
    let vault = Vault::start().await;
    let code = vault.setup_code();
    let (ada, statements, wraps) = new_team(computer());
    for wrong in ["", "00000-00000-00000-00000-00000", &code[1..]] {
        let body =
            CreateTeam { setup_code: wrong.to_owned(), statements: statements.clone(), wraps: wraps.clone() };
        ada.post(&vault, "/v1/teams", &body).await.refused(403, ProblemCode::SetupCode);
    }
    let body = CreateTeam { setup_code: code.clone(), statements, wraps };
    ada.post(&vault, "/v1/teams", &body).await.ok::<Appended>();

    let (eve, statements, wraps) = new_team(computer());
    let body = CreateTeam { setup_code: code, statements, wraps };
    eve.post(&vault, "/v1/teams", &body).await.refused(403, ProblemCode::SetupCode);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_changes_with_each_start_and_ends_with_the_first_team() {
    let vault = Vault::start().await;
    let before = vault.setup_code();
    let vault = vault.restart().await;
    let (ada, statements, wraps) = new_team(computer());
    let body = CreateTeam { setup_code: before, statements, wraps };
    ada.post(&vault, "/v1/teams", &body).await.refused(403, ProblemCode::SetupCode);
    Client::create(&vault).await;
    let vault = vault.restart().await;
    assert!(vault.running.setup_code.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_team_is_signed_by_its_founder_and_complete() {
    let vault = Vault::start().await;
    let (ada, statements, wraps) = new_team(computer());
    let complete = CreateTeam { setup_code: vault.setup_code(), statements, wraps };

    // Signed by somebody else.
    let body = serde_json::to_vec(&complete).unwrap();
    let foreign = Signed::new(&computer(), ada.team.id(), "POST", "/v1/teams", body, now());
    foreign.send(&vault).await.refused(404, ProblemCode::NotFound);
    let body = serde_json::to_vec(&complete).unwrap();
    let elsewhere = Signed::new(&ada.computer, TeamId::new(random()), "POST", "/v1/teams", body, now());
    elsewhere.send(&vault).await.refused(404, ProblemCode::NotFound);
    // Without the founder's key, or without labels.
    let without_key = CreateTeam { wraps: Vec::new(), ..complete.clone() };
    ada.post(&vault, "/v1/teams", &without_key).await.refused(422, ProblemCode::Wraps);
    let without_labels = CreateTeam { statements: complete.statements[..2].to_vec(), ..complete.clone() };
    ada.post(&vault, "/v1/teams", &without_labels).await.refused(400, ProblemCode::BadRequest);
    // Without the founder's name, or with more than a team begins with.
    let unnamed = CreateTeam { statements: complete.statements[..3].to_vec(), ..complete.clone() };
    ada.post(&vault, "/v1/teams", &unnamed).await.refused(400, ProblemCode::BadRequest);
    let mut nameless = complete.clone();
    let subject = Subject::Member(ada.team.member_of(ada.id()).unwrap());
    nameless.statements.truncate(2);
    nameless.statements.push(ada.computer.sign_event(&TeamEvent {
        author: ada.id(),
        team: Some(ada.team.id()),
        sequence: 3,
        previous: ada.team.hash_at(2),
        created_at: Timestamp(0),
        event: Event::LabelChanged(LabelChanged { subject, label: ada.label("Ada") }),
    }));
    ada.post(&vault, "/v1/teams", &nameless).await.refused(400, ProblemCode::BadRequest);
    let project = ProjectCreated { project: ProjectId::new(random()), label: ada.label("web") };
    let mut more = complete.clone();
    more.statements.push(ada.sign(Event::ProjectCreated(project)));
    ada.post(&vault, "/v1/teams", &more).await.refused(400, ProblemCode::BadRequest);
    // A statement changed on the way.
    let mut changed = complete.clone();
    changed.statements[1].signatures = changed.statements[0].signatures.clone();
    let problem = ada.post(&vault, "/v1/teams", &changed).await.refused(422, ProblemCode::Refused);
    assert_eq!(problem.refusal.as_deref(), Some("signature"));
    // Nothing of all that was stored.
    ada.post(&vault, "/v1/teams", &complete).await.ok::<Appended>();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_put_back_by_hand_makes_no_second_team() {
    let vault = Vault::start().await;
    let code = vault.setup_code();
    let database = rusqlite::Connection::open(data(&vault.folder).join("application.db")).unwrap();
    database.execute_batch("CREATE TEMP TABLE kept AS SELECT * FROM setup").unwrap();
    Client::create(&vault).await;
    assert_eq!(database.execute("INSERT INTO setup SELECT * FROM kept", []).unwrap(), 1);
    let (eve, statements, wraps) = new_team(computer());
    let body = CreateTeam { setup_code: code, statements, wraps };
    eve.post(&vault, "/v1/teams", &body).await.refused(403, ProblemCode::SetupCode);
}
