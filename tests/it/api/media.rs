//! Fetching bytes: exactly those asked for, each fetch recorded, no name breaks a header.

use axum::http::{StatusCode, header};
use serde_json::json;
use zhilu::model::media::{Container, Kind, MediaFacts};

use super::world::{LEGAL, OFFICER, World, video};

async fn with_bytes(bytes: &[u8]) -> (World, String, zhilu::model::id::Id) {
    let world = World::new().await;
    let id = world.accept(world.arrival("0012345_00123420240508132920_0001.mp4", bytes)).await.clip_id;
    (world, format!("/api/v1/clips/{id}/media"), id)
}

#[tokio::test]
async fn the_whole_is_served_and_recorded_before_it_leaves() {
    let bytes: Vec<u8> = (0..700_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let (world, path, id) = with_bytes(&bytes).await;
    let answer = world.get(LEGAL, &path).await;
    assert_eq!((answer.status, answer.body == bytes), (StatusCode::OK, true));
    assert_eq!(answer.header(header::CONTENT_LENGTH), Some("700000"));
    assert_eq!(answer.header(header::CONTENT_TYPE), Some("video/mp4"));
    assert_eq!(answer.header(header::ACCEPT_RANGES), Some("bytes"));
    assert_eq!(answer.header(header::CACHE_CONTROL), Some("private, no-store"));
    assert_eq!(answer.header(header::ETAG).unwrap(), format!("\"{}\"", world.row(id).await.sha256));
    let views = world.views(id).await;
    assert_eq!(views.len(), 1);
    assert_eq!((&views[0]["first"], &views[0]["last"]), (&json!(0), &json!(699_999)));
    assert!(views[0]["actor"].as_str().unwrap().ends_with(":legal"), "{}", views[0]);
}

#[tokio::test]
async fn ranges_are_served_as_the_standard_says() {
    let (world, path, id) = with_bytes(b"0123456789").await;
    let table: [(&str, u16, &str, Option<&str>); 12] = [
        ("bytes=0-3", 206, "0123", Some("bytes 0-3/10")),
        ("bytes=4-", 206, "456789", Some("bytes 4-9/10")),
        ("bytes=-3", 206, "789", Some("bytes 7-9/10")),
        ("bytes=-99", 206, "0123456789", Some("bytes 0-9/10")),
        ("bytes=8-99", 206, "89", Some("bytes 8-9/10")),
        ("bytes=9-9", 206, "9", Some("bytes 9-9/10")),
        ("bytes=0-1,4-5", 200, "0123456789", None),
        ("bytes=5-3", 200, "0123456789", None),
        ("lines=0-3", 200, "0123456789", None),
        ("bytes=10-", 416, "", Some("bytes */10")),
        ("bytes=-0", 416, "", Some("bytes */10")),
        ("bytes=99-100", 416, "", Some("bytes */10")),
    ];
    let mut shown = 0;
    for (range, status, body, content_range) in table {
        let answer = world.get_with(OFFICER, &path, &[("range", range)]).await;
        assert_eq!(answer.status.as_u16(), status, "{range}");
        assert_eq!(answer.header(header::CONTENT_RANGE), content_range, "{range}");
        if status == 416 {
            assert_eq!(answer.code(), "range_outside");
        } else {
            shown += 1;
            assert_eq!(String::from_utf8_lossy(&answer.body), body, "{range}");
            assert_eq!(answer.header(header::CONTENT_LENGTH), Some(&*body.len().to_string()), "{range}");
        }
        assert_eq!(world.views(id).await.len(), shown, "{range}");
    }
    let views = world.views(id).await;
    assert_eq!((&views[1]["first"], &views[1]["last"]), (&json!(4), &json!(9)));
}

#[tokio::test]
async fn conditions_decide_before_anything_is_shown() {
    let (world, path, id) = with_bytes(b"0123456789").await;
    let tag = format!("\"{}\"", world.row(id).await.sha256);
    let weak = format!("W/{tag}");
    let known = world.get_with(OFFICER, &path, &[("if-none-match", &weak)]).await;
    assert_eq!((known.status, known.header(header::ETAG)), (StatusCode::NOT_MODIFIED, Some(&*tag)));
    assert_eq!(known.body, b"");
    let other = world.get_with(OFFICER, &path, &[("if-match", "\"other\"")]).await;
    assert_eq!((other.status, other.code().as_str()), (StatusCode::PRECONDITION_FAILED, "other_bytes"));
    let head = world.head(OFFICER, &path).await;
    assert_eq!((head.status, head.header(header::CONTENT_LENGTH)), (StatusCode::OK, Some("10")));
    assert_eq!(head.header(header::ETAG), Some(&*tag));
    assert!(world.views(id).await.is_empty(), "nothing was shown");
    for (condition, status) in [(&*tag, 206), (&*weak, 200), ("\"other\"", 200), ("Tue, 24 Nov 2026 08:52:07 GMT", 200)]
    {
        let answer = world.get_with(OFFICER, &path, &[("range", "bytes=0-1"), ("if-range", condition)]).await;
        assert_eq!(answer.status.as_u16(), status, "{condition}");
    }
    assert_eq!(world.get_with(OFFICER, &path, &[("if-match", &tag)]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_clip_without_bytes_has_none() {
    let (world, path, id) = with_bytes(b"").await;
    let answer = world.get(OFFICER, &path).await;
    assert_eq!((answer.status, answer.header(header::CONTENT_LENGTH)), (StatusCode::OK, Some("0")));
    let answer = world.get_with(OFFICER, &path, &[("range", "bytes=0-")]).await;
    assert_eq!(answer.header(header::CONTENT_RANGE), Some("bytes */0"));
    assert!(world.views(id).await.is_empty());
}

#[tokio::test]
async fn no_name_breaks_the_header() {
    let world = World::new().await;
    let names: [&[u8]; 7] = [
        "执法 记录.mp4".as_bytes(),
        b"a\r\nSet-Cookie: x=y.mp4",
        b"\"; filename=evil.exe",
        b"invalid-\xff\xfe.mp4",
        "\u{202e}4pm.exe".as_bytes(),
        b"a%00b;c.mp4",
        &[b'n'; 255],
    ];
    for (n, name) in names.iter().enumerate() {
        let id = world.accept(world.arrival(name, &[u8::try_from(n).unwrap()])).await.clip_id;
        let answer = world.get(OFFICER, &format!("/api/v1/clips/{id}/media")).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
        let value = answer.header(header::CONTENT_DISPOSITION).unwrap();
        assert_eq!(value.matches(';').count(), 2, "{value}");
        assert!(value.starts_with("inline; filename=\"") && value.contains("; filename*=UTF-8''"), "{value}");
    }
    let first = world.all_ids("/api/v1/clips", 200).await;
    let mut values = Vec::new();
    for id in first {
        let head = world.head(OFFICER, &format!("/api/v1/clips/{id}/media")).await;
        values.push(head.header(header::CONTENT_DISPOSITION).unwrap().to_owned());
    }
    assert!(values.iter().any(|v| v.ends_with("''%E6%89%A7%E6%B3%95%20%E8%AE%B0%E5%BD%95.mp4")), "{values:#?}");
}

#[tokio::test]
async fn the_content_decides_the_type_and_what_a_browser_may_show() {
    let world = World::new().await;
    let facts = |container, kind| MediaFacts { container, kind, ..video() };
    for (n, (media, expected)) in [
        (facts(Some(Container::Isobmff), Kind::Audio), "audio/mp4 inline"),
        (facts(Some(Container::Isobmff), Kind::Unknown), "application/octet-stream attachment"),
        (facts(Some(Container::Avi), Kind::Video), "video/x-msvideo inline"),
        (facts(Some(Container::Mpegts), Kind::Video), "video/mp2t inline"),
        (facts(Some(Container::Jpeg), Kind::Photo), "image/jpeg inline"),
        (facts(Some(Container::Amr), Kind::Audio), "audio/amr inline"),
        (facts(None, Kind::Text), "text/plain attachment"),
        (facts(None, Kind::Unknown), "application/octet-stream attachment"),
    ]
    .into_iter()
    .enumerate()
    {
        // The name lies: it would be a page.
        let mut arrival = world.arrival(format!("{n}.html"), format!("<script>{n}</script>").as_bytes());
        arrival.media = media;
        let id = world.accept(arrival).await.clip_id;
        let head = world.head(OFFICER, &format!("/api/v1/clips/{id}/media")).await;
        let disposition = head.header(header::CONTENT_DISPOSITION).unwrap().split(';').next().unwrap();
        assert_eq!(format!("{} {disposition}", head.header(header::CONTENT_TYPE).unwrap()), expected);
    }
}

#[tokio::test]
async fn a_lost_or_cut_object_is_said_and_nothing_is_recorded() {
    let (world, path, id) = with_bytes(b"0123456789").await;
    let object = world.app.vault.object_path(world.row(id).await.sha256);
    std::fs::write(&object, b"012").unwrap();
    let cut = world.get(OFFICER, &path).await;
    assert_eq!((cut.status, cut.code().as_str()), (StatusCode::INTERNAL_SERVER_ERROR, "object_missing"));
    assert!(cut.json()["instance"].as_str().unwrap().starts_with("urn:zhilu:failure:"));
    std::fs::remove_file(&object).unwrap();
    let lost = world.get(OFFICER, &path).await;
    assert_eq!(lost.code(), "object_missing");
    assert!(!String::from_utf8_lossy(&lost.body).contains("objects"), "inner detail was told");
    assert!(world.views(id).await.is_empty());
}

#[tokio::test]
async fn a_fetch_that_cannot_be_recorded_does_not_happen() {
    let (world, path, _) = with_bytes(b"0123456789").await;
    let lock = world.app.custody.db.begin().await.unwrap();
    let answer = tokio::time::timeout(std::time::Duration::from_millis(300), world.get(OFFICER, &path)).await;
    assert!(answer.is_err(), "bytes left while the ledger could not be written");
    drop(lock);
    assert_eq!(world.get(OFFICER, &path).await.status, StatusCode::OK);
}
