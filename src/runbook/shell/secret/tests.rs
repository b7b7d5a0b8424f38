//! Tables of secret: what is read, and what only looks like it.

use proptest::prelude::*;

use super::{SecretKind, by_name, found};

const ENV: SecretKind = SecretKind::Env;
const FILE: SecretKind = SecretKind::KeyFile;
const LITERAL: SecretKind = SecretKind::Literal;

#[test]
fn names_tell_secrets() {
    for name in [
        "REDIS_PASSWORD",
        "DB_PASS",
        "PGPASSWORD",
        "MYSQL_PWD",
        "API_TOKEN",
        "CLIENT_SECRET",
        "AWS_SECRET_ACCESS_KEY",
        "API_KEY",
        "apiKey_API_KEY",
        "GITHUB_TOKEN",
        "VAULT_TOKEN",
        "SSH_PRIVATE_KEY",
        "DATABASE_URL",
        "SLACK_WEBHOOK_URL",
        "SENTRY_DSN",
        "RABBITMQ_DEFAULT_PASS",
        "dbpassword",
    ] {
        assert!(by_name(name), "{name}");
    }
    for name in [
        "PWD",
        "OLD_PWD",
        "HOST",
        "BYPASS",
        "COMPASS_URL",
        "SECRET_NAME",
        "TOKEN_TTL",
        "KEY",
        "PRIMARY_KEY",
        "PASSWORD_FILE",
        "URL",
        "USER",
        "CACHE_KEY",
    ] {
        assert!(!by_name(name), "{name}");
    }
}

#[test]
fn secrets_are_found_as_references_and_never_as_values() {
    type Expected = &'static [(&'static str, SecretKind, bool)];
    let rows: &[(&str, Expected)] = &[
        ("redis-cli -a $REDIS_PASSWORD PING", &[("$REDIS_PASSWORD", ENV, true)]),
        ("redis-cli -a $REDIS_AUTH PING", &[("$REDIS_AUTH", ENV, true)]),
        ("redis-cli -a hunter22 PING", &[("-a …", LITERAL, true)]),
        ("mysql -uroot -p$MYSQL_ROOT_PASSWORD -e 'SHOW TABLES'", &[("$MYSQL_ROOT_PASSWORD", ENV, true)]),
        ("mysql -u root -p\"$PW\" shop", &[("$PW", ENV, true)]),
        ("mysql -uroot -phunter22", &[("-p…", LITERAL, true)]),
        ("mysql -u root -p shop", &[]),
        ("mkdir -p a/b && ls -a x", &[]),
        ("docker exec db sh -c 'mysqldump -p\"$MYSQL_PASSWORD\" shop'", &[("$MYSQL_PASSWORD", ENV, true)]),
        ("PGPASSWORD=$DB_PASS psql", &[("$DB_PASS", ENV, false)]),
        ("PGPASSWORD=hunter22 psql", &[("PGPASSWORD=…", LITERAL, false)]),
        ("docker run -e POSTGRES_PASSWORD=hunter22 db", &[("POSTGRES_PASSWORD=…", LITERAL, false)]),
        ("app --password=hunter22", &[("--password=…", LITERAL, true)]),
        ("app --token ${API_TOKEN}", &[("${API_TOKEN}", ENV, true)]),
        ("app --password ${PW:-hunter22}", &[("${PW}", ENV, true)]),
        ("psql postgres://ana:hunter22@db/shop", &[("postgres://ana:…", LITERAL, true)]),
        ("psql postgres://ana:$DB_PASS@db/shop", &[("$DB_PASS", ENV, true)]),
        ("psql \"$DATABASE_URL\"", &[("$DATABASE_URL", ENV, false)]),
        ("curl -u ana:hunter22 http://h/", &[("-u ana:…", LITERAL, true)]),
        ("curl -u ana http://h/", &[]),
        ("curl -H \"Authorization: Bearer $TOKEN\" http://h/", &[("$TOKEN", ENV, true)]),
        ("curl -H \"Authorization: OAuth $TOKEN\" http://h/", &[("$TOKEN", ENV, true)]),
        ("curl -H 'Authorization: Bearer abcdef123' http://h/", &[("Authorization: …", LITERAL, true)]),
        ("curl -H 'X-Api-Key: abcdef123' http://h/", &[("X-Api-Key: …", LITERAL, true)]),
        ("curl -H 'Content-Type: application/json' http://h:80/", &[]),
        ("ssh -i ~/.ssh/deploy bo@web", &[("~/.ssh/deploy", FILE, false)]),
        ("ssh -i ~/.ssh/deploy bo@web \"redis-cli -a $P PING\"", &[("~/.ssh/deploy", FILE, false), ("$P", ENV, true)]),
        ("sed -i s/a/b/ f", &[]),
        ("curl --key client.key --cert c.pem https://h/", &[("client.key", FILE, false)]),
        ("openssl rsa -in server.key -check", &[("server.key", FILE, false)]),
        ("openssl x509 -in cert.pem -noout -dates", &[]),
        ("cat /run/secrets/db_password", &[("/run/secrets/db_password", FILE, false)]),
        ("docker login -u ana -p $REGISTRY_TOKEN r.test", &[("$REGISTRY_TOKEN", ENV, true)]),
        ("echo $REGISTRY_TOKEN | docker login -u ana --password-stdin", &[("$REGISTRY_TOKEN", ENV, false)]),
        ("app --password <password>", &[]),
        ("mysql -pYOUR_PASSWORD", &[]),
        ("redis-cli -a '...' PING", &[]),
        ("PASS=$(cat f); mysql -p$PASS", &[]),
        ("psql -c \"ALTER USER bo WITH PASSWORD 'hunter22'\"", &[("PASSWORD …", LITERAL, true)]),
        ("git clone https://x:ghp_0123456789abcdefghij@host/r", &[("https://x:…", LITERAL, true)]),
        ("kubectl create secret generic a --from-literal=token=$API_TOKEN", &[("$API_TOKEN", ENV, false)]),
        ("curl -H \"PRIVATE-TOKEN: $GL\" http://h/", &[("$GL", ENV, true)]),
    ];
    let mut wrong = String::new();
    for (text, expected) in rows {
        let got = found(text, &[]);
        let short: Vec<_> = got.iter().map(|r| (r.as_written.as_str(), r.kind, r.on_command_line)).collect();
        if short != *expected {
            wrong.push_str(&format!("{text}\n   expected {expected:?}\n   got      {short:?}\n"));
        }
        assert!(!format!("{got:?}").contains("hunter22"), "{text}: the value is shown");
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn what_the_block_assigns_is_no_reference() {
    assert_eq!(found("mysql -p$PASS", &["PASS".to_owned()]), []);
}

proptest! {
    #[test]
    fn nothing_panics(text in r#"(-a|-p|-u|-H|--password=|redis-cli|mysql|curl|ssh|-i|://|:|@|\$|\{|\}|PASS|=|"|'| |[a-z]{1,4}|é|\\|\||\n){0,30}"#) {
        found(&text, &[]);
    }

    #[test]
    fn a_literal_is_never_shown(value in "[a-wyz]{6}[0-9]{4}[a-wyz]{3}", place in 0usize..8) {
        let text = match place {
            0 => format!("redis-cli -a {value} PING"),
            1 => format!("mysql -p{value}"),
            2 => format!("app --password={value}"),
            3 => format!("curl -u ana:{value} http://h/"),
            4 => format!("psql postgres://ana:{value}@h/d"),
            5 => format!("curl -H 'Authorization: Bearer {value}' http://h/"),
            6 => format!("DB_PASSWORD='{value}' app"),
            _ => format!("ssh h \"mysql -p'{value}'\""),
        };
        let got = found(&text, &[]);
        prop_assert!(got.iter().any(|r| r.kind == SecretKind::Literal), "{}", text);
        let shown = format!("{got:?}");
        prop_assert!(!shown.contains(&value), "{}", text);
    }
}
