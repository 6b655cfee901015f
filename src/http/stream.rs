//! A body that is part of a file: read on the blocking threads, one chunk at a time, so memory stays the same whatever its size.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

/// Bytes of one chunk.
const CHUNK_BYTES: u64 = 256 << 10;

/// Some bytes of a file, from an offset on. A file that turns out shorter breaks the answer off, so that no client takes the
/// part for the whole.
#[derive(Debug)]
pub struct FileBody {
    file: Arc<File>,
    at: u64,
    left: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
    failed: bool,
}

impl FileBody {
    /// `length` bytes from `first` on.
    pub fn new(file: File, first: u64, length: u64) -> Self {
        Self { file: Arc::new(file), at: first, left: length, reading: None, failed: false }
    }

    fn start(&self) -> JoinHandle<io::Result<Bytes>> {
        let (file, at) = (Arc::clone(&self.file), self.at);
        // At most CHUNK_BYTES, which fits.
        let length = usize::try_from(self.left.min(CHUNK_BYTES)).unwrap_or(usize::MAX);
        tokio::task::spawn_blocking(move || {
            let mut chunk = vec![0; length];
            file.read_exact_at(&mut chunk, at)?;
            Ok(Bytes::from(chunk))
        })
    }

    fn fail(&mut self, error: io::Error) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        tracing::error!("an answer breaks off at byte {} of a file: {error}", self.at);
        self.failed = true;
        Poll::Ready(Some(Err(error)))
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.failed || self.left == 0 {
            return Poll::Ready(None);
        }
        let mut reading = self.reading.take().unwrap_or_else(|| self.start());
        match Pin::new(&mut reading).poll(cx) {
            Poll::Pending => {
                self.reading = Some(reading);
                Poll::Pending
            }
            Poll::Ready(Ok(Ok(chunk))) => {
                let length = chunk.len() as u64;
                self.at += length;
                self.left = self.left.saturating_sub(length);
                Poll::Ready(Some(Ok(Frame::data(chunk))))
            }
            Poll::Ready(Ok(Err(error))) => self.fail(error),
            Poll::Ready(Err(error)) => self.fail(io::Error::other(error)),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    async fn read(body: FileBody) -> Result<Vec<u8>, axum::Error> {
        Ok(axum::body::to_bytes(axum::body::Body::new(body), usize::MAX).await?.to_vec())
    }

    #[tokio::test]
    async fn any_part_comes_as_it_is() {
        let bytes: Vec<u8> = (0..600_000_u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
        for (first, length) in [(0, 600_000), (0, 1), (599_999, 1), (262_143, 2), (1, 524_288), (10, 0)] {
            let body = FileBody::new(file(&bytes), first, length);
            assert_eq!(body.size_hint().exact(), Some(length));
            let (from, to) = (usize::try_from(first).unwrap(), usize::try_from(first + length).unwrap());
            assert_eq!(read(body).await.unwrap(), bytes[from..to], "{first}+{length}");
        }
    }

    #[tokio::test]
    async fn a_file_that_is_too_short_breaks_the_answer_off() {
        assert!(read(FileBody::new(file(b"abc"), 0, 4)).await.is_err());
    }
}
