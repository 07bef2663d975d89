//! What a program finds when it begins: what the operator wrote, and nothing of Watchkeeper's.

use std::fs::{self, File};

use watchkeeper_command::Exit;
use watchkeeper_config::Secret;

use crate::support::{House, line, lives, program, run_whole, script, soon, start};

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_is_the_operators_alone() {
    let mut settings = program("/usr/bin/env", &[]);
    settings.env.insert("PGHOST".to_owned(), Secret::new("127.0.0.1"));
    settings.env.insert("EMPTY".to_owned(), Secret::new(""));
    let house = House::new([("env", settings)]);
    let (bytes, verdict, _) = run_whole(&house.begin(), "env", None).await;
    let mut lines: Vec<_> = std::str::from_utf8(&bytes).unwrap().lines().collect();
    lines.sort_unstable();
    assert_eq!((lines, verdict), (vec!["EMPTY=", "PGHOST=127.0.0.1"], Ok(())));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_descriptor_of_the_host_is_left_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let secret = File::create(&path).unwrap();
    // As one that the host's own parent left open: it isn't closed where a program begins.
    let inherited = rustix::io::dup(&secret).unwrap();
    assert!(!rustix::io::fcntl_getfd(&inherited).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    let house = House::new([("list", script("exec readlink /proc/self/fd/*", &[]))]);
    let (bytes, _, _) = run_whole(&house.begin(), "list", None).await;
    let open = String::from_utf8(bytes).unwrap();
    // The shell's own listing may be the fourth.
    let pipes = open.lines().filter(|line| line.starts_with("pipe:")).count();
    assert!(pipes == 3 && open.lines().count() <= 4, "{open}");
    assert!(!open.contains("secret"), "{open}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_has_its_folder_and_a_group_of_its_own_and_is_in_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = script("echo $$ $(pwd); read go", &[]);
    settings.folder = folder.path().to_owned();
    let house = House::new([("wait", settings)]);
    let (sink, stdin) = watchkeeper_contract::byte_stream();
    let run = house.begin();
    let mut running = soon(start(&run, "wait", Some(stdin))).await.unwrap();
    let said = line(&mut running.stdout).await;
    let (pid, here) = said.split_once(' ').unwrap();
    assert_eq!(here, folder.path().to_str().unwrap());

    let recorded = house.ledger.processes().await.unwrap();
    let [process] = &recorded[..] else { panic!("{recorded:?}") };
    assert_eq!((process.command.as_str(), process.id.pid.to_string().as_str()), ("wait", pid));
    assert_eq!((process.run, process.job.as_str()), (crate::support::asker().run, "backup"));
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    assert_eq!((fields[2], fields[3]), (pid, process.session.to_string().as_str()));
    assert_eq!(fields[19], process.id.ticks.to_string());
    assert_eq!(house.count("watchkeeper_commands_running", "wait"), 1.0);

    sink.finish(Ok(()));
    assert_eq!(soon(running.ended).await.unwrap().exit, Exit::Code(1), "no line came");
    assert!(!lives(pid) && house.ledger.processes().await.unwrap().is_empty());
    assert_eq!(house.count("watchkeeper_commands_running", "wait"), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_own_pipes_end_as_under_a_shell() {
    let house = House::new([("pipe", script("yes | head -n 1", &[]))]);
    let (bytes, _, ended) = run_whole(&house.begin(), "pipe", None).await;
    assert_eq!((bytes.as_slice(), ended.stderr.as_str()), (&b"y\n"[..], ""), "SIGPIPE is as the kernel has it");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_runs_as_its_user_with_that_users_groups() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let mut settings = script("id -u; id -G", &[]);
    settings.user = Some("nobody".to_owned());
    let house = House::new([("id", settings)]);
    let (bytes, verdict, _) = run_whole(&house.begin(), "id", None).await;
    let nobody = std::process::Command::new("id").arg("-u").arg("nobody").output().unwrap().stdout;
    let groups = std::process::Command::new("id").arg("-G").arg("nobody").output().unwrap().stdout;
    let expected = String::from_utf8([nobody, groups].concat()).unwrap();
    assert_eq!((String::from_utf8(bytes).unwrap(), verdict), (expected, Ok(())));
}
