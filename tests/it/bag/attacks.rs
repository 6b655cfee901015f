//! The attacks: what is done to a bag, and the exit code that both programs must give, as it is and with every list made anew.

mod disk;
mod table;

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
