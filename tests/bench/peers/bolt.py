"""A plain Bolt app: acknowledges /incident after one row is durable in SQLite. The peer of Firebell's own figure.

    bolt.py socket URL BOT_TOKEN APP_TOKEN DATABASE
    bolt.py http URL BOT_TOKEN SIGNING_SECRET PORT DATABASE
"""

import sqlite3
import sys
import threading

from slack_bolt import App
from slack_sdk import WebClient

way, url, token, secret, *rest = sys.argv[1:]
database = rest.pop()
own = threading.local()


def connection():
    if not hasattr(own, "connection"):
        own.connection = sqlite3.connect(database, timeout=30)
        own.connection.execute("PRAGMA journal_mode = WAL")
        own.connection.execute("PRAGMA synchronous = FULL")
    return own.connection


connection().execute("CREATE TABLE said (no INTEGER PRIMARY KEY, person TEXT, words TEXT)")
client = WebClient(token=token, base_url=f"{url}/api/")
app = App(client=client, signing_secret=None if way == "socket" else secret)


@app.command("/incident")
def incident(ack, command):
    with connection() as transaction:
        transaction.execute("INSERT INTO said (person, words) VALUES (?, ?)", (command["user_id"], command["text"]))
    ack("INC-1: recorded")


if way == "socket":
    from slack_bolt.adapter.socket_mode import SocketModeHandler

    SocketModeHandler(app, secret, web_client=client).start()
else:
    app.start(port=int(rest[0]), path="/slack/commands", http_server_logger_enabled=False)
