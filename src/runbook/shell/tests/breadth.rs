//! The whole way, from a line as typed to its risk and executor, over many tools. Every line is invented.

use super::judged;
use crate::model::{Executor as E, Mode, Risk};

const READ: Risk = Risk::Read;
const MUTATE: Risk = Risk::Mutate;
const DESTROY: Risk = Risk::Destroy;

fn table(rows: &[(&str, Risk, E)]) {
    let wrong: Vec<String> = rows
        .iter()
        .map(|(text, risk, executor)| (text, risk, executor, judged(text)))
        .filter(|(_, risk, executor, got)| (got.risk, got.executor) != (**risk, **executor))
        .map(|(text, risk, executor, got)| {
            format!("{text}\n   expected {risk:?} {executor:?}, got {:?} {:?} {:?}", got.risk, got.executor, got.why)
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn clouds_and_infrastructure() {
    table(&[
        ("aws ec2 describe-instances --instance-ids i-0abc --query 'Reservations[].Instances[].State'", READ, E::Cloud),
        ("aws s3 ls s3://shop-backups/ | tail -5", READ, E::Cloud),
        ("aws rds describe-db-instances | jq '.DBInstances[].Status'", READ, E::Cloud),
        ("aws ecs update-service --cluster c --service s --force-new-deployment", MUTATE, E::Cloud),
        ("aws ecs update-service --cluster c --service s --desired-count 0", DESTROY, E::Cloud),
        ("aws ec2 terminate-instances --instance-ids <instance-id>", DESTROY, E::Cloud),
        ("aws s3 rm s3://shop/x --recursive", DESTROY, E::Cloud),
        ("aws s3 cp dump.sql s3://shop/", MUTATE, E::Cloud),
        ("aws route53 change-resource-record-sets --hosted-zone-id Z --change-batch file://x.json", MUTATE, E::Cloud),
        ("gcloud compute instances list", READ, E::Cloud),
        ("gcloud sql instances restart shop", MUTATE, E::Cloud),
        ("gcloud compute instances stop web", DESTROY, E::Cloud),
        ("az vm restart -g r -n w", MUTATE, E::Cloud),
        ("az aks list -o table", READ, E::Cloud),
        ("doctl compute droplet list", READ, E::Cloud),
        ("heroku logs --tail -a shop", READ, E::Cloud),
        ("heroku ps:scale web=0 -a shop", DESTROY, E::Cloud),
        ("fly status -a shop", READ, E::Cloud),
        ("cd infra && terraform plan", READ, E::Cloud),
        ("terraform apply -auto-approve", MUTATE, E::Cloud),
        ("terraform destroy -target=module.web", DESTROY, E::Cloud),
        ("ansible-playbook -i prod site.yml", MUTATE, E::Cloud),
        ("vault status", READ, E::Cloud),
        ("vault operator seal", DESTROY, E::Cloud),
        ("nomad job stop shop", DESTROY, E::Cloud),
        ("consul leave", DESTROY, E::Cloud),
        ("consul maint", READ, E::Cloud),
    ]);
}

#[test]
fn packages_and_frameworks() {
    table(&[
        ("sudo apt update && sudo apt upgrade -y", MUTATE, E::Package),
        ("apt list --upgradable", READ, E::Package),
        ("sudo apt-get remove --purge nginx", DESTROY, E::Package),
        ("yum check-update", READ, E::Package),
        ("pip install -r requirements.txt", MUTATE, E::Package),
        ("python3 -m pip install --upgrade pip", MUTATE, E::Package),
        ("npm ci", MUTATE, E::Package),
        ("npm audit", READ, E::Package),
        ("python manage.py migrate", MUTATE, E::Script),
        ("python -c 'import jobs; jobs.purge()'", DESTROY, E::Script),
        ("npm run users:remove-user -- --name ana", DESTROY, E::Script),
        ("./gradlew clean build", MUTATE, E::Package),
        ("python3 manage.py showmigrations", READ, E::Script),
        ("python manage.py flush --no-input", DESTROY, E::Script),
        ("./manage.py migrate orders zero", DESTROY, E::AppCli),
        ("php artisan down", DESTROY, E::Script),
        ("php artisan queue:restart", MUTATE, E::Script),
        ("php artisan migrate:status", READ, E::Script),
        ("php bin/console cache:clear --env=prod", MUTATE, E::Script),
        ("bundle exec rails db:migrate RAILS_ENV=production", MUTATE, E::AppCli),
        ("bin/rails db:rollback", DESTROY, E::AppCli),
        ("celery -A shop inspect active", READ, E::AppCli),
        ("celery -A shop purge -f", DESTROY, E::AppCli),
        ("alembic downgrade -1", DESTROY, E::AppCli),
        ("python scripts/report.py --days 7", MUTATE, E::Script),
        ("make deploy", MUTATE, E::Script),
        ("make down", DESTROY, E::Script),
        ("wp plugin list", READ, E::AppCli),
    ]);
}

#[test]
fn databases_and_brokers() {
    table(&[
        ("mysqladmin -u root -p status", READ, E::Mysql),
        ("mysqladmin -uroot -psecretic processlist", READ, E::Mysql),
        ("mysqladmin shutdown", DESTROY, E::Mysql),
        ("mysqlcheck -psecret --optimize --all-databases", MUTATE, E::Mysql),
        ("mysql -e 'SHOW SLAVE STATUS\\G'", READ, E::Mysql),
        ("mysql -e \"STOP SLAVE\"", DESTROY, E::Mysql),
        ("psql -c '\\dt'", READ, E::Postgres),
        ("psql shop -c 'SELECT pg_terminate_backend(5)'", MUTATE, E::Postgres),
        ("psql -c \"WITH x AS (DELETE FROM t RETURNING 1) SELECT count(*) FROM x\"", DESTROY, E::Postgres),
        ("psql <<'EOF'\nSELECT 1;\nDROP TABLE t;\nEOF", DESTROY, E::Postgres),
        ("pg_ctl -D /d restart", MUTATE, E::Postgres),
        ("pg_ctl stop -D /d", DESTROY, E::Postgres),
        ("patronictl list", READ, E::Postgres),
        ("patronictl switchover --force", MUTATE, E::Postgres),
        ("redis-cli -h cache INFO memory", READ, E::Redis),
        ("redis-cli -n 2 FLUSHDB", DESTROY, E::Redis),
        ("redis-cli --scan --pattern 'a:*' | xargs redis-cli DEL", DESTROY, E::Redis),
        ("docker exec cache redis-cli CONFIG SET maxmemory 2gb", MUTATE, E::Redis),
        ("rabbitmqctl list_queues name messages", READ, E::AppCli),
        ("rabbitmqctl purge_queue jobs", DESTROY, E::AppCli),
        ("kafka-topics.sh --bootstrap-server h:9092 --describe", READ, E::AppCli),
        ("/opt/kafka/bin/kafka-consumer-groups.sh --bootstrap-server h:9092 --describe --group g", READ, E::AppCli),
        ("nodetool status", READ, E::AppCli),
        ("nodetool drain", DESTROY, E::AppCli),
        ("etcdctl endpoint health", READ, E::AppCli),
        ("cqlsh -e 'SELECT * FROM t LIMIT 5'", READ, E::AppCli),
        ("clickhouse-client --query \"DROP TABLE t\"", DESTROY, E::AppCli),
        ("ceph -s", READ, E::Host),
        ("ceph osd out 5", DESTROY, E::Host),
    ]);
}

#[test]
fn requests_and_what_watches() {
    table(&[
        ("curl -sf http://h/health | jq .status", READ, E::Http),
        ("curl -X DELETE http://h/orders/5", DESTROY, E::Http),
        ("curl -XPOST http://h:9200/shop/_search -d '{}'", READ, E::Http),
        ("curl -XPUT h:9200/_cluster/settings -d '{}'", MUTATE, E::Http),
        ("curl -s 'http://h:9090/api/v1/query?query=up'", READ, E::Prometheus),
        ("wget -qO- http://h/health", READ, E::Http),
        ("promtool check rules r.yml", READ, E::Prometheus),
        ("amtool silence add alertname=x", MUTATE, E::AppCli),
        ("nginx -t && nginx -s reload", MUTATE, E::Host),
        ("sudo nginx -s stop", DESTROY, E::Host),
        ("apachectl configtest", READ, E::Host),
        ("varnishadm 'ban req.url ~ /'", MUTATE, E::Host),
        ("pm2 restart all", MUTATE, E::Host),
        ("pm2 delete shop", DESTROY, E::Host),
    ]);
}

#[test]
fn how_they_end() {
    let rows = [
        ("heroku logs --tail -a shop", Mode::Stream),
        ("pm2 logs", Mode::Stream),
        ("pm2 monit", Mode::Tty),
        ("aws ecs wait services-stable --cluster c", Mode::Wait),
        ("python manage.py shell", Mode::Tty),
        ("php artisan queue:work", Mode::Stream),
        ("redis-cli MONITOR", Mode::Stream),
        ("curl -N http://h/events", Mode::Stream),
        ("psql -c 'SELECT 1 \\watch 5'", Mode::Stream),
    ];
    for (text, mode) in rows {
        assert_eq!(judged(text).mode, mode, "{text}");
    }
}
