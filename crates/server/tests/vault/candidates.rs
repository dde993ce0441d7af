//! A further computer of a member, from its first knock to its first request as one of the team; and how much a
//! member may change about themselves in a day.

use serde::Serialize;
use twinlock_protocol::api::{
    Appended, BecomeCandidate, Candidacy, Candidate, Candidates, EventsPage, Offer, ProblemCode, Wraps,
};
use twinlock_protocol::event::*;
use twinlock_protocol::{Envelope, KeyholderId, ProjectId, TeamId, limits};
use twinlock_seal::Keyholder;

use crate::support::{Answer, Client, Signed, Vault, computer, now, random};

/// A computer that is not of the team.
struct Stranger<'v> {
    vault: &'v Vault,
    keys: Keyholder,
    team: TeamId,
}

impl<'v> Stranger<'v> {
    fn new(vault: &'v Vault, team: TeamId) -> Self {
        Self { vault, keys: computer(), team }
    }

    fn path(&self) -> String {
        format!("/v1/teams/{}/candidates", self.team)
    }

    fn own_path(&self) -> String {
        format!("{}/{}", self.path(), self.keys.id())
    }

    async fn ask(&self, method: &str, path: &str, body: Vec<u8>) -> Answer {
        Signed::new(&self.keys, self.team, method, path, body, now()).send(self.vault).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, Vec::new()).await
    }

    async fn send(&self, method: &str, path: &str, body: &impl Serialize) -> Answer {
        self.ask(method, path, serde_json::to_vec(body).unwrap()).await
    }

    async fn knock(&self, at: KeyholderId) -> Answer {
        let body = BecomeCandidate { computer: at, keys: self.keys.public().clone() };
        self.send("POST", &self.path(), &body).await
    }

    fn added(&self, by: &Client) -> Envelope {
        let keys = self.keys.public().clone();
        by.sign(Event::KeyholderAdded(KeyholderAdded { keys, kind: KeyholderKind::Computer }))
    }
}

async fn look_out(who: &Client, vault: &Vault) -> Vec<Candidate> {
    let path = format!("/v1/teams/{}/candidates", who.team.id());
    who.get(vault, &path).await.ok::<Candidates>().candidates
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_becomes_a_computer_of_whoever_signs_for_it() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let ben = ada.let_join(&vault, &[(&writer, Level::Read)]).await;
    let laptop = Stranger::new(&vault, ada.team.id());

    // Nobody waits: a stranger and a team that is not there look the same.
    laptop.knock(ada.id()).await.refused(404, ProblemCode::NotFound);
    Stranger::new(&vault, TeamId::new([9; 16])).knock(ada.id()).await.refused(404, ProblemCode::NotFound);
    laptop.get(&laptop.own_path()).await.refused(404, ProblemCode::NotFound);

    assert!(look_out(&ada, &vault).await.is_empty());
    laptop.knock(ben.id()).await.refused(404, ProblemCode::NotFound);
    laptop.knock(ada.id()).await.done();
    laptop.knock(ada.id()).await.done();
    let seen = look_out(&ada, &vault).await;
    assert_eq!(seen, [Candidate { keys: laptop.keys.public().clone(), statement: None }]);
    assert!(look_out(&ben, &vault).await.is_empty(), "only at the door it knocked at");

    // Nobody has signed for it: it sees how it stands, and nothing else.
    assert!(laptop.get(&laptop.own_path()).await.ok::<Candidacy>().statement.is_none());
    for path in [ada.events_path(), ada.wraps_path(), laptop.path(), "/v1/events".to_owned()] {
        laptop.get(&path).await.refused(403, ProblemCode::Forbidden);
    }
    let other = Stranger::new(&vault, ada.team.id());
    other.knock(ada.id()).await.done();
    other.get(&laptop.own_path()).await.refused(404, ProblemCode::NotFound);

    let offered = laptop.added(&ada);
    let offer = |statement: &Envelope| Offer { statement: statement.clone() };
    ben.send(&vault, "PUT", &laptop.own_path(), &offer(&offered)).await.refused(404, ProblemCode::NotFound);
    other.send("PUT", &laptop.own_path(), &offer(&offered)).await.refused(404, ProblemCode::NotFound);
    laptop.send("PUT", &laptop.own_path(), &offer(&offered)).await.refused(403, ProblemCode::Forbidden);
    ada.send(&vault, "PUT", &laptop.own_path(), &offer(&offered)).await.done();
    let stands = laptop.get(&laptop.own_path()).await.ok::<Candidacy>();
    assert_eq!(stands.statement.as_ref(), Some(&offered));

    // Now it may see what it is to be part of, and still not have anything of it.
    let log: EventsPage = laptop.get(&ada.events_path()).await.ok();
    assert_eq!(log.head, ada.team.head());
    laptop.get(&writer.path("revisions")).await.refused(403, ProblemCode::Forbidden);
    assert!(laptop.get(&ada.wraps_path()).await.ok::<Wraps>().wraps.is_empty());
    let another = laptop.keys.co_sign(laptop.added(&ben));
    laptop.send("PUT", &laptop.own_path(), &offer(&another)).await.refused(403, ProblemCode::Forbidden);
    let both = laptop.keys.co_sign(offered);
    laptop.send("PUT", &laptop.own_path(), &offer(&both)).await.done();
    let seen = look_out(&ada, &vault).await;
    let signed = seen.iter().find(|candidate| candidate.keys == *laptop.keys.public()).unwrap();
    assert_eq!(signed.statement.as_ref(), Some(&both));

    // It cannot append what it signed: whoever added it does, with its keys.
    let alone = serde_json::json!({ "statements": [&both], "wraps": [] });
    laptop.send("POST", &ada.events_path(), &alone).await.refused(403, ProblemCode::Forbidden);
    let wraps = ada.wraps_to(&laptop.keys, &[(&writer, Level::Write)]);
    ada.append(&vault, vec![both], wraps).await.ok::<Appended>();
    assert_eq!(laptop.get(&ada.wraps_path()).await.ok::<Wraps>().wraps.len(), 3);
    laptop.knock(ada.id()).await.refused(404, ProblemCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_brings_its_own_keys_and_little_else() {
    let vault = Vault::start().await;
    let ada = Client::create(&vault).await;
    let team = ada.team.id();
    let _nobody = look_out(&ada, &vault).await;
    let (laptop, other) = (Stranger::new(&vault, team), Stranger::new(&vault, team));
    let body = BecomeCandidate { computer: ada.id(), keys: other.keys.public().clone() };
    laptop.send("POST", &laptop.path(), &body).await.refused(404, ProblemCode::NotFound);
    // Signed with other keys than those it brings.
    let mut forged =
        Signed::new(&laptop.keys, team, "POST", &other.path(), serde_json::to_vec(&body).unwrap(), now());
    for (name, value) in &mut forged.headers {
        if *name == "signature-input" {
            *value = value.replace(&laptop.keys.id().to_string(), &other.keys.id().to_string());
        }
    }
    forged.send(&vault).await.refused(401, ProblemCode::NotSigned);
    laptop.ask("POST", &laptop.path(), vec![b' '; 17 * 1024]).await.refused(413, ProblemCode::TooLarge);
    laptop.ask("POST", &laptop.path(), b"{}".to_vec()).await.refused(400, ProblemCode::BadRequest);
    // The log's keyholders are no candidates, whatever they say.
    let as_ada = BecomeCandidate { computer: ada.id(), keys: ada.computer.public().clone() };
    ada.post(&vault, &laptop.path(), &as_ada).await.refused(404, ProblemCode::NotFound);

    for _ in 0..limits::CANDIDATES {
        Stranger::new(&vault, team).knock(ada.id()).await.done();
    }
    laptop.knock(ada.id()).await.refused(429, ProblemCode::TooMany);
    assert_eq!(look_out(&ada, &vault).await.len(), limits::CANDIDATES);
    // A restart forgets them all.
    let vault = vault.restart().await;
    assert!(look_out(&ada, &vault).await.is_empty());
    // Nor is more read of one that stands at the door.
    let laptop = Stranger::new(&vault, team);
    laptop.knock(ada.id()).await.done();
    laptop.ask("PUT", &laptop.own_path(), vec![b' '; 17 * 1024]).await.refused(413, ProblemCode::TooLarge);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_changes_themselves_so_often_in_a_day() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let me = ada.team.member_of(ada.id()).unwrap();
    let renamed = |ada: &Client, name: &str| {
        Event::LabelChanged(LabelChanged { subject: Subject::Member(me), label: ada.label(name) })
    };
    let many: Vec<Envelope> = (0..limits::EVENTS_IN_A_DAY)
        .map(|at| {
            let event = renamed(&ada, &format!("Ada {at}"));
            ada.event(event)
        })
        .collect();
    ada.append(&vault, many, Vec::new()).await.ok::<Appended>();
    let once_more = ada.sign(renamed(&ada, "Ada"));
    ada.append(&vault, vec![once_more], Vec::new()).await.refused(429, ProblemCode::TooMany);
    // What is about others goes on.
    let event = Event::LabelChanged(LabelChanged { subject: Subject::Team, label: ada.label("team") });
    let team_renamed = ada.event(event);
    ada.append(&vault, vec![team_renamed], Vec::new()).await.ok::<Appended>();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_creates_so_much_in_a_day_and_an_admin_as_much_as_there_is_room_for() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut ben = ada.let_join(&vault, &[]).await;
    let created = |client: &Client| {
        let project = ProjectId::new(random());
        Event::ProjectCreated(ProjectCreated { project, label: client.label("api") })
    };
    let many = |client: &mut Client| -> Vec<Envelope> {
        (0..limits::EVENTS_IN_A_DAY).map(|_| client.event(created(client))).collect()
    };
    let statements = many(&mut ben);
    ben.append(&vault, statements, Vec::new()).await.ok::<Appended>();
    let once_more = ben.sign(created(&ben));
    ben.append(&vault, vec![once_more], Vec::new()).await.refused(429, ProblemCode::TooMany);
    ada.team = ben.team.clone();
    for _ in 0..2 {
        let statements = many(&mut ada);
        ada.append(&vault, statements, Vec::new()).await.ok::<Appended>();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kit_adds_a_computer_with_what_it_has_and_a_computer_with_everything() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let added =
        |keys: &Keyholder, kind| Event::KeyholderAdded(KeyholderAdded { keys: keys.public().clone(), kind });
    let kit = computer();
    let statement = kit.co_sign(ada.sign(added(&kit, KeyholderKind::Recovery)));
    // A computer passes on all that its member may have.
    ada.append(&vault, vec![statement.clone()], Vec::new()).await.refused(422, ProblemCode::Wraps);
    let wraps = ada.wraps_to(&kit, &[(&writer, Level::Write)]);
    ada.append(&vault, vec![statement.clone()], wraps).await.ok::<Appended>();
    ada.team.append(&statement).unwrap();

    // Whoever comes back by a kit must not be kept out by a key that somebody never gave it.
    let laptop = computer();
    let head = ada.team.head();
    let event = TeamEvent {
        author: kit.id(),
        team: Some(ada.team.id()),
        sequence: head.sequence + 1,
        previous: Some(head.hash),
        created_at: twinlock_protocol::timestamp::Timestamp(0),
        event: added(&laptop, KeyholderKind::Computer),
    };
    let statement = laptop.co_sign(kit.sign_event(&event));
    let body = serde_json::json!({ "statements": [statement], "wraps": [] });
    let body = serde_json::to_vec(&body).unwrap();
    let team = ada.team.id();
    let sent = Signed::new(&kit, team, "POST", &ada.events_path(), body, now()).send(&vault).await;
    sent.ok::<Appended>();
    Signed::new(&laptop, team, "GET", &ada.events_path(), Vec::new(), now())
        .send(&vault)
        .await
        .ok::<EventsPage>();
}
