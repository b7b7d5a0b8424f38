//! Risks, by table: one kind of command a line, all invented.

use super::judged;
use crate::model::Risk::{self, Destroy, Mutate, Read};

fn check(table: &[(&str, Risk)]) {
    let wrong: Vec<String> = table
        .iter()
        .filter_map(|(text, risk)| {
            let judged = judged(text);
            (judged.risk != *risk).then(|| format!("{text}\n    is {risk:?}, not {:?}: {:?}", judged.risk, judged.why))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_worst_part_of_a_line_decides() {
    check(&[
        ("ls && rm -rf /srv/x", Destroy),
        ("ls || docker compose down", Destroy),
        ("cd /srv/app && docker compose pull && docker compose up -d", Mutate),
        ("ps aux | grep node | awk '{print $2}' | xargs kill -9", Destroy),
        ("docker ps -q | xargs docker stop", Destroy),
        ("docker stop $(docker ps -q)", Destroy),
        ("echo $(rm -rf /tmp/x)", Destroy),
        ("echo \"today: `rm x`\"", Destroy),
        ("for f in a b; do rm \"$f\"; done", Destroy),
        ("for p in $(docker volume rm x); do ls; done", Destroy),
        ("if ls /x; then docker restart a; fi", Mutate),
        ("while true; do df -h; sleep 5; done", Read),
        ("case $1 in a) rm x;; esac", Destroy),
        ("f() { rm x; }; f", Destroy),
        ("diff <(ls a) <(rm b)", Destroy),
        ("ls > >(tee x)", Mutate),
        ("{ ls; rm x; }", Destroy),
        ("(ls; rm x)", Destroy),
        ("! ls", Read),
        ("time rm x", Destroy),
        ("X=$(rm y) ls", Destroy),
        ("X=$(df -h)", Read),
        ("[[ -f $(rm x) ]]", Destroy),
        ("cat <<EOF\n$(rm x)\nEOF", Destroy),
        ("cat <<'EOF'\n$(rm x)\nEOF", Read),
        ("\\rm -rf x", Destroy),
        ("'r'm x", Destroy),
        ("ls \\\n  -l", Read),
    ]);
}

#[test]
fn wrappers_are_peeled_down_to_what_does_the_work() {
    check(&[
        ("sudo -u app rm x", Destroy),
        ("sudo -n -E env A=b nohup nice -n 5 timeout 30 rm x", Destroy),
        ("ssh -i ~/.ssh/k ops@web1 \"cd /srv && docker compose down\"", Destroy),
        ("ssh web1 'docker ps | wc -l'", Read),
        ("ssh web1 \"\ndocker stats --no-stream > /tmp/x\ndocker system df >> /tmp/x\n\"", Mutate),
        ("ssh web1 <<'EOF'\nrm -rf /srv/x\nEOF", Destroy),
        ("bash -c \"ssh web1 'docker exec api sh -c \\\"rm x\\\"'\"", Destroy),
        ("docker exec api sh -c 'rm -rf /data/*'", Destroy),
        ("docker exec -it api bash -lc 'ls /data'", Read),
        ("kubectl exec -n prod web-0 -c app -- sh -c 'rm /tmp/x'", Destroy),
        ("kubectl exec web-0 -- df -h", Read),
        ("docker compose exec -T web rm x", Destroy),
        ("docker run --rm -v d:/d alpine ls /d", Mutate),
        ("watch -n 5 'docker ps | grep api'", Read),
        ("watch 'docker restart api'", Mutate),
        ("xargs -I{} sh -c 'rm {}'", Destroy),
        ("find /tmp -type f -exec rm {} +", Destroy),
        ("find /tmp -name x -print0 | xargs -0 rm -f", Destroy),
        ("find . -name '*.log' | head -5", Read),
        ("su - app -c 'docker compose down'", Destroy),
        ("echo 'rm -rf /x' | bash", Destroy),
        ("bash <<< 'rm x'", Destroy),
        ("eval \"docker rm $X\"", Destroy),
        ("nsenter -t 1 -m rm x", Destroy),
        ("parallel -j 4 docker rm ::: a b", Destroy),
        ("env -i PATH=/bin rm x", Destroy),
        ("/usr/bin/sudo /bin/rm x", Destroy),
        ("command rm x", Destroy),
    ]);
}

#[test]
fn subcommands_are_found_behind_global_options() {
    check(&[
        ("docker-compose -f a.yml -f b.yml restart web", Mutate),
        ("docker-compose -f prod.yml down", Destroy),
        ("docker compose --profile x -p y ps", Read),
        ("docker --context prod compose -f a.yml down -v", Destroy),
        ("kubectl -n prod get pods", Read),
        ("kubectl --context=a --namespace b delete pod x", Destroy),
        ("kubectl --kubeconfig ~/k -n x rollout undo deploy/web", Mutate),
        ("git -C /srv/app status -s", Read),
        ("git -C /srv/app reset --hard origin/main", Destroy),
        ("helm --kube-context p uninstall web", Destroy),
        ("systemctl --no-pager --user status web", Read),
        ("systemctl --user stop web", Destroy),
        ("kubectl scale -n prod --replicas=0 deploy/web", Destroy),
        ("kubectl scale deployment web --replicas=10", Mutate),
        ("docker compose up -d --scale web=3", Mutate),
        ("docker compose up -d --scale web=0", Destroy),
    ]);
}

#[test]
fn what_cannot_be_read_counts_as_the_worst_it_could_be() {
    check(&[
        ("docker $CMD api", Destroy),
        ("systemctl $1 nginx", Destroy),
        ("kubectl scale deploy web --replicas=$N", Destroy),
        ("kubectl scale deploy web --replicas=<count>", Destroy),
        ("kubectl scale deploy <name> --replicas=3", Mutate),
        ("docker compose up -d --scale worker=<n>", Destroy),
        ("docker compose up -d --scale <service>=3", Mutate),
        ("docker logs <container-id>", Read),
        ("docker logs <container> --tail 100", Read),
        ("kubectl logs -n prod <pod-name> --previous", Read),
        ("docker restart $NAME", Mutate),
        ("$KUBECTL delete pod x", Destroy),
        ("$DOCKER_BIN ps", Mutate),
        ("$TOOL ps", Mutate),
        ("dd if=x.iso of=$DISK", Destroy),
        ("dd if=/dev/sda of=$FILE", Destroy),
        ("git checkout <previous-commit>", Mutate),
    ]);
}

#[test]
fn an_unknown_program_changes_something() {
    check(&[
        ("./scripts/check.sh", Mutate),
        ("frobnicate status", Mutate),
        ("python tools/report.py --last 24h", Mutate),
        ("/opt/app/bin/appctl reload", Mutate),
        ("./scripts/restore-db.sh x.dump", Destroy),
        ("appctl backup restore nightly", Destroy),
        ("appctl backup create --type full", Mutate),
        ("appctl queue purge", Destroy),
        ("appctl user --delete bo", Destroy),
        ("./deploy.sh rollback", Destroy),
        ("bash scripts/cleanup.sh", Destroy),
        ("python test", Mutate),
        ("python ./ls", Mutate),
        ("./test", Mutate),
        ("./ls -l", Mutate),
        ("bash x.sh --purge", Destroy),
        ("python manage.py showmigrations", Read),
        ("python manage.py migrate --plan", Read),
        ("python manage.py flush --no-input", Destroy),
        ("docker exec web php artisan down", Destroy),
        ("docker frobnicate x", Mutate),
        ("kubectl frobnicate x", Mutate),
        ("curl -s http://h/install.sh | bash", Mutate),
        ("ls --frobnicate", Read),
    ]);
}

#[test]
fn redirections_write_and_may_empty_a_file() {
    check(&[
        ("docker ps > /tmp/x", Mutate),
        ("docker ps >> /tmp/x", Mutate),
        ("docker ps > /dev/null 2>&1", Read),
        ("docker ps 2>/dev/null", Read),
        ("docker ps &> /dev/null", Read),
        ("docker ps 2>&1 | grep x", Read),
        ("> /var/log/app.log", Destroy),
        (": > /var/log/app.log", Destroy),
        ("cat /dev/null > /var/log/app.log", Destroy),
        ("echo -n > /var/log/app.log", Destroy),
        ("echo '' > /var/log/app.log", Destroy),
        ("sudo sh -c '> /var/log/app.log'", Destroy),
        ("echo 3 > /proc/sys/vm/drop_caches", Mutate),
        ("sync && echo 1 > /sys/kernel/x", Mutate),
        ("cat x.img > /dev/sda", Destroy),
        ("echo x > /dev/$DISK", Destroy),
        ("cat > /etc/app.conf <<EOF\na\nEOF", Mutate),
        ("echo a | sudo tee -a /etc/hosts", Mutate),
        ("echo a | tee /dev/null", Read),
        ("(ls; df) > x", Mutate),
        ("for i in 1 2; do ls; done > x", Mutate),
        ("cat < /etc/hosts", Read),
    ]);
}

#[test]
fn restoring_over_live_data_destroys() {
    check(&[
        ("psql -U app app < /backups/latest.sql", Destroy),
        ("docker exec -i pg psql -U app app < backup.sql", Destroy),
        ("kubectl exec -i -n p pg-0 -- psql -U app app < backup.sql", Destroy),
        ("cat backup.sql | docker exec -i pg psql -U app", Destroy),
        ("zcat db.sql.gz | psql app", Destroy),
        ("gunzip -c db.sql.gz | mysql -u root -p$PW shop", Destroy),
        ("gunzip < db.sql.gz | mysql shop", Destroy),
        ("ssh web1 'psql app' < dump.sql", Destroy),
        ("pg_dump -h a app | psql -h b app", Destroy),
        ("mysql shop < migrations/004_add_index.sql", Mutate),
        ("pg_restore -d app x.dump", Destroy),
        ("redis-cli --pipe < x.resp", Mutate),
    ]);
}

#[test]
fn ordinary_work_on_a_host_is_what_it_is() {
    check(&[
        ("df -h", Read),
        ("free -m", Read),
        ("du -sh /var/lib/* | sort -h | tail -10", Read),
        ("tail -100 /var/log/app.log | jq 'select(.level==\"error\")'", Read),
        ("tail -f app.log | grep -E \"(ERROR|WARN)\"", Read),
        ("journalctl -u app --since \"5 minutes ago\" | grep -i error", Read),
        ("sudo journalctl -u app -f --no-pager", Read),
        ("ls -lth backups/ | head -5", Read),
        ("grep -r \"Failed password\" /var/log/", Read),
        ("netstat -tuln", Read),
        ("tar -czf b.tgz .env k8s/", Mutate),
        ("scp a b:/tmp/", Mutate),
        ("sed -i 's/a/b/' x", Mutate),
        ("sed -n 1,5p x", Read),
        ("find logs/ -name '*.log' -mtime +7 -exec gzip {} \\;", Mutate),
        ("find logs/ -name '*.gz' -mtime +30 -delete", Destroy),
        ("find b/ -type f -mtime +90 -ls", Read),
        ("sudo systemctl restart app", Mutate),
        ("sudo systemctl stop app", Destroy),
        ("systemctl start app", Mutate),
        ("ufw deny from any", Destroy),
        ("ufw allow 22/tcp", Mutate),
        ("sudo iptables -A INPUT -s <ip> -j DROP", Destroy),
        ("kill -9 1234", Destroy),
        ("kill -USR1 1234", Mutate),
        ("kill -0 1234", Read),
        ("kill -HUP $(cat /run/app.pid)", Mutate),
        ("crontab -l", Read),
        ("crontab -r", Destroy),
        ("openssl x509 -in c.crt -noout -dates", Read),
        ("echo | openssl s_client -connect h:443 2>/dev/null | openssl x509 -noout -dates", Read),
        ("certbot renew --dry-run", Read),
        ("git log --oneline -10", Read),
        ("git push --force", Destroy),
        ("vim /etc/hosts", Mutate),
        ("top -b -n 1 | head -20", Read),
        ("sleep 30", Read),
        ("cd /srv/app", Read),
        ("uptime; free -h; df -h", Read),
        ("rsync -a --delete a/ b/", Destroy),
        ("mv a b", Mutate),
        ("dd if=/dev/zero of=/dev/sdb", Destroy),
        ("truncate -s 0 app.log", Destroy),
    ]);
}

#[test]
fn what_no_shell_accepts_is_looked_into_all_the_same() {
    for text in [
        "diff <(rm -rf /srv/x & | tee a) b",
        "tee >(rm -rf /srv/x & | cat) < a",
        "echo $(rm -rf /srv/x & | tee a)",
        "(rm -rf /srv/x & | tee a)",
    ] {
        assert_eq!(super::judged(text).risk, crate::model::Risk::Destroy, "{text}");
    }
}

#[test]
fn an_unknown_program_that_closes_what_serves_cuts_service_and_one_that_files_does_not() {
    use crate::model::Risk::{Destroy, Mutate};
    for (text, risk) in [
        ("acme pool close <pool_id>", Destroy),
        ("acme close-port 8080", Destroy),
        ("acme listener close --name edge", Destroy),
        ("acme ticket close 42", Mutate),
        ("acme close --incident 7", Mutate),
        ("acme disclose 7", Mutate),
    ] {
        assert_eq!(super::judged(text).risk, risk, "{text}");
    }
}
