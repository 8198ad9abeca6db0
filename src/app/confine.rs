//! How a process that looks at bytes of others locks itself in.
//!
//! The kernel (seccomp) goes on answering what counting, memory and the sockets need that are open already, and nothing else: no
//! file, no network, no other process, no memory that could be run. `decoder` and `player` are behind it.

use std::collections::BTreeMap;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// What is left to a process.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Seconds it may count in its life.
    pub seconds: u64,
    /// Bytes it may hold at once.
    pub memory: u64,
    /// Whether it may have threads. It never may have children.
    pub threads: bool,
}

type Problem = Box<dyn std::error::Error + Send + Sync>;

/// What counting, memory, and reading and writing need.
const CALLS: [i64; 18] = [
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_close,
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_clock_gettime,
    libc::SYS_getrandom,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// What threads need beside that.
const CALLS_OF_THREADS: [i64; 9] = [
    libc::SYS_clock_nanosleep,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_poll,
    libc::SYS_ppoll,
    libc::SYS_rseq,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getattr,
    libc::SYS_set_robust_list,
];

/// Gives up everything else, for the whole process and for good.
pub fn confine(limits: Limits) -> Result<(), Problem> {
    let bounds = [
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, 0),
        (Resource::Cpu, limits.seconds),
        (Resource::Data, limits.memory),
    ];
    // Threads count as processes here: those are kept out by the filter.
    let none = (!limits.threads).then_some((Resource::Nproc, 0));
    for (resource, most) in bounds.into_iter().chain(none) {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    if limits.threads {
        seccompiler::apply_filter_all_threads(&filter(true)?)?;
    } else {
        seccompiler::apply_filter(&filter(false)?)?;
    }
    Ok(())
}

/// The calls that the kernel still answers; any other fails.
fn filter(threads: bool) -> Result<BpfProgram, seccompiler::BackendError> {
    let mut allowed: BTreeMap<i64, Vec<SeccompRule>> =
        CALLS.into_iter().map(|call| (call, Vec::new())).collect();
    if threads {
        allowed.extend(CALLS_OF_THREADS.map(|call| (call, Vec::new())));
        // A thread of this process, and no process of its own.
        let thread = libc::CLONE_THREAD as u64;
        let is_thread =
            SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(thread), thread)?;
        allowed.insert(libc::SYS_clone, vec![SeccompRule::new(vec![is_thread])?]);
    }
    // Memory, but none that could be run.
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        let run = libc::PROT_EXEC as u64;
        let cannot_run = SeccompCondition::new(2, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(run), 0)?;
        allowed.insert(call, vec![SeccompRule::new(vec![cannot_run])?]);
    }
    let machine = std::env::consts::ARCH.try_into()?;
    // Who asks for a thread in the newer way, whose flags no filter sees, is told that there is only the older one.
    let refused = SeccompAction::Errno(if threads { libc::ENOSYS } else { libc::EPERM } as u32);
    SeccompFilter::new(allowed, refused, SeccompAction::Allow, machine)?.try_into()
}

/// What somebody would try who took such a process over: whether the kernel refuses all of it.
#[cfg(test)]
pub fn is_locked_in(limits: Limits) -> bool {
    use std::{io, net::UdpSocket, os::unix::net::UnixStream, process::Command};

    fn refused<T>(tried: io::Result<T>) -> bool {
        tried.is_err_and(|error| matches!(error.raw_os_error(), Some(libc::EPERM | libc::ENOSYS)))
    }

    // All of it works before.
    let before = std::fs::read("/proc/self/stat").is_ok() && UnixStream::pair().is_ok();
    before
        && confine(limits).is_ok()
        && refused(std::fs::read("/proc/self/stat"))
        && refused(std::fs::read_dir("/"))
        && refused(UnixStream::pair())
        && refused(UdpSocket::bind("127.0.0.1:0"))
        && Command::new("true").status().is_err()
        && rustix::process::set_dumpable_behavior(DumpableBehavior::Dumpable).is_err()
        && (!limits.threads || std::thread::spawn(|| 7).join().is_ok_and(|number| number == 7))
}
