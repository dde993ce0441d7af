//! New keys for the team's names on an admin's word, also where the names of now open for nobody.

use std::collections::BTreeMap;

use twinlock_protocol::encoding::decode_strict;
use twinlock_protocol::event::{Event as TeamLogEvent, LabelChanged, SealedLabel, Subject, TeamEvent};
use twinlock_protocol::ids::MemberId;
use twinlock_protocol::limits;

use super::members::{ATTEMPTS, Turn};
use super::rights::check_admin;
use super::rotate::names_missing;
use super::session::{Session, stored};
use super::{Client, Event, Joined};
use crate::error::Error;
use crate::store::{Scope, StoreError};
use crate::view::LostView;

impl Client {
    /// What the team's names would lose if a new key was made without those that are missing here.
    pub async fn names_lost_with_keys(&self) -> Result<LostView, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        check_admin(&joined.session)?;
        Ok(self.names_that_open(joined)?.1)
    }

    /// Makes a new key for the team's names, and seals all of them anew. With `giving_up`, those whose key is missing
    /// here as they were when they last opened.
    pub async fn renew_names(&self, giving_up: bool) -> Result<(), Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        for _ in 0..ATTEMPTS {
            self.refresh_log(joined).await?;
            check_admin(&joined.session)?;
            let labelled = match joined.session.labelled() {
                Some(labelled) => labelled,
                None if giving_up => self.names_that_open(joined)?.0,
                None => return Err(names_missing(&joined.session)),
            };
            if let Turn::Ours = self.renew_names_to(joined, labelled).await? {
                self.emit(Event::Team);
                return Ok(());
            }
        }
        Err(Error::TooBusy)
    }

    /// Everything that has a name, with its last one that opens, and what that gives up.
    fn names_that_open(&self, joined: &Joined) -> Result<(Vec<(Subject, String)>, LostView), Error> {
        let session = &joined.session;
        let former = self.former_names(session)?;
        let mut lost = LostView::default();
        let labelled = session.team.labelled().into_iter().map(|subject| {
            let now = session.label_of(subject).and_then(|label| session.label(label));
            lost.kept += usize::from(now.is_some());
            let name = now.unwrap_or_else(|| match former.get(&subject) {
                Some(name) => {
                    lost.earlier.push(name.clone());
                    name.clone()
                }
                None => {
                    lost.gone_unnamed += 1;
                    session.stand_in(subject)
                }
            });
            (subject, name)
        });
        Ok((labelled.collect(), lost))
    }

    /// What everything was called last, as far as it opens here.
    fn former_names(&self, session: &Session) -> Result<BTreeMap<Subject, String>, Error> {
        let log = self.store().read(|step| stored(step, &Scope::Team(session.record.team), 0))?;
        let mut names = BTreeMap::new();
        for statement in &log {
            let event: TeamEvent = decode_strict(&statement.payload, limits::STATEMENT_BYTES)
                .map_err(|_| StoreError::Damaged { place: "statements".to_owned() })?;
            let mut learn = |subject, label: &SealedLabel| {
                names.extend(session.label(label).map(|name| (subject, name)));
            };
            match &event.event {
                TeamLogEvent::LabelChanged(LabelChanged { subject, label }) => learn(*subject, label),
                TeamLogEvent::GenerationOpened(opened) => {
                    opened.labels.iter().for_each(|one| learn(one.subject, &one.label));
                }
                TeamLogEvent::ProjectCreated(one) => learn(Subject::Project(one.project), &one.label),
                TeamLogEvent::EnvironmentCreated(one) => {
                    learn(Subject::Environment(one.environment), &one.label);
                }
                TeamLogEvent::ServiceCreated(one) => learn(Subject::Service(one.keys.id()), &one.label),
                TeamLogEvent::MemberJoined(one) => {
                    let member = MemberId::new(statement.hash().first_half());
                    one.label.iter().for_each(|label| learn(Subject::Member(member), label));
                }
                _ => {}
            }
        }
        Ok(names)
    }
}
