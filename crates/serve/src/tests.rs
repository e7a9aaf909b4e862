//! A server that answers, asked over a socket.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::{Options, Reports, Server};

struct Echo;

impl Reports for Echo {
    fn report(&self, run: &Path, bodies: &str) -> Result<String, String> {
        match run.ends_with("bad") {
            true => Err("it cannot be read".to_owned()),
            false => Ok(format!("<p>{} {bodies}</p>", run.display())),
        }
    }

    fn side_by_side(&self, left: &Path, right: &Path) -> Result<String, String> {
        Ok(format!("{} {}", left.display(), right.display()))
    }
}

struct Running {
    _folder: tempfile::TempDir,
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Running {
    fn new(token: Option<&str>) -> Running {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("store");
        for run in ["good", "bad"] {
            let run = root.join("echo").join(run);
            fs::create_dir_all(run.join("node-logs")).unwrap();
            fs::write(run.join("journal.bin"), b"\xff").unwrap();
            fs::write(run.join("run.log"), "command: glomers test <b>\n").unwrap();
            fs::write(run.join("results.json"), "{\"valid?\": false}").unwrap();
            fs::write(run.join("node-logs/n0.log"), "<script>alert(1)</script>").unwrap();
        }
        fs::write(folder.path().join("secret"), "secret").unwrap();
        let host = [127, 0, 0, 1].into();
        let token = token.map(str::to_owned);
        let server = Server::bind(Options { root, host, port: 0, token }).unwrap();
        let (address, stop) = (server.address, Arc::new(AtomicBool::new(false)));
        let stopped = stop.clone();
        let run = move || server.run(Box::new(Echo), move || stopped.load(Ordering::Relaxed));
        #[expect(clippy::disallowed_methods, reason = "it serves while the test asks")]
        let thread = Some(std::thread::spawn(run));
        Running { _folder: folder, address, stop, thread }
    }

    /// The whole answer, head and all.
    fn ask(&self, path: &str) -> String {
        self.ask_with(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n", self.address))
    }

    fn ask_with(&self, head: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "{head}Connection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it was started");
        thread.join().expect("it does not panic").expect("it ends well");
    }
}

#[track_caller]
fn is(answer: &str, status: &str, parts: &[&str]) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    for part in parts {
        assert!(answer.contains(part), "{part}: {answer}");
    }
    assert!(answer.contains("content-security-policy: default-src 'none'"), "{answer}");
    assert!(answer.contains("x-content-type-options: nosniff"), "{answer}");
}

#[test]
fn runs_are_listed_and_their_reports_and_files_shown() {
    let server = Running::new(None);
    let list = server.ask("/");
    is(
        &list,
        "200",
        &["2 runs, 2 of them invalid", "href=\"/run/echo/good/\"", "glomers test &lt;b&gt;"],
    );
    is(&server.ask("/run/echo/good/"), "200", &["echo/good /run/echo/good/bodies</p>"]);
    is(&server.ask("/run/echo/bad/"), "422", &["it cannot be read"]);
    is(&server.ask("/run/echo/none/"), "404", &["listed at /"]);
    is(&server.ask("/compare?a=echo/good&b=echo/bad"), "200", &["echo/good", "echo/bad"]);
    is(&server.ask("/compare?a=echo/good&b=../secret"), "404", &[]);
    is(&server.ask("/run/echo/good/files/"), "200", &["./node-logs/n0.log"]);
    let log = server.ask("/run/echo/good/files/node-logs/n0.log");
    is(&log, "200", &["content-type: text/plain", "sandbox"]);
    is(&server.ask("/run/echo/good/files/journal.bin"), "200", &["application/octet-stream"]);
    is(&server.ask("/run/echo/good/bodies?q=x"), "422", &[]);
    is(&server.ask("/run/echo/good/bodies"), "400", &[]);
}

#[test]
fn no_path_leads_out_of_the_store() {
    let server = Running::new(None);
    for path in [
        "/run/echo/good/files/../../../../secret",
        "/run/echo/good/files/%2e%2e/%2e%2e/%2e%2e/secret",
        "/run/echo/good/files/..%2f..%2f..%2fsecret",
        "/run/%2e%2e/%2e%2e/files/secret",
        "/run/../secret",
        "/run/echo/good/files//etc/passwd",
        "/run/echo/good/files/%00",
    ] {
        let answer = server.ask(path);
        let is_refused = answer.starts_with("HTTP/1.1 404") || answer.starts_with("HTTP/1.1 400");
        assert!(is_refused && !answer.ends_with("secret"), "{path}: {answer}");
    }
}

#[test]
fn it_only_reads_and_answers_its_own_name_only() {
    let server = Running::new(None);
    for method in ["POST", "PUT", "DELETE"] {
        let head =
            format!("{method} / HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n", server.address);
        is(&server.ask_with(&head), "405", &["only reads"]);
    }
    let other = server.ask_with("GET / HTTP/1.1\r\nHost: evil.example\r\n");
    is(&other, "403", &["127.0.0.1 or localhost"]);
}

#[test]
fn a_token_is_asked_for_once() {
    let token = "0123456789abcdef";
    let server = Running::new(Some(token));
    is(&server.ask("/"), "401", &["A token is needed"]);
    is(&server.ask("/?token=0123456789abcdee"), "401", &[]);
    let first = server.ask(&format!("/?token={token}"));
    is(&first, "303", &["location: /", "HttpOnly; SameSite=Strict"]);
    let host = server.address;
    let cookie =
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nCookie: a=b; glomers-token={token}\r\n");
    is(&server.ask_with(&cookie), "200", &["2 runs"]);
}

#[test]
fn what_goes_on_is_told_as_it_goes_on() {
    let server = Running::new(None);
    let root = server._folder.path().join("store");
    let run = root.join("echo/good");
    std::os::unix::fs::symlink("echo/good", root.join("current")).unwrap();
    fs::write(run.join("history.jsonl"), "{\"time\":1500000000}\n{\"ti").unwrap();
    let mut stream = TcpStream::connect(server.address).unwrap();
    write!(stream, "GET /live HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).unwrap();
    let mut seen = String::new();
    let mut wait = |words: &str| {
        let mut part = [0; 4096];
        while !seen.contains(words) {
            let count = stream.read(&mut part).unwrap();
            assert!(count > 0, "it ended: {seen}");
            seen.push_str(&String::from_utf8_lossy(&part[..count]));
        }
    };
    wait("\"run\":\"echo/good\",\"operations\":1,\"seconds\":1.5");
    fs::write(run.join("history.jsonl"), "{\"time\":1500000000}\n{\"time\":2000000000}\n").unwrap();
    wait("\"operations\":2,\"seconds\":2.0");
    fs::remove_file(root.join("current")).unwrap();
    wait("\"running\":null");
}
