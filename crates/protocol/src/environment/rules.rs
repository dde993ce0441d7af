//! Which revision may follow: who signed it, what it refers to, and under which keys.

use super::{Accepted, Environment, SEAL_OVERHEAD, check_blob};
use crate::envelope::Envelope;
use crate::event::{Head, KeyholderKind, Level, Role};
use crate::ids::Generation;
use crate::limits;
use crate::padding;
use crate::refusal::Refusal;
use crate::revision::{Cause, Revision};
use crate::team::{Keyholder, Team};

/// Whether a revision's `state` is recomputed. Signatures, chain and rules always are checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StateCheck {
    Now,
    AtTheHead,
}

impl Environment {
    /// Checks one revision in full, and gives the environment after it.
    pub(super) fn advance(
        mut self,
        team: &Team,
        statement: &Envelope,
        check: StateCheck,
    ) -> Result<(Self, Revision), Refusal> {
        let keys_of = |id| team.keyholders().get(&id).map(|known| &known.keys);
        let revision =
            Revision::decode(statement).map_err(|refusal| statement.newer_or_forged(refusal, keys_of))?;
        let author = team
            .keyholders()
            .get(&revision.author)
            .ok_or(Refusal::UnknownKeyholder { keyholder: revision.author })?;
        statement.verify_signers(&[(revision.author, &author.keys)])?;
        if revision.team != self.team || revision.environment != self.id {
            return Err(Refusal::Elsewhere);
        }
        let number = self.head.number + 1;
        if revision.number != number {
            return Err(Refusal::Number { expected: number, found: revision.number });
        }
        if revision.previous != self.head.hash {
            return Err(Refusal::Chain { number });
        }
        let hash = statement.hash();
        if team.environment(self.id)?.vouched(number).is_some_and(|vouched| vouched != hash) {
            return Err(Refusal::Fork { number });
        }
        self.check_log(team, &revision)?;
        check_rights(team, &revision, author)?;
        self.check_generation(team, &revision)?;
        if let Some(message) = &revision.message {
            check_blob(&message.text)?;
            // At most 4 bytes a character.
            if message.text.len() > padding::padded_length(4 * limits::MESSAGE_CHARACTERS) + SEAL_OVERHEAD {
                return Err(Refusal::Limit("a message has at most 500 characters"));
            }
        }
        match revision.cause {
            Cause::Rotate => self.check_rotation(&revision.changes)?,
            _ if revision.changes.is_empty() => return Err(Refusal::NoChange),
            cause => Self::check_cause(cause, &revision.changes)?,
        }
        self.change(&revision.changes, revision.author, revision.generation, number, revision.created_at)?;
        if check == StateCheck::Now && self.state() != revision.state {
            return Err(Refusal::State);
        }
        self.head = Head { number, hash };
        let log = revision.team_head.sequence;
        self.revisions.push(Accepted { hash, author: revision.author, log });
        Ok((self, revision))
    }

    /// The log it refers to is ours, and not an older one than its predecessor referred to.
    fn check_log(&self, team: &Team, revision: &Revision) -> Result<(), Refusal> {
        let sequence = revision.team_head.sequence;
        let hash = team.hash_at(sequence).ok_or(Refusal::LogBehind { sequence })?;
        let before = self.revisions.last().map_or(0, |revision| revision.log);
        if hash != revision.team_head.hash || sequence < before {
            return Err(Refusal::OtherLog { sequence });
        }
        Ok(())
    }

    /// The generation due, no longer than it may be used, and `rotate` exactly where a generation begins.
    fn check_generation(&self, team: &Team, revision: &Revision) -> Result<(), Refusal> {
        let environment = team.environment(self.id)?;
        let due =
            environment.generation_at(revision.team_head.sequence).ok_or(Refusal::NoEnvironment(self.id))?;
        if revision.generation != due.number {
            return Err(Refusal::WrongGeneration { due: due.number, found: revision.generation });
        }
        let by_number = environment.generation_of(revision.number);
        // What an owner accepted stands as it is, wherever somebody said meanwhile that a generation begins.
        if by_number.number != due.number && !environment.is_accepted(revision.number) {
            return Err(Refusal::WrongGeneration { due: by_number.number, found: revision.generation });
        }
        let begins = due.number != Generation::FIRST && revision.number == due.head.number + 1;
        let rotates = revision.cause == Cause::Rotate;
        if begins != rotates {
            return Err(Refusal::RotationMismatch);
        }
        if begins && (revision.team_head != due.opened || revision.previous != due.head.hash) {
            return Err(Refusal::RotationMismatch);
        }
        if environment.is_stale_at(revision.team_head.sequence) {
            return Err(Refusal::Stale);
        }
        Ok(())
    }
}

/// Rights are judged at the log head that the revision refers to. Where the log says that its author's ended, an
/// older head does not bring them back.
fn check_rights(team: &Team, revision: &Revision, held: &Keyholder) -> Result<(), Refusal> {
    let sequence = revision.team_head.sequence;
    let author = revision.author;
    let refuse = |rule| Err(Refusal::NotAllowed { author, rule });
    if !held.is_live_at(sequence) {
        return refuse("the computer was not part of the team then");
    }
    if held.kind != KeyholderKind::Computer {
        return refuse("a recovery kit pushes nothing");
    }
    if team.level_at(held.member, revision.environment, sequence) != Some(Level::Write) {
        return refuse("it takes write access to the environment");
    }
    let role = team.members().get(&held.member).and_then(|member| member.role_at(sequence));
    if revision.cause == Cause::Purge && role < Some(Role::Admin) {
        return refuse("only admins purge");
    }
    let number = revision.number;
    match team.environment(revision.environment)?.end_before(author, number, sequence) {
        Some(pin) => Err(Refusal::AbovePin { number, pin }),
        None => Ok(()),
    }
}
