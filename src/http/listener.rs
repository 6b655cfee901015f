//! The listener: as many connections as descriptors allow, and none that holds its place without reading an answer.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// Most connections at a time; each may hold a file open too. More wait in the kernel's queue.
const MOST_CONNECTIONS: usize = 256;
/// How long a connection may go without taking a byte of an answer: while its request trickles in, while it does not read, and
/// between requests. Longer than any request waits for a locked database.
const PATIENCE: Duration = Duration::from_secs(75);

/// Serves `app`, by the routes that it is turned into, on `listener` until `stop` resolves; then takes no new connections and returns when the answers under way are
/// sent, however long that takes: who wants to end sooner drops the future.
///
/// # Errors
/// None at present: failures of single connections end these only.
pub async fn serve(
    listener: TcpListener,
    app: impl Into<Router>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = Bounded { listener, places: Arc::new(Semaphore::new(MOST_CONNECTIONS)), patience: PATIENCE };
    axum::serve(listener, app.into()).with_graceful_shutdown(stop).await
}

struct Bounded {
    listener: TcpListener,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The semaphore is never closed, so a place always comes.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let (stream, from) = Listener::accept(&mut self.listener).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("TCP_NODELAY: {error}");
        }
        let deadline = Box::pin(sleep(self.patience));
        (Connection { stream, deadline, patience: self.patience, _place: place }, from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends when it makes no progress. Only writing is progress: a request here has no body, so one that is still
/// not complete after so long is no request.
struct Connection {
    stream: TcpStream,
    deadline: Pin<Box<Sleep>>,
    patience: Duration,
    _place: Option<OwnedSemaphorePermit>,
}

impl Connection {
    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        self.deadline.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    fn written<T>(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_pending() {
            return self.wait(cx);
        }
        let later = Instant::now() + self.patience;
        self.deadline.as_mut().reset(later);
        poll
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Pending => self.wait(cx),
            // Trickling in does not move the deadline, and must not outrun it either.
            _ if self.deadline.is_elapsed() => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            ready => ready,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(cx, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::timeout;

    use super::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    const LARGE: usize = 64 << 20;

    /// A server with room for so many connections; gives its address.
    async fn start(places: usize, patience: Duration) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router =
            Router::new().route("/", get(|| async { "hello" })).route("/large", get(|| async { vec![0; LARGE] }));
        let bounded = Bounded { listener, places: Arc::new(Semaphore::new(places)), patience };
        tokio::spawn(axum::serve(bounded, router).into_future());
        address
    }

    async fn read(stream: &mut TcpStream) -> io::Result<String> {
        let mut buffer = vec![0; 4096];
        let n = timeout(Duration::from_secs(10), stream.read(&mut buffer)).await??;
        Ok(String::from_utf8_lossy(&buffer[..n]).into_owned())
    }

    #[tokio::test]
    async fn a_request_that_trickles_in_is_not_waited_for() {
        let address = start(10, Duration::from_millis(300)).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let began = Instant::now();
        let trickle = async {
            for byte in REQUEST.iter().cycle() {
                if stream.write_all(&[*byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(Duration::from_secs(10), trickle).await.unwrap();
        assert!(began.elapsed() >= Duration::from_millis(300));
    }

    #[tokio::test]
    async fn a_connection_that_is_used_stays() {
        let address = start(10, Duration::from_millis(600)).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        for _ in 0..5 {
            stream.write_all(REQUEST).await.unwrap();
            assert!(read(&mut stream).await.unwrap().ends_with("hello"));
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        tokio::time::sleep(Duration::from_millis(900)).await;
        assert_eq!(read(&mut stream).await.unwrap(), "");
    }

    #[tokio::test]
    async fn an_answer_that_is_not_read_is_given_up() {
        let address = start(1, Duration::from_millis(300)).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        // The one place is taken until the server gives that answer up.
        let mut next = TcpStream::connect(address).await.unwrap();
        next.write_all(REQUEST).await.unwrap();
        assert!(read(&mut next).await.unwrap().ends_with("hello"));
        let mut rest = Vec::new();
        let _ = idle.read_to_end(&mut rest).await;
        assert!(rest.len() < LARGE, "it was sent whole");
    }

    #[tokio::test]
    async fn more_connections_than_places_wait_their_turn() {
        let address = start(1, Duration::from_secs(60)).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(REQUEST).await.unwrap();
        read(&mut first).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(REQUEST).await.unwrap();
        let early = timeout(Duration::from_millis(200), second.readable()).await;
        assert!(early.is_err(), "it did not wait");
        drop(first);
        assert!(read(&mut second).await.unwrap().ends_with("hello"));
    }
}
