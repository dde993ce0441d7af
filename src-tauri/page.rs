//! The one schema of what page and program say to each other: commands, the event, and the TypeScript made of
//! them. A test compares what is committed with what this makes.

use tauri_specta::{Builder, ErrorHandlingMode, collect_commands, collect_events};

use crate::commands;
use crate::dto::Moved;

/// Commands and events, for the shell to serve and for the bindings.
pub(crate) fn schema() -> Builder<tauri::Wry> {
    Builder::new()
        .commands(collect_commands![
            commands::overview,
            commands::start_team_here,
            commands::connect_to_vault,
            commands::join_team,
            commands::team,
            commands::lock::lock,
            commands::lock::unlocking,
            commands::lock::unlock,
            commands::invites::invite,
            commands::invites::close_invite,
            commands::invites::approve_member,
            commands::invites::show_handed,
            commands::invites::copy_handed,
            commands::invites::forget_handed,
            commands::keyholders::new_kit,
            commands::keyholders::kit_words,
            commands::keyholders::prove_kit,
            commands::keyholders::forget_kit,
            commands::keyholders::restore,
            commands::keyholders::computer_link,
            commands::keyholders::knocking_computers,
            commands::keyholders::add_computer,
            commands::keyholders::stand_for,
            commands::keyholders::await_admission,
            commands::keyholders::leave_door,
            commands::people::removal,
            commands::people::remove_member,
            commands::checklists::checklists,
            commands::checklists::set_ticked,
            commands::checklists::put_checklist_away,
            commands::checklists::save_checklist,
            commands::people::new_role,
            commands::people::set_role,
            commands::people::set_access,
            commands::people::environments,
            commands::people::rotate_environment,
            commands::lost::lost_with_keys,
            commands::lost::renew_giving_up,
            commands::people::computers,
            commands::people::revocation,
            commands::people::revoke_computer,
            commands::services::services,
            commands::services::create_service,
            commands::services::close_service,
            commands::trust::safety_words,
            commands::trust::set_compared,
            commands::trust::activity,
            commands::trust::verify_activity,
            commands::trust::save_activity,
            commands::variables,
            commands::reveal,
            commands::copy::copy_value,
            commands::changes,
            commands::reveal_change,
            commands::copy::copy_change,
            commands::push,
            commands::pull,
            commands::resolve,
            commands::sync_now,
            commands::unlink,
            commands::loaders,
            commands::set_loader,
            commands::choose_file,
            commands::link_new_file,
            commands::preview_offer,
            commands::import_offer,
            commands::link_offer,
            commands::decline_offer,
            commands::destination,
        ])
        .events(collect_events![Moved])
        .error_handling(ErrorHandlingMode::Throw)
        // Counts, revisions and milliseconds: all below 2^53, which a JavaScript number holds exactly.
        .dangerously_cast_bigints_to_number()
        // No type here is read differently from how it is written.
        .disable_serde_phases()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    include!("command_names.rs");

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    /// `UPDATE_BINDINGS=1` writes them anew.
    #[test]
    fn the_bindings_are_those_of_the_commands() {
        let made = std::env::temp_dir().join(format!("twinlock-bindings-{}.ts", std::process::id()));
        schema().export(specta_typescript::Typescript::default(), &made).unwrap();
        let fresh = std::fs::read_to_string(&made).unwrap();
        std::fs::remove_file(&made).unwrap();
        let committed = root().join("ui/src/ipc/bindings.ts");
        if std::env::var_os("UPDATE_BINDINGS").is_some() {
            std::fs::write(&committed, &fresh).unwrap();
        }
        assert!(
            std::fs::read_to_string(&committed).unwrap_or_default() == fresh,
            "ui/src/ipc/bindings.ts is not what the commands make of it: run this test with UPDATE_BINDINGS=1"
        );
    }

    #[test]
    fn every_command_is_granted_and_nothing_else_is() {
        let capability = std::fs::read_to_string(root().join("src-tauri/capabilities/main.json")).unwrap();
        let capability: serde_json::Value = serde_json::from_str(&capability).unwrap();
        let granted: BTreeSet<String> = capability["permissions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap().to_owned())
            .collect();
        let mut expected: BTreeSet<String> =
            COMMAND_NAMES.iter().map(|name| format!("allow-{}", name.replace('_', "-"))).collect();
        expected.extend(["core:event:allow-listen", "core:event:allow-unlisten"].map(str::to_owned));
        assert_eq!(granted, expected);

        // The commands there are, as the bindings call them.
        let bindings = std::fs::read_to_string(root().join("ui/src/ipc/bindings.ts")).unwrap();
        let called: BTreeSet<&str> = bindings
            .split("INVOKE")
            .filter_map(|rest| {
                rest.split_once("(\"").filter(|(before, _)| before.len() < 200 && !before.contains('\n'))
            })
            .filter_map(|(_, rest)| rest.split('"').next())
            .collect();
        assert_eq!(called, COMMAND_NAMES.iter().copied().collect());
    }
}
