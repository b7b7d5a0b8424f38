//! Where something on a timeline was written: a message of a chat platform, by the platform's own names, so that it is
//! found again when the message is edited or deleted, and so that people find their way back to it. Reads nothing.

use crate::id::ChannelId;
use crate::text;
use serde::{Deserialize, Serialize};

/// Characters of one id; platforms have two dozen at most.
const ID_CHARS_MAX: usize = 100;
/// Characters of a link.
const LINK_CHARS_MAX: usize = 500;

/// A message of a platform. Ids are the platform's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The platform: `slack`, `discord`.
    pub chat: ChannelId,
    /// The channel or thread that it stands in.
    pub place: String,
    pub message: String,
    /// Who wrote it there; `None` where the platform does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl Origin {
    /// As it may stand in a log: short ids on one line, and a link only where it leads to a page.
    pub(crate) fn cleaned(&self) -> Option<Origin> {
        let id = |text: &str| text::line_of_machine(text, ID_CHARS_MAX);
        let link = self.link.as_deref().filter(|l| leads(l));
        let origin = Origin {
            chat: ChannelId::from(id(self.chat.as_str()).as_str()),
            place: id(&self.place),
            message: id(&self.message),
            author: self.author.as_deref().map(id).filter(|a| !a.is_empty()),
            link: link.map(str::to_string),
        };
        (!origin.place.is_empty() && !origin.message.is_empty()).then_some(origin)
    }

    /// Whether it is this message.
    pub fn is(&self, chat: &ChannelId, place: &str, message: &str) -> bool {
        self.chat == *chat && self.place == place && self.message == message
    }

    /// The link, where it is one that a browser may be sent to.
    pub fn shown(&self) -> Option<&str> {
        self.link.as_deref().filter(|l| leads(l))
    }
}

fn leads(link: &str) -> bool {
    (link.starts_with("https://") || link.starts_with("http://"))
        && link.chars().count() <= LINK_CHARS_MAX
        && !link.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"'`|".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_leads_to_a_page_is_a_link_and_ids_stay_short() {
        let origin = |link: &str| Origin {
            chat: "slack".into(),
            place: "C1\n".into(),
            message: "1.2".into(),
            author: Some(" ".into()),
            link: Some(link.into()),
        };
        let kept = origin("https://acme.slack.com/archives/C1/p12").cleaned().expect("an origin");
        assert_eq!((kept.place.as_str(), kept.author.as_deref()), ("C1", None));
        assert!(kept.shown().is_some());
        for link in ["javascript:alert(1)", "https://x/\u{7}", "https://x/ y", &format!("https://{}", "x".repeat(600))]
        {
            assert_eq!(origin(link).cleaned().expect("an origin").link, None, "{link}");
            assert_eq!(origin(link).shown(), None, "{link}");
        }
        assert_eq!(Origin { message: String::new(), ..origin("https://x") }.cleaned(), None);
    }
}
