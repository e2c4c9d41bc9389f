// What strands tell of themselves has to be in order: see strands.ts, which writes it.
import type { Program, Step, Strand } from "./plan.ts";
import type { Told } from "./program.ts";

/** What is wrong with what the strands of a program have told, round for round. */
export function faultsOfTold({ steps }: Program, rounds: readonly Told[]): string[] {
  const forks = new Map(steps.flatMap(forksOf).map((fork) => [fork.id, fork]));
  return rounds.flatMap((told) => faultsOfRound(forks, told));
}

/** Strands that go on although a cancel has come: each that was open has to be told. */
export function unheardOfCancel(told: Told): string[] {
  const open = new Set<string>();
  for (const line of told) {
    const [what, id = ""] = line.split(" ");
    if (what === "begin") open.add(id);
    if (what === "out" || what === "cancel") open.delete(id);
  }
  return [...open].map((id) => `the cancel was not thrown into ${id}`);
}

type Fork = Extract<Step, { do: "strands" }>;

function forksOf(step: Step): Fork[] {
  if (step.do !== "strands") return [];
  return [step, ...step.of.flatMap(({ steps }) => steps.flatMap(forksOf))];
}

function faultsOfRound(forks: ReadonlyMap<string, Fork>, told: Told): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  /** By the ID of one, it and those that it has made: from here on they do nothing but what they have in `finally`. */
  const ended = new Set<string>();
  let isCanceled = false;
  for (const line of told) {
    const [what, id = ""] = line.split(" ");
    if (seen.has(line)) faults.push(`it is told twice: ${line}`);
    seen.add(line);
    if (what === "cancel") isCanceled = true;
    if (what === "off") ended.add(id);
    if (what === "out" && !seen.has(`begin ${id}`)) faults.push(`${id} is on its way out and has not begun`);
    if (what === "over" && !seen.has(`out ${id}`)) faults.push(`${id} is over and was not on its way out`);
    if (["begin", "step", "end"].includes(what ?? "") && seen.has(`out ${id}`))
      faults.push(`${line} comes behind its way out`);
    // A cancel leaves each to itself.
    if (isCanceled) continue;
    if ((what === "step" || what === "begin") && isWithin(id, ended)) faults.push(`${line} comes behind its end`);
    for (const strand of (what === "join" && forks.get(id)?.of) || []) {
      // By itself: what it has made may go on without it.
      if (!seen.has(`end ${strand.id}`)) ended.add(strand.id);
      if (seen.has(`begin ${strand.id}`) && !seen.has(`out ${strand.id}`))
        faults.push(`${strand.id} is not on its way out, and nobody waits for it any more`);
    }
  }
  return faults;
}

/** Whether it is one of them, or has been made by one of them. */
function isWithin(id: string, ended: ReadonlySet<Strand["id"]>): boolean {
  for (const one of ended) if (id === one || id.startsWith(`${one}.`)) return true;
  return false;
}
