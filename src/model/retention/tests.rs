use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Micros {
    text.parse().unwrap()
}

fn rule(id: &str, applies_to: Class, months: Option<u32>) -> Rule {
    Rule { id: id.to_owned(), applies_to, months }
}

fn ordinary(months: u32) -> Table {
    Table::new(vec![rule("R1", Class::Ordinary, Some(months))]).unwrap()
}

fn announced(entry: u64, time: &str, table: Table) -> Announced {
    Announced { entry, at: at(time), table }
}

/// A clip that nothing keeps but its term.
fn plain(from: &str) -> Facts {
    Facts { from: Some(at(from)), confirmed: true, cases_closed: vec![true], ..Facts::default() }
}

#[test]
fn months_are_those_of_the_calendar() {
    assert_eq!(after_months(at("2026-08-31T10:00:00.9Z"), 6), Some(at("2027-02-28T10:00:00Z")));
    assert_eq!(after_months(at("2027-08-31T10:00:00Z"), 6), Some(at("2028-02-29T10:00:00Z")));
    assert_eq!(after_months(at("9999-08-31T10:00:00Z"), 6), None);
}

#[test]
fn the_longest_rule_wins_and_of_equal_ones_the_first() {
    let rules = vec![
        rule("A", Class::Ordinary, Some(6)),
        rule("B", Class::Important, Some(24)),
        rule("C", Class::Important, Some(24)),
        rule("D", Class::Evidence, None),
    ];
    let table = Table::new(rules).unwrap();
    let longest = |classes: &[Class]| table.longest(&classes.iter().copied().collect()).map(|r| r.id.clone());
    assert_eq!(longest(&[Class::Ordinary]).as_deref(), Some("A"));
    assert_eq!(longest(&[Class::Ordinary, Class::Important]).as_deref(), Some("B"));
    assert_eq!(longest(&[Class::Ordinary, Class::Important, Class::Evidence]).as_deref(), Some("D"));
    assert_eq!(longest(&[]), None);
}

#[test]
fn a_table_is_refused_with_what_is_wrong() {
    let refused = |rules: Vec<Rule>| Table::new(rules).unwrap_err();
    assert!(refused(vec![rule("R2", Class::Evidence, None)]).contains("ordinary"));
    assert!(refused(vec![rule("R1", Class::Ordinary, Some(0))]).contains("R1"));
    let twice = vec![rule("R1", Class::Ordinary, None), rule("R1", Class::Evidence, None)];
    assert!(refused(twice).contains("twice"));
    assert!(refused(vec![rule("规则一", Class::Ordinary, None)]).contains("ASCII"));
}

#[test]
fn a_shortened_term_counts_after_its_notice_and_a_lengthened_one_at_once() {
    let tables =
        [announced(0, "2026-01-01T00:00:00Z", ordinary(12)), announced(9, "2026-10-01T00:00:00Z", ordinary(6))];
    let facts = plain("2026-03-01T00:00:00Z");
    let due = |tables: &[Announced], time: &str| judge(&facts, tables, at(time));
    let before = due(&tables, "2026-10-30T23:59:59Z");
    assert_eq!(before.blocks, BTreeSet::from([Block::Young]));
    assert_eq!(
        before.term.unwrap(),
        Term { rule: "R1".to_owned(), rules: 0, allowed_from: Some(at("2027-03-01T00:00:00Z")) }
    );
    let after = due(&tables, "2026-10-31T00:00:00Z");
    assert!(after.is_due());
    assert_eq!(after.term.unwrap().rules, 9);
    let longer =
        [announced(0, "2026-01-01T00:00:00Z", ordinary(6)), announced(9, "2026-10-01T00:00:00Z", ordinary(12))];
    assert!(due(&longer, "2026-10-01T00:00:00Z").blocks.contains(&Block::Young));
}

#[test]
fn before_a_table_has_stood_long_enough_nothing_is_due() {
    let tables = [announced(0, "2026-10-01T00:00:00Z", ordinary(1))];
    let facts = plain("2020-01-01T00:00:00Z");
    assert_eq!(judge(&facts, &tables, at("2026-10-20T00:00:00Z")).blocks, BTreeSet::from([Block::NoRules]));
    assert!(judge(&facts, &tables, at("2026-10-31T00:00:00Z")).is_due());
    assert_eq!(judge(&facts, &[], at("2026-10-31T00:00:00Z")).blocks, BTreeSet::from([Block::NoRules]));
}

#[test]
fn each_thing_that_keeps_a_clip_is_named_alone() {
    let tables = [announced(0, "2020-01-01T00:00:00Z", Table::default())];
    let is = |change: fn(&mut Facts)| {
        let mut facts = plain("2025-01-01T00:00:00Z");
        change(&mut facts);
        judge(&facts, &tables, at("2026-01-01T00:00:00Z")).blocks.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(is(|_| {}), []);
    assert_eq!(is(|f| f.held = true), [Block::Held]);
    assert_eq!(is(|f| f.confirmed = false), [Block::Unconfirmed]);
    assert_eq!(is(|f| f.cases_closed.clear()), [Block::Unfiled]);
    assert_eq!(is(|f| f.cases_closed.push(false)), [Block::OpenCase]);
    assert_eq!(is(|f| f.person_mark = true), [Block::Unreviewed]);
    assert_eq!(is(|f| f.device_mark = true), [Block::Unreviewed]);
    assert_eq!(is(|f| (f.device_mark, f.incidents_dismissed) = (true, vec![true])), []);
    assert_eq!(is(|f| (f.person_mark, f.incidents_dismissed) = (true, vec![true])), [Block::Unreviewed]);
    assert_eq!(is(|f| f.incidents_dismissed = vec![true, false]), [Block::InIncident, Block::Permanent]);
    assert_eq!(is(|f| f.handed_over = true), [Block::Permanent]);
    assert_eq!(is(|f| f.difficult = true), [Block::Permanent]);
    assert_eq!(is(|f| f.from = Some(at("2025-12-01T00:00:00Z"))), [Block::Young]);
    assert_eq!(is(|f| f.sidecar = true), [Block::Sidecar]);
    assert_eq!(is(|f| f.disposed = true), [Block::Disposed]);
}

fn months() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![Just(None), (1..60u32).prop_map(Some)]
}

fn tables() -> impl Strategy<Value = Vec<Announced>> {
    let table = (months(), months(), months()).prop_map(|(a, b, c)| {
        let rules = [("A", Class::Ordinary, a), ("B", Class::Important, b), ("C", Class::Evidence, c)];
        Table::new(rules.map(|(id, class, months)| rule(id, class, months)).to_vec()).unwrap()
    });
    let gaps = prop::collection::vec((0..200i64, table), 1..6);
    gaps.prop_map(|gaps| {
        let mut day = 18_000;
        let announce = |(entry, (gap, table)): (usize, (i64, Table))| {
            day += gap;
            Announced { entry: entry as u64, at: Micros(day * DAY_US), table }
        };
        gaps.into_iter().enumerate().map(announce).collect()
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    let bits = prop::collection::vec(any::<bool>(), 8);
    let lists = (prop::collection::vec(any::<bool>(), 0..3), prop::collection::vec(any::<bool>(), 0..3));
    (bits, lists, 17_000..19_000i64).prop_map(|(bits, (cases_closed, incidents_dismissed), day)| Facts {
        from: Some(Micros(day * DAY_US)),
        held: bits[0],
        confirmed: bits[1],
        device_mark: bits[2],
        person_mark: bits[3],
        handed_over: bits[4],
        difficult: bits[5],
        sidecar: bits[6],
        disposed: bits[7],
        cases_closed,
        incidents_dismissed,
    })
}

proptest! {
    /// What is due is held by nothing, filed, closed, and older than every rule of every table of the last 30 days that applies.
    #[test]
    fn what_is_due_is_kept_by_nothing(facts in facts(), tables in tables(), day in 17_500..21_000i64) {
        let now = Micros(day * DAY_US);
        let standing = judge(&facts, &tables, now);
        prop_assert_eq!(standing.is_due(), standing.blocks.is_empty());
        if standing.is_due() {
            prop_assert!(!facts.held && facts.confirmed && !facts.disposed && !facts.sidecar && !facts.person_mark);
            prop_assert!(!facts.cases_closed.is_empty() && !facts.cases_closed.contains(&false));
            prop_assert!(!facts.incidents_dismissed.contains(&false));
            let notice = Micros(now.0 - NOTICE_DAYS * DAY_US);
            for (i, a) in tables.iter().enumerate() {
                // In force until the next one.
                if tables.get(i + 1).is_some_and(|next| next.at <= notice) {
                    continue;
                }
                for rule in a.table.rules().iter().filter(|r| standing.classes.contains(&r.applies_to)) {
                    let until = after_months(facts.from.unwrap(), rule.months.expect("a permanent rule was passed over"));
                    prop_assert!(until.unwrap() <= now);
                }
            }
        }
    }

    /// Taking something away that keeps a clip never makes it less due, and adding a table never makes it due at once.
    #[test]
    fn a_new_table_makes_nothing_due_at_once(facts in facts(), tables in tables(), more in tables()) {
        let now = Micros(tables.last().unwrap().at.0 + 10 * DAY_US);
        let mut longer = tables.clone();
        longer.push(Announced { entry: 99, at: now, table: more[0].table.clone() });
        if judge(&facts, &longer, now).is_due() {
            prop_assert!(judge(&facts, &tables, now).is_due());
        }
    }
}
