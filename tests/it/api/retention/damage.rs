//! Disposals that were not right, and what somebody meddled with.

use super::*;

/// A clip that was destroyed.
async fn destroyed() -> (World, Id) {
    let world = world().await;
    let clip = clip(&world, "a.mp4").await;
    close_cases(&world, "已结案").await;
    let world = after(world, 200);
    dispose(&world, &[clip]).await;
    assert_eq!(findings(&world).await, [""; 0]);
    (world, clip)
}

/// The codes that a check finds.
async fn codes(world: &World) -> Vec<&'static str> {
    let report = world.check().await;
    let mut codes: Vec<_> = report.findings.list().iter().map(|f| f.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[tokio::test]
async fn too_early_is_found_in_the_ledger_though_every_row_says_otherwise() {
    let world = world().await;
    let clip = clip(&world, "a.mp4").await;
    close_cases(&world, "已结案").await;
    let world = after(world, 100);
    // Somebody makes the daemon believe that the clip is older.
    let earlier = NOW.0 - 300 * DAY;
    world.meddle(&format!("update custody_events set at_us = {earlier} where clip_id = {clip}")).await;
    world.meddle(&format!("update clips set arrived_us = {earlier} where id = {clip}")).await;
    dispose(&world, &[clip]).await;
    let report = world.check().await;
    let early = report.findings.list().iter().find(|f| f.code == "disposed_too_early").unwrap();
    assert_eq!(early.detail, "TOO EARLY: disposed at 2027-03-04T08:52:07Z, allowed from 2027-05-24T08:52:07Z");
    assert!(early.to_string().contains("未到期即被销毁"));
    assert!(disposals_said(&world).await.is_empty());
}

#[tokio::test]
async fn a_table_that_was_never_announced_allows_nothing() {
    let world = world().await;
    let clip = clip(&world, "a.mp4").await;
    close_cases(&world, "已结案").await;
    let world = after(world, 100);
    world
        .meddle("update retention_rules set rules = '[{\"id\":\"R1\",\"applies_to\":\"ordinary\",\"months\":1}]'")
        .await;
    dispose(&world, &[clip]).await;
    assert_eq!(codes(&world).await, ["disposed_too_early", "row_altered"]);
}

#[tokio::test]
async fn a_hold_that_somebody_took_out_of_the_rows_is_still_in_the_chain() {
    let world = world().await;
    let clip = clip(&world, "a.mp4").await;
    close_cases(&world, "已结案").await;
    hold(&world, "clip", clip).await;
    let world = after(world, 200);
    world.meddle("delete from hold_clips").await;
    world.meddle("update holds set lifted_us = 1, lifted_by = 'x', lift_reason = 'x'").await;
    dispose(&world, &[clip]).await;
    assert_eq!(codes(&world).await, ["disposed_while_held"]);
}

#[tokio::test]
async fn a_detail_that_was_erased_without_a_disposal_is_found() {
    let world = world().await;
    let clip = clip(&world, "a.mp4").await;
    let (salt, detail) = (world.literal(&[0; 32]), world.literal(b"{}"));
    world.meddle(&format!("update custody_events set salt = {salt}, detail = {detail} where clip_id = {clip}")).await;
    assert_eq!(codes(&world).await, ["detail_altered"]);
    // Nor does a tombstone do that names an entry which destroyed nothing.
    let id = clip.0;
    world.meddle("insert into disposals (id, scope, state, reason, proposed_by, proposed_us, last_entry) values (1, 'named', 'done', '', '', 1, 0)").await;
    world
        .meddle(&format!(
            "insert into tombstones (entry_index, clip_id, disposal_id, sha256, size_bytes, rule, rules_entry, from_entry, \
             allowed_from_us, at_us, object) select last_entry, id, 1, sha256, size_bytes, 'R1', 0, entry_index, 1, 1, 'removed' \
             from clips where id = {id}"
        ))
        .await;
    assert!(codes(&world).await.contains(&"row_altered"), "{:?}", codes(&world).await);
    assert!(codes(&world).await.contains(&"detail_altered"));
}

#[tokio::test]
async fn what_was_meddled_with_after_a_disposal_is_named() {
    for (sql, code) in [
        ("update tombstones set rule = 'R9'", "row_altered"),
        ("delete from tombstones", "detail_altered"),
        (
            "update custody_events set detail = salt where entry_index = (select min(entry_index) from custody_events)",
            "detail_remains",
        ),
    ] {
        let (world, _) = destroyed().await;
        world.meddle(sql).await;
        assert!(codes(&world).await.contains(&code), "{sql}: {:?}", codes(&world).await);
    }
}

#[tokio::test]
async fn an_object_that_somebody_put_back_is_found() {
    let (world, clip) = destroyed().await;
    let path = world.app.vault.object_path(world.row(clip).await.sha256);
    std::fs::write(path, b"a.mp4").unwrap();
    assert_eq!(codes(&world).await, ["object_remains"]);
}
