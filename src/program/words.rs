//! Words as they are compared: lower case, punctuation and emphasis gone, one blank between two.

/// `**On-Call** Engineer (primary)` and `on call engineer primary` are one.
pub fn normal(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Whether one normal text holds another as whole words.
pub fn holds(text: &str, phrase: &str) -> bool {
    !phrase.is_empty() && format!(" {text} ").contains(&format!(" {phrase} "))
}

/// The names that a target lists: "team lead, DBA and CTO".
pub fn parts(target: &str) -> Vec<String> {
    let mut rest = target.to_lowercase();
    for word in
        [" and ", " or ", " und ", " oder ", " et ", " ou ", " y ", " e ", "、", "，", "和", "・", "+", "&", "/", ";"]
    {
        rest = rest.replace(word, ",");
    }
    rest.split(',').map(normal).filter(|p| !p.is_empty()).collect()
}
