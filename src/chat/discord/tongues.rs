//! What Discord's commands are called and say for people whose client speaks another tongue: one table a kind, one line a
//! word. Names of verbs stay as the grammar has them, because answers and runbooks name them so. Says nothing that the
//! English does not say.

/// Discord's names of the columns; Spanish is said alike in Spain and in Latin America.
const LOCALES: [&[&str]; 5] = [&["de"], &["fr"], &["es-ES", "es-419"], &["pt-BR"], &["ja"]];

/// A word and what it is called, in the order of the columns.
pub type Row = (&'static str, [&'static str; 5]);

/// Names of commands and of entries in menus.
pub const NAMES: &[Row] = &[
    ("incident", ["vorfall", "incident", "incidente", "incidente", "インシデント"]),
    ("oncall", ["bereitschaft", "astreinte", "guardia", "plantão", "オンコール"]),
    (
        "Declare incident",
        ["Vorfall melden", "Déclarer un incident", "Declarar incidente", "Declarar incidente", "インシデントを宣言"],
    ),
    (
        "Add to timeline",
        [
            "In den Verlauf",
            "Ajouter à la chronologie",
            "Añadir a la cronología",
            "Pôr na linha do tempo",
            "タイムラインに追加",
        ],
    ),
    ("Page", ["Alarmieren", "Alerter", "Avisar", "Acionar", "呼び出す"]),
];

/// What the commands are for.
pub const ABOUT: &[Row] = &[
    (
        "incident",
        [
            "Vorfälle melden, übernehmen, bearbeiten und beenden",
            "Déclarer, prendre, traiter et clore des incidents",
            "Declarar, asumir, tratar y cerrar incidentes",
            "Declarar, assumir, tratar e encerrar incidentes",
            "インシデントの宣言、対応、終了",
        ],
    ),
    (
        "oncall",
        [
            "Wer Bereitschaft hat und wer vertritt",
            "Qui est d'astreinte, et qui remplace",
            "Quién está de guardia y quién sustituye",
            "Quem está de plantão e quem substitui",
            "誰がオンコールか、誰が代わるか",
        ],
    ),
];

/// What the verbs do that people need at night.
pub const VERBS: &[Row] = &[
    (
        "declare",
        [
            "Meldet einen Vorfall und alarmiert, wer davon wissen muss",
            "Ouvre un incident et alerte qui doit savoir",
            "Abre un incidente y avisa a quien debe saberlo",
            "Abre um incidente e aciona quem precisa saber",
            "インシデントを開始し、必要な人を呼び出す",
        ],
    ),
    (
        "ack",
        [
            "Übernimmt den Vorfall: sonst wird niemand mehr von selbst alarmiert",
            "Prend l'incident : plus personne n'est alerté tout seul",
            "Asume el incidente: ya no se avisa a nadie más por sí solo",
            "Assume o incidente: ninguém mais é acionado sozinho",
            "対応を引き受け、自動の呼び出しを止める",
        ],
    ),
    (
        "unack",
        [
            "Gibt den Vorfall zurück: das Alarmieren beginnt von vorn",
            "Rend l'incident : les alertes recommencent",
            "Devuelve el incidente: los avisos empiezan de nuevo",
            "Devolve o incidente: os acionamentos recomeçam",
            "対応を返し、呼び出しを再開する",
        ],
    ),
    (
        "resolve",
        [
            "Beendet den Vorfall: es ist vorbei",
            "Clôt l'incident : c'est fini",
            "Cierra el incidente: ha terminado",
            "Encerra o incidente: acabou",
            "インシデントを終了する",
        ],
    ),
    (
        "update",
        [
            "Sagt allen, die folgen, wie es steht",
            "Dit à tous ceux qui suivent où on en est",
            "Dice a quienes siguen cómo está",
            "Diz a quem acompanha como está",
            "関係者に状況を伝える",
        ],
    ),
    (
        "note",
        [
            "Hält etwas im Verlauf fest",
            "Garde quelque chose dans la chronologie",
            "Guarda algo en la cronología",
            "Guarda algo na linha do tempo",
            "タイムラインに残す",
        ],
    ),
    (
        "status",
        [
            "Sagt, wie weit es ist",
            "Dit où en est l'incident",
            "Dice en qué fase está",
            "Diz em que fase está",
            "どこまで進んだかを伝える",
        ],
    ),
    (
        "severity",
        ["Ändert, wie schlimm es ist", "Change la gravité", "Cambia la gravedad", "Muda a gravidade", "深刻度を変える"],
    ),
    (
        "page",
        [
            "Alarmiert jemanden, die Bereitschaft oder die Zuständigen",
            "Alerte quelqu'un, l'astreinte ou les responsables",
            "Avisa a alguien, a la guardia o a los responsables",
            "Aciona alguém, o plantão ou os responsáveis",
            "担当者やオンコールを呼び出す",
        ],
    ),
    (
        "escalate",
        [
            "Alarmiert jetzt die nächste Stufe",
            "Alerte maintenant le niveau suivant",
            "Avisa ahora al siguiente nivel",
            "Aciona agora o próximo nível",
            "次の段階を今すぐ呼び出す",
        ],
    ),
    (
        "show",
        [
            "Zeigt, wie es steht: wer ihn hat, was als Nächstes kommt",
            "Montre où on en est : qui l'a, ce qui vient ensuite",
            "Muestra cómo está: quién lo tiene, qué sigue",
            "Mostra como está: quem o tem, o que vem depois",
            "状況を表示する:担当者と次の予定",
        ],
    ),
    (
        "list",
        [
            "Listet die offenen Vorfälle, die schlimmsten zuerst",
            "Liste les incidents ouverts, les pires d'abord",
            "Lista los incidentes abiertos, los peores primero",
            "Lista os incidentes abertos, os piores primeiro",
            "未解決のインシデントを深刻な順に並べる",
        ],
    ),
    (
        "help",
        [
            "Zeigt, was man hier sagen kann",
            "Montre ce qu'on peut dire ici",
            "Muestra lo que se puede decir aquí",
            "Mostra o que se pode dizer aqui",
            "ここで言えることを表示する",
        ],
    ),
];

/// What a word is called, by Discord's names of the tongues.
pub fn of(table: &'static [Row], word: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let row = table.iter().find(|(name, _)| *name == word).map(|(_, said)| said);
    row.into_iter().flat_map(|said| {
        let columns = LOCALES.iter().zip(said);
        columns.flat_map(|(locales, text)| locales.iter().map(move |locale| (*locale, *text)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::COMMANDS;

    #[test]
    fn whatever_is_translated_is_there_fits_and_is_said_in_every_tongue() {
        for (name, said) in NAMES {
            let of_a_menu = name.contains(char::is_uppercase);
            for text in said {
                assert!((1..=32).contains(&text.chars().count()), "{text}");
                assert!(of_a_menu || (text.to_lowercase() == *text && !text.contains(' ')), "{text} is no command");
            }
        }
        for (name, said) in ABOUT.iter().chain(VERBS) {
            assert!(said.iter().all(|t| (1..=100).contains(&t.chars().count())), "{name}");
        }
        for (verb, _) in VERBS {
            assert!(COMMANDS.iter().any(|c| c.spec.verb == *verb), "there is no verb {verb}");
        }
        assert_eq!(of(NAMES, "incident").count(), 6);
        assert_eq!(of(NAMES, "nothing").count(), 0);
    }
}
