//! Formats as runbooks write them, and what they print.

use super::Template;
use serde_json::json;

#[test]
fn formats_of_everyday_use_are_written_as_the_command_line_writes_them() {
    let value = json!({
        "Name": "/shop", "State": {"Status": "running", "ExitCode": 0, "OOMKilled": false, "Health": null},
        "Config": {"Labels": {"a.b": "x"}, "Env": ["A=1", "B=2"]},
        "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "90/tcp": null},
        "Mounts": [{"Source": "/a"}, {"Source": "/b"}]
    });
    for (format, expected) in [
        ("{{.State.Status}}", "running"),
        ("{{ .State.Status }} {{.State.ExitCode}} {{.State.OOMKilled}}", "running 0 false"),
        ("{{json .State}}", r#"{"ExitCode":0,"Health":null,"OOMKilled":false,"Status":"running"}"#),
        ("{{.Config.Env | json}}", r#"["A=1","B=2"]"#),
        ("{{range .Mounts}}{{.Source}} {{end}}", "/a /b "),
        ("{{range .Config.Env}}{{println .}}{{end}}", "A=1\nB=2\n"),
        ("{{range $k, $v := .Config.Labels}}{{$k}}={{$v}}{{end}}", "a.b=x"),
        (
            "{{range $p, $c := .Ports}}{{$p}}{{if $c}} -> {{(index $c 0).HostPort}}{{end}};{{end}}",
            "80/tcp -> 8080;90/tcp;",
        ),
        ("{{index .Config.Labels \"a.b\"}}{{index .Config.Labels `none`}}", "x"),
        ("{{len .Mounts}}", "2"),
        ("{{if .State.Health}}{{.State.Health.Status}}{{else}}no check{{end}}", "no check"),
        ("{{if eq .State.ExitCode 1}}one{{else if eq .State.ExitCode 0}}zero{{end}}", "zero"),
        ("{{with .State}}{{.Status}}{{end}}", "running"),
        ("{{join .Config.Env \", \"}}", "A=1, B=2"),
        ("{{.Name | upper | printf \"%-8s|\"}}", "/SHOP   |"),
        ("a {{- .Name -}} b", "a/shopb"),
        ("{{$n := .Name}}{{$n}}", "/shop"),
        ("{{.Config.Labels}}", "map[a.b:x]"),
        ("{{.State.Health}}", "<nil>"),
        ("{{range .Mounts}}{{$.Name}}{{end}}", "/shop/shop"),
        ("{{and .Name (not .State.OOMKilled)}}", "true"),
        ("no action }}", "no action }}"),
    ] {
        let written = Template::read(format).and_then(|t| t.write(&value));
        assert_eq!(written.as_deref(), Ok(expected), "{format}");
    }
}

#[test]
fn what_is_not_known_is_refused_before_anything_is_asked() {
    for format in [
        "{{.A",
        "{{end}}",
        "{{if .A}}",
        "{{range .A}}x",
        "{{unknown .A}}",
        "{{json}}",
        "{{json .A .B}}",
        "{{}}",
        "{{.A | .B}}",
        "{{(.A}}",
        "{{.A)}}",
        "{{\"x}}",
        "{{template \"x\"}}",
        "{{.A..B}}",
        "{{range $a, $b, $c := .A}}{{end}}",
        "{{§}}",
    ] {
        assert!(Template::read(format).is_err(), "{format}");
    }
    let deep = "{{if .A}}".repeat(100) + &"{{end}}".repeat(100);
    assert!(Template::read(&deep).is_err());
    let deep = format!("{{{{{}.A{}}}}}", "(".repeat(1_000), ")".repeat(1_000));
    assert!(Template::read(&deep).is_err());
}

#[test]
fn a_value_that_lacks_a_field_says_which() {
    let template = Template::read("{{.State.Health.Status}}").expect("it is read");
    assert_eq!(template.write(&json!({"State": {}})), Err("map has no entry for key \"Health\"".to_string()));
}
