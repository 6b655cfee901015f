//! The server goes away and comes back: an error for a while, and nothing lost.

use std::time::{Duration, Instant};

use crate::cluster::Cluster;
use crate::support::{Court, Daemon, another_clip, dock};

/// A court whose catalog is in a cluster of its own.
fn court(cluster: &Cluster, source: &str) -> Court {
    let mut court = Court::with(source, "");
    court.database = Some(cluster.database());
    court
}

fn wait_for_status(daemon: &Daemon, path: &str, status: u16) {
    let began = Instant::now();
    while daemon.get(path).status != status {
        assert!(began.elapsed() < Duration::from_secs(30), "{path} does not come to {status}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_server_that_is_stopped_holds_intake_up_with_a_reason_and_loses_nothing() {
    let cluster = Cluster::start();
    let court = court(&cluster, "delete");
    let daemon = court.serve();
    dock(&court.uploads(), "1.mp4", &another_clip(1));
    daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 1);
    // What is on the way when the server goes.
    let second = dock(&court.uploads(), "2.mp4", &another_clip(2));
    cluster.end();
    let third = dock(&court.uploads(), "3.mp4", &another_clip(3));
    for path in ["/api/v1/clips", "/api/v1/uploads", "/readyz"] {
        let began = Instant::now();
        let answer = daemon.get(path);
        assert_eq!((answer.status, answer.header("retry-after").as_deref()), (503, Some("5")), "{path}");
        assert!(began.elapsed() < Duration::from_secs(5), "{path} took {:?}", began.elapsed());
        assert_eq!(answer.json()["type"], "urn:zhilu:problem:database_away", "{path}");
    }
    assert_eq!(daemon.get("/healthz").status, 200);
    // Sources stay while nothing is accepted.
    std::thread::sleep(Duration::from_secs(3));
    assert!(second.exists() && third.exists());
    cluster.begin();
    wait_for_status(&daemon, "/readyz", 200);
    daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 3);
    assert!(!second.exists() && !third.exists());
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(court.check()["clips"], 3);
    assert!(court.log().contains("catalog is not available"), "{}", court.log());
}
