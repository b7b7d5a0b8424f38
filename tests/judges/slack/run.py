"""Slack's own clients, unchanged, against the test Slack: what they take for a Slack is faithful enough.

    run.py web URL BOT_TOKEN                 slack_sdk's WebClient goes through the methods
    run.py limited URL BOT_TOKEN CHANNEL     slack_sdk's own handler of 429 gets six messages through
    run.py socket URL BOT_TOKEN APP_TOKEN    slack_sdk's Socket Mode client repeats what it is told
    run.py bolt URL BOT_TOKEN APP_TOKEN      a Bolt app over Socket Mode
    run.py bolt-http URL BOT_TOKEN SECRET PORT   the same over signed HTTP

It never talks to anything but URL. The first two exit with 0 only if everything was as Slack documents it; the others
serve until they are ended.
"""

import logging
import sys
import threading

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError


def expect(what, found, wanted):
    if found != wanted:
        raise SystemExit(f"{what}: {found!r} instead of {wanted!r}")


def refused(what, word, call, **args):
    try:
        call(**args)
    except SlackApiError as error:
        return expect(what, error.response["error"], word)
    raise SystemExit(f"{what} was not refused")


def web(url, token):
    client = WebClient(token=token, base_url=f"{url}/api/")
    me = client.auth_test()
    expect("the team", me["team"], "Acme")
    general = next(c["id"] for c in client.conversations_list()["channels"] if c["name"] == "general")
    made = client.conversations_create(name="inc-42-checkout")["channel"]["id"]
    refused("a second one", "name_taken", client.conversations_create, name="inc-42-checkout")
    refused("capitals", "invalid_name_specials", client.conversations_create, name="INC")
    ana = client.users_lookupByEmail(email="ana@example.com")["user"]["id"]
    expect("ana", client.users_info(user=ana)["user"]["profile"]["email"], "ana@example.com")
    client.conversations_invite(channel=made, users=[ana])
    refused("ana again", "already_in_channel", client.conversations_invite, channel=made, users=[ana])
    client.conversations_setTopic(channel=made, topic="P1")
    client.conversations_setPurpose(channel=made, purpose="checkout is down")
    about = client.conversations_info(channel=made)["channel"]
    expect("the topic", about["topic"]["value"], "P1")
    expect("its members", set(client.conversations_members(channel=made)["members"]), {ana, me["user_id"]})

    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*down*"}}]
    meta = {"event_type": "card", "event_payload": {"key": "k1"}}
    posted = client.chat_postMessage(channel=made, text="down", blocks=blocks, metadata=meta)
    ts = posted["ts"]
    client.chat_postMessage(channel=made, text="in the thread", thread_ts=ts)
    expect("the thread", len(client.conversations_replies(channel=made, ts=ts)["messages"]), 2)
    history = client.conversations_history(channel=made, include_all_metadata=True, limit=50)
    found = [m for m in history["messages"] if m.get("metadata")]
    expect("the metadata", found[0]["metadata"], meta)
    client.chat_update(channel=made, ts=ts, text="up again")
    refused("an unknown ts", "message_not_found", client.chat_update, channel=made, ts="1.000001", text="x")
    refused("nothing to say", "no_text", client.chat_postMessage, channel=made, text="")
    refused("an unknown place", "channel_not_found", client.chat_postMessage, channel="C0NONE", text="x")
    expect("a link", client.chat_getPermalink(channel=made, message_ts=ts)["permalink"].startswith("https://"), True)
    client.chat_postEphemeral(channel=made, user=ana, text="only you")
    client.pins_add(channel=made, timestamp=ts)
    expect("the pins", client.pins_list(channel=made)["items"][0]["message"]["ts"], ts)
    client.reactions_add(channel=made, timestamp=ts, name="eyes")
    refused("twice", "already_reacted", client.reactions_add, channel=made, timestamp=ts, name="eyes")
    client.bookmarks_add(channel_id=made, title="Runbook", type="link", link="https://example.com/runbook")
    expect("the bookmarks", len(client.bookmarks_list(channel_id=made)["bookmarks"]), 1)
    client.files_upload_v2(channel=made, filename="timeline.md", content="# What happened", initial_comment="the draft")
    group = client.usergroups_list(include_users=True)["usergroups"][0]
    expect("the group", client.usergroups_users_list(usergroup=group["id"])["users"], group["users"])
    home = {"type": "home", "blocks": blocks}
    client.views_publish(user_id=ana, view=home)
    refused("a forged trigger", "invalid_trigger_id", client.views_open, trigger_id="1.2.3", view=modal())
    client.conversations_rename(channel=made, name="inc-42-done")
    client.conversations_archive(channel=made)
    refused("an archived place", "is_archived", client.chat_postMessage, channel=made, text="x")
    pages = [page["members"] for page in client.users_list(limit=2)]
    expect("the pages of people", [len(page) for page in pages], [2, 2])
    dm = client.conversations_open(users=[ana])["channel"]["id"]
    client.chat_postMessage(channel=dm, text="to you alone")
    client.chat_postMessage(channel=general, text="web: everything was as documented")


def limited(url, token, channel):
    from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

    client = WebClient(token=token, base_url=f"{url}/api/")
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=3))
    for number in range(6):
        client.chat_postMessage(channel=channel, text=f"message {number}")


def modal():
    field = {"type": "plain_text_input", "action_id": "title"}
    label = {"type": "plain_text", "text": "Title"}
    return {
        "type": "modal",
        "callback_id": "declare",
        "title": {"type": "plain_text", "text": "Declare an incident"},
        "submit": {"type": "plain_text", "text": "Declare"},
        "blocks": [{"type": "input", "block_id": "title", "label": label, "element": field}],
    }


def socket(url, token, app_token):
    from slack_sdk.socket_mode import SocketModeClient
    from slack_sdk.socket_mode.response import SocketModeResponse

    web_client = WebClient(token=token, base_url=f"{url}/api/")
    client = SocketModeClient(app_token=app_token, web_client=web_client)

    def listen(client, request):
        payload = request.payload
        text = payload.get("text", "")
        answer = {"text": f"you said: {text}"} if request.type == "slash_commands" else None
        client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=answer))
        event = payload.get("event", {})
        if event.get("type") == "message" and not event.get("bot_id"):
            web_client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text="heard")

    client.socket_mode_request_listeners.append(listen)
    client.connect()
    threading.Event().wait()


def bolt(url, token, app_token=None, secret=None, port=None):
    from slack_bolt import App

    client = WebClient(token=token, base_url=f"{url}/api/")
    app = App(client=client, signing_secret=secret or "unused")

    @app.command("/incident")
    def command(ack, body, client, respond):
        if body["text"] == "help":
            return ack("say /incident and fill in the form")
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modal())
        respond(text="fill in the form")

    @app.view("declare")
    def declared(ack, body, view, client):
        title = view["state"]["values"]["title"]["title"]["value"]
        if len(title) < 3:
            return ack(response_action="errors", errors={"title": "Say a little more."})
        ack()
        button = {"type": "button", "action_id": "ack", "text": {"type": "plain_text", "text": "Acknowledge"}}
        blocks = [
            {"type": "section", "text": {"type": "mrkdwn", "text": f"*{title}*"}},
            {"type": "actions", "elements": [button]},
        ]
        client.chat_postMessage(channel="#general", text=title, blocks=blocks)

    @app.action("ack")
    def acknowledged(ack, body, respond):
        ack()
        respond(text=f"acknowledged by {body['user']['name']}", replace_original=True)

    @app.event("app_mention")
    def mentioned(event, say):
        say(text="you called", thread_ts=event["ts"])

    @app.event("message")
    def heard():
        pass

    if port is None:
        from slack_bolt.adapter.socket_mode import SocketModeHandler

        handler = SocketModeHandler(app, app_token, web_client=client)
        handler.connect()
    else:
        app.start(port=int(port), path="/slack/events")
    threading.Event().wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    what, url, token, *rest = sys.argv[1:]
    if what == "web":
        web(url, token)
    elif what == "limited":
        limited(url, token, rest[0])
    elif what == "socket":
        socket(url, token, rest[0])
    elif what == "bolt":
        bolt(url, token, app_token=rest[0])
    elif what == "bolt-http":
        bolt(url, token, secret=rest[0], port=rest[1])
    else:
        raise SystemExit(__doc__)
