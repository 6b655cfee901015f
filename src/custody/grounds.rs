//! What clips are matched against: registers and actions, looked up for a whole group at once.

use std::collections::BTreeSet;

use super::CustodyError;
use crate::catalog::engine::Conn;
use crate::catalog::footage::Reach;
use crate::catalog::{actions, people};
use crate::matching::Rules;
use crate::matching::action::{Grounds, NEAREST_US};
use crate::matching::footage::Footage;
use crate::model::action::MOST_WINDOW_US;
use crate::model::time::Micros;

/// The grounds for clips: two or three statements, however many clips; when there are actions, four more.
pub(super) async fn grounds(mut conn: Conn<'_>, clips: &[&Footage], rules: &Rules) -> Result<Grounds, CustodyError> {
    let named = |pick: fn(&Footage) -> Option<&String>| {
        let names: BTreeSet<&String> = clips.iter().filter_map(|clip| pick(clip)).collect();
        names.into_iter().cloned().collect::<Vec<String>>()
    };
    let (by_officer, by_recorder) = (named(|c| c.officer.as_ref()), named(|c| c.recorder.as_ref()));
    let registers = people::registers(conn.reborrow(), &by_officer, &by_recorder).await?;
    let (mut officers, mut recorders) = (Vec::new(), Vec::new());
    for clip in clips.iter().filter(|clip| clip.doubt.is_none()) {
        let (from, to) = around(clip.start, rules);
        if let Some(recorder) = &clip.recorder {
            recorders.push((recorder.clone(), from, to));
        }
        let holder = || registers.holder(clip.recorder.as_deref()?, clip.start);
        if let Some(officer) = clip.officer.as_deref().or_else(holder) {
            officers.push((officer.to_owned(), from, to));
        }
    }
    let found = actions::of_people(conn, &merged(officers), &merged(recorders)).await?;
    Ok(Grounds { registers, outings: found.iter().map(actions::Action::outing).collect() })
}

/// When an action begins that may hold a clip, or be named as the nearest to one, that begins at `start`. No clip that is believed
/// lasts longer than a day, so that is also how far one reaches.
fn around(start: Micros, rules: &Rules) -> (Micros, Micros) {
    let margin = rules.buffer_us.max(NEAREST_US);
    let from = start.0.saturating_sub(margin).saturating_sub(MOST_WINDOW_US);
    (Micros(from), Micros(start.0.saturating_add(margin)))
}

/// Overlapping spans of the same person or device made one.
pub(super) fn merged(mut reaches: Vec<Reach>) -> Vec<Reach> {
    reaches.sort_unstable();
    let mut merged: Vec<Reach> = Vec::with_capacity(reaches.len());
    for (who, from, to) in reaches {
        match merged.last_mut() {
            Some((last, _, until)) if *last == who && from <= *until => *until = to.max(*until),
            _ => merged.push((who, from, to)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_spans_are_made_one() {
        let reach = |who: &str, from, to| (who.to_owned(), Micros(from), Micros(to));
        let all = vec![reach("b", 1, 2), reach("a", 5, 9), reach("a", 1, 6), reach("a", 2, 3), reach("a", 20, 21)];
        assert_eq!(merged(all), [reach("a", 1, 9), reach("a", 20, 21), reach("b", 1, 2)]);
    }
}
