//! Safety words, what was signed, and what to show whoever runs a vault that lies.

use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt as _;

use super::people::keyholder_id;
use super::{Answer, chosen_path};
use crate::core::Core;
use crate::dto::{CommandError, Replayed, Safety, Statement, Verdict};

#[tauri::command]
#[specta::specta]
pub(crate) async fn safety_words(core: State<'_, Core>) -> Answer<Safety> {
    let client = core.client().await?;
    let words = client.safety_words().await?;
    Ok(Safety::new(words, &client.compared().await?))
}

/// Remembers what came of comparing a computer's words.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_compared(core: State<'_, Core>, computer: String, verdict: Verdict) -> Answer<()> {
    Ok(core.client().await?.set_compared(keyholder_id(&computer)?, verdict.into()).await?)
}

/// What was signed, the newest first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn activity(core: State<'_, Core>) -> Answer<Vec<Statement>> {
    let mut all = core.client().await?.activity().await?;
    all.sort_by_key(|statement| std::cmp::Reverse((statement.at, statement.number)));
    Ok(all.into_iter().map(Statement::from).collect())
}

/// Replays everything from the first statement on.
#[tauri::command]
#[specta::specta]
pub(crate) async fn verify_activity(core: State<'_, Core>) -> Answer<Replayed> {
    Ok(core.client().await?.replay_activity().await?.into())
}

/// Lets the person choose a file and writes the statements and the evidence of refusals there. Says whether it did.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_activity(app: AppHandle, core: State<'_, Core>) -> Answer<bool> {
    let (told, chosen) = tokio::sync::oneshot::channel();
    app.dialog()
        .file()
        .set_title("Where to save what was served")
        .set_file_name("twinlock-activity.jsonl")
        .save_file(move |path| drop(told.send(path)));
    let Some(path) = chosen_path(chosen.await)? else { return Ok(false) };
    let lines = core.client().await?.export_activity().await?;
    tokio::fs::write(&path, lines)
        .await
        .map_err(|error| CommandError::failed(format!("{} could not be written: {error}", path.display())))?;
    Ok(true)
}
