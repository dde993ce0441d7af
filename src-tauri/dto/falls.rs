//! What would fall with somebody or something, said before it is signed.

use serde::Serialize;
use specta::Type;
use twinlock_client::view;

use super::{PendingInvite, Role, Service};

/// What counts no more or is closed, and what gets new keys.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Falls {
    pub(crate) computers: Vec<String>,
    pub(crate) kits: Vec<String>,
    pub(crate) invites: Vec<PendingInvite>,
    pub(crate) services: Vec<Service>,
    pub(crate) environments: Vec<Rekeyed>,
}

/// An environment that gets new keys: from this computer at once, or with somebody's next push.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Rekeyed {
    pub(crate) environment: String,
    pub(crate) here: bool,
    pub(crate) values: Option<usize>,
}

/// What new keys would not bring along, because it does not open here. Names only.
#[derive(Debug, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lost {
    pub(crate) kept: usize,
    pub(crate) earlier: Vec<String>,
    pub(crate) gone: Vec<String>,
    pub(crate) gone_unnamed: usize,
}

impl From<view::LostView> for Lost {
    fn from(lost: view::LostView) -> Self {
        let view::LostView { kept, earlier, gone, gone_unnamed } = lost;
        Self { kept, earlier, gone, gone_unnamed }
    }
}

/// What removing somebody would do.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Removal {
    pub(crate) member: String,
    pub(crate) name: String,
    pub(crate) me: bool,
    pub(crate) falls: Falls,
}

/// What another role would do.
#[derive(Debug, Serialize, Type)]
pub(crate) struct NewRole {
    pub(crate) to: Role,
    pub(crate) falls: Falls,
}

/// What taking a computer or kit of one's own from the team would do. It is among what falls.
#[derive(Debug, Serialize, Type)]
pub(crate) struct Revocation {
    pub(crate) computer: String,
    pub(crate) falls: Falls,
}

impl From<view::FallsView> for Falls {
    fn from(falls: view::FallsView) -> Self {
        let view::FallsView { computers, kits, invites, services, environments } = falls;
        let rekeyed = |view::RekeyedView { environment, here, values }| Rekeyed { environment, here, values };
        Self {
            computers: computers.iter().map(ToString::to_string).collect(),
            kits: kits.iter().map(ToString::to_string).collect(),
            invites: invites.into_iter().map(PendingInvite::from).collect(),
            services: services.into_iter().map(Service::from).collect(),
            environments: environments.into_iter().map(rekeyed).collect(),
        }
    }
}

impl From<view::RemovalView> for Removal {
    fn from(removal: view::RemovalView) -> Self {
        let view::RemovalView { member, name, me, falls } = removal;
        Self { member: member.to_string(), name, me, falls: falls.into() }
    }
}

impl From<view::NewRoleView> for NewRole {
    fn from(role: view::NewRoleView) -> Self {
        Self { to: role.to.into(), falls: role.falls.into() }
    }
}

impl From<view::RevocationView> for Revocation {
    fn from(revocation: view::RevocationView) -> Self {
        Self { computer: revocation.keyholder.to_string(), falls: revocation.falls.into() }
    }
}
