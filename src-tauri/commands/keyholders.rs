//! Further computers of the same member, and recovery kits. What is half done stays in the program: a kit's words
//! cross while a person writes them down, and nothing else of it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tauri::State;
use tokio::sync::Notify;
use twinlock_client::{
    Candidacy, ComputerLink, Error, KitLine, KnockingComputer, NewKit, ProvenKit, RecoveryWords, SafetyWords,
};

use super::Answer;
use super::people::keyholder_id;
use crate::core::Core;
use crate::dto::{CommandError, Kit, Knocking, OwnKeyholder, Team};

/// How long one computer waits for the other.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// What was begun and is not done.
#[derive(Default)]
pub(crate) struct Begun {
    kit: Mutex<Option<Written>>,
    candidacy: Mutex<Option<Candidacy>>,
    gone: Notify,
}

impl Begun {
    /// Drops all of it: the kit that nobody has proven to have, and the place at another computer's door.
    pub(crate) fn forget_all(&self) {
        *held(&self.kit) = None;
        *held(&self.candidacy) = None;
        self.gone.notify_waiters();
    }
}

/// A kit that is being made.
enum Written {
    /// Its words are being written down.
    New(NewKit),
    /// They were, and the vault does not know of it yet.
    Proven(ProvenKit),
}

fn held<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Each is replaced whole.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a kit's words. The team does not know of it before somebody proved that they have them.
#[tauri::command]
#[specta::specta]
pub(crate) async fn new_kit(core: State<'_, Core>, begun: State<'_, Begun>) -> Answer<Kit> {
    let kit = core.client().await?.new_kit().await?;
    let view = Kit { line: kit.line().to_text(), asked: kit.asked().to_vec() };
    *held(&begun.kit) = Some(Written::New(kit));
    Ok(view)
}

/// The words, for as long as they are looked at.
#[tauri::command]
#[specta::specta]
pub(crate) fn kit_words(begun: State<'_, Begun>) -> Answer<Vec<String>> {
    match &*held(&begun.kit) {
        // To the page, because a person writes them down from there.
        Some(Written::New(kit)) => Ok(kit.words().expose().map(str::to_owned).collect()),
        _ => Err(no_kit()),
    }
}

/// Takes the words that were asked for; the right ones make the kit part of the team.
#[tauri::command]
#[specta::specta]
pub(crate) async fn prove_kit(
    core: State<'_, Core>,
    begun: State<'_, Begun>,
    answers: Vec<String>,
) -> Answer<OwnKeyholder> {
    let written = held(&begun.kit).take().ok_or_else(no_kit)?;
    let kit = match written {
        Written::Proven(kit) => kit,
        Written::New(kit) => {
            let given: Vec<&str> = answers.iter().map(String::as_str).collect();
            let given =
                given.try_into().map_err(|_| CommandError::failed("Give all the words asked for."))?;
            kit.prove(given).map_err(|wrong| CommandError::failed(wrong.to_string()))?
        }
    };
    match core.client().await?.add_kit(&kit).await {
        Ok(added) => Ok(added.into()),
        Err(error) => {
            // The words are on paper: only this is tried again.
            *held(&begun.kit) = Some(Written::Proven(kit));
            Err(error.into())
        }
    }
}

/// Nobody looks at the kit any more. What was not proven opens nothing.
#[tauri::command]
#[specta::specta]
pub(crate) fn forget_kit(begun: State<'_, Begun>) {
    *held(&begun.kit) = None;
}

/// Brings a member back on this computer.
#[tauri::command]
#[specta::specta]
pub(crate) async fn restore(core: State<'_, Core>, line: String, words: String) -> Answer<Team> {
    let words = zeroize::Zeroizing::new(words);
    let line = KitLine::parse(line.trim()).map_err(Error::from)?;
    let words = RecoveryWords::parse(&words).map_err(Error::from)?;
    Ok(core.client().await?.restore_member(line, &words).await?.into())
}

/// The link with which a further computer finds this one. There is no secret in it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn computer_link(core: State<'_, Core>) -> Answer<String> {
    Ok(core.client().await?.computer_link().await?.to_text())
}

/// The computers that stand at this one's door.
#[tauri::command]
#[specta::specta]
pub(crate) async fn knocking_computers(core: State<'_, Core>) -> Answer<Vec<Knocking>> {
    let all = core.client().await?.knocking_computers().await?;
    Ok(all.iter().map(|one| knocking(one.id(), one.words())).collect())
}

/// Adds a computer whose words a person has compared.
#[tauri::command]
#[specta::specta]
pub(crate) async fn add_computer(core: State<'_, Core>, computer: String) -> Answer<OwnKeyholder> {
    let (client, computer) = (core.client().await?, keyholder_id(&computer)?);
    let all = client.knocking_computers().await?;
    let stands = all.into_iter().find(|one| one.id() == computer).ok_or_else(|| {
        CommandError::failed("That computer does not wait any more. Nothing was changed; begin again there.")
    })?;
    Ok(client.add_computer(KnockingComputer::compared(stands), PATIENCE).await?.into())
}

/// Stands at the door of the computer that showed a link.
#[tauri::command]
#[specta::specta]
pub(crate) async fn stand_for(
    core: State<'_, Core>,
    begun: State<'_, Begun>,
    link: String,
) -> Answer<Knocking> {
    let link = ComputerLink::parse(link.trim()).map_err(Error::from)?;
    let candidacy = core.client().await?.stand_for(link).await?;
    let view = knocking(candidacy.id(), candidacy.words());
    *held(&begun.candidacy) = Some(candidacy);
    Ok(view)
}

/// Waits until the other computer adds this one; none if somebody went away from the door before.
#[tauri::command]
#[specta::specta]
pub(crate) async fn await_admission(core: State<'_, Core>, begun: State<'_, Begun>) -> Answer<Option<Team>> {
    // Made first: whoever goes away from here on is heard.
    let gone = begun.gone.notified();
    let candidacy = held(&begun.candidacy).take();
    let Some(candidacy) = candidacy else { return Ok(None) };
    let client = core.client().await?;
    tokio::select! {
        admitted = client.await_admission(candidacy, PATIENCE) => Ok(Some(admitted?.into())),
        () = gone => Ok(None),
    }
}

/// Goes away from the door.
#[tauri::command]
#[specta::specta]
pub(crate) fn leave_door(begun: State<'_, Begun>) {
    *held(&begun.candidacy) = None;
    begun.gone.notify_waiters();
}

fn knocking(id: twinlock_client::ids::KeyholderId, words: SafetyWords) -> Knocking {
    Knocking { id: id.to_string(), words: words.map(str::to_owned).into() }
}

fn no_kit() -> CommandError {
    CommandError::failed("There is no kit that is being made. Begin again, with new words.")
}
