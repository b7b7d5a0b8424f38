//! Clocks from the phases of a runbook: a phase that means the acknowledgement, the diagnosis, the mitigation, the
//! resolution or the post-mortem gives that milestone its deadline. A phase of another meaning gives none.

use super::Source;
use super::words::{holds, normal};
use firebell_domain::clocks::Milestone;
use firebell_domain::severity::{Severity, normal as level};
use firebell_runbook::model::{self, Phase};

/// What a phase is called where it means a milestone, in normal spelling. The first row that fits counts, so that
/// "post-incident review" is not a resolution and "initial response" not a diagnosis.
const NAMES: [(Milestone, &[&str]); 5] = [
    (
        Milestone::Postmortem,
        &[
            "post mortem",
            "postmortem",
            "post incident",
            "retrospective",
            "incident review",
            "nachbereitung",
            "rétrospective",
            "retrospectiva",
            "análisis posterior",
            "análise pós incidente",
            "разбор",
            "复盘",
            "振り返り",
            "사후 분석",
        ],
    ),
    (
        Milestone::Acknowledge,
        &[
            "acknowledge",
            "acknowledgement",
            "acknowledgment",
            "ack",
            "initial response",
            "first response",
            "immediate assessment",
            "triage",
            "bestätigung",
            "erstreaktion",
            "prise en charge",
            "accusé de réception",
            "reconocimiento",
            "primera respuesta",
            "reconhecimento",
            "primeira resposta",
            "presa in carico",
            "подтверждение",
            "确认",
            "初动",
            "初動",
            "확인",
        ],
    ),
    (
        Milestone::Diagnose,
        &[
            "diagnose",
            "diagnosis",
            "diagnostics",
            "investigate",
            "investigation",
            "root cause",
            "identify",
            "identification",
            "diagnostic",
            "analyse",
            "untersuchung",
            "diagnóstico",
            "investigación",
            "investigação",
            "diagnosi",
            "диагностика",
            "诊断",
            "排查",
            "調査",
            "切り分け",
            "진단",
        ],
    ),
    (
        Milestone::Mitigate,
        &[
            "mitigate",
            "mitigation",
            "contain",
            "containment",
            "stabilize",
            "stabilise",
            "stabilization",
            "workaround",
            "eindämmung",
            "endiguement",
            "atténuation",
            "mitigación",
            "contención",
            "mitigação",
            "contenção",
            "mitigazione",
            "стабилизация",
            "止损",
            "缓解",
            "緩和",
            "暫定対応",
            "완화",
        ],
    ),
    (
        Milestone::Resolve,
        &[
            "resolve",
            "resolution",
            "recovery",
            "recover",
            "restore",
            "restoration",
            "behebung",
            "wiederherstellung",
            "résolution",
            "rétablissement",
            "resolución",
            "recuperación",
            "resolução",
            "recuperação",
            "risoluzione",
            "ripristino",
            "восстановление",
            "устранение",
            "恢复",
            "解决",
            "復旧",
            "복구",
            "해결",
        ],
    ),
];

pub fn meaning(name: &str) -> Option<Milestone> {
    let name = normal(name);
    // Words of languages without blanks stand inside others.
    let fits = |word: &str| {
        holds(&name, word) || (!word.is_ascii() && word.chars().all(|c| c > '\u{2e80}') && name.contains(word))
    };
    NAMES.iter().find(|(_, words)| words.iter().any(|w| fits(w))).map(|(milestone, _)| *milestone)
}

/// A severity with the deadlines of the phases that are its own, or everybody's. What its table says stays: a phase
/// fills in only what is not said there. Of the phases that stand under no severity, one that would be due before the
/// response says nothing of this level.
pub fn with_phases(source: &Source, written: &model::Severity, mut severity: Severity) -> Severity {
    let certain = || source.book().phases.iter().filter(|p| source.certain("phases", p.line));
    let own = |p: &&Phase| p.severity.as_deref().is_some_and(|s| level(s) == level(&written.level));
    // Those of its own first, then those that stand under no severity; the latest deadline of a meaning counts.
    for (phases, own) in [
        (certain().filter(own).collect::<Vec<_>>(), true),
        (certain().filter(|p| p.severity.is_none()).collect(), false),
    ] {
        let mut latest: std::collections::BTreeMap<Milestone, i64> = Default::default();
        for phase in phases {
            let seconds =
                phase.deadline_s.or(phase.window.map(|w| w[1])).and_then(|s| i64::try_from(s).ok()).filter(|s| *s > 0);
            if let (Some(milestone), Some(s)) = (meaning(&phase.name), seconds) {
                let at = latest.entry(milestone).or_insert(s);
                *at = (*at).max(s);
            }
        }
        for (milestone, s) in latest {
            let response_s = severity.response_s.filter(|_| severity.hours.is_none());
            let early = milestone != Milestone::Acknowledge && response_s.is_some_and(|r| s < r);
            // What stands under the severity itself is its promise. What is for all of them is not for one that answers
            // later than that, and in business time nothing can be compared with plain seconds.
            if !own && (written.business_time || early) {
                continue;
            }
            let place = match milestone {
                Milestone::Acknowledge => &mut severity.response_s,
                Milestone::Diagnose => &mut severity.clocks.diagnose_s,
                Milestone::Mitigate => &mut severity.clocks.mitigate_s,
                Milestone::Resolve => &mut severity.clocks.resolve_s,
                Milestone::Postmortem => &mut severity.clocks.postmortem_s,
            };
            // A response in business time that waits for working hours is not answered by a plain one.
            if place.is_none() && !(milestone == Milestone::Acknowledge && written.business_time) {
                *place = Some(s);
            }
        }
    }
    severity
}
