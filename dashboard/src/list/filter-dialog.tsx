import { useState } from "preact/hooks";
import { setQuery } from "../app/router.ts";
import { Dialog } from "../parts/dialog.tsx";
import type { Filters, Passed } from "./filters.ts";

type Field = Exclude<Passed, "name">;

const TEXTS: readonly { name: Field; title: string; hint: string }[] = [
  { name: "waitingFor", title: "Waits for", hint: "event:approval, timer:*, activity:charge, child:ID, limit:NAME" },
  { name: "version", title: "Version", hint: "as the workflow was registered with it" },
  { name: "parent", title: "Parent", hint: "the ID of the instance that has started it" },
];
const TIMES: readonly { name: Field; title: string }[] = [
  { name: "createdAfter", title: "Created from" },
  { name: "createdBefore", title: "Created before" },
  { name: "endedAfter", title: "Ended from" },
  { name: "endedBefore", title: "Ended before" },
];

/** What is asked more rarely. */
export function FilterDialog({ filters, onClose }: { filters: Filters; onClose: () => void }) {
  const [values, setValues] = useState<Partial<Record<Field, string>>>(filters.passed);
  const [attributes, setAttributes] = useState<readonly (readonly [string, string])[]>(() => [
    ...Object.entries(filters.attributes),
    ["", ""],
  ]);
  const set = (name: Field, value: string) => setValues({ ...values, [name]: value });
  const apply = (event: Event) => {
    event.preventDefault();
    const gone = Object.keys(filters.attributes).map((key) => [`attr.${key}`, null]);
    const given = attributes.filter(([key]) => key.trim() !== "").map(([key, value]) => [`attr.${key.trim()}`, value]);
    const fields = [...TEXTS, ...TIMES].map(({ name }) => [name, values[name]?.trim() || null]);
    setQuery({ ...Object.fromEntries([...fields, ...gone, ...given]) });
    onClose();
  };
  const setAttribute = (index: number, pair: readonly [string, string]) => {
    const next = attributes.map((one, n) => (n === index ? pair : one));
    setAttributes(next.at(-1)?.[0] === "" ? next : [...next, ["", ""]]);
  };
  return (
    <Dialog title="More filters" onClose={onClose}>
      <form class="form" onSubmit={apply}>
        {TEXTS.map(({ name, title, hint }) => (
          <label class="field" key={name}>
            <span>{title}</span>
            <input
              value={values[name] ?? ""}
              autocomplete="off"
              spellcheck={false}
              placeholder={hint}
              onInput={(event) => set(name, event.currentTarget.value)}
            />
          </label>
        ))}
        <div class="field-pair">
          {TIMES.map(({ name, title }) => (
            <label class="field" key={name}>
              <span>{title}</span>
              <input
                type="datetime-local"
                step="1"
                value={toLocal(values[name])}
                onInput={(event) => set(name, fromLocal(event.currentTarget.value))}
              />
            </label>
          ))}
        </div>
        <fieldset class="attributes">
          <legend>Search attributes</legend>
          {attributes.map(([key, value], index) => (
            <div class="field-pair" key={index}>
              <input
                class="input"
                aria-label={`Name of attribute ${index + 1}`}
                placeholder="name"
                autocomplete="off"
                value={key}
                onInput={(event) => setAttribute(index, [event.currentTarget.value, value])}
              />
              <input
                class="input"
                aria-label={`Value of attribute ${index + 1}`}
                placeholder="value"
                autocomplete="off"
                value={value}
                onInput={(event) => setAttribute(index, [key, event.currentTarget.value])}
              />
            </div>
          ))}
        </fieldset>
        <div class="form-end">
          <button type="button" class="button" onClick={onClose}>
            Go back
          </button>
          <button type="submit" class="button button-main">
            Apply
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** A field of the browser's is in the reader's zone, and the API has UTC. */
function toLocal(time: string | undefined): string {
  const ms = Date.parse(time ?? "");
  if (Number.isNaN(ms)) return "";
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function fromLocal(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
}
