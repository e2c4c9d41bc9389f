import { existsSync, readFileSync } from "node:fs";
import { createServer, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { extname, join } from "node:path";
import { ROOT } from "../node/e2e/server.ts";

/*
 * One origin, as a deployment has it: the built dashboard as Cloudflare's assets serve it, with the headers of `assets/_headers`, and behind it the
 * Worker. It stays when the Worker goes, so that a test can take the server away in the middle of a stream.
 */

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};

export interface Front {
  readonly origin: string;
  /** As if the server had died: all connections are cut, and none is taken until `back`. */
  cut(): void;
  back(): void;
  close(): Promise<void>;
}

/** `portOf`: of the Worker, which may be another one later. */
export async function openFront(portOf: () => number): Promise<Front> {
  const { headersOf } = (await import(join(ROOT, "scripts/dashboard-module.mjs"))) as {
    headersOf: (path: string, text: string) => Record<string, string>;
  };
  const headers = headersOf("/ui/*", readFileSync(join(ROOT, "assets/_headers"), "utf8"));
  const sockets = new Set<Socket>();
  let isCut = false;
  const server: Server = createServer((incoming, response) => {
    const { pathname } = new URL(incoming.url ?? "/", "http://front");
    if (pathname.startsWith("/ui/")) return answerFile(pathname, headers, response);
    const { method, url, headers: sent } = incoming;
    const outgoing = request({ host: "127.0.0.1", port: portOf(), method, path: url, headers: sent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      // A stream that has nothing yet has begun all the same.
      response.flushHeaders();
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    });
    outgoing.on("error", () => response.destroy());
    response.on("close", () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  server.on("connection", (socket: Socket) => {
    if (isCut) socket.destroy();
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    back: () => {
      isCut = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function answerFile(pathname: string, headers: Record<string, string>, response: ServerResponse): void {
  const name = pathname === "/ui/" ? "/ui/index.html" : pathname;
  const file = join(ROOT, "assets", name);
  const type = TYPES[extname(file)];
  if (name.includes("..") || type === undefined || !existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { ...headers, "content-type": type }).end(readFileSync(file));
}
