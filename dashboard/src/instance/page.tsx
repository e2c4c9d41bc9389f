import { useEffect, useState } from "preact/hooks";
import { href, route } from "../app/router.ts";
import { Empty } from "../parts/empty.tsx";
import { Failed } from "../parts/failed.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { Feed } from "./feed.ts";
import { Head } from "./head.tsx";
import { History } from "./history.tsx";
import { Overview } from "./overview.tsx";
import { Relations } from "./relations.tsx";
import { TimeTravel } from "./travel.tsx";

/** `#/i/<id>?tab=…`: one instance, live. */
export function Page() {
  const [id] = route.value.path;
  if (id === undefined || id === "") {
    return (
      <Empty title="Which instance?" icon="workflow">
        <p>
          Pick one in <a href={href("list")}>the list</a>, or put its ID behind <code>#/i/</code> in the address.
        </p>
      </Empty>
    );
  }
  return <Instance key={id} id={id} />;
}

const TABS = ["overview", "history", "relations", "travel"] as const;
type TabName = (typeof TABS)[number];
const TITLES: Readonly<Record<TabName, string>> = {
  overview: "Overview",
  history: "History",
  relations: "Relations",
  travel: "Time travel",
};

function Instance({ id }: { id: string }) {
  const [feed] = useState(() => new Feed(id));
  useEffect(() => () => feed.close(), [feed]);
  const named = route.value.query.get("tab");
  const current = TABS.find((name) => name === named) ?? "overview";
  if (feed.reading.value === "missing" || feed.isGone.value) return <Gone id={id} wasHere={feed.isGone.value} />;
  if (feed.reading.value === "failed")
    return (
      <section class="page instance">
        <h1 class="instance-id">{id}</h1>
        <Failed error={feed.error.value} what={`The instance ${id}`} onRetry={() => void feed.read()} />
      </section>
    );
  if (feed.reading.value === "loading") return <Skeleton id={id} />;
  const events = feed.detail.value?.executionId === "" ? undefined : feed.moment.value?.events;
  const tabs = TABS.map((name) => ({
    name,
    title: TITLES[name],
    href: href("i", id, { tab: name === "overview" ? undefined : name }),
    count: name === "history" ? events : undefined,
  }));
  return (
    <section class="page instance">
      <Head feed={feed} />
      <Tabs tabs={tabs} current={current} label="Views of the instance" />
      {current === "overview" && <Overview feed={feed} />}
      {current === "history" && <History feed={feed} />}
      {current === "relations" && <Relations feed={feed} />}
      {current === "travel" && <TimeTravel feed={feed} />}
    </section>
  );
}

function Gone({ id, wasHere }: { id: string; wasHere: boolean }) {
  return (
    <section class="page instance">
      <h1 class="instance-id">{id}</h1>
      <Empty title={wasHere ? "This instance has been purged" : "There is no such instance"} icon="trash-2">
        <p>
          {wasHere ? "Its history is gone with it: " : "Nothing is known of "}
          <code>{id}</code>
          {wasHere ? "." : ". It may have been purged, or its retention has passed."}
        </p>
        <p>
          <a href={href("list")}>All instances</a> ·{" "}
          <a href={href("list", { idPrefix: id.slice(0, 64) })}>those whose ID begins so</a>
        </p>
      </Empty>
    </section>
  );
}

/** What will be there stands where it will be. */
function Skeleton({ id }: { id: string }) {
  return (
    <section class="page instance" aria-busy="true">
      <header class="instance-head">
        <h1 class="instance-id">{id}</h1>
      </header>
      <p class="loading">Loading …</p>
    </section>
  );
}
