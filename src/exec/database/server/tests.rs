//! Addresses as people write them, and by which names a command may mean a server.

use super::*;
use secrecy::ExposeSecret;

fn server(address: &str, allow: &[&str]) -> Server {
    let allow = allow.iter().map(|a| a.to_string()).collect();
    Server::read(
        Kind::Postgres,
        "shop-db",
        Keys { address: address.to_string(), allow, ..Keys::default() },
        Secrets::default(),
    )
    .expect("a server")
}

fn named(host: &str, port: &str, user: &str, database: &str) -> Named {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_string());
    Named { host: given(host), port: given(port), user: given(user), database: given(database) }
}

#[test]
fn an_address_says_where_and_who() {
    let all = server("postgres://shop:p%40ss@db.example:6000/shop?sslmode=require", &[]);
    assert_eq!(all.at, At::Tcp("db.example".to_string(), 6000));
    assert_eq!((all.user.as_deref(), all.database.as_deref()), (Some("shop"), Some("shop")));
    assert_eq!(all.password.map(|p| p.expose_secret().to_string()).as_deref(), Some("p@ss"));
    assert_eq!(all.encrypted, Encrypted::Required);
    assert_eq!(server("db", &[]).at, At::Tcp("db".to_string(), 5432));
    assert_eq!(server("[::1]:6000", &[]).at, At::Tcp("::1".to_string(), 6000));
    assert_eq!(server("/run/postgresql", &[]).at, At::Socket("/run/postgresql".into()));
    for wrong in ["", "mysql://db", "postgres://db?sslmode=maybe", "db:port", "d b", "postgres://"] {
        let keys = Keys { address: wrong.to_string(), ..Keys::default() };
        assert!(Server::read(Kind::Postgres, "shop-db", keys, Secrets::default()).is_err(), "{wrong}");
    }
}

#[test]
fn who_names_an_authority_is_never_given_less_than_a_checked_certificate() {
    let read = |kind, address: &str, ca: bool| {
        let keys = Keys { address: address.to_string(), ca_file: ca.then(|| "ca.pem".into()), ..Keys::default() };
        Server::read(kind, "shop-db", keys, Secrets::default()).map(|s| s.encrypted)
    };
    for (kind, address, ca) in [
        (Kind::Postgres, "db", true),
        (Kind::Postgres, "postgres://db?sslmode=verify-full", true),
        (Kind::Mysql, "mysql://db?ssl-mode=VERIFY_IDENTITY", true),
        (Kind::Redis, "redis://cache", true),
        (Kind::Redis, "rediss://cache", false),
    ] {
        assert_eq!(read(kind, address, ca), Ok(Encrypted::Verified), "{address}");
    }
    for (kind, address, ca, why) in [
        (Kind::Postgres, "postgres://db?sslmode=require", true, "has sslmode=require, and with ca_file the"),
        (Kind::Mysql, "mysql://db?ssl-mode=DISABLED", true, "has ssl-mode=DISABLED, and with ca_file the"),
        (Kind::Redis, "rediss://cache?sslmode=disable", false, "has sslmode=disable, and with rediss:// the"),
        (Kind::Postgres, "/run/postgresql", true, "is a socket of this machine, where nothing is encrypted. Take ca"),
    ] {
        let said = read(kind, address, ca).expect_err(address);
        assert!(said.starts_with(why), "{said}");
    }
}

#[test]
fn a_command_means_the_configured_server_or_is_refused() {
    let own = server("postgres://shop@127.0.0.1:5432/shop", &["db", "shop_pg", "old"]);
    for (said, database) in [
        (named("", "", "", ""), Some("shop")),
        (named("localhost", "5432", "shop", "shop"), Some("shop")),
        (named("db", "", "", "old"), Some("old")),
    ] {
        assert_eq!(own.agree(&said).expect("agreed").as_deref(), database, "{said:?}");
    }
    for said in
        [named("db2", "", "", ""), named("", "6000", "", ""), named("", "", "postgres", ""), named("", "", "", "other")]
    {
        let why = own.agree(&said).expect_err("refused");
        assert!(why.contains("[targets.shop-db]") && why.starts_with("The command says "), "{why}");
    }
}

#[test]
fn a_container_is_a_server_only_where_that_is_said() {
    let own = server("db", &["shop-docker/pg", "other"]);
    assert!(own.is_in("shop-docker", "pg") && !own.is_in("lab-docker", "pg") && !own.is_in("shop-docker", "other"));
    assert!(own.is_container("pg") && own.is_container("other") && !own.is_container("mysql"));
}
