//! What goes over the socket between a prober and its child: one byte with a descriptor, one JSON datagram back.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, send, sendmsg,
};

use super::failed;
use crate::model::media::MediaFacts;

/// Longest answer, in bytes.
pub(super) const MOST_ANSWER: usize = 64 << 10;
/// The byte that a descriptor travels with.
const REQUEST: &[u8] = b"P";

/// Passes a descriptor.
///
/// # Errors
/// `BrokenPipe` when the other end is closed; otherwise what the system says.
pub(super) fn send_descriptor(socket: BorrowedFd<'_>, file: BorrowedFd<'_>) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors = [file];
    if !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(io::Error::other("no room for a descriptor"));
    }
    retried(|| sendmsg(socket, &[IoSlice::new(REQUEST)], &mut control, SendFlags::NOSIGNAL)).map(drop)
}

/// What a request brought.
pub(super) enum Request {
    /// A file to probe.
    File(OwnedFd),
    /// A datagram without a descriptor: it could not be received, or there was none.
    Nothing,
    /// The other end is closed.
    End,
}

/// Waits for the next request.
///
/// # Errors
/// What the system says.
pub(super) fn receive_descriptor(socket: BorrowedFd<'_>) -> io::Result<Request> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0u8; 1];
    let got = retried(|| recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC))?;
    if got.bytes == 0 {
        return Ok(Request::End);
    }
    let file = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    Ok(file.map_or(Request::Nothing, Request::File))
}

/// Sends an answer, made to fit.
///
/// # Errors
/// What the system says.
pub(super) fn send_answer(socket: BorrowedFd<'_>, facts: MediaFacts) -> io::Result<()> {
    let bytes = encode(facts)?;
    retried(|| send(socket, &bytes, SendFlags::NOSIGNAL)).map(drop)
}

/// Receives an answer; empty when the other end is closed.
///
/// # Errors
/// What the system says, or that the answer is too long.
pub(super) fn receive_answer(socket: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0u8; MOST_ANSWER];
    let mut space = [];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let got = retried(|| recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], &mut control, RecvFlags::DONTWAIT))?;
    if got.flags.contains(ReturnFlags::TRUNC) {
        return Err(io::Error::other("the answer is longer than it may be"));
    }
    bytes.truncate(got.bytes);
    Ok(bytes)
}

/// The facts as JSON of at most [`MOST_ANSWER`] bytes: the later anomalies and positions are given up first.
fn encode(mut facts: MediaFacts) -> io::Result<Vec<u8>> {
    loop {
        let bytes = serde_json::to_vec(&facts)?;
        if bytes.len() <= MOST_ANSWER {
            return Ok(bytes);
        }
        let (anomalies, positions) = (facts.anomalies.len(), facts.gps.len());
        if anomalies + positions == 0 {
            return Ok(serde_json::to_vec(&failed("the facts are longer than an answer may be"))?);
        }
        facts.anomalies.truncate(anomalies / 2);
        facts.gps.truncate(positions / 2);
    }
}

fn retried<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::media::{Anomaly, GpsSource};

    #[test]
    fn an_answer_is_made_to_fit() {
        let anomaly = Anomaly { code: "x".to_owned(), offset: None, detail: Some("\u{1}".repeat(200)) };
        let facts = MediaFacts { anomalies: vec![anomaly; 64], ..MediaFacts::default() };
        assert!(serde_json::to_vec(&facts).unwrap().len() > MOST_ANSWER);
        let bytes = encode(facts).unwrap();
        assert!(bytes.len() <= MOST_ANSWER);
        assert_eq!(serde_json::from_slice::<MediaFacts>(&bytes).unwrap().anomalies.len(), 32);

        let gps = GpsSource { kind: "x".repeat(100_000), offset: None, position: None };
        let bytes = encode(MediaFacts { gps: vec![gps], ..MediaFacts::default() }).unwrap();
        assert_eq!(serde_json::from_slice::<MediaFacts>(&bytes).unwrap().gps, []);
        let make = Some("x".repeat(100_000));
        let bytes = encode(MediaFacts { make, ..MediaFacts::default() }).unwrap();
        assert!(String::from_utf8(bytes).unwrap().contains("probe_failed"));
    }
}
