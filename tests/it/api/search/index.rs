//! The index under inserts, deletes and moves, and documents in step with their rows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use zhilu::catalog::clips;
use zhilu::catalog::search::docs::{self, NewDoc, Standing};
use zhilu::catalog::search::expr::Expr;
use zhilu::catalog::search::hits::{Docs, Session, Span, Window};
use zhilu::model::id::Id;
use zhilu::model::subject::Subject;
use zhilu::model::time::Micros;
use zhilu::search::index as renewal;

use super::super::world::{World, ids_of};
use super::{Random, case, drain, hits, incident, renew, search, search_with};

const TERMS: [&str; 12] =
    ["张三", "三丰", "持刀", "𠮷野", "ab", "a", "2", "\u{e000}kclip", "\u{e000}v2", "威胁", "胁迫", "ßz"];

/// What the index should hold: for each key its terms.
type Model = BTreeMap<i64, BTreeSet<&'static str>>;

fn doc(key: i64, terms: &BTreeSet<&'static str>) -> NewDoc {
    let standing = Standing { subject: Subject::Clip(Id(key)), key, at: Micros(key), digest: 0 };
    let terms = terms.iter().map(|t| (*t).to_owned()).collect();
    NewDoc { standing, body: String::new(), filters: String::new(), terms }
}

async fn compare(world: &World, model: &Model, seed: u64, step: usize) {
    let mut reader = world.app.custody.db.read().await.unwrap();
    let mut session = Session::begin(&mut reader, Duration::from_secs(60)).await.unwrap();
    for term in TERMS {
        let expected: Vec<i64> = model.iter().rev().filter(|(_, t)| t.contains(term)).map(|(key, _)| *key).collect();
        let expr = Expr::And(vec![Expr::Term(term.to_owned())]);
        let newest = session.newest(Some(&expr), &Window::ALL, 10_000).await.unwrap();
        assert_eq!(keys_of(&newest), expected, "seed {seed}, step {step}, {term}");
        let gathered = session.gather(Some(&expr), Span::ALL, 10_000).await.unwrap();
        assert_eq!(gathered.keys, expected, "seed {seed}, step {step}, {term}");
        assert_eq!(session.count(Some(&expr), &Window::ALL, 10_000).await.unwrap(), Some(expected.len()));
        if let Some(middle) = expected.get(expected.len() / 2).copied() {
            let below: Vec<i64> = expected.iter().copied().filter(|k| *k < middle).take(3).collect();
            let page = session.newest(Some(&expr), &Window::ALL.below(middle), 3).await.unwrap();
            assert_eq!(keys_of(&page), below, "seed {seed}, step {step}, {term} below {middle}");
        }
    }
    let all = session.newest(None, &Window::ALL, 10_000).await.unwrap();
    assert_eq!(keys_of(&all), model.keys().rev().copied().collect::<Vec<_>>());
}

fn keys_of(found: &Docs) -> Vec<i64> {
    found.docs.iter().map(|doc| doc.key).collect()
}

#[tokio::test]
async fn the_index_holds_what_was_written_whatever_was_deleted_moved_or_rolled_back() {
    for seed in 1..=2 {
        let world = World::new().await;
        let mut random = Random::new(seed);
        let mut model = Model::new();
        for step in 0..60 {
            let mut tx = world.app.custody.db.begin().await.unwrap();
            let mut next = model.clone();
            // Several groups in one transaction, so that what was just written is deleted and written again.
            for _ in 0..1 + random.below(3) {
                let gone: Vec<i64> = next.keys().copied().filter(|_| random.below(5) == 0).collect();
                gone.iter().for_each(|key| drop(next.remove(key)));
                docs::remove(tx.conn(), &gone).await.unwrap();
                let mut new = Model::new();
                for _ in 0..random.below(12) {
                    // Keys from a small range come back; some lie in other partitions.
                    let key = i64::try_from(random.below(80)).unwrap()
                        + (1 << 26) * i64::try_from(random.below(3) * 300).unwrap();
                    if !next.contains_key(&key) {
                        new.insert(key, TERMS.into_iter().filter(|_| random.below(3) == 0).collect());
                    }
                }
                let rows: Vec<NewDoc> = new.iter().map(|(key, terms)| doc(*key, terms)).collect();
                docs::insert(tx.conn(), &rows).await.unwrap();
                next.append(&mut new);
            }
            docs::tend(tx.conn()).await.unwrap();
            if random.below(4) > 0 {
                tx.commit().await.unwrap();
                model = next;
            } else {
                drop(tx);
            }
            if step % 6 == 5 {
                let mut tx = world.app.custody.db.begin().await.unwrap();
                docs::check(tx.conn()).await.unwrap();
                if step == 41 {
                    docs::optimize(tx.conn()).await.unwrap();
                }
                tx.commit().await.unwrap();
            }
            compare(&world, &model, seed, step).await;
        }
    }
}

#[tokio::test]
async fn what_was_found_when_the_time_was_up_can_be_read() {
    let world = World::new().await;
    let mut tx = world.app.custody.db.begin().await.unwrap();
    for group in 0..40 {
        let rows: Vec<NewDoc> = (0..100).map(|n| doc(group * 100 + n, &BTreeSet::from(["张三"]))).collect();
        docs::insert(tx.conn(), &rows).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut reader = world.app.custody.db.read().await.unwrap();
    let expr = Expr::Prefix("张".to_owned());
    let mut session = Session::begin(&mut reader, Duration::ZERO).await.unwrap();
    let found = session.newest(Some(&expr), &Window::ALL, 4000).await.unwrap();
    // A server may be quicker than the smallest limit that it knows.
    assert_eq!(found.out_of_time, found.docs.len() < 4000);
    assert!(found.out_of_time || world.on_server());
    let read = docs::get(session.conn(), &keys_of(&found)).await.unwrap();
    assert_eq!(read, found.docs);
    drop(session);
    let mut session = Session::begin(&mut reader, Duration::from_secs(60)).await.unwrap();
    assert_eq!(session.gather(Some(&expr), Span::ALL, 4001).await.unwrap().keys.len(), 4000);
}

async fn keys(world: &World) -> Vec<(i64, Subject)> {
    let mut reader = world.app.custody.db.read().await.unwrap();
    docs::page_for_check(reader.conn(), -1, 100_000).await.unwrap()
}

#[tokio::test]
async fn clips_of_one_second_have_keys_of_their_own_near_it() {
    let world = World::new().await;
    let mut arrivals = Vec::new();
    for n in 0..150 {
        let name = format!("0012345_00123420240508132920_{n:04}.mp4");
        arrivals.push(world.arrival(name, format!("{n}").as_bytes()));
    }
    for group in arrivals.chunks(50) {
        zhilu::custody::accept::accept(&world.app.custody, group).await.unwrap();
    }
    let keys = keys(&world).await;
    assert_eq!(keys.len(), 150);
    let home = zhilu::search::key::home("2024-05-08T05:29:20Z".parse().unwrap());
    assert!(keys.iter().all(|(key, _)| (key - home).abs() < 4096), "{keys:?}");
    // The day before and the day after hold none of them, wherever their keys are.
    let none = search(&world, "to:2024-05-07 kind:clip").await;
    assert_eq!(none["total"], 0);
    let all = search(&world, "from:2024-05-08T05:29:20Z to:2024-05-08T05:29:21Z kind:clip").await;
    assert_eq!(all["total"], 150);
}

#[tokio::test]
async fn a_corrected_time_moves_the_document() {
    let world = World::new().await;
    let id = world.clip("132920").await;
    let other = world.clip("140000").await;
    assert_eq!(hits(&search(&world, "0012345").await), [format!("clip:{other}"), format!("clip:{id}")]);
    let mut clip = world.row(id).await;
    clip.facts.recorded = "2025-01-01T00:00:00Z".parse().unwrap();
    let mut tx = world.app.custody.db.begin().await.unwrap();
    clips::update(tx.conn(), &clip).await.unwrap();
    renewal::renew(tx.conn(), world.app.custody.utc_offset, &BTreeSet::from([Subject::Clip(id)])).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(hits(&search(&world, "0012345").await), [format!("clip:{id}"), format!("clip:{other}")]);
    assert_eq!(hits(&search(&world, "0012345 from:2025").await), [format!("clip:{id}")]);
    assert_eq!(keys(&world).await.len(), 2);
    let months = search_with(&world, "0012345", "&facets=true").await["facets"]["month"].clone();
    assert_eq!(months[0]["value"], "2025-01");
    assert_eq!(months[1]["value"], "2024-05");
    assert_eq!(months.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_did_not_change_is_not_written_and_what_was_noted_is_renewed() {
    let world = World::new().await;
    world.clip("132920").await;
    case(&world, "（2021）吉0721执123号", &["张三"], "买卖合同纠纷").await;
    let before = keys(&world).await;
    let mut tx = world.app.custody.db.begin().await.unwrap();
    renewal::mark_everything_dirty(tx.conn()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(search(&world, "张三").await["renewing"], true);
    assert_eq!(drain(&world).await, 2);
    assert_eq!(drain(&world).await, 0);
    assert_eq!(search(&world, "张三").await["renewing"], false);
    assert_eq!(keys(&world).await, before);
}

#[tokio::test]
async fn tokens_of_another_analyzer_are_made_anew_once() {
    let world = World::new().await;
    world.clip("132920").await;
    world.meddle("insert into meta (key, value) values ('search_analyzer', '1')").await;
    for expected in [1, 0] {
        renewal::adopt(&world.app.custody.db).await.unwrap();
        assert_eq!(drain(&world).await, expected);
    }
}

#[tokio::test]
async fn documents_follow_what_they_hold_of_others() {
    let world = World::new().await;
    let clip = world.accept(world.arrival("2021吉0721执123/0012345_00123420240508132920_0001.mp4", b"a")).await.clip_id;
    let number = world.get(super::LEGAL, "/api/v1/cases").await;
    let case: Id = ids_of(&number.json())[0].parse().unwrap();
    incident(&world, clip, case).await;
    // The clip has its incident's codes.
    assert_eq!(hits(&search(&world, "code:V2 kind:clip").await), [format!("clip:{clip}")]);
    world.meddle("update incidents set status = 'dismissed' where id = 77").await;
    renew(&world, Subject::Incident(Id(77))).await;
    assert!(hits(&search(&world, "code:V2 kind:clip").await).is_empty());
    // A party of its case.
    world.meddle(format!("insert into parties (case_id, position, name) values ({case}, 0, '钱七')").leak()).await;
    renew(&world, Subject::Case(case)).await;
    let mut found = hits(&search(&world, "钱七").await);
    found.sort();
    assert_eq!(found, [format!("case:{case}"), format!("clip:{clip}"), "incident:77".to_owned()]);
    // The officer's name in the register.
    world
        .meddle(
            "insert into officers (id, number, name, role, court, valid_from_us, valid_to_us) \
         values (9, '001234', '孙八', '', '吉0722', 0, null)",
        )
        .await;
    let mut tx = world.app.custody.db.begin().await.unwrap();
    renewal::mark_officer_dirty(tx.conn(), "001234", zhilu::model::span::Span::ALWAYS).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(drain(&world).await, 2);
    assert_eq!(hits(&search(&world, "孙八 court:吉0722 kind:clip").await), [format!("clip:{clip}")]);
}
