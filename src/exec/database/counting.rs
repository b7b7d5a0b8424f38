//! The query that counts what a plain change would touch, made of the change's own words. It is run where nothing can be
//! changed by it; what it cannot be made of is estimated by the server. Sends nothing.

use super::statements::Statement;

/// The query that counts what a plain UPDATE, DELETE, TRUNCATE or DROP TABLE would touch.
pub fn counting(statement: &Statement) -> Option<String> {
    let text = &statement.text;
    let word = |at: usize| statement.words.get(at).filter(|w| w.depth == 0);
    if statement.words.iter().any(|w| !w.quoted && w.depth == 0 && ["USING", "RETURNING", "CURRENT", "LIMIT"].contains(&w.text.as_str())) {
        return None;
    }
    match statement.first() {
        "DELETE" => {
            let from = word(1).filter(|w| w.text == "FROM" && !w.quoted)?;
            Some(format!("SELECT count(*) FROM {}", &text[from.at.end..]))
        }
        "UPDATE" => {
            let (set, table) = (statement.top("SET")?, word(0)?);
            if statement.top("FROM").is_some() {
                return None;
            }
            let which = statement.top("WHERE").map_or("", |w| &text[w.at.start..]);
            Some(format!("SELECT count(*) FROM {} {which}", &text[table.at.end..set.at.start]))
        }
        "TRUNCATE" | "DROP" => {
            let skipped = ["TRUNCATE", "DROP", "TABLE", "ONLY", "IF", "EXISTS"];
            let begin = statement.words.iter().take_while(|w| !w.quoted && skipped.contains(&w.text.as_str())).last()?.at.end;
            let ends = ["CASCADE", "RESTRICT", "RESTART", "CONTINUE"];
            let end = statement.words.iter().find(|w| !w.quoted && ends.contains(&w.text.as_str())).map_or(text.len(), |w| w.at.start);
            let tables: Vec<&str> = text.get(begin..end)?.split(',').map(str::trim).collect();
            let counts: Vec<String> = tables.iter().map(|t| format!("(SELECT count(*) FROM {t})")).collect();
            Some(format!("SELECT {}", counts.join(" + ")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::database::statements::{Dialect, split};

    fn of(text: &str) -> Option<String> {
        counting(&split(text, Dialect::Postgres).expect("a statement").remove(0))
            .map(|q| q.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_a_change_would_touch_is_counted_by_its_own_condition() {
        for (text, query) in [
            ("DELETE FROM t WHERE x = 'WHERE'", "SELECT count(*) FROM t WHERE x = 'WHERE'"),
            ("UPDATE ONLY a.t AS x SET y = (SELECT 1 FROM z WHERE 1=1) WHERE id > 3", "SELECT count(*) FROM ONLY a.t AS x WHERE id > 3"),
            ("update t set y = 1", "SELECT count(*) FROM t"),
            ("TRUNCATE TABLE a, b CASCADE", "SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM b)"),
            ("DROP TABLE IF EXISTS a", "SELECT (SELECT count(*) FROM a)"),
        ] {
            assert_eq!(of(text).as_deref(), Some(query), "{text}");
        }
        for text in ["DELETE FROM t LIMIT 5", "DELETE FROM t USING u WHERE t.id = u.id", "UPDATE t SET x = 1 FROM u", "DELETE FROM t RETURNING id"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
