//! A diagnosis in a channel: one message, a line for each command, which fills in while commands are under way.

use super::{Both, by_socket, told};
use crate::fake_slack::Setup;
use crate::harness::serve::Serve;

const SHOP: &str = "\
# Shop

## Severity levels

| Level | Name | Response time |
|---|---|---|
| P1 | Outage | 15 minutes |

## Health checks

```bash
# how long it has been up
uptime
# what a slow disk says
sleep 3 && echo '<!channel> all of it is there'
```
";

#[tokio::test]
async fn a_diagnosis_is_one_message_that_fills_in_and_leads_to_what_was_said() {
    let slack = Setup::default().start();
    let config = by_socket(&slack, "[targets.here]\nkind = \"host\"\nscripts = true\n");
    let mut bot = Serve::configured(&config);
    let folder = bot.folder().join("runbooks");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("shop.md"), SHOP).expect("written");
    bot.start_again().await;
    slack.connected(2).await;
    let both = Both { slack, bot };
    let (slack, ana) = (&both.slack, both.slack.ana());

    told(&ana.says("general", "/incident declare P1 checkout is slow").await);
    let room = slack.channel("inc-1-checkout-is-slow").await;
    told(&ana.says(&room, "/incident diagnose").await);
    let first = slack.message(&room, "of 2 are back").await;
    assert!(first.says("waiting"), "what is under way says so: {}", first.plain());
    let last = slack.message(&room, "2 commands, none wants attention").await;
    assert_eq!(last.ts, first.ts, "the same message was edited");
    assert!(last.says("how long it has been up") && last.says("what a slow disk says"), "{}", last.plain());
    assert!(!last.blocks().to_string().contains("<!channel>"), "nobody is mentioned: {}", last.blocks());
    assert!(last.blocks().to_string().contains("/incidents/1/runs/1"), "{}", last.blocks());
    let tables = slack.messages(&room).iter().filter(|m| m.text().starts_with("Run 1 of INC-1")).count();
    assert_eq!(tables, 1);
    both.finish().await;
}
