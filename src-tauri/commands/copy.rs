//! Copying a value: from the core into the clipboard. The page names it and learns whether it was done.

use tauri::State;
use twinlock_client::SecretText;
use zeroize::Zeroizing;

use super::{Answer, environment_id, file_id, not_an_id};
use crate::clipboard::Copied;
use crate::core::Core;
use crate::dto::{CommandError, Whose};

/// Copies a variable's value as its loader reads it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn copy_value(
    core: State<'_, Core>,
    copied: State<'_, Copied>,
    environment: String,
    entry: String,
) -> Answer<()> {
    let turn = copied.turn();
    let entry = entry.parse().map_err(|_| not_an_id("variable"))?;
    let revealed = core.client().await?.reveal(environment_id(&environment)?, entry).await?;
    copied.copy(turn, text_of(Some(&revealed.text))?)
}

/// Copies what one side of a change to this variable has.
#[tauri::command]
#[specta::specta]
pub(crate) async fn copy_change(
    core: State<'_, Core>,
    copied: State<'_, Copied>,
    file: String,
    key: usize,
    name: String,
    whose: Whose,
) -> Answer<()> {
    let turn = copied.turn();
    let value = core.client().await?.change_value(file_id(&file)?, key, &name, whose.into()).await?;
    copied.copy(turn, text_of(value.as_ref())?)
}

/// What there is to copy. An empty text would only take away what the clipboard holds.
fn text_of(value: Option<&SecretText>) -> Answer<Zeroizing<String>> {
    let text = value.map(SecretText::expose).filter(|text| !text.is_empty());
    let text =
        text.ok_or_else(|| CommandError::failed("There is no value to copy. The clipboard is as it was."))?;
    Ok(Zeroizing::new(text.to_owned()))
}
