//! Vectors of what brings a member's further keyholders in: the link to add a computer, the line of a recovery kit,
//! and its words. `vectors.rs` says how to write them anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use serde_json::{Value, json};
use support::Repeatable;
use support::vectors::{bytes, check};
use twinlock_protocol::encoding::to_base64url;
use twinlock_protocol::event::LogHead;
use twinlock_protocol::ids::{KeyholderId, StatementHash, TeamId};
use twinlock_seal::{
    ComputerLink, InviteLink, Keyholder, KitLine, Pin, Place, PlaceError, RecoveryWords, Seed,
};

fn place(rng: &mut Repeatable) -> Place {
    Place {
        team: TeamId::new(rng.bytes()),
        address: "https://vault.example:7443".into(),
        pin: Some(Pin(rng.bytes())),
        head: LogHead { sequence: 12, hash: StatementHash::new(rng.bytes()) },
    }
}

fn shown(text: &str, place: &Place) -> Value {
    let Place { team, address, pin, head } = place;
    json!({ "text": text, "team": team, "address": address, "pin": pin, "head": head })
}

#[test]
fn links_kits_and_words() {
    let mut rng = Repeatable::new("further keyholders");
    let link = ComputerLink { place: place(&mut rng), computer: KeyholderId::new(rng.bytes()) };
    let kit = KitLine { place: Place { pin: None, ..place(&mut rng) } };
    assert_eq!(ComputerLink::parse(&format!(" {}\n", link.to_text())).unwrap(), link);
    assert_eq!(KitLine::parse(&format!(" {}\n", kit.to_text())).unwrap(), kit);
    let mut computer_link = shown(&link.to_text(), &link.place);
    computer_link["computer"] = json!(link.computer);
    let words: Vec<Value> = [[0; 32], [0xff; 32], rng.bytes(), rng.bytes()]
        .into_iter()
        .map(|bytes_of_seed| {
            let seed = Seed::from_bytes(bytes_of_seed);
            let words: Vec<&str> = RecoveryWords::of(&seed).expose().collect();
            let back = RecoveryWords::parse(&words.join(" ")).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(*back.seed().expose(), bytes_of_seed);
            json!({ "seed": bytes(&bytes_of_seed), "words": words, "id": Keyholder::from_seed(&seed).id() })
        })
        .collect();
    check(
        "further_keyholders.json",
        &json!({ "computer_link": computer_link, "kit": shown(&kit.to_text(), &kit.place), "recovery": words }),
    );
}

#[test]
fn nothing_else_is_taken_for_one() {
    let mut rng = Repeatable::new("further keyholders");
    let link = ComputerLink { place: place(&mut rng), computer: KeyholderId::new(rng.bytes()) };
    let (link, kit) = (link.to_text(), KitLine { place: place(&mut rng) }.to_text());
    let why = |text: &str| ComputerLink::parse(text).unwrap_err();
    for other in ["", "https://vault.example/computer", &kit, &kit.replace("kit#", "join#")] {
        assert!(matches!(why(other), PlaceError::Prefix { .. }), "{other}");
    }
    let body = |json: Value| format!("twinlock:computer#{}", to_base64url(json.to_string().as_bytes()));
    for broken in ["twinlock:computer#", &link[..60], &format!("{link}!"), &kit.replace("kit#", "computer#")]
    {
        assert!(matches!(why(broken), PlaceError::Body { .. }), "{broken}");
    }
    assert!(matches!(why(&body(json!({ "v": 1, "team": "00" }))), PlaceError::Body { .. }));
    assert!(matches!(why(&body(json!({ "v": 2 }))), PlaceError::NewerVersion { .. }));
    // No form is taken for another, whichever way round; a kit's line has no room for a secret.
    assert!(
        KitLine::parse(&link).is_err()
            && InviteLink::parse(&link).is_err()
            && InviteLink::parse(&kit).is_err()
    );
    assert!(KitLine::parse(&link.replace("computer#", "kit#")).is_err());
    for error in [why(&kit), why(&link[..60])] {
        assert!(!error.to_string().contains(&kit[13..40]), "{error}");
    }
}
