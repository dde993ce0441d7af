//! Being asked to stop, for the programs that host a vault or watch one.

/// What asks a program to stop: Ctrl-C, or the system. From this call on a signal does not end it at once.
///
/// # Errors
///
/// The system lets nobody wait for signals.
#[cfg(unix)]
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// What asks a program to stop: Ctrl-C, or the system. From this call on a signal does not end it at once.
///
/// # Errors
///
/// The system lets nobody wait for signals.
#[cfg(not(unix))]
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Where the signal can't be listened for, the process is ended by the system instead.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
