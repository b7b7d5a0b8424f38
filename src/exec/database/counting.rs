//! The query that counts what a plain change would touch, made of the change's own words. It is run where nothing can be
//! changed by it; what it cannot be made of is estimated by the server. Sends nothing.

use super::statements::Statement;

/// The query that counts what a plain UPDATE, DELETE, TRUNCATE or DROP TABLE would touch.
pub fn counting(statement: &Statement) -> Option<String> {
    let text = &statement.text;
    let word = |at: usize| statement.words.get(at).filter(|w| w.depth == 0);
    let top = |word: &str| statement.top(word).map(|w| w.at.start);
    if ["USING", "RETURNING", "CURRENT"].iter().any(|w| statement.top(w).is_some()) {
        return None;
    }
    // MySQL's LIMIT is one of rows that are touched, and not of counts.
    let all = |from: String| match top("LIMIT") {
        Some(_) => format!("SELECT count(*) FROM (SELECT 1 FROM {from}) AS touched"),
        None => format!("SELECT count(*) FROM {from}"),
    };
    match statement.first() {
        // `DELETE t FROM t JOIN u …` is counted by its join.
        "DELETE" => Some(all(text[statement.top("FROM")?.at.end..].to_string())),
        "UPDATE" => {
            let (set, table) = (statement.top("SET")?, word(0)?);
            if statement.top("FROM").is_some() {
                return None;
            }
            let which = [top("WHERE"), top("ORDER"), top("LIMIT")].into_iter().flatten().min();
            let which = which.map_or("", |at| &text[at..]);
            Some(all(format!("{} {which}", &text[table.at.end..set.at.start])))
        }
        "TRUNCATE" | "DROP" => {
            let skipped = ["TRUNCATE", "DROP", "TABLE", "ONLY", "IF", "EXISTS"];
            let leading = statement.words.iter().take_while(|w| !w.quoted && skipped.contains(&w.text.as_str()));
            let begin = leading.last()?.at.end;
            let ends = ["CASCADE", "RESTRICT", "RESTART", "CONTINUE"];
            let end = statement.words.iter().find(|w| !w.quoted && ends.contains(&w.text.as_str()));
            let tables = text.get(begin..end.map_or(text.len(), |w| w.at.start))?.split(',').map(str::trim);
            let counts: Vec<String> = tables.map(|t| format!("(SELECT count(*) FROM {t})")).collect();
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
            (
                "UPDATE ONLY a.t AS x SET y = (SELECT 1 FROM z WHERE 1=1) WHERE id > 3",
                "SELECT count(*) FROM ONLY a.t AS x WHERE id > 3",
            ),
            ("update t set y = 1", "SELECT count(*) FROM t"),
            (
                "DELETE FROM t ORDER BY id LIMIT 5",
                "SELECT count(*) FROM (SELECT 1 FROM t ORDER BY id LIMIT 5) AS touched",
            ),
            ("UPDATE t SET x = 1 LIMIT 5", "SELECT count(*) FROM (SELECT 1 FROM t LIMIT 5) AS touched"),
            ("DELETE t FROM t JOIN u ON t.id = u.id", "SELECT count(*) FROM t JOIN u ON t.id = u.id"),
            ("TRUNCATE TABLE a, b CASCADE", "SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM b)"),
            ("DROP TABLE IF EXISTS a", "SELECT (SELECT count(*) FROM a)"),
        ] {
            assert_eq!(of(text).as_deref(), Some(query), "{text}");
        }
        for text in
            ["DELETE FROM t USING u WHERE t.id = u.id", "UPDATE t SET x = 1 FROM u", "DELETE FROM t RETURNING id"]
        {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
