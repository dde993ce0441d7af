//! The embedded vault: hosted by the first program, found by the others, taken over when the host ends.

use twinlock_protocol::api::{Appended, CreateTeam};
use twinlock_server::embedded::{Embedded, host_or_find};

use crate::support::{Answer, Signed, computer, http, new_team, now};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_hosts_the_others_find_it_and_take_over_when_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let host = host_or_find(folder.path()).await.unwrap();
    assert!(matches!(host, Embedded::Here(..)));
    let found = host_or_find(folder.path()).await.unwrap();
    assert!(matches!(found, Embedded::Elsewhere(_)));
    let address = found.address();
    assert_eq!((&address.url, &address.pin), (&host.address().url, &host.address().pin));

    // Who found it can found the team as well as who hosts it.
    let (ada, statements, wraps) = new_team(computer());
    let body = CreateTeam {
        setup_code: address.setup_code.as_ref().unwrap().expose().to_owned(),
        statements,
        wraps,
    };
    let body = serde_json::to_vec(&body).unwrap();
    let request = Signed::new(&ada.computer, ada.team.id(), "POST", "/v1/teams", body, now());
    let answer: Appended = Answer::of(request.response_from(&http(), &address.url).await).await.ok();
    assert_eq!(answer.head, ada.team.head());

    host.stop().await.unwrap();
    let next = host_or_find(folder.path()).await.unwrap();
    assert!(matches!(next, Embedded::Here(..)));
    assert_eq!(next.address().pin, address.pin);
    assert!(next.address().setup_code.is_none());
    let path = ada.events_path();
    let request = Signed::new(&ada.computer, ada.team.id(), "GET", &path, Vec::new(), now());
    let answer = Answer::of(request.response_from(&http(), &next.address().url).await).await;
    assert_eq!(answer.status, 200);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_address_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let host = host_or_find(folder.path()).await.unwrap();
    let mode = std::fs::metadata(folder.path().join("address")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    host.stop().await.unwrap();
}
