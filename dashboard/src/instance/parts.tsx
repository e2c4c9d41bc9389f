import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { href } from "../app/router.ts";
import { formatDuration, now } from "../app/times.ts";
import { Icon } from "../parts/icon.tsx";
import { Time } from "../parts/time.tsx";
import type { Part, Reason } from "./model/why.ts";

/** A link to an instance; its ID is text. */
export function InstanceLink({ id }: { id: string }) {
  return (
    <a class="mono" href={href("i", id)}>
      {id}
    </a>
  );
}

/** The name of a branch, as text. Each name has its own colour beside it. */
export function BranchTag({ name }: { name: string | undefined }) {
  if (name === undefined) return null;
  return (
    <span class="tag branch-tag" title={`in branch '${name}'`} style={{ "--hue": hueOf(name) }}>
      {name}
    </span>
  );
}

/** Names that differ in their last character, as `branch-1` and `branch-2` do, are far from each other. */
function hueOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return (hash * 137) % 360;
}

/** `for 4.2 s`, which goes on. */
export function Since({ ms }: { ms: number }) {
  const text = useComputed(() => `for ${formatDuration(now.value - ms)}`);
  return <span class="duration">{text}</span>;
}

/** A time, and how long it is until then, or was. */
export function Due({ ms }: { ms: number }) {
  return (
    <>
      <Time at={ms} relative /> (<Time at={ms} />)
    </>
  );
}

export function Sentence({ parts }: { parts: readonly Part[] }) {
  return (
    <>
      {parts.map((part, n) => {
        if (typeof part === "string") return part;
        return <PartView key={n} part={part} />;
      })}
    </>
  );
}

function PartView({ part }: { part: Exclude<Part, string> }) {
  if ("code" in part) return <code class="said">{part.code}</code>;
  if ("timeMs" in part) return <Due ms={part.timeMs} />;
  if ("sinceMs" in part) return <Since ms={part.sinceMs} />;
  return <InstanceLink id={part.instance} />;
}

const ICONS = {
  quiet: "info",
  run: "circle-play",
  wait: "hourglass",
  warn: "triangle-alert",
  bad: "circle-x",
} as const;

export function ReasonView({ reason, children }: { reason: Reason; children?: ComponentChildren }) {
  return (
    <li class="reason" data-tone={reason.tone}>
      <Icon name={ICONS[reason.tone]} />
      <div>
        <p>
          <Sentence parts={reason.text} />
          {children}
        </p>
        {reason.mend !== undefined && (
          <p class="reason-mend">
            <Sentence parts={reason.mend} />
          </p>
        )}
      </div>
    </li>
  );
}

/** One fact of the head: what it is, and what it says. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Card({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section class="card instance-card">
      <header class="card-head">
        <h2>{title}</h2>
        {aside}
      </header>
      <div class="card-body">{children}</div>
    </section>
  );
}

/** A table wider than its place scrolls in it, by keyboard too. */
export function TableBox({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <section class="table-box" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}

/** Hands a file over; nobody else hears of it. */
export function download(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
