//! Approval: whoever joined by an invite that asks for it waits, without any right or key, until an admin who has
//! compared the words of their computer lets them in. Then they get their keys, and say their name.

use std::collections::BTreeSet;

use twinlock_protocol::api::{AppendEvents, Wrap};
use twinlock_protocol::event::{Event as TeamLogEvent, Half, LabelChanged, MemberApproved, Subject};
use twinlock_protocol::ids::MemberId;
use twinlock_protocol::safety;
use twinlock_protocol::team::{Invite, MemberState};

use super::members::{Turn, access_view};
use super::rights::check_admin;
use super::session::Session;
use super::wraps::wrapped;
use super::{Client, Joined, now};
use crate::error::Error;
use crate::team::{Label, next_event, seal_label};
use crate::view::{ApplicantView, MemberView};

/// Who is to be approved.
pub enum Applicant<'a> {
    /// By their id or their computer's: its words were compared by whoever says so.
    Id(&'a str),
    /// By the words that stand on their computer, as they read them out.
    Words(&'a str),
    /// Both: the words have to be those of this one.
    IdAndWords(&'a str, &'a str),
}

impl Client {
    /// Lets somebody in who waits, with the keys of what their invite grants, as far as this member has them.
    pub async fn approve_member(&self, who: Applicant<'_>) -> Result<MemberView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        check_admin(&joined.session)?;
        let member = find(&joined.session, &who)?;
        let event = |_| TeamLogEvent::MemberApproved(MemberApproved { member });
        let _falls = self.change_rights(joined, event, |session| wraps_for(session, member)).await?;
        let members = self.team_view(joined)?.members;
        members
            .into_iter()
            .find(|view| view.id == member)
            .ok_or_else(|| Error::Bug("a member vanished".into()))
    }

    /// Whoever was approved says their name as soon as they have the key that names are sealed with.
    pub(super) async fn introduce_oneself(&self, joined: &mut Joined) -> Result<(), Error> {
        let session = &joined.session;
        // A service is nobody, and says no name.
        let Ok(me) = session.me() else { return Ok(()) };
        let unnamed = session.team.active_member(me).is_ok_and(|member| member.label.is_none());
        let (true, Ok(key), Ok(name)) =
            (unnamed, session.team_key(), session.record.member_name.parse::<Label>())
        else {
            return Ok(());
        };
        let label = seal_label(key, &name, &mut rand::rng());
        let author = &session.keyholder;
        let changed = TeamLogEvent::LabelChanged(LabelChanged { subject: Subject::Member(me), label });
        let statement = author.sign_event(&next_event(&session.team, author.id(), changed, now()));
        let request = AppendEvents { statements: vec![statement], wraps: Vec::new() };
        match self.append_once(joined, &request).await? {
            Turn::Ours => self.emit(super::Event::Team),
            // The next time here tells.
            Turn::Theirs => {}
        }
        Ok(())
    }

    /// Keeps the names of team and member as they were seen last.
    pub(super) fn note_names(&self, joined: &mut Joined) -> Result<(), Error> {
        let session = &mut joined.session;
        let Ok(me) = session.me() else { return Ok(()) };
        let label = session.team.label().and_then(|label| session.label(label));
        let own = session.team.members().get(&me).and_then(|member| member.label.as_ref());
        let own = own.and_then(|label| session.label(label));
        let name = label.unwrap_or_else(|| session.record.name.clone());
        let member_name = own.unwrap_or_else(|| session.record.member_name.clone());
        if (&name, &member_name) == (&session.record.name, &session.record.member_name) {
            return Ok(());
        }
        (session.record.name, session.record.member_name) = (name, member_name);
        self.store().step(|step| step.set_team(&session.record).map_err(Error::from))
    }
}

/// Everybody who waits, with the invite that they used.
fn waiting(session: &Session) -> impl Iterator<Item = (MemberId, &Invite, ApplicantView)> {
    let me = session.me().ok();
    session.team.members().iter().filter_map(move |(id, member)| {
        let MemberState::Waiting { invite: used } = member.state else { return None };
        let invite = session.team.invites().get(&used)?;
        let computer = *member.keyholders().first()?;
        let there = invite.access.iter().filter(|grant| session.team.environment(grant.environment).is_ok());
        let view = ApplicantView {
            member: *id,
            me: me == Some(*id),
            computer,
            words: safety::of_computer(computer).map(str::to_owned).into(),
            invite: used,
            by: session.author_name(invite.author),
            role: invite.role,
            access: there.map(|grant| access_view(session, grant.environment, grant.level)).collect(),
        };
        Some((*id, invite, view))
    })
}

/// Everybody who waits, as they are shown.
pub(super) fn applicants(session: &Session) -> Vec<ApplicantView> {
    waiting(session).map(|(_, _, view)| view).collect()
}

/// Refuses whoever waits, in words that say what for.
pub(super) fn check_approved(session: &Session) -> Result<(), Error> {
    if waiting(session).any(|(_, _, view)| view.me) {
        return Err(Error::Rule(
            "You wait for an admin of the team to approve you. Read them the words of this computer: “twinlock team show” shows them.",
        ));
    }
    Ok(())
}

fn find(session: &Session, who: &Applicant<'_>) -> Result<MemberId, Error> {
    let (id, words) = match *who {
        Applicant::Id(id) => (Some(id), None),
        Applicant::Words(words) => (None, Some(words)),
        Applicant::IdAndWords(id, words) => (Some(id), Some(words)),
    };
    let words = words.map(|words| words.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>());
    let all = applicants(session);
    let named = |view: &&ApplicantView| {
        id.is_none_or(|id| view.member.to_string() == id || view.computer.to_string() == id)
    };
    let mut named = all.iter().filter(named).peekable();
    if named.peek().is_none() {
        return Err(Error::Unknown {
            kind: "member who waits",
            name: crate::team::inert(id.unwrap_or("that")),
            hint: "“twinlock team show” lists who waits, by id: they have no name before they are approved."
                .to_owned(),
        });
    }
    named.find(|view| words.as_ref().is_none_or(|words| *words == view.words)).map(|view| view.member).ok_or(
        Error::Rule(
            "These are not the words of a computer that waits. If they were read from the right computer, somebody else has used the link: turn them away with “twinlock invite close”.",
        ),
    )
}

/// The keys that approval brings, of those that this member has: others complete the rest.
fn wraps_for(session: &Session, member: MemberId) -> Result<Vec<Wrap>, Error> {
    let team = &session.team;
    let Some((_, invite, view)) = waiting(session).find(|(id, _, _)| *id == member) else {
        return Ok(Vec::new());
    };
    let Some(to) = team.keys_of(view.computer) else { return Ok(Vec::new()) };
    let own: BTreeSet<_> = team.keys_due_to(session.keyholder.id()).into_iter().collect();
    let granted = invite.access.iter().flat_map(|grant| {
        let halves = Half::BOTH.into_iter().filter(|half| grant.level.includes(*half));
        halves.map(|half| (Some(grant.environment), half))
    });
    let mut wraps = Vec::new();
    for (environment, half) in std::iter::once((None, Half::Name)).chain(granted) {
        if own.contains(&(environment, half)) {
            wraps.extend(wrapped(session, environment, half, to)?);
        }
    }
    Ok(wraps)
}
