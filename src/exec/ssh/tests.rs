//! Which ssh commands are taken, and as which words.

use super::*;

fn words(line: &str) -> Vec<String> {
    firebell_runbook::shell::stages::stages(line)
        .map(|s| s[0].words.iter().filter_map(Word::literal).collect())
        .unwrap_or_default()
}

fn read(line: &str) -> Result<String, String> {
    let place =
        Place { aliases: vec!["157.230.13.13".to_string()], ..Place::read("root@shop:2222").ok_or("no place")? };
    let argv = words(line);
    let spoken = Spoken::read(&argv)?;
    meant(&place, &spoken)?;
    spoken.argv().map(|a| a.join("|"))
}

#[test]
fn what_is_meant_for_the_target_is_taken_word_by_word() {
    for (line, expected) in [
        (r#"ssh root@shop "tail -20 /var/log/shop.log""#, "tail|-20|/var/log/shop.log"),
        ("ssh -i keys/shop -p 2222 root@157.230.13.13 df -h", "df|-h"),
        ("ssh -p2222 -qT shop uptime", "uptime"),
        ("ssh -l root shop uptime", "uptime"),
        ("ssh -o StrictHostKeyChecking=no -o ConnectTimeout=5 shop uptime", "uptime"),
        (r#"ssh shop "grep 'a b' x.log""#, "grep|a b|x.log"),
        ("ssh shop -- printf %s 'a  b; $(c)'", "printf|%s|a  b; $(c)"),
    ] {
        assert_eq!(read(line).as_deref(), Ok(expected), "{line}");
    }
}

#[test]
fn another_machine_another_user_and_other_ways_are_refused() {
    for (line, why) in [
        ("ssh root@db uptime", "another machine"),
        ("ssh root@shop.evil.example uptime", "another machine"),
        ("ssh ana@shop uptime", "another user"),
        ("ssh -p 22 shop uptime", "another one"),
        ("ssh shop", "keyboard"),
        ("ssh -t shop top", "terminal"),
        ("ssh -J evil shop uptime", "somewhere else"),
        ("ssh -A shop uptime", "somewhere else"),
        ("ssh -L 80:db:80 shop uptime", "somewhere else"),
        ("ssh -o ProxyCommand=x shop uptime", "ProxyCommand"),
        (r#"ssh shop "cd /srv && ls""#, "takes a shell"),
        (r#"ssh shop "docker ps | xargs docker rm""#, "more than one"),
        (r#"ssh shop 'echo $HOME'"#, "variables"),
        ("scp a shop:b", "no ssh command"),
    ] {
        match read(line) {
            Err(said) => assert!(said.contains(why), "{line}: {said}"),
            Ok(taken) => panic!("{line}: {taken}"),
        }
    }
}
