//! Bags that a court made as it should.

use super::court::Court;
use super::judges::{Case, code};
use super::sample::Sample;

fn is_proved(sample: &Sample, policy: &str) -> (String, String) {
    let case = Case::new(&sample.files, policy);
    let report = case.report();
    assert_eq!(code(&report), 0, "{:?} {:?}", report.findings, report.doubts);
    let (code, said) = case.python();
    assert_eq!(code, Some(0), "{said}");
    (format!("{:?}", report.remarks), said)
}

#[test]
fn whole_bags_are_proved_with_and_without_witnesses() {
    for (witnesses, quorum) in [(0, 0), (1, 1), (3, 2), (3, 3), (2, 0)] {
        let sample = Sample::new(witnesses, quorum);
        let (remarks, said) = is_proved(&sample, &sample.court.policy);
        assert!(remarks.contains("list: []"), "{remarks}");
        assert_eq!(said.contains("only the court's own key vouches"), quorum == 0, "{said}");
        assert_eq!(said.matches("witness w").count(), witnesses, "{said}");
    }
}

#[test]
fn what_is_proved_is_said() {
    let sample = Sample::new(3, 2);
    let case = Case::new(&sample.files, &sample.court.policy);
    let report = case.report();
    assert_eq!(report.clips.len(), 4);
    let clip = report.clips.iter().find(|clip| clip.entry == sample.clip).unwrap();
    assert_eq!((clip.size_bytes, clip.recorder.as_deref()), (5000, Some("T8C-000123")));
    let words: Vec<_> = clip.history.iter().map(|step| format!("{} {}", step.event, step.actor)).collect();
    assert_eq!(
        words,
        ["clip intake", "fixity_check scrub", "view token:张三", "export 李四", "export_begin 王五", "export 王五"]
    );
    let disposed = report.clips.iter().find(|clip| clip.entry == sample.disposed).unwrap();
    assert_eq!(disposed.disposed.as_deref(), Some("R1, 2026-01-01T00:00:00Z"));
    assert_eq!(report.subjects[0].subject, "incident 9001");
    assert_eq!(report.vouched.as_ref().unwrap().witnesses.len(), 3);
    let (_, said) = case.python();
    for text in ["token:张三", &clip.sha256, clip.sm3.as_ref().unwrap(), "T8C-000123", "w3.example/witness", "R1"] {
        assert!(said.contains(text), "{text} is not in {said}");
    }
}

#[test]
fn the_policy_in_the_bag_decides_nothing() {
    // An auditor who trusts other witnesses than the court's.
    let sample = Sample::new(3, 0);
    let log = sample.court.policy.lines().find(|line| line.starts_with("log ")).unwrap();
    let [one, two, three] = [0, 1, 2].map(|n| sample.court.witnesses[n].vkey());
    let own = |rest: &str| format!("{log}\nwitness a {one}\nwitness b {two}\nwitness c {three}\n{rest}");
    let nested = own("group ab any a b\ngroup all all ab c\nquorum all\n");
    let (remarks, _) = is_proved(&sample, &nested);
    assert!(remarks.contains("policy_other"));
    // A court that asks for more than it got does not bind an auditor who asks for less.
    let mut court = Court::new(1, 3, 3);
    court.witnesses.truncate(1);
    let sample = Sample::of(court);
    let (remarks, _) = is_proved(&sample, &format!("{log}\nquorum none\n"));
    assert!(remarks.contains("policy_other"));
    let case = Case::new(&sample.files, &own("group all 2 a b c\nquorum all\n"));
    assert_eq!((code(&case.report()), case.python().0), (2, Some(2)));
}
