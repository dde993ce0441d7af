//! Who may ask the vault for what: every request that its router knows, by everybody who may try, about everything
//! there is and is not. What must be refused changes nothing in either database.
//!
//! The table is to be read beside `docs/protocol.md`, sections 9 and 9.1.

use std::collections::BTreeSet;

use twinlock_protocol::api::{
    AppendEvents, BecomeCandidate, CreateTeam, Hold, MissingWraps, Offer, Problem, ProblemCode, PushRevision,
    QueryValues, Rotate, Values, Wrap, Wraps,
};
use twinlock_protocol::event::{
    Commitments, Event, GenerationOpened, KeyholderAdded, KeyholderKind, MemberRemoved, ProjectCreated,
};
use twinlock_protocol::position::Position;
use twinlock_protocol::revision::{Cause, Change, Put, Revision};
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{Envelope, EnvironmentId, Generation, KeyholderId, ProjectId, TeamId};

use crate::cast::{Asker, Cast, Manner, event_of, joining};
use crate::support::{Client, Signed, Writer, computer, databases, environment_keys, now, random};

/// Of the team: owner; admin who writes to `main`, admin without access; member who writes, reads, sees names, has no
/// access; the owner's recovery kit. Who waits for approval. Invites: open, expired, used, closed. Services: reading,
/// names only. Gone: revoked computer, removed member, closed service, expired service. Strangers: of another team, known
/// to nobody. The owner's requests, spoilt: unsigned, signed by another key, signed too long ago.
///
/// `+` it is answered, or what is refused is the content; `.` 404 `not-found`, all of them alike; `-` 403 `forbidden`;
/// `G` 403 `revoked`; `E` 403 `invite-expired`; `S` 403 `setup-code`; `U` 401 `not-signed`; `L` 401 `signature-expired`.
/// The last rows make somebody known to nobody a computer that wants to be added, at the owner's door.
/// `main` is the environment of that access; `other` the owner's alone; `gone` was deleted; `nowhere` never was.
const TABLE: &str = "
                                                                 own adm out wri rea nam non kit wai opn exp usd cls srv sna rev rem sxc sxe frn unk uns bad old
GET  /v1/health                                  -                +   +   +   +   +   +   +   +   +   +   +   +   +   +   +   +   +   +   +   +   +   +   +   +
POST /v1/teams                                   -                +   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   S   .   U   U   L
GET  /v1/teams/{team}/events                     own              +   +   +   +   +   +   +   +   +   +   E   -   -   +   +   G   G   G   G   .   .   U   U   L
GET  /v1/teams/{team}/events                     nowhere          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   G   G   G   G   .   .   U   U   L
POST /v1/teams/{team}/events                     own              +   +   +   +   +   +   +   +   -   +   E   -   -   -   -   G   G   G   G   .   .   U   U   L
POST /v1/teams/{team}/events                     nowhere          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   G   G   G   G   .   .   U   U   L
GET  /v1/teams/{team}/wraps                      own              +   +   +   +   +   +   +   +   +   +   E   -   -   +   +   G   G   G   G   .   .   U   U   L
GET  /v1/teams/{team}/wraps                      nowhere          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   G   G   G   G   .   .   U   U   L
POST /v1/teams/{team}/wraps                      own              +   +   +   +   +   +   +   +   -   -   E   -   -   -   -   G   G   G   G   .   .   U   U   L
POST /v1/teams/{team}/wraps                      nowhere          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   G   G   G   G   .   .   U   U   L
GET  /v1/teams/{team}/wraps/missing              own              +   +   +   +   +   +   +   +   -   -   E   -   -   -   -   G   G   G   G   .   .   U   U   L
GET  /v1/teams/{team}/wraps/missing              nowhere          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   G   G   G   G   .   .   U   U   L
PUT  /v1/teams/{team}/wraps/missing              own              +   +   +   +   +   +   +   +   +   +   E   -   -   +   +   G   G   G   G   .   .   U   U   L
PUT  /v1/teams/{team}/wraps/missing              nowhere          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   G   G   G   G   .   .   U   U   L
PUT  /v1/environments/{environment}/values       main             +   +   -   +   -   -   .   +   -   -   E   -   -   -   -   G   G   G   G   .   .   U   U   L
PUT  /v1/environments/{environment}/values       other            +   -   -   .   .   .   .   +   -   -   E   -   -   .   .   G   G   G   G   .   .   U   U   L
PUT  /v1/environments/{environment}/values       gone nowhere     .   .   .   .   .   .   .   .   -   -   E   -   -   .   .   G   G   G   G   .   .   U   U   L
POST /v1/environments/{environment}/values/query main             +   +   -   +   +   -   .   +   -   -   E   -   -   +   -   G   G   G   G   .   .   U   U   L
POST /v1/environments/{environment}/values/query other            +   -   -   .   .   .   .   +   -   -   E   -   -   .   .   G   G   G   G   .   .   U   U   L
POST /v1/environments/{environment}/values/query gone nowhere     .   .   .   .   .   .   .   .   -   -   E   -   -   .   .   G   G   G   G   .   .   U   U   L
GET  /v1/environments/{environment}/revisions    main             +   +   +   +   +   +   .   +   -   -   E   -   -   +   +   G   G   G   G   .   .   U   U   L
GET  /v1/environments/{environment}/revisions    other            +   +   +   .   .   .   .   +   -   -   E   -   -   .   .   G   G   G   G   .   .   U   U   L
GET  /v1/environments/{environment}/revisions    gone nowhere     .   .   .   .   .   .   .   .   -   -   E   -   -   .   .   G   G   G   G   .   .   U   U   L
POST /v1/environments/{environment}/revisions    main             +   +   -   +   -   -   .   -   -   -   E   -   -   -   -   G   G   G   G   .   .   U   U   L
POST /v1/environments/{environment}/revisions    other            +   -   -   .   .   .   .   -   -   -   E   -   -   .   .   G   G   G   G   .   .   U   U   L
POST /v1/environments/{environment}/revisions    gone nowhere     .   .   .   .   .   .   .   .   -   -   E   -   -   .   .   G   G   G   G   .   .   U   U   L
GET  /v1/environments/{environment}/snapshot     main             +   +   +   +   +   +   .   +   -   -   E   -   -   +   +   G   G   G   G   .   .   U   U   L
GET  /v1/environments/{environment}/snapshot     other            +   +   +   .   .   .   .   +   -   -   E   -   -   .   .   G   G   G   G   .   .   U   U   L
GET  /v1/environments/{environment}/snapshot     gone nowhere     .   .   .   .   .   .   .   .   -   -   E   -   -   .   .   G   G   G   G   .   .   U   U   L
POST /v1/environments/{environment}/rotations    main             +   +   -   +   -   -   .   -   -   -   E   -   -   -   -   G   G   G   G   .   .   U   U   L
POST /v1/environments/{environment}/rotations    other            +   -   -   .   .   .   .   -   -   -   E   -   -   .   .   G   G   G   G   .   .   U   U   L
POST /v1/environments/{environment}/rotations    gone nowhere     .   .   .   .   .   .   .   .   -   -   E   -   -   .   .   G   G   G   G   .   .   U   U   L
GET  /v1/events                                  -                +   +   +   +   +   +   +   +   -   -   E   -   -   -   -   G   G   G   G   .   .   U   U   L
POST /v1/teams/{team}/hold                       own              +   +   +   +   -   -   -   -   -   -   E   -   -   -   -   G   G   G   G   .   .   U   U   L
POST /v1/teams/{team}/hold                       nowhere          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   G   G   G   G   .   .   U   U   L
GET  /v1/teams/{team}/candidates                 own              +   +   +   +   +   +   +   +   -   -   E   -   -   -   -   G   G   G   G   .   .   U   U   L
GET  /v1/teams/{team}/candidates                 nowhere          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   G   G   G   G   .   .   U   U   L
POST /v1/teams/{team}/candidates                 own              .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   +   U   U   L
POST /v1/teams/{team}/candidates                 nowhere          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   U   U   L
GET  /v1/teams/{team}/candidates/{id}            own              .   .   .   .   .   .   .   .   -   -   E   -   -   -   -   G   G   G   G   .   +   U   U   L
GET  /v1/teams/{team}/candidates/{id}            nowhere          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   G   G   G   G   .   .   U   U   L
PUT  /v1/teams/{team}/candidates/{id}            own              +   .   .   .   .   .   .   .   -   -   E   -   -   -   -   G   G   G   G   .   +   U   U   L
PUT  /v1/teams/{team}/candidates/{id}            nowhere          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   G   G   G   G   .   .   U   U   L
";

struct Row {
    method: &'static str,
    path: &'static str,
    targets: Vec<&'static str>,
    cells: Vec<(&'static str, char)>,
}

fn table() -> Vec<Row> {
    let mut lines = TABLE.trim_matches('\n').lines();
    let askers: Vec<_> = lines.next().unwrap().split_whitespace().collect();
    let row = |line: &'static str| {
        let mut words: Vec<_> = line.split_whitespace().collect();
        let cells = words.split_off(words.len() - askers.len());
        let cells = cells.into_iter().map(|cell| cell.parse().unwrap());
        let (method, path) = (words[0], words[1]);
        Row { method, path, targets: words.split_off(2), cells: askers.iter().copied().zip(cells).collect() }
    };
    lines.map(row).collect()
}

/// What a request changed, if it was answered.
enum Followed {
    Nothing,
    Log(Envelope),
    Revision(&'static str, Envelope),
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_what_the_table_says_and_changes_nothing_else() {
    let mut cast = Cast::assemble().await;
    let table = table();
    let known: BTreeSet<_> = table.iter().map(|row| (row.method, row.path)).collect();
    let routes: BTreeSet<_> = twinlock_server::routes().into_iter().collect();
    assert_eq!(known, routes, "each route has its rows, and each row its route");
    let names: BTreeSet<_> = cast.askers.iter().map(|asker| asker.name).collect();

    let mut not_found = BTreeSet::new();
    let mut before = databases(&cast.vault);
    let (mut answered, mut refused) = (0, 0);
    for Row { method, path, targets, cells } in table {
        assert_eq!(cells.iter().map(|(name, _)| *name).collect::<BTreeSet<_>>(), names);
        for target in targets {
            for &(name, expected) in &cells {
                let at = cast.askers.iter().position(|asker| asker.name == name).unwrap();
                let (place, body, change) = request(&cast, &cast.askers[at], method, path, target);
                let (status, text) = send(&cast, &cast.askers[at], method, &place, body).await;
                let cell = format!("{method} {path} of {target} by {name}: {status} {text}");
                let after = databases(&cast.vault);
                if expected == '+' {
                    answered += 1;
                    assert!(is_answered(status, &text), "{cell}");
                    if (200..300).contains(&status) {
                        take(&mut cast, change);
                    }
                } else {
                    refused += 1;
                    let problem: Problem = serde_json::from_str(&text).expect(&cell);
                    let (due, code) = code(expected);
                    assert_eq!((status, problem.status, problem.code), (due, due, code), "{cell}");
                    assert!(after == before, "something was changed by {cell}");
                    if code == ProblemCode::NotFound {
                        not_found.insert(text);
                    }
                }
                before = after;
            }
        }
    }
    assert_eq!(not_found.len(), 1, "what is not there and what is not for one look alike: {not_found:?}");
    assert!(refused > 700 && answered > 120, "{refused} refused, {answered} answered");
}

/// Success, or a fault that is found only in what somebody sends who may.
fn is_answered(status: u16, text: &str) -> bool {
    let content = [
        ProblemCode::Refused,
        ProblemCode::Wraps,
        ProblemCode::LogMoved,
        ProblemCode::HeadMoved,
        // Whoever was held by somebody in a row before.
        ProblemCode::Held,
    ];
    (200..300).contains(&status)
        || serde_json::from_str(text).is_ok_and(|problem: Problem| content.contains(&problem.code))
}

fn code(cell: char) -> (u16, ProblemCode) {
    match cell {
        '.' => (404, ProblemCode::NotFound),
        '-' => (403, ProblemCode::Forbidden),
        'G' => (403, ProblemCode::Revoked),
        'E' => (403, ProblemCode::InviteExpired),
        'S' => (403, ProblemCode::SetupCode),
        'U' => (401, ProblemCode::NotSigned),
        'L' => (401, ProblemCode::SignatureExpired),
        _ => panic!("{cell} is no cell"),
    }
}

/// What the owner's own next requests have to follow.
fn take(cast: &mut Cast, change: Followed) {
    match change {
        Followed::Nothing => {}
        Followed::Log(statement) => drop(cast.ada.team.append(&statement).unwrap()),
        Followed::Revision(target, statement) => {
            let Cast { main, other, ada, .. } = cast;
            let writer = if target == "main" { main } else { other };
            writer.environment.append(&ada.team, &statement).unwrap();
        }
    }
}

async fn send(cast: &Cast, asker: &Asker, method: &str, path: &str, body: Vec<u8>) -> (u16, String) {
    let at = if asker.manner == Manner::Late { now() - 301 } else { now() };
    let mut signed = Signed::new(&asker.keyholder, asker.team, method, path, body.clone(), at);
    match asker.manner {
        Manner::Well | Manner::Late => {}
        Manner::Not => signed.headers.clear(),
        Manner::Forged => {
            let forged = Signed::new(&computer(), asker.team, method, path, body, at);
            signed.headers[3] = forged.headers[3].clone();
        }
    }
    let response = signed.response(&cast.vault).await;
    let status = response.status().as_u16();
    let endless = response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream");
    (status, if endless { String::new() } else { response.text().await.unwrap() })
}

/// The request that somebody sends who may: whatever is refused is refused for who asks, or for what about.
fn request(
    cast: &Cast,
    asker: &Asker,
    method: &str,
    path: &str,
    target: &'static str,
) -> (String, Vec<u8>, Followed) {
    let ada = &cast.ada;
    let team = if target == "own" { ada.team.id() } else { TeamId::new(random()) };
    let writer = match target {
        "other" => &cast.other,
        "gone" => &cast.gone,
        _ => &cast.main,
    };
    let environment =
        if target == "nowhere" { EnvironmentId::new(random()) } else { writer.environment.id() };
    let stranger = &cast.askers.iter().find(|asker| asker.name == "unk").unwrap().keyholder;
    let place = path.replace("{team}", &team.to_string()).replace("{environment}", &environment.to_string());
    let place = place.replace("{id}", &stranger.id().to_string());
    let (body, change) = match (method, path.rsplit('/').next().unwrap()) {
        ("GET", _) => (Vec::new(), Followed::Nothing),
        ("POST", "teams") => (json(creation(cast, asker)), Followed::Nothing),
        ("POST", "events") => {
            let (request, statement) = appended(ada, asker);
            (json(&request), Followed::Log(statement))
        }
        ("POST", "wraps") => (json(&Wraps { wraps: own_wraps(ada, asker) }), Followed::Nothing),
        ("POST", "hold") => {
            let wri = cast.askers.iter().find(|asker| asker.name == "wri").unwrap();
            let member = ada.team.member_of(wri.keyholder.id()).unwrap();
            let removed = MemberRemoved { member, keep: Vec::new(), heads: Vec::new() };
            let statement = event_of(ada, &asker.keyholder, Event::MemberRemoved(removed));
            (json(&Hold { statement }), Followed::Nothing)
        }
        ("PUT", "missing") => (json(&MissingWraps { missing: Vec::new() }), Followed::Nothing),
        ("PUT", "values") => (json(&Values { values: writer.seal(&["two\n"]).1 }), Followed::Nothing),
        ("POST", "query") => (json(&QueryValues { pointers: vec![cast.value] }), Followed::Nothing),
        ("POST", "revisions") => {
            let statement = moved(ada, asker, writer, environment);
            let change = Followed::Revision(target, statement.clone());
            (json(&PushRevision { statement }), change)
        }
        ("POST", "candidates") => {
            let keys = asker.keyholder.public().clone();
            (json(&BecomeCandidate { computer: ada.id(), keys }), Followed::Nothing)
        }
        // What the owner offers to the stranger at their door, and the stranger takes.
        ("PUT", "{id}") => {
            let keys = stranger.public().clone();
            let added = KeyholderAdded { keys, kind: KeyholderKind::Computer };
            let statement = event_of(ada, &ada.computer, Event::KeyholderAdded(added));
            (json(&Offer { statement }), Followed::Nothing)
        }
        ("POST", "rotations") => (json(&rotation(ada, asker, writer, environment)), Followed::Nothing),
        _ => panic!("{method} {path} has no request here yet"),
    };
    (place, body, change)
}

fn json(body: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap()
}

fn creation<'a>(cast: &'a Cast, asker: &Asker) -> &'a CreateTeam {
    if asker.team == cast.ada.team.id() { &cast.creation } else { &cast.foreign_creation }
}

/// A joining with an invite's signature; a further computer, by a kit; else a project, which any member may create.
/// What the first two lack are wraps.
fn appended(ada: &Client, asker: &Asker) -> (AppendEvents, Envelope) {
    let invite = ["opn", "exp", "usd", "cls"].contains(&asker.name);
    let (statement, wraps) = if invite {
        let joiner = computer();
        let joined = joining(ada, &joiner, asker.keyholder.id(), Some(ada.label("Eve")));
        (asker.keyholder.co_sign(joined), own_wraps(ada, asker))
    } else if asker.name == "kit" {
        let further = computer();
        let added = KeyholderAdded { keys: further.public().clone(), kind: KeyholderKind::Computer };
        let statement = event_of(ada, &asker.keyholder, Event::KeyholderAdded(added));
        (further.co_sign(statement), Vec::new())
    } else {
        let project = ProjectCreated { project: ProjectId::new(random()), label: ada.label("web") };
        (event_of(ada, &asker.keyholder, Event::ProjectCreated(project)), Vec::new())
    };
    (AppendEvents { statements: vec![statement.clone()], wraps }, statement)
}

/// The team's name key, wrapped by the asker to themselves.
fn own_wraps(ada: &Client, asker: &Asker) -> Vec<Wrap> {
    let mut wraps = ada.wraps_to(&asker.keyholder, &[]);
    wraps[0].wrapper = asker.keyholder.id();
    wraps
}

fn revision(ada: &Client, author: KeyholderId, writer: &Writer, environment: EnvironmentId) -> Revision {
    let head = writer.environment.head();
    let changes: Vec<_> = writer
        .environment
        .in_order()
        .next()
        .map(|(entry, at)| {
            let position: Position = if at.position.as_str() == "y" { "z" } else { "y" }.parse().unwrap();
            let (name, pointer, digest) = (at.name.clone(), at.pointer, at.digest);
            Change::Put(Put { entry, position, name, pointer, digest })
        })
        .into_iter()
        .collect();
    let generation = writer.name_key.scope().generation;
    Revision {
        team: ada.team.id(),
        environment,
        author,
        number: head.number + 1,
        previous: head.hash,
        generation,
        team_head: ada.team.head(),
        state: writer.environment.state_after(&changes, author, generation).unwrap(),
        changes,
        cause: Cause::Push,
        message: None,
        created_at: Timestamp(0),
    }
}

/// A revision that moves an entry and brings no value.
fn moved(ada: &Client, asker: &Asker, writer: &Writer, environment: EnvironmentId) -> Envelope {
    asker.keyholder.sign_revision(&revision(ada, asker.keyholder.id(), writer, environment))
}

/// New keys without a wrap: whoever may renew them hears that these are due.
fn rotation(ada: &Client, asker: &Asker, writer: &Writer, environment: EnvironmentId) -> Rotate {
    let generation = Generation(writer.name_key.scope().generation.0 + 1);
    let (name, value) = environment_keys(ada.team.id(), environment, generation);
    let opened = Event::GenerationOpened(GenerationOpened {
        environment: Some(environment),
        generation,
        commitments: Commitments { name: name.commitment(), value: Some(value.commitment()) },
        head: Some(writer.environment.head()),
        labels: Vec::new(),
    });
    let event = event_of(ada, &asker.keyholder, opened);
    Rotate { event, revision: moved(ada, asker, writer, environment), wraps: Vec::new() }
}
