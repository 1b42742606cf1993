// Asks a server through a driver of Node.js: a line of JSON in, a line of JSON out, until standard input ends.
// In: {driver, host, port, user, password, database, tls, timeout, statements, options, replication}. A statement is text, or
// {text, values} for a prepared one. Out: {connect: null or an error, results: [{rows} or an error]}.
"use strict";

const fs = require("fs");
const readline = require("readline");
const mysql2 = require("mysql2/promise");
const pg = require("pg");

const FIELDS = [
  "code", "errno", "sqlState", "severity", "message", "sqlMessage", "detail", "hint", "position", "schema",
  "table", "column", "dataType", "constraint", "file", "routine", "fatal",
];

function told(error) {
  return Object.fromEntries(FIELDS.filter((name) => error[name] !== undefined).map((name) => [name, error[name]]));
}

function files(tls) {
  const read = (name) => (tls[name] ? fs.readFileSync(tls[name]) : undefined);
  return { ca: read("ca"), cert: read("cert"), key: read("key") };
}

function pgTls(tls) {
  if (!tls) return false;
  const options = { ...files(tls), rejectUnauthorized: tls.verify !== "none" };
  return tls.verify === "chain" ? { ...options, checkServerIdentity: () => undefined } : options;
}

async function openPg(asked) {
  const { host, port, user, password, database, timeout, options, replication } = asked;
  const client = new pg.Client({
    host, port, user, password, database, options, replication,
    connectionTimeoutMillis: timeout, ssl: pgTls(asked.tls),
  });
  client.on("error", () => {}); // a session that the server ends is told by the statement that follows
  await client.connect();
  return {
    ask: async (text, values) => (await client.query({ text, values, rowMode: "array" })).rows,
    close: () => client.end(),
  };
}

async function openMysql2(asked) {
  const { host, port, user, password, database, timeout, tls } = asked;
  const ssl = tls && {
    ...files(tls), rejectUnauthorized: tls.verify !== "none", verifyIdentity: tls.verify === "full",
  };
  const connection = await mysql2.createConnection({
    host, port, user, password, database, connectTimeout: timeout, rowsAsArray: true, ...(ssl ? { ssl } : {}),
  });
  const change = /^CHANGE USER (\S+) (\S+)$/;
  return {
    ask: async (text, values) => {
      const other = change.exec(text);
      if (other) return await connection.changeUser({ user: other[1], password: other[2], database });
      const [rows] = values ? await connection.execute(text, values) : await connection.query(text);
      return Array.isArray(rows) ? rows : [];
    },
    close: async () => connection.destroy(),
  };
}

const DRIVERS = { pg: openPg, mysql2: openMysql2 };

async function answer(asked) {
  let session;
  try {
    session = await DRIVERS[asked.driver](asked);
  } catch (error) {
    return { connect: told(error), results: [] };
  }
  const results = [];
  for (const statement of asked.statements) {
    const { text, values } = typeof statement === "string" ? { text: statement } : statement;
    try {
      results.push({ rows: await session.ask(text, values) });
    } catch (error) {
      results.push(told(error));
    }
  }
  await session.close().catch(() => {});
  return { connect: null, results };
}

// A driver that throws outside of what was asked of it would end its application: that is what is told then.
let uncaught = () => {};
process.on("uncaughtException", (error) => uncaught({ connect: { uncaught: true, ...told(error) }, results: [] }));

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const ended = new Promise((resolve) => { uncaught = resolve; });
    const reply = await Promise.race([ended, answer(JSON.parse(line))]);
    process.stdout.write(JSON.stringify(reply) + "\n");
  }
  process.exit(0);
}

main();
