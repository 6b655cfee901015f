//! Two courts, two daemons: one witnesses the other, over the network and by files.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use crate::support::{Court, Daemon, another_clip, dock};

/// A court with a name, and a port that is free.
struct Named {
    court: Court,
    port: u16,
}

impl Named {
    fn new(name: &str) -> Self {
        let mut court = Court::new();
        let uploads = court.uploads();
        court.config = format!(
            "[court]\nledger_name = \"{name}\"\n[intake]\nquiet_s = 1\nrescan_s = 1\n[[intake.folders]]\npath = {uploads:?}\n"
        );
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { court, port }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn serve(&self) -> Daemon {
        let listen = format!("127.0.0.1:{}", self.port);
        self.court.serve_as(self.court.command(&["serve", "--listen", &listen]))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.court.path().join(name)
    }

    /// Runs the binary, which must end so; gives all that it printed.
    fn run(&self, code: i32, arguments: &[&str]) -> String {
        let out = self.court.run(arguments);
        let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert_eq!(out.status.code(), Some(code), "{arguments:?}: {text}");
        text
    }

    fn ingest(&self, n: u32) {
        let file = dock(&self.court.uploads(), &format!("0012345_00123420240508132920_{n:04}.mp4"), &another_clip(n));
        self.run(0, &["ingest", text(&file)]);
    }

    fn log_key(&self) -> String {
        let policy = self.run(0, &["ledger", "policy"]);
        policy.lines().find_map(|line| line.strip_prefix("log ")).unwrap().to_owned()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A court, and one that witnesses it and mirrors its entries.
fn pair(on_files: bool) -> (Named, Named) {
    let (mut a, mut b) = (Named::new("a.example/zhilu"), Named::new("b.example/zhilu"));
    if on_files {
        (a.court.database, b.court.database) = (None, None);
    }
    assert!(b.run(0, &["witness", "key"]).starts_with("b.example/zhilu/witness+"), "the name that it has by default");
    b.court.config += "[witness]\nname = \"witness.b.example\"\n";
    let renamed = b.run(2, &["witness", "key"]);
    assert!(renamed.contains("a key's name can't be changed"), "{renamed}");
    std::fs::remove_file(b.court.data().join("keys/witness.key")).unwrap();
    let key = b.run(0, &["witness", "key"]);
    assert!(key.starts_with("witness.b.example+"), "{key}");
    a.ingest(1);
    let log = a.log_key();
    let token = a.run(0, &["token", "create", "--role", "auditor", "--name", "mirror"]);
    let token = token.split_whitespace().find(|word| word.starts_with("zhilu_")).unwrap();
    std::fs::write(b.path("a-token"), token).unwrap();
    // A start prints a token only when there is none.
    std::fs::write(a.path("token"), token).unwrap();
    a.court.config += &format!(
        "[witness]\nquorum = 1\n[[witness.ask]]\nname = \"b\"\nkey = {:?}\nurl = \"{}/witness/\"\n",
        key.trim(),
        b.url()
    );
    b.court.config +=
        &format!("[[witness.logs]]\nkey = {log:?}\nurl = \"{}\"\ntoken_file = {:?}\n", a.url(), b.path("a-token"));
    (a, b)
}

/// Another data directory for the court, with the same configuration and some of its files.
fn other_data(of: &Named, files: &[&str]) {
    let kept = of.path("kept");
    std::fs::rename(of.court.data(), &kept).unwrap();
    std::fs::create_dir_all(of.court.data().join("keys")).unwrap();
    for file in files {
        std::fs::copy(kept.join(file), of.court.data().join(file)).unwrap();
    }
}

fn verdict(a: &Named, code: i32, proof: &Path) -> String {
    a.run(code, &["ledger", "verify-proof", text(proof), "--policy", text(&a.path("policy"))])
}

#[test]
fn what_a_witness_cosigned_is_proved_with_it_and_cannot_be_taken_back() {
    // What is renamed and copied below is a file.
    let (mut a, b) = pair(true);
    let backup = a.path("backup");
    std::fs::create_dir(&backup).unwrap();
    for file in ["catalog.sqlite", "ledger.head"] {
        std::fs::copy(a.court.data().join(file), backup.join(file)).unwrap();
    }
    a.ingest(2);
    std::fs::write(a.path("policy"), a.run(0, &["ledger", "policy"])).unwrap();
    let bare = a.path("bare");
    a.run(0, &["ledger", "prove", "--index", "0", "--out", text(&bare)]);
    assert!(verdict(&a, 2, &bare).contains("no witness of the policy"), "nobody cosigned yet");

    let witness = b.serve();
    let asking = a.serve();
    let answer = asking.get("/api/v1/ledger/proof?index=0");
    let proof = a.path("proof");
    std::fs::write(&proof, &answer.body).unwrap();
    let said = verdict(&a, 0, &proof);
    assert!(said.contains("witness.b.example"), "{said}");
    // Starting announced the retention table, a fifth entry. What came was lost before it was kept: the witness says which size it saw, and cosigns again.
    assert_eq!(asking.stop(), Some(0));
    a.court.meddle("delete from cosigned_checkpoints");
    let asking = a.serve();
    std::fs::write(&proof, asking.get("/api/v1/ledger/proof?index=0").body).unwrap();
    verdict(&a, 0, &proof);
    // The mirror follows at its start; what came hashes to what was cosigned.
    assert_eq!(witness.stop(), Some(0));
    let witness = b.serve();
    let begun = std::time::Instant::now();
    while !b.run(0, &["witness", "status"]).contains("5 条已镜像") {
        assert!(begun.elapsed().as_secs() < 20, "{}\n{}", b.run(0, &["witness", "status"]), b.court.log());
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    assert_eq!(asking.stop(), Some(0));

    // Catalog and guard are put back together: only the witness knows better.
    other_data(&a, &["keys/ledger.key"]);
    for file in ["catalog.sqlite", "ledger.head"] {
        std::fs::copy(backup.join(file), a.court.data().join(file)).unwrap();
    }
    std::fs::create_dir(a.court.data().join("vault")).unwrap();
    let refused = a.run(2, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(refused.contains("cosigned 5 entries") && refused.contains("older copy"), "{refused}");

    // The whole history is made anew with the court's own key, and longer.
    std::fs::remove_dir_all(a.court.data()).unwrap();
    std::fs::rename(a.path("kept"), a.court.data()).unwrap();
    other_data(&a, &["keys/ledger.key"]);
    (5..9).for_each(|n| a.ingest(n));
    let refused = a.run(2, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(refused.contains("does not extend what it cosigned"), "{refused}");

    // Another key under the court's name is nobody to the witness.
    std::fs::remove_dir_all(a.court.data()).unwrap();
    a.court.config = a.court.config.replace("quorum = 1", "quorum = 0");
    a.ingest(1);
    let daemon = a.serve();
    assert!(a.court.log().contains("did not cosign: 403"), "{}", a.court.log());
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(witness.stop(), Some(0));
}

#[test]
fn a_witness_without_a_network_is_asked_by_files() {
    let (mut a, b) = pair(false);
    let url = format!("url = \"{}/witness/\"\n", b.url());
    a.court.config = a.court.config.replace(&url, "");
    b.ingest(9);
    std::fs::write(a.path("policy"), a.run(0, &["ledger", "policy"])).unwrap();
    let carry = |a: &Named, n: u32| {
        let (request, answer) = (a.path(&format!("request-{n}")), a.path(&format!("answer-{n}")));
        a.run(0, &["witness", "request", "--of", "b", "--out", text(&request)]);
        b.run(0, &["witness", "cosign", text(&request), "--out", text(&answer)]);
        let said = a.run(0, &["witness", "accept", text(&answer)]);
        assert!(said.contains("b 已见证"), "{said}");
        (request, answer)
    };
    let (first, answer) = carry(&a, 1);
    a.ingest(2);
    carry(&a, 2);
    let proof = a.path("proof");
    a.run(0, &["ledger", "prove", "--index", "3", "--out", text(&proof)]);
    assert!(verdict(&a, 0, &proof).contains("witness.b.example"));
    assert!(a.run(0, &["witness", "status"]).contains("4 条"), "{}", a.run(0, &["witness", "status"]));

    let again = a.path("again");
    b.run(2, &["witness", "cosign", text(&first), "--out", text(&again)]);
    assert!(!again.exists(), "an old request is refused and writes nothing");
    let forged = std::fs::read_to_string(&answer).unwrap().replace("witness.b.example", "witness.c.example");
    std::fs::write(a.path("forged"), forged).unwrap();
    a.run(2, &["witness", "accept", text(&a.path("forged"))]);
    a.run(2, &["witness", "request", "--of", "nobody", "--out", text(&again)]);
}

#[test]
fn a_mirror_finds_entries_that_are_not_those_that_were_signed() {
    let (a, b) = pair(true);
    let witness = b.serve();
    let asking = a.serve();
    assert_eq!(witness.stop(), Some(0));
    // The tiles and the checkpoint stay as they were signed: only who has every entry can tell.
    a.court
        .meddle("update ledger_entries set line = cast(replace(line, 'event', 'evenT') as blob) where entry_index = 1");
    let witness = b.serve();
    let begun = std::time::Instant::now();
    while !b.court.log().contains("do not hash to the checkpoint") {
        assert!(begun.elapsed().as_secs() < 20, "{}", b.court.log());
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    assert!(b.run(1, &["witness", "status"]).contains("异常 WRONG"));
    assert_eq!((asking.stop(), witness.stop()), (Some(0), Some(0)));
}
