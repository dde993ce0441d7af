//! Environments and the files of other programs: bringing one in, and handing variables out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use twinlock_dotenv::edit;
use twinlock_dotenv::{Dialect, Document, Surroundings, Value, join_entries};
use twinlock_formats::{Format, Imported, LeftOut, SecretName, Source, Target, Variables};
use twinlock_protocol::ids::EnvironmentId;
use twinlock_protocol::revision::Cause;
use twinlock_seal::SecretText;
use zeroize::Zeroizing;

use super::link::{absolute, shown};
use super::write::WriteOutcome;
use super::{Client, CreateMissing, Joined};
use crate::error::Error;
use crate::files;
use crate::team::Label;

/// What to do where an environment has another value already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differing {
    /// Say so and change nothing.
    Ask,
    /// Take the new one. The old one stays in the history.
    Replace,
}

/// A file to bring into an environment.
pub struct Incoming {
    /// The file. It stays as it is, and is not linked.
    pub path: PathBuf,
    /// Its format; else what its name and its text tell.
    pub format: Option<Format>,
    /// The `DOTENV_KEY` of a `.env.vault`.
    pub key: Option<SecretText>,
    /// Reads a `.env` file as this loader does and brings in what it sees; else it comes in as it is written.
    pub dialect: Option<Dialect>,
    /// The project.
    pub project: Label,
    /// The environment.
    pub environment: Label,
    /// What to do where there is none.
    pub create: CreateMissing,
    /// What to do with variables that have another value there.
    pub differing: Differing,
}

/// What bringing a file in did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BroughtIn {
    /// What it was taken for.
    pub format: &'static str,
    /// Entries that changed.
    pub changed: usize,
    /// The environment's revision now.
    pub revision: u64,
    /// Names without a value to bring in, each in a sentence.
    pub left_out: Vec<String>,
}

/// Variables in a format of other programs.
pub struct HandedOut {
    /// The text.
    pub text: SecretText,
    /// Names that have no value to hand out, each in a sentence.
    pub left_out: Vec<String>,
}

impl Client {
    /// Brings the variables of a file into an environment, as one revision. Into an empty one a `.env` text
    /// comes whole, comments and all; into another one what is new is added and the rest stays where it is.
    pub async fn bring_in(&self, incoming: Incoming) -> Result<BroughtIn, Error> {
        let path = absolute(&incoming.path)?;
        let read = files::read(&path).map_err(|problem| Error::File { path: shown(&path), problem })?;
        let format = incoming.format.unwrap_or_else(|| Format::guess(&file_name(&path), read.as_str()));
        let (imported, left_out) = contents(&incoming, format, read.as_str())?;
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        let (project, environment) = (&incoming.project, &incoming.environment);
        let id = self.environment_or_new(joined, project, environment, incoming.create).await?;
        let dialect = self.first_dialect_of(id)?;
        let name = joined.session.environment_name(id);
        let outcome = self
            .rewrite(joined, id, Cause::Import, |before| {
                let after = brought_in(before, &imported, dialect, incoming.differing);
                after.map_err(|problem| problem.about(&name))
            })
            .await?;
        let WriteOutcome { changed, revision } = outcome;
        Ok(BroughtIn { format: format.name(), changed, revision, left_out: sentences(&left_out) })
    }

    async fn environment_or_new(
        &self,
        joined: &mut Joined,
        project: &Label,
        environment: &Label,
        create: CreateMissing,
    ) -> Result<EnvironmentId, Error> {
        let name = format!("{}/{}", project.as_str(), environment.as_str());
        self.refresh_log(joined).await?;
        match self.environment_by_name(joined, &name) {
            Err(Error::Unknown { .. }) if create == CreateMissing::Yes => {
                self.create_or_find(joined, project, environment).await
            }
            found => found,
        }
    }

    /// The variables of an environment in a format. A `.env` text comes as it is, unless it is asked for in a
    /// dialect; of other formats the values are what that loader reads.
    pub async fn hand_out(
        &self,
        environment: EnvironmentId,
        format: Format,
        dialect: Option<Dialect>,
    ) -> Result<HandedOut, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh(joined, environment).await?;
        let text = self.environment_text(joined, environment)?;
        let own = self.first_dialect_of(environment)?;
        let secret_name;
        let target = match (format, dialect) {
            (Format::Env, None) => return Ok(whole(text.as_str().to_owned())),
            (Format::Example, _) => {
                let example = twinlock_formats::example(&Document::parse(&text), dialect.unwrap_or(own));
                return Ok(whole(example));
            }
            (Format::Env, Some(dialect)) => Target::Env(dialect),
            (Format::Json, _) => Target::Json,
            (Format::Yaml, _) => Target::Yaml,
            (Format::Shell, _) => Target::Shell,
            (Format::Docker, _) => Target::Docker,
            (Format::Kubernetes, _) => {
                let name = joined.session.environment_name(environment);
                secret_name = SecretName::from_environment(&name);
                Target::Kubernetes(&secret_name)
            }
            (Format::Vault, _) => {
                return Err(Error::Usage("A .env.vault can be brought in only.".to_owned()));
            }
        };
        // For a dialect of its own a text is read as its project reads it, and written anew.
        let reader = if format == Format::Env { own } else { dialect.unwrap_or(own) };
        let (variables, left_out) = read_as(reader, &text)?;
        let written = twinlock_formats::write(&variables, target)?;
        Ok(HandedOut { text: SecretText::new(written.as_str().to_owned()), left_out: sentences(&left_out) })
    }
}

fn whole(text: String) -> HandedOut {
    HandedOut { text: SecretText::new(text), left_out: Vec::new() }
}

fn sentences(left_out: &[LeftOut]) -> Vec<String> {
    left_out.iter().map(ToString::to_string).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn read_as(dialect: Dialect, text: &str) -> Result<(Variables, Vec<LeftOut>), Error> {
    let readings = dialect.read(text, &Surroundings::default()).map_err(|refused| {
        Error::Usage(format!(
            "Read as {}: {refused}. Nothing was changed; say with --dialect which loader reads this.",
            dialect.name()
        ))
    })?;
    Ok(Variables::from_readings(readings))
}

fn contents(incoming: &Incoming, format: Format, text: &str) -> Result<(Imported, Vec<LeftOut>), Error> {
    let key;
    let source = match format {
        Format::Env | Format::Example => Source::Env,
        Format::Json => Source::Json,
        Format::Yaml => Source::Yaml,
        Format::Shell => Source::Shell,
        Format::Docker => Source::Docker,
        Format::Kubernetes => Source::Kubernetes,
        Format::Vault => {
            key = incoming.key.as_ref().ok_or_else(|| {
                Error::Usage("A .env.vault opens with its DOTENV_KEY only: give it with --key -.".to_owned())
            })?;
            Source::Vault { key: key.expose().trim() }
        }
    };
    match (twinlock_formats::read(text, source)?, incoming.dialect) {
        (Imported::Text(text), Some(dialect)) => {
            let (variables, left_out) = read_as(dialect, &text)?;
            Ok((Imported::Variables { variables, left_out: Vec::new() }, left_out))
        }
        (Imported::Variables { variables, left_out }, _) => {
            Ok((Imported::Variables { variables, left_out: Vec::new() }, left_out))
        }
        (text, None) => Ok((text, Vec::new())),
    }
}

/// Why a file does not go into an environment.
enum NotBroughtIn {
    /// These have other values there.
    Differ(Vec<String>),
    /// The text that comes in, or the one that is there, is refused by the loader.
    Refused(Error),
    /// A value cannot be written so that the loader reads it.
    NotEdited(edit::NotEdited),
    /// The same, of a variable that is new there.
    NotWritten(twinlock_formats::WriteError),
}

impl NotBroughtIn {
    fn about(self, environment: &str) -> Error {
        match self {
            Self::Differ(names) => Error::OtherValues { environment: environment.to_owned(), names },
            Self::Refused(error) => error,
            Self::NotEdited(error) => error.into(),
            Self::NotWritten(error) => error.into(),
        }
    }
}

/// The text of an environment with what comes in.
fn brought_in(
    before: &str,
    imported: &Imported,
    dialect: Dialect,
    differing: Differing,
) -> Result<Zeroizing<String>, NotBroughtIn> {
    let document = Document::parse(before);
    let named_there: BTreeSet<&str> = document.variables().map(|variable| variable.name()).collect();
    let (variables, as_written) = match imported {
        Imported::Text(text) if named_there.is_empty() => {
            return Ok(Zeroizing::new(join_entries(&[before, text]).text));
        }
        Imported::Text(text) => {
            let (variables, _) = read_as(dialect, text).map_err(NotBroughtIn::Refused)?;
            (variables, entries_by_name(text))
        }
        Imported::Variables { variables, .. } => (variables.clone(), BTreeMap::new()),
    };
    let there = dialect.read(before, &Surroundings::default()).unwrap_or_default();
    let values_there: BTreeMap<&str, &Value> =
        there.iter().map(|reading| (reading.name.as_str(), &reading.value)).collect();
    let (mut new, mut new_lines, mut differ) = (Vec::new(), Vec::new(), Vec::new());
    for variable in variables.iter() {
        let (name, value) = (variable.name(), variable.value());
        if named_there.contains(name) {
            let same = matches!(values_there.get(name), Some(Value::Text(there)) if there == value);
            if !same {
                differ.push(variable.clone());
            }
        } else if let Some(line) = as_written.get(name) {
            new_lines.push(line.as_str());
        } else {
            new.push(variable.clone());
        }
    }
    if differing == Differing::Ask && !differ.is_empty() {
        return Err(NotBroughtIn::Differ(differ.iter().map(|variable| variable.name().to_owned()).collect()));
    }
    let mut after = Zeroizing::new(before.to_owned());
    for variable in &differ {
        let edited = edit::set(&Document::parse(&after), dialect, variable.name(), variable.value());
        after = Zeroizing::new(edited.map_err(NotBroughtIn::NotEdited)?.text);
    }
    // Names of one source, each once, so that a second one cannot be among them.
    let new = Variables::new(new).unwrap_or_default();
    let spelled = twinlock_formats::write(&new, Target::Env(dialect)).map_err(NotBroughtIn::NotWritten)?;
    let texts: Vec<&str> = [after.as_str()].into_iter().chain(new_lines).chain([spelled.as_str()]).collect();
    Ok(Zeroizing::new(join_entries(&texts).text))
}

/// The entries of a text by their names; of several of one name the last.
fn entries_by_name(text: &str) -> BTreeMap<String, Zeroizing<String>> {
    let document = Document::parse(text);
    let named = document
        .entries()
        .iter()
        .filter_map(|entry| Some((entry.name()?.to_owned(), Zeroizing::new(entry.text().to_owned()))));
    named.collect()
}

#[cfg(test)]
mod tests {
    use twinlock_formats::Variable;

    use super::*;

    fn brought(before: &str, text: &str, differing: Differing) -> Result<String, Vec<String>> {
        let imported = Imported::Text(Zeroizing::new(text.to_owned()));
        match brought_in(before, &imported, Dialect::Node, differing) {
            Ok(after) => Ok(after.as_str().to_owned()),
            Err(NotBroughtIn::Differ(names)) => Err(names),
            Err(_) => Err(Vec::new()),
        }
    }

    #[test]
    fn a_text_comes_whole_into_an_empty_environment() {
        assert_eq!(brought("", "# c\nA='1' # x", Differing::Ask).unwrap(), "# c\nA='1' # x");
        assert_eq!(brought("# here\n", "A=1\n", Differing::Ask).unwrap(), "# here\nA=1\n");
    }

    #[test]
    fn what_is_new_is_added_and_what_is_there_stays() {
        let before = "# c\nexport A=1 # one\nB=2";
        assert_eq!(
            brought(before, "B='2'\nC='3' # three\nA=1\n", Differing::Ask).unwrap(),
            "# c\nexport A=1 # one\nB=2\nC='3' # three\n"
        );
        assert_eq!(brought(before, "A=9\nB=2\nC=3", Differing::Ask).unwrap_err(), ["A"]);
        assert_eq!(brought(before, "A=9\nB=2", Differing::Replace).unwrap(), "# c\nexport A=9 # one\nB=2");
    }

    #[test]
    fn variables_are_spelled_for_the_loader() {
        let variables = |list: &[(&str, &str)]| Imported::Variables {
            variables: Variables::new(
                list.iter().map(|(name, value)| Variable::new(*name, *value)).collect(),
            )
            .unwrap(),
            left_out: Vec::new(),
        };
        let imported = variables(&[("A", "1"), ("NEW", "a b#c")]);
        let Ok(after) = brought_in("A=1\n", &imported, Dialect::Node, Differing::Ask) else {
            panic!("refused")
        };
        assert!(after.starts_with("A=1\nNEW="));
        let read = Dialect::Node.read(&after, &Surroundings::default()).unwrap();
        assert!(
            read.iter()
                .any(|reading| reading.name == "NEW" && reading.value == Value::Text("a b#c".to_owned()))
        );
    }
}
