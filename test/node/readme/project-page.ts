// A page that builds a project, from an empty folder: read from top to bottom, it is files to write and commands to run.
import { commandsOf, fileOf, readPage } from "./readme.ts";

export type Step =
  /** A file shown again takes the place of the one before. */
  | { readonly type: "file"; readonly path: string; readonly code: string }
  /** `prints` is the line that stands for it in the ```text block behind the commands; … stands for anything. */
  | { readonly type: "command"; readonly command: string; readonly at: string; readonly prints?: string };

const SHELL = ["sh", "bash"];

export function stepsOf(page: string): Step[] {
  const { blocks } = readPage(page);
  return blocks.flatMap((block, n): Step[] => {
    const path = fileOf(block);
    if (path !== undefined) return [{ type: "file", path, code: block.code }];
    if (!SHELL.includes(block.language)) return [];
    const commands = commandsOf(block);
    const behind = blocks[n + 1];
    const prints = behind?.language === "text" ? behind.code.trimEnd().split("\n") : [];
    const printing = commands.filter((command) => command.startsWith("curl "));
    if (printing.length !== prints.length)
      throw new Error(
        `${page}:${block.line}: ${printing.length} curl commands, and ${prints.length} lines for what they print`,
      );
    return commands.map((command): Step => {
      const line = printing.indexOf(command);
      const at = `${page}:${block.line}`;
      return line === -1
        ? { type: "command", command, at }
        : { type: "command", command, at, prints: prints[line] ?? "" };
    });
  });
}

/** Whether `printed` is what the page says, in which … stands for anything. */
export function isAsSaid(printed: string, said: string): boolean {
  const pattern = said.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${pattern.join(".*")}$`, "s").test(printed);
}
