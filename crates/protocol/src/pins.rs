//! A pin file: where a team's log and environments stood, to be kept where a vault cannot change it (a
//! repository, a cache of a build). Whoever begins with nothing is then shown no past from before it.
//!
//! There is nothing secret in one: ids, numbers and hashes.

use serde::{Deserialize, Serialize};

use crate::encoding::{decode_open, decode_strict};
use crate::environment::Environment;
use crate::event::{LogHead, PinnedHead};
use crate::ids::{EnvironmentId, TeamId};
use crate::team::Team;
use crate::{Refusal, Verified};

/// What a pin file's `form` is.
const FORM: &str = "twinlock/pins/v1";
/// What the forms of all versions begin with.
const FORMS: &str = "twinlock/pins/";
/// Bytes of a pin file: room for thousands of environments.
const LONGEST: usize = 1024 * 1024;

/// Where a log and environments stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pins {
    form: String,
    team: TeamId,
    log: LogHead,
    environments: Vec<PinnedHead>,
}

/// Why a text is no pin file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPins {
    /// It is something else, was cut short, or was changed.
    #[error("it is not a pin file, or not whole")]
    Form,
    /// It is of a later version.
    #[error("it was made by a newer version of Twinlock: update this one")]
    NewerVersion,
}

impl Pins {
    /// Pins of heads that were verified.
    #[must_use]
    pub fn new(team: TeamId, log: LogHead, environments: impl IntoIterator<Item = PinnedHead>) -> Self {
        let mut environments: Vec<_> = environments.into_iter().collect();
        environments.sort_by_key(|pinned| pinned.environment);
        environments.dedup_by_key(|pinned| pinned.environment);
        Self { form: FORM.to_owned(), team, log, environments }
    }

    /// Reads a pin file.
    pub fn parse(text: &[u8]) -> Result<Self, NotPins> {
        #[derive(Serialize, Deserialize)]
        struct Form {
            form: String,
        }
        let Form { form } = decode_open(text, LONGEST).map_err(|_| NotPins::Form)?;
        if form != FORM {
            return Err(if form.starts_with(FORMS) { NotPins::NewerVersion } else { NotPins::Form });
        }
        let pins: Self = decode_strict(text, LONGEST).map_err(|_| NotPins::Form)?;
        // In order, each once: one text for one set of pins.
        let ordered = pins.environments.is_sorted_by(|a, b| a.environment < b.environment);
        if ordered { Ok(pins) } else { Err(NotPins::Form) }
    }

    /// The text of a pin file, one pin to a line.
    #[must_use]
    #[expect(clippy::expect_used, reason = "structs of strings and integers: no map keys, no floats")]
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).expect("pins are serialisable") + "\n"
    }

    /// The team whose history it is.
    #[must_use]
    pub fn team(&self) -> TeamId {
        self.team
    }

    /// Where the log stood.
    #[must_use]
    pub fn log(&self) -> LogHead {
        self.log
    }

    /// Where the environments stood, in order of their ids.
    #[must_use]
    pub fn environments(&self) -> &[PinnedHead] {
        &self.environments
    }

    /// Whether it says where an environment stood.
    #[must_use]
    pub fn names(&self, environment: EnvironmentId) -> bool {
        self.environments.iter().any(|pinned| pinned.environment == environment)
    }

    /// Refuses a log that does not go through the pinned head.
    pub fn hold_log(&self, team: &Verified<Team>) -> Result<(), Refusal> {
        if team.id() != self.team {
            return Err(Refusal::Elsewhere);
        }
        team.extends(self.log)
    }

    /// Refuses a history that does not go through the head pinned for its environment, if one is.
    pub fn hold_environment(&self, environment: &Verified<Environment>) -> Result<(), Refusal> {
        let pinned = self.environments.iter().find(|pinned| pinned.environment == environment.id());
        let Some(PinnedHead { head, .. }) = pinned else { return Ok(()) };
        match environment.hash_at(head.number) {
            Some(hash) if hash == head.hash => Ok(()),
            Some(_) => Err(Refusal::Fork { number: head.number }),
            None => Err(Refusal::Rollback { served: environment.head().number, seen: head.number }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Head;
    use crate::ids::StatementHash;

    fn pins() -> Pins {
        let pinned = |id: u8| PinnedHead {
            environment: EnvironmentId::new([id; 16]),
            head: Head { number: u64::from(id), hash: StatementHash::new([id; 32]) },
        };
        let log = LogHead { sequence: 9, hash: StatementHash::new([9; 32]) };
        Pins::new(TeamId::new([1; 16]), log, [pinned(3), pinned(2), pinned(3)])
    }

    #[test]
    fn what_is_written_reads_back_to_the_same() {
        let pins = pins();
        assert_eq!(pins.environments().len(), 2);
        assert!(pins.names(EnvironmentId::new([2; 16])) && !pins.names(EnvironmentId::new([4; 16])));
        assert_eq!(Pins::parse(pins.to_text().as_bytes()), Ok(pins));
    }

    #[test]
    fn anything_else_is_no_pin_file() {
        let text = pins().to_text();
        let swapped = Pins { environments: pins().environments.into_iter().rev().collect(), ..pins() };
        for (wrong, expect) in [
            (String::new(), NotPins::Form),
            ("{}".to_owned(), NotPins::Form),
            (text[..text.len() - 4].to_owned(), NotPins::Form),
            (text.replace("\"log\"", "\"more\": 1, \"log\""), NotPins::Form),
            (text.replace("pins/v1", "export/v1"), NotPins::Form),
            (swapped.to_text(), NotPins::Form),
            (text.replace("pins/v1", "pins/v2"), NotPins::NewerVersion),
        ] {
            assert_eq!(Pins::parse(wrong.as_bytes()), Err(expect), "{wrong}");
        }
    }
}
