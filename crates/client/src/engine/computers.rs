//! This member's computers and recovery kits.

use twinlock_protocol::event::{Event as TeamLogEvent, KeyholderRevoked};
use twinlock_protocol::ids::KeyholderId;

use super::Client;
use super::rights::no_wraps;
use crate::error::Error;
use crate::view::{KeyholderView, RenewalView};

impl Client {
    /// This member's computers and kits that count.
    pub async fn computers(&self) -> Result<Vec<KeyholderView>, Error> {
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.try_refresh_log(joined).await?;
        let session = &joined.session;
        let mine = session.me()?;
        let this = session.keyholder.id();
        let all = session.team.keyholders().iter().filter(|(_, held)| held.member == mine && held.is_live());
        Ok(all.map(|(id, held)| KeyholderView { id: *id, kind: held.kind, this: *id == this }).collect())
    }

    /// Takes one of this member's computers or kits from the team. It can do nothing more there, and the keys
    /// that it knew are renewed at once, as far as this computer can.
    pub async fn revoke_computer(&self, keyholder: KeyholderId) -> Result<RenewalView, Error> {
        self.revoke_computer_keeping(keyholder, &[]).await
    }

    /// The same, but for what it signed for: what is named of that goes on, in this computer's name.
    pub async fn revoke_computer_keeping(
        &self,
        keyholder: KeyholderId,
        keep: &[KeyholderId],
    ) -> Result<RenewalView, Error> {
        let _lock = self.lock().await?;
        let mut state = self.state().await;
        let joined = state.joined()?;
        self.refresh_log(joined).await?;
        let event = |heads| {
            TeamLogEvent::KeyholderRevoked(KeyholderRevoked { keyholder, keep: keep.to_vec(), heads })
        };
        self.change_rights(joined, event, no_wraps).await?;
        if keyholder == joined.session.keyholder.id() {
            return Ok(RenewalView::default());
        }
        Ok(self.renew_all_stale(joined).await)
    }
}
