import type { Count, Definitions } from "./wire.ts";

/*
 * What the deployed code has, beside what the instances run: a version that somebody waits on and nobody has any more is what a reader looks for.
 */

export interface CodeRow {
  /** `undefined`: without one. */
  readonly version: string | undefined;
  /** What new instances run. */
  readonly isLatest: boolean;
  /** Instances have it, and the code does not. */
  readonly isMissing: boolean;
  readonly open: number;
  readonly failed: number;
  readonly all: number;
}

export interface WorkflowCode {
  readonly name: string;
  readonly isRegistered: boolean;
  readonly rows: readonly CodeRow[];
}

const ENDS: ReadonlySet<string | undefined> = new Set(["COMPLETED", "FAILED", "CANCELED", "TERMINATED"]);

/** Those that are registered in their order, then those that only instances know. */
export function codeRows({ workflows }: Definitions, counts: readonly Count[]): WorkflowCode[] {
  const found = workflows.map((workflow): WorkflowCode => {
    const { name, versions, latest, unversioned } = workflow;
    const own = counts.filter((count) => count.name === name);
    const registered = [...(unversioned ? [undefined] : []), ...versions];
    // One that was started before there were versions runs the latest.
    const runs = (version: string | undefined) =>
      registered.includes(version) || (version === undefined && latest !== undefined);
    const used = [...new Set(own.map(({ version }) => version))];
    const all = [...registered, ...used.filter((version) => !registered.includes(version))];
    return {
      name,
      isRegistered: true,
      rows: all.map((version) => rowOf(version, own, version === latest, !runs(version))),
    };
  });
  const known = new Set(workflows.map(({ name }) => name));
  const others = [...new Set(counts.map(({ name = "" }) => name))].filter((name) => !known.has(name)).sort();
  return [...found, ...others.map((name) => unknown(name, counts))];
}

function unknown(name: string, counts: readonly Count[]): WorkflowCode {
  const own = counts.filter((count) => count.name === name);
  const versions = [...new Set(own.map(({ version }) => version))];
  return { name, isRegistered: false, rows: versions.map((version) => rowOf(version, own, false, true)) };
}

function rowOf(version: string | undefined, counts: readonly Count[], isLatest: boolean, isMissing: boolean): CodeRow {
  const own = counts.filter((count) => count.version === version);
  const sum = (fits: (status: string | undefined) => boolean) =>
    own.reduce((total, { status, count }) => (fits(status) ? total + count : total), 0);
  return {
    version,
    isLatest,
    isMissing,
    open: sum((status) => !ENDS.has(status)),
    failed: sum((status) => status === "FAILED"),
    all: sum(() => true),
  };
}
