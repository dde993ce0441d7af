//! Importing: what a dropped file holds, shown before anything happens; then linked and pushed.

use std::collections::BTreeMap;
use std::path::Path;

use twinlock_dotenv::{Document, Entry};

use super::link::{absolute, shown};
use super::loader::ReadAs;
use super::push::{PushOutcome, Selection};
use super::{Client, CreateMissing, LinkOptions};
use crate::error::Error;
use crate::files;
use crate::store::Mode;
use crate::team::Label;
use crate::view::{FoundProblem, FoundVariable, ImportPreview};

/// Where to import a file.
pub struct ImportTarget {
    /// The project.
    pub project: Label,
    /// The environment; created if there is none.
    pub environment: Label,
    /// What happens with later changes, each way.
    pub mode: Mode,
}

impl Client {
    /// What a file holds. Reads it and changes nothing.
    pub fn import_preview(&self, path: &Path) -> Result<ImportPreview, Error> {
        let path = absolute(path)?;
        let read = files::read(&path).map_err(|problem| Error::File { path: shown(&path), problem })?;
        let document = Document::parse(read.as_str());
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        for variable in document.variables() {
            *count.entry(variable.name()).or_default() += 1;
        }
        let variables = document.variables().map(|variable| FoundVariable {
            name: variable.name().to_owned(),
            empty: variable.right_half().inner().is_empty(),
            duplicate: count.get(variable.name()).is_some_and(|count| *count > 1),
        });
        let prose = document.entries().iter().filter(|entry| matches!(entry, Entry::Prose(_)));
        let problems = document.problems().into_iter();
        let (project, environment) = guess(&path);
        Ok(ImportPreview {
            project,
            environment,
            variables: variables.collect(),
            prose_lines: prose.map(|entry| entry.text().lines().count()).sum(),
            problems: problems
                .map(|problem| FoundProblem { line: problem.line, what: problem.to_string() })
                .collect(),
            path,
        })
    }

    /// Links a file and pushes it as it is.
    pub async fn import(&self, path: &Path, target: ImportTarget) -> Result<PushOutcome, Error> {
        let ImportTarget { project, environment, mode } = target;
        let path = absolute(path)?;
        let options = LinkOptions {
            path: path.clone(),
            project,
            environment,
            create: CreateMissing::Yes,
            push: mode,
            pull: mode,
            read_as: ReadAs::Unchanged,
        };
        self.link(options).await?;
        self.push(&path, Selection::All).await
    }
}

/// A project's name from the folder, an environment's from the file's: `.env.production`, `prod.env`.
fn guess(path: &Path) -> (String, String) {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let part = file
        .strip_prefix(".env.")
        .or_else(|| file.strip_suffix(".env"))
        .map(|part| part.trim_end_matches(".local").trim_matches('.'))
        .filter(|part| !part.is_empty() && *part != "local");
    let environment = match part {
        Some("dev") | None => "development",
        Some("prod") => "production",
        Some(other) => other,
    };
    let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let project =
        folder.filter(|folder| folder.parse::<Label>().is_ok()).unwrap_or_else(|| "project".to_owned());
    let environment = if environment.parse::<Label>().is_ok() { environment } else { "development" };
    (project, environment.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_are_guessed_from_names() {
        for (path, project, environment) in [
            ("/home/ada/api/.env", "api", "development"),
            ("/home/ada/api/.env.production", "api", "production"),
            ("/home/ada/api/.env.production.local", "api", "production"),
            ("/home/ada/api/.env.local", "api", "development"),
            ("/home/ada/web/prod.env", "web", "production"),
            ("/.env", "project", "development"),
        ] {
            assert_eq!(guess(Path::new(path)), (project.to_owned(), environment.to_owned()), "{path}");
        }
    }
}
