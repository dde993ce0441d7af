//! Everybody who signs what no client of ours would: members, admins, a kit, a service, invites and a stranger, each with a
//! patched client.

use twinlock_client::ids::EnvironmentId;
use twinlock_protocol::api::ValueBlob;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::{Event, Grant, KeyholderKind, Level, Role};
use twinlock_protocol::ids::{EntryId, Pointer, ProjectId};
use twinlock_protocol::position::Position;
use twinlock_protocol::revision::{Cause, Change, Purge, Revision};
use twinlock_tests::forge::Forge;

use crate::setting::Setting;

/// What somebody signed.
pub(crate) enum Says {
    Event(Envelope),
    Revision(Envelope, Vec<ValueBlob>),
}

/// A forgery, and who offers it to the server.
pub(crate) struct Forged<'s>(pub(crate) &'s Forge, pub(crate) Says);

/// Everybody who signs. All but Ada were let in by her, with clients that obey nobody.
pub(crate) struct Scene {
    pub(crate) environment: EnvironmentId,
    pub(crate) project: ProjectId,
    pub(crate) ada: Forge,
    /// Writes.
    pub(crate) wanda: Forge,
    /// Reads.
    pub(crate) rita: Forge,
    /// A member without access.
    pub(crate) dan: Forge,
    /// An admin without access.
    pub(crate) ann: Forge,
    /// Waits for approval.
    pub(crate) wes: Forge,
    /// Ada's kit.
    pub(crate) kit: Forge,
    /// A service that reads.
    pub(crate) service: Forge,
    pub(crate) open_invite: Forge,
    pub(crate) used_invite: Forge,
    pub(crate) closed_invite: Forge,
    pub(crate) stranger: Forge,
}

impl Scene {
    pub(crate) async fn new(setting: &Setting) -> Self {
        let environment = setting.environment().await;
        let mut ada = Forge::of(&setting.ada, &setting.vault).await;
        let project = ada.team().environment(environment).unwrap().project;
        let access = |level| vec![Grant { environment, level }];
        let wanda = ada.lets_join(Role::Member, access(Level::Write), false).await;
        let rita = ada.lets_join(Role::Member, access(Level::Read), false).await;
        let dan = ada.lets_join(Role::Member, Vec::new(), false).await;
        let ann = ada.lets_join(Role::Admin, Vec::new(), false).await;
        let wes = ada.lets_join(Role::Member, access(Level::Write), true).await;
        let kit = ada.adds(KeyholderKind::Recovery).await;
        let service = ada.serves(access(Level::Read)).await;
        let closed_invite = ada.invites(Role::Member, Vec::new(), false).await;
        ada.does(Event::InviteClosed(twinlock_protocol::event::InviteClosed { invite: closed_invite.id() }))
            .await;
        let open_invite = ada.invites(Role::Member, Vec::new(), false).await;
        let used_invite = ada.invites(Role::Member, Vec::new(), true).await;
        let guest = Forge::new(ada.team().id(), setting.vault.location().url);
        used_invite.append(vec![ada.joining(&guest, &used_invite, true)], Vec::new()).await.ok();
        // Used invites and kits leave keys that are to be renewed.
        setting.ada.client.sync().await.unwrap();
        setting.ada.client.rotate_environment(environment).await.unwrap();
        for computer in [&setting.ada, &setting.ben] {
            computer.client.pull(&computer.env()).await.unwrap();
        }
        let mut scene = Self {
            environment,
            project,
            stranger: ada.stranger(),
            ada,
            wanda,
            rita,
            dan,
            ann,
            wes,
            kit,
            service,
            open_invite,
            used_invite,
            closed_invite,
        };
        scene.ada.refresh().await;
        scene.wanda.refresh().await;
        for one in [
            &mut scene.rita,
            &mut scene.dan,
            &mut scene.ann,
            &mut scene.wes,
            &mut scene.kit,
            &mut scene.service,
            &mut scene.open_invite,
            &mut scene.used_invite,
            &mut scene.closed_invite,
            &mut scene.stranger,
        ] {
            one.learn(&scene.ada);
        }
        scene
    }

    pub(crate) fn access(&self, level: Level) -> Vec<Grant> {
        vec![Grant { environment: self.environment, level }]
    }

    /// A revision as this keyholder would push it, with its value.
    pub(crate) fn variable<'s>(&self, by: &'s Forge) -> Forged<'s> {
        let (statement, values) = by.variable(self.environment, ("EVIL=", "1\n"));
        Forged(by, Says::Revision(statement, values))
    }

    /// A writer's revision with something wrong about it.
    pub(crate) fn wrong(&self, change: impl FnOnce(&mut Revision)) -> Forged<'_> {
        self.wrong_by(&self.wanda, change)
    }

    pub(crate) fn wrong_by<'s>(&self, by: &'s Forge, change: impl FnOnce(&mut Revision)) -> Forged<'s> {
        let (changes, values) = by.seal(self.environment, &[("EVIL=", "1\n")]);
        let mut revision = by.revision(self.environment, changes);
        change(&mut revision);
        Forged(by, Says::Revision(by.sign_revision(&revision), values))
    }

    /// A writer's revision with these changes alone.
    pub(crate) fn changing(&self, changes: Vec<Change>) -> Forged<'_> {
        let revision = self.wanda.revision(self.environment, changes);
        Forged(&self.wanda, Says::Revision(self.wanda.sign_revision(&revision), Vec::new()))
    }

    /// A purge of a value, whoever may.
    pub(crate) fn purging<'s>(&self, by: &'s Forge, pointer: Pointer) -> Forged<'s> {
        let mut revision = by.revision(self.environment, vec![Change::Purge(Purge { pointer })]);
        revision.cause = Cause::Purge;
        Forged(by, Says::Revision(by.sign_revision(&revision), Vec::new()))
    }

    /// The first entry that is there, and where it stands.
    pub(crate) fn first(&self) -> (EntryId, Position, Pointer) {
        let chain = self.wanda.chain(self.environment);
        let (id, entry) = chain.in_order().next().unwrap();
        (id, entry.position.clone(), entry.pointer)
    }
}

/// An event with what it records filled in.
pub(crate) fn event(by: &Forge, event: Event) -> Forged<'_> {
    Forged(by, Says::Event(by.sign(by.filled(event))))
}
