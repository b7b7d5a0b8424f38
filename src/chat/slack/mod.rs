//! Firebell in Slack.
