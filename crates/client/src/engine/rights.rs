//! Events that change what somebody may do: signed with the heads they record, refused in plain words before
//! anything is sent, and followed by new keys wherever somebody lost the old ones.

use twinlock_protocol::Refusal;
use twinlock_protocol::api::{AppendEvents, Hold, ProblemCode, Wrap};
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::{Event as TeamLogEvent, Level, PinnedHead, Role};
use twinlock_protocol::ids::{EnvironmentId, Generation};
use twinlock_protocol::team::Consequences;

use super::approval::check_approved;
use super::carry::Carry;
use super::members::{ATTEMPTS, Turn};
use super::session::Session;
use super::{Client, Event, Joined, now};
use crate::error::Error;
use crate::team::next_event;
use crate::view::{RenewalView, WaitingView};

impl Client {
    /// Signs an event with the heads that it has to record and appends it; again where others were faster.
    /// `event` makes it of these heads, `wraps` what is due with it.
    pub(super) async fn change_rights(
        &self,
        joined: &mut Joined,
        event: impl Fn(Vec<PinnedHead>) -> TeamLogEvent,
        wraps: impl Fn(&Session) -> Result<Vec<Wrap>, Error>,
    ) -> Result<Consequences, Error> {
        let author = joined.session.keyholder.id();
        let mut contested = false;
        for _ in 0..ATTEMPTS {
            self.refresh_log(joined).await?;
            let without_heads = event(Vec::new());
            let falls =
                joined.session.team.consequences(author, &without_heads).map_err(|found| in_words(&found))?;
            let goes = matches!(
                without_heads,
                TeamLogEvent::EnvironmentDeleted(_) | TeamLogEvent::ProjectDeleted(_)
            );
            let mut heads = Vec::new();
            for environment in falls.heads.iter().copied() {
                // What they wrote last may be made to be in the way of this: values are none of its business.
                let head = match self.refresh_history(joined, environment).await {
                    Ok(_) => joined.session.held(environment)?.held.chain.head(),
                    // Of what goes nothing counts afterwards: where the vault says that it ends is enough.
                    Err(Error::Refused(_)) if goes => self.served_head(joined, environment).await?,
                    Err(error) => return Err(error),
                };
                heads.push(PinnedHead { environment, head });
            }
            let session = &joined.session;
            let next = next_event(&session.team, author, event(heads), now());
            let statement = session.keyholder.sign_event(&next);
            match session.team.clone().append(&statement) {
                Ok(_) => {}
                // The log went on while the heads were fetched.
                Err(Refusal::Heads) => continue,
                Err(refusal) => return Err(in_words(&refusal)),
            }
            // Whoever pushes all the time would outrun what takes their right to.
            if contested && !falls.heads.is_empty() {
                self.hold(joined, &statement).await?;
            }
            let request = AppendEvents { statements: vec![statement], wraps: wraps(&joined.session)? };
            if let Turn::Ours = self.append_once(joined, &request).await? {
                self.emit(Event::Team);
                return Ok(falls);
            }
            contested = true;
        }
        Err(Error::TooBusy)
    }

    /// Has those wait whose right to push an event takes. That the log went on is for the next attempt; who was made to
    /// wait a moment ago is not again, and it goes on without.
    async fn hold(&self, joined: &mut Joined, statement: &Envelope) -> Result<(), Error> {
        let hold = Hold { statement: statement.clone() };
        match joined.vault()?.hold(&joined.session.keyholder, &hold).await {
            Err(error) if error.is(ProblemCode::LogMoved) || error.is(ProblemCode::TooMany) => Ok(()),
            held => self.note_outcome(joined, held.map_err(Error::from)),
        }
    }

    /// Renews the keys of all environments that are stale, as far as this computer can. What it cannot renew
    /// waits for the next push of somebody who can; the event that made them stale stands either way.
    pub(super) async fn renew_all_stale(&self, joined: &mut Joined) -> RenewalView {
        let mut view = RenewalView { renewed: Vec::new(), waiting: Vec::new() };
        let team = &joined.session.team;
        let stale = team.environments().iter().filter(|(_, environment)| environment.is_stale());
        let stale: Vec<_> = stale.map(|(id, environment)| (*id, environment.current().number)).collect();
        for (id, before) in stale {
            let environment = joined.session.environment_name(id);
            if joined.session.my_level(id) < Some(Level::Write) {
                let why = "The next push of somebody with write access renews them first.".to_owned();
                view.waiting.push(WaitingView { environment, why });
                continue;
            }
            match self.renew(joined, id, before, Carry::Whole).await {
                Ok(()) => view.renewed.push(environment),
                Err(error) => view.waiting.push(WaitingView { environment, why: error.to_string() }),
            }
        }
        view.renewed.sort();
        view.waiting.sort_by(|a, b| a.environment.cmp(&b.environment));
        view
    }

    /// Opens a generation of keys above `before`, unless somebody else did.
    pub(super) async fn renew(
        &self,
        joined: &mut Joined,
        id: EnvironmentId,
        before: Generation,
        how: Carry,
    ) -> Result<(), Error> {
        self.check_access(joined, id, Level::Write)?;
        for _ in 0..ATTEMPTS {
            self.refresh(joined, id).await?;
            let known = joined.session.team.environment(id);
            if known.is_ok_and(|environment| environment.current().number > before) {
                return Ok(());
            }
            self.rotate(joined, id, how).await?;
        }
        Err(Error::TooBusy)
    }
}

/// Refuses whoever is no admin, before anything is looked at.
pub(super) fn check_admin(session: &Session) -> Result<(), Error> {
    check_approved(session)?;
    if session.my_role() < Some(Role::Admin) { Err(Error::Role { needed: "admin" }) } else { Ok(()) }
}

/// Nothing is wrapped with events that only take.
pub(super) fn no_wraps(_: &Session) -> Result<Vec<Wrap>, Error> {
    Ok(Vec::new())
}

/// What the rules say to whoever may not.
pub(super) const NOT_ALLOWED: Error = Error::Rule(
    "The team's rules do not allow this to you: it takes the right role, and write access to what it is about.",
);

/// Why the team's rules do not let an event be signed here.
pub(super) fn in_words(refusal: &Refusal) -> Error {
    let sentence = match refusal {
        Refusal::NotAllowed { .. } => return NOT_ALLOWED,
        Refusal::LastOwner(_) => "The team would be without an owner. Make somebody else an owner first.",
        Refusal::NoKeyholderLeft(_) => {
            "This is the only computer of its member. Add another computer first, or have the member removed."
        }
        Refusal::NoChange => "It is so already.",
        Refusal::NoEnvironment(_) => "This environment is gone.",
        Refusal::NoProject(_) => "This project is gone.",
        Refusal::NoMember(_) => "This member is not in the team any more.",
        Refusal::Kept(_) => {
            "What is to be kept has to be something that would fall, and an invite or a service has to be one that you could have made yourself."
        }
        Refusal::Limit(what) => {
            return Error::Limit { what: format!("The team's rules set a limit: {what}.") };
        }
        Refusal::InviteNotOpen(_) => "This invite was already used, or closed.",
        Refusal::ServiceNotOpen(_) => "This service was already closed.",
        Refusal::UnknownKeyholder { .. } => "There is no such computer in the team.",
        Refusal::Revoked { .. } => "This computer was already taken from the team.",
        other => return Error::Bug(other.to_string()),
    };
    Error::Rule(sentence)
}
