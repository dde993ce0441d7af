//! Pushes that were asked for while the vault was away. They go out by themselves when it is back, unless
//! the change is another one by then.

use std::collections::BTreeSet;

use twinlock_protocol::revision::Cause;
use zeroize::Zeroizing;

use super::push::{Approved, Selection};
use super::{Client, Joined};
use crate::error::{Error, ErrorCode};
use crate::store::LinkedFile;

impl Client {
    /// Keeps a push for later. Holds hashes under the home's key, never values.
    pub(super) fn put_off(
        &self,
        joined: &mut Joined,
        file: &LinkedFile,
        selection: &Selection,
    ) -> Result<(), Error> {
        joined.session.held(file.environment)?;
        let plan = self.look(joined, file)?.plan;
        let approved = plan.approved(selection);
        if approved.is_empty() {
            return Ok(());
        }
        let json =
            Zeroizing::new(serde_json::to_vec(&approved).map_err(|error| Error::Bug(error.to_string()))?);
        self.store().step(|step| {
            // A later push of the same file says all that is wanted of it.
            for waiting in step.outbox()?.into_iter().filter(|waiting| waiting.file == file.id) {
                step.remove_plan(waiting.id)?;
            }
            step.add_plan(file.id, &json).map(drop).map_err(Error::from)
        })
    }

    /// How many changes wait in the outbox.
    pub fn waiting(&self) -> Result<usize, Error> {
        let outbox = self.store().read(|step| step.outbox().map_err(Error::from))?;
        Ok(outbox.iter().map(|item| approved(&item.plan).len()).sum())
    }

    /// Sends what waits. Stops at a vault that is still away; what cannot be sent for another reason is
    /// dropped from the outbox and shows as a change of this computer again.
    pub(super) async fn send_waiting(&self, joined: &mut Joined) -> Result<usize, Error> {
        let outbox = self.store().read(|step| step.outbox().map_err(Error::from))?;
        let mut sent = 0;
        for item in outbox {
            let file = self.linked_file_by_id(item.file)?;
            let selection = Selection::Approved(approved(&item.plan));
            let result = self.push_file(joined, &file, &selection, &Cause::Push.into()).await;
            if let Err(error) = &result
                && error.code() == ErrorCode::Unreachable
            {
                return result.map(|outcome| outcome.pushed);
            }
            self.store().step(|step| step.remove_plan(item.id).map_err(Error::from))?;
            sent += result?.pushed;
        }
        Ok(sent)
    }
}

fn approved(plan: &[u8]) -> BTreeSet<Approved> {
    // Written by `put_off` above; a form of another version waits for nobody.
    serde_json::from_slice(plan).unwrap_or_default()
}
