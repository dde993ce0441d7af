//! Vectors of a team that changes: every event type once at least, what it all adds up to, and statements that are
//! refused on top of it, each with its code. `vectors.rs` says how to write them anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use serde_json::{Value, json};
use support::events::*;
use support::vectors::check;
use support::*;
use twinlock_protocol::Verified;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::environment::Environment;
use twinlock_protocol::event::*;
use twinlock_protocol::ids::*;
use twinlock_protocol::revision::*;
use twinlock_protocol::team::{InviteState, MemberState, Team};
use twinlock_seal::Keyholder;

struct Story {
    world: World,
    ada: Keyholder,
    state: Verified<Environment>,
    revisions: Vec<Envelope>,
    refused: Vec<Value>,
}

impl Story {
    fn push(&mut self, statement: Envelope) {
        self.state.append(&self.world.team, &statement).unwrap();
        self.revisions.push(statement);
        self.world.heads.insert(self.world.environment, self.state.head());
    }

    fn rotate(&mut self) {
        let rotation = self.world.rotation(&self.ada, &self.state);
        self.push(rotation);
    }

    fn moved(&self, author: &Keyholder, position: &str) -> Envelope {
        author.sign_revision(&self.world.moving(author.id(), &self.state, position))
    }

    fn purge(&self, author: &Keyholder, pointer: Pointer) -> Envelope {
        let changes = vec![Change::Purge(Purge { pointer })];
        let revision =
            Revision { cause: Cause::Purge, ..self.world.revision(author.id(), &self.state, changes) };
        author.sign_revision(&Revision { state: self.state.state(), ..revision })
    }

    /// An event that the team refuses now, noted with the length of the log.
    fn refuses(&mut self, statement: Envelope) {
        let code = self.world.team.clone().append(&statement).unwrap_err().code();
        let after = self.world.team.head().sequence;
        self.refused.push(json!({ "after": after, "statement": statement, "code": code }));
    }

    fn refuses_of(&mut self, author: &Keyholder, event: Event) {
        let event = self.world.filled(author.id(), event);
        let statement = author.sign_event(&self.world.event(author.id(), event));
        self.refuses(statement);
    }
}

#[test]
fn a_team_that_changes() {
    let mut world = World::new("trust");
    let (name, value, state) = world.with_environment();
    let ada = world.twin(world.founder.id());
    let (environment, owner) = (world.environment, world.founder_member());
    let at = places(2);
    let changes = vec![
        world.put((&name, &value), "A=", "1\n", at[0].clone()),
        world.put((&name, &value), "B=", "2\n", at[1].clone()),
    ];
    let first = world.founder.sign_revision(&world.revision(ada.id(), &state, changes));
    let mut story = Story { world, ada, state, revisions: Vec::new(), refused: Vec::new() };
    let ada = story.world.twin(story.ada.id());
    story.push(first);

    // Settings, an admin with two computers and a kit, an invite and a service of his, keys renewed.
    story.world.does(&ada, settings(Creating::Admins, 3, 14)).unwrap();
    let write = story.world.grant(Level::Write);
    let ben = story.world.join(Role::Admin, write.clone());
    let laptop = story.world.adds(&ben, KeyholderKind::Computer).unwrap();
    let kit = story.world.adds(&laptop, KeyholderKind::Recovery).unwrap();
    let guest = story.world.invites(&laptop, Role::Member, Vec::new(), false).unwrap();
    let lost = story.world.invites(&laptop, Role::Member, Vec::new(), false).unwrap();
    let read = story.world.grant(Level::Read);
    let service = story.world.serves(&ada, read.clone()).unwrap();
    story.rotate();

    // Willa waits, is approved, named, and given and taken access.
    let invite = story.world.invites(&ada, Role::Member, story.world.grant(Level::Names), true).unwrap();
    let willa = story.world.waits(&invite);
    let willa_id = story.world.member(&willa);
    let label = story.world.label("Willa");
    let named = Event::LabelChanged(LabelChanged { subject: Subject::Member(willa_id), label });
    story.refuses_of(&willa, named.clone());
    story.world.does(&ada, Event::MemberApproved(MemberApproved { member: willa_id })).unwrap();
    story.world.does(&willa, named).unwrap();
    story.world.does(&ada, access(environment, willa_id, Some(Level::Write))).unwrap();
    let late = story.moved(&willa, "zz");
    story.world.does(&ada, access(environment, willa_id, Some(Level::Names))).unwrap();

    // Ben's laptop is revoked, its guest kept.
    story.refuses_of(&ben, revoked(&laptop, &[&ben]));
    let mut bare = revoked(&laptop, &[]);
    story.refuses(ben.sign_event(&story.world.event(ben.id(), bare.clone())));
    if let Event::KeyholderRevoked(revoked) = &mut bare {
        let head = Head { number: 1, hash: story.state.head().hash };
        revoked.heads = vec![PinnedHead { environment, head }];
    }
    story.refuses(ben.sign_event(&story.world.event(ben.id(), bare)));
    story.world.does(&ben, revoked(&laptop, &[&guest])).unwrap();
    assert!(!story.world.is_live(&kit));
    story.refuses_of(&ben, revoked(&ben, &[]));
    let (_, joined) = story.world.joined(&lost);
    story.refuses(joined);
    story.refuses_of(&laptop, access(environment, willa_id, None));

    // Roles, an owner who can't go, a removal, keys renewed.
    let dora = story.world.join(Role::Member, write.clone());
    let dora_id = story.world.member(&dora);
    story.rotate();
    story.refuses_of(&ada, removed(owner, &[]));
    story.refuses_of(&dora, role_changed(dora_id, Role::Admin, &[]));
    story.refuses_of(&ben, role_changed(dora_id, Role::Owner, &[]));
    story.world.does(&ada, role_changed(dora_id, Role::Admin, &[])).unwrap();
    let from_dora = story.world.serves(&dora, read).unwrap();
    let dora_late = story.moved(&dora, "zz");
    story.world.does(&ben, removed(dora_id, &[])).unwrap();
    assert!(story.world.team.services()[&from_dora.id()].closed.is_some());
    story.rotate();

    // Ends: of an invite, a service, an environment, a project.
    story.world.does(&ben, Event::InviteClosed(InviteClosed { invite: guest.id() })).unwrap();
    story.refuses_of(&ben, Event::InviteClosed(InviteClosed { invite: guest.id() }));
    story.world.does(&ben, Event::ServiceClosed(ServiceClosed { service: service.id() })).unwrap();
    let web = ProjectId::new(story.world.rng.bytes());
    let label = story.world.label("web");
    story.refuses_of(&willa, Event::ProjectCreated(ProjectCreated { project: web, label: label.clone() }));
    story.world.does(&ben, Event::ProjectCreated(ProjectCreated { project: web, label })).unwrap();
    for end in ["environment", "project"] {
        let id = EnvironmentId::new(story.world.rng.bytes());
        let created = EnvironmentCreated {
            environment: id,
            project: web,
            label: story.world.label("staging"),
            commitments: Commitments {
                name: Commitment::new([1; 32]),
                value: Some(Commitment::new([2; 32])),
            },
            access: vec![MemberGrant { member: owner, level: Level::Read }],
        };
        story.world.does(&ben, Event::EnvironmentCreated(created)).unwrap();
        let head = story.world.head_of(id);
        let deleted = match end {
            "environment" => Event::EnvironmentDeleted(EnvironmentDeleted { environment: id, head }),
            _ => Event::ProjectDeleted(ProjectDeleted { project: web, heads: Vec::new() }),
        };
        story.refuses_of(&ada, deleted.clone());
        story.world.does(&ben, deleted).unwrap();
    }
    let label = story.world.label("again");
    story.refuses_of(&ben, Event::ProjectCreated(ProjectCreated { project: web, label }));
    story.refuses_of(
        &ben,
        Event::ProjectDeleted(ProjectDeleted { project: ProjectId::new([1; 16]), heads: Vec::new() }),
    );

    // The vault moves, a history is given up, keys are renewed, a former value is purged.
    let moved =
        VaultMoved { address: "https://vault.example:7443".into(), pin: Some(CertificatePin([3; 32])) };
    story.refuses_of(&ben, Event::VaultMoved(moved.clone()));
    story.world.does(&ada, Event::VaultMoved(moved)).unwrap();
    let log = story.world.team.head();
    story.world.does(&ada, Event::HistoryAccepted(HistoryAccepted { log, heads: Vec::new() })).unwrap();
    story.rotate();
    let former = story.state.former_pointers().next().unwrap();
    let statement = story.purge(&ben, former);
    story.push(statement);

    // And on top of all of it.
    let phone = story.world.keyholder();
    let mut half = story.world.adding(&ada, &phone, KeyholderKind::Computer);
    half.signatures.truncate(1);
    story.refuses(half);
    let again = story.world.adding(&ada, &laptop, KeyholderKind::Computer);
    story.refuses(again);
    story.refuses_of(&service, access(environment, willa_id, None));
    story.refuses_of(&ada, access(environment, dora_id, Some(Level::Read)));
    story.refuses_of(&ada, access(environment, owner, Some(Level::Write)));
    story.refuses_of(&ada, Event::ServiceClosed(ServiceClosed { service: service.id() }));
    story.refuses_of(&ada, settings(Creating::Admins, 0, 14));

    // Revisions on top of the last one that are not to follow.
    let eve = story.world.join(Role::Member, write);
    let eve_id = story.world.member(&eve);
    let finn = story.world.join(Role::Admin, story.world.grant(Level::Write));
    let finn_id = story.world.member(&finn);
    story.rotate();
    let push = story.moved(&ada, "y");
    story.push(push);
    let in_use = story.state.in_order().next().unwrap().1.pointer;
    let mut on_top = vec![
        story.moved(&eve, "zz"),
        story.moved(&willa, "zz"),
        story.moved(&dora, "zz"),
        story.moved(&laptop, "zz"),
        story.purge(&ben, former),
        story.purge(&ben, in_use),
        story.purge(&eve, story.state.former_pointers().next().unwrap()),
        story.purge(&finn, story.state.former_pointers().next().unwrap()),
    ];
    let bare = role_changed(finn_id, Role::Member, &[]);
    story.refuses(ada.sign_event(&story.world.event(ada.id(), bare.clone())));
    story.world.does(&ada, bare).unwrap();
    story.world.does(&ada, access(environment, eve_id, Some(Level::Read))).unwrap();
    on_top.push(story.moved(&ada, "zz"));
    let length = story.revisions.len();
    let on_top = on_top.into_iter().map(|statement| (length, statement));
    let refused: Vec<Value> = [(2, late), (3, dora_late)]
        .into_iter()
        .chain(on_top)
        .map(|(after, statement)| {
            let mut before = Environment::start(&story.world.team, environment).unwrap();
            before.extend(&story.world.team, &story.revisions[..after]).unwrap();
            let code = before.append(&story.world.team, &statement).unwrap_err().code();
            json!({ "after": after, "statement": statement, "code": code })
        })
        .collect();
    check(
        "trust.json",
        &json!({
            "log": story.world.log,
            "team": summary(&story.world.team),
            "refused_events": story.refused,
            "environment": environment,
            "revisions": story.revisions,
            "environment_head": story.state.head(),
            "state": story.state.state(),
            "refused_revisions": refused,
        }),
    );
}

/// What the log adds up to, as far as a second implementation is asked about it.
fn summary(team: &Team) -> Value {
    let members = team.members().iter().map(|(id, member)| {
        let state = match member.state {
            MemberState::Waiting { .. } => "waiting",
            MemberState::Active => "active",
            MemberState::Removed { .. } => "removed",
        };
        let access = team.access_of(*id).map(|(environment, level)| Grant { environment, level });
        json!({ "id": id, "role": member.role, "state": state, "access": access.collect::<Vec<_>>() })
    });
    let keyholders = team.keyholders().iter().map(
        |(id, held)| json!({ "id": id, "member": held.member, "kind": held.kind, "live": held.is_live() }),
    );
    let invites = team.invites().iter().map(|(id, invite)| {
        let state = match invite.state {
            InviteState::Open => "open",
            InviteState::Waiting { .. } => "waiting",
            InviteState::Used { .. } => "used",
            InviteState::Closed { .. } => "closed",
        };
        json!({ "id": id, "state": state })
    });
    let services = team.services().iter().map(|(id, one)| json!({ "id": id, "open": one.closed.is_none() }));
    let environments = team.environments().iter().map(|(id, environment)| {
        json!({
            "id": id, "generation": environment.current().number, "stale": environment.is_stale(),
            "reach": environment.reach(), "orphaned": team.is_orphaned(environment),
        })
    });
    json!({
        "id": team.id(), "head": team.head(), "name_key_due": team.name_key_due(), "settings": team.settings(),
        "members": members.collect::<Vec<_>>(), "keyholders": keyholders.collect::<Vec<_>>(),
        "invites": invites.collect::<Vec<_>>(), "services": services.collect::<Vec<_>>(),
        "environments": environments.collect::<Vec<_>>(),
    })
}
