//! Tables of placeholder: what is read, and what only looks like it.

use proptest::prelude::*;

use super::{Replaced, replace};
use crate::shell::Tongue;

fn shell(text: &str) -> Replaced {
    replace(text, Tongue::Shell, &[])
}

/// Command, and what is to be filled in.
fn table(rows: &[(&str, &[&str])]) {
    let mut wrong = String::new();
    for (text, expected) in rows {
        let got = shell(text);
        if got.found != *expected {
            wrong.push_str(&format!("{text}\n   expected {expected:?}\n   got      {:?}\n", got.found));
        }
        assert_eq!(got.restore(&got.text), *text, "everything is mapped back");
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn angle_brackets_ask_for_a_value_and_are_no_redirection() {
    table(&[
        ("kubectl logs <pod> --previous", &["<pod>"]),
        ("kubectl patch cm x -p '{\"data\":{\"DATABASE_URL\":\"x\"}}'", &[]),
        ("kubectl patch cm x -p '{\"data\":{\"KEY\":\"NEW_API_KEY\"}}'", &["NEW_API_KEY"]),
        ("docker logs <container-id>", &["<container-id>"]),
        ("docker logs <container id> | tail", &["<container id>"]),
        ("docker logs shop_<service> --since 1h", &["<service>"]),
        ("kubectl set image deploy/a a=<registry>/a:<new_tag>", &["<registry>", "<new_tag>"]),
        ("systemctl <start|stop> api", &["<start|stop>"]),
        ("kill -9 <PID>", &["<PID>"]),
        ("kubectl logs <nombre-del-pod>", &["<nombre-del-pod>"]),
        ("kubectl logs <имя-пода> <ポッド名> <nom du pod>", &["<имя-пода>", "<ポッド名>", "<nom du pod>"]),
        ("docker logs ＜コンテナ名＞", &["＜コンテナ名＞"]),
        ("kubectl logs &lt;pod&gt;", &["&lt;pod&gt;"]),
        ("psql -c \"SELECT pg_cancel_backend(<pid>);\"", &["<pid>"]),
        ("curl -d '{\"service\": \"<service>\"}' http://h/x", &["<service>"]),
        ("git checkout <commit> && git reset <commit>", &["<commit>"]),
        ("restore <<BACKUP_ID>>", &["<<BACKUP_ID>>"]),
        ("cp <...> /srv", &["<...>"]),
    ]);
}

#[test]
fn redirections_comparisons_and_markup_are_left_alone() {
    table(&[
        ("sort < in.txt > out.txt", &[]),
        ("sort <in.txt >out.txt", &[]),
        ("sort <in.txt>out.txt", &[]),
        ("diff <(sort a) <(sort b)", &[]),
        ("cat <<EOF > f\nx\nEOF", &[]),
        ("cat <<EOF>>f\nx\nEOF", &[]),
        ("psql -c 'SELECT 1 WHERE a<5 AND b>3'", &[]),
        ("psql -c 'SELECT 1 WHERE a <b AND c> d'", &[]),
        ("test 3 <4", &[]),
        ("git commit --author=\"ana <ana@shop.test>\"", &[]),
        ("curl -d '<order><id>5</id></order>' http://h/x", &[]),
        ("wc -l <<< \"$(ls)\"", &[]),
    ]);
}

#[test]
fn variables_are_listed_if_a_person_has_to_set_them() {
    table(&[
        ("pg_dump -h $PG_HOST -U ${PG_USER} shop", &["$PG_HOST", "${PG_USER}"]),
        ("cd /srv/$USER/app && ls $HOME $(pwd) $PWD", &[]),
        ("tar czf /b/$(date +%Y%m).tgz .", &[]),
        ("redis-cli -a $REDIS_PASSWORD PING", &[]),
        ("psql $DATABASE_URL -c 'SELECT 1'", &[]),
        ("N=3; docker compose up -d --scale web=$N", &[]),
        ("for p in $(docker ps -q); do docker restart $p; done", &[]),
        ("while read -r a b; do echo $a $b; done", &[]),
        ("curl http://$HOST_NAME/health", &["$HOST_NAME"]),
        ("ls ${DIR:-/tmp}", &[]),
        ("ls ${DIR:?set it}", &["${DIR:?set it}"]),
        ("awk '{print $NF}' f", &[]),
        ("ssh web 'echo $REMOTE_HOST'", &[]),
        ("ssh web \"echo \\$REMOTE_HOST\"", &[]),
        ("watch 'docker logs $NAME'", &["$NAME"]),
        ("sh script.sh $1 $@ $? $$", &[]),
    ]);
    let given = replace("ls $DIR $OTHER", Tongue::Shell, &["DIR".to_owned()]);
    assert_eq!(given.found, ["$OTHER"]);
    assert_eq!(given.text, "ls $DIR $OTHER", "the shell's grammar knows variables");
}

#[test]
fn braces_ask_for_a_value_where_no_program_reads_them() {
    table(&[
        ("kubectl get pods -n {{ns}}", &["{{ns}}"]),
        ("kubectl get pods -n {{ namespace }}", &["{{ namespace }}"]),
        ("docker ps --format '{{.Names}}'", &[]),
        ("docker ps --format \"table {{.Names}}\\t{{.Status}}\"", &[]),
        ("docker inspect -f '{{json .State}}' api", &[]),
        ("kubectl get po -o go-template='{{range .items}}{{end}}'", &[]),
        ("curl http://h/orders/{order_id}", &["{order_id}"]),
        ("curl 'http://h/orders/{order_id}/items/{item}'", &["{order_id}", "{item}"]),
        ("docker logs {container}", &["{container}"]),
        ("curl -w '%{http_code}' http://h/", &[]),
        ("cp f.{bak,old} d", &[]),
        ("find . -exec gzip {} \\;", &[]),
        ("curl -d '{\"a\":1}' http://h/x", &[]),
        ("awk '/error/{print}' f", &[]),
        ("kubectl get po -o jsonpath='{range .items[*]}{.metadata.name}{end}'", &[]),
        ("ls ${DIR:-/x}", &[]),
        ("git rev-parse HEAD@{upstream}", &[]),
    ]);
}

#[test]
fn square_brackets_ask_for_a_value_only_as_a_word_of_their_own() {
    table(&[
        ("systemctl restart [unit]", &["[unit]"]),
        ("systemctl restart [unit name]", &["[unit name]"]),
        ("[ -f a ] && ls", &[]),
        ("[[ -n x ]] && ls", &[]),
        ("grep \"[ERROR]\" f", &[]),
        ("grep [abc] f", &[]),
        ("ls [a-z]", &[]),
        ("ls x[5m]", &[]),
        ("cp [...] /srv", &["[...]"]),
    ]);
}

#[test]
fn words_that_say_yours_ask_for_a_value() {
    table(&[
        ("curl -s https://your-domain/health", &["your-domain"]),
        ("curl https://grafana.your-domain:3000", &["your-domain"]),
        ("curl https://your-domain.com/health", &["your-domain.com"]),
        ("curl https://api.example.com/health", &["example.com"]),
        ("dig my-example.com", &[]),
        ("curl https://yourdomain.com", &["yourdomain.com"]),
        ("openssl x509 -in ssl/your-domain.crt", &["your-domain"]),
        ("export TOKEN=YOUR_TOKEN", &["YOUR_TOKEN"]),
        ("mysql -uroot -pYOUR_PASSWORD -e 'SHOW TABLES'", &["YOUR_PASSWORD"]),
        ("curl https://ihre-domain/health https://votre-domaine.fr", &["ihre-domain", "votre-domaine.fr"]),
        ("ping tu-dominio", &["tu-dominio"]),
        ("ping seu-servidor", &["seu-servidor"]),
        ("su-exec app ls", &[]),
        ("echo check your server", &[]),
        ("systemctl restart 服务名", &["服务名"]),
        ("docker logs コンテナ名", &["コンテナ名"]),
        ("grep 错误 app.log", &[]),
        ("PGPASSWORD=CHANGEME psql", &["CHANGEME"]),
    ]);
}

#[test]
fn capitals_ask_for_a_value_where_no_program_knows_them() {
    table(&[
        ("docker pull shop:PREVIOUS_TAG", &["PREVIOUS_TAG"]),
        ("kubectl logs POD_NAME -n NAMESPACE", &["POD_NAME", "NAMESPACE"]),
        ("kill -9 PID", &["PID"]),
        ("git checkout COMMIT_HASH", &["COMMIT_HASH"]),
        ("ssh ops@SERVER_IP \"docker logs CONTAINER_NAME\"", &["SERVER_IP", "CONTAINER_NAME"]),
        ("cp backup-TIMESTAMP.sql /srv", &["TIMESTAMP"]),
        ("cat VERSION", &[]),
        ("curl -X POST http://h/x", &[]),
        ("curl -H 'Content-Type: application/json' http://h/x", &[]),
        ("git reset --hard ORIG_HEAD", &[]),
        ("git log HEAD", &[]),
        ("iptables -A INPUT -j DROP", &[]),
        ("redis-cli CLIENT KILL ID 5", &[]),
        ("redis-cli CONFIG GET maxmemory", &[]),
        ("psql -c 'SELECT USER_ID FROM T'", &[]),
        ("printenv DATABASE_NAME", &[]),
        ("docker run -e POSTGRES_USER -e A=b x", &[]),
        ("grep DATABASE_HOST .env", &[]),
        ("kill -s TERM 5", &[]),
        ("POSTGRES_USER=x docker compose up -d", &[]),
        ("aws cloudformation list-stacks --stack-status-filter CREATE_COMPLETE", &[]),
        ("systemctl list-units --state=FAILED", &[]),
    ]);
}

#[test]
fn lower_case_compounds_ask_for_a_value_as_operands() {
    table(&[
        ("docker pull shop:previous-tag", &["previous-tag"]),
        ("kubectl logs pod-name", &["pod-name"]),
        ("docker restart container_id", &["container_id"]),
        ("aws ec2 describe-instances --instance-id i-0abc", &[]),
        ("aws ec2 describe-instances --filters Name=instance-id,Values=i-0abc", &[]),
        ("kubectl get pods --sort-by=pod-name", &[]),
        ("psql -c 'select container_name from c'", &[]),
    ]);
}

#[test]
fn crosses_dates_and_dots_ask_for_a_value() {
    table(&[
        ("aws ec2 stop-instances --instance-ids i-xxxxxxxx", &["i-xxxxxxxx"]),
        ("ssh root@xx.xx.xx.xx", &["xx.xx.xx.xx"]),
        ("ping 10.0.0.x", &["10.0.0.x"]),
        ("git checkout vX.Y.Z", &["vX.Y.Z"]),
        ("ssh -p XXXX web", &["XXXX"]),
        ("curl -fsSL https://deb.test/setup_18.x", &[]),
        ("mktemp /tmp/a.XXXXXX", &[]),
        ("zcat db-YYYY-MM-DD.sql.gz", &["YYYY-MM-DD"]),
        ("tar xzf b_YYYYMMDD_HHMMSS.tgz", &["YYYYMMDD_HHMMSS"]),
        ("zcat db-JJJJ-MM-TT.sql.gz", &["JJJJ-MM-TT"]),
        ("zcat db-2026-11-22.sql.gz", &[]),
        ("psql -c \"SELECT to_char(now(), 'YYYY-MM-DD')\"", &[]),
        ("psql -c \"SELECT * FROM ...\"", &["..."]),
        ("psql -c 'INSERT INTO t VALUES (...)'", &["..."]),
        ("curl -H \"Authorization: Bearer ...\" http://h/", &["..."]),
        ("rsync … /srv", &["…"]),
        ("go test ./...", &[]),
        ("git diff main...topic", &[]),
        ("echo \"waiting ...\"", &[]),
        ("cd ../.. && ls ..", &[]),
        (concat!("grep -rn XX", "X src"), &[]),
    ]);
}

#[test]
fn statements_have_placeholders_too() {
    let sql = |text: &str| replace(text, Tongue::Postgres, &[]).found;
    assert_eq!(sql("SELECT * FROM orders WHERE id = <order id>;"), ["<order id>"]);
    assert_eq!(sql("SELECT USER_ID FROM t WHERE a = $1 AND b<5 AND c>3"), Vec::<String>::new());
    assert_eq!(sql("SELECT * FROM ..."), ["..."]);
    assert_eq!(sql("KILL YOUR_PID"), ["YOUR_PID"]);
    let redis = replace("DEL session:<id>", Tongue::Redis, &[]);
    assert_eq!((redis.text.as_str(), redis.found), ("DEL session:FBPH0001", vec!["<id>".to_owned()]));
}

#[test]
fn a_sentinel_is_mapped_back_wherever_it_stands() {
    let got = shell("docker logs shop_<service> <n> <service>");
    assert_eq!(got.text, "docker logs shop_FBPH0001 FBPH0002 FBPH0001");
    assert_eq!(got.original("shop_FBPH0001"), Some("<service>"));
    assert_eq!(got.original("FBPH0002"), Some("<n>"));
    assert_eq!(got.original("docker"), None);
    assert_eq!(got.original("FBPH9999"), None);
    assert_eq!(got.restore("x-FBPH0001-FBPH0002"), "x-<service>-<n>");
    let held = shell("echo FBPH0001 && docker logs <a>");
    assert_eq!(held.restore(&held.text), "echo FBPH0001 && docker logs <a>");
}

proptest! {
    #[test]
    fn nothing_panics_and_everything_comes_back(
        text in r#"([<>{}\[\]$"'`|;&()=.…/x-]|XXX|your-|YYYY|POD_NAME|FBPH|[a-z]{1,3}| |é|名|<<| <a>|\\|\n){0,40}"#,
        sql in any::<bool>(),
    ) {
        let tongue = if sql { Tongue::Mysql } else { Tongue::Shell };
        let got = replace(&text, tongue, &[]);
        prop_assert_eq!(got.restore(&got.text), text);
    }

    #[test]
    fn anything_at_all_comes_back(text in "\\PC{0,80}") {
        let got = shell(&text);
        prop_assert_eq!(got.restore(&got.text), text);
    }
}

#[test]
fn a_long_line_takes_no_more_than_its_length() {
    for piece in ["<", "$(", "{{", "your-", "X-", "..", "a.", "<a ", "\"", "YYYY"] {
        let text = piece.repeat(100_000 / piece.len());
        assert_eq!(shell(&text).restore(&shell(&text).text), text);
    }
}
