//! Making statements that write many rows at once. A batch is cut into chunks of fixed sizes, so that there are few
//! different statements and the databases' caches of prepared ones always hit.

use super::Tx;

/// Chunk sizes, largest first. 64 rows of 19 columns stay below SQLite's 32,766 and Postgres's 65,535 parameters.
const CHUNKS: [usize; 3] = [64, 8, 1];

/// Cuts `rows` into chunks whose lengths are all in `CHUNKS`.
pub fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = CHUNKS.into_iter().find(|c| *c <= rest.len())?;
        let (now, later) = rest.split_at(size);
        rest = later;
        Some(now)
    })
}

impl Tx {
    /// The placeholders of `rows` rows of `columns`: `($1,$2),($3,$4)`. On SQLite `(?,?),(?,?)`: its driver looks up the
    /// name of every numbered one, in a list, which for a thousand of them took a tenth of all time.
    pub fn values(&self, rows: usize, columns: usize) -> String {
        values(matches!(self, Tx::Pg(_)), rows, columns)
    }
}

pub(super) fn values(numbered: bool, rows: usize, columns: usize) -> String {
    use std::fmt::Write;
    let mut sql = String::with_capacity(rows * (columns * 5 + 3));
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            sql.push_str(if column == 0 { "" } else { "," });
            if numbered {
                let _ = write!(sql, "${}", row * columns + column + 1);
            } else {
                sql.push('?');
            }
        }
        sql.push(')');
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_exactly_one_chunk_of_a_known_size() {
        for n in [0usize, 1, 7, 8, 9, 63, 64, 65, 200] {
            let rows: Vec<usize> = (0..n).collect();
            let cut: Vec<&[usize]> = chunks(&rows).collect();
            assert_eq!(cut.concat(), rows);
            assert!(cut.iter().all(|c| CHUNKS.contains(&c.len())));
        }
        assert_eq!(values(true, 2, 3), "($1,$2,$3),($4,$5,$6)");
        assert_eq!(values(false, 2, 3), "(?,?,?),(?,?,?)");
    }
}
