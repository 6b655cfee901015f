//! The server goes away and comes back: an error for a while, and nothing lost.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::cluster::{self, Cluster};
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
    let began = Instant::now();
    while !court.log().contains("catalog is not available") {
        assert!(began.elapsed() < Duration::from_secs(30), "{}", court.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    // Sources stay while nothing is accepted.
    assert!(second.exists() && third.exists());
    cluster.begin();
    wait_for_status(&daemon, "/readyz", 200);
    daemon.wait_until("/api/v1/clips?state=released", |c| c.len() == 3);
    assert!(!second.exists() && !third.exists());
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(court.check()["clips"], 3);
}

#[test]
fn a_daemon_that_comes_up_before_its_server_waits_for_it() {
    let cluster = Cluster::start();
    let court = court(&cluster, "keep");
    cluster.end();
    let soft = court.command(&["serve", "--listen", "127.0.0.1:0"]).stderr(std::process::Stdio::null()).spawn();
    let mut soft = soft.unwrap();
    let daemon = std::thread::scope(|scope| {
        let daemon = scope.spawn(|| court.serve());
        let began = Instant::now();
        while !court.log().contains("waiting for the database") {
            assert!(began.elapsed() < Duration::from_secs(30), "{}", court.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        let pid = rustix::process::Pid::from_child(&soft);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert_eq!(soft.wait().unwrap().code(), Some(0), "told to stop while it waits");
        cluster.begin();
        daemon.join().unwrap()
    });
    assert_eq!(daemon.get("/readyz").status, 200);
}

/// Passes connections on to a port, until it cuts them or lets them fall silent.
struct Proxy {
    port: u16,
    open: Arc<Mutex<Vec<TcpStream>>>,
    passing: Arc<AtomicBool>,
    silent: Arc<AtomicBool>,
}

impl Proxy {
    fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = Self { port, open: Arc::default(), passing: Arc::new(true.into()), silent: Arc::default() };
        let (open, passing, silent) = (Arc::clone(&proxy.open), Arc::clone(&proxy.passing), Arc::clone(&proxy.silent));
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if !passing.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (from, to, silent) = (from.try_clone().unwrap(), to.try_clone().unwrap(), Arc::clone(&silent));
                    std::thread::spawn(move || pass_on(from, to, &silent));
                }
                open.lock().unwrap().extend([near, far]);
            }
        });
        proxy
    }

    /// Cuts every connection, and for `how_long` each new one.
    fn cut(&self, how_long: Duration) {
        self.passing.store(false, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        std::thread::sleep(how_long);
        self.passing.store(true, Ordering::SeqCst);
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, silent: &AtomicBool) {
    let mut bytes = [0; 8192];
    while let Ok(n @ 1..) = from.read(&mut bytes) {
        while silent.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(10));
        }
        if to.write_all(&bytes[..n]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// A court whose daemon reaches its catalog through a proxy.
fn proxied(source: &str) -> (Court, Proxy) {
    let mut court = Court::with(source, "");
    let database = cluster::database();
    let proxy = Proxy::to(database.port());
    court.database = Some(database);
    (court, proxy)
}

fn serve_through(court: &Court, proxy: &Proxy) -> Daemon {
    let mut command = court.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("ZHILU_DATABASE_URL", court.database.as_ref().unwrap().url_at(proxy.port));
    court.serve_as(command)
}

#[test]
fn a_server_that_falls_silent_is_not_waited_for() {
    let (court, proxy) = proxied("keep");
    let daemon = serve_through(&court, &proxy);
    wait_for_status(&daemon, "/readyz", 200);
    proxy.silent.store(true, Ordering::SeqCst);
    for _ in 0..4 {
        let began = Instant::now();
        let answer = daemon.get("/readyz");
        assert_eq!((answer.status, answer.header("retry-after").as_deref()), (503, Some("5")));
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
    proxy.silent.store(false, Ordering::SeqCst);
    wait_for_status(&daemon, "/readyz", 200);
    dock(&court.uploads(), "1.mp4", &another_clip(1));
    daemon.wait_for("/api/v1/clips", 1);
}

#[test]
fn connections_that_are_cut_again_and_again_during_ingest_lose_and_double_nothing() {
    const FILES: usize = 200;
    let (court, proxy) = proxied("delete");
    for n in 0..FILES {
        std::fs::write(court.uploads().join(format!("{n}.txt")), format!("{n}")).unwrap();
    }
    let daemon = serve_through(&court, &proxy);
    for n in 0..12_u64 {
        std::thread::sleep(Duration::from_millis(37 * n));
        proxy.cut(Duration::from_millis(20 * n));
    }
    wait_for_status(&daemon, "/readyz", 200);
    let began = Instant::now();
    while std::fs::read_dir(court.uploads()).unwrap().count() > 0 {
        assert!(began.elapsed() < Duration::from_secs(120), "{}", court.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(daemon.stop(), Some(0));
    let report = court.check();
    assert_eq!((report["clips"].as_u64(), report["objects"].as_u64()), (Some(FILES as u64), Some(FILES as u64)));
    // Each was accepted by one entry, confirmed by one and released by one; the first is the retention table's.
    assert_eq!(report["entries"].as_u64().unwrap() as usize, FILES * 3 + 1, "{}", court.log());
}
