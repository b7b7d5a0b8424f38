//! What figures ask about when somebody scrapes. Every question is answered from a partial index that holds only what
//! is open or waits, so what has ended costs nothing, however much there is of it.

use super::{Store, fault, on_read};
use crate::fault::Fault;
use firebell_domain::time::Timestamp;
use sqlx::{AssertSqlSafe, Row};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// By severity rank, without private ones: how many are open, and how many of those are acknowledged.
    pub open: Vec<(u32, i64, i64)>,
    /// By lane and channel: how many wait, and when the oldest was queued.
    pub waiting: Vec<(String, String, i64, Timestamp)>,
    pub claimed: i64,
    pub next_timer: Option<Timestamp>,
}

const WAITING: &str =
    "SELECT lane, channel, COUNT(*), MIN(queued_at) FROM outbox WHERE status = 'queued' GROUP BY lane, channel";
const CLAIMED: &str = "SELECT COUNT(*) FROM outbox WHERE status = 'claimed'";
const NEXT_TIMER: &str = "SELECT MIN(due_at) FROM timer";

fn open_sql(postgres: bool) -> String {
    let open = if postgres { "is_open AND NOT private" } else { "is_open = 1 AND private = 0" };
    format!("SELECT severity_rank, COUNT(*), COUNT(acknowledged_at) FROM incident WHERE {open} GROUP BY severity_rank")
}

impl Store {
    pub async fn figures(&self) -> Result<Figures, Fault> {
        let open = AssertSqlSafe(open_sql(self.is_postgres()));
        on_read!(self, |p| {
            let mut figures = Figures::default();
            for row in sqlx::query(open).fetch_all(p).await.map_err(fault)? {
                let rank: i64 = row.try_get(0).map_err(fault)?;
                figures.open.push((rank as u32, row.try_get(1).map_err(fault)?, row.try_get(2).map_err(fault)?));
            }
            for row in sqlx::query(WAITING).fetch_all(p).await.map_err(fault)? {
                let oldest = Timestamp(row.try_get(3).map_err(fault)?);
                let (lane, channel) = (row.try_get(0).map_err(fault)?, row.try_get(1).map_err(fault)?);
                figures.waiting.push((lane, channel, row.try_get(2).map_err(fault)?, oldest));
            }
            figures.claimed = sqlx::query_scalar(CLAIMED).fetch_one(p).await.map_err(fault)?;
            let next: Option<i64> = sqlx::query_scalar(NEXT_TIMER).fetch_one(p).await.map_err(fault)?;
            figures.next_timer = next.map(Timestamp);
            Ok(figures)
        })
    }

    /// How the database goes about each of those questions, in its own words, for whoever wants to be sure.
    pub async fn plans_of_figures(&self) -> Result<Vec<String>, Fault> {
        let open = open_sql(self.is_postgres());
        let mut plans = Vec::new();
        for sql in [open.as_str(), WAITING, CLAIMED, NEXT_TIMER] {
            let (explain, column) = if self.is_postgres() { ("EXPLAIN", 0) } else { ("EXPLAIN QUERY PLAN", 3) };
            let sql = AssertSqlSafe(format!("{explain} {sql}"));
            let lines: Vec<String> = on_read!(self, |p| {
                let rows = sqlx::query(sql).fetch_all(p).await.map_err(fault)?;
                rows.iter().map(|r| r.try_get(column).map_err(fault)).collect::<Result<_, Fault>>()
            })?;
            plans.push(lines.join("\n"));
        }
        Ok(plans)
    }
}
