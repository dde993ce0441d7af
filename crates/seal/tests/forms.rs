//! Whatever two parties read, they read alike: no text is taken but in the one form that it is written in. Every kind of
//! statement, link and pin file of the vectors, and every body of the API, in thousands of forms beside its own. What
//! the second implementation reads too goes into `vectors/forms.json`; `vectors.rs` says how to write it anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use support::forms::{Edit, accepted, edited, refused, spots};
use support::vectors::check_text;
use twinlock_protocol::Envelope;
use twinlock_protocol::api::*;
use twinlock_protocol::encoding::{decode_open, decode_strict, from_base64url, to_base64url};
use twinlock_protocol::event::*;
use twinlock_protocol::pins::Pins;
use twinlock_protocol::revision::Revision;
use twinlock_seal::{ComputerLink, InviteLink, KitLine, ServiceToken};

fn is<T: Serialize + DeserializeOwned>(text: &str) -> bool {
    decode_strict::<T>(text.as_bytes(), usize::MAX).is_ok()
}

/// As it is written: in the order of its members, by which lists stand for objects.
fn written<T: Serialize + DeserializeOwned>(json: Value) -> String {
    serde_json::to_string(&serde_json::from_value::<T>(json).unwrap()).unwrap()
}

/// Whether a text is of a form.
fn reads(form: &str, text: &str) -> bool {
    let link = || format!("twinlock:{form}#{}", to_base64url(text.as_bytes()));
    match form {
        "event" => is::<TeamEvent>(text),
        "revision" => is::<Revision>(text),
        "envelope" => is::<Envelope>(text),
        "wrap" => is::<Wrap>(text),
        "pins" => Pins::parse(text.as_bytes()).is_ok(),
        "join" => InviteLink::parse(&link()).is_ok(),
        "token" => ServiceToken::parse(&link()).is_ok(),
        "computer" => ComputerLink::parse(&link()).is_ok(),
        "kit" => KitLine::parse(&link()).is_ok(),
        other => panic!("{other} is no form"),
    }
}

/// The members that may be left out, by form and type.
fn optional(form: &str, text: &str) -> Vec<&'static str> {
    let json: Value = serde_json::from_str(text).unwrap();
    let of_kind: &[&str] = match json["event"]["type"].as_str().unwrap_or_default() {
        "member-joined" => &["event.label"],
        "generation-opened" => &["event.environment", "event.commitments.value", "event.head"],
        "environment-created" => &["event.commitments.value"],
        "service-created" => &["event.expires_at"],
        "access-changed" => &["event.level", "event.head"],
        "vault-moved" => &["event.pin"],
        "label-changed" if json["event"]["subject"]["kind"] == "team" => &["event.subject.id"],
        _ => &[],
    };
    let of_form: &[&str] = match form {
        "event" => &["team", "previous"],
        "revision" => &["message"],
        "wrap" => &["environment"],
        "join" | "token" | "computer" | "kit" => &["pin"],
        _ => &[],
    };
    [of_form, of_kind].concat()
}

fn vector(file: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(file);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn payload(statement: &Value) -> String {
    String::from_utf8(from_base64url(statement["payload"].as_str().unwrap()).unwrap()).unwrap()
}

/// One text for each form, and for each set of members of an event or a revision.
fn texts() -> Vec<(&'static str, String)> {
    let (team, trust, further) =
        (vector("team.json"), vector("trust.json"), vector("further_keyholders.json"));
    let mut statements = BTreeMap::new();
    for (form, list) in [("event", "log"), ("revision", "revisions")] {
        for statement in [&team, &trust].into_iter().flat_map(|file| file[list].as_array().unwrap()) {
            let text = payload(statement);
            let json: Value = serde_json::from_str(&text).unwrap();
            let paths: BTreeSet<_> = spots(&text).into_iter().map(|spot| spot.path).collect();
            let kind = json["event"]["type"].as_str().or(json["cause"].as_str()).unwrap().to_owned();
            statements.entry((form, kind, paths)).or_insert(text);
        }
    }
    let mut texts: Vec<_> = statements.into_iter().map(|((form, ..), text)| (form, text)).collect();
    let kinds = texts.iter().filter_map(|(_, text)| {
        Some(serde_json::from_str::<Value>(text).unwrap()["event"]["type"].as_str()?.to_owned())
    });
    assert_eq!(kinds.collect::<BTreeSet<_>>().len(), 21, "an event of each type");
    let mut messaged: Value = serde_json::from_str(&payload(&team["revisions"][2])).unwrap();
    let pointer = "14baea55d602e00a1a95f232a748f12d";
    messaged["message"] = json!({ "pointer": pointer, "text": vector("seals.json")["message"]["blob"] });
    texts.push(("revision", written::<Revision>(messaged)));
    for (form, text) in [
        ("join", &vector("link.json")["text"]),
        ("token", &vector("token.json")["text"]),
        ("computer", &further["computer_link"]["text"]),
        ("kit", &further["kit"]["text"]),
    ] {
        let (_, body) = text.as_str().unwrap().split_once('#').unwrap();
        texts.push((form, String::from_utf8(from_base64url(body).unwrap()).unwrap()));
    }
    let pins = serde_json::from_str(vector("pins.json")["accepted"][0].as_str().unwrap()).unwrap();
    texts.push(("pins", written::<Pins>(pins)));
    texts.push(("envelope", written::<Envelope>(team["log"][0].clone())));
    texts.push(("wrap", written::<Wrap>(vector("seals.json")["wraps"]["value"].clone())));
    texts
}

#[test]
fn every_statement_link_and_pin_file_is_read_in_one_form() {
    let (mut cases, mut file) = (0, String::from("{\n  \"forms\": ["));
    for (at, (form, text)) in texts().into_iter().enumerate() {
        let optional = optional(form, &text);
        let (accepted, refused) = (accepted(&text, &optional), refused(&text, &optional));
        for edits in &accepted {
            let text = edited(&text, edits);
            assert!(reads(form, &text), "{form}: {text}");
        }
        for edits in &refused {
            assert!(!reads(form, &edited(&text, edits)), "{form} with {edits:?}: {text}");
        }
        cases += refused.len();
        let comma = if at == 0 { "" } else { "," };
        write!(file, "{comma}\n    {{\n      \"form\": \"{form}\",\n      \"text\": {},\n", json!(text))
            .unwrap();
        let list = |edits: &[Vec<Edit>]| {
            let one = |edits: &Vec<Edit>| {
                let edits: Vec<_> =
                    edits.iter().map(|(range, put)| json!([range.start, range.end, put])).collect();
                format!("        {}", json!(edits))
            };
            edits.iter().map(one).collect::<Vec<_>>().join(",\n")
        };
        write!(file, "      \"accepted\": [\n{}\n      ],\n", list(&accepted)).unwrap();
        write!(file, "      \"refused\": [\n{}\n      ]\n    }}", list(&refused)).unwrap();
    }
    assert!(cases > 3000, "{cases}");
    check_text("forms.json", &(file + "\n  ]\n}\n"));
}

/// A body, and whether another text is one of its type.
type Body = (&'static str, String, fn(&str) -> bool);

#[test]
fn every_body_of_the_api_is_read_in_one_form() {
    fn body<T: Serialize + DeserializeOwned>(name: &'static str, json: Value) -> Body {
        (name, written::<T>(json), is::<T>)
    }
    let (team, seals) = (vector("team.json"), vector("seals.json"));
    let (statement, wrap, keys) = (&team["log"][1], &seals["wraps"]["value"], vector("keyholders.json"));
    let keys = json!({ "signing": keys["keyholders"][0]["signing"], "kem": keys["keyholders"][0]["kem"] });
    let (log, head) = (&team["head"], &team["environment_head"]);
    let (id, digest) = (&wrap["keyholder"], &head["hash"]);
    let blob = json!({ "pointer": id, "blob": seals["value"]["blob"] });
    let missing = json!({ "keyholder": id, "environment": id, "generation": 1, "half": "name" });
    let candidate = json!({ "keys": keys, "statement": statement });
    let entry = json!({
        "entry": id, "position": "n7", "name": seals["name"]["blob"], "pointer": id, "digest": digest,
    });
    let bodies = [
        body::<CreateTeam>(
            "CreateTeam",
            json!({ "setup_code": "a/b", "statements": [statement], "wraps": [wrap] }),
        ),
        body::<AppendEvents>("AppendEvents", json!({ "statements": [statement], "wraps": [wrap] })),
        body::<Appended>("Appended", json!({ "head": log })),
        body::<EventsPage>("EventsPage", json!({ "statements": [statement], "head": log })),
        body::<Wrap>("Wrap", wrap.clone()),
        body::<Wraps>("Wraps", json!({ "wraps": [wrap, wrap] })),
        body::<Hold>("Hold", json!({ "statement": statement })),
        body::<MissingWraps>("MissingWraps", json!({ "missing": [missing] })),
        body::<MissingWrap>("MissingWrap", missing.clone()),
        body::<BecomeCandidate>("BecomeCandidate", json!({ "computer": id, "keys": keys })),
        body::<Candidates>("Candidates", json!({ "candidates": [candidate] })),
        body::<Candidate>("Candidate", candidate.clone()),
        body::<Candidacy>("Candidacy", json!({ "statement": statement })),
        body::<Candidacy>("Candidacy", json!({})),
        body::<Offer>("Offer", json!({ "statement": statement })),
        body::<ValueBlob>("ValueBlob", blob.clone()),
        body::<Values>("Values", json!({ "values": [blob] })),
        body::<QueryValues>("QueryValues", json!({ "pointers": [id] })),
        body::<PushRevision>("PushRevision", json!({ "statement": statement })),
        body::<Pushed>("Pushed", json!({ "head": head })),
        body::<RevisionsPage>("RevisionsPage", json!({ "statements": [statement], "head": head })),
        body::<Snapshot>("Snapshot", json!({ "head": head, "entries": [entry] })),
        body::<SnapshotEntry>("SnapshotEntry", entry.clone()),
        body::<Rotate>("Rotate", json!({ "event": statement, "revision": statement, "wraps": [wrap] })),
        body::<Rotated>("Rotated", json!({ "log": log, "head": head })),
        body::<Moved>("Moved", json!({ "moved": "log", "team": id, "sequence": 8 })),
        body::<Moved>("Moved", json!({ "moved": "environment", "environment": id, "number": 3 })),
    ];
    // Problems are read openly; below.
    let listed: BTreeSet<_> =
        bodies.iter().map(|(name, ..)| *name).chain(["Problem", "ProblemCode"]).collect();
    let types = include_str!("../../protocol/src/api.rs").lines().filter_map(|line| {
        let name = line.strip_prefix("pub struct ").or(line.strip_prefix("pub enum "))?;
        name.split(|one: char| !one.is_alphanumeric()).next()
    });
    assert_eq!(types.collect::<BTreeSet<_>>(), listed);

    for (name, text, is) in bodies {
        let optional: &[&str] = match name {
            "Wrap" | "MissingWrap" => &["environment"],
            "Wraps" | "CreateTeam" | "AppendEvents" | "Rotate" => &["wraps.environment"],
            "MissingWraps" => &["missing.environment"],
            "Candidates" => &["candidates.statement"],
            "Candidate" | "Candidacy" => &["statement"],
            _ => &[],
        };
        for edits in accepted(&text, optional) {
            let text = edited(&text, &edits);
            assert!(is(&text), "{name}: {text}");
        }
        for edits in refused(&text, optional) {
            assert!(!is(&edited(&text, &edits)), "{name} with {edits:?}: {text}");
        }
    }
}

#[test]
fn a_problem_may_say_more_than_is_known_and_is_an_object_all_the_same() {
    let problem = r#"{"type":"about:blank","title":"x","status":409,"detail":"y","code":"log-moved","log":{"sequence":8,"hash":"HASH"}}"#;
    let problem = problem.replace("HASH", &"6d".repeat(32));
    let reads = |text: &str| decode_open::<Problem>(text.as_bytes(), 1000);
    assert_eq!(reads(&problem).unwrap().code, ProblemCode::LogMoved);
    let later =
        problem.replace("log-moved", "of-a-newer-version").replacen('{', r#"{"further":[{"more":1}],"#, 1);
    assert_eq!(reads(&later).unwrap().code, ProblemCode::Unknown);
    for wrong in [
        problem.replace(r#""code":"log-moved""#, r#""code":{"log-moved":null}"#),
        problem.replace(r#""code":"log-moved""#, r#""code":12"#),
        problem.replace(r#"{"sequence":8,"hash":"#, "[8,").replace("}}", "]}"),
        problem.replace("409", "409.0"),
        problem.replacen('{', r#"{"further":{"a":1,"a":2},"#, 1),
        problem.replacen('{', r#"{"further":1.5,"#, 1),
        problem.replacen('{', r#"{"title":"z","#, 1),
        r#"["about:blank","x",409,"y","log-moved"]"#.to_owned(),
    ] {
        assert!(reads(&wrong).is_err(), "{wrong}");
    }
}
