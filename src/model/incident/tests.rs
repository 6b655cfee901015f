use super::*;
use crate::model::id::Id;
use crate::model::time::{Micros, UtcOffset};

fn at(text: &str) -> Micros {
    text.parse().unwrap()
}

const NOW: &str = "2026-11-24T08:52:07Z";

fn fields(measure: &Measure) -> Vec<String> {
    measure.faults(at(NOW)).into_iter().map(|f| f.field.into_owned()).collect()
}

fn decided(kind: MeasureKind) -> Measure {
    let approved = kind.needs_approval();
    Measure {
        decided_by: "李四".to_owned(),
        decided: Some(at("2026-11-02T02:00:00Z")),
        approved_by: if approved { "王五".to_owned() } else { String::new() },
        approved: approved.then(|| at("2026-11-02T01:00:00Z")),
        amount_yuan: (kind == MeasureKind::Fine).then_some(5000),
        days: (kind == MeasureKind::Detention).then_some(10),
        ..Measure::proposed(kind, "张三")
    }
}

#[test]
fn codes_are_read_strictly_and_ordered_by_number() {
    let read = |text: &str| text.parse::<Code>().map(|c| c.to_string());
    assert_eq!(read(" v2 "), Ok("V2".to_owned()));
    for bad in ["", "V", "2", "V0", "V02", "V1000", "VV1", "V-1", "行1"] {
        assert_eq!(read(bad), Err(InvalidCode), "{bad}");
    }
    let mut codes: Vec<Code> = ["V10", "V2", "V1"].map(|c| c.parse().unwrap()).into();
    codes.sort_unstable();
    assert_eq!(codes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["V1", "V2", "V10"]);
}

#[test]
fn an_incident_goes_only_the_ways_there_are() {
    use Status::{Closed, Confirmed, Dismissed, Suspected};
    let ways = |from: Status| from.ways().collect::<Vec<_>>();
    assert_eq!(ways(Suspected), [Confirmed, Dismissed]);
    assert_eq!(ways(Confirmed), [Closed, Dismissed]);
    assert_eq!(ways(Closed), [Confirmed]);
    assert_eq!(ways(Dismissed), [Suspected]);
    assert!(Dismissed.step(Suspected).unwrap().needs_reason() && Confirmed.step(Dismissed).unwrap().needs_reason());
    assert!(!Suspected.step(Confirmed).unwrap().needs_reason() && !Confirmed.step(Closed).unwrap().needs_reason());
}

#[test]
fn the_victim_decides_the_charge() {
    let charge_of = |role, beside| charge(role, beside).map(Charge::as_str);
    assert_eq!(charge_of(VictimRole::JudicialPolice, true), Some("刑法277(5)"));
    for role in [VictimRole::Judge, VictimRole::EnforcementOfficer, VictimRole::JudgeAssistant, VictimRole::Clerk] {
        assert_eq!(charge_of(role, false), Some("刑法277(1)"));
    }
    assert_eq!(charge_of(VictimRole::PoliceAuxiliary, false), Some("刑法277(1)"));
    assert_eq!((charge_of(VictimRole::PoliceAuxiliary, true), charge_of(VictimRole::Other, false)), (None, None));
    let victim = |role| Victim { name: String::new(), role, officer: None };
    let both = [victim(VictimRole::Judge), victim(VictimRole::JudicialPolice)];
    assert_eq!(gravest_charge(&both), Some(Charge::AssaultOnPolice));
    assert_eq!(gravest_charge(&[victim(VictimRole::Other)]), None);
}

#[test]
fn fines_and_detentions_have_their_limits() {
    for (unit, amount, fits) in [
        (false, 0, false),
        (false, 1, true),
        (false, 100_000, true),
        (false, 100_001, false),
        (true, 49_999, false),
        (true, 50_000, true),
        (true, 1_000_000, true),
        (true, 1_000_001, false),
    ] {
        let fine = Measure { against_unit: unit, amount_yuan: Some(amount), ..decided(MeasureKind::Fine) };
        let expected: &[&str] = if fits { &[] } else { &["amount_yuan"] };
        assert_eq!(fields(&fine), expected, "{unit} {amount}");
    }
    for (days, fits) in [(0, false), (1, true), (15, true), (16, false)] {
        let detention = Measure { days: Some(days), ..decided(MeasureKind::Detention) };
        assert_eq!(fields(&detention).is_empty(), fits, "{days}");
    }
    assert_eq!(fields(&Measure { amount_yuan: None, ..decided(MeasureKind::Fine) }), ["amount_yuan"]);
    assert_eq!(fields(&Measure { days: None, ..decided(MeasureKind::Detention) }), ["days"]);
    assert_eq!(
        fields(&Measure { amount_yuan: Some(1), days: Some(1), ..decided(MeasureKind::Interview) }),
        ["amount_yuan", "days"]
    );
    assert_eq!(fields(&Measure { against_unit: true, ..decided(MeasureKind::Detention) }), ["against_unit"]);
    // A proposal may leave them open, not exceed them.
    assert_eq!(fields(&Measure::proposed(MeasureKind::Fine, "张三")), [""; 0]);
    assert_eq!(fields(&Measure { days: Some(16), ..Measure::proposed(MeasureKind::Detention, "张三") }), ["days"]);
}

#[test]
fn nothing_counts_as_decided_before_the_president_approves() {
    for kind in MeasureKind::ALL {
        assert_eq!(fields(&decided(kind)), [""; 0], "{kind:?}");
        let open = Measure { approved: None, approved_by: String::new(), ..decided(kind) };
        let expected: &[&str] = if kind.needs_approval() { &["approved_by"] } else { &[] };
        assert_eq!(fields(&open), expected, "{kind:?}");
    }
    let urgent =
        Measure { urgent: true, approved: None, approved_by: String::new(), ..decided(MeasureKind::Detention) };
    assert_eq!((fields(&urgent), urgent.stage()), (vec![], Stage::Urgent));
    let reported = Measure { approved: urgent.decided, approved_by: "王五".to_owned(), ..urgent.clone() };
    assert_eq!((fields(&reported), reported.stage()), (vec![], Stage::Decided));
    assert_eq!(fields(&Measure { urgent: true, ..decided(MeasureKind::Fine) }), ["urgent"]);
    let late = Measure { approved: Some(at("2026-11-02T03:00:00Z")), ..decided(MeasureKind::Fine) };
    assert_eq!(fields(&late), ["approved_at"]);
    assert_eq!(fields(&Measure { approved_by: String::new(), ..decided(MeasureKind::Interview) }), [""; 0]);
    assert_eq!(fields(&Measure { approved_by: "王五".to_owned(), ..decided(MeasureKind::Interview) }), ["approved_at"]);
}

#[test]
fn what_follows_a_measure_follows_in_time() {
    let fine = decided(MeasureKind::Fine);
    let early = Some(at("2026-11-01T00:00:00Z"));
    assert_eq!(fields(&Measure { served: early, ..fine.clone() }), ["served_at"]);
    assert_eq!(fields(&Measure { review_asked: Some(at(NOW)), ..fine.clone() }), ["review_asked_at"]);
    assert_eq!(fields(&Measure { served: Some(at("2026-11-24T08:52:08Z")), ..fine.clone() }), ["served_at"]);
    assert_eq!(fields(&Measure { family_told: Some(at(NOW)), ..fine }), ["family_told_at"]);
    let admonition = Measure { served: Some(at(NOW)), review_asked: Some(at(NOW)), ..decided(MeasureKind::Admonition) };
    assert_eq!(fields(&admonition), ["review_asked_at"]);
}

#[test]
fn days_end_at_midnight_at_the_court() {
    // 2026-11-03 07:59 at the court, and one minute before midnight there.
    for served in ["2026-11-02T23:59:00Z", "2026-11-03T15:59:00Z"] {
        assert_eq!(end_of_days(at(served), 3, UtcOffset::CHINA), at("2026-11-06T16:00:00Z"), "{served}");
    }
    assert_eq!(end_of_days(at("2026-11-03T16:00:00Z"), 3, UtcOffset::CHINA), at("2026-11-07T16:00:00Z"));
    assert_eq!(end_of_days(Micros(i64::MAX), 3, UtcOffset::CHINA), Micros(i64::MAX));
    assert_eq!(end_of_days(at(NOW), u32::MAX, UtcOffset::CHINA), Micros(i64::MAX));
}

fn dues_of(measure: &Measure) -> Vec<Due> {
    let facts = Facts::at(at("2026-11-01T00:00:00Z"));
    let timeline = Timeline { status: Status::Suspected, facts: &facts, created: facts.begin };
    dues(timeline, [(Id(1), measure)], &Settings::default(), UtcOffset::CHINA)
}

fn shown(dues: &[Due]) -> Vec<(&'static str, String)> {
    dues.iter().map(|d| (d.what.as_str(), d.due.to_string())).collect()
}

#[test]
fn the_family_is_told_within_a_day_or_the_reason_is_recorded() {
    let detention = Measure { served: Some(at("2026-11-02T06:00:00Z")), ..decided(MeasureKind::Detention) };
    let due = dues_of(&detention).remove(0);
    assert_eq!((due.what, due.due), (DueKind::FamilyNotice, at("2026-11-03T06:00:00Z")));
    assert!(due.is_overdue(due.due) && !due.is_overdue(Micros(due.due.0 - 1)));
    let told = Measure { family_told: Some(at("2026-11-03T06:00:00Z")), ..detention.clone() };
    let due = dues_of(&told).remove(0);
    assert!(!due.is_overdue(at(NOW)) && due.was_late());
    let excused = Measure { family_reason: "家属无法联系".to_owned(), ..detention };
    let due = dues_of(&excused).remove(0);
    assert!(!due.is_overdue(at(NOW)) && due.excuse.is_some());
    // Not handed over yet: from the decision. Urgent: from the decision, whatever is handed over later.
    let open = decided(MeasureKind::Detention);
    assert_eq!(shown(&dues_of(&open)), [("family_notice", "2026-11-03T02:00:00Z".to_owned())]);
    let urgent = Measure {
        urgent: true,
        approved: None,
        approved_by: String::new(),
        served: Some(at("2026-11-02T06:00:00Z")),
        ..decided(MeasureKind::Detention)
    };
    assert_eq!(
        shown(&dues_of(&urgent))[..2],
        [("urgent_report", "2026-11-02T02:00:00Z".to_owned()), ("family_notice", "2026-11-03T02:00:00Z".to_owned())]
    );
    assert!(dues_of(&urgent)[0].is_overdue(at("2026-11-02T02:00:00Z")));
}

#[test]
fn review_has_its_terms_and_the_person_s_own_is_nobody_s_failure() {
    let served = Measure { served: Some(at("2026-11-03T15:00:00Z")), ..decided(MeasureKind::Fine) };
    let dues = dues_of(&served);
    assert_eq!(shown(&dues), [("review_request", "2026-11-06T16:00:00Z".to_owned())]);
    assert!(!dues[0].is_overdue(at(NOW)));
    assert_eq!(next_due(&dues), None);
    let asked = Measure { review_asked: Some(at("2026-11-05T01:00:00Z")), ..served };
    let dues = dues_of(&asked);
    assert_eq!(shown(&dues)[1], ("review_decision", "2026-11-10T16:00:00Z".to_owned()));
    assert_eq!(next_due(&dues), Some(dues[1].due));
    assert!(dues[1].is_overdue(dues[1].due));
    assert_eq!(dues_of(&decided(MeasureKind::Admonition)), []);
}

#[test]
fn settings_are_terms_of_what_was_found() {
    let mut facts = Facts::at(at("2026-11-01T00:00:00Z"));
    facts.codes.insert(Code::v(6));
    let settings = Settings { interview_days: Some(7), committee_report_days: Some(30), ..Settings::default() };
    let of = |status, facts: &Facts, measures: &[(Id, Measure)], settings: &Settings| {
        let timeline = Timeline { status, facts, created: at("2026-11-02T00:00:00Z") };
        dues(timeline, measures.iter().map(|(id, m)| (*id, m)), settings, UtcOffset::CHINA)
    };
    assert_eq!(of(Status::Suspected, &facts, &[], &settings), []);
    assert_eq!(of(Status::Confirmed, &facts, &[], &Settings::default()), []);
    let found = of(Status::Confirmed, &facts, &[], &settings);
    assert_eq!(
        shown(&found),
        [("interview", "2026-11-09T16:00:00Z".to_owned()), ("committee_report", "2026-12-02T16:00:00Z".to_owned())]
    );
    let interview = [(Id(1), decided(MeasureKind::Interview))];
    let held = of(Status::Closed, &facts, &interview, &settings);
    assert_eq!(held[0].done, interview[0].1.decided);
    facts.codes.clear();
    assert_eq!(shown(&of(Status::Confirmed, &facts, &[], &settings)).len(), 1);
    assert_eq!(of(Status::Dismissed, &facts, &[(Id(1), decided(MeasureKind::Detention))], &settings), []);
}

#[test]
fn facts_are_held_against_each_other() {
    let fields = |facts: &Facts| facts.faults().into_iter().map(|f| f.field.into_owned()).collect::<Vec<_>>();
    let begin = at("2026-11-01T00:00:00Z");
    let good = Facts { end: Some(begin), ..Facts::at(begin) };
    assert_eq!(fields(&good), [""; 0]);
    let bad = Facts {
        end: Some(Micros(begin.0 - 1)),
        severity: Some(5),
        place: "长".repeat(201),
        narrative: "\u{0}".to_owned(),
        victims: vec![Victim { name: "长".repeat(201), role: VictimRole::Judge, officer: None }],
        no_victims: true,
        ..good.clone()
    };
    let expected = ["end_at", "severity", "no_victims", "place", "narrative", "victims[0].name"];
    assert_eq!(fields(&bad), expected);
    let lacks = |facts: &Facts| facts.lacks().into_iter().map(|f| f.field.into_owned()).collect::<Vec<_>>();
    assert_eq!(lacks(&good), ["codes", "victims"]);
    let found = Facts { codes: [Code::v(1)].into(), no_victims: true, ..good.clone() };
    assert_eq!(lacks(&found), [""; 0]);
    let later = Facts::at(Micros(begin.0 + 1));
    assert!(good.overlaps(&good) && !good.overlaps(&later));
    assert!(Facts { end: Some(later.begin), ..good }.overlaps(&later));
}

#[test]
fn an_offset_stays_within_its_clip() {
    let recorded = at("2026-11-01T00:00:00Z");
    let of = |begin: &str, most| default_offset_ms(at(begin), recorded, most);
    assert_eq!(of("2026-11-01T00:01:23.456Z", None), 83_456);
    assert_eq!(of("2026-11-01T00:01:23Z", Some(60_000)), 60_000);
    assert_eq!(of("2026-10-31T00:00:00Z", Some(60_000)), 0);
    let faults = |from_ms, to_ms, most| {
        let span = ClipSpan { id: Id(1), from_ms, to_ms };
        span.faults("clips[0]", most).into_iter().map(|f| f.field.into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(faults(5, Some(4), None), ["clips[0].to_ms"]);
    assert_eq!(faults(11, Some(12), Some(10)), ["clips[0].from_ms", "clips[0].to_ms"]);
    assert_eq!(faults(10, Some(10), Some(10)), [""; 0]);
}
