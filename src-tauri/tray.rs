//! The tray: an icon that tells the state, and a menu with a line for each environment that needs something.

use tauri::image::Image;
use tauri::menu::{Menu, MenuBuilder, MenuItemBuilder};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager as _};
use twinlock_client::view::{Connection, EnvironmentView, FileState, Overview};

use crate::core::{Core, eprintln_line};
use crate::dto::{CommandError, CommandErrorCode, Destination};
use crate::window;

const ID: &str = "twinlock";

/// What the icon tells. In the order of precedence: where several hold, the first does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Refused,
    Locked,
    Offline,
    Conflict,
    Here,
    There,
    InStep,
}

/// A line of the menu, and where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    text: String,
    environment: String,
}

/// What the tray shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    state: State,
    lines: Vec<Line>,
}

impl Shown {
    /// What an overview comes to.
    pub(crate) fn of(overview: &Overview) -> Self {
        let mut state = match overview.connection {
            Connection::Offline => State::Offline,
            Connection::Online | Connection::NoVault => State::InStep,
        };
        let mut lines = Vec::new();
        for project in &overview.projects {
            for environment in &project.environments {
                let (own, needs) = need(environment);
                state = state.min(own);
                if let Some(needs) = needs {
                    let text = format!("{} · {}: {needs}", project.name, environment.name);
                    lines.push(Line { text, environment: environment.id.to_string() });
                }
            }
        }
        Self { state, lines }
    }

    fn unopened(error: &CommandError) -> Self {
        let state = if error.code == CommandErrorCode::Locked { State::Locked } else { State::Offline };
        Self { state, lines: Vec::new() }
    }
}

/// How an environment stands, and what it needs in words.
fn need(environment: &EnvironmentView) -> (State, Option<String>) {
    let sum = |count: fn(&twinlock_client::view::LinkedFileView) -> usize| -> usize {
        environment.files.iter().map(count).sum()
    };
    let (conflicts, here, there) =
        (sum(|file| file.conflicts), sum(|file| file.here), sum(|file| file.there));
    let odd = environment.files.iter().find_map(|file| match file.state {
        FileState::Missing => Some("its file is missing"),
        FileState::Unreadable => Some("its file cannot be read"),
        FileState::Emptied => Some("its file is empty now"),
        _ => None,
    });
    if environment.refusal.is_some() {
        return (State::Refused, Some("refused".to_owned()));
    }
    let state = match (conflicts, here, there) {
        (1.., _, _) => State::Conflict,
        (0, 1.., _) => State::Here,
        (0, 0, 1..) => State::There,
        (0, 0, 0) => State::InStep,
    };
    let counts = [
        (conflicts, if conflicts == 1 { "conflict" } else { "conflicts" }),
        (here, "to push"),
        (there, "to pull"),
    ];
    let mut parts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    parts.extend(odd.map(str::to_owned));
    (state, (!parts.is_empty()).then(|| parts.join(", ")))
}

/// Puts the tray icon up.
pub(crate) fn build(app: &AppHandle) -> tauri::Result<TrayIcon> {
    let shown = Shown { state: State::InStep, lines: Vec::new() };
    TrayIconBuilder::with_id(ID)
        .icon(icon(shown.state)?)
        .icon_as_template(true)
        .tooltip(tooltip(shown.state))
        .menu(&menu(app, &shown)?)
        .on_menu_event(|app, event| chosen(app, event.id().as_ref()))
        .build(app)
}

/// Asks the client how things stand, and shows that. Of a locked home nobody is asked.
pub(crate) async fn refresh(app: &AppHandle) {
    if Core::home_is_locked() {
        return show_locked(app);
    }
    let shown = match app.state::<Core>().client().await {
        Ok(client) => match client.overview().await {
            Ok(overview) => Shown::of(&overview),
            Err(error) => Shown::unopened(&error.into()),
        },
        Err(error) => Shown::unopened(&error),
    };
    // It may have been locked while the answer was on its way.
    if Core::home_is_locked() { show_locked(app) } else { show(app, &shown) }
}

/// Shows that it is locked, and nothing else.
pub(crate) fn show_locked(app: &AppHandle) {
    show(app, &Shown { state: State::Locked, lines: Vec::new() });
}

fn show(app: &AppHandle, shown: &Shown) {
    let Some(tray) = app.tray_by_id(ID) else { return };
    let set = icon(shown.state)
        .and_then(|icon| tray.set_icon_with_as_template(Some(icon), true))
        .and_then(|()| tray.set_tooltip(Some(tooltip(shown.state))))
        .and_then(|()| menu(app, shown))
        .and_then(|menu| tray.set_menu(Some(menu)));
    if let Err(error) = set {
        eprintln_line(&format!("The tray could not be brought up to date: {error}"));
    }
}

fn menu(app: &AppHandle, shown: &Shown) -> tauri::Result<Menu<tauri::Wry>> {
    let mut menu = MenuBuilder::new(app);
    let state = MenuItemBuilder::with_id("state", tooltip(shown.state)).enabled(false).build(app)?;
    menu = menu.item(&state);
    for line in &shown.lines {
        menu = menu.text(format!("show:{}", line.environment), &line.text);
    }
    menu = menu.separator();
    for (id, text) in deeds(shown.state) {
        menu = menu.text(*id, text);
    }
    menu.separator().text("quit", "Quit").build()
}

/// What the menu offers besides. Whoever unlocks does it in the window.
fn deeds(state: State) -> &'static [(&'static str, &'static str)] {
    match state {
        State::Locked => &[("open", "Unlock…")],
        _ => &[("sync", "Sync now"), ("lock", "Lock"), ("open", "Open Twinlock")],
    }
}

fn chosen(app: &AppHandle, id: &str) {
    match id {
        "open" => window::open(app, None),
        "quit" => app.exit(0),
        "lock" => {
            let app = app.clone();
            tauri::async_runtime::spawn(async move {
                // What follows is heard as an event.
                if let Err(error) = crate::commands::lock::lock(app.state()).await {
                    window::tell(&app, crate::dto::Moved::Trouble { sentence: error.message });
                }
            });
        }
        "sync" => {
            let app = app.clone();
            tauri::async_runtime::spawn(async move {
                if let Err(error) = crate::commands::sync_now(app.state()).await {
                    window::tell(&app, crate::dto::Moved::Trouble { sentence: error.message });
                }
                refresh(&app).await;
                window::tell(&app, crate::dto::Moved::Overview);
            });
        }
        other => {
            if let Some(environment) = other.strip_prefix("show:") {
                window::open(app, Some(Destination { environment: environment.to_owned() }));
            }
        }
    }
}

fn tooltip(state: State) -> &'static str {
    match state {
        State::Refused => "Twinlock refused what the vault sent",
        State::Locked => "Twinlock is locked",
        State::Offline => "The vault cannot be reached",
        State::Conflict => "Twinlock: a conflict waits for you",
        State::Here => "Twinlock: changes here",
        State::There => "Twinlock: changes in the vault",
        State::InStep => "Twinlock: in step",
    }
}

fn icon(state: State) -> tauri::Result<Image<'static>> {
    Image::from_bytes(match state {
        State::Refused => include_bytes!("../icons/tray/refused.png"),
        State::Locked => include_bytes!("../icons/tray/locked.png"),
        State::Offline => include_bytes!("../icons/tray/offline.png"),
        State::Conflict => include_bytes!("../icons/tray/conflict.png"),
        State::Here => include_bytes!("../icons/tray/here.png"),
        State::There => include_bytes!("../icons/tray/there.png"),
        State::InStep => include_bytes!("../icons/tray/step.png"),
    })
}

#[cfg(test)]
mod tests {
    use twinlock_client::Level;
    use twinlock_client::files::LinkedFileId;
    use twinlock_client::ids::{EnvironmentId, ProjectId};
    use twinlock_client::store::Mode;
    use twinlock_client::view::{LinkedFileView, LoaderView, ProjectView, RefusalView};

    use super::*;

    /// An environment with one linked file: changes here, there, conflicts.
    fn environment(name: &str, here: usize, there: usize, conflicts: usize) -> EnvironmentView {
        let id: EnvironmentId = "00000000000000000000000000000001".parse().unwrap();
        let file = LinkedFileView {
            id: LinkedFileId::new([7; 16]),
            path: "/code/api/.env".into(),
            environment: format!("api/{name}"),
            environment_id: id,
            push: Mode::Ask,
            pull: Mode::Ask,
            here,
            there,
            dangers: Vec::new(),
            conflicts,
            state: FileState::InStep,
            problem: None,
            git: None,
            loader: LoaderView { dialect: "node", because: None, set: false },
        };
        let project: ProjectId = "00000000000000000000000000000002".parse().unwrap();
        let (name, level) = (name.to_owned(), Level::Write);
        EnvironmentView {
            id,
            project,
            name,
            level,
            revision: 1,
            keys_missing: false,
            refusal: None,
            files: vec![file],
        }
    }

    fn shown(connection: Connection, environments: Vec<EnvironmentView>) -> (State, Vec<String>) {
        let id: ProjectId = "00000000000000000000000000000002".parse().unwrap();
        let project = ProjectView { id, name: "api".to_owned(), environments };
        let shown = Shown::of(&Overview { team: None, projects: vec![project], connection });
        (shown.state, shown.lines.into_iter().map(|line| line.text).collect())
    }

    #[test]
    fn the_icon_tells_the_worst_and_the_menu_only_what_needs_something() {
        let quiet = || environment("staging", 0, 0, 0);
        let (state, lines) = shown(Connection::Online, vec![quiet()]);
        assert_eq!((state, lines.len()), (State::InStep, 0));

        let (state, lines) = shown(Connection::Online, vec![quiet(), environment("development", 3, 1, 1)]);
        assert_eq!(state, State::Conflict);
        assert_eq!(lines, ["api · development: 1 conflict, 3 to push, 1 to pull"]);

        let (state, lines) = shown(Connection::Offline, vec![environment("development", 1, 0, 0)]);
        assert_eq!(state, State::Offline);
        assert_eq!(lines, ["api · development: 1 to push"]);

        let mut refused = environment("production", 2, 0, 0);
        let words = || "a sentence".to_owned();
        refused.refusal = Some(RefusalView {
            code: words(),
            what_happened: words(),
            kept_safe: words(),
            what_to_do: words(),
        });
        let (state, lines) = shown(Connection::Offline, vec![refused, environment("development", 0, 0, 1)]);
        assert_eq!(state, State::Refused);
        assert_eq!(lines, ["api · production: refused", "api · development: 1 conflict"]);

        let mut emptied = environment("development", 0, 0, 0);
        emptied.files[0].state = FileState::Emptied;
        assert_eq!(shown(Connection::Online, vec![emptied]).1, ["api · development: its file is empty now"]);
    }

    #[test]
    fn a_locked_home_shows_nothing_and_offers_to_unlock() {
        let locked = Shown::unopened(&twinlock_client::Error::Locked.into());
        assert_eq!((locked.state, locked.lines.len()), (State::Locked, 0));
        assert_eq!(deeds(locked.state), [("open", "Unlock…")]);
        assert!(deeds(State::Offline).contains(&("lock", "Lock")));
    }

    #[test]
    fn every_state_has_an_icon_that_can_be_shown() {
        for state in [
            State::Refused,
            State::Locked,
            State::Offline,
            State::Conflict,
            State::Here,
            State::There,
            State::InStep,
        ] {
            assert_eq!(icon(state).unwrap().width(), 44);
        }
    }
}
