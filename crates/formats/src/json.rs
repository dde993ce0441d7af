//! A flat JSON object: a member for each variable, in their order.
//!
//! Numbers, `true` and `false` are taken as they are written, so that `1.10` stays `1.10`; `null`
//! is a variable without a value. What is written are texts only.

use std::fmt;

use serde::Serializer as _;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::error::ReadError;
use crate::format::Format;
use crate::variables::{Variable, Variables};

/// Writes an object with indented members, and a line ending after it.
pub(crate) fn write(variables: &Variables) -> Zeroizing<String> {
    let mut out = Zeroizing::new(Vec::new());
    let members = variables.iter().map(|variable| (variable.name(), variable.value()));
    let written = serde_json::Serializer::pretty(&mut *out).collect_map(members);
    debug_assert!(written.is_ok(), "texts in memory can be written");
    out.push(b'\n');
    Zeroizing::new(String::from_utf8_lossy(&out).into_owned())
}

/// Reads an object. Other members than texts and plain values are refused, and names that come
/// twice.
pub(crate) fn read(text: &str) -> Result<Variables, ReadError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let members: Members<'_> = serde_json::from_str(text).map_err(|error| match error.classify() {
        Category::Data => ReadError::NotAList { format: Format::Json },
        Category::Io | Category::Syntax | Category::Eof => {
            ReadError::Syntax { format: Format::Json, line: error.line(), column: error.column().max(1) }
        }
    })?;
    let mut list = Vec::new();
    for (name, raw) in members.0 {
        let value = match raw.get().as_bytes().first() {
            Some(b'{' | b'[') => return Err(ReadError::Nested { name }),
            // The text is valid JSON, so that only an escape of half a character can be wrong.
            Some(b'"') => match serde_json::from_str(raw.get()) {
                Ok(value) => value,
                Err(_) => return Err(ReadError::NotText { name }),
            },
            Some(b'n') => String::new(),
            _ => raw.get().to_owned(),
        };
        list.push(Variable::new(name, value));
    }
    Ok(Variables::new(list)?)
}

/// The members of an object, in order, each value as it is written.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for Members<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'t> Visitor<'t> for MembersVisitor {
    type Value = Members<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'t>>(self, mut map: M) -> Result<Members<'t>, M::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(list: &[(&str, &str)]) -> Variables {
        Variables::new(list.iter().map(|(name, value)| Variable::new(*name, *value)).collect()).unwrap()
    }

    #[test]
    fn writes_members_in_their_order() {
        let written = write(&variables(&[("B", "a\"\n"), ("A", "é\u{0}")]));
        assert_eq!(*written, "{\n  \"B\": \"a\\\"\\n\",\n  \"A\": \"é\\u0000\"\n}\n");
        assert_eq!(*write(&Variables::default()), "{}\n");
    }

    #[test]
    fn reads_plain_values_as_they_are_written() {
        let text = "\u{feff}{\"B\": 1.10, \"A\": -0e+05, \"T\": true, \"F\":false,\"N\":null,\"S\":\"\\ud83d\\ude00\", \"L\": 12345678901234567890123}";
        let expected = [
            ("B", "1.10"),
            ("A", "-0e+05"),
            ("T", "true"),
            ("F", "false"),
            ("N", ""),
            ("S", "😀"),
            ("L", "12345678901234567890123"),
        ];
        assert_eq!(read(text), Ok(variables(&expected)));
        assert_eq!(read("{}"), Ok(Variables::default()));
    }

    #[test]
    fn refuses_what_is_no_flat_object() {
        let check = |text, expected| assert_eq!(read(text), Err(expected), "{text:?}");
        let syntax = |line, column| ReadError::Syntax { format: Format::Json, line, column };
        let nested = |name: &str| ReadError::Nested { name: name.to_owned() };
        check("[]", ReadError::NotAList { format: Format::Json });
        check("\"A\"", ReadError::NotAList { format: Format::Json });
        check("{\"A\": 1,\n \"db\": {\"host\": 1}}", nested("db"));
        check("{\"A\": []}", nested("A"));
        check("", syntax(1, 1));
        check("{\"A\": 1,}", syntax(1, 9));
        check("{\n\"A\": 01}", syntax(2, 7));
        check("{} x", syntax(1, 4));
        check("{\"A\": \"\\ud800\"}", ReadError::NotText { name: "A".to_owned() });
        let twice = crate::DuplicateName { name: "A".to_owned() };
        check("{\"A\": 1, \"\\u0041\": 2}", ReadError::Duplicate(twice));
    }

    #[test]
    fn deep_nesting_is_refused_like_any_other() {
        let deep = format!("{{\"A\": {}{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(read(&deep), Err(ReadError::Nested { name: "A".to_owned() }));
        let open = format!("{{\"A\": {}", "[".repeat(1_000_000));
        assert!(matches!(read(&open), Err(ReadError::Syntax { .. })));
    }
}
