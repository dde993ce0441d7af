//! What somebody who was removed could read, to be worked through. Names and how far one is; no value.

use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt as _;
use twinlock_client::ids::MemberId;
use twinlock_client::view::{ChecklistPlace, ChecklistState, ChecklistView};

use super::{Answer, chosen_path, not_an_id};
use crate::core::Core;
use crate::dto::{Checklist, CommandError};

#[tauri::command]
#[specta::specta]
pub(crate) async fn checklists(core: State<'_, Core>) -> Answer<Vec<Checklist>> {
    Ok(views(core.client().await?.checklists().await?))
}

/// Ticks one item off, or opens it again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_ticked(
    core: State<'_, Core>,
    member: String,
    environment: String,
    name: Option<String>,
    done: bool,
) -> Answer<Vec<Checklist>> {
    let place = ChecklistPlace { member: member_id(&member)?, environment, name };
    Ok(views(core.client().await?.set_ticked(&place, done).await?))
}

/// Puts a list away on which nothing is open.
#[tauri::command]
#[specta::specta]
pub(crate) async fn put_checklist_away(core: State<'_, Core>, member: String) -> Answer<Vec<Checklist>> {
    Ok(views(core.client().await?.put_checklist_away(member_id(&member)?).await?))
}

/// Lets the person choose a file and writes the list there. Says whether it did.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_checklist(app: AppHandle, core: State<'_, Core>, member: String) -> Answer<bool> {
    let (told, chosen) = tokio::sync::oneshot::channel();
    app.dialog()
        .file()
        .set_title("Where to save the list")
        .set_file_name("values-to-change.txt")
        .save_file(move |path| drop(told.send(path)));
    let Some(path) = chosen_path(chosen.await)? else { return Ok(false) };
    let member = member_id(&member)?;
    let lists = core.client().await?.checklists().await?;
    let list = lists.iter().find(|list| list.member == member);
    let list =
        list.ok_or_else(|| CommandError::failed("This list was put away. There is nothing left on it."))?;
    tokio::fs::write(&path, text(list))
        .await
        .map_err(|error| CommandError::failed(format!("{} could not be written: {error}", path.display())))?;
    Ok(true)
}

/// The list as a text. Pure.
fn text(list: &ChecklistView) -> String {
    let open = list.items.iter().filter(|item| item.state == ChecklistState::Open).count();
    let mut text = format!(
        "Values to change after removing {}: {open} of {} left. Names only.\n",
        list.name,
        list.items.len()
    );
    let mut before = None;
    for item in &list.items {
        if before.replace(&item.environment) != Some(&item.environment) {
            text.extend(["\n", &item.environment, "\n"]);
        }
        let (tick, why) = match item.state {
            ChecklistState::Open => ("[ ]", ""),
            ChecklistState::Changed => ("[x]", "  (another value since)"),
            ChecklistState::Done => ("[x]", ""),
        };
        let name = item.name.as_deref().unwrap_or("everything (no access to its names)");
        text.extend(["  ", tick, " ", name, why, "\n"]);
    }
    text
}

fn views(lists: Vec<ChecklistView>) -> Vec<Checklist> {
    lists.into_iter().map(Checklist::from).collect()
}

fn member_id(text: &str) -> Answer<MemberId> {
    text.parse().map_err(|_| not_an_id("list"))
}

#[cfg(test)]
mod tests {
    use twinlock_client::view::ChecklistItem;

    use super::*;

    #[test]
    fn a_saved_list_has_names_and_how_far_one_is() {
        let item = |environment: &str, name: Option<&str>, state| ChecklistItem {
            environment: environment.to_owned(),
            name: name.map(str::to_owned),
            state,
        };
        let list = ChecklistView {
            member: MemberId::new([1; 16]),
            name: "Ben".to_owned(),
            items: vec![
                item("api/development", Some("URL"), ChecklistState::Changed),
                item("api/development", Some("TOKEN"), ChecklistState::Open),
                item("web/production", None, ChecklistState::Done),
            ],
        };
        assert_eq!(
            text(&list),
            "Values to change after removing Ben: 1 of 3 left. Names only.\n\napi/development\n  \
             [x] URL  (another value since)\n  [ ] TOKEN\n\nweb/production\n  [x] everything (no access to its names)\n"
        );
    }
}
