//! Whom a token is sent to: only to an API whose certificate is that of its name, signed by the authority of the target.

use super::{host, of, say};
use crate::fake_kubernetes::{FakeKubernetes, TOKEN};
use crate::harness::port::free_port;
use crate::harness::process::{Process, kept};
use crate::harness::{BOUND, eventually};
use crate::lab::tls::authority;
use firebell::engine::ports::execute::End;
use firebell::exec::kubernetes::{Address, Cluster, Host};
use secrecy::SecretString;
use std::net::TcpStream;
use std::path::PathBuf;

#[tokio::test]
async fn a_token_is_sent_to_nobody_but_the_api_itself() {
    let (folder, api) = (authority(), FakeKubernetes::start());
    let (good, other) = (free_port(), free_port());
    let mut servers = Vec::new();
    for (name, port) in [("good", &good), ("other", &other)] {
        let mut command = kept("openssl");
        let files = ["-cert".to_string(), format!("{name}.crt"), "-key".to_string(), format!("{name}.key")];
        command.args(["s_server", "-quiet", "-www", "-accept", &port.address()]).args(files).current_dir(folder.path());
        servers.push(Process::start(name, command, &folder.join("server.log")));
        eventually("the server listens", BOUND, async || TcpStream::connect(port.address()).is_ok()).await;
    }
    let at = |number: u16, ca_file: Option<PathBuf>| {
        let (url, token) = (format!("https://localhost:{number}"), Some(SecretString::from(TOKEN)));
        of(Host { cluster: Cluster::new(Address::Url { url, token, ca_file }), ..host(&api, TOKEN) })
    };
    let ours = Some(folder.join("ca.crt"));
    let reached = say(&at(good.number(), ours.clone()), "kubectl get pods").await;
    // It is reached; that it is no cluster is another matter.
    assert_eq!((reached.end, reached.stderr.as_str()), (End::Exited(1), "The cluster's answer is not understood\n"));
    for (number, ca_file, why) in [
        (good.number(), None, "UnknownIssuer"),
        (other.number(), ours, "not valid for name"),
        (good.number(), Some(folder.join("gone.crt")), "there is no file "),
    ] {
        let ran = say(&at(number, ca_file), "kubectl get pods").await;
        let expected = "The cluster cannot be reached: ";
        assert!(
            matches!(&ran.end, End::NotStarted(said) if said.starts_with(expected) && said.contains(why)),
            "{ran:?}"
        );
    }
}
