//! From the words of a schedule ("Sunday 2:00 AM", "first Monday", "1st and 15th of the month" is two and so none) to
//! the rule that says when it is due. What is missing is said and never guessed: a week without a day is no rule.

use chrono::Weekday::{self, Fri, Mon, Sat, Sun, Thu, Tue, Wed};
use firebell_domain::recurrence::{Days, InMonth};
use firebell_runbook::model::Cadence;

/// Words of weekdays, by their beginnings; a word counts if it begins so.
const WEEKDAYS: [(Weekday, &[&str]); 7] = [
    (
        Mon,
        &[
            "monday",
            "montag",
            "lundi",
            "lunes",
            "segunda",
            "lunedì",
            "lunedi",
            "понедельник",
            "周一",
            "星期一",
            "月曜",
            "월요일",
        ],
    ),
    (
        Tue,
        &[
            "tuesday",
            "dienstag",
            "mardi",
            "martes",
            "terça",
            "martedì",
            "martedi",
            "вторник",
            "周二",
            "星期二",
            "火曜",
            "화요일",
        ],
    ),
    (
        Wed,
        &[
            "wednesday",
            "mittwoch",
            "mercredi",
            "miércoles",
            "quarta",
            "mercoledì",
            "mercoledi",
            "среда",
            "среду",
            "周三",
            "星期三",
            "水曜",
            "수요일",
        ],
    ),
    (
        Thu,
        &[
            "thursday",
            "donnerstag",
            "jeudi",
            "jueves",
            "quinta",
            "giovedì",
            "giovedi",
            "четверг",
            "周四",
            "星期四",
            "木曜",
            "목요일",
        ],
    ),
    (
        Fri,
        &[
            "friday",
            "freitag",
            "vendredi",
            "viernes",
            "sexta",
            "venerdì",
            "venerdi",
            "пятниц",
            "周五",
            "星期五",
            "金曜",
            "금요일",
        ],
    ),
    (
        Sat,
        &[
            "saturday",
            "samstag",
            "sonnabend",
            "samedi",
            "sábado",
            "sabato",
            "суббот",
            "周六",
            "星期六",
            "土曜",
            "토요일",
        ],
    ),
    (
        Sun,
        &[
            "sunday",
            "sonntag",
            "dimanche",
            "domingo",
            "domenica",
            "воскресенье",
            "周日",
            "星期日",
            "星期天",
            "日曜",
            "일요일",
        ],
    ),
];
const SHORT: [(Weekday, &[&str]); 7] = [
    (Mon, &["mon", "mo"]),
    (Tue, &["tue", "tues", "di"]),
    (Wed, &["wed", "mi"]),
    (Thu, &["thu", "thur", "thurs", "do"]),
    (Fri, &["fri", "fr"]),
    (Sat, &["sat", "sa"]),
    (Sun, &["sun", "so"]),
];
const ORDINALS: [(u32, &[&str]); 6] = [
    (
        1,
        &[
            "first",
            "1st",
            "ersten",
            "erster",
            "premier",
            "primer",
            "primera",
            "primeira",
            "primo",
            "prima",
            "первый",
            "第一",
            "第1",
        ],
    ),
    (2, &["second", "2nd", "zweiten", "zweiter", "deuxième", "segundo", "secondo", "второй", "第二", "第2"]),
    (3, &["third", "3rd", "dritten", "dritter", "troisième", "tercer", "terceira", "terzo", "третий", "第三", "第3"]),
    (4, &["fourth", "4th", "vierten", "vierter", "quatrième", "cuarto", "quarto", "четвёртый", "第四", "第4"]),
    (5, &["fifth", "5th", "fünften"]),
    (
        0,
        &[
            "last",
            "letzten",
            "letzter",
            "dernier",
            "dernière",
            "último",
            "última",
            "ultimo",
            "ultima",
            "последний",
            "最后",
            "最終",
            "마지막",
        ],
    ),
];
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const NOON: u32 = 12 * 60;
const LAST: u32 = 0;

/// What the words of a time say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Minutes since midnight.
    pub at_min: Option<u32>,
    pub weekdays: Vec<Weekday>,
    /// 0 is the last.
    nth: Option<u32>,
    day: Option<u32>,
    /// 1 to 12.
    month: Option<u32>,
}

/// The days of a cadence with these words, or what they leave open.
pub fn days(cadence: Option<Cadence>, said: &Said) -> Result<Days, &'static str> {
    let in_month = || match (said.nth, said.weekdays.as_slice(), said.day) {
        (Some(LAST), [day], _) => Ok(InMonth::Last(*day)),
        (Some(nth), [day], _) => Ok(InMonth::Nth(nth, *day)),
        (None, [], Some(day)) => Ok(InMonth::Day(day)),
        _ => Err("it does not say on which day of the month"),
    };
    match cadence {
        Some(Cadence::Daily) if said.weekdays.is_empty() => Ok(Days::Daily),
        Some(Cadence::Daily) => Ok(Days::Weekly(said.weekdays.clone())),
        Some(Cadence::Weekly) if said.weekdays.is_empty() => Err("it does not say on which weekday"),
        Some(Cadence::Weekly) => Ok(Days::Weekly(said.weekdays.clone())),
        Some(Cadence::Biweekly) => match said.weekdays.as_slice() {
            [day] => Ok(Days::Biweekly(*day)),
            _ => Err("it does not say on which weekday"),
        },
        Some(Cadence::Monthly) => in_month().map(Days::Monthly),
        Some(Cadence::Quarterly) => in_month().map(Days::Quarterly),
        Some(Cadence::Yearly) => match said.month {
            Some(month) => in_month().map(|day| Days::Yearly(month, day)),
            None => Err("it does not say in which month"),
        },
        Some(Cadence::Hourly) => Err("it is every hour, which is too often to remind people of"),
        None if said.nth.is_some() && !said.weekdays.is_empty() => in_month().map(Days::Monthly),
        None if !said.weekdays.is_empty() => Ok(Days::Weekly(said.weekdays.clone())),
        None => Err("it does not say when"),
    }
}

pub fn read(text: &str) -> Said {
    let lower = text.to_lowercase();
    let tokens: Vec<&str> =
        lower.split(|c: char| c.is_whitespace() || ",()/;".contains(c)).filter(|t| !t.is_empty()).collect();
    let mut said = Said::default();
    for (n, token) in tokens.iter().enumerate() {
        let next = tokens.get(n + 1).copied();
        if said.at_min.is_none() {
            said.at_min = time(token, next);
        }
        let token = token.trim_matches(|c: char| !c.is_alphanumeric());
        match token {
            "weekdays" | "workdays" | "werktags" => said.weekdays = vec![Mon, Tue, Wed, Thu, Fri],
            "weekend" | "weekends" => said.weekdays = vec![Sat, Sun],
            _ => {}
        }
        if let Some((first, last)) = token.split_once(['-', '–'])
            && let (Some(first), Some(last)) = (weekday(first), weekday(last))
        {
            let days = std::iter::successors(Some(first), |d| (*d != last).then(|| d.succ()));
            said.weekdays.extend(days);
            continue;
        }
        if let Some(day) = weekday(token) {
            if !said.weekdays.contains(&day) {
                said.weekdays.push(day);
            }
            continue;
        }
        if let Some((nth, _)) = ORDINALS.iter().find(|(_, words)| words.contains(&token)) {
            match next.and_then(weekday) {
                Some(_) => said.nth = Some(*nth),
                None if *nth != LAST => said.day = said.day.or(Some(*nth)),
                None => {}
            }
            continue;
        }
        if let Some(day) =
            ["st", "nd", "rd", "th"].iter().find_map(|e| token.strip_suffix(e)).and_then(|d| d.parse().ok())
            && (1..=31).contains(&day)
        {
            said.day = said.day.or(Some(day));
        }
        // Scripts without blanks hold the ordinal and the weekday in one word.
        if let Some((nth, _)) = ORDINALS.iter().find(|(_, w)| w.iter().any(|w| !w.is_ascii() && token.starts_with(w)))
            && let Some((day, _)) = WEEKDAYS.iter().find(|(_, w)| w.iter().any(|w| !w.is_ascii() && token.contains(w)))
        {
            (said.nth, said.weekdays) = (Some(*nth), vec![*day]);
        }
        if let Some(month) = MONTHS.iter().position(|m| token.starts_with(m) && token.chars().all(char::is_alphabetic))
        {
            said.month = said.month.or(Some(month as u32 + 1));
        }
    }
    said
}

fn weekday(word: &str) -> Option<Weekday> {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let long = WEEKDAYS.iter().find(|(_, names)| names.iter().any(|n| word.starts_with(n)));
    long.or_else(|| SHORT.iter().find(|(_, names)| names.contains(&word))).map(|(day, _)| *day)
}

/// `2:00`, `2:00am`, `9am`, `9 am`, `14h`, `14h30`, `midnight`, `noon`.
fn time(token: &str, next: Option<&str>) -> Option<u32> {
    let token = token.trim_matches(|c: char| !c.is_alphanumeric());
    match token {
        "midnight" | "mitternacht" | "minuit" | "medianoche" => return Some(0),
        "noon" | "mittag" | "mittags" | "midi" | "mediodía" => return Some(NOON),
        _ => {}
    }
    let half = |word: &str| match word.replace('.', "").as_str() {
        "am" => Some(false),
        "pm" => Some(true),
        _ => None,
    };
    let digits = token.chars().take_while(|c| c.is_ascii_digit() || matches!(c, ':' | 'h')).count();
    let (clock, rest) = token.split_at_checked(digits)?;
    let afternoon = half(rest).or_else(|| next.filter(|_| rest.is_empty()).and_then(half));
    if !(rest.is_empty() || half(rest).is_some()) {
        return None;
    }
    let (hour, minute) = match clock.split_once([':', 'h']) {
        Some((hour, minute)) => {
            (hour.parse::<u32>().ok()?, if minute.is_empty() { 0 } else { minute.get(..2)?.parse::<u32>().ok()? })
        }
        None if afternoon.is_some() => (clock.parse::<u32>().ok()?, 0),
        None => return None,
    };
    let hour = match afternoon {
        Some(afternoon) if (1..=12).contains(&hour) => hour % 12 + if afternoon { 12 } else { 0 },
        Some(_) => return None,
        None => hour,
    };
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32, minute: u32) -> Option<u32> {
        Some(hour * 60 + minute)
    }

    #[test]
    fn words_of_a_time_are_read_as_people_mean_them() {
        for (cadence, text, days_, at_min) in [
            (Some(Cadence::Weekly), "Sunday 2:00 AM", Ok(Days::Weekly(vec![Sun])), at(2, 0)),
            (Some(Cadence::Monthly), "First Monday", Ok(Days::Monthly(InMonth::Nth(1, Mon))), None),
            (None, "last Friday of the month at 17:30", Ok(Days::Monthly(InMonth::Last(Fri))), at(17, 30)),
            (Some(Cadence::Daily), "9am", Ok(Days::Daily), at(9, 0)),
            (Some(Cadence::Daily), "12 pm", Ok(Days::Daily), at(12, 0)),
            (Some(Cadence::Daily), "12:15 am", Ok(Days::Daily), at(0, 15)),
            (Some(Cadence::Daily), "Mon-Fri 09:00", Ok(Days::Weekly(vec![Mon, Tue, Wed, Thu, Fri])), at(9, 0)),
            (Some(Cadence::Monthly), "on the 15th, 14h30", Ok(Days::Monthly(InMonth::Day(15))), at(14, 30)),
            (Some(Cadence::Monthly), "1st of each month", Ok(Days::Monthly(InMonth::Day(1))), None),
            (Some(Cadence::Quarterly), "first Monday", Ok(Days::Quarterly(InMonth::Nth(1, Mon))), None),
            (Some(Cadence::Yearly), "15th of January", Ok(Days::Yearly(1, InMonth::Day(15))), None),
            (Some(Cadence::Weekly), "Mittwochs um 22:00", Ok(Days::Weekly(vec![Wed])), at(22, 0)),
            (Some(Cadence::Monthly), "ersten Dienstag", Ok(Days::Monthly(InMonth::Nth(1, Tue))), None),
            (Some(Cadence::Monthly), "第一月曜日", Ok(Days::Monthly(InMonth::Nth(1, Mon))), None),
            (Some(Cadence::Biweekly), "Thursdays at noon", Ok(Days::Biweekly(Thu)), at(12, 0)),
        ] {
            let said = read(text);
            assert_eq!((days(cadence, &said), said.at_min), (days_, at_min), "{text}");
        }
    }

    #[test]
    fn what_is_not_said_is_not_guessed() {
        for (cadence, text) in [
            (Some(Cadence::Weekly), ""),
            (Some(Cadence::Monthly), "at 9:00"),
            (Some(Cadence::Monthly), "Mondays"),
            (Some(Cadence::Yearly), "1st"),
            (Some(Cadence::Hourly), ""),
            (Some(Cadence::Biweekly), "Mondays and Thursdays"),
            (None, "after each release"),
        ] {
            assert!(days(cadence, &read(text)).is_err(), "{text}");
        }
        for text in ["25:00", "13 pm", "within 5 minutes", "9", "7 days"] {
            assert_eq!(read(text).at_min, None, "{text}");
        }
    }
}
