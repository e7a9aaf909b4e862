//! `glomers serve`, from its start to Ctrl-C.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use crate::support::{Place, signal};

fn ask(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn runs_are_shown_until_it_is_stopped() {
    let place = Place::new();
    place.run(&["test", "-w", "echo", "--node", "echo", "--time-limit", "1", "--seed", "1"]);
    let run = place.latest().canonicalize().unwrap();
    let name = run.file_name().unwrap().to_str().unwrap().to_owned();
    let mut server = place.start(&["serve", "--port", "0"]);
    let mut output = BufReader::new(server.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("Serving store at http://").expect(&line);
    let address = address.trim_end_matches('/').to_owned();
    let list = ask(&address, "/");
    assert!(list.contains("1 run.") && list.contains(&name), "{list}");
    let report = ask(&address, &format!("/run/echo/{name}/"));
    assert!(report.starts_with("HTTP/1.1 200") && report.contains(">valid<"), "{report}");
    let found = ask(&address, &format!("/run/echo/{name}/bodies?q=echo_ok"));
    assert!(found.contains("{\"ids\":["), "{found}");
    let log = ask(&address, &format!("/run/echo/{name}/files/run.log"));
    assert!(log.contains("glomers test -w echo"), "{log}");
    signal(&server, "INT");
    let ended = server.wait().unwrap();
    assert!(ended.success(), "{ended}");
}

#[test]
fn what_cannot_be_served_is_said() {
    let place = Place::new();
    place.run(&["serve"]).shows(254, &["store is no folder", "glomers test makes one"]);
    std::fs::create_dir(place.path("store")).unwrap();
    let open = place.run(&["serve", "--host", "0.0.0.0"]);
    open.shows(254, &["others can reach 0.0.0.0", "add --token"]);
    let short = place.run(&["serve", "--token", "secret"]);
    short.shows(254, &["16 of them at least"]);
}
