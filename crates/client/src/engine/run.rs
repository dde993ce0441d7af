//! What a program is to run with: an environment's variables as its loader reads them, and which of them are
//! more than settings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use twinlock_dotenv::lint::danger;
use twinlock_dotenv::{Assignment, Dialect, Surroundings};
use twinlock_formats::{LeftOut, Variable, Variables, Why};
use twinlock_protocol::ids::{EnvironmentId, KeyholderId};

use super::link::{absolute, shown};
use super::{Client, Joined};
use crate::error::Error;
use crate::store::Allowed;
use crate::sync::TheirText;
use crate::view::DangerView;

/// An environment's variables, for a program to run with.
pub struct ToRun {
    /// `project/environment`
    pub name: String,
    /// The environment's revision.
    pub revision: u64,
    /// The variables, in their order.
    pub variables: Variables,
    /// Entries that do not open: their author sealed them wrongly, and the rest goes on without them.
    pub damaged: Vec<String>,
    /// Those that are more than settings, and that nobody allowed here as they are.
    pub dangers: Vec<DangerView>,
    environment: EnvironmentId,
}

impl Client {
    /// The environment that a program runs with if nobody names one: that of the files linked in a folder, or
    /// the only one that a service was given.
    pub async fn environment_to_run(&self, folder: &Path) -> Result<EnvironmentId, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        let given = joined.session.given_names();
        if !given.is_empty() {
            return match given.keys().collect::<Vec<_>>().as_slice() {
                [only] => Ok(**only),
                _ => Err(which(&format!("This service token reads {}.", joined.session.what_is_given()))),
            };
        }
        let folder = absolute(folder)?;
        let here = |path: &Path| path.parent() == Some(folder.as_path());
        let files = self.linked_files()?.into_iter().filter(|file| here(&file.path));
        let environments: BTreeSet<EnvironmentId> = files.map(|file| file.environment).collect();
        match environments.iter().collect::<Vec<_>>().as_slice() {
            [only] => Ok(**only),
            [] => Err(which(&format!("No file in {} is linked.", shown(&folder)))),
            several => {
                let names = several.iter().map(|id| joined.session.environment_name(**id));
                let names: Vec<_> = names.collect::<BTreeSet<_>>().into_iter().collect();
                Err(which(&format!("The files linked here belong to {}.", names.join(", "))))
            }
        }
    }

    /// The variables of an environment as a loader reads them, else as its linked files are read. Nothing is
    /// left out unsaid: a value that cannot be handed over is an error.
    pub async fn to_run(&self, environment: EnvironmentId, dialect: Option<Dialect>) -> Result<ToRun, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh(joined, environment).await?;
        let text = self.environment_text(joined, environment)?;
        let name = joined.session.environment_name(environment);
        let dialect = dialect.map_or_else(|| self.first_dialect_of(environment), Ok)?;
        let readings = dialect.read(&text, &Surroundings::default()).map_err(|refused| {
            Error::Usage(format!("{name}, read as {}: {refused}. Nothing was started.", dialect.name()))
        })?;
        let (variables, left_out) = Variables::from_readings(readings);
        check_whole(&name, &variables, &left_out)?;
        let damaged = self.damaged(joined, environment)?;
        let dangers = self.dangers(joined, environment, &variables)?;
        let revision = joined.session.environment(environment).map_or(0, |held| held.chain.head().number);
        Ok(ToRun { name, revision, variables, damaged, dangers, environment })
    }

    /// Remembers that a person lets programs run with a variable as it is now. With another value the question
    /// comes again.
    pub fn allow_to_run(&self, to_run: &ToRun, name: &str) -> Result<(), Error> {
        let Some(variable) = to_run.variables.iter().find(|variable| variable.name() == name) else {
            return Ok(());
        };
        self.store()
            .step(|step| step.allow_variable(to_run.environment, name, variable.value()).map_err(Error::from))
    }

    fn damaged(&self, joined: &Joined, environment: EnvironmentId) -> Result<Vec<String>, Error> {
        let entries = self.open_entries(joined, environment)?;
        let is_damaged = |text: &TheirText| matches!(text, TheirText::Damaged);
        let damaged: BTreeSet<_> =
            entries.iter().filter(|entry| is_damaged(&entry.text)).map(|entry| entry.id).collect();
        let named = self.open_names(joined, environment)?.into_iter();
        let name = |left: &str| Assignment::at_start(left).map(|found| found.name().to_owned());
        Ok(named
            .filter(|named| damaged.contains(&named.id))
            .map(|named| {
                let name = named.left.as_deref().and_then(|left| name(left));
                name.unwrap_or_else(|| "an entry".to_owned())
            })
            .collect())
    }

    fn dangers(
        &self,
        joined: &Joined,
        environment: EnvironmentId,
        variables: &Variables,
    ) -> Result<Vec<DangerView>, Error> {
        let found: Vec<(&Variable, &'static str)> = variables
            .iter()
            .filter_map(|variable| Some((variable, danger(variable.name(), variable.value())?)))
            .collect();
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let authors = self.authors(joined, environment)?;
        self.store().read(|step| {
            let mut dangers = Vec::new();
            for (variable, effect) in found {
                let name = variable.name();
                let allowed = step.is_variable_allowed(environment, name, variable.value())?;
                if allowed == Allowed::AsItIs {
                    continue;
                }
                dangers.push(DangerView {
                    name: name.to_owned(),
                    effect,
                    by: authors.get(name).and_then(|author| by(joined, *author)),
                    changed: allowed == Allowed::WithAnotherValue,
                });
            }
            Ok(dangers)
        })
    }

    /// Who put each variable there; of several of one name the last.
    fn authors(
        &self,
        joined: &Joined,
        environment: EnvironmentId,
    ) -> Result<BTreeMap<String, KeyholderId>, Error> {
        let named = self.open_names(joined, environment)?.into_iter();
        Ok(named
            .filter_map(|named| {
                let name = Assignment::at_start(named.left.as_deref()?)?.name().to_owned();
                Some((name, named.entry.author))
            })
            .collect())
    }
}

/// A service cannot read the names of members.
fn by(joined: &Joined, author: KeyholderId) -> Option<String> {
    joined.session.given_names().is_empty().then(|| joined.session.author_name(author))
}

fn which(why: &str) -> Error {
    Error::Usage(format!("{why} Say which environment to run with: -e PROJECT/ENV. Nothing was started."))
}

/// A program is not started without a value that it is meant to have. What a loader takes from the surroundings
/// needs none: the program finds it there.
fn check_whole(environment: &str, variables: &Variables, left_out: &[LeftOut]) -> Result<(), Error> {
    let missing = left_out.iter().find(|left| left.why != Why::NoValue);
    let why = match missing {
        Some(LeftOut { name, why }) => format!("{name} cannot be handed to a program: {why}."),
        None => match variables.iter().find(|variable| variable.value().contains('\0')) {
            Some(variable) => {
                format!("{} has a NUL character, which no program can be given.", variable.name())
            }
            None => return Ok(()),
        },
    };
    Err(Error::NotStarted { environment: environment.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_program_is_meant_to_have_is_left_out_unsaid() {
        let variables = |value: &str| Variables::new(vec![Variable::new("A", value)]).unwrap();
        let left = |why| [LeftOut { name: "B".to_owned(), why }];
        assert!(check_whole("a/b", &variables("1"), &left(Why::NoValue)).is_ok());
        for (value, left_out) in
            [("1", left(Why::NeedsCommand)), ("1", left(Why::NotText)), ("1\0", left(Why::NoValue))]
        {
            assert!(check_whole("a/b", &variables(value), &left_out).is_err());
        }
    }
}
