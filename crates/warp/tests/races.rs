//! Races in nodes, with no system call between load and store: drawn schedules find
//! them and find them again, and without a draw they stay hidden.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod support;

use std::path::Path;

use glomers_sim::Schedule;
use glomers_warp::{Guarantee, TracedOptions};
use support::{Lab, can_trace, compiled, script};

/// Two threads add to a counter, without a lock, at each line that is read.
const IN_C: &str = r#"#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static volatile int counter, lines;
static pthread_barrier_t begin, end;
static void *add(void *unused) {
  for (;;) {
    pthread_barrier_wait(&begin);
    for (int i = 0; i < 20; i++) { int found = counter; found = found * 3 / 3; counter = found + 1; }
    pthread_barrier_wait(&end);
  }
}
int main(void) {
  char line[65536]; pthread_t a, b;
  pthread_barrier_init(&begin, 0, 3); pthread_barrier_init(&end, 0, 3);
  pthread_create(&a, 0, add, 0); pthread_create(&b, 0, add, 0);
  while (fgets(line, sizeof line, stdin)) {
    lines++;
    pthread_barrier_wait(&begin); pthread_barrier_wait(&end);
    printf("lost %d\n", 40 * lines - counter); fflush(stdout);
  }
}"#;

/// What a node has lost in the end.
fn lost(program: &Path, seed: u64, schedule: Schedule, lines: usize) -> String {
    let mut lab = Lab::with(program, &[], seed, schedule, TracedOptions::default());
    for line in 0..lines {
        lab.say(r#"{"type":"add"}"#);
        // A thread that is kept off its processor makes a node slow.
        lab.run_to(10_000 * (line as u64 + 1));
    }
    assert_eq!(lab.report().guarantee, Guarantee::Exact, "{:?}", lab.report());
    assert_eq!(
        lab.lines.len(),
        lines,
        "seed {seed} {:?} {:?} {:?} {:?}",
        lab.log,
        lab.crashed,
        lab.broke,
        lab.next_wake
    );
    lab.lines.last().unwrap().1.clone()
}

fn is_found_and_repeated(program: &Path, seeds: u64, lines: usize) {
    for seed in 0..2 {
        let said = lost(program, seed, Schedule::Fifo, lines);
        assert_eq!(said, "lost 0", "nothing is lost in order");
    }
    let found = (0..seeds).find_map(|seed| {
        let said = lost(program, seed, Schedule::Random, lines);
        (said != "lost 0").then_some((seed, said))
    });
    let (seed, said) = found.expect("a drawn schedule finds the race");
    eprintln!("seed {seed}: {said}");
    for _ in 0..2 {
        assert_eq!(lost(program, seed, Schedule::Random, lines), said, "the same each time");
    }
}

#[test]
fn a_race_in_c_is_found_and_repeated() {
    if !can_trace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = compiled(folder.path(), "race", IN_C, &[]) else { return };
    is_found_and_repeated(&program, 100, 10);
}

/// A thread for each half of a line's additions.
const IN_PYTHON: &str = r#"import sys, threading
counter = 0
begin = threading.Barrier(2)
def add():
    global counter
    begin.wait()
    for _ in range(40):
        found = counter
        for _ in range(5):
            found = int(str(found))
        counter = found + 1
lines = 0
for line in sys.stdin:
    lines += 1
    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("lost", 80 * lines - counter, flush=True)
"#;

#[test]
fn a_race_in_python_is_found_and_repeated() {
    if !can_trace() {
        return;
    }
    let ask = ["-c", "import sys; print(sys.executable)"];
    let Ok(python) = std::process::Command::new("python3").args(ask).output() else {
        eprintln!("skipped, because there is no python3 here");
        return;
    };
    // Not what `env` finds, which may be a script that looks for it.
    let python = String::from_utf8(python.stdout).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), "race.py", &format!("#!{python}{IN_PYTHON}"));
    is_found_and_repeated(&program, 60, 8);
}

/// Builds with a compiler that may not be here; whether it is.
fn build(compiler: &str, arguments: &[&str], folder: &Path) -> bool {
    let result = std::process::Command::new(compiler)
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .env("CGO_ENABLED", "0")
        .output();
    match result {
        Ok(output) if output.status.success() => true,
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => {
            eprintln!("skipped, because there is no {compiler} here");
            false
        }
    }
}

const IN_GO: &str = r#"package main

import (
	"bufio"
	"fmt"
	"os"
	"sync"
)

var counter int

func add(begin, end *sync.WaitGroup) {
	begin.Done()
	begin.Wait()
	for i := 0; i < 200; i++ {
		found := counter
		for j := 0; j < 10; j++ {
			found ^= j
		}
		for j := 9; j >= 0; j-- {
			found ^= j
		}
		counter = found + 1
	}
	end.Done()
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	for lines := 1; input.Scan(); lines++ {
		var begin, end sync.WaitGroup
		begin.Add(2)
		end.Add(2)
		go add(&begin, &end)
		go add(&begin, &end)
		end.Wait()
		fmt.Println("lost", 400*lines-counter)
	}
}
"#;

#[test]
fn a_race_in_go_is_found_and_repeated() {
    if !can_trace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("race.go"), IN_GO).unwrap();
    if build("go", &["build", "-o", "race", "race.go"], folder.path()) {
        is_found_and_repeated(&folder.path().join("race"), 200, 10);
    }
}

const IN_JAVA: &str = r#"
import java.io.*;
import java.util.concurrent.*;

public class Race {
  static int counter;
  public static void main(String[] arguments) throws Exception {
    BufferedReader reader = new BufferedReader(new InputStreamReader(System.in));
    for (int lines = 1; reader.readLine() != null; lines++) {
      CyclicBarrier begin = new CyclicBarrier(2);
      Thread[] threads = new Thread[2];
      for (int i = 0; i < 2; i++) {
        threads[i] = new Thread(() -> {
          try { begin.await(); } catch (Exception error) { throw new RuntimeException(error); }
          for (int j = 0; j < 100; j++) {
            int found = counter;
            for (int k = 0; k < 5; k++) found = Integer.parseInt("" + found);
            counter = found + 1;
          }
        });
        threads[i].start();
      }
      for (Thread thread : threads) thread.join();
      System.out.println("lost " + (200 * lines - counter));
    }
  }
}
"#;

#[test]
fn a_race_in_java_is_found_and_repeated() {
    // It takes two minutes, and the others half of one in all.
    if std::env::var_os("GLOMERS_JAVA").is_none() {
        eprintln!("skipped, because GLOMERS_JAVA is not set");
        return;
    }
    if !can_trace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Race.java"), IN_JAVA).unwrap();
    if build("javac", &["Race.java"], folder.path()) {
        let run = format!("#!/bin/sh\nexec java -cp {} Race\n", folder.path().display());
        is_found_and_repeated(&script(folder.path(), "race", &run), 200, 4);
    }
}
