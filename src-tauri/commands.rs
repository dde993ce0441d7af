//! The commands that the page may call: each hands on to the client and turns what comes back into what may
//! cross. A value crosses only in `reveal` and `reveal_change`, one at a time; a text that is made to be handed on
//! only in `show_handed`. What is copied does not cross.

pub(crate) mod checklists;
pub(crate) mod copy;
pub(crate) mod invites;
pub(crate) mod keyholders;
pub(crate) mod lock;
pub(crate) mod lost;
pub(crate) mod people;
pub(crate) mod services;
pub(crate) mod trust;

use std::path::PathBuf;

use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt as _;
use twinlock_client::dotenv::Dialect;
use twinlock_client::files::LinkedFileId;
use twinlock_client::ids::EnvironmentId;
use twinlock_client::view::Side;
use twinlock_client::{
    CreateMissing, Error, ImportTarget, InviteLink, Label, LinkOptions, ReadAs, SecretText, Taking, TeamPlace,
};

use crate::core::{Core, location};
use crate::difference::difference;
use crate::dto::{
    Changes, CommandError, Comparison, Destination, Difference, KnownLoader, Mode, Outcome, Overview,
    Preview, Resolution, Revealed, Selection, Team, Variable,
};
use crate::offers::Offers;
use crate::window::Destinations;

type Answer<T> = Result<T, CommandError>;

#[tauri::command]
#[specta::specta]
pub(crate) async fn overview(core: State<'_, Core>) -> Answer<Overview> {
    let client = core.client().await?;
    let overview = client.overview().await?;
    Ok(Overview::new(overview, &client.refusals().await?))
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn start_team_here(core: State<'_, Core>, team: String, member: String) -> Answer<Team> {
    let client = core.client().await?;
    let (team, member) = (label(&team)?, label(&member)?);
    let setup_code = core.host_vault(client).await?.ok_or_else(|| {
        CommandError::failed(
            "The vault of this computer already holds a team, but this Twinlock folder has lost it.",
        )
    })?;
    Ok(client.create_team(TeamPlace::Local, setup_code, team, member).await?.into())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn connect_to_vault(
    core: State<'_, Core>,
    address: String,
    pin: Option<String>,
    setup_code: String,
    team: String,
    member: String,
) -> Answer<Team> {
    let place = TeamPlace::Vault(location(&address, pin.as_deref())?);
    let setup_code = SecretText::new(setup_code.trim().to_owned());
    let client = core.client().await?;
    Ok(client.create_team(place, setup_code, label(&team)?, label(&member)?).await?.into())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn join_team(core: State<'_, Core>, link: String, member: String) -> Answer<Team> {
    let link = InviteLink::parse(link.trim()).map_err(Error::from)?;
    Ok(core.client().await?.join(link, label(&member)?).await?.into())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn team(core: State<'_, Core>) -> Answer<Team> {
    Ok(core.client().await?.team().await?.into())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn variables(core: State<'_, Core>, environment: String) -> Answer<Vec<Variable>> {
    let environment = environment_id(&environment)?;
    let variables = core.client().await?.variables(environment).await?;
    Ok(variables.into_iter().map(Variable::from).collect())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn reveal(core: State<'_, Core>, environment: String, entry: String) -> Answer<Revealed> {
    let entry = entry.parse().map_err(|_| not_an_id("variable"))?;
    Ok(core.client().await?.reveal(environment_id(&environment)?, entry).await?.into())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn changes(core: State<'_, Core>, file: String) -> Answer<Changes> {
    Ok(core.client().await?.changes(file_id(&file)?).await?.into())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn reveal_change(
    core: State<'_, Core>,
    file: String,
    key: usize,
    compare: Comparison,
) -> Answer<Difference> {
    let (client, file) = (core.client().await?, file_id(&file)?);
    let (left, right) = match compare {
        Comparison::Here => (Side::Base, Side::Mine),
        Comparison::There => (Side::Mine, Side::Theirs),
    };
    let before = client.reveal_change(file, key, left).await?;
    let after = client.reveal_change(file, key, right).await?;
    // To the page, because a person asked to see this one.
    Ok(difference(before.as_ref().map(SecretText::expose), after.as_ref().map(SecretText::expose)))
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn push(core: State<'_, Core>, file: String, selection: Selection) -> Answer<Outcome> {
    let client = core.client().await?;
    let selection = match selection {
        Selection::All => twinlock_client::Selection::All,
        Selection::Names(names) => twinlock_client::Selection::Names(names.into_iter().collect()),
    };
    Ok(client.push(&path_of(client, &file)?, selection).await?.into())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn pull(core: State<'_, Core>, file: String, revision: u64) -> Answer<Outcome> {
    let client = core.client().await?;
    // What the page showed of this revision is taken. Of another one, what runs code is shown first.
    Ok(client.pull_taking(&path_of(client, &file)?, Taking::Shown { revision }).await?.into())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn resolve(
    core: State<'_, Core>,
    file: String,
    name: String,
    resolution: Resolution,
    revision: u64,
) -> Answer<()> {
    let client = core.client().await?;
    let resolution = match resolution {
        Resolution::Mine => twinlock_client::Resolution::Mine,
        Resolution::Theirs => twinlock_client::Resolution::Theirs,
        Resolution::Another(value) => twinlock_client::Resolution::Value(SecretText::new(value)),
    };
    let taking = Taking::Shown { revision };
    Ok(client.resolve_taking(&path_of(client, &file)?, &name, resolution, taking).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn sync_now(core: State<'_, Core>) -> Answer<()> {
    let client = core.client().await?;
    if client.needs_local_vault().await {
        core.host_vault(client).await?;
    }
    client.sync().await?;
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn unlink(core: State<'_, Core>, file: String) -> Answer<()> {
    let client = core.client().await?;
    Ok(client.unlink(&path_of(client, &file)?).await?)
}

/// Lets the person choose a file; the page learns of an offer only.
#[tauri::command]
#[specta::specta]
pub(crate) async fn choose_file(app: AppHandle, offers: State<'_, Offers>) -> Answer<Option<String>> {
    let (told, chosen) = tokio::sync::oneshot::channel();
    app.dialog().file().set_title("Choose a .env file").pick_file(move |path| drop(told.send(path)));
    Ok(chosen_path(chosen.await)?.map(|path| offers.add(path)))
}

/// Lets the person choose where an environment is to be written, links that file and pulls into it. What runs code
/// waits under Changes instead: then nothing was written.
#[tauri::command]
#[specta::specta]
pub(crate) async fn link_new_file(
    app: AppHandle,
    core: State<'_, Core>,
    project: String,
    environment: String,
) -> Answer<Option<Outcome>> {
    let (told, chosen) = tokio::sync::oneshot::channel();
    app.dialog()
        .file()
        .set_title("Where the file is to be")
        .set_file_name(".env")
        .save_file(move |path| drop(told.send(path)));
    let Some(path) = chosen_path(chosen.await)? else { return Ok(None) };
    let client = core.client().await?;
    let options = link_options(path.clone(), &project, &environment, CreateMissing::No, Mode::Ask)?;
    client.link(options).await?;
    match client.pull_taking(&path, Taking::Ordinary).await {
        Err(Error::Dangers { revision, .. }) => {
            Ok(Some(Outcome { moved: 0, revision, conflicts: Vec::new(), waiting: 0 }))
        }
        pulled => Ok(Some(pulled?.into())),
    }
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn preview_offer(
    core: State<'_, Core>,
    offers: State<'_, Offers>,
    offer: String,
) -> Answer<Preview> {
    let path = offered(&offers, &offer)?;
    let client = core.client().await?.clone();
    let preview = tokio::task::spawn_blocking(move || client.import_preview(&path))
        .await
        .map_err(|_| CommandError::failed("Reading the file was cut short. Drop it again."))??;
    Ok(Preview::new(offer, preview))
}

/// Links the offered file and pushes it as it is.
#[tauri::command]
#[specta::specta]
pub(crate) async fn import_offer(
    core: State<'_, Core>,
    offers: State<'_, Offers>,
    offer: String,
    project: String,
    environment: String,
    mode: Mode,
) -> Answer<Outcome> {
    let path = offered(&offers, &offer)?;
    let target =
        ImportTarget { project: label(&project)?, environment: label(&environment)?, mode: mode.into() };
    let outcome = core.client().await?.import(&path, target).await?;
    offers.end(&offer);
    Ok(outcome.into())
}

/// Links the offered file to an environment that is there already; what differs waits under Changes.
#[tauri::command]
#[specta::specta]
pub(crate) async fn link_offer(
    core: State<'_, Core>,
    offers: State<'_, Offers>,
    offer: String,
    project: String,
    environment: String,
    mode: Mode,
) -> Answer<()> {
    let path = offered(&offers, &offer)?;
    let options = link_options(path, &project, &environment, CreateMissing::No, mode)?;
    core.client().await?.link(options).await?;
    offers.end(&offer);
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub(crate) fn decline_offer(offers: State<'_, Offers>, offer: String) {
    offers.end(&offer);
}

/// Where a notification or the tray asked the window to go, once.
#[tauri::command]
#[specta::specta]
pub(crate) fn destination(destinations: State<'_, Destinations>) -> Option<Destination> {
    destinations.take()
}

fn label(text: &str) -> Answer<Label> {
    Ok(text.parse::<Label>().map_err(Error::from)?)
}

fn not_an_id(what: &str) -> CommandError {
    CommandError::failed(format!("This {what} is not known any more. Open its project again."))
}

fn environment_id(text: &str) -> Answer<EnvironmentId> {
    text.parse().map_err(|_| not_an_id("environment"))
}

fn file_id(text: &str) -> Answer<LinkedFileId> {
    text.parse().map_err(|_| not_an_id("linked file"))
}

#[tauri::command]
#[specta::specta]
pub(crate) fn loaders() -> Vec<KnownLoader> {
    Dialect::ALL.into_iter().map(KnownLoader::from).collect()
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn set_loader(core: State<'_, Core>, file: String, dialect: Option<String>) -> Answer<()> {
    let dialect = dialect.map(|name| name.parse::<Dialect>());
    let dialect = dialect.transpose().map_err(|error| CommandError::failed(error.to_string()))?;
    Ok(core.client().await?.set_loader(file_id(&file)?, dialect).await?)
}

/// A linked file's path, by its id: the page never hands in a path.
fn path_of(client: &twinlock_client::Client, file: &str) -> Answer<PathBuf> {
    Ok(client.linked_file_by_id(file_id(file)?)?.path)
}

fn offered(offers: &Offers, offer: &str) -> Answer<PathBuf> {
    offers
        .path(offer)
        .ok_or_else(|| CommandError::failed("This file is not on offer any more. Drop it again."))
}

fn link_options(
    path: PathBuf,
    project: &str,
    environment: &str,
    create: CreateMissing,
    mode: Mode,
) -> Answer<LinkOptions> {
    let mode = mode.into();
    Ok(LinkOptions {
        path,
        project: label(project)?,
        environment: label(environment)?,
        create,
        push: mode,
        pull: mode,
        read_as: ReadAs::Unchanged,
    })
}

type Chosen = Result<Option<tauri_plugin_dialog::FilePath>, tokio::sync::oneshot::error::RecvError>;

fn chosen_path(chosen: Chosen) -> Answer<Option<PathBuf>> {
    // No answer: the dialog went away with the window, and nothing was chosen.
    let Ok(Some(path)) = chosen else { return Ok(None) };
    path.into_path().map(Some).map_err(|_| CommandError::failed("This is not a file on this computer."))
}
