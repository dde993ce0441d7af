//! Events of a team's log, as an honest client writes them. Pure: time and randomness are arguments, and
//! what comes out is checked by the same replay as everything a vault serves.

pub(crate) mod gone;
pub(crate) mod inert;
pub(crate) mod renewal;

use rand::CryptoRng;
use twinlock_protocol::api::Wrap;
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::event::{
    Commitments, Event, GenerationOpened, Half, LabelChanged, SealedLabel, Subject, TeamCreated, TeamEvent,
};
use twinlock_protocol::ids::{EnvironmentId, Generation, KeyholderId, LabelId};
use twinlock_protocol::keyholder::PublicKeys;
use twinlock_protocol::team::Team;
use twinlock_protocol::timestamp::Timestamp;
use twinlock_protocol::{Refusal, Verified, limits};
use twinlock_seal::{KeyScope, Keyholder, NameKey, ValueKey};

pub(crate) use self::inert::{folded, inert, inert_message};

/// Both keys of a generation of an environment.
pub(crate) struct EnvironmentKeys {
    pub(crate) name: NameKey,
    pub(crate) value: ValueKey,
}

impl EnvironmentKeys {
    pub(crate) fn generate(
        team: &Team,
        environment: EnvironmentId,
        generation: Generation,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let scope = KeyScope { team: team.id(), environment: Some(environment), generation };
        Self { name: NameKey::generate(scope, rng), value: ValueKey::generate(scope, rng) }
    }

    pub(crate) fn commitments(&self) -> Commitments {
        Commitments { name: self.name.commitment(), value: Some(self.value.commitment()) }
    }

    /// Wraps both keys to everybody who is to have them now.
    pub(crate) fn wrap_to_all(
        &self,
        team: &Team,
        wrapper: KeyholderId,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Vec<Wrap> {
        let environment = self.name.scope().environment;
        let mut wraps = Vec::new();
        for keys in entitled(team, environment, Half::Name, now) {
            wraps.extend(self.name.wrap(keys, wrapper, rng));
        }
        for keys in entitled(team, environment, Half::Value, now) {
            wraps.extend(self.value.wrap(keys, wrapper, rng));
        }
        wraps
    }
}

/// Everybody who is to have a key now. What is past its time gets none, whatever a vault did to keep it open.
pub(crate) fn entitled(
    team: &Team,
    environment: Option<EnvironmentId>,
    half: Half,
    now: Timestamp,
) -> impl Iterator<Item = &PublicKeys> {
    let entitled = team.entitled(environment, half).into_iter();
    entitled.filter(move |(id, _)| !team.is_past_its_time(*id, now)).map(|(_, keys)| keys)
}

/// A team that was founded here and that no vault knows yet.
pub(crate) struct Founded {
    pub(crate) team: Verified<Team>,
    pub(crate) statements: Vec<Envelope>,
    pub(crate) wraps: Vec<Wrap>,
}

/// The founding of a team: its first event, its name key, and the labels of team and founder.
pub(crate) fn found(
    founder: &Keyholder,
    team_name: &Label,
    member_name: &Label,
    now: Timestamp,
    rng: &mut impl CryptoRng,
) -> Result<Founded, Refusal> {
    let created = TeamEvent {
        author: founder.id(),
        team: None,
        sequence: 1,
        previous: None,
        created_at: now,
        event: Event::TeamCreated(TeamCreated { keys: founder.public().clone() }),
    };
    let first = founder.sign_event(&created);
    let mut team = Team::create(&first)?;
    let scope = KeyScope { team: team.id(), environment: None, generation: Generation::FIRST };
    let key = NameKey::generate(scope, rng);
    let member = team.member_of(founder.id())?;
    let events = [
        Event::GenerationOpened(GenerationOpened {
            environment: None,
            generation: Generation::FIRST,
            commitments: Commitments { name: key.commitment(), value: None },
            head: None,
            labels: Vec::new(),
        }),
        Event::LabelChanged(LabelChanged { subject: Subject::Team, label: seal_label(&key, team_name, rng) }),
        Event::LabelChanged(LabelChanged {
            subject: Subject::Member(member),
            label: seal_label(&key, member_name, rng),
        }),
    ];
    let mut statements = vec![first];
    for event in events {
        let statement = founder.sign_event(&next_event(&team, founder.id(), event, now));
        team.append(&statement)?;
        statements.push(statement);
    }
    let wraps = key.wrap(founder.public(), founder.id(), rng).into_iter().collect();
    Ok(Founded { team, statements, wraps })
}

/// The next event of a log, unsigned.
pub(crate) fn next_event(team: &Team, author: KeyholderId, event: Event, now: Timestamp) -> TeamEvent {
    let head = team.head();
    TeamEvent {
        author,
        team: Some(team.id()),
        sequence: head.sequence + 1,
        previous: Some(head.hash),
        created_at: now,
        event,
    }
}

/// A new generation of the team's own name key: every current label sealed anew under it.
pub(crate) fn renewed(
    team: &Team,
    labelled: Vec<(Subject, String)>,
    rng: &mut impl CryptoRng,
) -> Option<(NameKey, Event)> {
    let generation = team.generations().last()?.number.next()?;
    let key = NameKey::generate(KeyScope { team: team.id(), environment: None, generation }, rng);
    let labels = labelled
        .into_iter()
        .map(|(subject, name)| LabelChanged { subject, label: seal_text(&key, &name, rng) })
        .collect();
    let commitments = Commitments { name: key.commitment(), value: None };
    let event = Event::GenerationOpened(GenerationOpened {
        environment: None,
        generation,
        commitments,
        head: None,
        labels,
    });
    Some((key, event))
}

/// Seals a label under a fresh id.
pub(crate) fn seal_label(key: &NameKey, label: &Label, rng: &mut impl CryptoRng) -> SealedLabel {
    seal_text(key, label.as_str(), rng)
}

fn seal_text(key: &NameKey, text: &str, rng: &mut impl CryptoRng) -> SealedLabel {
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    let id = LabelId::new(id);
    SealedLabel { id, generation: key.scope().generation, sealed: key.seal_label(id, text, rng) }
}

/// Wraps a key to one keyholder; a public key that is none gets nothing, and nobody could open it anyway.
pub(crate) fn wrap_environment(
    name: &NameKey,
    value: Option<&ValueKey>,
    to: &PublicKeys,
    wrapper: KeyholderId,
    rng: &mut impl CryptoRng,
) -> Vec<Wrap> {
    let name = name.wrap(to, wrapper, rng);
    let value = value.and_then(|value| value.wrap(to, wrapper, rng));
    name.into_iter().chain(value).collect()
}

/// A name of a team, member, project or environment: what a person may call it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label(String);

/// Text that cannot be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A name has 1 to 100 characters, no slash, no line break and no invisible characters.")]
pub struct NotALabel;

impl Label {
    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Label {
    type Err = NotALabel;
    fn from_str(text: &str) -> Result<Self, NotALabel> {
        let text = text.trim();
        let fits = (1..=limits::LABEL_CHARACTERS).contains(&text.chars().count());
        if fits && !inert::deceives(text) && !text.contains(['/', '\\']) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotALabel)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_founded_team_replays() {
        let mut rng = rand::rng();
        let founder = Keyholder::from_seed(&twinlock_seal::Seed::generate(&mut rng));
        let founded =
            found(&founder, &"Acme".parse().unwrap(), &"Ada".parse().unwrap(), Timestamp(1), &mut rng)
                .unwrap();
        assert_eq!(twinlock_protocol::team::replay(&founded.statements).unwrap(), founded.team);
        assert_eq!(founded.wraps.len(), 1);
    }

    #[test]
    fn names_that_could_deceive_are_no_names() {
        for text in ["", " ", "a/b", "../..", "a\0b", "a\u{202e}b", "a\u{1b}[31m", &"x".repeat(101)] {
            assert!(text.parse::<Label>().is_err(), "{text:?}");
        }
        assert_eq!(" Zoë's API ".parse::<Label>().unwrap().as_str(), "Zoë's API");
        for text in ["pro\u{ad}d", "prod\u{3164}", "prod\u{fe0f}", "prod\u{e0101}", "prod\u{2800}"] {
            assert!(text.parse::<Label>().is_err(), "{text:?}");
        }
        assert_eq!("❤\u{fe0f} api".parse::<Label>().unwrap().as_str(), "❤\u{fe0f} api");
    }
}
