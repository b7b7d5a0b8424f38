//! Every bound on what may grow, with its unit and its reason. Nothing here is configurable: a bound that
//! people may move is a configuration key with its own default, documented in `config/firebell.toml`.

/// Characters of an incident's title. A title is read on a phone's lock screen; PagerDuty cuts a summary at
/// 1,024 characters and Slack a channel topic at 250.
pub const TITLE_CHARS_MAX: usize = 250;
/// Characters of a note, an update or a reason. Slack refuses a text object above 3,000, Discord a message above
/// 2,000: what is longer than a message belongs in a document that a note links to.
pub const TEXT_CHARS_MAX: usize = 4_000;
/// Characters of one chapter of a post-mortem: some three printed pages. What is longer is an annex to link to.
pub const POSTMORTEM_CHARS_MAX: usize = 10_000;
/// Bytes of a request that saves a post-mortem: six such chapters in the widest escapes of a form.
pub const POSTMORTEM_BODY_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of one command line as typed; what a chat platform would let through, with room to spare.
pub const COMMAND_BYTES_MAX: usize = 32 * 1024;
/// Characters of a name (a role, an action item's owner, a source).
pub const NAME_CHARS_MAX: usize = 80;
/// Action items of one incident: more is a project plan.
pub const ACTION_ITEMS_MAX: usize = 200;
/// Steps of one playbook that people walk through: more is not read at night, and the incident carries them.
pub const PLAYBOOK_STEPS_MAX: usize = 100;
/// Characters of one step of a playbook that an incident carries: a here-document fits; of what is longer the beginning is
/// shown, with the line of the runbook where all of it stands.
pub const STEP_CHARS_MAX: usize = 2_000;
/// Commands of one run. A look at everything has the most; more at once is no look but a load.
pub const RUN_COMMANDS_MAX: usize = 200;
/// Readings that are kept of one command: what a table shows of it.
pub const RUN_READINGS_MAX: usize = 50;
/// Files of one command that are kept: what it draws, not what it fetches.
pub const RUN_FILES_MAX: usize = 4;
/// Bytes of one of them.
pub const RUN_FILE_BYTES_MAX: usize = 1024 * 1024;
/// Runs of one incident that are not over: beyond it nobody knows what waits for whom.
pub const RUNS_LIVE_MAX: usize = 20;
/// Runs that an incident carries; the oldest that are over are only in its log.
pub const RUNS_KEPT_MAX: usize = 40;
/// Seconds for which a request for an approval waits at least: finding the phone takes as long.
pub const APPROVAL_MIN_S: i64 = 60;
/// Seconds (a day) for which it waits at most: what was right yesterday is asked for again.
pub const APPROVAL_MAX_S: i64 = 86_400;
/// Seconds of the longest run. A restore takes longer, and is not done by a bot.
pub const RUN_MAX_S: i64 = 3_600;
/// Seconds on top for its worker to say what came of it, before its claim counts as lost and its target as free.
pub const RUN_GRACE_S: i64 = 30;
/// Runs on one target that its cool-down remembers: more within one span are a loop that it has ended long before.
pub const TARGET_PAST_MAX: usize = 32;
/// Milliseconds after which what was sampled beforehand answers no look any more: it comes every second, so five mean
/// that several in a row were lost.
pub const SAMPLE_AGE_MS_MAX: u64 = 5_000;
/// Seconds (four hours) for which an incident is sampled for after it was declared, reopened or diagnosed last: who looks
/// into it, looks more often than that.
pub const SAMPLE_FOR_S: i64 = 4 * 3_600;
/// Open incidents that are sampled for, the worst first: in a storm their checks are the same ones anyway.
pub const SAMPLED_INCIDENTS_MAX: i64 = 16;
/// Containers of one daemon that are sampled: each is one connection, and one message of some 3 KB a second. What is
/// beyond is read when somebody asks, and then all of the table waits the seconds that the daemon takes for it.
pub const SAMPLED_CONTAINERS_MAX: usize = 256;
/// Responders and roles of one incident.
pub const RESPONDERS_MAX: usize = 500;

/// Times that one intent of the page lane is tried on one channel before the next channel is: with the back-off
/// below about three minutes, less than the usual delay of a policy's first level.
pub const PAGE_ATTEMPTS_MAX: u32 = 8;
/// Seconds for which a page is tried on one channel before the person's next contact method is: what the tries above
/// take when each fails at once. Without it a vendor that answers "in two minutes" every time would hold up the next
/// one for a quarter of an hour, and one that lets every try time out for five minutes.
pub const PAGE_CHANNEL_MAX_S: i64 = 180;
/// Times that any other intent is tried: about half an hour, after which a status card is news to nobody.
pub const NOTICE_ATTEMPTS_MAX: u32 = 36;
/// Times that one message about a scheduled look is tried in a chat: with waits of up to a minute between them the half
/// day in which a result is news.
pub const POST_ATTEMPTS_MAX: u32 = 720;
/// Seconds of the first wait after a failure; it doubles with every further one.
pub const BACKOFF_FIRST_S: i64 = 1;
/// Seconds of the longest wait that we choose ourselves.
pub const BACKOFF_MAX_S: i64 = 60;
/// Seconds of the longest wait that a vendor's `Retry-After` may ask for. Vendors have sent days: a page does
/// not wait for that, it is tried again and then goes to the next channel.
pub const RETRY_AFTER_MAX_S: i64 = 120;
/// Seconds for which a claim holds. Longer than a send may take (`SEND_TIMEOUT_S`) plus the commit of its result.
pub const LEASE_S: i64 = 30;
/// Seconds after which a send is given up.
pub const SEND_TIMEOUT_S: u64 = 10;
/// Seconds for the connection of a send: a host that is gone should leave time for the next channel.
pub const SEND_CONNECT_TIMEOUT_S: u64 = 4;
/// Bytes that are read of a pager's answer. Theirs are some hundred bytes; a proxy's error page may be anything.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Characters of the sentence that says why a send failed: one entry of a timeline, read on a phone.
pub const WHY_CHARS_MAX: usize = 300;
/// Characters that are kept of a pager's own id for what it took.
pub const RECEIPT_CHARS_MAX: usize = 200;

/// Seconds for which a ring counts by the storm rule.
pub const RING_WINDOW_S: i64 = 60;
/// Pages in one summary. More is a second one: the message has to be read, and a claim holds for a limited time.
pub const SUMMARY_PAGES_MAX: usize = 200;

/// Seconds between the pages of an incident that no policy covers or that reaches nobody (CONTRACTS).
pub const FALLBACK_REPEAT_S: i64 = 300;
/// Seconds below which a level's delay is refused: an answer takes longer, and a policy that repeats would storm.
pub const STEP_DELAY_MIN_S: i64 = 10;
/// Seconds (7 days) above which a level's delay or a snooze is refused: nobody means that.
pub const STEP_DELAY_MAX_S: i64 = 7 * 86_400;
/// Seconds below which an acknowledgement time-out is refused: reading a dashboard takes longer, and being asked
/// "still working?" is not to be the work.
pub const ACK_TIMEOUT_MIN_S: i64 = 600;
/// Seconds that whoever has an incident gets to answer "still working?" before its escalation resumes: long enough
/// to find the phone.
pub const STILL_WORKING_GRACE_S: i64 = 300;
/// Seconds below which a reminder (of an update, of a missing lead) is refused: it would be noise.
pub const REMINDER_MIN_S: i64 = 300;
/// Times that the room is reminded that nobody leads: after that it is a choice.
pub const LEAD_REMINDERS_MAX: u32 = 3;
/// Times that anybody may choose to be reminded of one overdue post-mortem or action item: after as many, saying it
/// again is noise.
pub const REMINDERS_MAX: u32 = 50;
/// Levels of one policy. PagerDuty allows 20.
pub const POLICY_STEPS_MAX: usize = 20;
/// People that one level pages.
pub const STEP_PEOPLE_MAX: usize = 50;

/// Alerts of one incident that are followed one by one, by fingerprint. Beyond it they are counted, and the
/// incident ends only when its whole group says that it has resolved.
pub const ALERTS_TRACKED_MAX: usize = 1_000;
/// Alert groups that may join one incident before a further one declares its own.
pub const ALERT_GROUPS_MAX: usize = 50;
/// Characters of a link into monitoring. Prometheus' holds the whole expression; a longer one is left out, because half
/// a link leads nowhere.
pub const LINK_CHARS_MAX: usize = 1_000;
/// Alerts of one delivery for which it is asked whether another open incident follows them: as many as one incident
/// follows.
pub const ALERTS_LOOKED_UP_MAX: usize = ALERTS_TRACKED_MAX;
/// Alert groups in one request of a source: each may declare an incident of its own, and one sender must not fill the
/// list. More is declared as unreadable.
pub const GROUPS_PER_REQUEST_MAX: usize = 500;
/// Bytes of an alert source's request. Larger is declared as unreadable, with its beginning kept.
pub const HOOK_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Bytes that are kept of a request that could not be read.
pub const UNREADABLE_KEPT_BYTES_MAX: usize = 64 * 1024;

/// Pages of one incident that may wait at once, and as many intents of the other lanes. A page storm beyond it is
/// refused at the source; cards beyond it are left out, the next one says what they would have said.
pub const INTENTS_LIVE_MAX: usize = 500;
/// Pages of one incident that are remembered so that their vendor can be told of the acknowledgement and the end:
/// three days of a page to everybody every five minutes. Beyond it the oldest are forgotten.
pub const THREADS_MAX: usize = 1_000;
/// Events that one incident may have; the log stays readable, and a loop is stopped before it fills a disk.
pub const EVENTS_PER_INCIDENT_MAX: i64 = 100_000;

/// Bytes of a request to the API or the room: the longest text (`TEXT_CHARS_MAX`) in the widest escapes fits twice.
pub const API_BODY_BYTES_MAX: usize = 64 * 1024;
/// Bytes of what a pager's vendor sends us of its own. PagerDuty drops what is larger than 256 KB itself.
pub const VENDOR_WORD_BYTES_MAX: usize = 256 * 1024;
/// Characters of an `Idempotency-Key`; what Stripe allows.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// Workspaces of one chat platform beside its home that have settings of their own. Each in which incidents are announced
/// is a chat that the engine's loop asks about at every look: beyond some dozens of rows of them it would be felt.
pub const WORKSPACES_MAX: usize = 20;
/// Connections at once. More wait in the kernel's queue.
pub const CONNECTIONS_MAX: usize = 4_096;
/// Live streams at once (one open page each): a large company's worst hour. Each holds a connection.
pub const STREAMS_MAX: usize = 2_000;
/// Incidents or events in one answer of the API.
pub const PAGE_ITEMS_MAX: i64 = 500;
/// Months that one set of figures covers: three years side by side is the most that a picture of months shows.
pub const FIGURES_MONTHS_MAX: i32 = 36;
/// Incidents that one set of figures is made of, some 300 bytes each while it is computed. A company that has more in
/// the same months asks for fewer months.
pub const FIGURES_INCIDENTS_MAX: usize = 100_000;
/// Bytes of facts that are kept so that figures need not read them again: some 60,000 incidents with one page each. Of
/// more incidents the newest are kept, and figures of older months are read anew at each look.
pub const FIGURES_KEPT_BYTES_MAX: usize = 32 << 20;
/// Services and people that a picture and the table under it show; an export has all of them.
pub const FIGURES_ROWS_MAX: usize = 20;
/// Entries that the digest room shows: a day's worth of bad days. Older ones are in their incidents.
pub const DIGEST_SHOWN_MAX: i64 = 50;
/// Entries that an incident's page shows before it is asked for all of them.
pub const PAGE_ENTRIES_MAX: usize = 500;
/// Rows of the list of open incidents; beyond it a storm is under way and the worst are what matters.
pub const OPEN_SHOWN_MAX: usize = 200;
/// Incidents that the board for a wall screen shows: what can be read from across a room.
pub const BOARD_SHOWN_MAX: usize = 12;
/// Changes of the list that are kept for streams that fall behind; beyond it they get the whole list again.
pub const LIST_CHANGES_KEPT_MAX: usize = 1_000;
/// Seconds for which a sign-in holds (30 days).
pub const SESSION_S: i64 = 30 * 86_400;
/// Rows of a list of sessions: more sign-ins than that are looked at person by person.
pub const SESSIONS_SHOWN_MAX: i64 = 500;
/// Seconds for which the signed link of a page acknowledges (7 days from its queueing): a page is answered within
/// minutes, but some are read after a week-end, and an incident open for longer has been paged again.
pub const ACK_LINK_S: i64 = 7 * 86_400;
/// Seconds for which an invitation can be redeemed (one day): links lie about in chats and mailboxes.
pub const INVITATION_S: i64 = 86_400;
