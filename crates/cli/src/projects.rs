//! `twinlock project`: another name for a project, and its end.

use clap::Subcommand;
use twinlock_client::{Client, Label};

use crate::consequences::ask_whether_gone;
use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::standing::{NamedDocument, RemovedDocument};

/// What to do with a project.
#[derive(Subcommand)]
pub(crate) enum ProjectCommand {
    /// Gives a project another name.
    Rename {
        /// Its name, or its id.
        project: String,
        /// Its new name.
        name: Label,
    },
    /// Removes a project with all its environments, for everybody. Linked files stay as they are.
    Remove {
        /// Its name, or its id.
        project: String,
        /// Does not ask.
        #[arg(long)]
        yes: bool,
    },
}

pub(crate) async fn run(
    command: ProjectCommand,
    client: &Client,
    out: &mut Output,
) -> Result<Status, Failure> {
    match command {
        ProjectCommand::Rename { project, name } => {
            client.rename_project(&project, &name).await?;
            out.answer(&NamedDocument { id: project, name: name.as_str() }, |_| {})?;
            out.note(&format!(
                "The project is called {} from now on. Linked files stay linked.",
                name.as_str()
            ));
        }
        ProjectCommand::Remove { project, yes } => {
            ask_whether_gone(&client.project_removal(&project).await?, yes, out)?;
            client.remove_project(&project).await?;
            out.answer(&RemovedDocument { removed: project }, |_| {})?;
            out.note(
                "The project and its environments are gone for everybody. Linked files stay as they are.",
            );
        }
    }
    Ok(Status::Done)
}
