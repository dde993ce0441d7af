//! A JSON text, and the texts beside it that a lax reader takes for the same: lists for objects, objects for words,
//! fractions for integers, and so on. Each as edits of the text, so that thousands of them fit into a file.

use serde_json::{Value, json};

/// What is written into a text in place of some of its bytes.
pub(crate) type Edit = (std::ops::Range<usize>, String);

/// The text with these edits, which stand in order.
pub(crate) fn edited(text: &str, edits: &[Edit]) -> String {
    let mut made = text.to_owned();
    for (range, put) in edits.iter().rev() {
        made.replace_range(range.clone(), put);
    }
    made
}

/// A value in a compact JSON text: where it stands, and what is in it.
pub(crate) struct Spot {
    /// `event.keys.kem`; elements of a list have the name of the list.
    pub(crate) path: String,
    from: usize,
    to: usize,
    inner: Inner,
}

enum Inner {
    /// Each member: its name, and where its value stands in the list of spots.
    Object(Vec<(String, usize)>),
    List(Vec<usize>),
    Leaf(Value),
}

/// All values of a compact JSON text, outermost last.
pub(crate) fn spots(text: &str) -> Vec<Spot> {
    let mut found = Vec::new();
    let end = read(text, 0, String::new(), &mut found);
    assert_eq!(end, text.len(), "compact JSON");
    found
}

fn read(text: &str, from: usize, path: String, found: &mut Vec<Spot>) -> usize {
    let next = |at: usize| text.as_bytes()[at];
    let (inner, to) = match next(from) {
        open @ (b'{' | b'[') => {
            let (mut at, mut members, mut elements) = (from + 1, Vec::new(), Vec::new());
            while !matches!(next(at), b'}' | b']') {
                at += usize::from(next(at) == b',');
                let mut inner = path.clone();
                if open == b'{' {
                    let end = leaf(text, at);
                    let name: String = serde_json::from_str(&text[at..end]).unwrap();
                    inner = [path.as_str(), &name].join(if path.is_empty() { "" } else { "." });
                    members.push(name);
                    at = end + 1;
                }
                at = read(text, at, inner, found);
                elements.push(found.len() - 1);
            }
            let object = || Inner::Object(members.into_iter().zip(elements.clone()).collect());
            (if open == b'{' { object() } else { Inner::List(elements) }, at + 1)
        }
        _ => {
            let to = leaf(text, from);
            (Inner::Leaf(serde_json::from_str(&text[from..to]).unwrap()), to)
        }
    };
    found.push(Spot { path, from, to, inner });
    to
}

/// The end of a string, number or word.
fn leaf(text: &str, from: usize) -> usize {
    let mut rest = text[from..].bytes().enumerate();
    let quoted = rest.next().is_some_and(|(_, first)| first == b'"');
    let mut escaped = false;
    let end = rest.find(|(_, byte)| match (quoted, byte) {
        (true, b'"') => !escaped,
        (true, byte) => {
            escaped = *byte == b'\\' && !escaped;
            false
        }
        (false, byte) => b",]}".contains(byte),
    });
    end.map_or(text.len(), |(at, _)| from + at + usize::from(quoted))
}

/// Integers of 32 bits; all others have 53.
const SHORT: [&str; 3] = ["generation", "at_least_days", "at_most_days"];

/// What is none of the form, one value changed at a time. `optional` says which members `null` may stand for.
pub(crate) fn refused(text: &str, optional: &[&str]) -> Vec<Vec<Edit>> {
    let spots = spots(text);
    let mut all: Vec<Vec<Edit>> = ["\u{feff}", ",", "null,"].map(|before| vec![(0..0, before.into())]).into();
    let end = text.len();
    all.extend([" {}", ",", "\0"].map(|behind| vec![(end..end, behind.into())]));
    for spot in &spots {
        let Spot { path, from, to, inner } = spot;
        let (from, to) = (*from, *to);
        let name = path.rsplit('.').next().unwrap();
        let mut instead = |texts: &[&str]| all.extend(texts.iter().map(|&put| vec![(from..to, put.into())]));
        if !optional.contains(&path.as_str()) {
            instead(&["null"]);
        }
        match inner {
            Inner::Object(members) => {
                instead(&["[]", "\"\"", "0"]);
                all.push(positional(&spots, spot, members));
                all.push(vec![(from..from, "[".into()), (to..to, "]".into())]);
                let comma = if members.is_empty() { "" } else { "," };
                for more in ["\"further\":1", "\"further\":null"] {
                    all.push(vec![(to - 1..to - 1, format!("{comma}{more}"))]);
                }
                all.push(vec![(to - 1..to - 1, ",".into())]);
                let Some((first, _)) = members.first() else { continue };
                let escaped: String = first.chars().map(|one| format!("\\u{:04x}", u32::from(one))).collect();
                for doubled in [first, &escaped] {
                    all.push(vec![(from + 1..from + 1, format!("\"{doubled}\":null,"))]);
                }
            }
            Inner::List(elements) => {
                instead(&["{}", "\"\"", "0"]);
                all.push(vec![(from..from, "[".into()), (to..to, "]".into())]);
                all.push(vec![(from..from, "{\"0\":".into()), (to..to, "}".into())]);
                let comma = if elements.is_empty() { "" } else { "," };
                all.push(vec![(to - 1..to - 1, format!("{comma}null"))]);
                all.push(vec![(to - 1..to - 1, ",".into())]);
            }
            Inner::Leaf(Value::String(string)) => {
                instead(&[
                    "0",
                    "1",
                    "true",
                    "[]",
                    "{}",
                    "[0]",
                    "\"\\ud800\"",
                    "\"\\udc00\\ud800\"",
                    "\"\n\"",
                ]);
                all.push(vec![(from..from, "[".into()), (to..to, "]".into())]);
                for null in ["null", "[]", "{}"] {
                    all.push(vec![(from..from, "{".into()), (to..to, format!(":{null}}}"))]);
                }
                // Nothing is wrong with these in a name or an address.
                if string.contains(['/', ':']) {
                    continue;
                }
                all.push(vec![(from + 1..from + 1, " ".into())]);
                all.extend(["=", "\\n", "\\u0000"].map(|more| vec![(to - 1..to - 1, more.into())]));
                let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
                let upper = string.to_ascii_uppercase();
                if string.bytes().all(word) && upper != *string {
                    all.push(vec![(from + 1..to - 1, upper)]);
                }
            }
            Inner::Leaf(Value::Number(number)) => {
                instead(&["-0", "-1", "9007199254740992", "1e400", "NaN", "true", "\"1\"", "{}"]);
                if SHORT.contains(&name) {
                    instead(&["4294967296"]);
                }
                all.extend([".0", "e0", "."].map(|more| vec![(to..to, more.into())]));
                all.extend(["0", "+", "-"].map(|sign| vec![(from..from, sign.into())]));
                all.push(vec![(from..to, format!("[{number}]"))]);
            }
            Inner::Leaf(_) => instead(&["0", "1", "\"true\"", "[]", "{}", "True"]),
        }
    }
    all
}

/// The values of an object as a list, in the order in which they are written.
fn positional(spots: &[Spot], spot: &Spot, members: &[(String, usize)]) -> Vec<Edit> {
    let mut edits = vec![(spot.from..spot.from + 1, "[".to_owned())];
    let mut at = spot.from + 1;
    for (_, value) in members {
        let Spot { from, to, .. } = spots[*value];
        edits.push((at..from, if at == spot.from + 1 { "" } else { "," }.to_owned()));
        at = to;
    }
    edits.push((at..spot.to, "]".to_owned()));
    edits
}

/// The same in other texts: white space, members from last to first, escapes; each optional member as `null`.
pub(crate) fn accepted(text: &str, optional: &[&str]) -> Vec<Vec<Edit>> {
    let spots = spots(text);
    let mut other = String::new();
    spelled_otherwise(text, &spots, spots.len() - 1, &mut other);
    let mut all = vec![Vec::new(), vec![(0..text.len(), format!("\t{other}\r\n "))]];
    for path in optional {
        let (outer, name) = path.rsplit_once('.').unwrap_or(("", path));
        for spot in spots.iter().filter(|spot| spot.path == outer) {
            let Inner::Object(members) = &spot.inner else { continue };
            all.push(match members.iter().find(|(member, _)| member == name) {
                Some((_, value)) => vec![(spots[*value].from..spots[*value].to, "null".to_owned())],
                None => {
                    let comma = if members.is_empty() { "" } else { "," };
                    vec![(spot.to - 1..spot.to - 1, format!("{comma}\"{name}\":null"))]
                }
            });
        }
    }
    all
}

fn spelled_otherwise(text: &str, spots: &[Spot], spot: usize, out: &mut String) {
    let Spot { from, to, inner, .. } = &spots[spot];
    let (open, close) = (&text[*from..=*from], &text[*to - 1..*to]);
    match inner {
        Inner::Object(members) => {
            out.push_str(open);
            for (at, (name, value)) in members.iter().rev().enumerate() {
                let mut escaped = json!(name).to_string();
                escaped.replace_range(1..2, &format!("\\u{:04x}", name.as_bytes()[0]));
                *out += &format!("{}\n {escaped} : ", if at == 0 { "" } else { " ," });
                spelled_otherwise(text, spots, *value, out);
            }
            *out += &format!(" {close}");
        }
        Inner::List(elements) => {
            out.push_str(open);
            for (at, value) in elements.iter().enumerate() {
                out.push_str(if at == 0 { " " } else { " , " });
                spelled_otherwise(text, spots, *value, out);
            }
            *out += &format!(" {close}");
        }
        Inner::Leaf(Value::String(string)) if string.is_ascii() && !string.is_empty() => {
            *out += &format!("\"\\u{:04X}{}\"", string.as_bytes()[0], &string[1..]);
        }
        Inner::Leaf(_) => out.push_str(&text[*from..*to]),
    }
}
