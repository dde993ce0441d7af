//! `GET /v1/health`: whether both services are up. Anybody may ask; the answer tells nothing else.

use axum::extract::State;
use axum::http::StatusCode;

use crate::application::Application;
use crate::problem::Problem;

pub(super) async fn health(State(application): State<Application>) -> Result<StatusCode, Problem> {
    application.vault.check().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::sync::Arc;

    use tokio::sync::watch;
    use twinlock_protocol::api::ProblemCode;

    use super::*;
    use crate::application::{ApplicationStore, VaultLink};
    use crate::tls::{ApplicationIdentity, Authority};

    #[tokio::test]
    async fn half_a_vault_is_not_well() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::load_or_make(folder.path(), jiff::Timestamp::now()).unwrap();
        let identity = ApplicationIdentity::load_or_make(folder.path(), &authority).unwrap();
        // Nobody listens there any more.
        let nowhere = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let link = VaultLink::new(&identity, nowhere).unwrap();
        let (database, key) = (folder.path().join("application.db"), folder.path().join("root.key"));
        let store = ApplicationStore::open(&database, &key).unwrap();
        let (_stop, stopped) = watch::channel(());
        let application =
            Application::load(store, link, Arc::new(jiff::Timestamp::now), stopped).await.unwrap();
        let problem = health(State(application)).await.unwrap_err();
        assert_eq!(problem.code(), ProblemCode::Unavailable);
    }
}
