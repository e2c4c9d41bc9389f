import { useState } from "preact/hooks";
import { api, at } from "../app/api.ts";
import { useRead } from "../pages/use-read.ts";
import type { Detail, ListPage } from "../pages/wire.ts";
import { messageOf } from "../parts/failed.tsx";
import { readable } from "../parts/json-text.ts";
import { Time } from "../parts/time.tsx";

interface Earlier {
  readonly input: string;
  readonly instanceID: string;
  readonly createdAt: string;
}

const MOST = 8;

/** Inputs of the newest instances of a workflow, each once; read when they are asked for. */
export function EarlierInputs({ name, onPick }: { name: string; onPick: (input: string) => void }) {
  const [isOpen, setOpen] = useState(false);
  if (name === "") return null;
  return (
    <details class="more" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Earlier inputs</summary>
      {isOpen && <Inputs key={name} name={name} onPick={onPick} />}
    </details>
  );
}

function Inputs({ name, onPick }: { name: string; onPick: (input: string) => void }) {
  const { value, error } = useRead(name, (signal) => readInputs(name, signal), 0);
  if (error !== undefined) return <p class="problem">They could not be read: {messageOf(error)}</p>;
  if (value === undefined) return <p class="quiet">Loading …</p>;
  if (value.length === 0) return <p class="quiet">No instance of {name} has had an input yet.</p>;
  return (
    <ul class="earlier">
      {value.map(({ input, instanceID, createdAt }) => (
        <li key={instanceID}>
          <button type="button" class="button-small" onClick={() => onPick(readable(input))}>
            Take
          </button>
          <code title={input.slice(0, 2_000)}>{input.slice(0, 200)}</code>
          <span class="quiet">
            {instanceID}, <Time at={createdAt} relative />
          </span>
        </li>
      ))}
    </ul>
  );
}

async function readInputs(name: string, signal: AbortSignal): Promise<readonly Earlier[]> {
  const page = await api.get<ListPage>(at.workflows(), { name, pageSize: MOST }, { signal });
  const found = await Promise.all(
    page.workflows.map(async ({ instanceID, createdAt }): Promise<Earlier | undefined> => {
      // One that was purged meanwhile, or is out of reach, is left out.
      const state = await api.get<Detail>(at.workflows(instanceID), {}, { signal }).catch(() => undefined);
      const input = state?.properties?.["dapr.workflow.input"];
      return input === undefined ? undefined : { input, instanceID, createdAt };
    }),
  );
  const inputs = new Set<string>();
  return found.filter((one): one is Earlier => {
    if (one === undefined || inputs.has(one.input)) return false;
    inputs.add(one.input);
    return true;
  });
}
