//! The one window: opened, brought to the front, and made anew after it was closed; what is dropped on it.

use std::sync::{Mutex, PoisonError};

use tauri::{AppHandle, DragDropEvent, Manager as _, WebviewWindowBuilder};
use tauri_specta::Event as _;

use crate::core::eprintln_line;
use crate::dto::{Destination, Moved};
use crate::offers::Offers;

/// The label of the window, as configuration and capability name it.
const MAIN: &str = "main";

/// Where the window was asked to go. Kept until the page asks, which may be only just loading.
#[derive(Default)]
pub(crate) struct Destinations(Mutex<Option<Destination>>);

impl Destinations {
    /// Where to go, once.
    pub(crate) fn take(&self) -> Option<Destination> {
        self.held().take()
    }

    fn set(&self, destination: Option<Destination>) {
        *self.held() = destination;
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Destination>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows the window, at a place if one is given.
pub(crate) fn open(app: &AppHandle, destination: Option<Destination>) {
    if destination.is_some() {
        app.state::<Destinations>().set(destination);
    }
    let shown = match app.get_webview_window(MAIN) {
        Some(window) => window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus()),
        None => match app.config().app.windows.iter().find(|window| window.label == MAIN) {
            Some(config) => {
                WebviewWindowBuilder::from_config(app, config).and_then(|builder| builder.build()).map(drop)
            }
            None => Ok(()),
        },
    };
    if let Err(error) = shown.and_then(|()| Moved::Show.emit(app)) {
        eprintln_line(&format!("The window could not be shown: {error}"));
    }
}

/// Something is dragged over the window, or dropped on it.
pub(crate) fn on_drag(app: &AppHandle, event: &DragDropEvent) {
    match event {
        DragDropEvent::Enter { .. } => tell(app, Moved::Hover { over: true }),
        DragDropEvent::Leave => tell(app, Moved::Hover { over: false }),
        DragDropEvent::Drop { paths, .. } => {
            tell(app, Moved::Hover { over: false });
            for path in paths {
                let offer = app.state::<Offers>().add(path.clone());
                tell(app, Moved::Offered { offer });
            }
        }
        _ => {}
    }
}

/// Tells the page what moved, if there is a page.
pub(crate) fn tell(app: &AppHandle, moved: Moved) {
    if let Err(error) = moved.emit(app) {
        eprintln_line(&format!("The window could not be told what moved: {error}"));
    }
}
