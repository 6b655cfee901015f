//! kill -9 at random moments under load.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::court::{Process, ask_live, serve, wait_until_ready};
use crate::model::{Model, files_below};
use crate::random::Random;
use crate::support::{Court, another_clip, dock};
use crate::{is_long, say};

/// Kills in a round; then it drains and is compared.
const KILLS: u64 = 9;
/// Most bytes that a round uploads.
const MOST_BYTES: usize = 96 << 20;
/// Longest time from start to kill, in milliseconds: longer than a file takes to settle and to be accepted.
const LONGEST_MS: u64 = 2000;
/// A source that was put aside for its removal is taken from there again when the removal was cut; this says how soon.
pub(crate) const TEMPORARY: &str = "temporary_s = 3";
/// Time to drain.
const PATIENCE: Duration = Duration::from_secs(90);

#[test]
fn kills_with_sources_kept() {
    under_load("keep", 1);
}

#[test]
fn kills_with_sources_moved() {
    under_load("move", 2);
}

#[test]
fn kills_with_sources_deleted() {
    under_load("delete", 3);
}

fn under_load(policy: &str, part: u64) {
    let (seed, began) = (Random::seed(0), Instant::now());
    let rounds = if is_long() { 8 } else { 1 };
    say(&format!("kills, {policy}: seed {seed}"));
    let (mut kills, mut files) = (0, 0);
    for round in 0..rounds {
        let mut random = Random::new(seed ^ (part << 40) ^ (round << 48));
        let story = format!("kills, {policy}, seed {seed}, round {round}");
        let done = one_round(policy, &mut random, &story);
        kills += done.0;
        files += done.1;
    }
    say(&format!("kills, {policy}: {kills} kills, {files} files, {:.0} s", began.elapsed().as_secs_f64()));
    assert!(kills >= rounds * KILLS && files as u64 >= kills, "{kills} kills, {files} files");
}

/// Gives the number of kills and of files.
fn one_round(policy: &str, random: &mut Random, story: &str) -> (u64, usize) {
    let court = Court::with(policy, TEMPORARY);
    let model = Mutex::new(Model::default());
    let snapshot = || model.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let stop = AtomicBool::new(false);
    let mut kills = 0;
    std::thread::scope(|scope| {
        let load = Random::new(random.next());
        scope.spawn(|| write_load(load, &court.uploads(), &model, &stop));
        let _stop_at_end = StopAtEnd(&stop);
        for _ in 0..KILLS {
            let daemon = serve(&court);
            std::thread::sleep(random.pause(LONGEST_MS));
            let status = daemon.kill();
            assert!(
                !status.success() && status.code().is_none(),
                "{story}: it ended by itself: {status}\n{}",
                court.log()
            );
            kills += 1;
            snapshot().verify_crashed(&court, policy, &format!("{story}, kill {kills}"));
        }
    });
    let model = snapshot();
    drain(&court, &model, story);
    model.verify_tidy(&court, policy, story);
    assert!(!court.log().contains("panicked"), "{story}: {}", court.log());
    (kills, model.files.len())
}

/// Ends the writer even when the test fails: the scope waits for it.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Starts the daemon, waits until nothing is left to do, ends it softly.
pub(crate) fn drain(court: &Court, model: &Model, story: &str) {
    let mut daemon = serve(court);
    wait_until_ready(court, &mut daemon);
    wait_until_drained(court, &mut daemon, model.files.len(), PATIENCE)
        .unwrap_or_else(|seen| panic!("{story}: does not drain: {seen}\n{}", court.log()));
    let status = daemon.stop(Duration::from_secs(20));
    assert!(status.success(), "{story}: {status}\n{}", court.log());
}

/// Waits until `files` places are released, none is open, and no source is left that is to go.
pub(crate) fn wait_until_drained(
    court: &Court,
    daemon: &mut Process,
    files: usize,
    most: Duration,
) -> Result<(), String> {
    // A moved duplicate whose removal was cut is back in its folder although its upload is released; it is taken once more.
    let keeps = court.config.contains("source = \"keep\"");
    let sql = "select count(distinct hex(dir) || '/' || hex(name)) places, count(*) filter (where state <> 'released') open from uploads \
               where name not like '.zhilu-%'";
    let began = Instant::now();
    loop {
        let seen = ask_live(court, sql).and_then(|rows| rows.into_iter().next());
        if let Some(row) = &seen
            && row["open"] == 0
            && row["places"].as_u64() >= Some(files as u64)
            && (keeps || files_below(&court.uploads()).is_empty())
        {
            return Ok(());
        }
        if let Some(status) = daemon.wait(Duration::from_millis(100)) {
            return Err(format!("the daemon ended: {status}"));
        }
        if began.elapsed() > most {
            return Err(format!("{seen:?} of {files} files after {most:?}"));
        }
    }
}

/// Copies clips, duplicates and sidecars into the folder, in the ways in which docking tools do.
fn write_load(mut random: Random, folder: &Path, model: &Mutex<Model>, stop: &AtomicBool) {
    let (mut number, mut bytes) = (0_u32, 0);
    let mut last: Vec<u8> = another_clip(0);
    while !stop.load(Ordering::Acquire) {
        std::thread::sleep(random.pause(120));
        if bytes > MOST_BYTES {
            continue;
        }
        number += 1;
        let (place, content) = next_file(&mut random, number, &last);
        bytes += content.len();
        write_one(&mut random, folder, &place, &content);
        model.lock().unwrap_or_else(PoisonError::into_inner).add(&place, &content);
        last = content;
    }
}

fn next_file(random: &mut Random, number: u32, last: &[u8]) -> (PathBuf, Vec<u8>) {
    let dir = match random.below(4) {
        0 => "（2021）吉0721执123号",
        1 => "DCIM/100ANDRO",
        2 => "dock/0012345/20240508",
        _ => "",
    };
    let clip = format!("0012345_00123420240508132920_{number:04}");
    let (name, content) = match random.below(10) {
        0 | 1 => (format!("again_{number}.mp4"), last.to_vec()),
        2 => (format!("{clip}.xml"), sidecar(number)),
        3 => (format!("{clip}_IMP.mp4"), bigger(number, 12 << 20)),
        4 | 5 => (format!("{clip}.mp4"), bigger(number, 1 << 20)),
        6 => (format!("（2022）吉0721执{number}号.mp4"), another_clip(number)),
        _ => (format!("{clip}.mp4"), another_clip(number)),
    };
    (Path::new(dir).join(name), content)
}

fn sidecar(number: u32) -> Vec<u8> {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><locations policeNum=\"{number:06}\" devNum=\"0012345\"/>")
        .into_bytes()
}

/// A clip of about `size` bytes more.
pub(crate) fn bigger(number: u32, size: usize) -> Vec<u8> {
    let mut bytes = another_clip(number);
    bytes.extend_from_slice(&u32::try_from(size + 8).unwrap().to_be_bytes());
    bytes.extend_from_slice(b"free");
    let mut random = Random::new(number.into());
    bytes.extend((0..size / 8).flat_map(|_| random.next().to_le_bytes()));
    bytes
}

fn write_one(random: &mut Random, folder: &Path, place: &Path, content: &[u8]) {
    if random.below(2) == 0 {
        dock(folder, place.to_str().unwrap(), content);
        return;
    }
    let path = folder.join(place);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = std::fs::File::create(&path).unwrap();
    for piece in content.chunks((content.len() / 4).max(1)) {
        file.write_all(piece).unwrap();
        std::thread::sleep(random.pause(30));
    }
}
