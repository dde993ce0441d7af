//! The test vectors in `vectors/` are what this code makes, and what it makes of them. A second, independent
//! implementation (`tests/verifier/`) checks the same files.
//!
//! After a deliberate change: `TWINLOCK_WRITE_VECTORS=1 cargo test -p twinlock-seal --test vectors`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use serde_json::{Value, json};
use support::vectors::{bytes, check};
use support::*;
use twinlock_protocol::encoding::{Fields, from_base64url};
use twinlock_protocol::event::*;
use twinlock_protocol::http_signature::{
    SignatureHeaders, SignatureParameters, SignedParts, signature_base, verify,
};
use twinlock_protocol::ids::*;
use twinlock_protocol::padding;
use twinlock_protocol::pins::Pins;
use twinlock_protocol::revision::*;
use twinlock_protocol::safety;
use twinlock_seal::{
    InviteLink, KeyScope, Keyholder, NameKey, OpenError, Pin, Seed, ServiceToken, TokenEnvironment, ValueKey,
};

#[test]
fn encodings() {
    let fields = Fields::purpose("twinlock/v1/example").text("né").u32(7).u64(8).bytes(&[]).bytes(&[1, 2, 3]);
    let padded: Vec<Value> = [0, 1, 28, 29, 60, 61, 1020, 1021, 1085, 5000, 100_000, 262_144]
        .map(|length| json!({ "length": length, "padded": padding::padded_length(length) }))
        .into();
    let spread: Vec<_> = places(7).iter().map(|position| position.as_str().to_owned()).collect();
    check(
        "encodings.json",
        &json!({
            "fields": {
                "list": [
                    {"text": "twinlock/v1/example"}, {"text": "né"}, {"u32": 7}, {"u64": 8},
                    {"bytes": ""}, {"bytes": bytes(&[1, 2, 3])}
                ],
                "encoded": bytes(fields.as_bytes()),
            },
            "padding": padded,
            "padded_text": { "text": "né", "padded": bytes(&padding::pad("né".as_bytes())) },
            "positions_in_order": spread,
        }),
    );
}

#[test]
fn keyholders_and_requests() {
    let mut rng = Repeatable::new("keyholders");
    let seeds: Vec<Seed> = (0..3).map(|_| Seed::generate(&mut rng)).collect();
    let list: Vec<Value> = seeds
        .iter()
        .map(|seed| {
            let keyholder = Keyholder::from_seed(seed);
            json!({
                "seed": bytes(seed.expose()),
                "signing": bytes(&keyholder.public().signing),
                "kem": bytes(&keyholder.public().kem),
                "id": keyholder.id(),
            })
        })
        .collect();

    let keyholder = Keyholder::from_seed(&seeds[0]);
    let team = TeamId::new(rng.bytes());
    let parts = SignedParts {
        method: "POST",
        path: "/v1/teams/x/events",
        query: "after=1",
        body: b"{\"a\":1}",
        team,
    };
    let created = 1_795_000_000;
    let headers = keyholder.sign_request(&parts, created);
    let received = SignatureHeaders {
        content_digest: &headers.content_digest,
        signature_input: &headers.signature_input,
        signature: &headers.signature,
    };
    let check_at = |parts: &SignedParts<'_>, now| verify(parts, &received, keyholder.public(), now).is_ok();
    assert!(check_at(&parts, created) && check_at(&parts, created + 300) && check_at(&parts, created - 300));
    assert!(!check_at(&parts, created + 301) && !check_at(&parts, created - 301));
    for changed in [
        SignedParts { method: "PUT", ..parts },
        SignedParts { path: "/v1/teams/y/events", ..parts },
        SignedParts { query: "after=2", ..parts },
        SignedParts { body: b"{\"a\":2}", ..parts },
        SignedParts { team: TeamId::new([0; 16]), ..parts },
    ] {
        assert!(!check_at(&changed, created), "{changed:?}");
    }
    let base = signature_base(&parts, &SignatureParameters { created, keyholder: keyholder.id() });
    check(
        "keyholders.json",
        &json!({
            "keyholders": list,
            "request": {
                "seed": bytes(seeds[0].expose()), "method": parts.method, "path": parts.path,
                "query": parts.query, "body": bytes(parts.body), "team": team, "created": created,
                "base": base,
                "content_digest": headers.content_digest,
                "signature_input": headers.signature_input,
                "signature": headers.signature,
            },
        }),
    );
}

#[test]
fn seals_and_wraps() {
    let mut rng = Repeatable::new("seals");
    let scope = KeyScope {
        team: TeamId::new(rng.bytes()),
        environment: Some(EnvironmentId::new(rng.bytes())),
        generation: Generation(3),
    };
    // What `generate` is about to draw.
    let peek = |rng: &Repeatable| rng.peek::<32>();
    let name_bytes = peek(&rng);
    let name = NameKey::generate(scope, &mut rng);
    let value_bytes = peek(&rng);
    let value = ValueKey::generate(scope, &mut rng);
    let pointer = Pointer::new(rng.bytes());
    let (left, right) = ("export DATABASE_URL = ", "\"postgres://localhost/äpi\"  # main\r\n");
    let name_blob = name.seal_name(pointer, left, &mut rng);
    let value_blob = value.seal_value(pointer, right, &mut rng);
    let message = MessageId::new(rng.bytes());
    let message_blob = name.seal_message(message, "new password after the leak", &mut rng);

    let team_scope = KeyScope { environment: None, generation: Generation(2), ..scope };
    let team_bytes = peek(&rng);
    let team_key = NameKey::generate(team_scope, &mut rng);
    let label = LabelId::new(rng.bytes());
    let label_blob = team_key.seal_label(label, "production", &mut rng);

    // Opened here, and nowhere else.
    assert_eq!(name.open_name(pointer, &name_blob).unwrap().expose(), left);
    assert_eq!(value.open_value(pointer, &value_blob).unwrap().expose(), right);
    assert_eq!(team_key.open_label(label, &label_blob).unwrap().expose(), "production");
    let other = Pointer::new(rng.bytes());
    let refused = [
        value.open_value(other, &value_blob),
        value.open_value(pointer, &name_blob),
        name.open_name(pointer, &value_blob),
        name.open_message(MessageId::new(*pointer.as_bytes()), &name_blob),
        value.open_value(pointer, &value_blob[..value_blob.len() - 1]),
        value.open_value(pointer, &[]),
    ];
    assert!(refused.into_iter().all(|opened| opened.is_err_and(|error| error == OpenError::Seal)));

    let seed = Seed::generate(&mut rng);
    let keyholder = Keyholder::from_seed(&seed);
    let wrapper = KeyholderId::new(rng.bytes());
    let name_wrap = name.wrap(keyholder.public(), wrapper, &mut rng).unwrap();
    let value_wrap = value.wrap(keyholder.public(), wrapper, &mut rng).unwrap();
    let team_wrap = team_key.wrap(keyholder.public(), wrapper, &mut rng).unwrap();
    assert!(ValueKey::open_wrap(&keyholder, &value_wrap, scope, value.commitment()).is_ok());
    let moved = KeyScope { generation: Generation(4), ..scope };
    for (wrap, scope, commitment, expect) in [
        (&name_wrap, scope, value.commitment(), OpenError::Seal),
        (&value_wrap, moved, value.commitment(), OpenError::Seal),
        (&value_wrap, team_scope, value.commitment(), OpenError::Seal),
        (&value_wrap, scope, name.commitment(), OpenError::Commitment),
    ] {
        let opened = ValueKey::open_wrap(&keyholder, wrap, scope, commitment);
        assert_eq!(opened.err(), Some(expect));
    }

    let key = |bytes_: &[u8; 32], scope: KeyScope, half: &str, commitment: Commitment| {
        json!({
            "key": bytes(bytes_), "half": half, "team": scope.team, "environment": scope.environment,
            "generation": scope.generation, "commitment": commitment,
        })
    };
    check(
        "seals.json",
        &json!({
            "name_key": key(&name_bytes, scope, "name", name.commitment()),
            "value_key": key(&value_bytes, scope, "value", value.commitment()),
            "team_key": key(&team_bytes, team_scope, "name", team_key.commitment()),
            "name": { "pointer": pointer, "text": left, "blob": name_blob },
            "value": { "pointer": pointer, "text": right, "blob": value_blob },
            "message": { "pointer": message, "text": "new password after the leak", "blob": message_blob },
            "label": { "pointer": label, "text": "production", "blob": label_blob },
            "wraps": {
                "seed": bytes(seed.expose()),
                "name": name_wrap, "value": value_wrap, "team": team_wrap,
            },
        }),
    );
}

#[test]
fn a_link() {
    let mut rng = Repeatable::new("link");
    let link = InviteLink {
        team: TeamId::new(rng.bytes()),
        address: "https://vault.example:7443".into(),
        pin: Some(Pin(rng.bytes())),
        head: LogHead { sequence: 9, hash: StatementHash::new(rng.bytes()) },
        seed: Seed::generate(&mut rng),
    };
    let text = link.to_text();
    let read = InviteLink::parse(&format!("  {}\n", text.expose())).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read.to_text().expose(), text.expose());
    for broken in ["", "https://vault.example/join#abc", "twinlock:join#", &text.expose()[..60]] {
        assert!(InviteLink::parse(broken).is_err(), "{broken}");
    }
    check(
        "link.json",
        &json!({
            "text": text.expose(), "team": link.team, "address": link.address, "pin": link.pin,
            "head": link.head, "seed": bytes(link.seed.expose()),
        }),
    );
}

#[test]
fn a_token() {
    let mut rng = Repeatable::new("token");
    let mut named = |name: &str| TokenEnvironment { id: EnvironmentId::new(rng.bytes()), name: name.into() };
    let environments = vec![named("api/production"), named("büro/development")];
    let token = ServiceToken {
        team: TeamId::new(rng.bytes()),
        address: "https://vault.example:7443".into(),
        pin: Some(Pin(rng.bytes())),
        head: LogHead { sequence: 21, hash: StatementHash::new(rng.bytes()) },
        seed: Seed::generate(&mut rng),
        environments,
    };
    let text = token.to_text();
    let read =
        ServiceToken::parse(&format!("  {}\n", text.expose())).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read.to_text().expose(), text.expose());
    let doubled = [&token.environments[..], &token.environments[..1]].concat();
    let with = |environments| ServiceToken {
        address: token.address.clone(),
        seed: Seed::from_bytes(*token.seed.expose()),
        environments,
        ..token
    };
    let (none, twice) = (with(Vec::new()).to_text(), with(doubled).to_text());
    let link = text.expose().replace("token#", "join#");
    for broken in ["", "twinlock:token#", &link, &text.expose()[..60], none.expose(), twice.expose()] {
        assert!(ServiceToken::parse(broken).is_err(), "{broken}");
    }
    check(
        "token.json",
        &json!({
            "text": text.expose(), "team": token.team, "address": token.address, "pin": token.pin,
            "head": token.head, "seed": bytes(token.seed.expose()),
            "service": Keyholder::from_seed(&token.seed).id(), "environments": token.environments,
        }),
    );
}

#[test]
fn pins_of_a_team() {
    let mut world = World::new("pins");
    let (name, value, mut state) = world.with_environment();
    let at = places(2);
    let environment = world.environment;
    let pinned = |head| PinnedHead { environment, head };
    let pins = |world: &World, head| Pins::new(world.team.id(), world.team.head(), [pinned(head)]);
    let mut made = vec![pins(&world, state.head())];
    let mut revisions = Vec::new();
    for (number, at) in at.into_iter().enumerate() {
        let put = world.put((&name, &value), &format!("A{number}="), "1\n", at);
        let revision = world.founder.sign_revision(&world.revision(world.founder.id(), &state, vec![put]));
        state.append(&world.team, &revision).unwrap();
        revisions.push(revision);
        made.push(pins(&world, state.head()));
    }
    let _ben = world.join(Role::Member, Vec::new());
    made.push(pins(&world, state.head()));

    let log = LogHead { sequence: 3, hash: StatementHash::new([7; 32]) };
    let ahead = LogHead { sequence: 99, ..log };
    let head = Head { number: 1, hash: StatementHash::new([8; 32]) };
    let later = Head { number: 9, ..head };
    let refused = [
        (Pins::new(TeamId::new([1; 16]), world.team.head(), []), "elsewhere"),
        (Pins::new(world.team.id(), log, []), "fork"),
        (Pins::new(world.team.id(), ahead, []), "rollback"),
        (Pins::new(world.team.id(), world.team.head(), [pinned(head)]), "fork"),
        (Pins::new(world.team.id(), world.team.head(), [pinned(later)]), "rollback"),
    ];
    let hold = |pins: &Pins| {
        pins.hold_log(&world.team)?;
        pins.hold_environment(&state)
    };
    for pins in &made {
        assert_eq!(Pins::parse(pins.to_text().as_bytes()).as_ref(), Ok(pins));
        assert_eq!(hold(pins), Ok(()));
    }
    for (pins, code) in &refused {
        assert_eq!(hold(pins).unwrap_err().code(), *code);
    }
    let text = |pins: &Pins| Value::String(pins.to_text());
    check(
        "pins.json",
        &json!({
            "log": world.log, "environment": environment, "revisions": revisions,
            "accepted": made.iter().map(text).collect::<Vec<_>>(),
            "refused": refused.iter().map(|(pins, code)| json!({ "text": text(pins), "code": code })).collect::<Vec<_>>(),
        }),
    );
}

#[test]
fn safety_words() {
    let mut rng = Repeatable::new("safety");
    let team = TeamId::new(rng.bytes());
    let log = LogHead { sequence: 41, hash: StatementHash::new(rng.bytes()) };
    let heads: Vec<(EnvironmentId, Head)> = (0..3)
        .map(|at| {
            let head = Head { number: 7 * at, hash: StatementHash::new(rng.bytes()) };
            (EnvironmentId::new(rng.bytes()), head)
        })
        .collect();
    let history = |heads: &[(EnvironmentId, Head)]| {
        let words = safety::of_history(team, log, heads.iter().map(|(id, head)| (id, head)));
        let heads: Vec<Value> =
            heads.iter().map(|(id, head)| json!({ "environment": id, "head": head })).collect();
        json!({ "team": team, "log": log, "environments": heads, "words": words })
    };
    let computer = KeyholderId::new(rng.bytes());
    check(
        "safety.json",
        &json!({
            "histories": [history(&heads), history(&heads[..1]), history(&[])],
            "computers": [{ "id": computer, "words": safety::of_computer(computer) }],
        }),
    );
}

#[test]
fn a_team_and_its_environment() {
    let mut world = World::new("team");
    let (name, value, mut state) = world.with_environment();
    let at = places(3);
    let changes = vec![
        world.put((&name, &value), "A=", "1\n", at[0].clone()),
        world.put((&name, &value), "", "# why\n\n", at[1].clone()),
        world.put((&name, &value), "B=", "2", at[2].clone()),
    ];
    let first = world.founder.sign_revision(&world.revision(world.founder.id(), &state, changes));
    state.append(&world.team, &first).unwrap();
    let ben = world.join(Role::Member, vec![Grant { environment: world.environment, level: Level::Write }]);
    world.open_generation(&ben, state.head());
    let resealed = world.resealed(&state);
    let rotated = Revision { cause: Cause::Rotate, ..world.revision(ben.id(), &state, resealed) };
    let second = ben.sign_revision(&rotated);
    state.append(&world.team, &second).unwrap();
    let gone = state.in_order().next().unwrap().0;
    let third = world.revision(ben.id(), &state, vec![Change::Remove(Remove { entry: gone })]);
    let third = ben.sign_revision(&third);
    state.append(&world.team, &third).unwrap();

    let members: Vec<Value> = world
        .team
        .members()
        .iter()
        .map(|(id, member)| json!({ "id": id, "role": member.role, "since": member.since }))
        .collect();
    check(
        "team.json",
        &json!({
            "log": world.log,
            "team": world.team.id(),
            "head": world.team.head(),
            "members": members,
            "environment": world.environment,
            "revisions": [first, second, third],
            "environment_head": state.head(),
            "state": state.state(),
        }),
    );
}

/// What `docs/protocol.md` shows of links, tokens and pins are the vectors, to the letter.
#[test]
fn the_documents_links_are_the_vectors() {
    let read = |file: &str| -> Value {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(file);
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    };
    let document = include_str!("../../../docs/protocol.md");
    let (further, pins) = (read("further_keyholders.json"), read("pins.json"));
    let shown =
        |what: &str, json: &str| assert!(document.contains(json), "{what} is not in the document: {json}");
    for (what, text) in [
        ("the invite link", &read("link.json")["text"]),
        ("the service token", &read("token.json")["text"]),
        ("the computer link", &further["computer_link"]["text"]),
        ("the kit line", &further["kit"]["text"]),
    ] {
        let (_, body) = text.as_str().unwrap().split_once('#').unwrap();
        shown(what, &String::from_utf8(from_base64url(body).unwrap()).unwrap());
    }
    let accepted = pins["accepted"][0].as_str().unwrap();
    shown("a pin file", &accepted.split_whitespace().collect::<String>());
}
