//! Errors and crashes at each system call of the intake and of its database.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::court::{Process, serve, wait_until_ready};
use crate::kills::{TEMPORARY, bigger, drain, wait_until_drained};
use crate::model::Model;
use crate::random::Random;
use crate::strace::{Fault, Log, Point, arguments, obstacle, traced};
use crate::support::{Court, another_clip, dock};
use crate::{is_long, say};

/// Points in the bounded form, over all scenarios.
const BOUNDED: usize = 60;
/// How long a faulty process may go on before it is asked to end.
const FAULTY: Duration = Duration::from_secs(8);
/// Processes under strace at a time: they mostly wait.
const AT_A_TIME: usize = 8;

/// Which calls are counted and fail: all, or those on certain files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Database,
    Objects,
    Sources,
    Key,
}

/// Who works, with which policy, on which files the faults are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scenario {
    /// The daemon, traced once it is idle, and the files come then; else `zhilu ingest` on a new data directory.
    daemon: bool,
    policy: &'static str,
    part: Part,
}

#[test]
fn errors_and_crashes_at_each_system_call() {
    if let Some(obstacle) = obstacle() {
        say(&format!("SKIPPED: no fault was injected, strace cannot trace here: {obstacle}"));
        return;
    }
    let (seed, began) = (Random::seed(0), Instant::now());
    say(&format!("injection: seed {seed}"));
    let mut points = choose(plan(), &mut Random::new(seed));
    if let Ok(only) = std::env::var("ZHILU_FAULTS_ONLY") {
        points.retain(|(scenario, point)| format!("{scenario:?} {point:?}").contains(&only));
    }
    let (next, hits) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some((scenario, point)) = points.get(take(&next)) {
                    match std::panic::catch_unwind(|| run(*scenario, point)) {
                        Ok(hit) => drop(hits.fetch_add(usize::from(hit), Ordering::Relaxed)),
                        Err(why) => failures.lock().unwrap().push(told(&*why)),
                    }
                }
            });
        }
    });
    let (hits, failures) = (hits.into_inner(), failures.into_inner().unwrap());
    let (all, took) = (points.len(), began.elapsed().as_secs_f64());
    say(&format!("injection: {hits} faults met of {all} points, {} failures, {took:.0} s", failures.len()));
    assert!(failures.is_empty(), "{failures:#?}");
    // Threads share the work differently in each run, so the last calls of a thread are not always reached.
    let chosen = std::env::var_os("ZHILU_FAULTS_ONLY").is_some();
    let least = if chosen {
        1
    } else if is_long() {
        all * 6 / 10
    } else {
        30
    };
    assert!(hits >= least, "only {hits} of {all} points were reached");
}

/// What a panic said, said at once: a long run may be cut before its end.
fn told(why: &(dyn std::any::Any + Send)) -> String {
    let text = why.downcast_ref::<String>().map_or("panic", String::as_str);
    say(&format!("FAILED {text}"));
    text.lines().next().unwrap_or_default().to_owned()
}

/// The next of a list; says now and then how far it is.
fn take(next: &AtomicUsize) -> usize {
    let at = next.fetch_add(1, Ordering::Relaxed);
    if at > 0 && at.is_multiple_of(200) {
        say(&format!("injection: {at} points are done"));
    }
    at
}

/// What is traced. The steps differ by policy where the source is released; all the others are done with one policy.
const SCENARIOS: [Scenario; 12] = [
    Scenario { daemon: false, policy: "keep", part: Part::All },
    Scenario { daemon: false, policy: "keep", part: Part::Database },
    Scenario { daemon: false, policy: "keep", part: Part::Key },
    Scenario { daemon: false, policy: "delete", part: Part::Objects },
    Scenario { daemon: false, policy: "delete", part: Part::Sources },
    Scenario { daemon: false, policy: "move", part: Part::All },
    Scenario { daemon: false, policy: "move", part: Part::Sources },
    Scenario { daemon: true, policy: "keep", part: Part::All },
    Scenario { daemon: true, policy: "delete", part: Part::Database },
    Scenario { daemon: true, policy: "delete", part: Part::Sources },
    Scenario { daemon: true, policy: "move", part: Part::All },
    Scenario { daemon: true, policy: "move", part: Part::Objects },
];

/// Every point of every scenario, counted in runs without faults.
fn plan() -> Vec<(Scenario, Point)> {
    let (next, points) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(scenario) = SCENARIOS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = points_of(*scenario);
                    points.lock().unwrap().extend(found.into_iter().map(|p| (*scenario, p)));
                }
            });
        }
    });
    points.into_inner().unwrap()
}

fn points_of(scenario: Scenario) -> Vec<Point> {
    let (court, model) = prepare(scenario);
    let (log, status) = faulty(scenario, &court, &model, None);
    assert_eq!(status.code(), Some(0), "{scenario:?} without faults: {}", court.log());
    model.verify_drained(&court, scenario.policy, &format!("{scenario:?} without faults"));
    let mut points = Vec::new();
    for (call, most) in log.most() {
        // Of all files, `pwrite64` is the database's but for the first few, and `openat` is the loader's first.
        let most = if scenario.part == Part::All && matches!(call.as_str(), "pwrite64" | "openat") {
            most.min(8)
        } else {
            most
        };
        for nth in 1..=most {
            // A database writes many pages that are alike: each of those meets one of the faults.
            let faults = Fault::ALL.into_iter().enumerate();
            let faults = faults.filter(|(i, _)| most < 100 || nth as usize % Fault::ALL.len() == *i);
            points.extend(faults.map(|(_, fault)| Point { call: call.clone(), nth, fault }));
        }
    }
    points
}

/// All of them in the long form, else some of each scenario and each call.
fn choose(mut points: Vec<(Scenario, Point)>, random: &mut Random) -> Vec<(Scenario, Point)> {
    let all = points.len();
    if !is_long() {
        let mut groups: std::collections::BTreeMap<String, Vec<(Scenario, Point)>> = Default::default();
        for (scenario, point) in points.drain(..) {
            groups
                .entry(format!("{:?} {} {}", scenario.part, scenario.daemon, point.call))
                .or_default()
                .push((scenario, point));
        }
        while points.len() < BOUNDED && groups.values().any(|g| !g.is_empty()) {
            let room = BOUNDED - points.len();
            for group in groups.values_mut().filter(|g| !g.is_empty()).take(room) {
                let at = random.below(group.len() as u64);
                points.push(group.swap_remove(usize::try_from(at).unwrap()));
            }
        }
    }
    // Mixed, so that a cut run has tried some of everything.
    for i in (1..points.len()).rev() {
        points.swap(i, usize::try_from(random.below(i as u64 + 1)).unwrap());
    }
    say(&format!("injection: {} of {all} points", points.len()));
    points
}

/// One fault, then everything without faults; says whether the fault was met.
fn run(scenario: Scenario, point: &Point) -> bool {
    let story = format!("{scenario:?} {point:?}");
    let (court, model) = prepare(scenario);
    let (log, status) = faulty(scenario, &court, &model, Some(point));
    let hit = !log.injected().is_empty() || (point.fault == Fault::Kill && status.code().is_none());
    let output = court.log();
    // 127: the program loader itself could not open a library.
    let ended_well = matches!(status.code(), Some(0..=2))
        || (point.fault == Fault::Kill && std::os::unix::process::ExitStatusExt::signal(&status) == Some(9))
        || (point.call == "openat" && status.code() == Some(127));
    if !log.hit_no_file() {
        assert!(ended_well, "{story}: {status}\n{output}");
        assert!(!output.contains("panicked"), "{story}: {output}");
        assert!(status.code() != Some(2) || output.contains("zhilu: "), "{story}: no message: {output}");
    }
    model.verify_crashed(&court, scenario.policy, &story);
    if status.code() == Some(0) && !scenario.daemon {
        model.verify_drained(&court, scenario.policy, &format!("{story}, which it did not mind"));
    }
    let uploads = court.uploads();
    let clean = ingest(&court, &uploads);
    let mut process = Process::start(clean, &court.path().join("log"));
    let status = process.wait(Duration::from_secs(90));
    assert!(status.is_some_and(|s| s.code() == Some(0)), "{story}: afterwards {status:?}\n{}", court.log());
    if has_aside(&uploads) || scenario.daemon {
        // What was put aside for its removal is taken again by the daemon, when it has been so for a while.
        drain(&court, &model, &story);
    }
    model.verify_tidy(&court, scenario.policy, &story);
    hit
}

fn has_aside(uploads: &Path) -> bool {
    std::fs::read_dir(uploads)
        .unwrap()
        .map_while(Result::ok)
        .any(|e| e.file_name().to_string_lossy().starts_with(".zhilu-"))
}

/// A court and what is uploaded there.
fn prepare(scenario: Scenario) -> (Court, Model) {
    let court = Court::with(scenario.policy, TEMPORARY);
    let mut model = Model::default();
    for (name, bytes) in files() {
        model.add(Path::new(name), &bytes);
        if !scenario.daemon {
            dock(&court.uploads(), name, &bytes);
        }
    }
    std::fs::create_dir_all(court.uploads().join("（2021）吉0721执123号")).unwrap();
    (court, model)
}

/// Two clips, one of them twice, and a sidecar.
fn files() -> [(&'static str, Vec<u8>); 4] {
    [
        ("a.mp4", another_clip(1)),
        ("（2021）吉0721执123号/again.mp4", another_clip(1)),
        ("a.xml", b"<?xml version=\"1.0\"?><locations policeNum=\"001234\" devNum=\"0012345\"/>".to_vec()),
        ("b.mp4", bigger(2, 600_000)),
    ]
}

fn ingest(court: &Court, uploads: &Path) -> Command {
    court.command(&["ingest", uploads.to_str().unwrap()])
}

/// Works under strace until everything is done, or until it is asked to end.
fn faulty(scenario: Scenario, court: &Court, model: &Model, point: Option<&Point>) -> (Log, ExitStatus) {
    let log = court.path().join("strace");
    // Without a fault it ends by itself, however busy the machine is.
    let most = if point.is_some() { FAULTY } else { Duration::from_secs(120) };
    let arguments = arguments(&log, &paths(scenario.part, court, model), point);
    let (mut process, status);
    if scenario.daemon {
        process = serve(court);
        wait_until_ready(court, &mut process);
        let mut tracer = attach(&process, &arguments);
        for (name, bytes) in files() {
            dock(&court.uploads(), name, &bytes);
        }
        status = match wait_until_drained(court, &mut process, model.files.len(), most) {
            Ok(()) | Err(_) => process.end(Duration::from_secs(25)),
        };
        tracer.wait(Duration::from_secs(5));
    } else {
        process = Process::start(traced(&ingest(court, &court.uploads()), &arguments), &court.path().join("log"));
        let ended = process.wait(most);
        status = ended.unwrap_or_else(|| process.end(Duration::from_secs(25)));
    }
    (Log::read(&log, process.pid()), status)
}

/// strace on all threads of a running process.
fn attach(process: &Process, arguments: &[String]) -> Process {
    let mut strace = Command::new("strace");
    strace.args(arguments).arg("-p").arg(process.pid().to_string());
    let tracer = Process::start(strace, Path::new("/dev/null"));
    let tasks = format!("/proc/{}/task", process.pid());
    let traced = |task: PathBuf| {
        let status = std::fs::read_to_string(task.join("status")).unwrap_or_default();
        status.lines().any(|l| l.starts_with("TracerPid:") && !l.ends_with("\t0"))
    };
    let began = Instant::now();
    while !std::fs::read_dir(&tasks).unwrap().map_while(Result::ok).all(|t| traced(t.path())) {
        assert!(began.elapsed() < Duration::from_secs(20), "strace does not attach");
        std::thread::sleep(Duration::from_millis(5));
    }
    tracer
}

fn paths(part: Part, court: &Court, model: &Model) -> Vec<PathBuf> {
    let (data, uploads) = (court.data(), court.uploads());
    match part {
        Part::All => Vec::new(),
        Part::Database => ["", "-wal", "-shm", "-journal"].map(|end| data.join(format!("catalog.sqlite{end}"))).into(),
        Part::Key => vec![data.join("keys"), data.join("keys/ledger.key.new"), data.join("keys/ledger.key")],
        Part::Sources => {
            let files = model.files.keys().map(|place| uploads.join(place));
            files.chain([uploads.clone(), uploads.join("（2021）吉0721执123号")]).collect()
        }
        Part::Objects => model
            .files
            .values()
            .map(|digest| data.join("vault/objects").join(&digest[..2]))
            .zip(model.files.values())
            .flat_map(|(dir, digest)| [dir.clone(), dir.join(&digest[2..])])
            .collect(),
    }
}
