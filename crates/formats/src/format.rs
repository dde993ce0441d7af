//! The formats by their names, and which one a file probably has.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A way of writing variables down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// The text of a `.env` file.
    Env,
    /// A JSON object.
    Json,
    /// A YAML mapping.
    Yaml,
    /// A shell script of exports.
    Shell,
    /// A file for Docker's `--env-file`.
    Docker,
    /// A Kubernetes Secret, in YAML.
    Kubernetes,
    /// `.env.example`: the names and comments of a `.env` file without its values.
    Example,
    /// `.env.vault`: sealed environments, opened by a `DOTENV_KEY`.
    Vault,
}

/// A name that belongs to no format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("there is no such format; the formats are env, json, yaml, shell, docker, k8s, example and vault")]
pub struct UnknownFormat;

impl Format {
    /// All formats, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Env,
        Self::Json,
        Self::Yaml,
        Self::Shell,
        Self::Docker,
        Self::Kubernetes,
        Self::Example,
        Self::Vault,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Env => "env",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Shell => "shell",
            Self::Docker => "docker",
            Self::Kubernetes => "k8s",
            Self::Example => "example",
            Self::Vault => "vault",
        }
    }

    /// What people call it, for a sentence.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Env => "a .env file",
            Self::Json => "JSON",
            Self::Yaml => "YAML",
            Self::Shell => "a shell script",
            Self::Docker => "a Docker env-file",
            Self::Kubernetes => "a Kubernetes Secret",
            Self::Example => "a .env.example",
            Self::Vault => "a .env.vault",
        }
    }

    /// Which format a file probably has, by its name and, where the name says too little, by its
    /// text. A Docker env-file cannot be told from a `.env` file: it is never guessed.
    #[must_use]
    pub fn guess(file_name: &str, text: &str) -> Self {
        let path = file_name.to_ascii_lowercase();
        let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let is_env = name.starts_with(".env") || name == "env" || extension == "env";
        match extension {
            "vault" => Self::Vault,
            "json" | "yaml" | "yml" if is_secret(text) => Self::Kubernetes,
            "json" => Self::Json,
            "yaml" | "yml" => Self::Yaml,
            "sh" | "bash" | "zsh" | "envrc" => Self::Shell,
            "example" | "sample" | "template" | "dist" if is_env => Self::Example,
            _ if is_env => Self::Env,
            _ => Self::of_text(text),
        }
    }

    fn of_text(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = content_lines(text);
        let first = lines.next().unwrap_or_default();
        if is_secret(text) {
            Self::Kubernetes
        } else if first.starts_with('{') {
            Self::Json
        } else if text.starts_with("#!") || first.starts_with("declare -x ") {
            Self::Shell
        } else if content_lines(text).any(|line| line.starts_with("DOTENV_VAULT_") && line.contains('=')) {
            Self::Vault
        } else if first == "---" || is_yaml_pair(first) {
            Self::Yaml
        } else {
            Self::Env
        }
    }
}

/// The lines that are neither blank nor a comment, without the blanks around them.
fn content_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Whether a line of the text says that it is a Secret of Kubernetes.
fn is_secret(text: &str) -> bool {
    content_lines(text).any(|line| {
        let Some((key, value)) = line.trim_start_matches(['{', ' ']).split_once(':') else { return false };
        let bare = |text: &str| text.trim_matches([' ', '\t', '"', '\'', ',']).to_owned();
        bare(key) == "kind" && bare(value.split(" #").next().unwrap_or_default()) == "Secret"
    })
}

/// Whether a line is a key, a colon and a value, and no assignment.
fn is_yaml_pair(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, value)| {
        !key.is_empty() && !key.contains(['=', ' ']) && (value.is_empty() || value.starts_with([' ', '\t']))
    })
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or(UnknownFormat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
        assert_eq!("ini".parse::<Format>(), Err(UnknownFormat));
        for format in Format::ALL {
            assert!(UnknownFormat.to_string().contains(format.name()));
        }
    }

    #[test]
    fn guesses() {
        let check = |name, text, expected| assert_eq!(Format::guess(name, text), expected, "{name} {text:?}");
        check(".env", "A: 1", Format::Env);
        check("/srv/app/.env.production", "{", Format::Env);
        check("web.env", "", Format::Env);
        check(".env.local", "", Format::Env);
        check(".env.example", "", Format::Example);
        check(".env.sample", "", Format::Example);
        check("C:\\app\\.ENV.Template", "", Format::Example);
        check("config.template", "", Format::Env);
        check(".env.vault", "", Format::Vault);
        check("settings.json", "A=1", Format::Json);
        check("settings.yml", "A: 1", Format::Yaml);
        check("secret.yml", "apiVersion: v1\nkind: Secret # ours\n", Format::Kubernetes);
        check("secret.json", "{\n  \"kind\": \"Secret\",\n", Format::Kubernetes);
        check("values.yaml", "kind: ConfigMap\nmore: \"kind: Secret\"\n", Format::Yaml);
        check("exports.sh", "", Format::Shell);
        check(".envrc", "", Format::Shell);
        check("-", "", Format::Env);
        check("-", "# about\n\nA=1\n", Format::Env);
        check("-", "export A=1\n", Format::Env);
        check("-", "A=b: c\n", Format::Env);
        check("-", "A=1\nB: 2\n", Format::Env);
        check("-", "\u{feff}{\"A\": 1}", Format::Json);
        check("-", "{\"kind\": \"Secret\",\n", Format::Kubernetes);
        check("-", "#!/bin/sh\nA=1\n", Format::Shell);
        check("-", "declare -x A=\"1\"\n", Format::Shell);
        check("-", "#/ notice /#\nDOTENV_VAULT_CI=\"x\"\n", Format::Vault);
        check("-", "# about\nA: 1\n", Format::Yaml);
        check("-", "---\n\"A B\": 1\n", Format::Yaml);
        check("-", "apiVersion: v1\nkind: Secret\n", Format::Kubernetes);
    }
}
