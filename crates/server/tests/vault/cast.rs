//! A team with somebody of each kind, on a running vault: everybody who may ask it for something, or try.

use twinlock_protocol::api::{AppendEvents, Appended, CreateTeam, Rotated, Wrap};
use twinlock_protocol::event::*;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{Envelope, KeyholderId, Pointer, TeamId};
use twinlock_seal::{Keyholder, Seed};

use crate::rotation::renew;
use crate::support::{Client, Vault, Writer, computer, in_a_day, new_team, now, random};

/// Whoever sends a request, and how they sign it.
pub(crate) struct Asker {
    pub(crate) name: &'static str,
    pub(crate) keyholder: Keyholder,
    /// The team that their requests name.
    pub(crate) team: TeamId,
    pub(crate) manner: Manner,
}

/// How a request is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As it is due.
    Well,
    /// Not at all.
    Not,
    /// By another key, in the owner's name.
    Forged,
    /// As it is due, longer ago than a vault accepts.
    Late,
}

/// Everybody, and what they ask for.
pub(crate) struct Cast {
    pub(crate) vault: Vault,
    /// The owner's client: it knows where the log ends.
    pub(crate) ada: Client,
    pub(crate) askers: Vec<Asker>,
    /// Where the askers have what their names say.
    pub(crate) main: Writer,
    /// Where the owner alone has access.
    pub(crate) other: Writer,
    /// Deleted.
    pub(crate) gone: Writer,
    pub(crate) value: Pointer,
    pub(crate) creation: CreateTeam,
    pub(crate) foreign_creation: CreateTeam,
}

impl Cast {
    #[expect(
        clippy::too_many_lines,
        reason = "one line after the other: who comes, and what becomes of them"
    )]
    pub(crate) async fn assemble() -> Self {
        let vault = Vault::start().await;
        let seed = random();
        let (mut ada, statements, wraps) = new_team(twin(seed));
        let setup_code = vault.setup_code();
        let creation = CreateTeam { setup_code: setup_code.clone(), statements, wraps };
        ada.post(&vault, "/v1/teams", &creation).await.ok::<Appended>();

        let mut members = Vec::new();
        for name in ["adm", "out", "wri", "rea", "nam", "non", "rem"] {
            let role = if ["adm", "out"].contains(&name) { Role::Admin } else { Role::Member };
            members.push((name, ada.let_join_as(&vault, role, &[]).await));
        }
        let member = |ada: &Client, name: &str| {
            let (_, client) = members.iter().find(|(known, _)| *known == name).unwrap();
            ada.team.member_of(client.id()).unwrap()
        };
        let levels = [
            ("adm", Level::Write),
            ("wri", Level::Write),
            ("rea", Level::Read),
            ("nam", Level::Names),
            ("rem", Level::Write),
        ];
        let access =
            levels.iter().map(|(name, level)| MemberGrant { member: member(&ada, name), level: *level });
        let access = access.collect();
        let mut main = ada.create_environment(&vault, access).await;
        let other = ada.create_environment(&vault, Vec::new()).await;
        let gone = ada.create_environment(&vault, Vec::new()).await;
        ada.push_values(&vault, &mut main, &["one\n"]).await;
        let head = |writer: &Writer| PinnedHead {
            environment: writer.environment.id(),
            head: writer.environment.head(),
        };

        // A kit of the owner; a second computer of the writer, which is revoked; a member who is removed.
        let kit = computer();
        let everywhere = [(&main, Level::Write), (&other, Level::Write)];
        let wraps = ada.wraps_to(&kit, &[everywhere[0], everywhere[1], (&gone, Level::Write)]);
        let added = ada.sign(added(&kit, KeyholderKind::Recovery));
        store(&mut ada, &vault, kit.co_sign(added), wraps).await;
        let revoked = computer();
        let at = members.iter().position(|(name, _)| *name == "wri").unwrap();
        members[at].1.team = ada.team.clone();
        let wri = &mut members[at].1;
        let wraps = wri.wraps_to(&revoked, &[(&main, Level::Write)]);
        let statement = revoked.co_sign(wri.sign(self::added(&revoked, KeyholderKind::Computer)));
        store(wri, &vault, statement, wraps).await;
        let revocation =
            KeyholderRevoked { keyholder: revoked.id(), keep: Vec::new(), heads: vec![head(&main)] };
        let statement = wri.sign(Event::KeyholderRevoked(revocation));
        store(wri, &vault, statement, Vec::new()).await;
        ada.team = wri.team.clone();
        let removed = ada.team.member_of(members.last().unwrap().1.id()).unwrap();
        let removal = MemberRemoved { member: removed, keep: Vec::new(), heads: vec![head(&main)] };
        let statement = ada.sign(Event::MemberRemoved(removal));
        store(&mut ada, &vault, statement, Vec::new()).await;

        // Services: two that read, one that is closed, one past its time.
        let mut services = Vec::new();
        for (name, level, expires_at) in [
            ("srv", Level::Read, Some(in_a_day())),
            ("sna", Level::Names, None),
            ("sxc", Level::Read, None),
            ("sxe", Level::Read, Some(past())),
        ] {
            let service = computer();
            let created = Event::ServiceCreated(ServiceCreated {
                keys: service.public().clone(),
                label: ada.label("ci"),
                access: vec![Grant { environment: main.environment.id(), level }],
                expires_at,
            });
            let wraps = ada.wraps_to(&service, &[(&main, level)]).split_off(1);
            let statement = ada.sign(created);
            store(&mut ada, &vault, statement, wraps).await;
            services.push((name, service));
        }
        let closed = ServiceClosed { service: services[2].1.id() };
        let statement = ada.sign(Event::ServiceClosed(closed));
        store(&mut ada, &vault, statement, Vec::new()).await;

        // Invites: open, past its time, used, closed, and one whose user waits.
        let mut invites = Vec::new();
        for (name, expires_at, approve) in [
            ("opn", in_a_day(), false),
            ("exp", past(), false),
            ("usd", in_a_day(), false),
            ("cls", in_a_day(), false),
            ("wai", in_a_day(), true),
        ] {
            let invite = ada.invite_as(Role::Member, &[(&main, Level::Read)], expires_at, approve);
            ada.append(&vault, vec![invite.statement.clone()], invite.wraps.clone()).await.ok::<Appended>();
            invites.push((name, invite));
        }
        let (_, request) = ada.join(&invites[2].1, &[(&main, Level::Read)]);
        invites[2].1.post(&vault, &ada.team, &ada.events_path(), &request).await.ok::<Appended>();
        ada.team.append(&request.statements[0]).unwrap();
        let statement = ada.sign(Event::InviteClosed(InviteClosed { invite: invites[3].1.keyholder.id() }));
        store(&mut ada, &vault, statement, Vec::new()).await;
        let (_, invite) = invites.pop().unwrap();
        let waiting = computer();
        let joined = joining(&ada, &waiting, invite.keyholder.id(), None);
        let request = AppendEvents { statements: vec![invite.keyholder.co_sign(joined)], wraps: Vec::new() };
        invite.post(&vault, &ada.team, &ada.events_path(), &request).await.ok::<Appended>();
        ada.team.append(&request.statements[0]).unwrap();

        // So many lost its keys that new ones are due; and one environment goes.
        let (main, rotate) = renew(&mut ada, &vault, &main).await;
        ada.post(&vault, &main.path("rotations"), &rotate).await.ok::<Rotated>();
        let PinnedHead { environment, head } = head(&gone);
        let statement = ada.sign(Event::EnvironmentDeleted(EnvironmentDeleted { environment, head }));
        store(&mut ada, &vault, statement, Vec::new()).await;

        let team = ada.team.id();
        let (foreign, statements, wraps) = new_team(computer());
        let foreign_creation = CreateTeam { setup_code, statements, wraps };
        let elsewhere = foreign.team.id();
        let keyholders =
            [("own", twin(seed)), ("kit", kit), ("rev", revoked), ("wai", waiting), ("unk", computer())];
        let members = members.into_iter().map(|(name, client)| (name, client.computer));
        let invites = invites.into_iter().map(|(name, invite)| (name, invite.keyholder));
        let well = |(name, keyholder)| Asker { name, keyholder, team, manner: Manner::Well };
        let mut askers: Vec<_> =
            keyholders.into_iter().chain(members).chain(services).chain(invites).map(well).collect();
        let (name, keyholder, manner) = ("frn", foreign.computer, Manner::Well);
        askers.push(Asker { name, keyholder, team: elsewhere, manner });
        for (name, manner) in [("uns", Manner::Not), ("bad", Manner::Forged), ("old", Manner::Late)] {
            askers.push(Asker { name, keyholder: twin(seed), team, manner });
        }
        let value = main.environment.in_order().next().unwrap().1.pointer;
        Self { vault, ada, askers, main, other, gone, value, creation, foreign_creation }
    }
}

fn twin(seed: [u8; 32]) -> Keyholder {
    Keyholder::from_seed(&Seed::from_bytes(seed))
}

fn past() -> Timestamp {
    Timestamp(u64::try_from(now() - 10).unwrap() * 1000)
}

fn added(keyholder: &Keyholder, kind: KeyholderKind) -> Event {
    Event::KeyholderAdded(KeyholderAdded { keys: keyholder.public().clone(), kind })
}

/// Sends a statement of a client, and takes it into its log.
async fn store(client: &mut Client, vault: &Vault, statement: Envelope, wraps: Vec<Wrap>) {
    client.append(vault, vec![statement.clone()], wraps).await.ok::<Appended>();
    client.team.append(&statement).unwrap();
}

/// A joining at the end of the log, without the invite's signature.
pub(crate) fn joining(
    ada: &Client,
    joiner: &Keyholder,
    invite: KeyholderId,
    label: Option<SealedLabel>,
) -> Envelope {
    let joined = MemberJoined { keys: joiner.public().clone(), invite, label };
    event_of(ada, joiner, Event::MemberJoined(joined))
}

/// An event at the end of the log, signed by anybody.
pub(crate) fn event_of(ada: &Client, author: &Keyholder, event: Event) -> Envelope {
    let head = ada.team.head();
    author.sign_event(&TeamEvent {
        author: author.id(),
        team: Some(ada.team.id()),
        sequence: head.sequence + 1,
        previous: Some(head.hash),
        created_at: Timestamp(0),
        event,
    })
}
