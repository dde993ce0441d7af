//! What the client says moved, handed to page, tray and, one for a burst, to the desktop as a notification.
//! A notification names files, people and variables; a value is nowhere in what it is made of.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tauri::{AppHandle, Manager as _};
use tokio::sync::broadcast::error::RecvError;
use twinlock_client::home::Home;
use twinlock_client::view::{Connection, JoinedNews, KeyholderChange, KeyholderNews};
use twinlock_client::{Client, Event, KeyholderKind};

use crate::clipboard::Copied;
use crate::commands::keyholders::Begun;
use crate::core::{Core, eprintln_line};
use crate::dto::{Destination, Moved};
use crate::handed::Handed;
use crate::{tray, window};

/// A burst has ended when nothing more came for this long.
const QUIET: Duration = Duration::from_millis(400);
/// A burst that does not end is told of after this long all the same.
const LONGEST: Duration = Duration::from_secs(3);
/// Between two tries of what may ask a person, or did not work.
const TRY_AGAIN: Duration = Duration::from_secs(10);
/// Between two looks whether a home is still locked.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Opens the client when the app starts, watches as long as it runs, and passes on what moves.
pub(crate) async fn run(app: AppHandle) {
    let client = opened(&app).await;
    let mut events = client.events();
    tauri::async_runtime::spawn(watch(app.clone(), client.clone()));
    tauri::async_runtime::spawn(follow_the_lock(app.clone(), client.clone()));
    window::tell(&app, Moved::Overview);
    let mut refused = BTreeSet::new();
    loop {
        let mut burst = Vec::new();
        if take_in(&app, &client, events.recv().await, &mut burst).await.is_break() {
            return;
        }
        let end = tokio::time::Instant::now() + LONGEST;
        while let Ok(next) =
            tokio::time::timeout_at(end.min(tokio::time::Instant::now() + QUIET), events.recv()).await
        {
            if take_in(&app, &client, next, &mut burst).await.is_break() {
                break;
            }
        }
        only_new_refusals(&client, &mut refused, &mut burst).await;
        pass_on(&app, &client, burst).await;
    }
}

/// The client, as soon as it can be had. The page shows why not; whatever unlocks is enough, nothing is started again.
async fn opened(app: &AppHandle) -> Client {
    let core = app.state::<Core>();
    let mut told = None;
    loop {
        let unlocked = core.unlocked();
        let why = match core.client().await {
            Ok(client) => return client.clone(),
            Err(error) => error.message,
        };
        if told.as_ref() != Some(&why) {
            tray::refresh(app).await;
            told = Some(why);
        }
        // Whether a home is locked costs a look; a keychain may ask a person, and is not pressed.
        let again = if Core::home_is_locked() { LOOK_AGAIN } else { TRY_AGAIN };
        // Either way it is tried again.
        let _why = tokio::time::timeout(again, unlocked).await;
    }
}

/// Takes in what was heard. What locks is acted on at once, and nothing of before is told of any more.
async fn take_in(
    app: &AppHandle,
    client: &Client,
    heard: Result<Event, RecvError>,
    burst: &mut Vec<Event>,
) -> ControlFlow<()> {
    let locked = match &heard {
        Ok(event) => *event == Event::Locked,
        // It may have been among what was missed.
        Err(RecvError::Lagged(_)) => client.is_locked().await,
        Err(RecvError::Closed) => return ControlFlow::Break(()),
    };
    if locked {
        burst.clear();
        put_away(app);
    }
    if let Ok(event) = heard {
        if event == Event::Unlocked {
            unlocked(app);
        }
        burst.push(event);
    }
    ControlFlow::Continue(())
}

/// Whether the page was last told that it is locked.
#[derive(Default)]
pub(crate) struct ShownLocked(AtomicBool);

/// While a verb waits for a vault the client hears of nothing else. Whether this home was locked is seen all the same.
async fn follow_the_lock(app: AppHandle, client: Client) {
    let mut looks = tokio::time::interval(LOOK_AGAIN);
    loop {
        looks.tick().await;
        let locked = client.home().is_ok_and(Home::is_locked);
        match (app.state::<ShownLocked>().0.load(Ordering::Acquire), locked) {
            (false, true) => put_away(&app),
            (true, false) => unlocked(&app),
            _ => {}
        }
    }
}

/// Leaves nothing that was revealed, opened or begun: neither here, nor in the page, nor in the clipboard.
fn put_away(app: &AppHandle) {
    app.state::<ShownLocked>().0.store(true, Ordering::Release);
    app.state::<Handed>().forget_all();
    app.state::<Begun>().forget_all();
    app.state::<Copied>().clear();
    window::tell(app, Moved::Locked);
    tray::show_locked(app);
}

/// The page asks again, and learns whether the keys are here too.
fn unlocked(app: &AppHandle) {
    app.state::<ShownLocked>().0.store(false, Ordering::Release);
    window::tell(app, Moved::Unlocked);
    let app = app.clone();
    tauri::async_runtime::spawn(async move { tray::refresh(&app).await });
}

/// A refusal that stands is refused at every try, and told of once.
async fn only_new_refusals(client: &Client, told: &mut BTreeSet<String>, burst: &mut Vec<Event>) {
    // While it is locked nothing is refused, and nothing is known to be over.
    if let Ok(standing) = client.refusals().await {
        told.retain(|what| standing.iter().any(|refused| refused.refusal.what_happened == *what));
    }
    burst.retain(|event| match event {
        Event::Refused { refusal } => told.insert(refusal.what_happened.clone()),
        _ => true,
    });
}

async fn watch(app: AppHandle, client: Client) {
    loop {
        match client.watch().await {
            Ok(never) => match never {},
            Err(error) => {
                let sentence = format!("Linked files are not watched at the moment. {error}");
                window::tell(&app, Moved::Trouble { sentence });
                tokio::time::sleep(TRY_AGAIN).await;
            }
        }
    }
}

async fn pass_on(app: &AppHandle, client: &Client, burst: Vec<Event>) {
    for moved in burst.iter().filter_map(moved) {
        window::tell(app, moved);
    }
    window::tell(app, Moved::Overview);
    if burst.contains(&Event::Connection(Connection::Offline))
        && client.needs_local_vault().await
        && let Err(error) = app.state::<Core>().host_vault(client).await
    {
        window::tell(app, Moved::Trouble { sentence: error.message });
    }
    tray::refresh(app).await;
    if let Some(notice) = notice(&burst) {
        let destination = destination(client, &notice).await;
        notify(app.clone(), notice, destination);
    }
}

fn moved(event: &Event) -> Option<Moved> {
    match event {
        Event::Team | Event::Keyholder(_) | Event::Joined(_) => Some(Moved::Team),
        Event::Environment(environment) | Event::RevisionArrived { environment, .. } => {
            Some(Moved::Environment { environment: environment.to_string() })
        }
        Event::Trouble { sentence, .. } | Event::Undone { sentence } => {
            Some(Moved::Trouble { sentence: sentence.clone() })
        }
        // Told at once.
        Event::Locked | Event::Unlocked => None,
        // The overview says it, and that is asked again after every burst.
        Event::File { .. }
        | Event::FileProblem { .. }
        | Event::Conflict { .. }
        | Event::Refused { .. }
        | Event::Connection(_) => None,
    }
}

/// What a notification says, and which event it leads to.
#[derive(Debug, PartialEq, Eq)]
struct Notice {
    title: String,
    body: &'static str,
    about: Event,
}

/// The one notification for a burst: what matters most in it, or none.
fn notice(burst: &[Event]) -> Option<Notice> {
    let most = burst.iter().min_by_key(|event| rank(event))?;
    let (title, body) = match most {
        Event::Refused { refusal } => (refusal.what_happened.clone(), "Your files are untouched."),
        Event::Keyholder(news) => (keyholder(news), keyholder_advice(news)),
        Event::Joined(JoinedNews { name: Some(name), .. }) => {
            (format!("{name} joined the team"), "Look at who is in the team.")
        }
        Event::Joined(JoinedNews { name: None, .. }) => {
            ("Somebody waits to join the team".to_owned(), "Compare the words of their computer in Team.")
        }
        Event::Conflict { environment, names, .. } => {
            let environment = environment.replacen('/', " · ", 1);
            (
                format!("Conflict in {environment}: {}", names.join(", ")),
                "Your file stays as it is until you choose.",
            )
        }
        Event::File { .. } => (files_changed(burst)?, "Look at what changed."),
        Event::RevisionArrived { name, by, changes, .. } => {
            let (environment, noun) =
                (name.replacen('/', " · ", 1), if *changes == 1 { "change" } else { "changes" });
            (format!("{by} pushed {changes} {noun} to {environment}"), "Look at what changed.")
        }
        _ => return None,
    };
    Some(Notice { title, body, about: most.clone() })
}

fn rank(event: &Event) -> u8 {
    match event {
        Event::Refused { .. } => 0,
        Event::Keyholder(_) => 1,
        Event::Conflict { .. } => 2,
        Event::Joined(_) => 3,
        Event::File { .. } => 4,
        Event::RevisionArrived { .. } => 5,
        _ => 6,
    }
}

/// `A computer was added to your membership`.
fn keyholder(news: &KeyholderNews) -> String {
    let what = match news.kind {
        KeyholderKind::Computer => "A computer",
        KeyholderKind::Recovery => "A recovery kit",
    };
    let whose =
        if news.mine { "your membership".to_owned() } else { format!("the membership of {}", news.name) };
    match news.change {
        KeyholderChange::Added => format!("{what} was added to {whose}"),
        KeyholderChange::Revoked => format!("{what} was taken from {whose}"),
    }
}

fn keyholder_advice(news: &KeyholderNews) -> &'static str {
    if news.mine && news.change == KeyholderChange::Added {
        "If that was not you, revoke it in Settings now."
    } else {
        "Look at who is in the team."
    }
}

/// `api/.env changed: 2 changed, 1 new`; of several files only their names. Of one file the last save counts.
fn files_changed(burst: &[Event]) -> Option<String> {
    let mut last = std::collections::BTreeMap::new();
    for event in burst {
        if let Event::File { file, summary } = event {
            last.insert(*file, summary);
        }
    }
    last.retain(|_, summary| summary.changed + summary.new + summary.removed + summary.comments > 0);
    match last.len() {
        0 => None,
        1 => last.values().next().map(ToString::to_string),
        count => {
            let names: Vec<&str> = last.values().map(|summary| summary.file.as_str()).collect();
            Some(format!("{count} linked files changed: {}", names.join(", ")))
        }
    }
}

async fn destination(client: &Client, notice: &Notice) -> Option<Destination> {
    let environment = match &notice.about {
        Event::RevisionArrived { environment, .. } => Some(*environment),
        Event::File { file, .. } | Event::Conflict { file, .. } => {
            client.linked_file_by_id(*file).ok().map(|file| file.environment)
        }
        Event::Refused { .. } => client.overview().await.ok().and_then(|overview| {
            let mut environments = overview.projects.into_iter().flat_map(|project| project.environments);
            environments.find(|environment| environment.refusal.is_some()).map(|environment| environment.id)
        }),
        _ => None,
    };
    environment.map(|environment| Destination { environment: environment.to_string() })
}

/// Shows a notification and waits, on a thread of its own, for somebody to act on it.
fn notify(app: AppHandle, notice: Notice, destination: Option<Destination>) {
    std::thread::spawn(move || {
        let mut notification = notify_rust::Notification::new();
        notification.appname("Twinlock").summary(&notice.title).body(notice.body).icon("twinlock");
        notification.action("default", "Show");
        match notification.show() {
            Ok(handle) => acted_on(handle, move || window::open(&app, destination)),
            // No notification service: tray and window say the same.
            Err(error) => eprintln_line(&format!("A notification could not be shown: {error}")),
        }
    });
}

#[cfg(target_os = "linux")]
fn acted_on(handle: notify_rust::NotificationHandle, open: impl FnOnce()) {
    handle.wait_for_action(|action| {
        if action == "default" {
            open();
        }
    });
}

#[cfg(not(target_os = "linux"))]
fn acted_on(_handle: notify_rust::NotificationHandle, _open: impl FnOnce()) {}

#[cfg(test)]
mod tests {
    use twinlock_client::files::LinkedFileId;
    use twinlock_client::view::ChangeSummary;

    use super::*;

    fn saved(file: u8, changed: usize, new: usize) -> Event {
        let name = if file == 1 { "api/.env" } else { "web/.env" };
        let summary = ChangeSummary { file: name.to_owned(), changed, new, removed: 0, comments: 0 };
        Event::File { file: LinkedFileId::new([file; 16]), summary }
    }

    fn conflict() -> Event {
        let (environment, names) = ("api/development".to_owned(), vec!["STRIPE_KEY".to_owned()]);
        Event::Conflict { file: LinkedFileId::new([1; 16]), environment, names }
    }

    fn arrived() -> Event {
        let environment = "00000000000000000000000000000001".parse().unwrap();
        let (name, by) = ("api/production".to_owned(), "Ada".to_owned());
        Event::RevisionArrived { environment, name, by, changes: 3 }
    }

    fn added(mine: bool) -> Event {
        Event::Keyholder(KeyholderNews {
            keyholder: "00000000000000000000000000000003".parse().unwrap(),
            kind: KeyholderKind::Computer,
            change: KeyholderChange::Added,
            member: "00000000000000000000000000000002".parse().unwrap(),
            name: "Ada".to_owned(),
            mine,
        })
    }

    fn joined(name: Option<&str>) -> Event {
        let member = "00000000000000000000000000000002".parse().unwrap();
        Event::Joined(JoinedNews { member, name: name.map(str::to_owned) })
    }

    #[test]
    fn a_burst_has_one_notice_about_what_matters_most() {
        let title = |burst: &[Event]| notice(burst).map(|notice| notice.title);
        for (burst, expected) in [
            (vec![saved(1, 2, 1)], Some("api/.env changed: 2 changed, 1 new")),
            (vec![saved(1, 1, 0), saved(1, 2, 1)], Some("api/.env changed: 2 changed, 1 new")),
            (vec![saved(1, 1, 0), saved(2, 1, 0)], Some("2 linked files changed: api/.env, web/.env")),
            (vec![saved(1, 0, 0)], None),
            (vec![arrived()], Some("Ada pushed 3 changes to api · production")),
            (vec![arrived(), saved(1, 1, 0), conflict()], Some("Conflict in api · development: STRIPE_KEY")),
            (vec![conflict(), added(true)], Some("A computer was added to your membership")),
            (vec![added(false)], Some("A computer was added to the membership of Ada")),
            (vec![joined(Some("Ben")), arrived()], Some("Ben joined the team")),
            (vec![joined(None), Event::Team], Some("Somebody waits to join the team")),
            (vec![joined(None), conflict()], Some("Conflict in api · development: STRIPE_KEY")),
            (vec![Event::Team, Event::Connection(Connection::Offline)], None),
            (vec![], None),
        ] {
            assert_eq!(title(&burst).as_deref(), expected);
        }
    }
}
