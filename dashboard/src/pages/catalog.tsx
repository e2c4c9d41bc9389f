import { useState } from "preact/hooks";
import { ActionDialog } from "../act/action-dialog.tsx";
import { rebuild } from "../act/requests.ts";
import { api, at } from "../app/api.ts";
import { may } from "../app/session.ts";
import { formatDuration } from "../app/times.ts";
import { Icon } from "../parts/icon.tsx";
import { Loaded } from "./loaded.tsx";
import { Meter } from "./meter.tsx";
import { type Column, Table } from "./table.tsx";
import { useRead } from "./use-read.ts";
import type { ShardHealth } from "./wire.ts";

interface Health {
  readonly shards: readonly ShardHealth[];
  readonly missingShards?: number;
}

export function Page() {
  const reading = useRead("catalog", (signal) => api.get<Health>(at.catalog(), undefined, { signal }));
  const [isRebuilding, setRebuilding] = useState(false);
  return (
    <section class="page">
      <div class="page-head">
        <h1>Catalog</h1>
        {may("admin") && reading.value !== undefined && (
          <button type="button" class="button" onClick={() => setRebuilding(true)}>
            <Icon name="rotate-cw" /> Rebuild …
          </button>
        )}
      </div>
      <Loaded reading={reading} what="The catalog">
        {(health) => <Shards health={health} />}
      </Loaded>
      {isRebuilding && <RebuildDialog onClose={() => setRebuilding(false)} />}
    </section>
  );
}

function Shards({ health: { shards, missingShards = 0 } }: { health: Health }) {
  const entries = shards.reduce((sum, shard) => sum + shard.entries, 0);
  const live = shards.reduce((sum, shard) => sum + shard.live, 0);
  const slowest = Math.max(...shards.map(({ freshness }) => freshness?.p99Ms ?? 0));
  const most = Math.max(...shards.map((shard) => shard.entries));
  return (
    <>
      {missingShards > 0 && (
        <p class="stale" role="alert">
          {missingShards} of {missingShards + shards.length} shards did not answer: what they list is missing in every
          list and count until they do.
        </p>
      )}
      <p>
        It lists {entries.toLocaleString("en")} {entries === 1 ? "instance" : "instances"}, of which{" "}
        {live.toLocaleString("en")} {live === 1 ? "has" : "have"} not ended.
        {slowest > 0 && ` What changes is in the lists after ${formatDuration(slowest)} in 99 of 100 cases.`} One
        instance, by its ID, is always shown as it is.
      </p>
      <div class="card card-body">
        <Table label="Shards" columns={columns(most)} rows={shards} keyOf={({ shard }) => shard} />
      </div>
      <p class="quiet">Delays are those since a shard was loaded; a dash means that nothing has changed since.</p>
    </>
  );
}

const columns = (most: number): readonly Column<ShardHealth>[] => [
  { title: "Shard", cell: ({ shard }) => <span class="mono">{shard}</span> },
  {
    title: "Instances",
    isNumber: true,
    cell: ({ entries }) => (
      <>
        {entries.toLocaleString("en")}
        <Meter value={entries} most={most} />
      </>
    ),
  },
  { title: "Not ended", isNumber: true, cell: ({ live }) => live.toLocaleString("en") },
  {
    title: "Delay, half",
    hint: "Half of the last 1,000 announcements took no longer",
    isNumber: true,
    cell: ({ freshness }) => delay(freshness?.p50Ms),
  },
  { title: "Delay, 99 %", isNumber: true, cell: ({ freshness }) => delay(freshness?.p99Ms) },
  { title: "Longest", isNumber: true, cell: ({ freshness }) => delay(freshness?.maxMs) },
];

function delay(ms: number | undefined): string {
  return ms === undefined ? "–" : formatDuration(ms);
}

/** As many as the server takes in one request. */
const MOST_IDS = 20;

function RebuildDialog({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const ids = [...new Set(text.split("\n").map((line) => line.trim()))].filter((line) => line !== "");
  const isTooMany = ids.length > MOST_IDS;
  return (
    <ActionDialog
      title="Rebuild the catalog"
      verb="Have them announced"
      onClose={onClose}
      effect={
        <p>
          Instances that the lists have lost, and whose IDs are known from elsewhere, announce themselves again. Nothing
          else changes, and it may be done again. Their children are not asked: name them, too.
        </p>
      }
      asked={(reason) => (ids.length === 0 || isTooMany ? undefined : rebuild({ ids, reason }))}
      done={(answer) => <Rebuilt answer={answer as Answer} />}
    >
      <label class="field">
        <span>IDs, one a line, at most {MOST_IDS}</span>
        <textarea
          class="mono"
          rows={5}
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        {isTooMany && (
          <small class="problem">
            These are {ids.length}. For many, use the command line: catalog rebuild --file FILE
          </small>
        )}
      </label>
    </ActionDialog>
  );
}

interface Answer {
  readonly announced: number;
  readonly missing: number;
  readonly failed: readonly string[];
}

function Rebuilt({ answer: { announced, missing, failed } }: { answer: Answer }) {
  return (
    <>
      <p>
        {announced} announced, {missing} without an instance.
      </p>
      {failed.length > 0 && <p class="problem">These could not be asked, try them again: {failed.join(", ")}</p>}
    </>
  );
}
