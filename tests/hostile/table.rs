//! The table of who may do what (`docs/protocol.md`, 6.1), each row tried by everybody who may not: offered to the honest
//! server, and then served to an owner's and a member's client by a server that lets it through.

use std::collections::BTreeMap;

use twinlock_client::ids::{EnvironmentId, Generation, KeyholderId, LabelId, MemberId, ProjectId};
use twinlock_client::store::Mode;
use twinlock_client::{Error, SyncOutcome};
use twinlock_protocol::event::{
    AccessChanged, Commitments, Creating, EnvironmentCreated, EnvironmentDeleted, Event, GenerationOpened,
    Grant, Head, HistoryAccepted, InviteClosed, Invited, KeyholderAdded, KeyholderKind, KeyholderRevoked,
    LabelChanged, Level, LogHead, MemberApproved, MemberGrant, MemberRemoved, ProjectCreated, ProjectDeleted,
    Renewal, Role, RoleChanged, SealedLabel, ServiceClosed, ServiceCreated, Subject, TeamSettings,
    VaultMoved,
};
use twinlock_protocol::ids::{Commitment, StatementHash};
use twinlock_tests::collusion::Collusion;
use twinlock_tests::forge::{Forge, in_a_day, random};
use twinlock_tests::lying_proxy::Lie;

use crate::setting::{Setting, kept};

/// Everybody who tries. The last four have no standing at all.
const SIGNERS: [&str; 12] = [
    "owner",
    "owner-outside",
    "admin",
    "admin-outside",
    "member",
    "reader",
    "kit",
    "waiting",
    "removed",
    "service",
    "invite",
    "stranger",
];

const OWNERS: &str = "owner owner-outside";
const ADMINS: &str = "owner owner-outside admin admin-outside";
const GRANTERS: &str = "owner admin";
const WRITERS: &str = "owner admin member";
const EVERYBODY: &str = "owner owner-outside admin admin-outside member reader";
const EVERYBODY_AND_KITS: &str = "owner owner-outside admin admin-outside member reader kit";

/// A team with somebody of each kind, and somebody of each kind to do things to.
struct Cast {
    environment: EnvironmentId,
    project: ProjectId,
    signers: BTreeMap<&'static str, Forge>,
    /// A further computer of each member, to be revoked.
    spares: BTreeMap<&'static str, KeyholderId>,
    tom: MemberId,
    tom_spare: KeyholderId,
    ted: MemberId,
    tia: MemberId,
    open: KeyholderId,
    open_owner: KeyholderId,
    waiting_owner: MemberId,
    service: KeyholderId,
}

impl Cast {
    async fn new(setting: &Setting) -> Self {
        let environment = setting.environment().await;
        let mut ada = Forge::of(&setting.ada, &setting.vault).await;
        let project = ada.team().environment(environment).unwrap().project;
        let access = |level| vec![Grant { environment, level }];
        let mut signers = BTreeMap::new();
        for (name, role, access) in [
            ("owner-outside", Role::Owner, Vec::new()),
            ("admin", Role::Admin, access(Level::Write)),
            ("admin-outside", Role::Admin, Vec::new()),
            ("member", Role::Member, access(Level::Write)),
            ("reader", Role::Member, access(Level::Read)),
            ("removed", Role::Member, access(Level::Write)),
        ] {
            signers.insert(name, ada.lets_join(role, access, false).await);
        }
        let mut tom = ada.lets_join(Role::Member, access(Level::Read), false).await;
        let ted = ada.lets_join(Role::Admin, Vec::new(), false).await.member();
        let tia = ada.lets_join(Role::Owner, Vec::new(), false).await.member();
        let member = signers["removed"].member();
        ada.refresh().await;
        ada.does(Event::MemberRemoved(MemberRemoved { member, keep: Vec::new(), heads: Vec::new() })).await;
        let mut spares = BTreeMap::new();
        for (name, forge) in &mut signers {
            if *name != "removed" {
                forge.refresh().await;
                spares.insert(*name, forge.adds(KeyholderKind::Computer).await.id());
            }
        }
        tom.refresh().await;
        let tom_spare = tom.adds(KeyholderKind::Computer).await.id();
        ada.refresh().await;
        spares.insert("owner", ada.adds(KeyholderKind::Computer).await.id());
        let open = ada.invites(Role::Member, Vec::new(), false).await;
        let open_owner = ada.invites(Role::Owner, Vec::new(), false).await.id();
        let waiting = ada.lets_join(Role::Member, access(Level::Read), true).await;
        let waiting_owner = ada.lets_join(Role::Owner, access(Level::Read), true).await;
        let waiting_owner = waiting_owner.team().member_of(waiting_owner.id()).unwrap();
        let kit = ada.adds(KeyholderKind::Recovery).await;
        let service = ada.serves(access(Level::Read)).await;
        // With the removal keys were lost: they are renewed, so that what follows is refused for nothing else.
        setting.ada.client.sync().await.unwrap();
        setting.ada.client.rotate_environment(environment).await.unwrap();
        setting.ada.client.pull(&setting.ada.env()).await.unwrap();
        setting.ben.client.pull(&setting.ben.env()).await.unwrap();
        ada.refresh().await;

        let service_id = service.id();
        let stranger = ada.stranger();
        signers.extend([
            ("waiting", waiting),
            ("kit", kit),
            ("service", service),
            ("invite", twin(&open, &ada)),
            ("stranger", stranger),
        ]);
        for (name, forge) in &mut signers {
            // Some may not read this much; what they would sign is on top of the same log all the same.
            match *name {
                "owner-outside" | "admin" | "admin-outside" | "member" | "reader" | "kit" => {
                    forge.refresh().await;
                }
                _ => forge.learn(&ada),
            }
        }
        signers.insert("owner", ada);
        Self {
            environment,
            project,
            signers,
            spares,
            tom: tom.member(),
            tom_spare,
            ted,
            tia,
            open: open.id(),
            open_owner,
            waiting_owner,
            service: service_id,
        }
    }

    fn signer(&self, name: &str) -> &Forge {
        &self.signers[name]
    }

    /// A spare of this signer's own member; for whoever has none, somebody else's.
    fn spare(&self, name: &str) -> KeyholderId {
        let name = if name == "kit" { "owner" } else { name };
        self.spares.get(name).copied().unwrap_or(self.tom_spare)
    }

    /// Whose member a signer is; for whoever is none, Tom.
    fn own(&self, name: &str) -> MemberId {
        let signer = self.signer(name);
        signer.team().member_of(signer.id()).unwrap_or(self.tom)
    }

    fn waiting(&self) -> MemberId {
        self.own("waiting")
    }
}

/// The invite, with what is known of the team now.
fn twin(invite: &Forge, ada: &Forge) -> Forge {
    let mut twin = invite.again();
    twin.learn(ada);
    twin
}

struct Row {
    event: &'static str,
    may: &'static str,
    build: fn(&Cast, &Forge, &str) -> Event,
}

const fn row(event: &'static str, may: &'static str, build: fn(&Cast, &Forge, &str) -> Event) -> Row {
    Row { event, may, build }
}

fn relabel(by: &Forge, subject: Subject) -> Event {
    Event::LabelChanged(LabelChanged { subject, label: by.label("x") })
}

fn invitation(by: &Forge, role: Role, access: Vec<Grant>) -> Event {
    let keys = by.stranger().keyholder().public().clone();
    Event::Invited(Invited { keys, role, access, expires_at: in_a_day(), approve: false })
}

fn environment(cast: &Cast, by: &Forge, access: Vec<MemberGrant>) -> Event {
    let (_, name, value) = by.opening(cast.environment);
    Event::EnvironmentCreated(EnvironmentCreated {
        environment: EnvironmentId::new(random()),
        project: cast.project,
        label: by.label("staging"),
        commitments: Commitments { name: name.commitment(), value: Some(value.commitment()) },
        access,
    })
}

fn new_team_key(by: &Forge) -> Event {
    let team = by.team();
    let generation: Generation = team.generations().last().unwrap().number.next().unwrap();
    let label = |_| SealedLabel { generation, id: LabelId::new(random()), ..by.label("x") };
    let labels = team.labelled().into_iter();
    let labels = labels.map(|subject| LabelChanged { subject, label: label(subject) }).collect();
    Event::GenerationOpened(GenerationOpened {
        environment: None,
        generation,
        commitments: Commitments { name: Commitment::new([1; 32]), value: None },
        head: None,
        labels,
    })
}

fn role_changed(member: MemberId, role: Role) -> Event {
    Event::RoleChanged(RoleChanged { member, role, keep: Vec::new(), heads: Vec::new() })
}

fn removed(member: MemberId) -> Event {
    Event::MemberRemoved(MemberRemoved { member, keep: Vec::new(), heads: Vec::new() })
}

fn revoked(keyholder: KeyholderId) -> Event {
    Event::KeyholderRevoked(KeyholderRevoked { keyholder, keep: Vec::new(), heads: Vec::new() })
}

fn access(cast: &Cast, member: MemberId, level: Option<Level>) -> Event {
    let environment = cast.environment;
    Event::AccessChanged(AccessChanged { environment, member, level, head: None })
}

const NO_HEAD: Head = Head { number: 0, hash: StatementHash::new([0; 32]) };

/// The rows of the table; what is said here of who may is written from the document, not from the code.
const TABLE: &[Row] = &[
    row("team-settings", OWNERS, |_, _, _| {
        let renewal = Renewal { at_least_days: 7, at_most_days: 30 };
        Event::TeamSettings(TeamSettings { creating: Creating::Admins, renewal })
    }),
    row("vault-moved", OWNERS, |_, _, _| {
        Event::VaultMoved(VaultMoved { address: "https://vault.example".into(), pin: None })
    }),
    row("history-accepted", OWNERS, |_, _, _| {
        let log = LogHead { sequence: 0, hash: NO_HEAD.hash };
        Event::HistoryAccepted(HistoryAccepted { log, heads: Vec::new() })
    }),
    row("label-changed of the team", OWNERS, |_, by, _| relabel(by, Subject::Team)),
    row("label-changed of oneself", EVERYBODY, |cast, by, who| relabel(by, Subject::Member(cast.own(who)))),
    row("label-changed of another member", ADMINS, |cast, by, _| relabel(by, Subject::Member(cast.tom))),
    row("label-changed of a project", GRANTERS, |cast, by, _| relabel(by, Subject::Project(cast.project))),
    row("label-changed of an environment", GRANTERS, |cast, by, _| {
        relabel(by, Subject::Environment(cast.environment))
    }),
    row("label-changed of a service", ADMINS, |cast, by, _| relabel(by, Subject::Service(cast.service))),
    row("invited, as member", ADMINS, |_, by, _| invitation(by, Role::Member, Vec::new())),
    row("invited, as admin", ADMINS, |_, by, _| invitation(by, Role::Admin, Vec::new())),
    row("invited, as owner", OWNERS, |_, by, _| invitation(by, Role::Owner, Vec::new())),
    row("invited, with access", GRANTERS, |cast, by, _| {
        let grant = Grant { environment: cast.environment, level: Level::Names };
        invitation(by, Role::Member, vec![grant])
    }),
    row("invite-closed", ADMINS, |cast, _, _| Event::InviteClosed(InviteClosed { invite: cast.open })),
    row("invite-closed, an owner's", OWNERS, |cast, _, _| {
        Event::InviteClosed(InviteClosed { invite: cast.open_owner })
    }),
    row("member-approved", ADMINS, |cast, _, _| {
        Event::MemberApproved(MemberApproved { member: cast.waiting() })
    }),
    row("member-approved, as owner", OWNERS, |cast, _, _| {
        Event::MemberApproved(MemberApproved { member: cast.waiting_owner })
    }),
    row("service-created", GRANTERS, |cast, by, _| {
        let keys = by.stranger().keyholder().public().clone();
        let access = vec![Grant { environment: cast.environment, level: Level::Names }];
        Event::ServiceCreated(ServiceCreated { keys, label: by.label("ci"), access, expires_at: None })
    }),
    row("service-closed", ADMINS, |cast, _, _| Event::ServiceClosed(ServiceClosed { service: cast.service })),
    row("keyholder-revoked, one's own", EVERYBODY_AND_KITS, |cast, _, who| revoked(cast.spare(who))),
    row("keyholder-revoked, another's", "", |cast, _, _| revoked(cast.tom_spare)),
    row("role-changed, member to admin", ADMINS, |cast, _, _| role_changed(cast.tom, Role::Admin)),
    row("role-changed, member to owner", OWNERS, |cast, _, _| role_changed(cast.tom, Role::Owner)),
    row("role-changed, admin to member", ADMINS, |cast, _, _| role_changed(cast.ted, Role::Member)),
    row("role-changed, owner to admin", OWNERS, |cast, _, _| role_changed(cast.tia, Role::Admin)),
    row("member-removed, a member", ADMINS, |cast, _, _| removed(cast.tom)),
    row("member-removed, an admin", ADMINS, |cast, _, _| removed(cast.ted)),
    row("member-removed, an owner", OWNERS, |cast, _, _| removed(cast.tia)),
    row("member-removed, who waits", ADMINS, |cast, _, _| removed(cast.waiting())),
    row("member-removed, oneself", EVERYBODY, |cast, _, who| removed(cast.own(who))),
    row("project-created", EVERYBODY, |_, by, _| {
        let (project, label) = (ProjectId::new(random()), by.label("web"));
        Event::ProjectCreated(ProjectCreated { project, label })
    }),
    row("project-deleted", GRANTERS, |cast, _, _| {
        Event::ProjectDeleted(ProjectDeleted { project: cast.project, heads: Vec::new() })
    }),
    row("environment-created", EVERYBODY, |cast, by, _| environment(cast, by, Vec::new())),
    row("environment-created, with access", ADMINS, |cast, by, _| {
        environment(cast, by, vec![MemberGrant { member: cast.tom, level: Level::Read }])
    }),
    row("environment-deleted", GRANTERS, |cast, _, _| {
        Event::EnvironmentDeleted(EnvironmentDeleted { environment: cast.environment, head: NO_HEAD })
    }),
    row("access-changed, given", GRANTERS, |cast, _, _| access(cast, cast.tom, Some(Level::Write))),
    row("access-changed, taken", GRANTERS, |cast, _, _| access(cast, cast.own("member"), None)),
    row("access-changed, given to oneself", WRITERS, |cast, _, who| {
        access(cast, cast.own(who), Some(Level::Write))
    }),
    row("generation-opened of an environment", WRITERS, |cast, by, _| by.opening(cast.environment).0),
    row("generation-opened of the team", ADMINS, |_, by, _| new_team_key(by)),
];

/// What the rules say to somebody who may not.
fn code(who: &str) -> &'static str {
    match who {
        "removed" => "revoked",
        "service" | "invite" | "stranger" => "unknown-keyholder",
        _ => "not-allowed",
    }
}

fn may(row: &Row, who: &str) -> bool {
    row.may.split(' ').any(|name| name == who)
}

/// Tells a lie to two clients, and expects that neither believes it.
async fn refused_by_all(setting: &Setting, what: &str, lie: Lie, code: &str) {
    setting.proxy.lie(lie);
    let (ada, ben) = (setting.ada.client.sync(), setting.ben.client.sync());
    let (ada, ben): (Result<SyncOutcome, Error>, Result<SyncOutcome, Error>) = tokio::join!(ada, ben);
    setting.proxy.be_honest();
    for (victim, answer) in [("the owner", ada), ("the member", ben)] {
        match answer {
            Err(Error::Refused(refused)) if refused.refusal.code() == code => {}
            other => panic!("{what}: {victim} was to refuse it as {code}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_table_forbids_is_refused_by_the_server_and_by_every_other_client() {
    let setting = Setting::new(Mode::Ask).await;
    let cast = Cast::new(&setting).await;
    let before = [kept(&setting.ada), kept(&setting.ben)];
    let mut cells = 0;
    for row in TABLE {
        for who in SIGNERS.into_iter().filter(|who| !may(row, who)) {
            let what = format!("{} by {who}", row.event);
            let by = cast.signer(who);
            let event = by.filled((row.build)(&cast, by, who));
            let statement = by.sign(event);
            let answer = by.append(vec![statement.clone()], Vec::new()).await;
            let expected = match who {
                "removed" => (403, "revoked"),
                "stranger" => (404, "not-found"),
                _ => (403, "forbidden"),
            };
            assert_eq!((answer.status, answer.code()), expected, "{what}: {answer:?}");
            refused_by_all(&setting, &what, Collusion::events([statement]).lie(), code(who)).await;
            cells += 1;
        }
    }
    assert!(cells > 280, "{cells}");
    keyholders_are_added_by_their_own_member_alone(&setting, &cast).await;
    nobody_pushes_without_write_access(&setting, &cast).await;
    // The server is where it was as well.
    let now = Forge::of(&setting.ada, &setting.vault).await;
    assert_eq!(now.team().head(), cast.signer("owner").team().head());
    assert_eq!(now.chain(cast.environment).head(), cast.signer("owner").chain(cast.environment).head());
    assert_eq!([kept(&setting.ada), kept(&setting.ben)], before);
    for computer in [&setting.ada, &setting.ben] {
        computer.client.pull(&computer.env()).await.unwrap();
    }
    setting.check_in_step().await;
}

/// `keyholder-added` is signed by two, so it has a form of its own.
async fn keyholders_are_added_by_their_own_member_alone(setting: &Setting, cast: &Cast) {
    for who in SIGNERS.into_iter().filter(|who| !EVERYBODY_AND_KITS.split(' ').any(|name| name == *who)) {
        let by = cast.signer(who);
        for kind in [KeyholderKind::Computer, KeyholderKind::Recovery] {
            let what = format!("keyholder-added by {who}");
            let statement = by.adding(&by.stranger(), kind);
            let answer = by.append(vec![statement.clone()], Vec::new()).await;
            assert!((400..500).contains(&answer.status), "{what}: {answer:?}");
            refused_by_all(setting, &what, Collusion::events([statement]).lie(), code(who)).await;
        }
    }
    // In somebody else's name: the statement says whose member it is by its author alone.
    let (member, victim) = (cast.signer("member"), cast.signer("admin"));
    let keys = member.stranger();
    let added = Event::KeyholderAdded(KeyholderAdded {
        keys: keys.keyholder().public().clone(),
        kind: KeyholderKind::Computer,
    });
    let forged = twinlock_protocol::event::TeamEvent { author: victim.id(), ..member.event(added) };
    let mut statement = keys.keyholder().co_sign(member.keyholder().sign_event(&forged));
    statement.signatures[0].keyid = victim.id();
    let answer = member.append(vec![statement.clone()], Vec::new()).await;
    assert_eq!((answer.status, answer.refusal()), (422, "signature"), "{answer:?}");
    refused_by_all(setting, "added to another", Collusion::events([statement]).lie(), "signature").await;
}

/// The right to push is no row of the table: 7.2, rule 4.
async fn nobody_pushes_without_write_access(setting: &Setting, cast: &Cast) {
    for who in SIGNERS.into_iter().filter(|who| !WRITERS.split(' ').any(|name| name == *who)) {
        let by = cast.signer(who);
        let (statement, values) = by.variable(cast.environment, ("EVIL=", "1\n"));
        let put = by.put_values(cast.environment, &values).await;
        // A kit reads and puts what its member may; without a revision a value is nothing, and is swept.
        assert!(who == "kit" || (400..500).contains(&put.status), "values by {who}: {put:?}");
        let answer = by.push(cast.environment, &statement).await;
        assert!((400..500).contains(&answer.status), "a revision by {who}: {answer:?}");
        let what = format!("a revision by {who}");
        let code = match who {
            // Nobody pushed since: what they refer to is judged at that place of the log.
            "removed" => "not-allowed",
            _ => code(who),
        };
        let lie = Collusion::revisions(cast.environment, [statement]).and_values(values).lie();
        for victim in [&setting.ada, &setting.ben] {
            setting.refused(&what, victim, lie.clone(), code).await;
        }
    }
}
