use firebell_runbook::*;
fn main() {
    let want: Vec<String> = std::env::args().nth(1).unwrap().split(',').map(String::from).collect();
    for f in std::env::args().skip(2) {
        let i = import(&std::fs::read(&f).unwrap()).unwrap();
        let v = serde_json::to_value(&i.runbook).unwrap();
        println!("== {f} {:?} {:?} {:?} used {}%", i.runbook.title, i.runbook.system, i.runbook.version, i.report.used_percent());
        for k in &want { if let Some(a) = v[k].as_array() { println!("-- {k} {}", a.len()); for x in a { println!("{x}"); } } }
        if want.iter().any(|w| w == "report") { println!("{:?}", i.report.unused_headings); for (n, s) in i.report.lines.iter().enumerate() { if *s == report::LineState::NotUnderstood { println!("NU {}", n + 1); } } for p in &i.proposals { println!("PROPOSAL {p:?}"); } }
    }
}
