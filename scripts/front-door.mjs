// What listens in front of `wrangler dev` for `npm start`, and passes on what comes.
//
// `wrangler dev` takes the address of a request from the header MF-Original-URL, if there is one, and puts that in the place of `Host`. So a web
// page that makes its own name point at this machine (DNS rebinding) could call itself localhost, and the Worker would believe it. Here
// such headers are taken out. `wrangler dev` itself listens at an address that no page can guess, where the system has one to give.
//
// Only the head of a request is read; whatever follows, and the answer, goes through as bytes, so that all else is as `wrangler dev` has it: bodies of any
// kind, streams, early answers, WebSockets. So that there is one head only, each connection carries one request.

import { randomInt } from "node:crypto";
import { connect, createServer } from "node:net";

const MAX_HEAD_BYTES = 1024 * 1024;

/** As wrangler reads it, for which a line may end without the carriage return. */
const END_OF_LINE = /\r?\n/;
const END_OF_HEAD = /\r?\n\r?\n/;

/** Linux answers on all of 127.0.0.0/8; other systems on its first address only. */
export function hiddenAddress() {
  if (process.platform !== "linux") return "127.0.0.1";
  return `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
}

/** @returns resolves with the server when it listens, rejects when it cannot */
export function openFrontDoor({ ip, port, inner }) {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => receive(socket, inner));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: ip, port, exclusive: true }, () => resolve(server));
  });
}

function receive(socket, inner) {
  // latin1: one character for each byte, whatever it means.
  let received = "";
  const read = (piece) => {
    const from = Math.max(0, received.length - 3);
    received += piece.toString("latin1");
    const end = END_OF_HEAD.exec(received.slice(from));
    if (end === null) {
      if (received.length > MAX_HEAD_BYTES)
        refuse(socket, "431 Request Header Fields Too Large", "the head is too long");
      return;
    }
    socket.off("data", read);
    const head = received.slice(0, from + end.index);
    passOn(socket, inner, Buffer.from(cleaned(head) + received.slice(from + end.index + end[0].length), "latin1"));
  };
  socket.on("data", read);
  // Whoever goes in the middle of a head, or is gone, wants no answer.
  socket.on("end", () => socket.listenerCount("data") > 0 && socket.destroySoon());
  socket.on("error", () => {});
}

/** The head as it goes on, up to its empty line. */
function cleaned(head) {
  const lines = head.split(END_OF_LINE);
  const isWebSocket = lines.some((line) => /^upgrade:\s*websocket\s*$/i.test(line));
  const kept = lines.filter((line) => !/^(mf-.*|connection):/i.test(line));
  return `${[...kept, `Connection: ${isWebSocket ? "Upgrade" : "close"}`].join("\r\n")}\r\n\r\n`;
}

function passOn(socket, inner, begin) {
  const onward = connect({ ...inner, allowHalfOpen: true, noDelay: true });
  onward.write(begin);
  socket.pipe(onward).pipe(socket);
  onward.on("error", (error) => {
    if (onward.bytesRead === 0) refuse(socket, "502 Bad Gateway", `wrangler dev does not answer (${error.code})`);
  });
  // What has come of the answer is still sent.
  onward.on("close", () => socket.destroySoon());
  socket.on("close", () => onward.destroy());
}

function refuse(socket, status, text) {
  socket.end(`HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n${text}\n`);
}
