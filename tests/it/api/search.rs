//! Search: the language, the index and the answers.

mod answers;
mod checked;
mod exact;
mod index;
mod language;

use std::collections::BTreeSet;

use serde_json::Value;
use zhilu::catalog::cases::{self, Case};
use zhilu::model::case_number::CaseNumber;
use zhilu::model::id::Id;
use zhilu::model::party::Party;
use zhilu::model::subject::Subject;
use zhilu::search::index as renewal;

use super::world::{LEGAL, NOW, World, encode};

/// Numbers that repeat with their seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % bound
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

pub(crate) fn party(name: &str) -> Party {
    Party { name: name.to_owned(), role: None }
}

/// A registered case, with its search document.
async fn case(world: &World, number: &str, parties: &[&str], cause: &str) -> Id {
    let number: CaseNumber = number.parse().unwrap();
    let id = world.app.custody.ids.next(NOW);
    let parties = parties.iter().map(|name| party(name)).collect();
    let case = Case { parties, stub: false, cause: Some(cause.to_owned()), ..Case::stub(id, &number, NOW) };
    let mut tx = world.app.custody.db.begin().await.unwrap();
    cases::insert(tx.conn(), &case, &number).await.unwrap();
    let offset = world.app.custody.utc_offset;
    renewal::renew(tx.conn(), offset, &BTreeSet::from([Subject::Case(id)])).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// An incident with codes, people and a measure, in a clip and a case.
async fn incident(world: &World, clip: Id, case: Id) {
    for sql in [
        "insert into incidents (id, court, status, status_why, source, severity, begin_us, place, narrative, injuries, weapons, \
         created_us, updated_us, version, last_entry) values (77, '吉0721', 'confirmed', '', 'person', 3, 1715146200000000, \
         '前郭县长龙乡', '被执行人李四手持菜刀威胁执行人员，并称“谁进来砍谁”。另见（2021）吉0721执异5号。', '左手划伤', '菜刀', 1, 1, 1, 0)",
        "insert into incident_codes (incident_id, code) values (77, 'V2')",
        "insert into incident_codes (incident_id, code) values (77, 'V6')",
        "insert into incident_people (incident_id, position, side, name, role, officer) values (77, 0, 'subject', '李四', '被执行人', null)",
        "insert into incident_people (incident_id, position, side, name, role, officer) \
         values (77, 1, 'victim', '王五', '司法警察', '001234')",
        "insert into incident_measures (id, incident_id, kind, person, against_unit, days, decided_by, approved_by, urgent, \
         family_reason, note) values (1, 77, '司法拘留', '李四', 0, 15, '赵法官', '', 0, '', '拒不悔过')",
    ] {
        world.meddle(sql).await;
    }
    for (sql, id) in [("insert into incident_clips (incident_id, clip_id, from_ms) values (77, ", clip)] {
        world.meddle(format!("{sql}{id}, 61500)").leak()).await;
    }
    world.meddle(format!("insert into incident_cases (incident_id, case_id) values (77, {case})").leak()).await;
    renew(world, Subject::Incident(Id(77))).await;
}

async fn renew(world: &World, subject: Subject) {
    let mut tx = world.app.custody.db.begin().await.unwrap();
    let offset = world.app.custody.utc_offset;
    renewal::renew(tx.conn(), offset, &BTreeSet::from([subject])).await.unwrap();
    tx.commit().await.unwrap();
}

async fn drain(world: &World) -> usize {
    renewal::drain(&world.app.custody.db, world.app.custody.utc_offset).await.unwrap()
}

async fn search(world: &World, query: &str) -> Value {
    search_with(world, query, "").await
}

async fn search_with(world: &World, query: &str, more: &str) -> Value {
    let answer = world.get(LEGAL, &format!("/api/v1/search?q={}{more}", encode(query))).await;
    assert_eq!(answer.status, 200, "{query}: {}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

/// `kind:id` of each hit, in order.
fn hits(page: &Value) -> Vec<String> {
    let hit = |h: &Value| format!("{}:{}", h["kind"].as_str().unwrap(), h["id"].as_str().unwrap());
    page["items"].as_array().unwrap().iter().map(hit).collect()
}
