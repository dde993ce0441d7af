//! What adding a computer, making a kit and restoring from one share: the event, the keys that go with it, and who
//! hears of it.

use twinlock_protocol::api::{AppendEvents, Wrap};
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::{Event as TeamLogEvent, Half, KeyholderAdded, KeyholderKind, Role, TeamEvent};
use twinlock_protocol::ids::{EnvironmentId, Generation, KeyholderId, MemberId};
use twinlock_protocol::keyholder::PublicKeys;
use twinlock_protocol::limits;
use twinlock_seal::Place;

use super::members::Turn;
use super::session::Session;
use super::{Client, Event, Joined, LOCAL, now};
use crate::error::Error;
use crate::team::next_event;
use crate::view::{JoinedNews, KeyholderChange, KeyholderNews, KeyholderView};

/// Wraps that go with the event itself: far below what fits into one request. What is beyond follows at once.
const WRAPS_WITH_THE_EVENT: usize = 2_000;

/// The keys that a member may have, wrapped to one more keyholder of theirs.
pub(super) struct MemberWraps {
    with_the_event: Vec<Wrap>,
    after_it: Vec<Wrap>,
}

impl Client {
    /// Appends a `keyholder-added` that both have signed, with every key that its member may have and that is here.
    pub(super) async fn add_keyholder(
        &self,
        joined: &mut Joined,
        statement: Envelope,
        keys: &PublicKeys,
    ) -> Result<Turn, Error> {
        let MemberWraps { with_the_event, after_it } = member_wraps(&joined.session, keys, Lacking::Stops)?;
        let request = AppendEvents { statements: vec![statement], wraps: with_the_event };
        let turn = self.append_once(joined, &request).await?;
        if let Turn::Ours = turn {
            let added = joined.vault()?.add_wraps(&joined.session.keyholder, &after_it).await;
            self.note_outcome(joined, added.map_err(Error::from))?;
            self.emit(Event::Team);
        }
        Ok(turn)
    }

    /// Takes in what another program of this home stored since, and tells of the people and computers in it: that
    /// program may have had nobody to tell.
    pub(super) fn catch_up(&self, joined: &mut Joined) -> Result<(), Error> {
        let heard = self.store().read(|step| joined.session.catch_up(step))?;
        self.tell_of_people(&joined.session, &heard);
        Ok(())
    }

    /// Tells of keyholders that came or went by somebody else's doing: one's own, and to admins everybody's; and to
    /// admins of whoever joined.
    pub(super) fn tell_of_people(&self, session: &Session, events: &[Heard]) {
        let Ok(me) = session.me() else { return };
        let admin = session.my_role() >= Some(Role::Admin);
        let others = events.iter().filter(|heard| heard.author != session.keyholder.id());
        for heard in others {
            for (id, held) in session.team.keyholders() {
                let mine = held.member == me;
                let at = if heard.what == What::Revoked { held.revoked } else { Some(held.since) };
                if at != Some(heard.sequence) || !(mine || admin) {
                    continue;
                }
                let keyholder = |change| {
                    Event::Keyholder(KeyholderNews {
                        keyholder: *id,
                        kind: held.kind,
                        change,
                        member: held.member,
                        name: session.member_name(held.member),
                        mine,
                    })
                };
                self.emit(match heard.what {
                    What::Added => keyholder(KeyholderChange::Added),
                    What::Revoked => keyholder(KeyholderChange::Revoked),
                    What::Joined => Event::Joined(JoinedNews {
                        member: held.member,
                        name: joined_as(session, held.member),
                    }),
                });
            }
        }
    }
}

/// The name of somebody who joined; none of whoever still waits to be let in, and has none that can be read.
fn joined_as(session: &Session, member: MemberId) -> Option<String> {
    let active = session.team.active_member(member).is_ok();
    active.then(|| session.member_name(member))
}

/// An event that members hear of.
#[derive(Clone, Copy)]
pub(crate) struct Heard {
    sequence: u64,
    author: KeyholderId,
    what: What,
}

/// What members hear of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// A keyholder was added by one of the same member.
    Added,
    /// Keyholders were revoked.
    Revoked,
    /// Somebody joined by an invite.
    Joined,
}

impl Heard {
    /// Whether an event is one.
    pub(super) fn of(event: &TeamEvent) -> Option<Self> {
        let what = match event.event {
            TeamLogEvent::KeyholderAdded(_) => What::Added,
            TeamLogEvent::KeyholderRevoked(_) => What::Revoked,
            TeamLogEvent::MemberJoined(_) => What::Joined,
            _ => return None,
        };
        Some(Self { sequence: event.sequence, author: event.author, what })
    }
}

/// The next event of the log: one more keyholder of this one's member, signed by this one alone so far.
pub(super) fn plan_keyholder(session: &Session, keys: &PublicKeys, kind: KeyholderKind) -> Envelope {
    let author = &session.keyholder;
    let added = TeamLogEvent::KeyholderAdded(KeyholderAdded { keys: keys.clone(), kind });
    author.sign_event(&next_event(&session.team, author.id(), added, now()))
}

/// What becomes of a current key that is not here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lacking {
    /// It stops everything: a keyholder that reads less than its member would look like one that works.
    Stops,
    /// It is left out: whoever comes back by a kit comes back with what the kit has, and others complete it.
    IsLeftOut,
}

/// All generations of every key that this keyholder's member may have.
pub(super) fn member_wraps(
    session: &Session,
    to: &PublicKeys,
    lacking: Lacking,
) -> Result<MemberWraps, Error> {
    let (mut current, mut earlier) = (Vec::new(), Vec::new());
    for (environment, half) in session.team.keys_due_to(session.keyholder.id()) {
        let generations = generations(session, environment);
        let last = generations.last().copied();
        for generation in generations {
            match wrap(session, environment, generation, half, to) {
                Some(wrap) if Some(generation) == last => current.push(wrap),
                Some(wrap) => earlier.push(wrap),
                None if Some(generation) == last && lacking == Lacking::Stops => {
                    return Err(missing(session, environment));
                }
                // Most likely opened before this member had access: there is nothing to pass on.
                None => {}
            }
        }
    }
    let room = WRAPS_WITH_THE_EVENT.saturating_sub(current.len()).min(earlier.len());
    let after_it = earlier.split_off(room);
    current.append(&mut earlier);
    Ok(MemberWraps { with_the_event: current, after_it })
}

impl MemberWraps {
    /// Those that are sent in one transaction with the event, and those that follow it.
    pub(super) fn into_parts(self) -> (Vec<Wrap>, Vec<Wrap>) {
        (self.with_the_event, self.after_it)
    }
}

fn generations(session: &Session, environment: Option<EnvironmentId>) -> Vec<Generation> {
    match environment {
        None => session.team.generations().iter().map(|generation| generation.number).collect(),
        Some(id) => {
            let known = session.team.environment(id).into_iter();
            known.flat_map(|environment| environment.generations()).map(|one| one.number).collect()
        }
    }
}

fn wrap(
    session: &Session,
    environment: Option<EnvironmentId>,
    generation: Generation,
    half: Half,
    to: &PublicKeys,
) -> Option<Wrap> {
    let (wrapper, mut rng) = (session.keyholder.id(), rand::rng());
    let Some(id) = environment else {
        return session.team_key_of(generation)?.wrap(to, wrapper, &mut rng);
    };
    let held = session.environment(id)?;
    match half {
        Half::Name => held.name_key(generation)?.wrap(to, wrapper, &mut rng),
        Half::Value => held.value_key(generation)?.wrap(to, wrapper, &mut rng),
    }
}

fn missing(session: &Session, environment: Option<EnvironmentId>) -> Error {
    let environment =
        environment.map_or_else(|| session.record.name.clone(), |id| session.environment_name(id));
    Error::KeysMissing { environment }
}

/// Where the team is, for somebody who is not there yet. A vault embedded in this computer is nowhere else.
pub(super) fn place(joined: &Joined) -> Result<Place, Error> {
    if joined.session.record.vault == LOCAL {
        return Err(Error::Rule(
            "This team lives in a vault on this computer alone, which no other computer can reach: a further computer or a recovery kit would find nothing. A team at a vault server can have them.",
        ));
    }
    let location = joined.vault()?.location().clone();
    Ok(Place {
        team: joined.session.team.id(),
        address: location.url.to_string(),
        pin: location.pin,
        head: joined.session.log_head(),
    })
}

/// That this member has room for one more.
pub(super) fn check_room(session: &Session) -> Result<(), Error> {
    let member = session
        .team
        .active_member(session.me()?)
        .map_err(|_| Error::Rule("You are not a member of the team any more, or wait to be one."))?;
    if member.keyholders().len() >= limits::KEYHOLDERS_PER_MEMBER {
        return Err(Error::Rule(
            "You have 16 computers and recovery kits, which is as many as a member can have. Revoke one first: “twinlock computer list” shows them.",
        ));
    }
    Ok(())
}

/// A keyholder of this member, as it is shown.
pub(super) fn keyholder_view(session: &Session, id: KeyholderId) -> Result<KeyholderView, Error> {
    let held = session.team.keyholders().get(&id);
    let held = held.ok_or_else(|| Error::Bug("a keyholder vanished".into()))?;
    Ok(KeyholderView { id, kind: held.kind, this: id == session.keyholder.id() })
}
