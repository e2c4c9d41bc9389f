// docs/cli.md: its commands run from top to bottom against the samples, and print what it says; it names every command.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programOf } from "../../../cli/program.ts";
import { Api, bundle, SAMPLES, type Server, serve, until } from "../e2e/server.ts";
import { isAsSaid } from "../readme/project-page.ts";
import { commandsOf, readPage } from "../readme/readme.ts";
import { Cli } from "./support.ts";

let server: Server;
let cli: Cli;

beforeAll(async () => {
  server = await serve(await bundle(SAMPLES));
  cli = await Cli.build(server.origin);
});
afterAll(async () => {
  await server?.close();
  cli?.remove();
});

const { text, blocks } = readPage("docs/cli.md");

/** What the command prints on both, as somebody sees it. */
async function printed(command: string): Promise<string> {
  const { stdout } = await cli.runShell(`{ ${command}; } 2>&1`);
  return stdout;
}

/** Until the list knows how each of these is: it may take a moment. */
async function settled(ids: readonly string[]): Promise<void> {
  const api = new Api(server.origin);
  const listed = async () => {
    const response = await fetch(`${server.origin}/v1.0/workflows/dapr`);
    const { workflows } = (await response.json()) as { workflows: { instanceID: string; runtimeStatus: string }[] };
    return new Map(workflows.map(({ instanceID, runtimeStatus }) => [instanceID, runtimeStatus]));
  };
  await until("the list is up to date", async () => {
    const [found, states] = [await listed(), await Promise.all(ids.map((id) => api.state(id)))];
    return states.every(({ instanceID, runtimeStatus }) => found.get(instanceID) === runtimeStatus);
  });
}

describe("[L95] docs/cli.md", () => {
  it("[L95.1] what the commands of each block print is what it says", async () => {
    const walk = blocks.filter(({ language }) => language === "sh");
    expect(walk.length).toBeGreaterThan(5);
    const ids: string[] = [];
    for (const block of walk) {
      const said = blocks[blocks.indexOf(block) + 1]?.code ?? "";
      let shown = "";
      for (const command of commandsOf(block)) {
        await settled(ids);
        shown += await printed(command);
        ids.push(...(/ run .* -i (\S+)/.exec(command)?.slice(1) ?? []));
      }
      expect([block.line, isAsSaid(shown, said) ? said : shown]).toEqual([block.line, said]);
    }
  });

  it("[L95.2] it names every command, and none that there is not", () => {
    const groups = programOf().commands.filter(({ commands }) => commands.length > 0);
    const names = programOf().commands.map((command) => command.name());
    expect(names.filter((name) => !text.includes(`\`${name}`) && !text.includes(`${name}\``))).toEqual([]);
    for (const group of groups)
      for (const one of group.commands)
        if (group.name() !== "catalog") expect(text).toContain(`${group.name()} ${one.name()}`);
    const used = [...text.matchAll(/(?:^|`|\| )edge-workflows ([a-z-]+)/gm)].map((match) => match[1] ?? "");
    expect(used.filter((name) => !names.includes(name) && !["workflow", "work"].includes(name))).toEqual([]);
  });
});
