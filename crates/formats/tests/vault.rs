//! `.env.vault` against files that the tool of its inventors made, and against altered ones.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use twinlock_formats::{Imported, ReadError, Source, VaultError, read, vault_environments};

const VAULT: &str = include_str!("vault/made-by-dotenv-vault.txt");
const KEYS: &str = include_str!("vault/keys.txt");
const PRODUCTION: &str = include_str!("vault/production.txt");

/// What Node's own cipher made with the key for `ci`, the nonce 00 01 … 0b and: nothing at all,
/// one line, and two bytes that are no UTF-8.
const SEALED_NOTHING: &str = "AAECAwQFBgcICQoLqDNTQw8nvyy43LyoouOMyQ==";
const SEALED_LINE: &str = "AAECAwQFBgcICQoLTcM30kmxi15i1h6/5YEEyKivveOJ";
const SEALED_BYTES: &str = "AAECAwQFBgcICQoL8wD9ZIdrhM0zprteEFly6ySV";

fn key(environment: &str) -> String {
    twinlock_dotenv::node::variables(KEYS)
        .into_iter()
        .find(|reading| reading.name == format!("DOTENV_KEY_{environment}"))
        .map(|reading| reading.value)
        .unwrap()
}

fn open(text: &str, key: &str) -> Result<String, VaultError> {
    match read(text, Source::Vault { key }) {
        Ok(Imported::Text(text)) => Ok((*text).clone()),
        Ok(Imported::Variables { .. }) => panic!("a vault holds a text"),
        Err(ReadError::Vault(error)) => Err(error),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn opens_what_the_tool_made() {
    assert_eq!(open(VAULT, &key("PRODUCTION")).as_deref(), Ok(PRODUCTION));
    assert_eq!(open(VAULT, &key("CI")).as_deref(), Ok("A=1\n"));
    assert_eq!(vault_environments(VAULT), ["CI", "PRODUCTION"]);
}

#[test]
fn opens_what_node_sealed() {
    let check = |sealed: &str, expected| {
        assert_eq!(open(&format!("DOTENV_VAULT_CI={sealed}\n"), &key("CI")), expected, "{sealed}");
    };
    check(SEALED_NOTHING, Ok(String::new()));
    check(SEALED_NOTHING.trim_end_matches('='), Ok(String::new()));
    check(SEALED_LINE, Ok("A=é\n".to_owned()));
    check(&format!("\"{}\n{}\"", &SEALED_LINE[..20], &SEALED_LINE[20..]), Ok("A=é\n".to_owned()));
    check(SEALED_BYTES, Err(VaultError::NotText { name: "DOTENV_VAULT_CI".to_owned() }));
}

#[test]
fn tries_several_keys_in_turn() {
    let (ci, production) = (key("CI"), key("PRODUCTION"));
    let other = ci.replace("environment=ci", "environment=production");
    let check = |keys: String, expected: Result<&str, VaultError>| {
        assert_eq!(open(VAULT, &keys).as_deref(), expected.as_ref().map(|text| *text), "{expected:?}");
    };
    check(format!("{other}, {production}"), Ok(PRODUCTION));
    check(format!("{production},{ci}"), Ok(PRODUCTION));
    check(format!("nothing,{ci}"), Ok("A=1\n"));
    let wrong = VaultError::WrongKey { name: "DOTENV_VAULT_PRODUCTION".to_owned() };
    check(format!("nothing,{other}"), Err(wrong));
    check(format!("{other},nothing"), Err(VaultError::NotAKey));
    check(format!("{}{ci}", "x,".repeat(15)), Ok("A=1\n"));
    check(format!("{}{ci}", "x,".repeat(16)), Err(VaultError::TooManyKeys));
}

#[test]
fn takes_the_key_as_the_loader_does() {
    let digits = key("CI");
    let digits = &digits[digits.find("key_").unwrap() + 4..][..64];
    let check = |address: &str, expected: Result<&str, VaultError>| {
        assert_eq!(open(VAULT, address).as_deref(), expected.as_ref().map(|text| *text), "{expected:?}");
    };
    for environment in ["ci", "CI", "Ci"] {
        check(
            &format!("dotenv://:key_{digits}@dotenv.org/vault/.env.vault?environment={environment}"),
            Ok("A=1\n"),
        );
    }
    check(&format!(" dotenv://any:{digits}@host?a=b&environment=ci#c "), Ok("A=1\n"));
    check(&format!("dotenv://:key_{}@host?environment=ci", digits.to_uppercase()), Ok("A=1\n"));
    check("", Err(VaultError::NotAKey));
    check(digits, Err(VaultError::NotAKey));
    check("dotenv://host/?environment=ci", Err(VaultError::NotAKey));
    check(&format!("dotenv://:key_{}@host?environment=ci", &digits[1..]), Err(VaultError::IncompleteKey));
    check(&format!("dotenv://:key_{}g@host?environment=ci", &digits[1..]), Err(VaultError::IncompleteKey));
    check(&format!("dotenv://:key_{digits}@host"), Err(VaultError::NoEnvironment));
    check(&format!("dotenv://:key_{digits}@host?environment="), Err(VaultError::NoEnvironment));
    let missing = VaultError::NotInFile {
        name: "DOTENV_VAULT_STAGING".to_owned(),
        found: vec!["CI".to_owned(), "PRODUCTION".to_owned()],
    };
    check(&format!("dotenv://:key_{digits}@host?environment=staging"), Err(missing));
}

#[test]
fn an_altered_text_does_not_open() {
    let name = || "DOTENV_VAULT_CI".to_owned();
    let check = |sealed: &str, expected| {
        assert_eq!(open(&format!("DOTENV_VAULT_CI=\"{sealed}\"\n"), &key("CI")), Err(expected), "{sealed}");
    };
    for place in 0..SEALED_LINE.len() {
        let mut sealed = SEALED_LINE.to_owned();
        sealed.replace_range(place..=place, if &SEALED_LINE[place..=place] == "x" { "y" } else { "x" });
        check(&sealed, VaultError::WrongKey { name: name() });
    }
    check(&SEALED_LINE[4..], VaultError::WrongKey { name: name() });
    check("AAEC", VaultError::Damaged { name: name() });
    check("AAECAwQFBgcICQoLqDNTQw8nvyy43LyoouOM", VaultError::Damaged { name: name() });
    check("not base64!", VaultError::Damaged { name: name() });
    check("", VaultError::NotInFile { name: name(), found: vec!["CI".to_owned()] });
}

#[test]
fn no_message_tells_a_key_or_a_value() {
    let key = key("CI");
    let digits = &key[key.find("key_").unwrap()..][..68];
    for address in [digits.to_owned(), format!("dotenv://:{digits}x@host?environment=ci"), key.clone()] {
        let error =
            open("DOTENV_VAULT_CI=\"AAECAwQFBgcICQoLqDNTQw8nvyy43LyoouOMyQ=x\"", &address).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&digits[4..20]), "{error}");
    }
}
