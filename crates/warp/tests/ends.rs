//! Nodes that end, hang, flood or misbehave: each is named, and nothing is left.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod support;

use std::path::Path;
use std::time::Duration;

use glomers_sim::{NodeProgram, Schedule, SteppedHost, Stop};
use glomers_warp::{Guarantee, TracedHost, TracedOptions, WarpError};
use support::{Lab, can_trace, compiled, script, traced};

/// A node of one C function, in a folder that lasts as long as the node.
fn node(body: &str, options: TracedOptions) -> Option<(Lab, tempfile::TempDir)> {
    if !can_trace() {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let headers = "#define _GNU_SOURCE\n#include <errno.h>\n#include <poll.h>\n#include <pthread.h>\n\
                   #include <sched.h>\n#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>\n\
                   #include <string.h>\n#include <sys/file.h>\n#include <sys/ptrace.h>\n\
                   #include <fcntl.h>\n#include <sys/wait.h>\n#include <unistd.h>\n#include <time.h>\n";
    let program = compiled(folder.path(), "node", &format!("{headers}{body}"), &[])?;
    let lab = Lab::with(&program, &[], 1, Schedule::Fifo, options);
    Some((lab, folder))
}

fn impatient() -> TracedOptions {
    TracedOptions { longest_computation: Duration::from_millis(300), ..TracedOptions::default() }
}

#[test]
fn the_end_of_a_node_is_told_with_its_last_words() {
    let body = r#"int main(){fprintf(stderr,"bye\n");printf("half");fflush(stdout);exit(3);}"#;
    let Some((lab, _folder)) = node(body, TracedOptions::default()) else { return };
    assert_eq!(lab.crashed.as_deref(), Some("exited with status 3"));
    assert!(lab.last_words[0] == "bye" && lab.last_words[1].contains("half"));
}

#[test]
fn a_signal_that_ends_a_node_is_named() {
    let body = "void *wait_(void*a){pause();return 0;}
        int main(){pthread_t t;pthread_create(&t,0,wait_,0);usleep(1000);abort();}";
    let Some((mut lab, _folder)) = node(body, TracedOptions::default()) else { return };
    lab.run_to(10);
    assert!(lab.crashed.as_deref().is_some_and(|how| how.contains("SIGABRT")), "{:?}", lab.crashed);
}

#[test]
fn a_loop_without_end_ends_the_run() {
    let body = "int main(){for(volatile long i=0;;i++);}";
    let Some((lab, _folder)) = node(body, impatient()) else { return };
    let (name, how) = lab.broke.unwrap();
    assert_eq!(name, "endless-computation");
    assert!(how.contains("--time real"), "{how}");
}

#[test]
fn a_thread_that_waits_in_a_loop_lets_others_have_the_turn() {
    // It is found out by the clock on the wall, but that makes no difference.
    let body = r#"volatile int flag;void *set(void*a){usleep(2000);flag=1;return 0;}
        int main(){pthread_t t;pthread_create(&t,0,set,0);while(!flag);struct timespec n;
        clock_gettime(CLOCK_MONOTONIC,&n);fprintf(stderr,"seen %ld\n",n.tv_nsec);pause();}"#;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let Some((mut lab, _folder)) = node(body, impatient()) else { return };
        lab.run_to(100);
        seen.push(lab.logged("seen ").to_owned());
        assert_eq!(lab.report().guarantee, Guarantee::Exact, "{:?}", lab.report());
        assert!(lab.report().notes[0].text.contains("waits in a loop"), "{:?}", lab.report());
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn a_loop_that_counts_its_rounds_is_interrupted_and_that_is_said() {
    let body = r#"volatile int flag;volatile long rounds;void *set(void*a){flag=1;return 0;}
        int main(){pthread_t t;pthread_create(&t,0,set,0);while(!flag)rounds++;fprintf(stderr,"seen\n");pause();}"#;
    let Some((mut lab, _folder)) = node(body, impatient()) else { return };
    lab.run_to(100);
    assert_eq!(lab.logged("seen"), "");
    assert_eq!(lab.report().guarantee, Guarantee::Virtual);
    assert!(lab.report().notes[0].text.contains("wall-clock timer"), "{:?}", lab.report());
}

#[test]
fn a_line_has_its_time_from_the_node_also_if_it_was_read_early() {
    // It computes for long after it has written; the watch reads the line meanwhile.
    let body = r#"int main(){puts("line");fflush(stdout);struct timespec t;
        for(volatile long i=0;i<300000000;i++)if(i%100000000==0)clock_gettime(CLOCK_MONOTONIC,&t);
        for(int i=0;i<1000;i++)clock_gettime(CLOCK_MONOTONIC,&t);pause();}"#;
    let Some((lab, _folder)) = node(body, TracedOptions::default()) else { return };
    let (at, _) = lab.lines[0];
    assert!(at.0 >= 1000 * 20, "it was read when the node was quiet: {at:?}");
    assert_eq!(lab.report().guarantee, Guarantee::Exact, "{:?}", lab.report());
}

#[test]
fn a_loop_that_looks_at_the_clock_lets_others_have_the_turn() {
    let body = r#"volatile int flag;void *set(void*a){usleep(3000);flag=1;return 0;}
        int main(){pthread_t t;pthread_create(&t,0,set,0);struct timespec n;long rounds=0;
        while(!flag){clock_gettime(CLOCK_MONOTONIC,&n);rounds++;}
        fprintf(stderr,"seen %ld %ld\n",rounds,n.tv_nsec);pause();}"#;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let Some((mut lab, _folder)) = node(body, TracedOptions::default()) else { return };
        lab.run_to(100);
        seen.push(lab.logged("seen ").to_owned());
        assert_eq!(lab.report().guarantee, Guarantee::Exact, "{:?}", lab.report());
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn a_loop_that_only_asks_does_not_hold_up_the_clock() {
    let body = r#"int main(){struct timespec t;struct pollfd p={0,POLLIN,0};
        do{poll(&p,1,0);clock_gettime(CLOCK_MONOTONIC,&t);}while(t.tv_sec<1001);
        fprintf(stderr,"a second\n");pause();}"#;
    let Some((mut lab, _folder)) = node(body, TracedOptions::default()) else { return };
    assert!(lab.log.is_empty(), "it is taken out of its loop, so that others hear of time");
    lab.run_to(1100);
    assert_eq!(lab.logged("a second"), "");
    assert_eq!(lab.report().guarantee, Guarantee::Exact);
}

#[test]
fn a_call_that_is_not_emulated_is_named() {
    let body = r#"int main(){int a=fileno(tmpfile());char name[64];sprintf(name,"/proc/self/fd/%d",a);int b=open(name,O_RDWR);
        flock(a,LOCK_EX);if(!fork()){usleep(2000);flock(a,LOCK_UN);pause();}
        flock(b,LOCK_EX);fprintf(stderr,"locked\n");pause();}"#;
    let Some((mut lab, _folder)) = node(body, TracedOptions::default()) else { return };
    lab.run_to(10);
    let report = lab.report();
    assert_eq!(report.guarantee, Guarantee::Virtual);
    assert!(report.notes.iter().any(|note| note.text.contains("flock")), "{report:?}");
}

#[test]
fn closed_output_and_long_lines_break_a_node() {
    let body = "int main(){close(1);pause();}";
    let Some((lab, _folder)) = node(body, TracedOptions::default()) else { return };
    assert_eq!(lab.broke.unwrap().0, "closed-stdout");
    let body = "char b[1<<20];int main(){memset(b,'x',sizeof b);for(;;)write(1,b,sizeof b);}";
    let options = TracedOptions { max_line: 100 << 20, ..TracedOptions::default() };
    let Some((lab, _folder)) = node(body, options) else { return };
    assert_eq!(lab.broke.unwrap().0, "line-too-long");
}

#[test]
fn much_output_at_once_is_read() {
    let body =
        r#"int main(){for(int i=0;i<100000;i++)printf("line %d\n",i);fflush(stdout);pause();}"#;
    let Some((lab, _folder)) = node(body, TracedOptions::default()) else { return };
    assert_eq!(lab.lines.len(), 100_000);
    assert_eq!(lab.report().guarantee, Guarantee::Exact, "{:?}", lab.report());
}

#[test]
fn a_program_that_traces_itself_cannot() {
    let body = r#"int main(){long r=ptrace(PTRACE_TRACEME,0,0,0);fprintf(stderr,"traceme %ld %d\n",r,errno==EPERM);pause();}"#;
    let Some((lab, _folder)) = node(body, TracedOptions::default()) else { return };
    assert_eq!(lab.logged("traceme "), "-1 1");
    assert!(lab.report().notes[0].text.contains("traced itself"), "{:?}", lab.report());
}

#[test]
fn many_threads_come_and_go() {
    let body = r#"void *sleep_(void*a){usleep(1000);return 0;}
        int main(){pthread_attr_t at;pthread_attr_init(&at);pthread_attr_setstacksize(&at,16384);
        static pthread_t t[1000];int made=0;for(int i=0;i<1000;i++)if(!pthread_create(&t[i],&at,sleep_,0))made++;
        for(int i=0;i<made;i++)pthread_join(t[i],0);fprintf(stderr,"joined %d\n",made);pause();}"#;
    let Some((mut lab, _folder)) = node(body, TracedOptions::default()) else { return };
    lab.run_to(100);
    assert_eq!(lab.logged("joined "), "1000");
}

#[test]
fn a_daemon_dies_with_its_node() {
    let body = r#"int main(){if(!fork()){setsid();if(!fork()){signal(SIGTERM,SIG_IGN);fprintf(stderr,"up\n");
        for(;;)sleep(1);}_exit(0);}int s;wait(&s);pause();}"#;
    let Some((mut lab, _folder)) = node(body, TracedOptions::default()) else { return };
    lab.run_to(5);
    assert_eq!(lab.logged("up"), "");
    let children = || {
        let text = std::fs::read_dir("/proc").unwrap().flatten().filter(|entry| {
            let name = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
            name.contains(_folder.path().to_str().unwrap())
        });
        text.count()
    };
    assert!(children() >= 2);
    lab.host.stop(0, Stop::Kill, lab.now);
    assert_eq!(children(), 0, "nobody is left");
    lab.start(1);
    assert!(children() >= 2);
    drop(lab);
    assert_eq!(children(), 0, "nobody is left");
}

#[test]
fn a_node_that_goes_into_the_background_is_told_not_to() {
    let body = "int main(){if(fork())return 0;setsid();for(;;)sleep(1);}";
    let Some((mut lab, _folder)) = node(body, TracedOptions::default()) else { return };
    lab.run_to(5);
    let how = lab.crashed.unwrap();
    assert!(how.starts_with("exited with status 0") && how.contains("in the foreground"), "{how}");
}

#[test]
fn no_descriptor_is_left_when_nodes_end() {
    let body = "int main(){if(!fork())pause();usleep(1000);pause();}";
    let Some((mut lab, _folder)) = node(body, TracedOptions::default()) else { return };
    // Other tests of this process open and close theirs at the same time, so that what
    // counts is whether there are more and more.
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open();
    for incarnation in 1..100 {
        lab.host.stop(0, Stop::Kill, lab.now);
        lab.start(incarnation);
    }
    assert!(open() < before + 100, "{before}, and then {}", open());
}

#[test]
fn a_program_in_another_form_is_refused_in_words() {
    let refused = |path: &Path| {
        let program =
            NodeProgram::Program { path: path.to_str().unwrap().to_owned(), arguments: Vec::new() };
        match TracedHost::new(&traced(1, program, Schedule::Fifo), TracedOptions::default()) {
            Err(WarpError::BadProgram { reason, .. }) => reason,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("it was taken"),
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let arm = folder.path().join("arm");
    std::fs::write(&arm, b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xb7\0").unwrap();
    assert!(refused(&arm).contains("64-bit ARM"));
    let setuid = script(folder.path(), "setuid", "#!/bin/sh\n");
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&setuid, std::fs::Permissions::from_mode(0o4755)).unwrap();
    assert!(refused(&setuid).contains("chmod ug-s"));
}

#[test]
fn a_program_that_cannot_start_says_why() {
    if !can_trace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let missing = script(folder.path(), "missing", "#!/no/such/interpreter\n");
    let program =
        NodeProgram::Program { path: missing.to_str().unwrap().to_owned(), arguments: Vec::new() };
    let mut plan = traced(1, program, Schedule::Fifo);
    plan.set_node_count(1);
    let mut host = TracedHost::new(&plan, TracedOptions::default()).unwrap();
    let error = host.start(0, 0, glomers_history::Time::ZERO).unwrap_err();
    assert!(error.contains("No such file"), "{error}");
}
