//! How commands end, by table.

use super::judged;
use crate::model::Mode::{self, *};

#[test]
fn how_a_command_ends_is_known() {
    let table: &[(&str, Mode)] = &[
        ("docker logs api --tail 100", Oneshot),
        ("docker logs -f api", Stream),
        ("docker-compose logs -f web", Stream),
        ("docker compose -f a.yml logs --since 24h", Oneshot),
        ("docker stats", Stream),
        ("docker stats --no-stream", Oneshot),
        ("watch -n 2 'docker ps'", Stream),
        ("watch docker-compose ps", Stream),
        ("ping db", Stream),
        ("ping -c 4 db", Oneshot),
        ("docker exec api ping db", Stream),
        ("kubectl port-forward svc/web 8080:80", Stream),
        ("kubectl rollout status deploy/web", Wait),
        ("kubectl wait --for=condition=ready pod -l a=b", Wait),
        ("tail -f x | grep y", Stream),
        ("timeout 30 tail -f x", Oneshot),
        ("journalctl -u app -f --no-pager", Stream),
        ("sudo journalctl -fu app", Stream),
        ("sudo tail -f /var/log/x", Stream),
        ("docker exec api tail -F /var/log/x", Stream),
        ("sudo tail -n 5 /var/log/x", Oneshot),
        ("ssh web1 'tail -f /var/log/x'", Stream),
        ("ssh web1", Tty),
        ("ssh web1 uptime", Oneshot),
        ("ssh web1 <<EOF\nuptime\nEOF", Oneshot),
        ("docker exec -it pg psql -U postgres", Tty),
        ("docker exec -it pg psql -U postgres -c 'SELECT 1'", Oneshot),
        ("docker exec -it api bash", Tty),
        ("docker exec -it api ls", Oneshot),
        ("top", Tty),
        ("top -b -n 1", Oneshot),
        ("vim x", Tty),
        ("less x", Tty),
        ("mysql -u root -p", Tty),
        ("redis-cli monitor", Stream),
        ("while true; do curl -s h; sleep 1; done", Stream),
        ("until docker ps; do sleep 1; done", Wait),
        ("for i in 1 2; do sleep 1; done", Oneshot),
        ("crontab -e", Tty),
        ("tcpdump -i any port 80", Stream),
        ("sudo systemctl restart app && sudo journalctl -fu app", Stream),
        ("docker compose up -d", Oneshot),
        ("docker compose up", Stream),
        ("sleep 30", Oneshot),
    ];
    let wrong: Vec<String> = table
        .iter()
        .filter_map(|(text, mode)| {
            let judged = judged(text);
            (judged.mode != *mode).then(|| format!("{text}\n    is {mode:?}, not {:?}", judged.mode))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
