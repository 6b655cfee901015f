//! Starting and stopping of the daemon: signals in two stages, and systemd's notifications.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Told when the daemon is to stop. The first SIGTERM or SIGINT is soft: nothing new is begun, what is under way ends. The second is
/// hard: the process ends at once, which is as safe as a power failure.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Listens for the signals.
    ///
    /// # Errors
    /// When the handlers cannot be set.
    pub fn on_signals() -> std::io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            for stage in 0.. {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if stage == 0 {
                    tracing::info!("stopping; a second signal ends at once");
                    let _ = sender.send(true);
                } else {
                    hard_stop();
                }
            }
        });
        Ok(Self(receiver))
    }

    /// Returns when the daemon is to stop.
    pub async fn wait(mut self) {
        // The sender lives as long as the process.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

#[expect(clippy::exit, reason = "the second signal asks for exactly this")]
fn hard_stop() {
    tracing::warn!("ended at once");
    std::process::exit(130);
}

/// Tells systemd how the daemon is (`READY=1`, `STOPPING=1`), when it was started by it; see sd_notify(3).
pub fn notify_systemd(state: &str) {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let address = match path.as_encoded_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        _ => SocketAddr::from_pathname(&path),
    };
    let sent = address.and_then(|address| UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address));
    if let Err(error) = sent {
        tracing::warn!("systemd was not told {state}: {error}");
    }
}
