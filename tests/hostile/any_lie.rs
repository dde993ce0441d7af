//! Lies that nobody thought of: answers changed at random, by rules that know what answers are made of. Whatever is told, a
//! client writes what its teammates signed or nothing, ends with a plain sentence, and goes on once the vault is honest.
//!
//! More of them: `TWINLOCK_LIES=1000 cargo nextest run --workspace -E 'test(any_lie)'`; one again: `TWINLOCK_LIE=NUMBER`.

use std::sync::{Arc, Mutex};

use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use twinlock_client::store::Mode;
use twinlock_client::{Error, Selection};
use twinlock_tests::lying_proxy::{Asked, Told};

use crate::setting::Setting;

/// How many are told in each run of the tests.
const LIES: u64 = 60;
/// After so many, a new team: a log does not grow for ever.
const WITH_ONE_TEAM: u64 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_vault_answers_only_what_was_signed_is_written() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let numbers = match number("TWINLOCK_LIE") {
        Some(one) => one..one + 1,
        None => 0..number("TWINLOCK_LIES").unwrap_or(LIES),
    };
    let mut setting = Setting::with_a_past(Mode::Ask).await;
    let (mut told, mut refused) = (0, 0);
    for number in numbers {
        if number % WITH_ONE_TEAM == WITH_ONE_TEAM - 1 {
            setting = Setting::with_a_past(Mode::Ask).await;
        }
        let outcome = told_to_ben(&mut setting, number).await;
        let (lies, refusals) = outcome.unwrap_or_else(|what| panic!("lie {number}: {what}"));
        told += lies;
        refused += refusals;
    }
    assert!(told > 0 && refused > 0, "{told} lies, {refused} refused: nothing was tried");
}

/// Tells Ben one lie at each of his commands. Gives how many answers were lies, and how many commands were refused.
async fn told_to_ben(setting: &mut Setting, number: u64) -> Result<(usize, usize), String> {
    if number.is_multiple_of(4) {
        setting.ada_changes_things().await;
    } else {
        setting.ada.save(&format!("# {number}\nA={number}\nB=b{number}\n\nC=1\nD={number}\n"));
        setting.ada.client.push(&setting.ada.env(), Selection::All).await.unwrap();
    }
    let Setting { proxy, ada, ben, .. } = &*setting;
    let (before, signed) = (ben.text(), ada.text());
    let random = Mutex::new(StdRng::seed_from_u64(number));
    proxy.lie(Arc::new(move |asked, honest| {
        let mut random = random.lock().unwrap();
        // Some lie always, some now and then: far into a command as well.
        if number.is_multiple_of(3) || random.random_bool(0.4) {
            lie(&mut random, asked, honest)
        } else {
            Told::Json(honest)
        }
    }));
    let mut outcomes = vec![
        ("sync", ben.client.sync().await.map(|_| ())),
        ("status", ben.client.status(Some(&ben.env())).await.map(|_| ())),
        ("pull", ben.client.pull(&ben.env()).await.map(|_| ())),
    ];
    let text = ben.text();
    let mine = format!("MINE={number}\n");
    ben.save(&(text.clone() + &mine));
    let pushed = ben.client.push(&ben.env(), Selection::All).await;
    let is_pushed = pushed.as_ref().is_ok_and(|outcome| outcome.pushed > 0);
    outcomes.push(("push", pushed.map(|_| ())));
    let told = proxy.be_honest();

    if text != before && text != signed {
        return Err(format!("the file was written: {text:?}"));
    }
    let mut refused = 0;
    for (verb, outcome) in outcomes {
        let Err(error) = outcome else { continue };
        let sentence = error.to_string();
        if matches!(error, Error::Bug(_))
            || sentence.chars().any(|c| c.is_control() || c == '<')
            || sentence.len() > 400
        {
            return Err(format!("{verb}: {error:?}"));
        }
        refused += 1;
    }
    // Honest again: what he changed arrives, once, and everything else is what Ada signed.
    let gone_on = |error: Error| format!("and once the vault was honest: {error}");
    ben.client.pull(&ben.env()).await.map_err(gone_on)?;
    if !is_pushed {
        ben.client.push(&ben.env(), Selection::All).await.map_err(gone_on)?;
    }
    ada.client.pull(&ada.env()).await.map_err(gone_on)?;
    if !ada.text().contains(&mine) {
        return Err("what he pushed did not arrive".to_owned());
    }
    setting.check_in_step().await;
    Ok((told, refused))
}

/// One answer that the vault did not give.
fn lie(random: &mut StdRng, asked: &Asked, mut honest: Value) -> Told {
    match random.random_range(0..10) {
        // What was answered to somebody, at some time, to such a question.
        0 => {
            let kind = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
            let past: Vec<_> =
                asked.past.iter().filter(|(path, _)| kind(path) == kind(&asked.path)).collect();
            Told::Json(past.choose(random).map_or(honest, |(_, answer)| answer.clone()))
        }
        // Bytes that changed on the way, or ended early; another status.
        1 => {
            let mut bytes = honest.to_string().into_bytes();
            let at = random.random_range(0..bytes.len());
            if random.random_bool(0.5) {
                bytes.truncate(at)
            } else {
                bytes[at] ^= 1 << random.random_range(0..7)
            }
            raw(StatusCode::OK, bytes)
        }
        2 => {
            let status =
                [204, 206, 304, 400, 401, 403, 404, 409, 410, 413, 423, 429, 500, 503].choose(random);
            raw(StatusCode::from_u16(*status.unwrap()).unwrap(), honest.to_string().into_bytes())
        }
        _ => {
            for _ in 0..random.random_range(1..4) {
                change(random, asked, &mut honest);
            }
            Told::Json(honest)
        }
    }
}

fn raw(status: StatusCode, bytes: Vec<u8>) -> Told {
    Told::Answer((status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response())
}

/// Changes one place somewhere in an answer.
fn change(random: &mut StdRng, asked: &Asked, answer: &mut Value) {
    let place = somewhere(random, answer);
    let other = elsewhere(random, asked, place);
    match place {
        Value::Array(items) if !items.is_empty() => {
            let (a, b) = (random.random_range(0..items.len()), random.random_range(0..items.len()));
            match random.random_range(0..5) {
                0 => drop(items.remove(a)),
                1 => items.swap(a, b),
                2 => items.truncate(a),
                3 => items.insert(b, items[a].clone()),
                _ => items[a] = other,
            }
        }
        Value::Object(fields) if !fields.is_empty() => {
            let name = fields.keys().nth(random.random_range(0..fields.len())).unwrap().clone();
            match random.random_range(0..3) {
                0 => drop(fields.remove(&name)),
                1 => drop(fields.insert(format!("{name}_"), other)),
                _ => drop(fields.insert(name, Value::Null)),
            }
        }
        Value::String(text) if !text.is_empty() && random.random_bool(0.5) => {
            let at = random.random_range(0..text.len());
            if text.is_char_boundary(at) && random.random_bool(0.3) {
                text.truncate(at);
            } else if let Some(sign) = text.chars().nth(at) {
                let changed = if sign == 'A' { 'B' } else { 'A' };
                *text = text.chars().enumerate().map(|(n, c)| if n == at { changed } else { c }).collect();
            }
        }
        Value::Number(number) => {
            let near = number.as_u64().unwrap_or(0);
            *place =
                [near.wrapping_add(1), near.saturating_sub(1), 0, u64::MAX].choose(random).copied().into();
        }
        Value::Bool(truth) => *truth = !*truth,
        _ => *place = other,
    }
}

/// One place in an answer, the answer itself included.
fn somewhere<'a>(random: &mut StdRng, value: &'a mut Value) -> &'a mut Value {
    let has_parts = match &*value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => false,
    };
    if !has_parts || random.random_bool(0.3) {
        return value;
    }
    let parts: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        _ => return value,
    };
    let at = random.random_range(0..parts.len());
    somewhere(random, parts.into_iter().nth(at).unwrap())
}

/// Something of the same kind out of an earlier answer.
fn elsewhere(random: &mut StdRng, asked: &Asked, like: &Value) -> Value {
    let same = |value: &Value| std::mem::discriminant(value) == std::mem::discriminant(like);
    for _ in 0..20 {
        let Some((_, answer)) = asked.past.choose(random) else { break };
        let mut places = vec![answer];
        let mut at = 0;
        while let Some(place) = places.get(at).copied() {
            match place {
                Value::Array(items) => places.extend(items),
                Value::Object(fields) => places.extend(fields.values()),
                _ => {}
            }
            at += 1;
        }
        let alike: Vec<_> = places.into_iter().filter(|place| same(place)).collect();
        if let Some(found) = alike.choose(random) {
            return (*found).clone();
        }
    }
    Value::Null
}
