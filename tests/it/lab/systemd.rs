//! `systemctl` and `journalctl` against a systemd that really booted: a machine of its own in a container of the lab, which
//! is reached over ssh as any other. Its server stands outside of the container and leads into it.

use super::ssh::{place, remote};
use super::{TARGET, call, run};
use crate::harness::docker::Daemon;
use crate::harness::ssh::Sshd;
use crate::harness::{BOUND, eventually};
use firebell::engine::ports::execute::{Call, End, Ran};
use firebell::exec::host::Hosts;
use firebell_domain::playbook::Risk;
use std::collections::BTreeMap;

const IMAGE: &str = "machine:1";
/// What a machine's first process needs of the kernel. Not `--privileged`: that asks for every right there is, also for
/// those that who runs the tests may not have.
const RIGHTS: [&str; 7] = [
    "--cap-add=SYS_ADMIN",
    "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined",
    "--cgroupns=host",
    "--volume=/sys/fs/cgroup:/sys/fs/cgroup",
    "--tmpfs=/run",
    "--tmpfs=/tmp",
];

struct Machine {
    daemon: Daemon,
    hosts: Hosts,
    _sshd: Sshd,
}

impl Machine {
    async fn boots() -> Machine {
        let (daemon, sshd) = (Daemon::start().await, Sshd::start().await);
        daemon.image(IMAGE, &["systemd"]);
        let fixed = ["run", "--detach", "--network=none", "--name=machine", "--env=container=docker"];
        daemon.docker(&[&fixed[..], &RIGHTS, &[IMAGE, "/sbin/init"]].concat());
        sshd.leads_through(&format!(
            "nsenter --target={} --mount --pid --uts --ipc --",
            daemon.state("machine", "{{.State.Pid}}")
        ));
        let hosts = Hosts::new(BTreeMap::from([(TARGET.to_string(), remote(place(&sshd, "key")))]));
        let machine = Machine { daemon, hosts, _sshd: sshd };
        eventually("the machine has booted", BOUND, async || {
            let says = machine.inside(&["systemctl", "is-system-running"]);
            assert_eq!(machine.daemon.state("machine", "{{.State.Running}}"), "true", "it ended: {says:?}");
            says.is_ok_and(|said| said == "running")
        })
        .await;
        machine
    }

    /// The view from outside: by docker, not by Firebell.
    fn inside(&self, words: &[&str]) -> Result<String, String> {
        self.daemon.try_docker(&[&["exec", "machine"], words].concat())
    }

    /// The process that the service is.
    fn process(&self) -> String {
        self.inside(&["systemctl", "show", "--property=MainPID", "--value", "orders"]).expect("it is a service")
    }

    async fn says(&self, line: &str, risk: Risk) -> Ran {
        let words: Vec<&str> = line.split(' ').collect();
        run(&self.hosts, &Call { risk, ..call(&words) }).await
    }

    async fn looks(&self, line: &str) -> Ran {
        self.says(line, Risk::Read).await
    }
}

#[tokio::test]
async fn services_of_a_booted_machine_are_looked_at_restarted_and_their_journal_is_read() {
    let machine = Machine::boots().await;
    let before = machine.process();

    let status = machine.looks("systemctl status orders").await;
    assert_eq!(status.end, End::Exited(0), "{status:?}");
    assert!(status.stdout.contains("Active: active (running)") && status.stdout.contains("Takes orders"), "{status:?}");
    let journal = machine.looks("journalctl -u orders -n 20").await;
    let line = format!("orders are taken by {before}");
    assert!(journal.end == End::Exited(0) && journal.stdout.contains(&line), "{journal:?}");
    assert_eq!(machine.looks("systemctl is-active orders").await.stdout, "active\n");
    let failed = machine.looks("systemctl --failed").await;
    assert!(failed.ok() && failed.stdout.contains("0 loaded units listed"), "{failed:?}");

    let restarted = machine.says("systemctl restart orders", Risk::Mutate).await;
    assert_eq!((restarted.end, restarted.native), (End::Exited(0), false), "{}", restarted.stderr);
    let after = machine.process();
    assert_ne!(after, before, "it is another process");
    eventually("the journal has what the new one says", BOUND, async || {
        machine.looks("journalctl -u orders -n 20").await.stdout.contains(&format!("orders are taken by {after}"))
    })
    .await;

    let stopped = machine.says("systemctl stop orders", Risk::Mutate).await;
    assert_eq!(stopped.end, End::Exited(0), "{}", stopped.stderr);
    let status = machine.looks("systemctl status orders").await;
    assert!(status.end == End::Exited(3) && status.stdout.contains("Active: inactive (dead)"), "{status:?}");
    let active = machine.looks("systemctl is-active orders").await;
    assert_eq!((active.end, active.stdout.as_str()), (End::Exited(3), "inactive\n"));
    assert_eq!(machine.process(), "0");
    let none = machine.says("systemctl restart no-such-unit", Risk::Mutate).await;
    assert!(none.end == End::Exited(5) && none.stderr.contains("no-such-unit.service not found"), "{none:?}");
}
