// What a POSIX shell makes of a text: the words that a command is given, with what it puts in the place of variables.
import { spawnSync } from "node:child_process";

/** `command` is the first word, which is not run. */
export function wordsOf(text: string, command: string, env: Readonly<Record<string, string>> = {}): string[] {
  const shell = spawnSync("sh", ["-u", "-c", `${command}() { printf '%s\\0' "$@"; }\n${text}`], {
    encoding: "utf8",
    env,
  });
  if (shell.status !== 0) throw new Error(`sh ended with ${shell.status}: ${shell.stderr}`);
  return shell.stdout.split("\0").slice(0, -1);
}

/** Texts that a shell, or a program behind it, would like to take for itself. */
export const HOSTILE = [
  "it's",
  "two\nlines\n",
  "$(touch /tmp/pwned) `id` $HOME",
  '"double" \\ back\\\\slash',
  "a;b & c | d > e # f",
  "~ * ? [a] {b,c} !",
  "@/etc/passwd",
  "-o --output",
  "ünïcödé 🙂",
  "'''",
  "",
] as const;
