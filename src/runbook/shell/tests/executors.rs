//! Who runs a command, by table.

use super::judged;
use crate::model::Executor::{self, *};

fn check(table: &[(&str, Executor)]) {
    let wrong: Vec<String> = table
        .iter()
        .filter_map(|(text, executor)| {
            let judged = judged(text);
            (judged.executor != *executor).then(|| format!("{text}\n    is {executor:?}, not {:?}", judged.executor))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_innermost_client_does_the_work() {
    check(&[
        ("docker exec -i pg psql -U app -c 'SELECT 1'", Postgres),
        ("kubectl exec pg-0 -- pg_dump app", Postgres),
        ("kubectl exec -it cache-0 -- redis-cli INFO", Redis),
        ("docker compose exec db mysql -e 'SELECT 1'", Mysql),
        ("docker exec api curl -s localhost:8080/health", Http),
        ("sudo -u postgres psql -c 'SELECT 1'", Postgres),
        ("docker exec api netstat -tuln", Docker),
        ("docker exec api ./migrate.sh", Docker),
        ("kubectl exec web-0 -- ls /srv", Kubernetes),
        ("docker compose exec web ls", Compose),
        ("docker run --rm -v d:/d alpine tar czf /b/x.tgz -C /d .", Docker),
        ("ssh web1 'docker ps'", Ssh),
        ("ssh web1 \"psql -c 'SELECT 1'\"", Ssh),
        ("ssh ops@web1", Ssh),
        ("sudo systemctl restart app", Host),
        ("watch docker compose ps", Compose),
        ("watch -n 5 'ps aux | grep node'", Host),
        ("sh -c 'kubectl get pods'", Kubernetes),
        ("sudo docker ps", Docker),
        ("docker-compose ps", Compose),
        ("helm list", Kubernetes),
        ("scp a b:/x", Ssh),
    ]);
}

#[test]
fn in_a_pipeline_the_first_stage_that_does_the_work_counts() {
    check(&[
        ("docker ps | grep api | wc -l", Docker),
        ("pg_dump app | gzip > db.sql.gz", Postgres),
        ("cat q.sql | psql app", Postgres),
        ("echo FLUSHALL | redis-cli", Redis),
        ("echo 'SELECT 1' | docker exec -i pg psql", Postgres),
        ("redis-cli --scan --pattern 'a:*' | xargs redis-cli DEL", Redis),
        ("docker ps -q | xargs docker stop", Docker),
        ("kubectl get pods | awk '{print $1}' | xargs kubectl delete pod", Kubernetes),
        ("cat a | sort | uniq -c", Host),
        ("tail -f app.log | grep ERROR", Host),
        ("curl -s http://h/health | jq .", Http),
        ("cat list.txt | xargs -n1 docker pull", Docker),
        ("yes | docker system prune", Docker),
    ]);
}

#[test]
fn of_several_commands_the_worst_names_the_executor() {
    check(&[
        ("cd /srv/app && docker compose up -d", Compose),
        ("sync && echo 3 > /proc/sys/vm/drop_caches", Host),
        ("git pull && sudo systemctl restart app", Git),
        ("git status && docker compose down", Compose),
        ("sleep 30 && kubectl get pods", Kubernetes),
        ("for c in a b; do docker restart $c; done", Docker),
        ("POD=$(kubectl get pod -l app=web -o name)", Kubernetes),
        ("echo \"$(docker ps -q | wc -l) running\"", Docker),
        ("docker stop $(docker ps -q)", Docker),
        ("if docker ps; then echo ok; fi", Docker),
        ("export A=b; docker ps", Docker),
    ]);
}

#[test]
fn each_kind_of_program_has_its_executor() {
    check(&[
        ("curl -s 'http://prom:9090/api/v1/query?query=up'", Prometheus),
        ("curl -G http://h/api/v1/query_range --data-urlencode 'query=up'", Prometheus),
        ("curl http://h/api/v1/users", Http),
        ("wget -qO- http://h/health", Http),
        ("./scripts/check.sh", Script),
        ("python tools/report.py", Script),
        ("bash deploy.sh", Script),
        ("deploy/rollout.sh start", Script),
        ("source venv/bin/activate", Script),
        ("appctl pool list", AppCli),
        ("/usr/local/bin/appctl pool list", AppCli),
        ("sudo appctl reload", AppCli),
        ("vim /etc/hosts", Interactive),
        ("top", Interactive),
        ("htop", Interactive),
        ("docker exec -it pg psql -U postgres", Interactive),
        ("docker exec -it api bash", Interactive),
        ("kubectl exec -it web-0 -- sh", Interactive),
        ("psql -U postgres", Interactive),
        ("redis-cli", Interactive),
        ("sudo -i", Interactive),
        ("sudo -iu postgres psql -c 'SELECT 1'", Postgres),
        ("gpg -d b.sql.gpg | psql app", Postgres),
        ("docker exec -it web python manage.py shell", Interactive),
        ("/etc/init.d/mysql stop", Host),
        ("git pull", Git),
        ("openssl x509 -in c.pem -noout -text", Tls),
        ("certbot renew", Tls),
        ("top -b -n 1 | head -20", Host),
        ("> /var/log/app.log", Host),
        ("rm -rf /tmp/x", Host),
        ("trivy image api:2", Host),
        ("ufw status", Host),
    ]);
}
