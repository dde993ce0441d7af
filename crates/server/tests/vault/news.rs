//! Server-sent events: what moved, to whom it concerns.

use std::time::Duration;

use futures::StreamExt as _;
use twinlock_protocol::ProjectId;
use twinlock_protocol::api::{Moved, ProblemCode};
use twinlock_protocol::event::{Event, Level, ProjectCreated};

use crate::support::{Client, Signed, Vault, now, random};

/// Nothing that should come takes this long, on any machine.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) struct Listener {
    stream: futures::stream::BoxStream<'static, reqwest::Result<Vec<u8>>>,
    buffer: Vec<u8>,
}

impl Listener {
    pub(crate) async fn of(client: &Client, vault: &Vault) -> Self {
        let request = Signed::new(&client.computer, client.team.id(), "GET", "/v1/events", Vec::new(), now());
        let response = request.response(vault).await;
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let stream = response.bytes_stream().map(|chunk| chunk.map(|bytes| bytes.to_vec())).boxed();
        Self { stream, buffer: Vec::new() }
    }

    /// The next piece of news; `None` when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Moved> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = self.buffer.drain(..end + 2).collect();
                let event = String::from_utf8(event).unwrap();
                if let Some(data) = event.trim_end().strip_prefix("data: ") {
                    return Some(serde_json::from_str(data).unwrap());
                }
                continue;
            }
            let chunk = tokio::time::timeout(LIMIT, self.stream.next()).await.expect("news in time")?;
            self.buffer.extend(chunk.ok()?);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_heard_by_those_with_access_alone() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let mut writer = ada.create_environment(&vault, Vec::new()).await;
    let ben = ada.let_join(&vault, &[]).await;
    let mut other = ada.create_environment(&vault, Vec::new()).await;
    let (team, sequence) = (ada.team.id(), ada.team.head().sequence);

    let (mut hers, mut his) = (Listener::of(&ada, &vault).await, Listener::of(&ben, &vault).await);
    // First of all where everything stands.
    assert_eq!(hers.next().await, Some(Moved::Log { team, sequence }));
    assert_eq!(his.next().await, Some(Moved::Log { team, sequence }));
    let mut standing = [hers.next().await.unwrap(), hers.next().await.unwrap()];
    let mut expected = [&writer, &other]
        .map(|writer| Moved::Environment { environment: writer.environment.id(), number: 0 });
    standing.sort_by_key(|moved| format!("{moved:?}"));
    expected.sort_by_key(|moved| format!("{moved:?}"));
    assert_eq!(standing, expected);

    // `other` is not stale, `writer` neither: nobody who joined had access to either.
    for (writer, number) in [(&mut writer, 1), (&mut other, 1)] {
        ada.push_values(&vault, writer, &["one\n"]).await;
        let environment = writer.environment.id();
        assert_eq!(hers.next().await, Some(Moved::Environment { environment, number }));
    }
    // New keys are news of both.
    let (renewed, rotate) = crate::rotation::renew(&mut ada, &vault, &writer).await;
    ada.post(&vault, &writer.path("rotations"), &rotate).await.ok::<twinlock_protocol::api::Rotated>();
    let environment = renewed.environment.id();
    let opened = Moved::Log { team, sequence: sequence + 1 };
    assert_eq!(hers.next().await, Some(opened));
    assert_eq!(hers.next().await, Some(Moved::Environment { environment, number: 2 }));
    assert_eq!(his.next().await, Some(opened));
    // The next thing Ben hears is about the log: of the pushes before it he heard nothing.
    let label = ada.label("p");
    let project =
        ada.event(Event::ProjectCreated(ProjectCreated { project: ProjectId::new(random()), label }));
    ada.append(&vault, vec![project], Vec::new()).await.ok::<twinlock_protocol::api::Appended>();
    let moved = Moved::Log { team, sequence: sequence + 2 };
    assert_eq!(his.next().await, Some(moved));
    assert_eq!(hers.next().await, Some(moved));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_streams_and_an_invite_hears_nothing() {
    let vault = Vault::start().await;
    let mut ada = Client::create(&vault).await;
    let writer = ada.create_environment(&vault, Vec::new()).await;
    let invite = ada.invite(&[(&writer, Level::Read)], crate::support::in_a_day());
    ada.append(&vault, vec![invite.statement.clone()], invite.wraps.clone())
        .await
        .ok::<twinlock_protocol::api::Appended>();
    invite.get(&vault, &ada.team, "/v1/events").await.refused(403, ProblemCode::Forbidden);

    let mut hers = Listener::of(&ada, &vault).await;
    assert!(hers.next().await.is_some());
    assert!(hers.next().await.is_some());
    tokio::time::timeout(LIMIT, vault.stop()).await.expect("a stop in time");
    assert_eq!(hers.next().await, None);
}
