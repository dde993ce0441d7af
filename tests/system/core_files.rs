//! A crash leaves no core file: each program is ended as a fault would end it, where the system writes core files.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use twinlock_tests::programs::{KeptIn, Machine, program};

/// A shell that allows core files of any size and then becomes the program.
fn unlimited(program: &Path, arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\""]).arg(program).args(arguments);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Ends it as an abort does (a handler of Rust stands before segmentation faults), once it has said something.
fn crash(mut child: Child) -> ExitStatus {
    let mut line = String::new();
    let said = BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_ne!(said, 0, "it ended before it was up");
    let sent = Command::new("kill").args(["-ABRT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(6), "{status}");
    status
}

#[test]
fn a_crash_leaves_no_core_file() {
    let folder = tempfile::tempdir().unwrap();
    let ordinary = unlimited(Path::new("sh"), &["-c", "echo up; exec sleep 60"], folder.path());
    if !crash({ ordinary }.spawn().unwrap()).core_dumped() {
        println!("Skipped: this system writes no core file for any program.");
        return;
    }

    let data = folder.path().join("data");
    let arguments = ["all", "--json", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    let mut server = unlimited(&program("twinlock-server"), &arguments, folder.path());
    assert!(!crash(server.spawn().unwrap()).core_dumped(), "twinlock-server");

    let machine = Machine::new(KeptIn::File);
    let create = ["team", "create", "Acme", "--member", "Ada", "--local"];
    let _team = machine.run(&create).ok();
    machine.save("A=1\n");
    let _linked = machine.run(&["link", ".env", "api/development", "--create"]).ok();
    let watching = ["sync", "--watch", "--json"];
    let mut twinlock = unlimited(&program("twinlock"), &watching, &machine.folder().join("api"));
    twinlock
        .env_clear()
        .envs(machine.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))));
    assert!(!crash(twinlock.spawn().unwrap()).core_dumped(), "twinlock");
}
