//! Fills a data directory with a court's years: cases, clips, notes and incidents in realistic Chinese, from a seed. The search
//! benchmark (`tests/bench/search/run`) asks questions of it.
//!
//! `cargo run --release --example bench-search -- --data-dir DIR --clips 1000000 [--seed 1] [--group 100] [--database URL]`
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark ends at the first surprise and prints what it made"
)]

mod text;
mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use zhilu::clock::SystemClock;
use zhilu::config::Config;
use zhilu::search::index;
use zhilu::store::Store;

struct Options {
    data_dir: PathBuf,
    database: String,
    clips: u64,
    seed: u64,
    group: usize,
}

fn options() -> Options {
    let mut options =
        Options { data_dir: PathBuf::new(), database: String::new(), clips: 100_000, seed: 1, group: 100 };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        match name.as_str() {
            "--data-dir" => options.data_dir = value.into(),
            "--database" => options.database = value,
            "--clips" => options.clips = value.parse().unwrap(),
            "--seed" => options.seed = value.parse().unwrap(),
            "--group" => options.group = value.parse().unwrap(),
            other => panic!("unknown option {other}"),
        }
    }
    options
}

#[tokio::main]
async fn main() {
    let options = options();
    let mut config = Config { data_dir: options.data_dir.clone(), ..Config::default() };
    config.database.url.clone_from(&options.database);
    let store = Store::open(&config, Arc::new(SystemClock)).await.unwrap();
    // As a daemon does before anything else; otherwise the next one would make all documents anew.
    index::adopt(&store.custody.db).await.unwrap();
    let began = Instant::now();
    let made = world::fill(&store.custody, options.clips, options.seed, options.group).await;
    store.custody.db.close().await;
    println!(
        "{}",
        serde_json::json!({
            "clips": options.clips,
            "cases": made.cases,
            "notes": made.notes,
            "incidents": made.incidents,
            "seconds": began.elapsed().as_secs_f64(),
            "clip_seconds": made.clip_seconds,
            "clip_cpu_seconds": made.clip_cpu.as_secs_f64(),
        })
    );
}
