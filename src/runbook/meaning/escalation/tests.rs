//! Tables of escalation: what is read, and what only looks like it.

use super::*;
use crate::document::Document;
use crate::source::Source;

/// One line for each step: line, scope, order, action, target, delay, response, authority.
fn read(text: &str) -> Vec<String> {
    let source = Source::read(text.as_bytes()).unwrap();
    let document = Document::read(&source);
    let seconds = |v: Option<u64>| v.map_or("-".into(), |s| s.to_string());
    escalation(&Reading::new(&source, &document))
        .0
        .into_iter()
        .map(|e| {
            let scope = e.scope.unwrap_or_else(|| "-".into());
            let action = format!("{:?}", e.action).to_lowercase();
            let authority = e.authority.join("+");
            let response = seconds(e.response_time_s);
            format!(
                "{} {scope} {} {action} {} after {} in {response} {authority}",
                e.line,
                e.order,
                e.target,
                seconds(e.after_s)
            )
            .trim()
            .to_string()
        })
        .collect()
}

#[test]
fn the_condition_under_one_level_is_the_delay_of_the_next() {
    let text = "# Shop\n## Escalation matrix\n### Level 1 - Shop floor\n- **Scope**: everything\n- **Response Time**: <10 minutes\n\
        - **Authority**: Restart pods, switch (one) node, page (bo, cy)\n- **Escalation**: If not resolved in 20 minutes\n\
        ### Level 2 - Platform\n- **Response Time**: 1 hour\n- **Escalation**: If data is at risk\n### Level 3 - Board\n- **Response Time**: 4 hours\n";
    assert_eq!(
        read(text),
        [
            "3 Level 1 1 escalate Shop floor after - in 600 Restart pods+switch (one) node+page (bo, cy)",
            "8 Level 2 2 escalate Platform after 1200 in 3600",
            "11 Level 3 3 escalate Board after - in 14400"
        ]
    );
}

#[test]
fn each_severity_has_its_own_list() {
    let text = "# Shop\n## Escalation\n**SEV1 - Outage:**\n1. Page on-call engineer immediately\n2. Call shop manager after 10 minutes\n\
        3. Open a bridge call\n\n**SEV2 - Slow:**\n1. Notify shop manager via Slack\n2. Target resolution: 2 days\n";
    assert_eq!(
        read(text),
        [
            "4 SEV1 1 page on-call engineer after 0 in -",
            "5 SEV1 2 page shop manager after 600 in -",
            "6 SEV1 3 bridge bridge call after - in -",
            "9 SEV2 1 notify shop manager after - in -"
        ]
    );
}

#[test]
fn an_order_without_times_has_no_delays() {
    let text = "# Shop\n## Escalation path\n1. On-call engineer\n2. Team lead\n3. CTO\n";
    assert_eq!(
        read(text),
        [
            "3 - 1 escalate On-call engineer after - in -",
            "4 - 2 escalate Team lead after - in -",
            "5 - 3 escalate CTO after - in -"
        ]
    );
    let text = "# Shop\n## Escalation\nOn-call engineer -> team lead -> director\n";
    assert_eq!(read(text).len(), 3);
}

#[test]
fn tables_have_a_row_or_a_column_for_each_step() {
    let text = "# Shop\n## Eskalation\n| Stufe | Wer | Nach |\n|---|---|---|\n| 1 | Bereitschaft | sofort |\n| 2 | Teamleiter | 15 Min. |\n";
    assert_eq!(read(text), ["5 - 1 escalate Bereitschaft after 0 in -", "6 - 2 escalate Teamleiter after 900 in -"]);
    let text = "# Shop\n## Escalation\n| Severity | 0 min | 30 min |\n|---|---|---|\n| P1 | On-call | Manager |\n| P2 | On-call | - |\n";
    assert_eq!(
        read(text),
        [
            "5 P1 1 escalate On-call after 0 in -",
            "5 P1 2 escalate Manager after 1800 in -",
            "6 P2 1 escalate On-call after 0 in -"
        ]
    );
    let text = "# Shop\n## Severity levels\n| Level | Response time | Escalate to | Escalate after |\n|---|---|---|---|\n| P1 | 5 min | CTO | 30 min |\n";
    assert_eq!(read(text), ["5 P1 1 escalate CTO after 1800 in 300"]);
    let text =
        "# Shop\n## Escalation\n| Team | Escalate after |\n|---|---|\n| Database team | High: 20 min, Medium: 2 h |\n";
    assert_eq!(
        read(text),
        ["5 High 1 escalate Database team after 1200 in -", "5 Medium 1 escalate Database team after 7200 in -"]
    );
}

#[test]
fn a_table_by_severity_says_when_somebody_is_called_whatever_its_column_of_times_is_named() {
    for (title, head) in [
        ("Routing", "| Severity | Escalate To | Timeframe |"),
        ("Escalation", "| Severity | Who | Within |"),
        ("Who to notify", "| Priority | Notify | Time |"),
        ("Notification chain", "| Severity | Escalation path | Escalate after |"),
        ("Meldewege", "| Schweregrad | Eskalation an | Zeitrahmen |"),
        ("Chaîne d'alerte", "| Gravité | À prévenir | Délai |"),
        ("Matriz de comunicación", "| Severidad | Avisar a | Plazo |"),
        ("Matriz de acionamento", "| Severidade | Acionar | Prazo |"),
    ] {
        let text = format!(
            "# Shop\n## {title}\n{head}\n|---|---|---|\n| P1 | ana | immediate |\n| P2 | bo | 30 min |\n| P3 | cy | - |\n"
        );
        let expected = [
            "5 P1 1 escalate ana after 0 in -",
            "6 P2 1 escalate bo after 1800 in -",
            "7 P3 1 escalate cy after - in -",
        ];
        assert_eq!(read(&text), expected, "{head}");
    }
}

#[test]
fn a_row_for_each_time_and_a_column_for_each_severity_is_a_chain_for_each() {
    let text = "# Shop\n## Escalation\n| Time | P1 (Critical) | P2 |\n|---|---|---|\n| 0-15 min | On-call | On-call |\n\
        | 15-60 min | + Team lead | On-call |\n| 60 min+ | + Director | - |\n";
    assert_eq!(
        read(text),
        [
            "5 P1 1 escalate On-call after 0 in -",
            "5 P2 1 escalate On-call after 0 in -",
            "6 P1 2 escalate Team lead after 900 in -",
            "7 P1 3 escalate Director after 3600 in -"
        ]
    );
    let text = "# Shop\n## Summary\n| Trouble | First | Escalation (15 min) | Escalation (1 hour) |\n|---|---|---|---|\n| Till | ana | bo | cy |\n";
    assert_eq!(read(text), ["5 Till 1 escalate bo after 900 in -", "5 Till 2 escalate cy after 3600 in -"]);
}

#[test]
fn a_tree_of_communication_tells_whom_to_call() {
    let text = "# Shop\n## Communications tree\n1) Commander declares the incident\n2) Notify on-call team via the chat\n3) SEV1/SEV2: Escalate to management within 15 minutes\n";
    assert_eq!(
        read(text),
        [
            "4 - 1 notify on-call team after - in -",
            "5 SEV1 1 escalate management after - in 900",
            "5 SEV2 1 escalate management after - in 900"
        ]
    );
    let text = "# Shop\n## Communication matrix\n| Audience | Channel | When |\n|---|---|---|\n| Team leads | Chat | immediately |\n| Customers | Status page | after 30 min |\n";
    assert_eq!(read(text), ["5 - 1 escalate Team leads after 0 in -", "6 - 2 escalate Customers after 1800 in -"]);
}

#[test]
fn plain_text_may_set_the_times_before_colons() {
    let text = "# Shop\n## Escalation\n### P1 path\n```\n0 minutes: Alert rings\n15 minutes: Escalate to second on-call if no response\n1 hour: Escalate to manager\n```\n";
    assert_eq!(
        read(text),
        ["6 P1 1 escalate second on-call after 900 in -", "7 P1 2 escalate manager after 3600 in -"]
    );
}

#[test]
fn a_timed_phase_that_calls_somebody_escalates_after_its_beginning() {
    let text = "# Shop\n## Incident response\n### P1 response\n#### Step 2: Declare (3-6 minutes)\n1. **Notify**: Send alert to incident channel\n\
        2. **Escalate**: Contact on-call engineer\n3. **Look**: Check the till\n";
    assert_eq!(
        read(text),
        ["5 P1 1 notify incident channel after 180 in -", "6 P1 2 notify on-call engineer after 180 in -"]
    );
}

#[test]
fn an_item_of_a_procedure_may_be_about_escalation() {
    let text = "# Shop\n## Breach\n1. **Contain**:\n   - Close the till\n2. **Escalation**:\n   - Notify security team\n   - Create incident ticket\n   - Communicate to customers\n";
    assert_eq!(
        read(text),
        [
            "6 - 1 notify security team after - in -",
            "7 - 2 ticket incident ticket after - in -",
            "8 - 3 notify customers after - in -"
        ]
    );
}

#[test]
fn a_chain_below_a_severity_in_a_list_is_its_own() {
    let text = "# Escalation matrix\n\n- P1 (Critical): 50-500 users see nothing\n  - Escalate to: shop lead -> manager\n- P2 (High): slow\n  - Escalate to: shop lead\n";
    assert_eq!(
        read(text),
        [
            "4 P1 1 escalate shop lead after - in -",
            "4 P1 2 escalate manager after - in -",
            "6 P2 1 escalate shop lead after - in -"
        ]
    );
}

#[test]
fn people_may_stand_above_their_times_and_whole_chains_in_one_cell() {
    let text = "# Shop\n## Escalation\n| Severity | Shop lead | Board team |\n|---|---|---|\n| P1 | immediate | 1 hour |\n| P2 | 30 minutes | weekly summary |\n";
    assert_eq!(
        read(text),
        [
            "5 P1 1 escalate Shop lead after 0 in -",
            "5 P1 2 escalate Board team after 3600 in -",
            "6 P2 1 escalate Shop lead after 1800 in -"
        ]
    );
    let text = "# Shop\n## Escalation\n| Severity | Page? | Escalation path |\n|---|---|---|\n| P1 | YES | ana → bo |\n| P2 | NO | cy |\n";
    assert_eq!(
        read(text),
        ["5 P1 1 escalate ana after - in -", "5 P1 2 escalate bo after - in -", "6 P2 1 escalate cy after - in -"]
    );
}

#[test]
fn a_level_of_people_may_hold_only_what_they_do() {
    let text = "# Shop\n## Escalation path\n1. **Level 1**: On-call engineer (< 15 minutes)\n   - Look\n2. **Level 2**: Team lead (< 1 hour)\n   - Cross-team coordination\n";
    assert_eq!(
        read(text),
        ["3 Level 1 1 escalate On-call engineer after - in 900", "5 Level 2 2 escalate Team lead after - in 3600"]
    );
}

#[test]
fn a_labelled_line_under_a_severity_calls_somebody() {
    let text = "# Shop\n## Severity\n### P1\n**Response time**: 15 minutes\n**Escalation**: immediate escalation to the shop manager\n\
        ### P2\n**Escalation**: If not resolved within 30 minutes, escalate to team lead\n";
    assert_eq!(read(text), ["5 P1 1 escalate shop manager after 0 in -", "7 P2 1 escalate team lead after 1800 in -"]);
}

#[test]
fn criteria_and_routine_reach_nobody() {
    for text in [
        "# Shop\n## Escalation\n- Escalation trigger: unable to resolve it\n- **No paging** - handled in business hours\n",
        "# Shop\n## Escalation\n- Post-mortem reports for all severities of the team\n",
        "# Shop\n## Escalation\n1. The manager declares the incident and its severity\n",
        "# Shop\n## When to escalate\n- Customer data affected\n- Outage longer than 15 minutes\n- Security incident suspected\n",
        "# Shop\n## Daily check\n- Notify bo if the queue grows\n",
        "# Shop\n## Escalation\n- **Response time**: 15 minutes\n",
        "# Shop\n## Template\n### Escalation\n1. Page ana after 5 minutes\n",
    ] {
        assert_eq!(read(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_phase_without_a_severity_and_a_plain_delay_count_as_well() {
    let text = "# Shop\n## Incident response\n### First 10 minutes\n- Page the on-call engineer\n- [ ] Notify customers\n\
        ## Incident: till stuck\n- Page the shop lead after 20 minutes\n- Call the shop lead if the delay is more than 60s\n";
    assert_eq!(read(text), ["4 - 1 page on-call engineer after 0 in -", "7 - 1 page shop lead after 1200 in -"]);
    let text = "# Shop\n## Escalation\nIf ana does not respond within 5 minutes, page bo. If nobody responds after 15 minutes, call the manager.\n";
    assert_eq!(read(text), ["3 - 1 page bo after 300 in -", "3 - 2 page manager after 900 in -"]);
}

#[test]
fn chains_are_read_in_other_languages() {
    for (text, expected) in [
        ("# 店\n## エスカレーション\n1. 15分後に部長へ連絡\n", "3 - 1 notify 部長 after 900 in -"),
        ("# 店\n## 升级流程\n1. 30分钟后通知运维经理\n", "3 - 1 notify 运维经理 after 1800 in -"),
        (
            "# Tienda\n## Escalamiento\n1. Llamar al gerente después de 20 minutos\n",
            "3 - 1 page gerente after 1200 in -",
        ),
        (
            "# Laden\n## Eskalation\n1. Nach 15 Minuten den Teamleiter informieren\n",
            "3 - 1 notify Teamleiter after 900 in -",
        ),
    ] {
        assert_eq!(read(text), [expected], "{text}");
    }
}
