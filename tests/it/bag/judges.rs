//! The two programs that judge a bag.

use std::path::{Path, PathBuf};
use std::process::Command;

use zhilu::audit::bag::{Report, audit};
use zhilu::audit::ledger::Conclusion;
use zhilu::ledger::policy::Policy;

use super::files::Files;

/// A bag on disk and the policy that the auditor pinned.
pub(crate) struct Case {
    dir: tempfile::TempDir,
}

impl Case {
    pub(crate) fn new(files: &Files, policy: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("bag")).unwrap();
        files.write(&dir.path().join("bag"));
        std::fs::write(dir.path().join("policy"), policy).unwrap();
        Self { dir }
    }

    pub(crate) fn bag(&self) -> PathBuf {
        self.dir.path().join("bag")
    }

    pub(crate) fn policy(&self) -> PathBuf {
        self.dir.path().join("policy")
    }

    /// What this program finds.
    pub(crate) fn report(&self) -> Report {
        let policy = Policy::parse(&std::fs::read(self.policy()).unwrap()).unwrap();
        audit(&self.bag(), &policy, &|_, _| {})
    }

    /// The exit code of the command, and what it printed.
    pub(crate) fn run(&self, more: &[&str]) -> (Option<i32>, String) {
        let mut done = Command::new(crate::support::ZHILU);
        done.arg("audit").arg(self.bag()).arg("--policy").arg(self.policy());
        let done = done.args(more).args(["--data-dir", "/nonexistent"]).output().unwrap();
        (done.status.code(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
    }

    /// The exit code of the independent checker, and what it printed.
    pub(crate) fn python(&self) -> (Option<i32>, String) {
        python(&[&self.bag(), Path::new("--policy"), &self.policy()])
    }
}

/// Runs the independent checker.
pub(crate) fn python(arguments: &[&Path]) -> (Option<i32>, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/audit/zhilu_audit.py");
    let done = Command::new("python3").arg("-I").arg(script).args(arguments).env("PYTHONUTF8", "1").output();
    let done = done.expect("python3 is not installed; ./tests/run installs it");
    let said = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// The exit code that follows from a report.
pub(crate) fn code(report: &Report) -> i32 {
    match report.conclusion() {
        Conclusion::Proved => 0,
        Conclusion::Altered => 1,
        Conclusion::Unverifiable => 2,
    }
}
