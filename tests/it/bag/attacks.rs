//! The attacks: what is done to a bag, and the exit code that both programs must give, as it is and with every list made anew.

mod disk;
mod table;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use zhilu::ledger::entry::EntryKind;
use zhilu::model::digest::to_hex;

use super::court::Court;
use super::files::Files;
use super::judges::{Case, code};
use super::sample::Sample;
use table::{ATTACKS, Attack, ON_LISTS};

/// What both programs say of a bag.
fn verdicts(case: &Case) -> (i32, Option<i32>, String) {
    let report = case.report();
    let (python, said) = case.python();
    (code(&report), python, format!("{:?} {:?}\n{said}", report.findings, report.doubts))
}

/// As an attack leaves a bag, and as its lists are made anew by `list`.
fn judge(sample: &Sample, attack: &Attack, list: fn(&mut Files)) -> Vec<String> {
    let mut wrong = Vec::new();
    for (rebuilt, expected) in [(false, attack.plain), (true, attack.rebuilt)] {
        let mut files = sample.files.clone();
        (attack.change)(&mut files, sample);
        assert!(files.0 != sample.files.0, "{} changes nothing", attack.name);
        if rebuilt {
            list(&mut files);
            if files.0 == sample.files.0 {
                continue;
            }
        }
        let (rust, python, said) = verdicts(&Case::new(&files, &sample.court.policy));
        if (rust, python) != (expected, Some(expected)) {
            let with = if rebuilt { "lists made anew" } else { "as it is" };
            wrong.push(format!("{} ({with}): expected {expected}, {rust} and {python:?}\n{said}", attack.name));
        }
    }
    wrong
}

/// Tries every attack of a table, on two threads.
fn judge_all(attacks: &[Attack], list: fn(&mut Files)) {
    let sample = Sample::new(3, 2);
    let (one, two) = attacks.split_at(attacks.len() / 2);
    let each = |half: &[Attack]| half.iter().flat_map(|attack| judge(&sample, attack, list)).collect::<Vec<_>>();
    let wrong = std::thread::scope(|scope| {
        let other = scope.spawn(|| each(two));
        [each(one), other.join().unwrap()].concat()
    });
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_attack_passes_and_both_programs_say_the_same() {
    assert!(ATTACKS.iter().all(|attack| attack.plain != 0 && attack.rebuilt != 0));
    judge_all(ATTACKS, Files::list_anew);
}

#[test]
fn no_attack_on_the_lists_passes() {
    assert!(ON_LISTS.iter().all(|attack| attack.plain != 0));
    judge_all(ON_LISTS, Files::list_rest);
}

#[test]
fn a_bag_made_anew_under_another_key_counts_for_nothing() {
    let pinned = Sample::new(3, 2).court.policy;
    // Another key of the same name, with witnesses of its own; and the court's key, which no witness follows.
    let mut alone = Court::new(1, 3, 2);
    alone.witnesses.clear();
    for forger in [Court::new(2, 3, 2), Court::new(2, 0, 0), alone] {
        let (rust, python, said) = verdicts(&Case::new(&Sample::of(forger).files, &pinned));
        assert_eq!((rust, python), (2, Some(2)), "{said}");
    }
}

#[test]
fn what_another_version_wrote_cannot_be_verified() {
    for (from, to) in [("\"v\":1", "\"v\":2"), ("\"kind\":\"event\"", "\"kind\":\"later\"")] {
        let mut court = Court::new(1, 0, 0);
        let clip = court.take(b"clip", None, false);
        let event = usize::try_from(court.event(clip, "view", "张三")).unwrap();
        let line = String::from_utf8(court.lines[event].clone()).unwrap();
        court.lines[event] = line.replace(from, to).into_bytes();
        let policy = court.policy.clone();
        let (rust, python, said) = verdicts(&Case::new(&court.export(), &policy));
        assert_eq!((rust, python), (2, Some(2)), "{said}");
    }
}

#[test]
fn what_a_court_should_not_have_written_is_named() {
    let court = || {
        let mut court = Court::new(1, 0, 0);
        let clip = court.take(b"clip", Some("T8C-1"), false);
        (court, clip)
    };
    let clip = |more: serde_json::Value| {
        let mut public = json!({"sha256": to_hex(&Sha256::digest(b"x")), "size": 1, "start": "2026-05-08T03:29:20Z"});
        public.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        public
    };
    let mut wrong: Vec<(&str, Court)> = Vec::new();
    let (mut forked, first) = court();
    forked.beside(EntryKind::Event, Some(first), json!({"event": "view"}), true);
    forked.event(first, "view", "张三");
    wrong.push(("chain_forked", forked));
    let (mut alone, _) = court();
    alone.beside(EntryKind::Event, None, json!({"event": "view"}), true);
    wrong.push(("chain_broken", alone));
    let (mut mixed, first) = court();
    let change = mixed.beside(EntryKind::Amend, Some(first), json!({"event": "change", "incident": "1"}), true);
    mixed.heads.insert(first, change);
    wrong.push(("chain_broken", mixed));
    let (mut other, _) = court();
    let incident = other.beside(EntryKind::Amend, None, json!({"event": "create", "incident": "1"}), true);
    other.beside(EntryKind::Amend, Some(incident), json!({"event": "change", "incident": "2"}), true);
    wrong.push(("chain_broken", other));
    let (mut twice, _) = court();
    twice.take(b"clip", Some("T8C-1"), false);
    wrong.push(("clip_doubled", twice));
    for (code, more) in [
        ("detail_differs", json!({"end": "2026-05-08T03:29:19Z"})),
        ("detail_differs", json!({"end": "soon"})),
        ("detail_differs", json!({"recorder": "T8C-2"})),
        ("copy_truncated", json!({"size": 2})),
        ("copy_altered", json!({"sha256": "0".repeat(64)})),
        ("entry_altered", json!({"sha256": null})),
    ] {
        let (mut court, _) = court();
        let detail = json!({"actor": "intake", "recorder": "T8C-1"});
        court.take_as(clip(more), &detail, b"x");
        wrong.push((code, court));
    }
    for (code, change) in [
        ("disposed_too_early", json!({"allowed_from": "2036-01-01T00:00:00Z"})),
        ("disposal_differs", json!({"rules": 0})),
        ("disposal_differs", json!({"rules": 99})),
        ("disposal_differs", json!({"clip": 0})),
    ] {
        let (mut court, _) = court();
        let rules = court.beside(EntryKind::Rules, None, json!({"rules": []}), true);
        let disposed = court.take(b"disposed", None, false);
        court.dispose(disposed, rules, &change);
        wrong.push((code, court));
    }
    let (mut held, _) = court();
    let rules = held.beside(EntryKind::Rules, None, json!({"rules": []}), true);
    let disposed = held.take(b"disposed", None, false);
    for (event, hold) in [("hold", "1"), ("hold", "2"), ("lift", "1")] {
        held.event_with(disposed, json!({"event": event, "hold": hold}), "张三");
    }
    held.dispose(disposed, rules, &json!({}));
    wrong.push(("disposed_while_held", held));
    for (code, mut court) in wrong {
        let policy = court.policy.clone();
        let case = Case::new(&court.export(), &policy);
        let report = case.report();
        assert!(report.findings.list().iter().any(|f| f.code == code), "{code}: {:?}", report.findings);
        assert_eq!(case.python().0, Some(1), "{code}: {}", case.python().1);
    }
}

#[test]
fn what_is_no_bag_or_no_policy_cannot_be_verified() {
    let sample = Sample::new(0, 0);
    let mut nothing = Files::default();
    nothing.put("readme", "no bag");
    for (files, policy) in [
        (&nothing, sample.court.policy.as_str()),
        (&sample.files, "quorum none\n"),
        (&sample.files, "log x\nquorum none\n"),
    ] {
        let case = Case::new(files, policy);
        assert_eq!(case.python().0, Some(2));
        assert_eq!(case.run(&[]).0, Some(2));
    }
}
