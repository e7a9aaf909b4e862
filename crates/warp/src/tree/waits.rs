//! Threads that wait for time or for files.

use std::time::Duration;

use rustix::event::{PollFd, Timespec, poll};
use std::os::fd::AsFd;

use super::Tree;
use super::thread::{Files, OnTimeout, Park, Resume, State, ThreadId, Watched};
use crate::sys::memory;

impl Tree {
    /// Lets a thread wait.
    pub(super) fn park(&mut self, id: ThreadId, park: Park, deadline: Option<u64>) {
        match &park {
            Park::Futex { key, .. } | Park::Lock { key, .. } => {
                self.futexes.entry(*key).or_default().push_back(id);
            }
            Park::Files(_) => self.waiting_for_files.push(id),
            _ => {}
        }
        if !matches!(park, Park::Files(_)) {
            self.idle = 0;
        }
        if let Some(at) = deadline {
            self.order += 1;
            let order = self.order;
            self.thread(id).deadline = Some((at, order));
            self.deadlines.insert((at, order, id));
        }
        self.thread(id).state = State::Parked(park);
    }

    /// Takes a thread out of all lists of those that wait.
    pub(super) fn leave_wait(&mut self, id: ThreadId) {
        let thread = self.threads.get_mut(&id).expect("a thread is known until it is gone");
        if let Some((at, order)) = thread.deadline.take() {
            self.deadlines.remove(&(at, order, id));
        }
        match &thread.state {
            State::Parked(Park::Futex { key, .. } | Park::Lock { key, .. }) => {
                if let Some(queue) = self.futexes.get_mut(key) {
                    queue.retain(|&other| other != id);
                    if queue.is_empty() {
                        self.futexes.remove(key);
                    }
                }
            }
            State::Parked(Park::Files(_)) | State::Ready(Resume::ExecuteIfReady) => {
                self.waiting_for_files.retain(|&other| other != id);
                self.ready_files.remove(&id);
            }
            _ => {}
        }
    }

    /// Makes those ready whose time has come.
    pub(super) fn expire(&mut self) {
        let now = self.clock.now();
        self.expire_timers(now);
        while let Some(&(at, _, id)) = self.deadlines.first() {
            if at > now {
                return;
            }
            let resume = self.timed_out(id);
            self.idle = 0;
            self.make_ready(id, resume);
        }
    }

    /// How a thread goes on whose time is up.
    fn timed_out(&mut self, id: ThreadId) -> Resume {
        let thread = &self.threads[&id];
        let State::Parked(park) = &thread.state else { return Resume::Execute };
        match park {
            Park::Futex { .. } | Park::Lock { .. } => Resume::Return(-i64::from(libc::ETIMEDOUT)),
            Park::Processor => Resume::On(0),
            Park::SignalOf { .. } => Resume::Return(-i64::from(libc::EAGAIN)),
            Park::Files(Files { on_timeout, .. }) => self.without_files(id, *on_timeout),
            _ => Resume::Return(0),
        }
    }

    /// What a wait says that ends without a file.
    pub(crate) fn without_files(&self, id: ThreadId, on_timeout: OnTimeout) -> Resume {
        let tid = self.tid(id);
        match on_timeout {
            OnTimeout::Never | OnTimeout::Zero => {}
            OnTimeout::ClearList { list, length } => {
                for place in 0..length as u64 {
                    // Where it cannot be written the kernel would have failed before.
                    let _ = memory::write(tid, list + 8 * place + 6, &[0, 0]);
                }
            }
            OnTimeout::ClearSets { sets, bytes } => {
                for set in sets.into_iter().filter(|&set| set != 0) {
                    let _ = memory::write(tid, set, &vec![0; bytes]);
                }
            }
        }
        Resume::Return(0)
    }

    /// Makes those ready who wait for a file that can be read or written now.
    pub(super) fn look_at_files(&mut self) {
        if self.waiting_for_files.is_empty() {
            return;
        }
        let mut list = Vec::new();
        let mut owners = Vec::new();
        let stdin = self.pipes.stdin_reader();
        for &id in &self.waiting_for_files {
            let State::Parked(Park::Files(files)) = &self.threads[&id].state else { continue };
            for watched in &files.files {
                list.push(match watched {
                    Watched::Stdin(flags) => PollFd::new(stdin, *flags),
                    Watched::File(file, flags) => PollFd::new(file, *flags),
                });
                owners.push(id);
            }
        }
        if !has_any(&mut list) {
            return;
        }
        let mut found: Vec<ThreadId> = Vec::new();
        for (file, id) in list.iter().zip(owners) {
            if !file.revents().is_empty() && found.last() != Some(&id) {
                found.push(id);
            }
        }
        drop(list);
        for id in found {
            self.idle = 0;
            let thread = self.threads.get_mut(&id).expect("who waits is there");
            let deadline = thread.deadline.take();
            if let Some((at, order)) = deadline {
                self.deadlines.remove(&(at, order, id));
            }
            let before = std::mem::replace(&mut thread.state, State::Ready(Resume::ExecuteIfReady));
            if let State::Parked(Park::Files(files)) = before {
                self.ready_files.insert(id, (files, deadline.map(|(at, _)| at)));
            }
            self.waiting_for_files.retain(|&other| other != id);
            self.ready.push_back(id);
        }
    }

    /// Whether there still is what a thread that is ready was waiting for.
    pub(super) fn is_still_ready(&self, id: ThreadId) -> bool {
        self.ready_files.get(&id).is_none_or(|(files, _)| self.is_ready_now(&files.files))
    }

    /// Whether the call of a thread that is ready is made with other arguments.
    pub(super) fn sees_through(&self, id: ThreadId) -> bool {
        self.ready_files.get(&id).is_some_and(|(files, _)| files.see_through)
    }

    /// Lets a thread wait on that was ready in vain.
    pub(super) fn park_again(&mut self, id: ThreadId) {
        if let Some((files, deadline)) = self.ready_files.remove(&id) {
            self.park(id, Park::Files(files), deadline);
        }
    }

    /// Whether one of these files can be read or written now, as is wanted.
    pub(crate) fn is_ready_now(&self, files: &[Watched]) -> bool {
        let stdin = self.pipes.stdin_reader();
        let mut list: Vec<PollFd<'_>> = files
            .iter()
            .map(|watched| match watched {
                Watched::Stdin(flags) => PollFd::new(stdin, *flags),
                Watched::File(file, flags) => PollFd::from_borrowed_fd(file.as_fd(), *flags),
            })
            .collect();
        has_any(&mut list)
    }
}

fn has_any(list: &mut [PollFd<'_>]) -> bool {
    let at_once = Timespec::try_from(Duration::ZERO).expect("zero is a time");
    loop {
        match poll(list, Some(&at_once)) {
            Err(rustix::io::Errno::INTR) => {}
            found => return found.is_ok_and(|count| count > 0),
        }
    }
}
