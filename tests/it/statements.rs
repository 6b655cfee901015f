//! How many statements it takes to accept a group: they must not grow with it.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use zhilu::custody::accept::{Arrival, accept};

use crate::api::world::World;

/// The statements that were run.
static RUN: AtomicU64 = AtomicU64::new(0);
/// Tables that rows are written to with every clip: clips, uploads, custody events, ledger entries, documents, index.
const TABLES: u64 = 6;
/// Statements more or less that the index's upkeep takes.
const SLACK: u64 = 6;
/// Tables that a second row is written to where a clip is tied to a case or marked: ties, events, entries, and the document of the case or
/// incident with its index row.
const EXTRA: u64 = 5;
/// Statements that accept a hundred clips of which nothing is known.
const MOST_PLAIN: u64 = 60;
/// Names the file for what [`counted`] counts.
const RESULTS: &str = "ZHILU_TEST_STATEMENTS";

/// Statements that write so many rows: each takes as many of them as one of these.
fn portions(mut rows: u64) -> u64 {
    [100, 50, 25, 10, 5, 2, 1].into_iter().map(|size| (rows / size, rows %= size).0).sum()
}

struct Counter;

impl<S: Subscriber> Layer<S> for Counter {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            RUN.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// A group of `size` arrivals, their names made by `name` from their number.
fn group(world: &World, size: usize, name: fn(usize) -> String) -> Vec<Arrival> {
    let arrival = |n: usize| world.arrival(name(n), format!("{} {n}", name(n)).as_bytes());
    (0..size).map(arrival).collect()
}

fn plain(n: usize) -> String {
    format!("0012345_00123420240508{:02}{:02}00_0001.mp4", 8 + n / 60, n % 60)
}

type Naming = fn(usize) -> String;

/// Ways in which clips arrive.
const WAYS: [(&str, Naming); 5] = [
    ("plain", plain),
    ("one case", |n| format!("（2021）吉0721执1号/{}", plain(n))),
    ("a case each", |n| format!("（2021）吉0721执{}号/{}", n + 1, plain(n))),
    ("one marked", |n| plain(n).replace(".mp4", if n == 0 { "_IMP.mp4" } else { ".mp4" })),
    ("all marked", |n| plain(n).replace(".mp4", "_IMP.mp4")),
];

/// Counts; in a process of its own, because the counter counts for all threads.
#[tokio::test]
#[ignore = "run by a_group_takes_no_more_statements_than_a_small_one"]
async fn counted() {
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Counter)).unwrap();
    let mut counts = BTreeMap::new();
    for (way, name) in WAYS {
        for size in [1, 10, 100] {
            let world = World::new().await;
            // Whatever is prepared once.
            accept(&world.app.custody, &group(&world, 1, |_| "first.mp4".to_owned())).await.unwrap();
            let group = group(&world, size, name);
            let before = RUN.load(Ordering::SeqCst);
            accept(&world.app.custody, &group).await.unwrap();
            counts.insert(format!("{way} {size}"), RUN.load(Ordering::SeqCst) - before);
        }
    }
    let json = serde_json::to_string(&counts).unwrap();
    std::fs::write(std::env::var(RESULTS).unwrap(), json).unwrap();
}

#[test]
fn a_group_takes_no_more_statements_than_a_small_one() {
    let dir = tempfile::tempdir().unwrap();
    let results = dir.path().join("counts.json");
    let done = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "statements::counted", "--ignored", "--test-threads=1"])
        .env(RESULTS, &results)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    let counts: BTreeMap<String, u64> = serde_json::from_slice(&std::fs::read(results).unwrap()).unwrap();
    let of = |way: &str, size: u64| counts[&format!("{way} {size}")];
    // Rows are written in portions. A marked clip makes an incident, with its rows, its history and its place among its neighbours; a case
    // that is new is entered. Nothing else is done clip by clip.
    for (way, each) in [("plain", 0), ("one case", 0), ("a case each", 1), ("one marked", 0), ("all marked", 12)] {
        let rows = |size: u64| TABLES * (portions(size) - 1) + EXTRA * portions(2 * size);
        let most = |size: u64| of(way, 1) + (size - 1) * each + rows(size) + SLACK;
        assert!(of(way, 10) <= most(10) && of(way, 100) <= most(100), "{way}: {counts:#?}");
    }
    assert!(of("plain", 100) <= MOST_PLAIN, "{counts:#?}");
}
