// What listens in front of `wrangler dev` for `npm start`, and passes on what comes.
//
// `wrangler dev` takes the address of a request from the header MF-Original-URL, if there is one, and puts that in the place of `Host`. So a web
// page that makes its own name point at this machine (DNS rebinding) could call itself localhost, and the Worker would believe it. Here
// such headers are taken out. `wrangler dev` itself listens at an address that no page can guess, where the system has one to give.

import { randomInt } from "node:crypto";
import { createServer, request as sendRequest } from "node:http";
import { connect } from "node:net";

/** Linux answers on all of 127.0.0.0/8; other systems on its first address only. */
export function hiddenAddress() {
  if (process.platform !== "linux") return "127.0.0.1";
  return `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
}

/** What is about one connection and not about the request, and what Node has already answered. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "proxy-connection", "te", "trailer", "expect"]);
const IS_REWRITING = /^mf-/;

/** @returns resolves when it listens, rejects when it cannot */
export function openFrontDoor({ ip, port, inner }) {
  const server = createServer({ maxHeaderSize: 128 * 1024, requestTimeout: 0 });
  server.on("request", (request, response) => passOn(request, response, inner));
  server.on("upgrade", (request, socket, head) => passOnUpgrade(request, socket, head, inner));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: ip, port, exclusive: true }, resolve);
  });
}

function passOn(request, response, inner) {
  if (!request.url.startsWith("/")) return response.writeHead(400).end();
  // A connection for each request: one that is kept may be closed at the other end just as it is used.
  const onward = sendRequest({
    ...inner,
    agent: false,
    method: request.method,
    path: request.url,
    headers: headersOf(request, (name) => !HOP_BY_HOP.has(name) && name !== "upgrade" && !IS_REWRITING.test(name)),
  });
  onward.on("response", (answer) => {
    const headers = headersOf(answer, (name) => !HOP_BY_HOP.has(name) && name !== "transfer-encoding");
    response.writeHead(answer.statusCode, answer.statusMessage, headers);
    response.flushHeaders();
    answer.pipe(response);
    answer.on("error", () => response.destroy());
  });
  onward.on("error", (error) => {
    if (response.headersSent) return response.destroy();
    response.writeHead(502, { "content-type": "text/plain" }).end(`wrangler dev does not answer (${error.code})`);
  });
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}

function passOnUpgrade(request, socket, head, inner) {
  const onward = connect(inner.port, inner.host, () => {
    const headers = headersOf(request, (name) => !IS_REWRITING.test(name));
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let n = 0; n < headers.length; n += 2) lines.push(`${headers[n]}: ${headers[n + 1]}`);
    onward.write(`${lines.join("\r\n")}\r\n\r\n`);
    onward.write(head);
    socket.pipe(onward).pipe(socket);
  });
  for (const end of [socket, onward]) {
    end.on("error", () => {});
    end.on("close", () => (end === socket ? onward : socket).destroy());
  }
}

/** Name and value by turns, as they came: a header may stand twice. */
function headersOf({ rawHeaders }, isKept) {
  const kept = [];
  for (let n = 0; n < rawHeaders.length; n += 2)
    if (isKept(rawHeaders[n].toLowerCase())) kept.push(rawHeaders[n], rawHeaders[n + 1]);
  return kept;
}
