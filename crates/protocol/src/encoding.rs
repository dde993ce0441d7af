//! The encodings of the protocol: field lists, canonical base64url, and strict JSON.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A list of fields, each preceded by its length (u32, big endian): the form of everything that is hashed,
/// derived from, or authenticated.
#[derive(Clone, Default)]
pub struct Fields(Vec<u8>);

impl Fields {
    /// A list that begins with a purpose, such as `twinlock/v1/value`.
    #[must_use]
    pub fn purpose(label: &str) -> Self {
        Self::default().bytes(label.as_bytes())
    }

    /// Adds raw bytes.
    #[must_use]
    pub fn bytes(mut self, field: &[u8]) -> Self {
        let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
        // A field of 4 GiB cannot occur: every input has a limit far below it (`limits`).
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(field);
        self
    }

    /// Adds a string as UTF-8.
    #[must_use]
    pub fn text(self, field: &str) -> Self {
        self.bytes(field.as_bytes())
    }

    /// Adds an integer of 32 bits (a generation).
    #[must_use]
    pub fn u32(self, field: u32) -> Self {
        self.bytes(&field.to_be_bytes())
    }

    /// Adds an integer of 64 bits (every other integer).
    #[must_use]
    pub fn u64(self, field: u64) -> Self {
        self.bytes(&field.to_be_bytes())
    }

    /// The encoded list.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Bytes that travel in JSON as base64url without padding, canonical (unused bits are zero).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes(pub Vec<u8>);

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bytes({})", self.0.len())
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_base64url(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        from_base64url(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("base64url without padding was expected"))
    }
}

/// Writes bytes as base64url without padding.
#[must_use]
pub fn to_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads canonical base64url without padding; anything else is `None`.
#[must_use]
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Serde form of fixed-size byte arrays: base64url, refused at any other length.
pub mod base64_array {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

    use super::Bytes;

    /// Writes the array as base64url.
    pub fn serialize<const N: usize, S: Serializer>(
        bytes: &[u8; N],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Bytes(bytes.to_vec()).serialize(serializer)
    }

    /// Reads exactly `N` bytes.
    pub fn deserialize<'de, const N: usize, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[u8; N], D::Error> {
        let bytes = Bytes::deserialize(deserializer)?;
        <[u8; N]>::try_from(bytes.0.as_slice())
            .map_err(|_| D::Error::custom(format!("{N} bytes in base64url were expected")))
    }
}

/// Why a JSON text is refused before its meaning is looked at.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// More bytes than the limit for this kind of text.
    #[error("a JSON text of {length} bytes is over the limit of {limit}")]
    TooLong {
        /// Bytes given.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not JSON, a doubled member, a number that is no integer below 2^53, too deep, or not of this shape.
    #[error("the JSON is not of the expected form: {0}")]
    Form(String),
}

/// Decodes JSON as the protocol wants it: UTF-8, no duplicate members at any depth, integers below 2^53,
/// at most 32 levels deep, nothing after the value; and in no other form than the one that `T` is written in. serde
/// alone takes a list for an object, by position, and an object for a word. `null` may stand for what is left out.
/// Unknown members are refused by the types themselves, and here once more.
pub fn decode_strict<T: Serialize + DeserializeOwned>(json: &[u8], limit: usize) -> Result<T, JsonError> {
    decode(json, limit, Beside::Refused)
}

/// The same for what a later version may add to: members that `T` does not know are passed over (they keep the rules
/// of JSON), and a word that it does not know may be read as another.
pub fn decode_open<T: Serialize + DeserializeOwned>(json: &[u8], limit: usize) -> Result<T, JsonError> {
    decode(json, limit, Beside::PassedOver)
}

fn decode<T: Serialize + DeserializeOwned>(
    json: &[u8],
    limit: usize,
    beside: Beside,
) -> Result<T, JsonError> {
    if json.len() > limit {
        return Err(JsonError::TooLong { length: json.len(), limit });
    }
    let form = |error: serde_json::Error| JsonError::Form(error.to_string());
    let decoded = serde_json::from_slice(json).map_err(form)?;
    // After the decoding: nothing large is made of what has not the size of a `T`.
    let written = serde_json::to_value(&decoded).map_err(form)?;
    let strict = Strict { levels_left: LEVELS, beside, written: Some(&written) };
    let mut reader = serde_json::Deserializer::from_slice(json);
    strict.deserialize(&mut reader).and_then(|()| reader.end()).map_err(form)?;
    Ok(decoded)
}

const INTEGER_LIMIT: u64 = 1 << 53;
const LEVELS: usize = 32;

/// What stands beside that which is known.
#[derive(Clone, Copy, PartialEq)]
enum Beside {
    Refused,
    PassedOver,
}

/// Reads a JSON value that keeps the rules, compares it with what it was decoded as, and keeps nothing of it.
#[derive(Clone, Copy)]
struct Strict<'w> {
    levels_left: usize,
    beside: Beside,
    /// What was decoded, as it is written; none within what is passed over.
    written: Option<&'w Value>,
}

impl<'w> Strict<'w> {
    /// One level deeper, if there is one.
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        let levels_left = self.levels_left.checked_sub(1).ok_or_else(|| E::custom("nested too deep"))?;
        Ok(Self { levels_left, ..self })
    }

    fn holds<E: serde::de::Error>(self, what: &str, same: impl FnOnce(&'w Value) -> bool) -> Result<(), E> {
        if self.written.is_none_or(same) {
            Ok(())
        } else {
            Err(E::custom(format_args!("{what} where something else is due")))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON without doubled members or fractions")
    }
    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.holds("null", Value::is_null)
    }
    fn visit_bool<E: serde::de::Error>(self, given: bool) -> Result<(), E> {
        self.holds("a truth value", |written| *written == given)
    }
    fn visit_str<E: serde::de::Error>(self, given: &str) -> Result<(), E> {
        self.holds("a text", |written| match self.beside {
            Beside::Refused => *written == given,
            Beside::PassedOver => written.is_string(),
        })
    }
    fn visit_u64<E: serde::de::Error>(self, given: u64) -> Result<(), E> {
        if given >= INTEGER_LIMIT {
            return Err(E::custom("an integer of 2^53 or more"));
        }
        self.holds("an integer", |written| *written == given)
    }
    fn visit_i64<E: serde::de::Error>(self, given: i64) -> Result<(), E> {
        if given.unsigned_abs() >= INTEGER_LIMIT {
            return Err(E::custom("an integer of -2^53 or less"));
        }
        self.holds("an integer", |written| *written == given)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.holds("a list", Value::is_array)?;
        let inner = self.inner()?;
        let mut at = 0;
        // One that was decoded has an element for each that is here.
        while seq
            .next_element_seed(Strict { written: self.written.and_then(|list| list.get(at)), ..inner })?
            .is_some()
        {
            at += 1;
        }
        self.holds("a list of another length", |list| list.as_array().is_some_and(|list| list.len() == at))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.holds("an object", Value::is_object)?;
        let inner = self.inner()?;
        let mut seen = std::collections::BTreeSet::new();
        let mut known = 0;
        while let Some(member) = map.next_key::<String>()? {
            let written = match self.written.map(|object| object.get(&member)) {
                Some(Some(written)) => {
                    known += 1;
                    Some(written)
                }
                // Left out when written: `null` says so.
                Some(None) if self.beside == Beside::Refused => Some(&Value::Null),
                _ => None,
            };
            if !seen.insert(member) {
                return Err(A::Error::custom("a member occurs twice"));
            }
            map.next_value_seed(Strict { written, ..inner })?;
        }
        self.holds("a missing member", |object| {
            object.as_object().is_some_and(|object| object.len() == known)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_carry_their_lengths() {
        let fields = Fields::purpose("ab").u32(7).bytes(&[]);
        assert_eq!(fields.as_bytes(), [0, 0, 0, 2, b'a', b'b', 0, 0, 0, 4, 0, 0, 0, 7, 0, 0, 0, 0]);
    }

    #[test]
    fn base64url_is_canonical_and_without_padding() {
        assert_eq!(from_base64url("AA"), Some(vec![0]));
        for text in ["AA==", "AB", "A", "+/==", "A A"] {
            assert_eq!(from_base64url(text), None, "{text}");
        }
    }

    #[test]
    fn strict_json_refuses_what_readers_disagree_about() {
        let check = |json: &str| decode_strict::<serde_json::Value>(json.as_bytes(), 1000);
        assert!(check(r#"{"a":[1,{"b":"c"}],"d":null}"#).is_ok());
        for json in [
            r#"{"a":1,"a":2}"#,
            r#"{"x":[{"a":1,"a":2}]}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":1.5}"#,
            r#"{"a":9007199254740992}"#,
            r#"{"a":1} x"#,
            "\"\u{0}",
            "",
        ] {
            assert!(check(json).is_err(), "{json}");
        }
        assert!(check(&format!("{}{}", "[".repeat(40), "]".repeat(40))).is_err());
        assert!(check(r#"{"a":[-9007199254740991,9007199254740991]}"#).is_ok());
        assert!(check("[-9007199254740992]").is_err());
        assert_eq!(decode_strict::<u8>(b"1  ", 3), Ok(1));
        assert_eq!(decode_strict::<u8>(b"1    ", 3), Err(JsonError::TooLong { length: 5, limit: 3 }));
    }

    /// Whether a text is read as something that is written as this.
    fn reads_as(given: &str, written: &Value, beside: Beside) -> bool {
        let strict = Strict { levels_left: LEVELS, beside, written: Some(written) };
        let mut reader = serde_json::Deserializer::from_str(given);
        strict.deserialize(&mut reader).and_then(|()| reader.end()).is_ok()
    }

    #[test]
    fn what_is_read_is_what_would_be_written() {
        let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        for same in ["null", "true", "\"a\"", "1", "-1", "[]", "[1,[2]]", "{}", r#"{"a":{"b":[null]}}"#] {
            for beside in [Beside::Refused, Beside::PassedOver] {
                assert!(reads_as(same, &json(same), beside), "{same}");
            }
        }
        // Given, and what it was decoded as: not by its place, its order, or a word that happens to be like it.
        for (given, written) in [
            ("null", "\"a\""),
            ("null", "{}"),
            ("true", "false"),
            ("true", "\"true\""),
            ("1", "2"),
            ("-1", "1"),
            ("1", "\"1\""),
            ("\"a\"", "1"),
            ("[]", "{}"),
            ("{}", "[]"),
            ("[]", "\"a\""),
            ("[1]", "[1,2]"),
            ("[1,2]", "[2,1]"),
            (r#"{"a":1}"#, r#"{"a":1,"b":2}"#),
            (r#"{"a":{"b":1}}"#, r#"{"a":{"b":2}}"#),
            (r#"{"a":[1]}"#, r#"{"a":1}"#),
        ] {
            for beside in [Beside::Refused, Beside::PassedOver] {
                assert!(!reads_as(given, &json(written), beside), "{given} {written}");
            }
        }
        // What a later version may add, and may not in what is signed: members, and words.
        for (given, written) in [(r#"{"a":1,"b":2}"#, r#"{"a":1}"#), ("\"newer\"", "\"unknown\"")] {
            assert!(reads_as(given, &json(written), Beside::PassedOver), "{given}");
            assert!(!reads_as(given, &json(written), Beside::Refused), "{given}");
        }
        // `null` may stand for what is left out.
        for beside in [Beside::Refused, Beside::PassedOver] {
            assert!(reads_as(r#"{"a":1,"b":null}"#, &json(r#"{"a":1}"#), beside));
        }
        // What is passed over keeps the rules of JSON.
        assert!(!reads_as(r#"{"a":1,"b":{"c":1,"c":2}}"#, &json(r#"{"a":1}"#), Beside::PassedOver));
    }
}
