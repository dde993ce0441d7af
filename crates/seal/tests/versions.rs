//! What a newer version wrote is named as such, even if all else is as it was: what this one would ignore may matter.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::Repeatable;
use twinlock_protocol::encoding::{from_base64url, to_base64url};
use twinlock_protocol::event::LogHead;
use twinlock_protocol::ids::*;
use twinlock_seal::{InviteLink, LinkError, Pin, Seed, ServiceToken, TokenEnvironment, TokenError};

/// The same text, of this version.
fn of_version(text: &str, version: &str) -> String {
    let (prefix, body) = text.split_once('#').unwrap();
    let json = String::from_utf8(from_base64url(body).unwrap()).unwrap();
    assert!(json.contains(r#""v":1,"#), "{json}");
    let changed = json.replace(r#""v":1,"#, &format!(r#""v":{version},"#));
    format!("{prefix}#{}", to_base64url(changed.as_bytes()))
}

#[test]
fn links_and_tokens_of_another_version_are_not_read() {
    let mut rng = Repeatable::new("versions");
    let (team, address) = (TeamId::new(rng.bytes()), "https://vault.example:7443".to_owned());
    let head = LogHead { sequence: 9, hash: StatementHash::new(rng.bytes()) };
    let pin = Some(Pin(rng.bytes()));
    let environment =
        TokenEnvironment { id: EnvironmentId::new(rng.bytes()), name: "api/staging".to_owned() };
    let environments = vec![environment];
    let link = InviteLink { team, address: address.clone(), pin, head, seed: Seed::generate(&mut rng) };
    let token = ServiceToken { team, address, pin, head, seed: Seed::generate(&mut rng), environments };
    let (link, token) = (link.to_text(), token.to_text());
    assert!(InviteLink::parse(&of_version(link.expose(), "1")).is_ok());
    assert!(ServiceToken::parse(&of_version(token.expose(), "1")).is_ok());
    for newer in ["2", "0", "9007199254740991"] {
        assert_eq!(InviteLink::parse(&of_version(link.expose(), newer)).err(), Some(LinkError::NewerVersion));
        assert_eq!(
            ServiceToken::parse(&of_version(token.expose(), newer)).err(),
            Some(TokenError::NewerVersion)
        );
    }
}
