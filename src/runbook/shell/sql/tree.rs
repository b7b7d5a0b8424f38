//! The tree of a query: statements inside it (a CTE may delete), `INTO`, row locks and every function it calls.
//! A query that no grammar takes is at least `mutate`.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, ObjectName, Query, Select, SetExpr, Statement, TableFactor, Visit, Visitor};
use sqlparser::dialect::{Dialect as Grammar, GenericDialect, MySqlDialect, PostgreSqlDialect};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::{Dialect, functions, grammar};
use crate::model::Risk;
use crate::shell::inner::Inner;

/// Operators nest to the left without brackets, and a tree is walked and dropped by recursion.
const MOST_OPERATORS: usize = 250;
const MOST_TOKENS: usize = 6000;
const DEEPEST: usize = 40;

pub(super) fn query(tokens: &[Token], dialect: Dialect) -> Inner {
    let flat =
        |t: &&Token| !matches!(t, Token::Comma | Token::LParen | Token::RParen | Token::Period | Token::Number(..));
    let operators =
        tokens.iter().filter(flat).filter(|t| !matches!(t, Token::Word(_) | Token::SingleQuotedString(_))).count();
    let words = [
        "AND",
        "OR",
        "IS",
        "NOT",
        "LIKE",
        "ILIKE",
        "COLLATE",
        "AT",
        "BETWEEN",
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "IN",
        "JOIN",
    ];
    let chained =
        tokens.iter().filter(|t| super::words::word(Some(t)).is_some_and(|w| words.contains(&w.as_str()))).count();
    let mut depth = 0usize;
    let deepest = tokens.iter().fold(0, |most, t| {
        match t {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            _ => {}
        }
        most.max(depth)
    });
    if operators + chained > MOST_OPERATORS || tokens.len() > MOST_TOKENS || deepest > DEEPEST {
        return Inner::new(Risk::Mutate, "sql too deep to judge");
    }
    // A runbook rarely says which database it means: any grammar that takes the whole of it will do, since the words
    // are looked at besides.
    let others: [&dyn Grammar; 3] = [&PostgreSqlDialect {}, &MySqlDialect {}, &GenericDialect {}];
    for candidate in std::iter::once(grammar(dialect)).chain(others) {
        let mut parser = Parser::new(candidate).with_recursion_limit(DEEPEST).with_tokens(tokens.to_vec());
        if let Ok(statement) = parser.parse_statement()
            && parser.peek_token().token == Token::EOF
        {
            let mut walk = Walk { found: Inner::new(Risk::Read, "sql SELECT") };
            let _ = statement.visit(&mut walk);
            return walk.found;
        }
    }
    Inner::new(Risk::Mutate, "sql that no parser takes")
}

struct Walk {
    found: Inner,
}

impl Walk {
    fn add(&mut self, risk: Risk, why: &str) {
        if risk > self.found.risk {
            self.found.risk = risk;
            self.found.why = format!("sql {why}");
        }
    }

    fn call(&mut self, name: &ObjectName) {
        let parts: Vec<String> = name.0.iter().map(|p| p.to_string().trim_matches(['"', '`']).to_lowercase()).collect();
        let Some((last, schemas)) = parts.split_last() else { return };
        let system = ["pg_catalog", "information_schema", "sys", "public"];
        let own = schemas.last().is_some_and(|s| !system.contains(&s.as_str()));
        self.found.affects_availability |= functions::affects_availability(last);
        self.add(functions::risk(last, own), &format!("{last}()"));
    }

    fn select(&mut self, select: &Select) {
        if select.into.is_some() {
            self.add(Risk::Mutate, "SELECT INTO");
        }
    }
}

impl Visitor for Walk {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        match statement {
            Statement::Query(_) | Statement::Fetch { .. } | Statement::Close { .. } | Statement::Declare { .. } => {}
            Statement::Delete(_) => self.add(Risk::Destroy, "DELETE"),
            Statement::Truncate { .. } => self.add(Risk::Destroy, "TRUNCATE"),
            Statement::Drop { .. } => self.add(Risk::Destroy, "DROP"),
            Statement::Insert(_) => self.add(Risk::Mutate, "INSERT"),
            Statement::Update { .. } => self.add(Risk::Mutate, "UPDATE"),
            Statement::Merge { .. } => self.add(Risk::Mutate, "MERGE"),
            _ => self.add(Risk::Mutate, "statement inside a query"),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if !query.locks.is_empty() {
            self.add(Risk::Mutate, "SELECT FOR UPDATE");
        }
        let mut open = vec![query.body.as_ref()];
        while let Some(body) = open.pop() {
            match body {
                SetExpr::Select(select) => self.select(select),
                SetExpr::SetOperation { left, right, .. } => open.extend([left.as_ref(), right.as_ref()]),
                _ => {} // statements and queries are visited by themselves
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr {
            self.call(&function.name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } => self.call(name),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
