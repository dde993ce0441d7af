//! Puts the app together: what it is made of, and what ends it.

use std::process::ExitCode;
use std::time::Duration;

use tauri::{AppHandle, Manager as _, RunEvent, WindowEvent};

use crate::clipboard::Copied;
use crate::commands::keyholders::Begun;
use crate::core::{Core, eprintln_line};
use crate::handed::Handed;
use crate::offers::Offers;
use crate::window::Destinations;
use crate::{announcements, page, tray, window};

/// How long quitting waits for the clipboard.
const CLEARING: Duration = Duration::from_secs(2);

/// Runs until somebody quits.
pub(crate) fn run() -> ExitCode {
    if let Err(error) = twinlock_memory::keep_to_ourselves() {
        eprintln_line(&format!("Core files cannot be switched off: {error}. Nothing was opened."));
        return ExitCode::FAILURE;
    }
    let schema = page::schema();
    let commands = schema.invoke_handler();
    let built = tauri::Builder::default()
        .plugin(single_instance())
        .plugin(tauri_plugin_dialog::init())
        .manage(Core::default())
        .manage(Offers::default())
        .manage(Handed::default())
        .manage(Begun::default())
        .manage(Copied::default())
        .manage(announcements::ShownLocked::default())
        .manage(Destinations::default())
        .invoke_handler(commands)
        .setup(move |app| {
            schema.mount_events(app);
            if let Err(error) = tray::build(app.handle()) {
                // Without a tray there is still the window, and a second start brings it back.
                eprintln_line(&format!("There is no tray to sit in: {error}"));
            }
            tauri::async_runtime::spawn(announcements::run(app.handle().clone()));
            Ok(())
        })
        .on_window_event(|window, event| {
            if let WindowEvent::DragDrop(event) = event {
                window::on_drag(window.app_handle(), event);
            }
        })
        .build(tauri::generate_context!());
    match built {
        Ok(app) => {
            app.run(|app, event| match event {
                // The last window was closed: the tray stays. Quit names a code.
                RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
                RunEvent::Exit => {
                    app.state::<Copied>().clear_and_wait(CLEARING);
                    tauri::async_runtime::block_on(app.state::<Core>().stop());
                }
                _ => {}
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln_line(&format!("Twinlock could not open its window: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// A second start of the same home brings the window of the first one back.
fn single_instance() -> tauri::plugin::TauriPlugin<tauri::Wry> {
    let mut builder = tauri_plugin_single_instance::Builder::new()
        .callback(|app: &AppHandle, _arguments, _folder| window::open(app, None));
    if let Some(instance) = Core::instance() {
        builder = builder.dbus_id(instance);
    }
    builder.build()
}
