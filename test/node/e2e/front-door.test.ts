// What stands in front of `wrangler dev` for `npm start`: which headers it takes out, and that all else goes through as it is.
import { createServer as createHttpServer, type Server as HttpServer, request } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ROOT } from "./server.ts";

type Open = (options: { ip: string; port: number; inner: { host: string; port: number } }) => Promise<Server>;
const { openFrontDoor, hiddenAddress } = (await import(join(ROOT, "scripts/front-door.mjs"))) as {
  openFrontDoor: Open;
  hiddenAddress: () => string;
};

const servers: (Server | HttpServer)[] = [];
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
  sockets.clear();
});

const portOf = (server: Server | HttpServer) => (server.address() as AddressInfo).port;

/** Opens the door in front of `inner`. @returns its port */
async function openInFrontOf(inner: Server | HttpServer): Promise<number> {
  const host = hiddenAddress();
  inner.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => inner.listen(0, host, resolve));
  servers.push(inner);
  const door = await openFrontDoor({ ip: "127.0.0.1", port: 0, inner: { host, port: portOf(inner) } });
  servers.push(door);
  return portOf(door);
}

/** Sends bytes, one for each character. @returns all that comes back until the other end closes */
function send(port: number, text: string, { pieces = 1 } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let received = "";
    socket.setEncoding("latin1").on("data", (piece) => {
      received += piece;
    });
    socket.on("error", reject).on("close", () => resolve(received));
    const bytes = Buffer.from(text, "latin1");
    const size = Math.ceil(bytes.length / pieces);
    const next = (from: number) => {
      if (from < bytes.length) socket.write(bytes.subarray(from, from + size), () => setImmediate(next, from + size));
    };
    next(0);
  });
}

/** Writes down what it gets, and answers as soon as a head has come. */
function recorder(): { server: Server; received: string[] } {
  const received: string[] = [];
  const server = createServer((socket) => {
    const n = received.push("") - 1;
    socket.on("error", () => {});
    socket.on("data", (piece) => {
      received[n] += piece.toString("latin1");
      if (received[n]?.includes("\r\n\r\n")) socket.end("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    });
  });
  return { server, received };
}

describe("[E11] the front door of npm start", () => {
  it.each([
    "MF-Original-URL: http://localhost/",
    "mf-original-url:http://localhost/",
    "MF-ORIGINAL-URL : http://localhost/",
    "Mf-Anything-Else: 1",
    "X: a\nMF-Original-URL: http://localhost/",
  ])("[E11.1] takes out %j, whichever piece it comes in", async (header) => {
    for (const pieces of [1, 7, 60]) {
      const { server, received } = recorder();
      const port = await openInFrontOf(server);
      const answer = await send(port, `GET /a HTTP/1.1\r\nHost: evil.example\r\n${header}\r\nAccept: */*\r\n\r\n`, {
        pieces,
      });
      expect(answer).toMatch(/^HTTP\/1\.1 204 /);
      expect(received).toHaveLength(1);
      expect(received[0]).not.toMatch(/mf-/i);
      expect(received[0]).toMatch(
        /^GET \/a HTTP\/1\.1\r\nHost: evil\.example\r\n(X: a\r\n)?Accept: \*\/\*\r\nConnection: close\r\n\r\n$/,
      );
    }
  });

  it("[E11.2] passes all else on as it came: bytes beyond ASCII, headers that stand twice, the body", async () => {
    const { server, received } = recorder();
    const port = await openInFrontOf(server);
    const lines = [
      "POST /a?reason=gr\xc3\xbcn HTTP/1.0",
      "dapr-api-token: a",
      "X-mf-: 1",
      "dapr-api-token: b",
      "content-length: 9",
    ];
    await send(port, `${lines.join("\r\n")}\r\nConnection: keep-alive\r\n\r\nmf-a: b\r\n`);
    expect(received).toEqual([`${lines.join("\r\n")}\r\nConnection: close\r\n\r\nmf-a: b\r\n`]);
  });

  it("[E11.3] a line that ends without a carriage return is a line, as for wrangler", async () => {
    const { server, received } = recorder();
    const port = await openInFrontOf(server);
    await send(port, "GET /a HTTP/1.1\nHost: evil.example\nMF-Original-URL: http://localhost/\n\n");
    expect(received).toEqual(["GET /a HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"]);
  });

  it("[E11.4] one request for each connection: no second head gets past it", async () => {
    const asked: (string | undefined)[] = [];
    const inner = createHttpServer((incoming, response) => {
      asked.push(incoming.url);
      response.end("done");
    });
    const port = await openInFrontOf(inner);
    const second = "GET /second HTTP/1.1\r\nHost: x\r\nMF-Original-URL: http://localhost/\r\n\r\n";
    const answer = await send(port, `POST /first HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab${second}`);
    expect(answer).toMatch(/connection: close/i);
    expect(asked).not.toContain("/second");
    const fine = await fetch(`http://127.0.0.1:${port}/third`);
    expect([await fine.text(), fine.headers.get("connection"), asked.at(-1)]).toEqual(["done", "close", "/third"]);
  });

  it("[E11.5] an answer goes on as it comes, and a caller who leaves is told of", async () => {
    let left: () => void = () => {};
    const hasLeft = new Promise<void>((resolve) => {
      left = resolve;
    });
    const inner = createHttpServer((_request, response) => {
      response.on("close", left);
      response.write("first");
    });
    const port = await openInFrontOf(inner);
    const asking = request({ port, host: "127.0.0.1" });
    asking.on("error", () => {});
    asking.end();
    await new Promise<void>((resolve) =>
      asking.on("response", (response) => response.on("error", () => {}).once("data", () => resolve())),
    );
    asking.destroy();
    await hasLeft;
  });

  it("[E11.5] who leaves is told of also where half a connection is one", async () => {
    let pieces: NodeJS.Timeout | undefined;
    let left: () => void = () => {};
    const hasLeft = new Promise<void>((resolve) => {
      left = resolve;
    });
    const inner = createServer({ allowHalfOpen: true }, (socket) => {
      pieces = setInterval(() => socket.write("piece"), 5);
      socket.on("error", () => {}).on("close", left);
    });
    const socket = connect(await openInFrontOf(inner), "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    socket.once("data", () => socket.destroy());
    await hasLeft;
    clearInterval(pieces);
  });

  it("[E11.5] an answer that is cut off is cut off", async () => {
    const inner = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () =>
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart", () => socket.resetAndDestroy()),
      );
    });
    const asked = fetch(`http://127.0.0.1:${await openInFrontOf(inner)}/`).then((response) => response.text());
    await expect(asked).rejects.toBeInstanceOf(TypeError);
  });

  it("[E11.6] a WebSocket is opened, and what it sends goes both ways", async () => {
    const inner = createServer((socket) => {
      socket.once("data", (head) => {
        expect(head.toString()).toMatch(/\r\nConnection: Upgrade\r\n\r\n$/);
        socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
        socket.once("data", (frame) => socket.end(`echo ${frame}`));
      });
    });
    const port = await openInFrontOf(inner);
    const socket = connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n");
    socket.once("data", () => socket.write("frame"));
    let received = "";
    for await (const piece of socket) received += piece;
    expect(received).toMatch(/^HTTP\/1\.1 101 .*echo frame$/s);
  });

  it("[E11.7] says 502 when nobody listens behind it, and 431 to a head without an end", async () => {
    const { server } = recorder();
    const port = await openInFrontOf(server);
    expect(await send(port, `GET / HTTP/1.1\r\nX: ${"x".repeat(1_100_000)}`)).toMatch(/^HTTP\/1\.1 431 /);
    await new Promise((resolve) => server.close(resolve));
    expect(await send(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 502 .*wrangler dev does not answer \(ECONNREFUSED\)/s,
    );
  });

  it("[E11.8] a caller who leaves in the middle of a head gets as far as nobody", async () => {
    const { server, received } = recorder();
    const port = await openInFrontOf(server);
    const socket = connect(port, "127.0.0.1");
    socket.end("GET / HTTP/1.1\r\nHost: x\r\n");
    let answer = "";
    for await (const piece of socket) answer += piece;
    expect([answer, received]).toEqual(["", []]);
  });

  it("[E11.9] an address of IPv6 stands in brackets in what is printed", async () => {
    const { hostInUrl } = (await import(join(ROOT, "scripts/dev-server.mjs"))) as { hostInUrl: (ip: string) => string };
    expect(["::1", "192.168.1.7", "localhost"].map(hostInUrl)).toEqual(["[::1]", "192.168.1.7", "localhost"]);
  });
});
