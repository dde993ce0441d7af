//! The table of who may do what, cell by cell: each event, tried by each kind of signer, on one's own and on
//! others'. What the table here says is written from `docs/protocol.md`, not from the code.

use twinlock_seal::NameKey;

use super::events::*;
use super::*;

/// Everybody who tries. The last four have no standing at all.
pub(crate) const SIGNERS: [&str; 12] = [
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

/// A team with somebody of each kind, and somebody of each kind to do things to.
pub(crate) struct Cast {
    pub(crate) world: World,
    signers: Vec<(&'static str, Keyholder)>,
    /// Further computers, to be revoked.
    spares: Vec<(&'static str, Keyholder)>,
    tom: Keyholder,
    tom_spare: Keyholder,
    ted: Keyholder,
    tia: Keyholder,
    open: Keyholder,
    open_owner: Keyholder,
    waiting_owner: Keyholder,
    service: Keyholder,
}

impl Cast {
    pub(crate) fn new() -> Self {
        let mut world = World::new("table");
        // A server takes a new team with its founder's name, and judges what has expired.
        world.expires_at = Timestamp(4 * NOW.0);
        let (subject, label) = (Subject::Member(world.founder_member()), world.label("Ada"));
        world.by_founder(Event::LabelChanged(LabelChanged { subject, label })).unwrap();
        world.with_environment();
        let (write, read) = (world.grant(Level::Write), world.grant(Level::Read));
        let ada = world.twin(world.founder.id());
        let mut signers = vec![
            ("owner-outside", world.join(Role::Owner, Vec::new())),
            ("admin", world.join(Role::Admin, write.clone())),
            ("admin-outside", world.join(Role::Admin, Vec::new())),
            ("member", world.join(Role::Member, write.clone())),
            ("reader", world.join(Role::Member, read.clone())),
            ("removed", world.join(Role::Member, write.clone())),
        ];
        let (tom, ted, tia) = (
            world.join(Role::Member, read.clone()),
            world.join(Role::Admin, Vec::new()),
            world.join(Role::Owner, Vec::new()),
        );
        let tom_spare = world.adds(&tom, KeyholderKind::Computer).unwrap();
        let gone = world.member(&signers[5].1);
        world.does(&ada, removed(gone, &[])).unwrap();
        let spares: Vec<_> = signers
            .iter()
            .take(5)
            .map(|(name, keyholder)| (*name, keyholder.id()))
            .chain([("owner", ada.id())])
            .collect::<Vec<_>>()
            .into_iter()
            .map(|(name, id)| {
                let author = world.twin(id);
                (name, world.adds(&author, KeyholderKind::Computer).unwrap())
            })
            .collect();
        let open = world.invite(Role::Member, Vec::new());
        let open_owner = world.invite(Role::Owner, Vec::new());
        let waiting = world.invites(&ada, Role::Member, read.clone(), true).unwrap();
        let waiting = world.waits(&waiting);
        let waiting_owner = world.invites(&ada, Role::Owner, read.clone(), true).unwrap();
        let waiting_owner = world.waits(&waiting_owner);
        let service = world.serves(&ada, read).unwrap();
        let stranger = world.keyholder();
        signers.extend([
            ("kit", world.adds(&ada, KeyholderKind::Recovery).unwrap()),
            ("owner", ada),
            ("waiting", waiting),
            ("service", world.twin(service.id())),
            ("invite", world.twin(open.id())),
            ("stranger", stranger),
        ]);
        Self { world, signers, spares, tom, tom_spare, ted, tia, open, open_owner, waiting_owner, service }
    }

    pub(crate) fn signer(&self, name: &str) -> &Keyholder {
        &self.signers.iter().find(|(known, _)| *known == name).unwrap().1
    }

    /// A spare of this signer's own member; for whoever has none, somebody else's.
    fn spare(&self, name: &str) -> KeyholderId {
        let name = if name == "kit" { "owner" } else { name };
        self.spares
            .iter()
            .find(|(known, _)| *known == name)
            .map_or(self.tom_spare.id(), |(_, spare)| spare.id())
    }

    /// Whose member a signer is; for whoever is none, Tom.
    fn own(&self, name: &str) -> MemberId {
        self.world.team.member_of(self.signer(name).id()).unwrap_or(self.world.member(&self.tom))
    }
}

pub(crate) type Build = Box<dyn Fn(&mut Cast, &str) -> Event>;

pub(crate) struct Row {
    pub(crate) event: &'static str,
    pub(crate) build: Build,
    /// Who may.
    pub(crate) may: &'static str,
}

pub(crate) const OWNERS: &str = "owner owner-outside";
pub(crate) const ADMINS: &str = "owner owner-outside admin admin-outside";
pub(crate) const GRANTERS: &str = "owner admin";
pub(crate) const WRITERS: &str = "owner admin member";
pub(crate) const EVERYBODY: &str = "owner owner-outside admin admin-outside member reader";
pub(crate) const EVERYBODY_AND_KITS: &str = "owner owner-outside admin admin-outside member reader kit";

fn row(event: &'static str, may: &'static str, build: impl Fn(&mut Cast, &str) -> Event + 'static) -> Row {
    Row { event, may, build: Box::new(build) }
}

fn relabel(cast: &mut Cast, subject: Subject) -> Event {
    Event::LabelChanged(LabelChanged { subject, label: cast.world.label("x") })
}

fn invitation(cast: &mut Cast, role: Role, access: Vec<Grant>) -> Event {
    Event::Invited(invited(&cast.world.keyholder(), role, access))
}

fn environment(cast: &mut Cast, access: Vec<MemberGrant>) -> Event {
    let id = EnvironmentId::new([9; 16]);
    let scope = twinlock_seal::KeyScope {
        team: cast.world.team.id(),
        environment: Some(id),
        generation: Generation::FIRST,
    };
    let commitment = NameKey::generate(scope, &mut cast.world.rng).commitment();
    Event::EnvironmentCreated(EnvironmentCreated {
        environment: id,
        project: cast.world.project,
        label: cast.world.label("staging"),
        commitments: Commitments { name: commitment, value: Some(commitment) },
        access,
    })
}

fn generation(cast: &mut Cast, of_team: bool) -> Event {
    let commitment = Commitment::new([1; 32]);
    let label = SealedLabel { generation: Generation(2), ..cast.world.label("x") };
    let labels = cast.world.team.labelled();
    let labels = labels.into_iter().map(|subject| LabelChanged { subject, label: label.clone() });
    Event::GenerationOpened(GenerationOpened {
        environment: (!of_team).then_some(cast.world.environment),
        generation: Generation(2),
        commitments: Commitments { name: commitment, value: (!of_team).then_some(commitment) },
        head: (!of_team).then(|| cast.world.head_of(cast.world.environment)),
        labels: if of_team { labels.collect() } else { Vec::new() },
    })
}

pub(crate) fn table() -> Vec<Row> {
    use Event as E;
    let head = Head { number: 0, hash: StatementHash::new([0; 32]) };
    let log = LogHead { sequence: 0, hash: head.hash };
    vec![
        row("team-settings", OWNERS, |_, _| settings(Creating::Admins, 7, 30)),
        row("vault-moved", OWNERS, |_, _| {
            E::VaultMoved(VaultMoved { address: "https://vault.example".into(), pin: None })
        }),
        row("history-accepted", OWNERS, move |_, _| {
            E::HistoryAccepted(HistoryAccepted { log, heads: Vec::new() })
        }),
        row("label-changed, team", OWNERS, |cast, _| relabel(cast, Subject::Team)),
        row("label-changed, oneself", EVERYBODY, |cast, who| {
            let own = cast.own(who);
            relabel(cast, Subject::Member(own))
        }),
        row("label-changed, another", ADMINS, |cast, _| {
            let tom = cast.world.member(&cast.tom);
            relabel(cast, Subject::Member(tom))
        }),
        row("label-changed, project", GRANTERS, |cast, _| {
            let project = cast.world.project;
            relabel(cast, Subject::Project(project))
        }),
        row("label-changed, environment", GRANTERS, |cast, _| {
            let environment = cast.world.environment;
            relabel(cast, Subject::Environment(environment))
        }),
        row("label-changed, service", ADMINS, |cast, _| {
            let service = cast.service.id();
            relabel(cast, Subject::Service(service))
        }),
        row("invited, member", ADMINS, |cast, _| invitation(cast, Role::Member, Vec::new())),
        row("invited, admin", ADMINS, |cast, _| invitation(cast, Role::Admin, Vec::new())),
        row("invited, owner", OWNERS, |cast, _| invitation(cast, Role::Owner, Vec::new())),
        row("invited, with access", GRANTERS, |cast, _| {
            let grant = cast.world.grant(Level::Names);
            invitation(cast, Role::Member, grant)
        }),
        row("invite-closed", ADMINS, |cast, _| E::InviteClosed(InviteClosed { invite: cast.open.id() })),
        row("invite-closed, an owner's", OWNERS, |cast, _| {
            E::InviteClosed(InviteClosed { invite: cast.open_owner.id() })
        }),
        row("member-approved", ADMINS, |cast, _| {
            let member = cast.world.member(cast.signer("waiting"));
            E::MemberApproved(MemberApproved { member })
        }),
        row("member-approved, owner", OWNERS, |cast, _| {
            E::MemberApproved(MemberApproved { member: cast.world.member(&cast.waiting_owner) })
        }),
        row("service-created", GRANTERS, |cast, _| {
            let keys = cast.world.keyholder().public().clone();
            let (label, access) = (cast.world.label("ci"), cast.world.grant(Level::Names));
            E::ServiceCreated(ServiceCreated { keys, label, access, expires_at: None })
        }),
        row("service-closed", ADMINS, |cast, _| {
            E::ServiceClosed(ServiceClosed { service: cast.service.id() })
        }),
        row("keyholder-added", EVERYBODY_AND_KITS, |cast, _| {
            let keys = cast.world.keyholder().public().clone();
            E::KeyholderAdded(KeyholderAdded { keys, kind: KeyholderKind::Computer })
        }),
        row("keyholder-revoked, one's own", EVERYBODY_AND_KITS, |cast, who| {
            let keyholder = cast.spare(who);
            E::KeyholderRevoked(KeyholderRevoked { keyholder, keep: Vec::new(), heads: Vec::new() })
        }),
        row("keyholder-revoked, another's", "", |cast, _| revoked(&cast.tom_spare, &[])),
        row("role-changed, member to admin", ADMINS, |cast, _| {
            role_changed(cast.world.member(&cast.tom), Role::Admin, &[])
        }),
        row("role-changed, member to owner", OWNERS, |cast, _| {
            role_changed(cast.world.member(&cast.tom), Role::Owner, &[])
        }),
        row("role-changed, admin to member", ADMINS, |cast, _| {
            role_changed(cast.world.member(&cast.ted), Role::Member, &[])
        }),
        row("role-changed, owner to admin", OWNERS, |cast, _| {
            role_changed(cast.world.member(&cast.tia), Role::Admin, &[])
        }),
        row("member-removed, member", ADMINS, |cast, _| removed(cast.world.member(&cast.tom), &[])),
        row("member-removed, admin", ADMINS, |cast, _| removed(cast.world.member(&cast.ted), &[])),
        row("member-removed, owner", OWNERS, |cast, _| removed(cast.world.member(&cast.tia), &[])),
        row("member-removed, who waits", ADMINS, |cast, _| {
            removed(cast.world.member(cast.signer("waiting")), &[])
        }),
        row("member-removed, oneself", EVERYBODY, |cast, who| removed(cast.own(who), &[])),
        row("project-created", EVERYBODY, |cast, _| {
            let label = cast.world.label("web");
            E::ProjectCreated(ProjectCreated { project: ProjectId::new([9; 16]), label })
        }),
        row("project-deleted", GRANTERS, |cast, _| {
            E::ProjectDeleted(ProjectDeleted { project: cast.world.project, heads: Vec::new() })
        }),
        row("environment-created", EVERYBODY, |cast, _| environment(cast, Vec::new())),
        row("environment-created, with access", ADMINS, |cast, _| {
            let member = cast.world.member(&cast.tom);
            environment(cast, vec![MemberGrant { member, level: Level::Read }])
        }),
        row("environment-deleted", GRANTERS, move |cast, _| {
            E::EnvironmentDeleted(EnvironmentDeleted { environment: cast.world.environment, head })
        }),
        row("access-changed, given", GRANTERS, |cast, _| {
            access(cast.world.environment, cast.world.member(&cast.tom), Some(Level::Write))
        }),
        row("access-changed, taken", GRANTERS, |cast, _| {
            access(cast.world.environment, cast.world.member(cast.signer("member")), None)
        }),
        row("access-changed, given to oneself", "", |cast, who| {
            let own = cast.own(who);
            let now = cast.world.team.level(own, cast.world.environment);
            // Who writes already has nothing to gain; they try for Tom, and are not judged here.
            access(
                cast.world.environment,
                own,
                if now < Some(Level::Write) { Some(Level::Write) } else { now },
            )
        }),
        row("generation-opened, environment", WRITERS, |cast, _| generation(cast, false)),
        row("generation-opened, team", ADMINS, |cast, _| generation(cast, true)),
    ]
}

/// What somebody of this name signs, at the end of the log as it is.
pub(crate) fn signed(cast: &mut Cast, who: &str, build: &Build) -> Envelope {
    let event = build(cast, who);
    let signer = cast.signer(who);
    let event = cast.world.filled(signer.id(), event);
    let statement = signer.sign_event(&cast.world.event(signer.id(), event.clone()));
    match &event {
        Event::KeyholderAdded(added) => cast.world.twin(added.keys.id()).co_sign(statement),
        _ => statement,
    }
}
