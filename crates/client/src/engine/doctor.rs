//! A check-up: what works, what does not, and what to do about it.

use super::{Client, LOCAL};
use crate::error::Error;
use crate::files::git::{self, GitState};
use crate::view::{DoctorCheck, FileState, Health};

impl Client {
    /// Looks at home, keychain, team, vault and linked files.
    pub async fn doctor(&self) -> Result<Vec<DoctorCheck>, Error> {
        let mut checks = vec![
            good("home", format!("The Twinlock folder is {}.", self.home()?.folder().display())),
            good("keychain", "The keychain gives this computer's keys.".to_owned()),
        ];
        let mut state = self.state().await;
        let Some(joined) = &mut state.joined else {
            checks.push(check("team", Health::Warning, Error::NoTeam.to_string()));
            return Ok(checks);
        };
        let verified = self.refresh_log(joined).await;
        let address = match &joined.vault {
            Some(vault) => vault.location().url.to_string(),
            None => "not running".to_owned(),
        };
        let place =
            if joined.session.record.vault == LOCAL { "embedded in this computer" } else { "a server" };
        checks.push(match &verified {
            Ok(()) => good("vault", format!("The vault ({place}, {address}) answers, and its log verifies.")),
            Err(error) => check("vault", Health::Failed, error.to_string()),
        });
        let session = &joined.session;
        let (members, events) = (session.team.active_members().count(), session.log_head().sequence);
        checks.push(good("team", format!("{}: {members} members, {events} events.", session.team_name())));
        if let Some(sentence) = super::recovery::advice(joined) {
            checks.push(check("recovery", Health::Warning, sentence.to_owned()));
        }
        let missing = session.missing_keys().len();
        if missing > 0 {
            checks.push(check(
                "keys",
                Health::Warning,
                format!("{missing} keys have not reached this computer yet."),
            ));
        }
        for file in self.linked_files()? {
            let view = self.view_of(joined, &file).await?;
            let name = super::link::shown(&file.path);
            let health = match view.state {
                FileState::InStep | FileState::Here | FileState::There | FileState::Both => Health::Good,
                FileState::Conflict | FileState::Emptied => Health::Warning,
                FileState::Missing | FileState::Unreadable | FileState::Refused => Health::Failed,
            };
            let sentence = view.problem.unwrap_or_else(|| {
                format!(
                    "{name} is linked to {}: {} to push, {} to pull.",
                    view.environment, view.here, view.there
                )
            });
            checks.push(check("file", health, sentence));
            match git::state(&file.path).await {
                Ok(GitState::WouldBeCommitted) => checks.push(check(
                    "git",
                    Health::Warning,
                    format!("git would commit {name}. Its values would be in the history for good; add it to .gitignore."),
                )),
                Ok(GitState::Tracked) => checks.push(check(
                    "git",
                    Health::Warning,
                    format!("{name} is in git. Its values are in the history; remove it with “git rm --cached” and change them."),
                )),
                Ok(GitState::Ignored | GitState::NoRepository) => {}
                Err(problem) => checks.push(check("git", Health::Warning, problem.to_string())),
            }
        }
        Ok(checks)
    }
}

fn good(name: &'static str, sentence: String) -> DoctorCheck {
    check(name, Health::Good, sentence)
}

fn check(name: &'static str, health: Health, sentence: String) -> DoctorCheck {
    DoctorCheck { name, health, sentence }
}
