//! The load: clients that declare, acknowledge and note through the API, each command under an Idempotency-Key. They
//! remember every answer; a command whose answer a kill swallowed is asked again, under the same key, of the next
//! process, until it is answered. They never look at the database.

use super::super::world::Dice;
use crate::harness::{Answer, http_client};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

const CLIENTS: u64 = 6;
/// Incidents that are known, open and waiting for their acknowledgement; above it clients acknowledge more.
const WAITING_MAX: usize = 30;
/// Of so many incidents one is left alone for good, up to a total: its policy must run to its end.
const LEFT_ALONE_ONE_IN: u64 = 12;
const LEFT_ALONE_MAX: usize = 60;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Declare { title: String, checkout: bool },
    Acknowledge { incident: i64 },
    Note { incident: i64, text: String },
}

/// One command and what came of it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub what: What,
    pub key: String,
    /// The first 2xx answer; the incident's number is in it.
    pub answer: Option<String>,
    /// How often it was sent.
    pub tries: u32,
}

impl Asked {
    /// The incident that the answer speaks of.
    pub fn incident(&self) -> Option<i64> {
        let body: Value = serde_json::from_str(self.answer.as_deref()?).ok()?;
        body["incident"]["number"].as_i64()
    }
}

/// Everything that was asked, and what the clients may go on with.
#[derive(Debug, Default)]
pub struct Ledger {
    pub asked: Vec<Asked>,
    pub left_alone: Vec<i64>,
    waiting: VecDeque<i64>,
    known: Vec<i64>,
    /// Commands that a client is waiting for at this moment.
    pub in_flight: Vec<usize>,
    pub repeats_compared: u64,
    /// Answers that no correct bot gives.
    pub defects: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stage {
    run: u32,
    up: bool,
    over: bool,
}

pub struct Load {
    ledger: Arc<Mutex<Ledger>>,
    stage: watch::Sender<Stage>,
    clients: JoinSet<()>,
}

impl Load {
    /// Clients that wait for the first `up`.
    pub fn start(url: &str, token: &str, seed: u64) -> Load {
        let ledger = Arc::<Mutex<Ledger>>::default();
        let stage = watch::Sender::new(Stage { run: 0, up: false, over: false });
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let client = Client {
                number,
                url: url.to_owned(),
                http: http_client(),
                ledger: ledger.clone(),
                stage: stage.subscribe(),
                dice: Dice::seeded(seed.wrapping_mul(31).wrapping_add(number)),
                token: token.to_owned(),
            };
            clients.spawn(client.work());
        }
        Load { ledger, stage, clients }
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("not poisoned")
    }

    /// The bot is there: go on, and ask again what was not answered.
    pub fn up(&self) {
        self.stage.send_modify(|stage| *stage = Stage { run: stage.run + 1, up: true, over: false });
    }

    pub fn down(&self) {
        self.stage.send_modify(|stage| stage.up = false);
    }

    /// No new commands; returns once everything that was asked is answered.
    pub async fn finish(&mut self, bound: Duration) {
        self.stage.send_modify(|stage| stage.over = true);
        let all = async {
            while let Some(ended) = self.clients.join_next().await {
                ended.expect("a client does not panic")
            }
        };
        let ended = tokio::time::timeout(bound, all).await;
        assert!(ended.is_ok(), "not everything was answered within {bound:?}: {:?}", self.ledger().in_flight);
    }
}

struct Client {
    number: u64,
    url: String,
    http: reqwest::Client,
    ledger: Arc<Mutex<Ledger>>,
    stage: watch::Receiver<Stage>,
    dice: Dice,
    token: String,
}

impl Client {
    async fn work(mut self) {
        let mut count = 0;
        loop {
            let Ok(stage) = self.stage.wait_for(|stage| stage.up || stage.over).await.map(|stage| *stage) else {
                return;
            };
            if stage.over {
                return;
            }
            count += 1;
            if self.dice.roll(1, 20) == 1 {
                self.ask_again().await;
            }
            let index = self.choose(count);
            self.ask(index).await;
            // People think between two commands; without it two cores do nothing but this.
            tokio::time::sleep(Duration::from_millis(self.dice.roll(4, 20))).await;
        }
    }

    fn book(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("not poisoned")
    }

    fn choose(&mut self, count: u64) -> usize {
        let (dice, number) = (self.dice.roll(0, 99), self.number);
        let pick = self.dice.roll(0, 1 << 30) as usize;
        let mut book = self.book();
        let crowded = book.waiting.len() > WAITING_MAX;
        let name = format!("{number}-{count}");
        let what = match dice {
            15..40 if !book.waiting.is_empty() => acknowledge(&mut book),
            40..70 if crowded => acknowledge(&mut book),
            15..100 if !book.known.is_empty() => {
                // Mostly where something is happening just now.
                let recent = book.known.len().saturating_sub(20);
                let place = recent + pick % (book.known.len() - recent);
                What::Note { incident: book.known[place], text: format!("note {name}") }
            }
            _ => What::Declare { title: format!("trouble {name}"), checkout: pick.is_multiple_of(2) },
        };
        book.asked.push(Asked { what, key: format!("key-{name}"), answer: None, tries: 0 });
        book.asked.len() - 1
    }

    /// Asks until it is answered, by however many processes that takes.
    async fn ask(&mut self, index: usize) {
        let asked = {
            let mut book = self.book();
            book.in_flight.push(index);
            book.asked[index].clone()
        };
        loop {
            let run = self.stage.borrow().run;
            self.book().asked[index].tries += 1;
            match self.send(&asked).await {
                Ok(answer) if (200..300).contains(&answer.status) => {
                    self.answered(index, answer.body);
                    return;
                }
                // "Not recorded", or "not recorded yet, do not rely on it": the same again is right in both cases.
                Ok(answer) if answer.status == 503 => tokio::time::sleep(Duration::from_millis(100)).await,
                Ok(answer) => {
                    let mut book = self.book();
                    book.defects.push(format!("{:?} was answered {}: {}", asked.what, answer.status, answer.body));
                    book.in_flight.retain(|i| *i != index);
                    return;
                }
                Err(_) => {
                    // Killed meanwhile, or about to be seen as killed: the next process answers.
                    let next = self.stage.wait_for(|stage| stage.up && stage.run > run).await;
                    if next.is_err() {
                        return;
                    }
                }
            }
        }
    }

    fn answered(&mut self, index: usize, body: String) {
        let alone = self.dice.roll(1, LEFT_ALONE_ONE_IN) == 1;
        let mut book = self.book();
        book.in_flight.retain(|i| *i != index);
        book.asked[index].answer = Some(body);
        let Some(incident) = book.asked[index].incident() else {
            let defect = format!("an answer without an incident: {:?}", book.asked[index]);
            book.defects.push(defect);
            return;
        };
        if matches!(book.asked[index].what, What::Declare { .. }) {
            book.known.push(incident);
            if alone && book.left_alone.len() < LEFT_ALONE_MAX {
                book.left_alone.push(incident);
            } else {
                book.waiting.push_back(incident);
            }
        }
    }

    /// What was answered is answered the same again, whoever lives now.
    async fn ask_again(&mut self) {
        let pick = self.dice.roll(0, 1 << 30) as usize;
        let asked = {
            let book = self.book();
            if book.asked.is_empty() {
                return;
            }
            book.asked[pick % book.asked.len()].clone()
        };
        let (Some(first), Ok(again)) = (&asked.answer, self.send(&asked).await) else { return };
        let mut book = self.book();
        if again.status == 503 {
            return;
        }
        book.repeats_compared += 1;
        if again.body != *first {
            book.defects
                .push(format!("{} was answered\n  {first}\nand then {}\n  {}", asked.key, again.status, again.body));
        }
    }

    async fn send(&mut self, asked: &Asked) -> Result<Answer, String> {
        let (path, body) = match &asked.what {
            What::Declare { title, checkout } => {
                let service = checkout.then_some("checkout");
                (
                    "/api/v1/incidents".to_owned(),
                    json!({"severity": "P1", "title": title, "service": service, "as": "ana"}),
                )
            }
            What::Acknowledge { incident } => (format!("/api/v1/incidents/INC-{incident}/ack"), json!({"as": "ana"})),
            What::Note { incident, text } => {
                (format!("/api/v1/incidents/INC-{incident}/notes"), json!({"text": text, "as": "bo"}))
            }
        };
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.token);
        Answer::to(request.header("idempotency-key", &asked.key).json(&body)).await
    }
}

fn acknowledge(book: &mut Ledger) -> What {
    let incident = book.waiting.pop_front().expect("somebody waits");
    What::Acknowledge { incident }
}
