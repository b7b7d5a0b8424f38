//! redis-cli in a container or a pod, as an argument vector. What only reads is asked of that server first, by the same client.
//! The password goes with the environment of the client and not with its words.

use super::asked::{self, Asked, Does};
use super::reads;
use super::show::Form;
use crate::engine::ports::execute::{Call, Ran, Watch};
use crate::exec::database::changes;
use crate::exec::database::ways::{self, Containers, Inside};
use crate::exec::ran::reading;

pub struct Fitted {
    pub call: Call,
    /// What has to be known before: whether the server takes the command for one that reads.
    pub before: Option<Call>,
    pub asked: Asked,
}

/// The call for whatever reaches it, or why there is none.
pub fn fitted(call: &Call, inside: &Inside) -> Result<Fitted, String> {
    let program = inside.argv.first().ok_or("There is no command")?;
    let input = call.input.clone().filter(|_| inside.input);
    let asked = asked::read(&inside.argv, input.as_deref())?;
    let password = asked.password.as_ref().or(call.env.get(super::PASSWORD));
    let secret = password.map(|password| format!("{}={password}", super::PASSWORD));
    let with = |form: &str, words: &[String]| {
        let mut argv = vec![program.clone()];
        argv.extend(asked.options.iter().cloned());
        argv.push(form.to_string());
        argv.extend(words.iter().cloned());
        ways::inside_call(call, inside, &argv, &[], secret.clone())
    };
    let form = match asked.form {
        Form::Terminal => "--no-raw",
        Form::Raw => "--raw",
        Form::Csv => "--csv",
    };
    let inner = match &asked.does {
        Does::Command(command) => with(form, command)?,
        Does::Scan { pattern, count, kind } => {
            let mut words = vec!["--scan".to_string()];
            let mut option = |name: &str, value: Option<String>| {
                words.extend(value.into_iter().flat_map(|v| [name.to_string(), v]));
            };
            option("--pattern", pattern.clone());
            option("--count", count.map(|c| c.to_string()));
            option("--type", kind.clone());
            with("--raw", &words)?
        }
    };
    let before = match &asked.does {
        Does::Command(command) if !changes(call) && !reads::is_report(command) => {
            let names = reads::names(command);
            Some(with("--csv", &["COMMAND".to_string(), "INFO".to_string(), names[0].clone(), names[1].clone()])?)
        }
        _ => None,
    };
    Ok(Fitted { call: inner, before, asked })
}

pub async fn run(containers: &Containers, fitted: &Fitted, watch: &mut Watch) -> Result<Ran, String> {
    if let Some(before) = &fitted.before {
        let ran = containers.run(before, watch).await;
        if !ran.ok() {
            // It says why better than we could.
            return Ok(ran);
        }
        // Name, arity, flags, and then numbers: what comes behind belongs to subcommands. An unknown one is NULL.
        let known = ran.stdout.trim().split(',').skip_while(|f| *f == "NULL");
        let flags: Vec<&str> = known.skip(2).take_while(|f| f.starts_with('"')).map(|f| f.trim_matches('"')).collect();
        if !flags.contains(&"readonly") || flags.contains(&"write") {
            return Err(super::not_reading(&fitted.asked));
        }
    }
    let mut ran = containers.run(&fitted.call, watch).await;
    let number = ran.stdout.trim().trim_start_matches("(integer)").trim().trim_matches('"').parse::<f64>().ok();
    if let (Does::Command(command), Some(number)) = (&fitted.asked.does, number.filter(|n| n.is_finite())) {
        ran.readings.push(reading(super::metric(command), number, ""));
    }
    for line in ran.stdout.lines() {
        if let Some((name, value)) = line.trim().split_once(':')
            && let Some(value) = value.parse::<f64>().ok().filter(|n| n.is_finite() && ran.readings.len() < 200)
        {
            ran.readings.push(reading(name, value, ""));
        }
    }
    Ok(ran)
}
