//! The probe child of the real binary: what it answers, what it may do, and that its death is a fact of one file alone.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::io::dup;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use zhilu::media::worker::Prober;
use zhilu::model::media::{Container, Health, Kind, MediaFacts};

/// 1280 × 720 pictures at 25 a second, a second of them declared and none there.
fn avi() -> Vec<u8> {
    let words = |values: &[u32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let head = [b"vidsH264".to_vec(), words(&[0, 0, 0, 1, 25, 0, 25, 0, 0, 0, 0, 0])].concat();
    let format = [words(&[40, 1280, 720, 0x18_0001]), b"H264".to_vec(), words(&[0; 5])].concat();
    let stream = [&b"strlstrh"[..], &words(&[56]), &head, b"strf", &words(&[40]), &format].concat();
    let headers = [&b"hdrlLIST"[..], &words(&[stream.len() as u32]), &stream].concat();
    [&b"RIFF\0\0\x10\0AVI LIST"[..], &words(&[headers.len() as u32]), &headers, b"LIST\0\0\x08\0movi"].concat()
}

/// Transport packets of a stream whose pictures fill some MiB, so that reading them takes memory.
fn big_stream() -> Vec<u8> {
    let start: Vec<u8> = [0x47, 0x41, 0, 0x10, 0, 0, 1, 0xe0, 0, 0, 0x80, 0, 0].into_iter().chain([7; 175]).collect();
    let more: Vec<u8> = [0x47, 0x01, 0, 0x10].into_iter().chain([7; 184]).collect();
    [start, more.repeat(40_000)].concat()
}

fn prober() -> Prober {
    Prober::new(PathBuf::from(env!("CARGO_BIN_EXE_zhilu")))
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn child(prober: &Prober) -> Pid {
    Pid::from_raw(i32::try_from(prober.child_id().expect("a child runs")).unwrap()).unwrap()
}

fn failure(facts: &MediaFacts) -> &str {
    assert_eq!(facts.health, Health::ProbeFailed);
    assert_eq!(facts.anomalies[0].code, "probe_failed");
    facts.anomalies[0].detail.as_deref().unwrap()
}

fn assert_good(facts: &MediaFacts) {
    assert_eq!((facts.container, facts.health), (Some(Container::Avi), Health::Partial));
    assert_eq!((facts.duration_ms, facts.video.as_ref().unwrap().width), (Some(1000), Some(1280)));
}

#[test]
fn one_child_answers_for_many_files() {
    let mut prober = prober();
    assert_eq!(prober.child_id(), None, "nothing is started before it is needed");
    assert_good(&prober.probe(&file(&avi())));
    let first = child(&prober);
    let text = prober.probe(&file("$GPRMC,085207.00,A\r\n".as_bytes()));
    assert_eq!((text.kind, text.health), (Kind::Text, Health::Unsupported));
    assert_eq!(prober.probe(&file(b"")).kind, Kind::Empty);
    assert_good(&prober.probe(&file(&avi())));
    assert_eq!(child(&prober), first);
}

#[test]
fn what_is_no_regular_file_is_not_read() {
    let (reader, _writer) = std::io::pipe().unwrap();
    let mut prober = prober();
    let facts = prober.probe(&File::from(std::os::fd::OwnedFd::from(reader)));
    assert_eq!(failure(&facts), "it is no regular file");
    assert_good(&prober.probe(&file(&avi())));
}

#[test]
fn the_child_has_nothing_but_its_socket_and_its_limits_are_in_force() {
    let held = file(b"an open file of the parent");
    // Two that are not closed on exec, as a service manager passes its sockets.
    let leaked = [dup(&held).unwrap(), dup(&held).unwrap()];
    let mut prober = prober();
    assert_good(&prober.probe(&file(&avi())));
    let proc = PathBuf::from(format!("/proc/{}", child(&prober).as_raw_pid()));

    let open = std::fs::read_dir(proc.join("fd")).unwrap().map(|e| e.unwrap());
    let mut open: Vec<(String, String)> = open
        .map(|e| (e.file_name().into_string().unwrap(), std::fs::read_link(e.path()).unwrap().display().to_string()))
        .collect();
    open.sort();
    assert_eq!(open.len(), 3, "{open:?}");
    assert!(open[0].1.starts_with("socket:"), "{open:?}");
    assert_eq!((open[1].1.as_str(), open[2].1.as_str()), ("/dev/null", "/dev/null"));
    drop(leaked);

    let limits = std::fs::read_to_string(proc.join("limits")).unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_else(|| panic!("{name} in {limits}"));
        line.split_whitespace().take(2).map(|v| v.parse::<u64>().ok()).collect::<Vec<_>>()
    };
    for (name, value) in [("Max file size", 0), ("Max core file size", 0), ("Max open files", 4)] {
        assert_eq!(limit(name), [Some(value); 2], "{name}");
    }
    let data = limit("Max data size");
    assert!(data[0].is_some_and(|bytes| bytes <= 64 << 20) && data[0] == data[1], "{data:?}");
    assert!(limit("Max cpu time")[0].is_some_and(|seconds| (2..=5).contains(&seconds)));

    let status = std::fs::read_to_string(proc.join("status")).unwrap();
    assert!(status.lines().any(|l| l.split_whitespace().eq(["NoNewPrivs:", "1"])), "{status}");
    assert!(status.lines().any(|l| l.split_whitespace().eq(["Threads:", "1"])), "{status}");
}

#[test]
fn a_child_that_is_killed_while_idle_costs_no_file() {
    let mut prober = prober();
    assert_good(&prober.probe(&file(&avi())));
    let first = child(&prober);
    kill_process(first, Signal::KILL).unwrap();
    let facts = loop {
        // The kill may take a moment to show; a request that goes out before is lost with the child.
        let facts = prober.probe(&file(&avi()));
        if prober.child_id() != Some(first.as_raw_pid() as u32) {
            break facts;
        }
    };
    if facts.health == Health::ProbeFailed {
        assert_eq!(failure(&facts), "the probe process died: signal 9");
    } else {
        assert_good(&facts);
    }
    assert_good(&prober.probe(&file(&avi())));
}

#[test]
fn a_child_that_is_killed_at_work_is_a_fact_of_that_file() {
    let mut prober = prober();
    assert_good(&prober.probe(&file(&avi())));
    let pid = child(&prober);
    // Stopped, so that the request is certainly out when the child is killed.
    kill_process(pid, Signal::STOP).unwrap();
    let killer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        kill_process(pid, Signal::KILL).unwrap();
    });
    assert_eq!(failure(&prober.probe(&file(&avi()))), "the probe process died: signal 9");
    killer.join().unwrap();
    assert_good(&prober.probe(&file(&avi())));
    assert_ne!(child(&prober), pid);
}

#[test]
fn a_child_that_hangs_is_ended_after_two_seconds() {
    let mut prober = prober();
    assert_good(&prober.probe(&file(&avi())));
    let pid = child(&prober);
    kill_process(pid, Signal::STOP).unwrap();
    let start = Instant::now();
    assert_eq!(failure(&prober.probe(&file(&avi()))), "timeout: no answer within 2 s");
    assert!((2..4).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert!(!PathBuf::from(format!("/proc/{}", pid.as_raw_pid())).exists(), "it is killed and reaped");
    assert_good(&prober.probe(&file(&avi())));
}

#[test]
fn memory_beyond_the_limit_ends_the_child_alone() {
    let big = file(&big_stream());
    let mut prober = prober();
    let facts = prober.probe(&big);
    assert_eq!(
        (facts.container, facts.health),
        (Some(Container::Mpegts), Health::Damaged),
        "the usual limit is enough"
    );
    let tight = Rlimit { current: Some(1 << 20), maximum: Some(1 << 20) };
    prlimit(Some(child(&prober)), Resource::Data, tight).unwrap();
    assert_eq!(failure(&prober.probe(&big)), "the probe process died: signal 6");
    assert_good(&prober.probe(&file(&avi())));
}

#[test]
fn rest_and_drop_end_the_child() {
    let mut prober = prober();
    let gone = |pid: Pid| !PathBuf::from(format!("/proc/{}", pid.as_raw_pid())).exists();
    prober.probe(&file(&avi()));
    let first = child(&prober);
    prober.rest();
    assert!(gone(first) && prober.child_id().is_none());
    assert_good(&prober.probe(&file(&avi())));
    let second = child(&prober);
    drop(prober);
    assert!(gone(second));
}
