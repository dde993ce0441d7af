//! Recovery kits: made here, written down by a person who proves it, and only then part of the team.

use rand::seq::index::sample;
use twinlock_protocol::event::KeyholderKind;
use twinlock_protocol::ids::KeyholderId;
use twinlock_seal::{Keyholder, KitLine, RECOVERY_WORDS, RecoveryWords, Seed};

use super::keyholders::{check_room, keyholder_view, place, plan_keyholder};
use super::members::{ATTEMPTS, Turn};
use super::{Client, Joined};
use crate::error::Error;
use crate::view::KeyholderView;

/// How many words a person is asked for.
const ASKED: usize = 3;

/// A kit that was made and that the team does not know: its words open nothing yet.
pub struct NewKit {
    seed: Seed,
    line: KitLine,
    asked: [usize; ASKED],
}

/// A kit of which somebody has the words.
pub struct ProvenKit(NewKit);

/// A word that is not the kit's. Which one it should be is not in here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Word {0} is another one on the kit. Nothing was made: these words open nothing. Start again, with the words that are shown then."
)]
pub struct WrongWord(pub usize);

impl NewKit {
    /// The line to keep beside the words. There is no secret in it.
    #[must_use]
    pub fn line(&self) -> &KitLine {
        &self.line
    }

    /// The words. Whoever has them and the line is this member.
    #[must_use]
    pub fn words(&self) -> RecoveryWords {
        RecoveryWords::of(&self.seed)
    }

    /// Which words a person is asked for, counted from 1, in order.
    #[must_use]
    pub fn asked(&self) -> [usize; ASKED] {
        self.asked
    }

    /// Takes the answers, in the order of what was asked.
    pub fn prove(self, answers: [&str; ASKED]) -> Result<ProvenKit, WrongWord> {
        let words: Vec<&str> = self.words().expose().collect();
        for (asked, answer) in self.asked.into_iter().zip(answers) {
            let right = words.get(asked - 1).is_some_and(|word| answer.trim().eq_ignore_ascii_case(word));
            if !right {
                return Err(WrongWord(asked));
            }
        }
        Ok(ProvenKit(self))
    }
}

impl Client {
    /// Makes a kit's words. Nobody knows of them but whoever is shown them.
    pub async fn new_kit(&self) -> Result<NewKit, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        check_room(&joined.session)?;
        let line = KitLine { place: place(joined)? };
        Ok(NewKit { seed: Seed::generate(&mut rand::rng()), line, asked: positions() })
    }

    /// Makes a kit part of the team, with every key that its member may have.
    pub async fn add_kit(&self, kit: &ProvenKit) -> Result<KeyholderView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        let kit = Keyholder::from_seed(&kit.0.seed);
        for _ in 0..ATTEMPTS {
            self.refresh_log(joined).await?;
            check_room(&joined.session)?;
            let statement = plan_keyholder(&joined.session, kit.public(), KeyholderKind::Recovery);
            if let Turn::Ours = self.add_keyholder(joined, kit.co_sign(statement), kit.public()).await? {
                return keyholder_view(&joined.session, kit.id());
            }
        }
        Err(Error::TooBusy)
    }

    /// What this member should do while it can be done, in sentences: an owner who could be lost with one computer
    /// makes a kit.
    pub async fn advice(&self) -> Result<Vec<String>, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        Ok(advice(joined).into_iter().map(str::to_owned).collect())
    }
}

/// Whether the team could be lost with this computer.
pub(super) fn advice(joined: &Joined) -> Option<&'static str> {
    let session = &joined.session;
    let me = session.me().ok()?;
    let team = &session.team;
    let owns = |id| {
        team.members().get(&id).is_some_and(|member| member.role == twinlock_protocol::event::Role::Owner)
    };
    let others = team.active_members().any(|(id, _)| id != me && owns(id));
    let held: Vec<KeyholderId> = team.active_member(me).ok()?.keyholders().iter().copied().collect();
    if !owns(me) || others || held.len() > 1 {
        return None;
    }
    Some(match place(joined) {
        Ok(_) => {
            "You are the team's only owner, on one computer and without a recovery kit. If this computer or its keychain is lost, nobody can bring you back, whoever runs the vault included. Make a kit now: twinlock recovery create"
        }
        Err(_) => {
            "This team and its vault are on this computer alone. If it is lost, nobody can bring the team back: keep copies of what matters, or use a vault server and a recovery kit."
        }
    })
}

/// Different positions, in order, counted from 1.
fn positions() -> [usize; ASKED] {
    let mut positions = [0; ASKED];
    for (position, drawn) in positions.iter_mut().zip(sample(&mut rand::rng(), RECOVERY_WORDS, ASKED)) {
        *position = drawn + 1;
    }
    positions.sort_unstable();
    positions
}

#[cfg(test)]
mod tests {
    use twinlock_protocol::event::LogHead;
    use twinlock_protocol::ids::{StatementHash, TeamId};
    use twinlock_seal::Place;

    use super::*;

    fn kit(asked: [usize; ASKED]) -> NewKit {
        let head = LogHead { sequence: 1, hash: StatementHash::new([0; 32]) };
        let place =
            Place { team: TeamId::new([0; 16]), address: "https://vault".to_owned(), pin: None, head };
        NewKit { seed: Seed::from_bytes([7; 32]), line: KitLine { place }, asked }
    }

    #[test]
    fn only_the_right_words_prove_a_kit() {
        let words: Vec<&str> = kit([1, 2, 3]).words().expose().collect();
        let (first, last) = (words[0].to_uppercase(), format!(" {}\r\n", words[23]));
        assert!(kit([1, 7, 24]).prove([&first, words[6], &last]).is_ok());
        assert_eq!(kit([1, 7, 24]).prove([&first, words[7], &last]).err(), Some(WrongWord(7)));
        assert_eq!(kit([1, 7, 24]).prove(["", words[6], &last]).err(), Some(WrongWord(1)));
        assert_eq!(kit([1, 7, 24]).prove([&words[0][..3], words[6], &last]).err(), Some(WrongWord(1)));
    }

    #[test]
    fn what_is_asked_are_different_words_of_the_kit() {
        for _ in 0..1000 {
            let [a, b, c] = positions();
            assert!(1 <= a && a < b && b < c && c <= RECOVERY_WORDS);
        }
    }
}
