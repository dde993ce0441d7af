//! What an owner gives up of an environment's history, said before it is given up, and what became of it.

use std::io;

use twinlock_client::view::{GivenUpView, LostHistory};

use crate::ask::{is_yes, prompt, read_line};
use crate::failure::Failure;
use crate::output::Output;
use crate::text::count;

/// Says what is given up, and asks. Without somebody to ask it takes a `--yes`.
pub(crate) fn ask_whether_given_up(lost: &[LostHistory], yes: bool, out: &Output) -> Result<(), Failure> {
    let said = of_lost_history(lost);
    if yes {
        said.iter().for_each(|sentence| out.note(sentence));
        return Ok(());
    }
    // It is the question, and not a note: it is shown quietly as well.
    said.iter().for_each(|sentence| out.problem(sentence));
    if !Output::can_ask() {
        return Err(Failure::Decide(
            "Nothing was changed. To go on from what the vault has, say --yes.".to_owned(),
        ));
    }
    prompt("Let the whole team go on from there? It cannot be taken back. [yes/no]");
    let answer = read_line().map_err(|error: io::Error| Failure::Input(error))?;
    match answer.is_some_and(|answer| is_yes(&answer)) {
        true => Ok(()),
        false => Err(Failure::Decide("Nothing was changed.".to_owned())),
    }
}

fn of_lost_history(lost: &[LostHistory]) -> Vec<String> {
    let mut said = Vec::new();
    for LostHistory { environment, number, recorded, here, .. } in lost {
        said.push(match *number {
            0 => format!("{environment} goes on from its beginning: the vault has no revision of it."),
            number => format!("{environment} goes on from revision {number}, the last that the vault has."),
        });
        for record in recorded {
            said.push(format!(
                "  {} recorded that it had reached revision {} (event {} of the team). The vault's history does not bear that out.",
                record.by, record.number, record.event
            ));
        }
        for revision in here {
            said.push(format!(
                "  Given up: revision {} by {}, {}, which this computer has and the vault has not.",
                revision.number,
                revision.by,
                count(revision.changes, "change")
            ));
        }
        if recorded.is_empty() && here.is_empty() {
            said.push("  As far as this computer knows, nothing is given up by that.".to_owned());
        }
    }
    said.push(
        "A computer that saw more goes back. Its files stay as they are, and what they have of it shows there as changes to be pushed."
            .to_owned(),
    );
    said
}

/// What is said afterwards.
pub(crate) fn of_given_up(given_up: &GivenUpView) -> Vec<String> {
    let goes_on = given_up
        .given_up
        .iter()
        .map(|lost| format!("{} goes on from revision {} for everybody.", lost.environment, lost.number));
    let renewed = given_up.keys.renewed.iter().map(|name| format!("{name} has new keys."));
    let waiting = given_up
        .keys
        .waiting
        .iter()
        .map(|waiting| format!("{} waits for new keys. {}", waiting.environment, waiting.why));
    goes_on.chain(renewed).chain(waiting).collect()
}

#[cfg(test)]
mod tests {
    use twinlock_client::ids::{EnvironmentId, StatementHash};
    use twinlock_client::view::{LostRevision, RecordedHead, RenewalView, WaitingView};

    use super::*;

    fn lost(number: u64) -> LostHistory {
        LostHistory {
            id: EnvironmentId::new([1; 16]),
            environment: "api/a".to_owned(),
            number,
            hash: StatementHash::new([1; 32]),
            recorded: Vec::new(),
            here: Vec::new(),
        }
    }

    #[test]
    fn what_is_given_up_is_said_with_who_recorded_it_and_whose_it_is() {
        let mut more = lost(5);
        more.recorded = vec![RecordedHead { event: 14, by: "Mallory".to_owned(), number: 9 }];
        more.here = vec![LostRevision { number: 6, by: "Ben".to_owned(), at: 0, changes: 2 }];
        let said = of_lost_history(&[more, lost(0)]);
        assert_eq!(
            said[..5],
            [
                "api/a goes on from revision 5, the last that the vault has.",
                "  Mallory recorded that it had reached revision 9 (event 14 of the team). The vault's history does not bear that out.",
                "  Given up: revision 6 by Ben, 2 changes, which this computer has and the vault has not.",
                "api/a goes on from its beginning: the vault has no revision of it.",
                "  As far as this computer knows, nothing is given up by that.",
            ]
        );
        let keys = RenewalView {
            renewed: vec!["api/a".to_owned()],
            waiting: vec![WaitingView { environment: "api/b".to_owned(), why: "Later.".to_owned() }],
        };
        assert_eq!(
            of_given_up(&GivenUpView { given_up: vec![lost(5)], keys }),
            [
                "api/a goes on from revision 5 for everybody.",
                "api/a has new keys.",
                "api/b waits for new keys. Later.",
            ]
        );
    }
}
