//! Computers that want to be added: what passes between one and the one that adds it, by way of the vault.

use reqwest::Method;
use twinlock_protocol::api::{BecomeCandidate, Candidacy, Candidate, Candidates, Offer};
use twinlock_protocol::envelope::Envelope;
use twinlock_protocol::{KeyholderId, limits};
use twinlock_seal::Keyholder;

use super::{Vault, VaultError, json};

impl Vault {
    /// Opens this keyholder's door, or keeps it open: who stands there.
    pub(crate) async fn look_out(&self, by: &Keyholder) -> Result<Vec<Candidate>, VaultError> {
        let Candidates { candidates } = self.get(by, &self.candidates(), "").await?;
        if candidates.len() > limits::CANDIDATES {
            return Err(self.unasked(&Method::GET, &self.candidates()));
        }
        Ok(candidates)
    }

    /// Stands at a door, or goes on standing there.
    pub(crate) async fn knock(&self, own: &Keyholder, at: KeyholderId) -> Result<(), VaultError> {
        let body = json(&BecomeCandidate { computer: at, keys: own.public().clone() })?;
        self.tell(own, Method::POST, &self.candidates(), body).await
    }

    /// What this keyholder was offered, while it stands at a door.
    pub(crate) async fn candidacy(&self, own: &Keyholder) -> Result<Option<Envelope>, VaultError> {
        let path = format!("{}/{}", self.candidates(), own.id());
        let Candidacy { statement } = self.get(own, &path, "").await?;
        Ok(statement)
    }

    /// Offers a statement to a candidate; or gives it back, signed by the candidate too.
    pub(crate) async fn offer(
        &self,
        by: &Keyholder,
        candidate: KeyholderId,
        statement: &Envelope,
    ) -> Result<(), VaultError> {
        let path = format!("{}/{candidate}", self.candidates());
        let body = json(&Offer { statement: statement.clone() })?;
        self.tell(by, Method::PUT, &path, body).await
    }

    fn candidates(&self) -> String {
        format!("/v1/teams/{}/candidates", self.team)
    }
}
