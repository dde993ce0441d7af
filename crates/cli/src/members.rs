//! `twinlock member`: removing somebody, their role, their access.

use clap::{Args, Subcommand};
use serde::Serialize;
use twinlock_client::ids::KeyholderId;
use twinlock_client::view::{
    ChecklistItem, ChecklistState, ChecklistView, MemberChangeView, MemberRemovedView, ReadableView,
    RemovalView, RenewalView,
};
use twinlock_client::{Applicant, Client, Error, Label};

use crate::consequences::of_falling;
use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::secret::SecretArgument;
use crate::text::Text;
use crate::values::{AccessChange, RoleArgument, level_word, role_word};

/// What to do with a member.
#[derive(Subcommand)]
pub(crate) enum MemberCommand {
    /// Lets somebody in who joined and waits, once the words of their computer were compared.
    Approve(ApproveArguments),
    /// Removes somebody from the team, renews the keys they knew, and lists what they could read.
    Remove(RemoveArguments),
    /// Shows what those who were removed could read and what of it was not changed yet; ticks off what was.
    Checklist(ChecklistArguments),
    /// Changes the name that you, or as an admin somebody else, go by in the team.
    Rename(RenameArguments),
    /// Changes what somebody may do in the team.
    Role(RoleArguments),
    /// Changes somebody's access to an environment.
    Access(AccessArguments),
}

#[derive(Args)]
#[command(override_usage = "twinlock member approve ID\n       twinlock member approve [ID] --words -")]
pub(crate) struct ApproveArguments {
    /// Their id, or their computer's, as “twinlock team show” lists it with the words: whoever waits has no name yet.
    #[arg(required_unless_present = "words")]
    id: Option<String>,
    /// The words that they read from their computer, on standard input: compared here.
    #[arg(long, value_name = "-")]
    words: Option<SecretArgument>,
}

#[derive(Args)]
pub(crate) struct RemoveArguments {
    /// Their name, or their id.
    name: String,
    /// An invite or a service of theirs that goes on, in your name; as often as needed.
    #[arg(long, value_name = "ID")]
    keep: Vec<KeyholderId>,
}

#[derive(Args)]
pub(crate) struct ChecklistArguments {
    /// Variables, or whole environments, that were changed where they came from.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    done: Vec<String>,
}

#[derive(Args)]
#[command(override_usage = "twinlock member rename NAME\n       twinlock member rename WHO NAME")]
pub(crate) struct RenameArguments {
    /// The new name; or first whose it is, by their name or their id.
    #[arg(required = true, num_args = 1..=2, value_name = "NAME")]
    names: Vec<String>,
}

#[derive(Args)]
pub(crate) struct RoleArguments {
    /// Their name, or their id.
    name: String,
    /// What they may do from now on.
    #[arg(value_enum)]
    role: RoleArgument,
    /// At a lower role: an invite or a service of theirs that goes on, in your name; as often as needed.
    #[arg(long, value_name = "ID")]
    keep: Vec<KeyholderId>,
}

#[derive(Args)]
pub(crate) struct AccessArguments {
    /// Their name, or their id.
    name: String,
    /// The environment, and how far from now on.
    #[arg(value_name = "PROJECT/ENV:names|read|write|none")]
    access: AccessChange,
}

pub(crate) async fn run(
    command: MemberCommand,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    match command {
        MemberCommand::Approve(ApproveArguments { id, words }) => {
            let words = words.map(|words| words.line("Words")).transpose()?;
            let who = match (&id, &words) {
                (Some(id), Some(words)) => Applicant::IdAndWords(id, words.expose()),
                (Some(id), None) => Applicant::Id(id),
                (None, Some(words)) => Applicant::Words(words.expose()),
                (None, None) => {
                    return Err(Failure::Usage(
                        "Say who: by their id, or by their computer's words.".to_owned(),
                    ));
                }
            };
            let member = client.approve_member(who).await?;
            out.answer(&member, |_| {})?;
            out.note(&format!(
                "Approved, with the role {}. Their name is seen once their computer has asked the vault.",
                role_word(member.role)
            ));
        }
        MemberCommand::Checklist(ChecklistArguments { done }) => {
            let lists = client.tick(&done).await?;
            out.answer(&ChecklistsDocument { checklists: &lists }, |text| show_lists(&lists, text))?;
        }
        MemberCommand::Rename(RenameArguments { names }) => {
            let (who, name) = match names.as_slice() {
                [name] => (None, name),
                [who, name, ..] => (Some(who.as_str()), name),
                [] => return Err(Failure::Usage("Say the new name.".to_owned())),
            };
            let name: Label = name.parse().map_err(Error::from)?;
            client.rename_member(who, &name).await?;
            out.answer(&NamedDocument { name: name.as_str() }, |_| {})?;
            out.note(&format!("The name is {} from now on.", name.as_str()));
        }
        MemberCommand::Remove(RemoveArguments { name, keep }) => {
            let RemovalView { name: called, falls, .. } = client.removal(&name, &keep).await?;
            say(&of_falling(&called, None, &falls), out);
            let removed = client.remove_member_keeping(&name, &keep).await?;
            out.answer(&removed, |text| show_checklist(&removed, text))?;
            out.note(&format!("{} is no member any more.", removed.name));
            if !removed.could_read.is_empty() {
                out.note("Every admin has the list, until all of it was changed: twinlock member checklist");
            }
            say_closed(&removed.closed, out);
            say_keys(&removed.keys, out);
        }
        MemberCommand::Role(RoleArguments { name, role, keep }) => {
            let new = client.new_role(&name, role.into(), &keep).await?;
            if new.to < new.from {
                say(&of_falling(&format!("{}'s role", new.name), None, &new.falls), out);
            }
            let changed = client.set_role_keeping(&name, role.into(), &keep).await?;
            out.answer(&changed, |_| {})?;
            let role = role_word(changed.member.role);
            out.note(&format!("{} has the role {role} now.", changed.member.name));
            say_change(&changed, out);
        }
        MemberCommand::Access(AccessArguments { name, access }) => {
            let environment = access.environment.to_string();
            let id = client.find_environment(&environment).await?;
            let changed = client.set_access(&name, id, access.level).await?;
            out.answer(&changed, |_| {})?;
            let level = access.level.map_or("no access", level_word);
            out.note(&format!("{}: {environment}  {level}", changed.member.name));
            say_change(&changed, out);
        }
    }
    Ok(Status::Done)
}

/// What falls, said before it is signed.
fn say(sentences: &[String], out: &Output) {
    sentences.iter().for_each(|sentence| out.note(sentence));
}

#[derive(Serialize)]
struct ChecklistsDocument<'a> {
    checklists: &'a [ChecklistView],
}

/// The lists, with what is done ticked off.
fn show_lists(lists: &[ChecklistView], text: &mut Text) {
    if lists.is_empty() {
        text.line("Nothing that somebody who was removed could read waits to be changed.");
    }
    for list in lists {
        text.line(format!("{} could read:", list.name));
        for ChecklistItem { environment, name, state } in &list.items {
            let (tick, why) = match state {
                ChecklistState::Open => ("[ ]", ""),
                ChecklistState::Changed => ("[x]", "  (another value since)"),
                ChecklistState::Done => ("[x]", ""),
            };
            let name = name.as_deref().unwrap_or("(you have no access to its names)");
            text.line(format!("  {tick} {environment}  {name}{why}"));
        }
    }
}

#[derive(Serialize)]
struct NamedDocument<'a> {
    name: &'a str,
}

/// What somebody could read, as a list to work through. Names only: the values are to be replaced.
fn show_checklist(removed: &MemberRemovedView, text: &mut Text) {
    if removed.could_read.is_empty() {
        return;
    }
    text.line(format!("{} could read these values. Change them at their providers:", removed.name));
    for ReadableView { environment, names } in &removed.could_read {
        match names {
            Some(names) => {
                for name in names {
                    text.line(format!("  [ ] {environment}  {name}"));
                }
            }
            None => text.line(format!("  [ ] {environment}  (you have no access to its names)")),
        }
    }
}

fn say_change(changed: &MemberChangeView, out: &Output) {
    say_closed(&changed.closed, out);
    say_keys(&changed.keys, out);
}

fn say_closed(closed: &[KeyholderId], out: &Output) {
    if !closed.is_empty() {
        let ids: Vec<String> = closed.iter().map(ToString::to_string).collect();
        out.note(&format!("Invites and services of theirs that were closed with it: {}", ids.join(", ")));
    }
}

/// What became of keys that somebody lost.
pub(crate) fn say_keys(keys: &RenewalView, out: &Output) {
    if !keys.renewed.is_empty() {
        out.note(&format!("New keys, everything sealed anew: {}", keys.renewed.join(", ")));
    }
    for waiting in &keys.waiting {
        out.note(&format!("{} waits for new keys. {}", waiting.environment, waiting.why));
    }
}

#[cfg(test)]
mod tests {
    use twinlock_client::ids::MemberId;

    use super::*;

    #[test]
    fn a_checklist_has_names_and_says_where_there_are_none() {
        let environment = |name: &str, names| ReadableView { environment: name.to_owned(), names };
        let mut removed = MemberRemovedView {
            member: MemberId::new([1; 16]),
            name: "Ben".to_owned(),
            closed: Vec::new(),
            could_read: Vec::new(),
            keys: RenewalView::default(),
        };
        let shown = |removed: &MemberRemovedView| {
            let mut text = Text::default();
            show_checklist(removed, &mut text);
            text.as_str().to_owned()
        };
        assert_eq!(shown(&removed), "");
        removed.could_read = vec![
            environment("api/development", Some(vec!["A".to_owned(), "B".to_owned()])),
            environment("api/production", None),
        ];
        assert_eq!(
            shown(&removed),
            "Ben could read these values. Change them at their providers:\n  [ ] api/development  A\n  [ ] api/development  B\n  [ ] api/production  (you have no access to its names)\n"
        );
    }
}
