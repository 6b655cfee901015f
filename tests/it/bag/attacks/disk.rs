//! Attacks that only a file system can hold: links, pipes, directories, files that nobody may read.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::verdicts;
use crate::bag::judges::Case;
use crate::bag::sample::Sample;

type OnDisk = (&'static str, fn(&Path, &Sample), i32);

const ON_DISK: &[OnDisk] = &[
    (
        "a clip is a link to its bytes elsewhere",
        |bag, s| {
            let (clip, away) = (bag.join(format!("data/clips/{}.mp4", s.clip)), bag.join("../away"));
            std::fs::rename(&clip, &away).unwrap();
            symlink(&away, &clip).unwrap();
        },
        1,
    ),
    (
        "the clips are a link to a directory elsewhere",
        |bag, _| {
            std::fs::rename(bag.join("data/clips"), bag.join("../away")).unwrap();
            symlink("../../away", bag.join("data/clips")).unwrap();
        },
        1,
    ),
    (
        "the log is a link to itself",
        |bag, _| {
            std::fs::rename(bag.join("log"), bag.join("../away")).unwrap();
            symlink("log", bag.join("log")).unwrap();
        },
        1,
    ),
    ("a link more", |bag, _| symlink("/etc/passwd", bag.join("data/clips/99.mp4")).unwrap(), 1),
    (
        "an entry is a pipe",
        |bag, s| {
            let line = bag.join(format!("log/{}.json", s.view));
            std::fs::remove_file(&line).unwrap();
            assert!(std::process::Command::new("mkfifo").arg(&line).status().unwrap().success());
        },
        1,
    ),
    ("an empty directory more", |bag, _| std::fs::create_dir(bag.join("data/clips/more")).unwrap(), 1),
    (
        "a clip is a directory",
        |bag, s| {
            let clip = bag.join(format!("data/clips/{}.mp4", s.clip));
            std::fs::remove_file(&clip).unwrap();
            std::fs::create_dir(&clip).unwrap();
        },
        1,
    ),
    (
        "a name that is no text",
        |bag, _| {
            use std::os::unix::ffi::OsStrExt as _;
            std::fs::write(bag.join(std::ffi::OsStr::from_bytes(b"data/clips/9\xff.mp4")), "x").unwrap();
        },
        1,
    ),
    (
        "a salt of many gigabytes",
        |bag, s| {
            let salt =
                std::fs::File::options().write(true).open(bag.join(format!("data/details/{}.salt", s.view))).unwrap();
            salt.set_len(1 << 40).unwrap();
        },
        1,
    ),
    (
        "a clip of many gigabytes",
        |bag, s| {
            let clip =
                std::fs::File::options().write(true).open(bag.join(format!("data/clips/{}.mp4", s.clip))).unwrap();
            clip.set_len(1 << 40).unwrap();
        },
        1,
    ),
    ("the bag is not there", |bag, _| std::fs::remove_dir_all(bag).unwrap(), 2),
    (
        "the bag is a file",
        |bag, _| {
            std::fs::remove_dir_all(bag).unwrap();
            std::fs::write(bag, "x").unwrap();
        },
        2,
    ),
    (
        "the bag is empty",
        |bag, _| {
            std::fs::remove_dir_all(bag).unwrap();
            std::fs::create_dir(bag).unwrap();
        },
        2,
    ),
];

#[test]
fn what_only_a_file_system_can_hold_does_not_pass_either() {
    let sample = Sample::new(0, 0);
    for (name, attack, expected) in ON_DISK {
        let case = Case::new(&sample.files, &sample.court.policy);
        attack(&case.bag(), &sample);
        let (rust, python, said) = verdicts(&case);
        assert_eq!((rust, python), (*expected, Some(*expected)), "{name}: {said}");
    }
}
