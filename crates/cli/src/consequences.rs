//! What taking somebody or something from the team does, said before it is done; and, where it is gone for everybody,
//! the question whether to.

use std::io;

use clap::Args;
use twinlock_client::ids::KeyholderId;
use twinlock_client::view::{FallsView, GoneEnvironment, GoneView, LostView, RekeyedView};

use crate::ask::{is_yes, prompt, read_line};
use crate::failure::Failure;
use crate::output::Output;
use crate::text::count;
use crate::values::role_word;

/// What falls with `who`, in sentences, but for `itself`.
pub(crate) fn of_falling(who: &str, itself: Option<KeyholderId>, falls: &FallsView) -> Vec<String> {
    let goes = |id: &KeyholderId| Some(*id) != itself;
    let computers = falls.computers.iter().filter(|id| goes(id)).map(|id| format!("the computer {id}"));
    let kits = falls.kits.iter().filter(|id| goes(id)).map(|id| format!("the recovery kit {id}"));
    let invites = falls.invites.iter();
    let invites =
        invites.map(|invite| format!("the invite {}, for the role {}", invite.id, role_word(invite.role)));
    let services = falls.services.iter();
    let services = services.map(|service| format!("the service {}, {}", service.name, service.id));
    let mut said: Vec<String> = computers
        .chain(kits)
        .chain(invites)
        .chain(services)
        .map(|what| format!("With {who} falls {what}."))
        .collect();
    for RekeyedView { environment, here, values } in &falls.environments {
        let read = match values {
            Some(0) => String::new(),
            Some(values) => format!("; {} could be read", count(*values, "value")),
            None => "; how many values could be read is not known here".to_owned(),
        };
        let when = if *here { "at once" } else { "with the next push of somebody who can write there" };
        said.push(format!("{environment} gets new keys {when}{read}."));
    }
    said
}

/// What to do where keys are missing.
#[derive(Args)]
pub(crate) struct GivingUp {
    /// For keys that nobody has: carries over what opens on this computer, each as it was when it last did, and gives up the rest.
    #[arg(long)]
    pub(crate) give_up_lost: bool,
    /// Does not ask.
    #[arg(long, requires = "give_up_lost")]
    pub(crate) yes: bool,
}

/// Says what new keys will not bring along, and asks. Without somebody to ask it takes a `--yes`.
pub(crate) fn ask_whether_lost(lost: &LostView, yes: bool, out: &Output) -> Result<(), Failure> {
    let said = of_lost(lost);
    if yes || lost.is_nothing() {
        said.iter().for_each(|sentence| out.note(sentence));
        return Ok(());
    }
    said.iter().for_each(|sentence| out.problem(sentence));
    if !Output::can_ask() {
        return Err(Failure::Decide(
            "Nothing was changed. To give it up all the same, say --yes.".to_owned(),
        ));
    }
    prompt("Make new keys without it? Somebody else may still have the keys that are missing here. [yes/no]");
    let answer = read_line().map_err(|error: io::Error| Failure::Input(error))?;
    match answer.is_some_and(|answer| is_yes(&answer)) {
        true => Ok(()),
        false => Err(Failure::Decide("Nothing was changed.".to_owned())),
    }
}

fn of_lost(lost: &LostView) -> Vec<String> {
    let LostView { kept, earlier, gone, gone_unnamed } = lost;
    let mut said = Vec::new();
    if lost.is_nothing() {
        said.push("Everything opens on this computer: nothing is given up.".to_owned());
    } else if *kept > 0 {
        said.push(format!("Kept as it is now: {}.", count(*kept, "name")));
    }
    if !earlier.is_empty() {
        said.push(format!("As it was when it last opened here: {}.", earlier.join(", ")));
    }
    if !gone.is_empty() {
        said.push(format!("Given up: {}.", gone.join(", ")));
    }
    if *gone_unnamed > 0 {
        said.push(format!(
            "Given up: {} of which not even the name opens here.",
            count(*gone_unnamed, "thing")
        ));
    }
    said
}

/// Says what will be gone and for whom, and asks. Without somebody to ask it takes a `--yes`.
pub(crate) fn ask_whether_gone(gone: &GoneView, yes: bool, out: &Output) -> Result<(), Failure> {
    let said = of_gone(gone);
    if yes {
        said.iter().for_each(|sentence| out.note(sentence));
        return Ok(());
    }
    // It is the question, and not a note: it is shown quietly as well.
    said.iter().for_each(|sentence| out.problem(sentence));
    if !Output::can_ask() {
        return Err(Failure::Decide("Nothing was changed. To remove it all the same, say --yes.".to_owned()));
    }
    prompt(&format!("Remove {} for everybody? It cannot be taken back. [yes/no]", gone.name));
    let answer = read_line().map_err(|error: io::Error| Failure::Input(error))?;
    match answer.is_some_and(|answer| is_yes(&answer)) {
        true => Ok(()),
        false => Err(Failure::Decide("Nothing was changed.".to_owned())),
    }
}

fn of_gone(gone: &GoneView) -> Vec<String> {
    let mut said = vec![match gone.environments.len() {
        0 => format!("{} goes for everybody. There is no environment in it.", gone.name),
        1 if gone.environments.iter().any(|one| one.name == gone.name) => {
            format!("{} goes for everybody, with its values and their history:", gone.name)
        }
        several => format!(
            "{} goes for everybody, with {}, their values and the history of these:",
            gone.name,
            count(several, "environment")
        ),
    }];
    for environment in &gone.environments {
        said.push(format!("  {}", of_environment(environment)));
        said.extend(
            environment
                .files
                .iter()
                .map(|file| format!("    {} stays as it is, and is linked to nothing then.", file.display())),
        );
    }
    said
}

fn of_environment(gone: &GoneEnvironment) -> String {
    let variables = match gone.variables {
        Some(variables) => count(variables, "variable"),
        None => "how many variables is not known here".to_owned(),
    };
    let members = match gone.members.as_slice() {
        [] => "nobody else has access".to_owned(),
        members => format!("also used by {}", members.join(", ")),
    };
    let services = match gone.services.as_slice() {
        [] => String::new(),
        services => format!("; read by the {} {}", plural("service", services.len()), services.join(", ")),
    };
    let invites = match gone.invites {
        0 => String::new(),
        invites => {
            format!(
                "; {} {} access to it",
                count(invites, "invite"),
                if invites == 1 { "gives" } else { "give" }
            )
        }
    };
    format!("{}: {variables}; {members}{services}{invites}.", gone.name)
}

fn plural(word: &str, number: usize) -> String {
    if number == 1 { word.to_owned() } else { format!("{word}s") }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use twinlock_client::ids::EnvironmentId;

    use super::*;

    #[test]
    fn what_falls_is_said_but_for_the_thing_itself() {
        let id = |byte| KeyholderId::new([byte; 16]);
        let falls = FallsView {
            computers: vec![id(1), id(2)],
            kits: vec![id(3)],
            environments: vec![
                RekeyedView { environment: "api/a".to_owned(), here: true, values: Some(2) },
                RekeyedView { environment: "api/b".to_owned(), here: false, values: None },
                RekeyedView { environment: "api/c".to_owned(), here: true, values: Some(0) },
            ],
            ..FallsView::default()
        };
        assert_eq!(
            of_falling("it", Some(id(1)), &falls),
            [
                format!("With it falls the computer {}.", id(2)),
                format!("With it falls the recovery kit {}.", id(3)),
                "api/a gets new keys at once; 2 values could be read.".to_owned(),
                "api/b gets new keys with the next push of somebody who can write there; how many values could be \
                 read is not known here."
                    .to_owned(),
                "api/c gets new keys at once.".to_owned(),
            ]
        );
        assert_eq!(of_falling("Ben", None, &FallsView::default()), [""; 0]);
    }

    #[test]
    fn what_goes_is_said_with_whom_it_concerns() {
        let environment = |name: &str| GoneEnvironment {
            id: EnvironmentId::new([1; 16]),
            name: name.to_owned(),
            variables: Some(1),
            members: Vec::new(),
            services: Vec::new(),
            invites: 0,
            files: Vec::new(),
        };
        let mut used = environment("api/b");
        used.variables = None;
        used.members = vec!["Ben".to_owned(), "Cleo".to_owned()];
        used.services = vec!["ci".to_owned()];
        used.invites = 2;
        used.files = vec![PathBuf::from("/w/.env")];
        let gone = |name: &str, environments| of_gone(&GoneView { name: name.to_owned(), environments });
        assert_eq!(
            gone("api/a", vec![environment("api/a")]),
            [
                "api/a goes for everybody, with its values and their history:",
                "  api/a: 1 variable; nobody else has access.",
            ]
        );
        assert_eq!(
            gone("api", vec![environment("api/a"), used]),
            [
                "api goes for everybody, with 2 environments, their values and the history of these:",
                "  api/a: 1 variable; nobody else has access.",
                "  api/b: how many variables is not known here; also used by Ben, Cleo; read by the service ci; 2 \
                 invites give access to it.",
                "    /w/.env stays as it is, and is linked to nothing then.",
            ]
        );
        assert_eq!(gone("web", Vec::new()), ["web goes for everybody. There is no environment in it."]);
    }
}
