// docs/dapr-drop-in.md, followed to the letter: its configuration, its Worker, a program for `@dapr/dapr`.
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as dapr from "../../../src/dapr.ts";
import { Api, type Bundle, bundle, outputOf, ROOT, type Server, serve, temporaryDirectory } from "../e2e/server.ts";
import { readPage } from "./readme.ts";

const { text, blocks } = readPage("docs/dapr-drop-in.md");
const blockOf = (language: string) => blocks.find((block) => block.language === language)?.code ?? "";
const toml = blockOf("toml");
const program = join(ROOT, "test/conformance/programs/order-processor.ts");

let directory: string;
let bundled: Bundle;
let server: Server | undefined;

beforeAll(async () => {
  directory = temporaryDirectory();
  const worker = join(directory, "worker.ts");
  // Outside of this package, whose own modules may be dropped where they are imported for their effects alone.
  copyFileSync(program, join(directory, "program.ts"));
  writeFileSync(worker, blockOf("ts").replace('// import "./program.ts";', 'import "./program.ts";'));
  const [, from = "", to = ""] = /^\[alias\]\n"(.+)" = "(.+)"$/m.exec(toml) ?? [];
  const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const built: string = exports[to.replace("edge-workflows", ".")].default;
  bundled = await bundle(worker, { [from]: join(ROOT, built.replace("./dist", "src").replace(/js$/, "ts")) });
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The output of one order, and its failure. */
async function order(): Promise<[unknown, string | undefined]> {
  const api = new Api(server?.origin ?? "");
  await api.start("shopOrder", "order", { item: "car", amount: 1 });
  const state = await api.ended("order");
  return [outputOf(state), state.properties?.["dapr.workflow.failure.error_message"]];
}

describe("[R5] A program for @dapr/dapr moved over as the page says", () => {
  it("[R5.1] the Worker exports the classes that the configuration binds", () => {
    const bound = [...toml.matchAll(/^name = "(.+)"\nclass_name = "(.+)"$/gm)].map(([, name, of]) => [name, of]);
    expect(bound).toEqual([
      ["WORKFLOW_INSTANCE", "WorkflowInstance"],
      ["STATE_STORE", "StateStore"],
    ]);
    expect([...bundled.classes].sort()).toEqual(bound.map(([, of]) => of).sort());
    expect(/new_sqlite_classes = (\[.+\])/.exec(toml)?.[1]).toBe('["WorkflowInstance", "StateStore"]');
  });

  it("[R5.2] its workflow runs, with its state", async () => {
    server = await serve(bundled);
    try {
      expect(await order()).toEqual([{ processed: false }, undefined]);
    } finally {
      await server.close();
    }
  });

  it("[R5.3] without the binding of its state it fails, and says which is missing", async () => {
    server = await serve({ ...bundled, classes: ["WorkflowInstance"] });
    try {
      expect(await order()).toEqual([undefined, expect.stringMatching(/StateStore .* bind it as STATE_STORE\.$/)]);
    } finally {
      await server.close();
    }
  });

  it("[R5.4] all that the page says is not available throws a NotAvailableError that says more than that", () => {
    const row = text.split("\n").find((line) => line.startsWith("| `DaprServer`")) ?? "";
    const names = [...(row.split(" | ")[0] ?? "").matchAll(/`(?:DaprClient\.)?(\w+)`/g)].map(([, name = ""]) => name);
    const client = new dapr.DaprClient() as unknown as Record<string, { anything(): unknown }>;
    const classes = dapr as unknown as Record<string, new () => unknown>;
    for (const name of names) {
      const use = () => (name in classes ? new (classes[name] as new () => unknown)() : client[name]?.anything());
      expect(use, name).toThrow(dapr.NotAvailableError);
      expect(use, name).toThrow(new RegExp(`${name}.* is not available at the edge\\. .{10,}`));
    }
    const inClient = Object.keys(client).filter((name) => !["options", "workflow", "state", "health"].includes(name));
    expect(names.filter((name) => !(name in classes)).sort()).toEqual(inClient.sort());
    expect(names.filter((name) => name in classes).length).toBe(7);
  });
});
