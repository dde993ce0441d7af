//! A Kubernetes Secret, v1, of type Opaque.
//!
//! Values are written under `data`, in base64, as the cluster keeps them, and read from there and
//! from `stringData`, which counts where both have a name.

use std::collections::HashMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::{ReadError, WriteError};
use crate::format::Format;
use crate::variables::{Variable, Variables};
use crate::yaml::{self, Events, Node};

/// The most bytes that all values of a Secret may have together.
const MAX_VALUES: usize = 1 << 20;

/// The longest key.
const MAX_KEY: usize = 253;

/// The name of a Secret: a DNS label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretName(String);

impl SecretName {
    /// The most characters of a label.
    const MAX: usize = 63;

    /// A label made of the name of an environment: its ASCII letters and digits in lower case, a
    /// hyphen for what is between them, at most 63 characters; `env` if nothing is left.
    #[must_use]
    pub fn from_environment(environment: &str) -> Self {
        let mut label = String::new();
        for c in environment.chars() {
            let c = c.to_ascii_lowercase();
            if c.is_ascii_alphanumeric() {
                label.push(c);
            } else if !label.is_empty() && !label.ends_with('-') {
                label.push('-');
            }
            if label.len() == Self::MAX {
                break;
            }
        }
        let label = label.trim_end_matches('-');
        Self(if label.is_empty() { "env".to_owned() } else { label.to_owned() })
    }

    /// The label.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Writes the manifest.
pub(crate) fn write(variables: &Variables, name: &SecretName) -> Result<Zeroizing<String>, WriteError> {
    let names = variables.names_unless(|variable| is_key(variable.name()));
    if !names.is_empty() {
        let reason =
            "a name there is at most 253 letters, digits, - _ and ., and does not begin with two dots";
        return Err(WriteError::Names { format: Format::Kubernetes, names, reason });
    }
    if variables.iter().map(|variable| variable.value().len()).sum::<usize>() > MAX_VALUES {
        return Err(WriteError::TooLarge { format: Format::Kubernetes, limit: MAX_VALUES });
    }
    let mut out = Zeroizing::new(String::from("apiVersion: v1\nkind: Secret\nmetadata:\n"));
    yaml::pair(&mut out, "  ", "name", name.as_str());
    out.push_str("type: Opaque\n");
    out.push_str(if variables.is_empty() { "data: {}\n" } else { "data:\n" });
    for variable in variables {
        let value = Zeroizing::new(STANDARD.encode(variable.value()));
        yaml::pair(&mut out, "  ", variable.name(), &value);
    }
    Ok(out)
}

fn is_key(name: &str) -> bool {
    (1..=MAX_KEY).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && name != "."
        && !name.starts_with("..")
}

/// Reads a manifest, in YAML or JSON. What is neither kind nor values is passed over.
pub(crate) fn read(text: &str) -> Result<Variables, ReadError> {
    let mut events = Events::new(text, Format::Kubernetes);
    let Some(Node::Mapping) = events.open()? else { return Err(ReadError::NotASecret) };
    let (mut kind, mut data, mut plain) = (None, Vec::new(), Vec::new());
    while let Some(key) = events.key()? {
        match (key.as_str(), events.node()?) {
            ("kind", Node::Scalar(scalar)) => kind = scalar.into_text(),
            ("data", Node::Mapping) => data.extend(yaml::flat(&mut events)?),
            ("stringData", Node::Mapping) => plain.extend(yaml::flat(&mut events)?),
            (_, Node::Scalar(_)) => {}
            (_, Node::Mapping | Node::Sequence) => events.skip()?,
        }
    }
    events.close()?;
    if kind.as_deref() != Some("Secret") {
        return Err(ReadError::NotASecret);
    }
    // Only a name that is twice in the same part is twice.
    let (data, plain) = (Variables::new(data)?, Variables::new(plain)?);
    let mut written: HashMap<&str, &Variable> =
        plain.iter().map(|variable| (variable.name(), variable)).collect();
    let mut list = Vec::new();
    for variable in &data {
        list.push(match written.remove(variable.name()) {
            Some(plain) => plain.clone(),
            None => decoded(variable)?,
        });
    }
    list.extend(plain.iter().filter(|variable| written.contains_key(variable.name())).cloned());
    Ok(Variables::new(list)?)
}

fn decoded(variable: &Variable) -> Result<Variable, ReadError> {
    let name = variable.name().to_owned();
    // Long values are often written in several lines.
    let compact: Zeroizing<String> =
        Zeroizing::new(variable.value().chars().filter(|c| !c.is_ascii_whitespace()).collect());
    let Ok(bytes) = STANDARD.decode(&*compact) else { return Err(ReadError::NotBase64 { name }) };
    match String::from_utf8(bytes) {
        Ok(value) => Ok(Variable::new(name, value)),
        Err(refused) => {
            drop(Zeroizing::new(refused.into_bytes()));
            Err(ReadError::NotText { name })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(list: &[(&str, &str)]) -> Variables {
        Variables::new(list.iter().map(|(name, value)| Variable::new(*name, *value)).collect()).unwrap()
    }

    #[test]
    fn names_become_labels() {
        let check = |environment: &str, expected: &str| {
            assert_eq!(SecretName::from_environment(environment).as_str(), expected, "{environment:?}");
        };
        check("production", "production");
        check("Production (EU) 2", "production-eu-2");
        check("web/production", "web-production");
        check("--a__b--", "a-b");
        check("Zürich", "z-rich");
        check("東京", "env");
        check("", "env");
        check(&"ab".repeat(40), &"ab".repeat(40)[..63]);
        check(&format!("{} b", "a".repeat(62)), &"a".repeat(62));
    }

    #[test]
    fn writes_a_manifest() {
        let written =
            write(&variables(&[("B", "a\nb"), ("a.b", "")]), &SecretName::from_environment("1e3")).unwrap();
        assert_eq!(
            *written,
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"1e3\"\ntype: Opaque\ndata:\n  B: \"YQpi\"\n  \"a.b\": \"\"\n"
        );
        assert_eq!(read(&written), Ok(variables(&[("B", "a\nb"), ("a.b", "")])));
        let nothing = write(&Variables::default(), &SecretName::from_environment("a")).unwrap();
        assert_eq!(read(&nothing), Ok(Variables::default()));
    }

    #[test]
    fn tells_what_no_secret_can_hold() {
        let long = "N".repeat(254);
        let list =
            [("A", ""), ("a b", ""), ("", ""), (".", ""), ("..a", ""), (".a", ""), ("é", ""), (&long, "")];
        match write(&variables(&list), &SecretName::from_environment("a")) {
            Err(WriteError::Names { names, .. }) => assert_eq!(names, ["a b", "", ".", "..a", "é", &long]),
            other => panic!("{other:?}"),
        }
        let large = "x".repeat(MAX_VALUES);
        assert!(write(&variables(&[("A", &large)]), &SecretName::from_environment("a")).is_ok());
        let error = write(&variables(&[("A", &large), ("B", "x")]), &SecretName::from_environment("a"));
        assert_eq!(error, Err(WriteError::TooLarge { format: Format::Kubernetes, limit: MAX_VALUES }));
    }

    #[test]
    fn reads_manifests() {
        let check =
            |text, expected: &[(&str, &str)]| assert_eq!(read(text), Ok(variables(expected)), "{text:?}");
        check("kind: Secret\nstringData: {A: 1.10, B: 'x'}\n", &[("A", "1.10"), ("B", "x")]);
        check(
            "data: {A: MQ==, B: Mg==}\nstringData: {C: 3, A: 0}\nkind: Secret",
            &[("A", "0"), ("B", "2"), ("C", "3")],
        );
        check("kind: Secret\ndata:\n  A: |\n    aGVs\n    bG8=\n", &[("A", "hello")]);
        check("kind: Secret\ndata:\n", &[]);
        check("kind: Secret\nmetadata:\n  labels: {data: {A: x}}\n  list: [[1], {a: b}]\n", &[]);
        check("{\"kind\": \"Secret\", \"data\": {\"A\": \"aGk=\"}}", &[("A", "hi")]);
    }

    #[test]
    fn refuses_what_is_no_secret() {
        let check = |text: &str, expected| assert_eq!(read(text), Err(expected), "{text:?}");
        check("", ReadError::NotASecret);
        check("A: 1", ReadError::NotASecret);
        check("kind: ConfigMap\ndata: {A: x}", ReadError::NotASecret);
        check("- kind: Secret", ReadError::NotASecret);
        check("kind: Secret\ndata: {A: '?'}", ReadError::NotBase64 { name: "A".to_owned() });
        check("kind: Secret\ndata: {A: //4=}", ReadError::NotText { name: "A".to_owned() });
        check("kind: Secret\ndata: {A: {B: c}}", ReadError::Nested { name: "A".to_owned() });
        check("kind: Secret\n---\nkind: Secret\n", ReadError::SeveralDocuments);
        let deep = format!("kind: Secret\nmetadata: {}{}", "[".repeat(200), "]".repeat(200));
        check(&deep, ReadError::TooDeep);
    }
}
