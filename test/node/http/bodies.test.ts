import { describe, expect, it } from "vitest";
import { DEFAULT_MAX_BODY_BYTES } from "../../../src/http/deps.ts";
import { Api, read, refusal } from "./support.ts";

const START = "POST /v1.0/workflows/dapr/Hello/start?instanceID=a";
const RAISE = "POST /v1.0/workflows/dapr/a/raiseEvent/go";
const TOO_LARGE = refusal(400, "ERR_BODY_READ", "failed to read request body: http: request body too large");
const WITH_BODY = [
  START,
  RAISE,
  "GET /v1.0/workflows/dapr/a",
  ...["terminate", "pause", "resume", "purge"].map((op) => `POST /v1.0/workflows/dapr/a/${op}`),
];
const SEED_START = "POST /v1.0-alpha1/workflows/dapr/Hello/a/start";

function inputOf(api: Api): unknown {
  const argument = api.calls[0]?.[2] as { input?: unknown } | undefined;
  return argument?.input;
}

/** A body of unknown length; tells how many chunks were taken from it and whether the rest was refused. */
function streamed(chunks: number, bytes: number) {
  const seen = { pulled: 0, cancelled: false };
  const body = new ReadableStream(
    {
      pull(controller) {
        if (seen.pulled === chunks) return controller.close();
        seen.pulled++;
        controller.enqueue(new Uint8Array(bytes).fill(0x61));
      },
      cancel() {
        seen.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, seen };
}

function streamRequest(target: string, body: ReadableStream): Request {
  const [method = "", path = ""] = target.split(" ");
  return new Request(`http://localhost${path}`, { method, body, duplex: "half" } as RequestInit);
}

describe("raw bodies", () => {
  it.each([START, RAISE])("%s: [H20] the body is kept byte for byte as text, whatever it is", async (target) => {
    for (const text of ["", " ", "not JSON", '{ "a" : 1.0 }\r\n', "\u0000", "\uFEFF{}", "€🙂", "null", "a=b&c=d"]) {
      const api = new Api();
      const response = await api.send(target, new TextEncoder().encode(text), {
        "content-type": "application/x-www-form-urlencoded",
      });
      expect(response.status).toBe(202);
      expect(inputOf(api)).toBe(text);
    }
  });

  it.each([START, RAISE])("%s: [H20] no body is the empty text", async (target) => {
    const api = new Api();
    await api.send(target);
    expect(inputOf(api)).toBe("");
  });

  it("[H20] a character cut in two by the transport arrives whole", async () => {
    const api = new Api();
    const bytes = new TextEncoder().encode("€");
    const body = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    expect((await api.handle(streamRequest(START, body))).status).toBe(202);
    expect(inputOf(api)).toBe("€");
  });

  it.each([...WITH_BODY, SEED_START])("[H21] %s: bytes that are no UTF-8 are refused", async (target) => {
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0x22, 0xc0, 0x80, 0x22]]) {
      const api = new Api();
      expect(await read(await api.send(target, new Uint8Array(bytes)))).toEqual(
        refusal(400, "ERR_MALFORMED_REQUEST", "failed deserializing HTTP body: the body is not valid UTF-8 text"),
      );
      expect(api.calls).toEqual([]);
    }
  });
});

describe("limit of the body", () => {
  it("[H22] 4 MiB exactly is taken, one byte more is refused", async () => {
    expect(DEFAULT_MAX_BODY_BYTES).toBe(4_194_304);
    const api = new Api();
    expect((await api.send(START, "a".repeat(DEFAULT_MAX_BODY_BYTES))).status).toBe(202);
    expect((inputOf(api) as string).length).toBe(DEFAULT_MAX_BODY_BYTES);
    expect(await read(await api.send(RAISE, "a".repeat(DEFAULT_MAX_BODY_BYTES + 1)))).toEqual(TOO_LARGE);
    expect(api.calls.length).toBe(1);
  });

  it("[H22] the limit counts bytes, not characters", async () => {
    const api = new Api({ maxBodyBytes: 8 });
    expect((await api.send(START, "€€ab")).status).toBe(202);
    expect(await read(await api.send(START, "€€€"))).toEqual(TOO_LARGE);
  });

  it.each([...WITH_BODY, SEED_START])("[H22] %s: holds on every route that reads a body", async (target) => {
    const api = new Api({ maxBodyBytes: 16 });
    expect(await read(await api.send(target, '{"input":1,"a":2}'))).toEqual(TOO_LARGE);
    expect(api.calls).toEqual([]);
  });

  it("[H23] a declared length over the limit is refused before a byte is read", async () => {
    const api = new Api({ maxBodyBytes: 16 });
    const { body, seen } = streamed(100, 10);
    const request = streamRequest(START, body);
    request.headers.set("content-length", "17");
    expect(await read(await api.handle(request))).toEqual(TOO_LARGE);
    expect(seen.pulled).toBe(0);
  });

  it("[H23] a body that is longer than declared, which only another Worker can send, is refused", async () => {
    const api = new Api({ maxBodyBytes: 16 });
    const request = streamRequest(START, streamed(100, 10).body);
    request.headers.set("content-length", "3");
    expect(await read(await api.handle(request))).toEqual(TOO_LARGE);
    expect(api.calls).toEqual([]);
  });

  it("[H23] a body of unknown length is counted, and the rest of it is not read", async () => {
    const api = new Api({ maxBodyBytes: 16 });
    const { body, seen } = streamed(100, 10);
    const request = streamRequest(START, body);
    expect(await read(await api.handle(request))).toEqual(TOO_LARGE);
    expect(seen.pulled).toBeLessThanOrEqual(3);
    expect(seen.cancelled).toBe(true);
    expect(api.calls).toEqual([]);
  });

  it("[H24] a body that breaks off is 400 and changes nothing", async () => {
    const api = new Api();
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new Error("socket 42 hung up"));
      },
    });
    const answer = await read(await api.handle(streamRequest(START, body)));
    expect(answer).toEqual(
      refusal(400, "ERR_BODY_READ", "failed to read request body: the connection ended before the body did"),
    );
    expect(api.calls).toEqual([]);
  });
});

describe("bodies of get, terminate, pause, resume and purge", () => {
  const PARSED = WITH_BODY.slice(2);

  it.each(PARSED)("[H25] %s: a JSON object is accepted and what is unknown in it ignored", async (target) => {
    for (const text of [
      "",
      "{}",
      ' {"instanceID": "other", "x": [1]} ',
      '{"__proto__": {"output": 1, "reason": "x"}}',
    ]) {
      const api = new Api();
      expect((await api.send(target, text)).status).toBeLessThan(300);
      expect(api.calls.map(([, id, argument]) => [id, JSON.stringify(argument).includes("other")])).toEqual([
        ["a", false],
      ]);
    }
  });

  it.each(PARSED)("[H25] %s: anything else is 400 and changes nothing", async (target) => {
    const found: [string, string][] = [
      ["{", "text that is not JSON"],
      [" ", "text that is not JSON"],
      ["\uFEFF{}", "text that is not JSON"],
      ["{'a':1}", "text that is not JSON"],
      ["[]", "an array"],
      ["null", "null"],
      ["1", "a number"],
      ['"secret"', "a string"],
      ["true", "a boolean"],
    ];
    for (const [text, what] of found) {
      const api = new Api();
      expect(await read(await api.send(target, text))).toEqual(
        refusal(400, "ERR_MALFORMED_REQUEST", `failed deserializing HTTP body: expected a JSON object, found ${what}`),
      );
      expect(api.calls).toEqual([]);
    }
  });
});
