//! {delete, truncate, flip, swap} × {object, row, entry, tile, checkpoint, salt}, on both engines: each is named.

use zhilu::audit::ledger::Conclusion;
use zhilu::audit::verify::Which;
use zhilu::catalog::{custody as events, ledger};
use zhilu::model::digest::Sha256Digest;
use zhilu::model::id::Id;

use super::verify;
use crate::api::world::World;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Delete,
    Truncate,
    Flip,
    Swap,
}
use How::{Delete, Flip, Swap, Truncate};

/// What is damaged, how, and the code that must be among the findings.
const DAMAGE: [(&str, How, &str); 28] = [
    ("object", Delete, "object_missing"),
    ("object", Truncate, "object_truncated"),
    ("object", Flip, "object_altered"),
    ("object", Swap, "object_altered"),
    ("row", Delete, "clip_missing"),
    ("row", Truncate, "clip_differs"),
    ("row", Flip, "clip_differs"),
    ("row", Swap, "clip_differs"),
    ("entry", Delete, "entry_missing"),
    ("entry", Truncate, "entry_altered"),
    ("entry", Flip, "root_differs"),
    ("entry", Swap, "clip_differs"),
    ("tile", Delete, "tile_missing"),
    ("tile", Truncate, "tile_altered"),
    ("tile", Flip, "tile_altered"),
    ("tile", Swap, "tile_altered"),
    ("checkpoint", Truncate, "checkpoint_altered"),
    ("checkpoint", Flip, "checkpoint_altered"),
    ("checkpoint", Swap, "entry_unsigned"),
    ("salt", Delete, "detail_altered"),
    ("salt", Truncate, "detail_altered"),
    ("salt", Flip, "detail_altered"),
    ("salt", Swap, "detail_altered"),
    ("batch", Delete, "record_missing"),
    ("batch", Truncate, "detail_altered"),
    ("batch", Flip, "detail_altered"),
    ("batch", Swap, "detail_altered"),
    ("fixity", Swap, "fixity_differs"),
];

/// Three clips, their confirmations and one verification: entries 0 to 6.
struct Scene {
    world: World,
    clips: Vec<Id>,
    /// The checkpoint before the verification.
    earlier: ledger::CheckpointRow,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let mut clips = Vec::new();
        for time in ["110000", "120000", "130000"] {
            clips.push(world.clip(time).await);
        }
        for clip in &clips {
            world.confirm(*clip).await;
        }
        let earlier = checkpoint(&world).await;
        let (report, looked) = verify(&world, &Which::All, true).await;
        assert_eq!((report.conclusion(), looked.objects, looked.equal), (Conclusion::Proved, 3, 3));
        assert_eq!(looked.unrecorded, None);
        Self { world, clips, earlier }
    }

    async fn digest(&self, n: usize) -> Sha256Digest {
        self.world.row(self.clips[n]).await.sha256
    }

    async fn damage(&self, what: &str, how: How) {
        match what {
            "object" => self.damage_object(how).await,
            "row" => self.damage_row(how).await,
            "entry" => self.damage_entry(how).await,
            "tile" => self.damage_tile(how).await,
            "checkpoint" => self.damage_checkpoint(how).await,
            "salt" => self.damage_salt(how).await,
            "batch" => self.damage_batch(how).await,
            _ => self.world.meddle("update fixity set entry_index = 3 where entry_index = 6").await,
        }
    }

    async fn damage_object(&self, how: How) {
        let path = self.world.app.vault.object_path(self.digest(0).await);
        let other = self.world.app.vault.object_path(self.digest(1).await);
        let bytes = std::fs::read(&path).unwrap();
        match how {
            Delete => std::fs::remove_file(path).unwrap(),
            Truncate => std::fs::write(path, &bytes[..bytes.len() - 1]).unwrap(),
            Flip => std::fs::write(path, flipped(&bytes)).unwrap(),
            Swap => {
                std::fs::write(path, std::fs::read(&other).unwrap()).unwrap();
                std::fs::write(other, bytes).unwrap();
            }
        }
    }

    async fn damage_row(&self, how: How) {
        let (a, b) = (self.digest(0).await.0, self.digest(1).await.0);
        let set = async |n: usize, bytes: &[u8]| {
            let (id, value) = (self.clips[n], self.world.literal(bytes));
            self.world.meddle(&format!("update clips set sha256 = {value} where id = {id}")).await;
        };
        match how {
            Delete => {
                let free = if self.world.on_server() {
                    "set session_replication_role = replica"
                } else {
                    "pragma foreign_keys = off"
                };
                self.world.meddle(&format!("{free}; delete from clips where id = {}", self.clips[0])).await;
            }
            Truncate => set(0, &a[..16]).await,
            Flip => set(0, &flipped(&a)).await,
            Swap => {
                set(0, &[0; 32]).await;
                set(1, &a).await;
                set(0, &b).await;
            }
        }
    }

    async fn damage_entry(&self, how: How) {
        let mut reader = self.world.app.custody.db.read().await.unwrap();
        let lines = ledger::entries(reader.conn(), 0, 2).await.unwrap();
        let (a, b) = (&lines[0].1, &lines[1].1);
        let set = async |n: u64, bytes: &[u8]| {
            let value = self.world.literal(bytes);
            self.world.meddle(&format!("update ledger_entries set line = {value} where entry_index = {n}")).await;
        };
        match how {
            Delete => self.world.meddle("delete from ledger_entries where entry_index = 0").await,
            Truncate => set(0, &a[..a.len() - 1]).await,
            Flip => set(0, &flipped(a)).await,
            Swap => {
                set(0, b).await;
                set(1, a).await;
            }
        }
    }

    async fn damage_tile(&self, how: How) {
        let mut reader = self.world.app.custody.db.read().await.unwrap();
        let hashes = ledger::tile(reader.conn(), 0, 0).await.unwrap().unwrap();
        let set = async |bytes: &[u8]| {
            self.world.meddle(&format!("update ledger_tiles set hashes = {}", self.world.literal(bytes))).await;
        };
        match how {
            Delete => self.world.meddle("delete from ledger_tiles").await,
            Truncate => set(&hashes[..32]).await,
            Flip => set(&flipped(&hashes)).await,
            Swap => set(&[&hashes[32..64], &hashes[..32], &hashes[64..]].concat()).await,
        }
    }

    async fn damage_checkpoint(&self, how: How) {
        let note = checkpoint(&self.world).await.note;
        let set = async |note: &str| self.world.meddle(&format!("update ledger_checkpoint set note = '{note}'")).await;
        match how {
            Delete => self.world.meddle("delete from ledger_checkpoint").await,
            Truncate => set(&note[..note.len() - 9]).await,
            Flip => {
                // A bit of the signature: both characters are base64.
                let at = note.len() - 10;
                let other = if &note[at..=at] == "A" { "B" } else { "A" };
                set(&format!("{}{other}{}", &note[..at], &note[at + 1..])).await;
            }
            Swap => {
                let (size, root) = (self.earlier.size, self.world.literal(&self.earlier.root));
                self.world.meddle(&format!("update ledger_checkpoint set size = {size}, root = {root}")).await;
                set(&self.earlier.note).await;
            }
        }
    }

    async fn damage_salt(&self, how: How) {
        let mut reader = self.world.app.custody.db.read().await.unwrap();
        let all = events::page(reader.conn(), None, Id(0), 10).await.unwrap();
        let (a, b) = (all[0].salt, all[1].salt);
        let set = async |n: u64, bytes: &[u8]| {
            let value = self.world.literal(bytes);
            self.world.meddle(&format!("update custody_events set salt = {value} where entry_index = {n}")).await;
        };
        match how {
            Delete => set(0, &[]).await,
            Truncate => set(0, &a[..16]).await,
            Flip => set(0, &flipped(&a)).await,
            Swap => {
                set(all[0].entry_index, &b).await;
                set(all[1].entry_index, &a).await;
            }
        }
    }

    async fn damage_batch(&self, how: How) {
        let sql = match how {
            Delete => "delete from fixity_batches",
            Truncate => "update fixity_batches set detail = substr(detail, 1, 20)",
            Flip => "update fixity_batches set salt = (select root from ledger_checkpoint)",
            Swap => "update fixity_batches set detail = (select detail from custody_events where entry_index = 0)",
        };
        self.world.meddle(sql).await;
    }
}

async fn checkpoint(world: &World) -> ledger::CheckpointRow {
    let mut reader = world.app.custody.db.read().await.unwrap();
    ledger::checkpoint(reader.conn()).await.unwrap().unwrap()
}

/// One bit in the middle is another; in JSON it stays JSON.
fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    bytes
}

#[tokio::test]
async fn every_damage_is_named_and_is_no_proof() {
    for (what, how, expected) in DAMAGE {
        let scene = Scene::new().await;
        scene.damage(what, how).await;
        let (report, _) = verify(&scene.world, &Which::All, false).await;
        let codes: Vec<&str> = report.findings.list().iter().map(|f| f.code).collect();
        assert!(codes.contains(&expected), "{what} {how:?}: {:?}", report.findings);
        assert_eq!(report.conclusion(), Conclusion::Altered, "{what} {how:?}");
    }
}

#[tokio::test]
async fn without_a_checkpoint_nothing_is_proved() {
    let scene = Scene::new().await;
    scene.damage("checkpoint", Delete).await;
    let (report, _) = verify(&scene.world, &Which::All, false).await;
    assert!(!report.holds());
    assert_eq!(report.conclusion(), Conclusion::Unverifiable);
}

#[tokio::test]
async fn what_claims_an_entry_that_is_not_there_is_named() {
    for (sql, subject) in [
        ("update clips set last_entry = 99 where entry_index = 0", "clip"),
        ("update fixity set entry_index = 99 where clip_id = (select min(id) from clips)", "fixity"),
        ("update custody_events set entry_index = 99 where entry_index = 5", "custody_event"),
    ] {
        let scene = Scene::new().await;
        scene.world.meddle(sql).await;
        let (report, _) = verify(&scene.world, &Which::All, false).await;
        let named = report.findings.list().iter().any(|f| f.code == "entry_missing" && f.subject.starts_with(subject));
        assert!(named, "{sql}: {:?}", report.findings);
    }
}

#[tokio::test]
async fn a_look_that_nobody_recorded_is_named() {
    for sql in [
        "update fixity set checked_us = checked_us + 86400000000, verified_us = checked_us + 86400000000",
        "update fixity set verified_us = null",
        "update fixity set result = 'altered', verified_us = 1",
        "update fixity set entry_index = 0 where entry_index = 6",
    ] {
        let scene = Scene::new().await;
        scene.world.meddle(sql).await;
        let (report, _) = verify(&scene.world, &Which::All, false).await;
        assert!(report.findings.list().iter().any(|f| f.code == "fixity_differs"), "{sql}: {:?}", report.findings);
    }
}

#[tokio::test]
async fn whatever_lies_in_the_vault_and_is_no_clip_s_is_named() {
    let scene = Scene::new().await;
    let vault = &scene.world.app.vault;
    std::fs::write(vault.object_path(Sha256Digest([0xab; 32])), b"of nobody").unwrap();
    std::fs::write(vault.root().join("objects/notes.txt"), b"").unwrap();
    let (report, _) = verify(&scene.world, &Which::All, false).await;
    assert_eq!(report.unclaimed, ["ab".repeat(32)]);
    let found: Vec<_> = report.findings.list().iter().map(|f| (f.code, f.subject.ends_with("notes.txt"))).collect();
    assert_eq!(found, [("object_extra", true)]);
}

#[tokio::test]
async fn something_else_under_an_object_s_name_is_no_object() {
    let scene = Scene::new().await;
    let path = scene.world.app.vault.object_path(scene.digest(0).await);
    let kept = scene.world.path().join("kept");
    std::fs::rename(&path, &kept).unwrap();
    std::os::unix::fs::symlink(&kept, &path).unwrap();
    let (report, _) = verify(&scene.world, &Which::Clips(vec![scene.clips[0]]), false).await;
    assert_eq!(report.findings.list().iter().map(|f| f.code).collect::<Vec<_>>(), ["object_altered"]);
}
