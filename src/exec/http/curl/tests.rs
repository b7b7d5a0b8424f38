//! Commands as runbooks write them, and the requests that they are.

use super::*;

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_string).collect()
}

#[test]
fn commands_are_read_into_requests() {
    for (line, expected) in [
        ("curl http://localhost:3000/health", "GET http://localhost:3000/health"),
        ("curl -sf localhost/ready", "GET http://localhost/ready fails:22"),
        ("curl -s -o /dev/null -w %{http_code} https://shop.example.org/", "GET https://shop.example.org/ silent"),
        ("curl -X POST http://localhost/cache/clear", "POST http://localhost/cache/clear"),
        ("curl -d a=1 -d b=2 http://localhost/x", "POST http://localhost/x body:a=1&b=2"),
        ("curl -G -d q=up http://localhost/query?a=1", "GET http://localhost/query?a=1&q=up"),
        ("curl -kLI https://localhost/", "HEAD https://localhost/ head"),
        ("curl -u ana:pa:ss http://localhost/", "GET http://localhost/ user:ana/pa:ss"),
        ("curl http://ana:p%40ss@localhost/", "GET http://localhost/ user:ana/p@ss"),
        ("wget -qO- http://localhost/health", "GET http://localhost/health fails:8"),
        ("wget --spider -q http://localhost/", "HEAD http://localhost/ silent fails:8"),
        ("health http://localhost/ --status 204", "GET http://localhost/"),
    ] {
        let request = read(&words(line)).unwrap_or_else(|why| panic!("{line}: {why}"));
        let mut shown = format!("{} {}", request.method, request.url);
        if let Some(body) = &request.body {
            shown += &format!(" body:{}", String::from_utf8_lossy(body));
        }
        if let Some((name, password)) = &request.user {
            shown += &format!(" user:{name}/{password}");
        }
        shown += if request.print.head { " head" } else { "" };
        shown += if request.print.body { "" } else { " silent" };
        shown += &request.fail.map_or(String::new(), |code| format!(" fails:{code}"));
        assert_eq!(shown, expected, "{line}");
    }
}

#[test]
fn what_goes_by_files_or_other_ways_is_refused() {
    for line in [
        "curl",
        "curl http://a http://b",
        "curl -o page.html http://a",
        "curl -O http://a/x",
        "curl -d @file http://a",
        "curl -x proxy http://a",
        "curl --unix-socket /run/x http://a",
        "curl --resolve a:80:127.0.0.1 http://a",
        "curl -T file http://a",
        "curl -K config http://a",
        "curl file:///etc/passwd",
        "curl gopher://a",
        "curl -w @format http://a",
        "curl -w %{unknown} http://a",
        "wget http://a",
        "wget -O page http://a",
        "wget -i list",
        "nc a 80",
    ] {
        assert!(read(&words(line)).is_err(), "{line}");
    }
}
