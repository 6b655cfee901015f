//! The two programs that judge a bag.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

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
        PYTHON.with_borrow_mut(|python| python.judge(&self.bag(), &self.policy()))
    }
}

const CHECKER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/audit/zhilu_audit.py");

/// Runs the independent checker as everybody does; gives its exit code and what it printed.
pub(crate) fn python(arguments: &[&Path]) -> (Option<i32>, String) {
    let done = Command::new("python3").args(["-I", CHECKER]).args(arguments).output();
    let done = done.expect("python3 is not installed; ./tests/run installs it");
    let said = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// Many bags in one process, which begins once and remembers signatures that it saw.
const DRIVER: &str = r#"
import contextlib, importlib.util, io, json, sys
sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("checker", sys.argv[1])
checker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(checker)
for line in sys.stdin:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = checker.check(*json.loads(line))
    print(json.dumps([code, said.getvalue()]), flush=True)
"#;

thread_local! {
    static PYTHON: RefCell<Python> = RefCell::new(Python::start());
}

struct Python {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Python {
    fn start() -> Self {
        let piped = Command::new("python3")
            .args(["-I", "-c", DRIVER, CHECKER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = piped.expect("python3 is not installed; ./tests/run installs it");
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers }
    }

    fn judge(&mut self, bag: &Path, policy: &Path) -> (Option<i32>, String) {
        let question = serde_json::to_string(&[bag, policy]).unwrap() + "\n";
        self.child.stdin.as_mut().unwrap().write_all(question.as_bytes()).unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let (code, said) = serde_json::from_str(&answer).unwrap();
        (Some(code), said)
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The exit code that follows from a report.
pub(crate) fn code(report: &Report) -> i32 {
    match report.conclusion() {
        Conclusion::Proved => 0,
        Conclusion::Altered => 1,
        Conclusion::Unverifiable => 2,
    }
}
