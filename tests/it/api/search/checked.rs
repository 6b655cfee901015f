//! `zhilu check` looks at the search documents too.

use std::collections::BTreeSet;

use zhilu::audit::check::Report;
use zhilu::audit::documents;
use zhilu::catalog::search::docs::{self, NewDoc, Standing};
use zhilu::custody::accept::accept;
use zhilu::media::sidecar::SidecarFacts;
use zhilu::model::id::Id;
use zhilu::model::subject::Subject;
use zhilu::search::index as renewal;

use super::super::world::{NOW, World};
use super::case;

async fn report(world: &World, deep: bool) -> Report {
    let mut report = Report::default();
    documents::check(&world.app.custody.db, world.app.custody.utc_offset, deep, &mut report).await.unwrap();
    report
}

/// What is wrong, the code and the subject.
async fn findings(world: &World) -> Vec<(&'static str, String)> {
    let deep = report(world, true).await.findings;
    // So few documents are all in a sample too.
    assert_eq!(report(world, false).await.findings.list(), deep.list());
    let mut found: Vec<_> = deep.list().iter().map(|f| (f.code, f.subject.clone())).collect();
    found.sort();
    found
}

async fn standing(world: &World, subject: Subject) -> Standing {
    let mut reader = world.app.custody.db.read().await.unwrap();
    docs::standing(reader.conn(), &[subject]).await.unwrap()[0]
}

/// Takes a document away, and puts another in its place or in that of nobody.
async fn replace(world: &World, gone: Option<Standing>, new: Option<NewDoc>) {
    let mut tx = world.app.custody.db.begin().await.unwrap();
    docs::remove(tx.conn(), &gone.iter().map(|s| s.key).collect::<Vec<_>>()).await.unwrap();
    docs::insert(tx.conn(), &new.into_iter().collect::<Vec<_>>()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn every_kind_of_damage_is_named() {
    let world = World::new().await;
    let mut cases = Vec::new();
    for n in 1..=5 {
        cases.push(Subject::Case(case(&world, &format!("（2021）吉0721执{n}号"), &["张三"], "买卖合同纠纷").await));
    }
    let clip = Subject::Clip(world.clip("132920").await);
    let before = report(&world, true).await;
    assert_eq!((before.documents, before.documents_due, before.findings.list()), (6, 0, &[][..]));
    let name = |subject: Subject| format!("{} {}", subject.kind(), subject.id());
    // No document.
    let gone = standing(&world, cases[0]).await;
    replace(&world, Some(gone), None).await;
    // A document of nothing.
    let nobody = Standing { subject: Subject::Incident(Id(999)), key: gone.key, at: NOW, digest: 1 };
    let stray =
        NewDoc { standing: nobody, body: String::new(), filters: String::new(), terms: vec!["张三".to_owned()] };
    replace(&world, None, Some(stray)).await;
    // One that was not renewed.
    world.meddle(format!("update cases set cause = '离婚纠纷' where id = {}", cases[1].id()).leak()).await;
    // One whose words in the index are others than those of its text.
    let altered = standing(&world, clip).await;
    let same =
        NewDoc { standing: altered, body: String::new(), filters: String::new(), terms: vec!["张三".to_owned()] };
    replace(&world, Some(altered), Some(same)).await;
    let mut expected = vec![
        ("document_missing", name(cases[0])),
        ("document_extra", "incident 999".to_owned()),
        ("document_outdated", name(cases[1])),
        ("document_altered", name(clip)),
    ];
    expected.sort();
    assert_eq!(findings(&world).await, expected);
    // What is noted to be renewed is not wrong.
    let mut tx = world.app.custody.db.begin().await.unwrap();
    renewal::mark_dirty(tx.conn(), &BTreeSet::from([cases[0], cases[1]])).await.unwrap();
    tx.commit().await.unwrap();
    let codes: Vec<_> = findings(&world).await.into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["document_altered", "document_extra"]);
    assert_eq!(report(&world, false).await.documents_due, 2);
}

#[tokio::test]
async fn words_of_a_document_that_is_gone_are_named() {
    let world = World::new().await;
    if world.on_server() {
        return;
    }
    let case = Subject::Case(case(&world, "（2021）吉0721执1号", &["张三"], "买卖合同纠纷").await);
    let key = standing(&world, case).await.key;
    world.meddle(format!("delete from search_docs where doc_key = {key}").leak()).await;
    let (missing, extra) = (("document_missing", format!("case {}", case.id())), ("document_extra", key.to_string()));
    assert_eq!(findings(&world).await, [extra, missing]);
}

/// A group in which clips meet their sidecars, themselves and each other, so that some documents are made beside the writing and some of rows.
#[tokio::test]
async fn documents_of_a_group_are_those_of_its_rows() {
    let world = World::new().await;
    case(&world, "（2021）吉0721执1号", &["张三", "李四"], "买卖合同纠纷").await;
    let name = |n: u64, end: &str| format!("0012345_0012342024050813{n:02}00_0001{end}");
    let sidecar = |n: u64, officer: &str| {
        let mut arrival = world.arrival(name(n, ".xml"), format!("sidecar {n}").as_bytes());
        let officer_name = Some(officer.to_owned());
        arrival.sidecar = Some(SidecarFacts { officer_name, encoding: "utf-8".to_owned(), ..SidecarFacts::default() });
        arrival
    };
    let mut group: Vec<_> =
        (0..12).map(|n| world.arrival(name(n, ".mp4"), &[b'a', u8::try_from(n).unwrap()])).collect();
    group.push(world.arrival(format!("（2021）吉0721执1号 搜查/{}", name(20, ".mp4")), b"in its case"));
    group
        .push(world.arrival(format!("（2021）吉0721执2号/{}", name(21, "_IMP.mp4")), b"marked, in a case that is new"));
    group.insert(3, sidecar(1, "王五"));
    group.insert(5, sidecar(30, "赵六"));
    group.push(world.arrival(name(30, ".mp4"), b"after its sidecar"));
    group.push(world.arrival("其他/again.mp4", &[b'a', 7]));
    accept(&world.app.custody, &group).await.unwrap();
    let checked = report(&world, true).await;
    // Fifteen clips, two cases, and the incident of the mark.
    assert_eq!((checked.documents, checked.findings.list()), (18, &[][..]));
}
