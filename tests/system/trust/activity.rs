//! `twinlock activity` through the real programs: what was signed, in sentences; replayed from the start; written out
//! for the second implementation, which verifies `tests/verifier/export.jsonl`, an export that this test made.
//!
//! After a deliberate change: `TWINLOCK_WRITE_VECTORS=1 cargo nextest run -p twinlock-tests --test system`.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use twinlock_tests::lying_proxy::{LyingProxy, Told};
use twinlock_tests::programs::{KeptIn, Machine, Server};

#[test]
fn what_was_signed_is_told_replayed_and_written_out() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = Server::start();
    let proxy = runtime.block_on(LyingProxy::start(server.url.parse().unwrap()));
    let ada = Machine::new(KeptIn::File);
    ada.found_by_way_of(&proxy.location(), &server);
    ada.link(&["--create"]);
    ada.push("SECRET_NAME=secret value\n");
    let ben = ada.lets_join("Ben", &[]);
    // The invite that was used had the keys: they are renewed by this push.
    ada.push("SECRET_NAME=another value\n");

    // A lie, so that there is evidence of one. It is told to a computer that has something to fetch.
    ben.link_and_pull();
    ada.push("SECRET_NAME=a third value\n");
    proxy.lie(Arc::new(|asked, mut answer: Value| {
        if asked.path.ends_with("/revisions") && answer["statements"][0].is_object() {
            answer["statements"][0]["signatures"] = json!([]);
        }
        Told::Json(answer)
    }));
    let _refused = ben.run(&["pull"]).ended(4);
    // What verified before is there all the same, and the refusal is said.
    let ran = ben.run(&["activity"]).ok();
    assert!(ran.err.contains("(signers)"), "{}", ran.err);
    let told = ran.out;
    for sentence in [
        "Ada founded the team",
        "Ada created api/development",
        "Ben joined by the invite",
        "development 1  Ada pushed",
    ] {
        assert!(told.contains(sentence), "{sentence} is missing in:\n{told}");
    }
    let statements = ben.run(&["activity", "--json"]).ok().json()["statements"].take();
    let events = statements.as_array().unwrap().iter().filter(|one| one["environment"].is_null()).count();

    let file = ben.folder().join("export.jsonl");
    let path = file.display().to_string();
    let done = ben.run(&["activity", "--verify", "--export", &path, "--json"]).ok().json();
    assert_eq!(done["verified"]["events"], events);
    assert_eq!(done["verified"]["environments"][0]["environment"], "api/development");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // A file that is there is never written over.
    let _refused = ben.run(&["activity", "--export", &path]).ended(1);

    let text = std::fs::read_to_string(&file).unwrap();
    for secret in ["SECRET_NAME", "secret value", "another value", "a third value", "development"] {
        assert!(!text.contains(secret), "{secret} is in the export");
    }
    // Short names are looked for as words: three letters in a row are somewhere in so much base64url by chance.
    let words: BTreeSet<&str> =
        text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).collect();
    assert!(words.contains("refusal"), "words are told apart");
    for name in ["Acme", "Ada", "Ben"] {
        assert!(!words.contains(name), "{name} is in the export");
    }
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| lines.iter().filter(|line| line["line"] == kind).count();
    let in_all = statements.as_array().unwrap().len();
    assert_eq!((of("export"), of("event"), of("event") + of("revision")), (1, events, in_all));
    // Of each kind the first and the last: it was told again whenever the activity was fetched.
    assert_eq!(of("refusal"), 2);
    for refusal in lines.iter().filter(|line| line["line"] == "refusal") {
        assert_eq!(refusal["code"], "signers");
        assert_eq!(refusal["evidence"]["statement"]["signatures"], json!([]));
    }

    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("verifier/export.jsonl");
    if std::env::var_os("TWINLOCK_WRITE_VECTORS").is_some() {
        std::fs::write(&kept, &text).unwrap();
    }
    // Keys are random, so it is another export; it has the same form.
    let shape = |line: &Value| line.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let kept = std::fs::read_to_string(&kept).unwrap();
    let kept: Vec<Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(kept.iter().map(shape).collect::<Vec<_>>(), lines.iter().map(shape).collect::<Vec<_>>());
    proxy.be_honest();
    drop(runtime);
}
