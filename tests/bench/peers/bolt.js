// A plain Bolt app: acknowledges /incident after one row is durable in SQLite. The peer of Firebell's own figure.
//
//     node bolt.js socket URL BOT_TOKEN APP_TOKEN DATABASE
//     node bolt.js http URL BOT_TOKEN SIGNING_SECRET PORT DATABASE
const [way, url, token, secret, ...rest] = process.argv.slice(2);
const { App, LogLevel } = require('@slack/bolt');
const Database = require('better-sqlite3');

const database = new Database(rest.pop());
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec('CREATE TABLE said (no INTEGER PRIMARY KEY, person TEXT, words TEXT)');
const insert = database.prepare('INSERT INTO said (person, words) VALUES (?, ?)');

const common = { token, logLevel: LogLevel.WARN, clientOptions: { slackApiUrl: `${url}/api/` } };
const app = way === 'socket'
  ? new App({ ...common, socketMode: true, appToken: secret })
  : new App({ ...common, signingSecret: secret, endpoints: '/slack/commands' });
app.command('/incident', async ({ command, ack }) => {
  insert.run(command.user_id, command.text);
  await ack('INC-1: recorded');
});
app.start(way === 'socket' ? undefined : Number(rest[0]));
