//! The lies, one entry each: the cases of [`crate::cases`] that it holds, what the vault answers, and why the client
//! refuses it.

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use serde_json::{Value, json};
use twinlock_protocol::api::ProblemCode;
use twinlock_protocol::encoding;
use twinlock_tests::lying_proxy::{Asked, Told};

/// One lie.
pub(crate) struct Lie {
    /// The cases that it holds, separated by spaces.
    pub(crate) cases: &'static str,
    pub(crate) name: &'static str,
    pub(crate) expect: Expect,
    /// What the home may keep all the same, because it is true.
    pub(crate) keeps: Keeps,
    pub(crate) tell: fn(&Asked, Value) -> Told,
}

impl Lie {
    /// The code of the refusal, if it has one.
    pub(crate) fn code(&self) -> Option<&'static str> {
        match self.expect {
            Expect::Refused(code) => Some(code),
            _ => None,
        }
    }
}

/// What the client says.
pub(crate) enum Expect {
    /// It is a refusal with this code.
    Refused(&'static str),
    /// Nobody answers in time.
    Unreachable,
    /// The keys that it takes are not here.
    NoKeys,
    /// The vault says itself that it has a problem.
    Problem(ProblemCode),
}

/// What a home keeps of an answer that is a lie in part.
pub(crate) enum Keeps {
    Nothing,
    /// The team's events, which came before and were honest.
    Events,
    /// Events and revisions, which came before and were honest.
    Statements,
}

use Expect::{Problem, Refused};
use Keeps::{Events, Nothing, Statements};

pub(crate) const LIES: &[Lie] = &[
    // Values.
    lie("H01", "two values swapped", Refused("digest"), Statements, |asked, answer| {
        values(asked, answer, |values, _| {
            let first = values[0]["blob"].take();
            values[0]["blob"] = values[1]["blob"].take();
            values[1]["blob"] = first;
        })
    }),
    lie("H05", "a value left out", Refused("value-missing"), Statements, |asked, answer| {
        values(asked, answer, |values, _| drop(values.pop()))
    }),
    lie("H05", "no value at all", Refused("value-missing"), Statements, |asked, answer| {
        values(asked, answer, |values, _| values.clear())
    }),
    lie("H03", "a bit flipped", Refused("digest"), Statements, |asked, answer| {
        values(asked, answer, |values, _| {
            let mut blob = bytes(&values[1]["blob"]);
            blob[20] ^= 1;
            values[1]["blob"] = text(&blob);
        })
    }),
    lie("H03", "a value cut short", Refused("digest"), Statements, |asked, answer| {
        values(asked, answer, |values, _| {
            let blob = bytes(&values[0]["blob"]);
            values[0]["blob"] = text(&blob[..blob.len() - 1]);
        })
    }),
    lie("H03", "a value with something added", Refused("digest"), Statements, |asked, answer| {
        values(asked, answer, |values, _| {
            let blob = [bytes(&values[0]["blob"]), vec![0; 16]].concat();
            values[0]["blob"] = text(&blob);
        })
    }),
    lie("H03", "an empty value", Refused("digest"), Statements, |asked, answer| {
        values(asked, answer, |values, _| values[0]["blob"] = json!(""))
    }),
    lie(
        "H06 H36",
        "yesterday's value under a new pointer",
        Refused("digest"),
        Statements,
        |asked, answer| {
            values(asked, answer, |values, asked| {
                let old = before(asked, |path| *path == asked.path);
                values[0]["blob"] = old["values"][0]["blob"].clone();
            })
        },
    ),
    lie("H02 H28", "a value of another environment", Refused("digest"), Statements, |asked, answer| {
        values(asked, answer, |values, asked| {
            let other = before(asked, |path| is_values(path) && *path != asked.path);
            values[0]["blob"] = other["values"][0]["blob"].clone();
        })
    }),
    lie("H07", "one pointer twice, with two values", Refused("unasked"), Statements, |asked, answer| {
        values(asked, answer, |values, _| {
            let mut second = values[0].clone();
            second["blob"] = values[1]["blob"].clone();
            values.push(second);
        })
    }),
    lie("H28 H44", "a value that nobody asked for", Refused("unasked"), Statements, |asked, answer| {
        values(asked, answer, |values, _| {
            let mut more = values[0].clone();
            more["pointer"] = json!("00112233445566778899aabbccddeeff");
            values.push(more);
        })
    }),
    // An environment's history.
    lie("H08 H36", "yesterday's revisions", Refused("rollback"), Events, |asked, answer| {
        revisions(asked, answer, |page, asked| *page = yesterday(asked))
    }),
    lie("H08 H36", "the head of yesterday", Refused("rollback"), Events, |asked, answer| {
        revisions(asked, answer, |page, asked| {
            *page = json!({ "statements": [], "head": yesterday(asked)["head"] });
        })
    }),
    lie("H09", "a revision left out of the middle", Refused("number"), Events, |asked, answer| {
        revisions(asked, answer, |page, _| drop(statements(page).remove(0)))
    }),
    lie("H08 H20", "the last revision left out", Refused("cut-short"), Events, |asked, answer| {
        revisions(asked, answer, |page, _| statements(page).clear())
    }),
    lie("H05 H09", "revisions in another order", Refused("number"), Events, |asked, answer| {
        revisions(asked, answer, |page, _| statements(page).swap(0, 1))
    }),
    lie("H09", "a revision twice", Refused("number"), Events, |asked, answer| {
        revisions(asked, answer, |page, _| {
            let first = statements(page)[0].clone();
            statements(page).insert(1, first);
        })
    }),
    lie("H10", "another hash for the head that was seen", Refused("fork"), Events, |asked, answer| {
        revisions(asked, answer, |page, asked| {
            let seen = latest(asked);
            let hash = page["head"]["hash"].clone();
            *page = json!({ "statements": [], "head": { "number": seen["head"]["number"], "hash": hash } });
        })
    }),
    lie("H11 H28", "a revision of another environment", Refused("elsewhere"), Events, |asked, answer| {
        revisions(asked, answer, |page, asked| {
            let other = before(asked, |path| path.ends_with("/revisions") && *path != asked.path);
            statements(page)[0] = other["statements"][0].clone();
        })
    }),
    lie("H12", "a revision without its signature", Refused("signers"), Events, |asked, answer| {
        revisions(asked, answer, |page, _| statements(page)[0]["signatures"] = json!([]))
    }),
    lie("H12", "a revision signed twice", Refused("signers"), Events, |asked, answer| {
        revisions(asked, answer, |page, _| {
            let signature = statements(page)[0]["signatures"][0].clone();
            statements(page)[0]["signatures"] = json!([signature, signature]);
        })
    }),
    lie("H12 H41", "a revision with one signature too many", Refused("signers"), Events, |asked, answer| {
        revisions(asked, answer, |page, _| {
            let mut signature = statements(page)[0]["signatures"][0].clone();
            signature["keyid"] = json!("00112233445566778899aabbccddeeff");
            statements(page)[0]["signatures"].as_array_mut().unwrap().push(signature);
        })
    }),
    lie("H12", "another revision's signature", Refused("signature"), Events, |asked, answer| {
        revisions(asked, answer, |page, _| {
            statements(page)[0]["signatures"] = statements(page)[1]["signatures"].clone();
        })
    }),
    lie("H12 H41", "a signature by somebody else", Refused("signers"), Events, |asked, answer| {
        revisions(asked, answer, |page, _| {
            statements(page)[0]["signatures"][0]["keyid"] = json!("00112233445566778899aabbccddeeff");
        })
    }),
    lie("H12", "a revision with another content", Refused("signature"), Events, |asked, answer| {
        revisions(asked, answer, |page, _| {
            change_payload(&mut statements(page)[0], |payload| payload["created_at"] = json!(1));
        })
    }),
    lie("H04", "two names swapped", Refused("signature"), Events, |asked, answer| {
        revisions(asked, answer, |page, _| {
            change_payload(&mut statements(page)[0], |payload| {
                let puts = payload["changes"].as_array_mut().unwrap();
                let name = puts[0]["put"]["name"].take();
                puts[0]["put"]["name"] = puts[1]["put"]["name"].take();
                puts[1]["put"]["name"] = name;
            });
        })
    }),
    lie("H26", "a field that is not of the protocol", Refused("malformed"), Events, |asked, answer| {
        revisions(asked, answer, |page, _| {
            change_payload(&mut statements(page)[0], |payload| payload["admin"] = json!(true));
        })
    }),
    lie("H26", "a statement as if of a newer version", Refused("signature"), Events, |asked, answer| {
        revisions(asked, answer, |page, _| {
            statements(page)[0]["payloadType"] = json!("twinlock/revision/v2");
        })
    }),
    lie("H26 H28", "a revision where an event is due", Refused("malformed"), Nothing, |asked, answer| {
        log(asked, answer, |page, asked| {
            let other = before(asked, |path| path.ends_with("/revisions"));
            statements(page)[0] = other["statements"][0].clone();
        })
    }),
    lie("H26", "an event as if of a newer version", Refused("signature"), Nothing, |asked, answer| {
        log(asked, answer, |page, _| {
            statements(page)[0]["payloadType"] = json!("twinlock/team-event/v2");
        })
    }),
    lie("H26", "an event of a kind that is not known", Refused("signature"), Nothing, |asked, answer| {
        log(asked, answer, |page, _| {
            change_payload(&mut statements(page)[0], |payload| {
                payload["event"] = json!({ "type": "update-from", "address": "https://elsewhere.example/" });
            });
        })
    }),
    lie("H56 H11", "another environment's whole history", Refused("elsewhere"), Events, |asked, answer| {
        revisions(asked, answer, |page, asked| {
            let other = before(asked, |path| path.ends_with("/revisions") && *path != asked.path);
            page["statements"] = other["statements"].clone();
        })
    }),
    lie("H54", "a page that overlaps the one before", Refused("number"), Events, |asked, answer| {
        revisions(asked, answer, |page, asked| {
            let seen = latest(asked)["statements"].as_array().and_then(|all| all.last().cloned()).unwrap();
            statements(page).insert(0, seen);
        })
    }),
    lie(
        "H54",
        "a head to which its pages never lead",
        Refused("cut-short"),
        Statements,
        |asked, mut answer| {
            if asked.path.ends_with("/revisions")
                && let Some(number) = answer["head"]["number"].as_u64()
            {
                answer["head"] = json!({ "number": number + 1, "hash": "07".repeat(32) });
            }
            Told::Json(answer)
        },
    ),
    lie("H54", "a number of its head for a later one", Refused("fork"), Statements, |asked, mut answer| {
        if asked.path.ends_with("/revisions") && answer["head"].is_object() {
            answer["head"]["hash"] = json!("07".repeat(32));
        }
        Told::Json(answer)
    }),
    // The team's log.
    lie("H20 H36", "yesterday's log", Refused("rollback"), Nothing, |asked, answer| {
        log(asked, answer, |page, asked| *page = yesterday(asked))
    }),
    lie("H20 H36", "a log that ends where it was seen", Refused("log-behind"), Nothing, |asked, answer| {
        log(asked, answer, |page, asked| {
            *page = json!({ "statements": [], "head": latest(asked)["head"] });
        })
    }),
    lie("H20", "the end of the log left out", Refused("cut-short"), Nothing, |asked, answer| {
        log(asked, answer, |page, _| statements(page).clear())
    }),
    lie("H20", "an event left out of the middle", Refused("number"), Nothing, |asked, answer| {
        log(asked, answer, |page, _| drop(statements(page).remove(0)))
    }),
    lie("H12", "an event without its signature", Refused("signers"), Nothing, |asked, answer| {
        log(asked, answer, |page, _| statements(page)[0]["signatures"] = json!([]))
    }),
    lie("H24", "an event with another content", Refused("signature"), Nothing, |asked, answer| {
        log(asked, answer, |page, _| {
            change_payload(&mut statements(page)[0], |payload| payload["created_at"] = json!(1));
        })
    }),
    lie("H20", "the first event once more", Refused("elsewhere"), Nothing, |asked, answer| {
        log(asked, answer, |page, asked| {
            let first = asked.past.iter().find(|(path, page)| {
                *path == asked.path && page["statements"].as_array().is_some_and(|all| all.len() > 4)
            });
            statements(page)[0] = first.unwrap().1["statements"][0].clone();
        })
    }),
    // What is no answer of a vault.
    lie("H27 H29", "a redirect", Refused("redirect"), Nothing, |_, _| {
        let to = [(header::LOCATION, "https://elsewhere.example/")];
        Told::Answer((StatusCode::TEMPORARY_REDIRECT, to).into_response())
    }),
    lie("H31", "an endless body", Refused("too-long"), Nothing, |_, _| {
        let block = Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 1 << 20]));
        let endless =
            stream::repeat_with(move || block.as_ref().map(Bytes::clone).map_err(|_| unreachable!()));
        Told::Answer(as_json(Body::from_stream(endless)))
    }),
    lie("H31", "a compressed body", Refused("compressed"), Nothing, |_, answer| {
        Told::Answer(([(header::CONTENT_ENCODING, "gzip")], answer.to_string()).into_response())
    }),
    lie("H31", "an empty body", Refused("not-a-vault"), Nothing, |_, _| {
        Told::Answer(StatusCode::OK.into_response())
    }),
    lie("H32", "a page for a browser", Refused("not-a-vault"), Nothing, |_, _| {
        Told::Answer(([(header::CONTENT_TYPE, "text/html")], HOSTILE_TEXT).into_response())
    }),
    lie("H32", "an error page", Refused("not-a-vault"), Nothing, |_, _| {
        Told::Answer((StatusCode::INTERNAL_SERVER_ERROR, HOSTILE_TEXT).into_response())
    }),
    lie("H31 H32", "an endless error", Refused("too-long"), Nothing, |_, _| {
        Told::Answer((StatusCode::BAD_REQUEST, HOSTILE_TEXT.repeat(10_000)).into_response())
    }),
    lie("H32", "a problem with hostile words", Problem(ProblemCode::Forbidden), Nothing, |_, _| {
        let problem = json!({
            "type": HOSTILE_TEXT, "title": HOSTILE_TEXT, "status": 403, "detail": HOSTILE_TEXT, "code": "forbidden",
        });
        Told::Answer((StatusCode::FORBIDDEN, problem.to_string()).into_response())
    }),
    lie("H26", "a member twice", Refused("not-understood"), Nothing, |_, answer| {
        let text = answer.to_string();
        let doubled = text.replacen("{\"", "{\"head\":null,\"", 1);
        Told::Answer(as_json(Body::from(doubled)))
    }),
    lie("H54", "a problem that says that all is well", Refused("not-understood"), Nothing, |_, _| {
        let problem = json!({
            "type": "about:blank", "title": "x", "status": 200, "detail": "x", "code": "internal",
        });
        Told::Answer(as_json(Body::from(problem.to_string())))
    }),
    lie("H54", "two answers at once", Refused("not-understood"), Nothing, |_, answer| {
        Told::Answer(as_json(Body::from(format!("{answer}{answer}"))))
    }),
    lie("H53", "an answer nested without end", Refused("not-understood"), Nothing, |_, _| {
        Told::Answer(as_json(Body::from("[".repeat(10_000_000))))
    }),
    lie("H53", "a number that is none", Refused("not-understood"), Nothing, |_, answer| {
        let text = answer.to_string().replacen("\"head\":{", "\"head\":{\"sequence\":1e400,", 1);
        Told::Answer(as_json(Body::from(text.replacen("\"values\":[", "\"values\":[1.5,", 1))))
    }),
    lie("H26", "a member that is not of the API", Refused("not-understood"), Nothing, |_, mut answer| {
        answer["more"] = json!(1);
        Told::Json(answer)
    }),
];

const HOSTILE_TEXT: &str =
    "<img src=x onerror=alert(1)>\u{1b}]0;owned\u{7}\u{1b}[2J\r\u{202e}\0 your vault says hello";

const fn lie(
    cases: &'static str,
    name: &'static str,
    expect: Expect,
    keeps: Keeps,
    tell: fn(&Asked, Value) -> Told,
) -> Lie {
    Lie { cases, name, expect, keeps, tell }
}

/// Lies about pages of values. Who is left without one asks again for it alone, and is told the same.
fn values(asked: &Asked, mut answer: Value, lie: fn(&mut Vec<Value>, &Asked)) -> Told {
    if is_values(&asked.path)
        && let Some(values) = answer["values"].as_array_mut()
    {
        lie(values, asked);
    }
    Told::Json(answer)
}

/// Lies about an environment's revisions.
fn revisions(asked: &Asked, mut answer: Value, lie: fn(&mut Value, &Asked)) -> Told {
    if asked.path.ends_with("/revisions") && has_news(&answer) {
        lie(&mut answer, asked);
    }
    Told::Json(answer)
}

/// Lies about the team's log.
fn log(asked: &Asked, mut answer: Value, lie: fn(&mut Value, &Asked)) -> Told {
    if asked.path.ends_with("/events") && has_news(&answer) {
        lie(&mut answer, asked);
    }
    Told::Json(answer)
}

fn has_news(page: &Value) -> bool {
    page["statements"].as_array().is_some_and(|statements| statements.len() > 1)
}

fn is_values(path: &str) -> bool {
    path.ends_with("/values/query")
}

fn statements(page: &mut Value) -> &mut Vec<Value> {
    page["statements"].as_array_mut().unwrap()
}

/// The first honest answer with content to a path.
fn before(asked: &Asked, path: impl Fn(&String) -> bool) -> Value {
    let full = |answer: &Value| {
        ["statements", "values"].iter().any(|key| answer[*key].as_array().is_some_and(|all| !all.is_empty()))
    };
    asked.past.iter().find(|(at, answer)| path(at) && full(answer)).unwrap().1.clone()
}

fn yesterday(asked: &Asked) -> Value {
    before(asked, |path| *path == asked.path)
}

/// The last honest answer to the same question that Ben had: with the head that he has seen.
fn latest(asked: &Asked) -> Value {
    asked.past.iter().rfind(|(path, page)| *path == asked.path && has_news(page)).unwrap().1.clone()
}

fn bytes(value: &Value) -> Vec<u8> {
    encoding::from_base64url(value.as_str().unwrap()).unwrap().clone()
}

fn text(bytes: &[u8]) -> Value {
    json!(encoding::to_base64url(bytes))
}

pub(crate) fn change_payload(statement: &mut Value, change: impl FnOnce(&mut Value)) {
    let mut payload: Value = serde_json::from_slice(&bytes(&statement["payload"])).unwrap();
    change(&mut payload);
    statement["payload"] = text(payload.to_string().as_bytes());
}

fn as_json(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
