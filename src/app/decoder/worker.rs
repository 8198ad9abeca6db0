//! The process that decodes: it locks itself in, and then answers until nobody asks any more.

use std::{collections::BTreeMap, fs::File, io, os::fd::AsFd as _};

use gtk::glib::ExitCode;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use super::{picture, wire};

/// Seconds it may count in its life.
const SECONDS: u64 = 15;
/// Bytes it may hold at once.
const MEMORY: u64 = 1024 * 1024 * 1024;

/// The whole life of a worker. Its socket is the standard input.
pub fn work() -> ExitCode {
    let answered = io::stdin().as_fd().try_clone_to_owned().and_then(|socket| {
        confine().map_err(io::Error::other)?;
        serve(&mut File::from(socket))
    });
    if answered.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn serve(socket: &mut File) -> io::Result<()> {
    while let Some((bytes, wish)) = wire::read_request(socket)? {
        wire::write_answer(socket, picture::decode(&bytes, wish).as_ref())?;
    }
    Ok(())
}

/// Gives up everything but counting, memory, and reading and writing what is open.
fn confine() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    for (resource, most) in [
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, 0),
        (Resource::Nproc, 0),
        (Resource::Cpu, SECONDS),
        (Resource::Data, MEMORY),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    seccompiler::apply_filter(&filter()?)?;
    Ok(())
}

/// The calls that the kernel still answers; any other fails.
fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    let mut allowed: BTreeMap<i64, Vec<SeccompRule>> = [
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
    ]
    .into_iter()
    .map(|call| (call, Vec::new()))
    .collect();
    // Memory, but none that could be run.
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        let run = libc::PROT_EXEC as u64;
        let cannot_run = SeccompCondition::new(2, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(run), 0)?;
        allowed.insert(call, vec![SeccompRule::new(vec![cannot_run])?]);
    }
    let machine = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(allowed, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow, machine)?
        .try_into()
}

/// What a worker would try that somebody took over: whether the kernel refused all of it.
#[cfg(test)]
pub fn is_locked_in() -> bool {
    use std::{net::UdpSocket, os::unix::net::UnixStream, process::Command};

    fn refused<T>(tried: io::Result<T>) -> bool {
        tried.is_err_and(|error| error.raw_os_error() == Some(libc::EPERM))
    }

    // All of it works before.
    let before = std::fs::read("/proc/self/stat").is_ok() && UnixStream::pair().is_ok();
    before
        && confine().is_ok()
        && refused(std::fs::read("/proc/self/stat"))
        && refused(std::fs::read_dir("/"))
        && refused(UnixStream::pair())
        && refused(UdpSocket::bind("127.0.0.1:0"))
        && Command::new("true").status().is_err()
        && rustix::process::set_dumpable_behavior(DumpableBehavior::Dumpable).is_err()
}
