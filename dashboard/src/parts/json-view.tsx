import { useMemo, useState } from "preact/hooks";
import { CopyButton } from "./copy-button.tsx";

/*
 * A payload, which is somebody else's text: it becomes text nodes and nothing else. Large ones must not freeze the page, so a level shows some
 * children at first, a long text its beginning, and what is deep begins closed.
 */

const CHILDREN_AT_FIRST = 200;
const CHARACTERS_AT_FIRST = 10_000;
const OPEN_LEVELS = 2;
/** Of more children than this, a level begins closed. */
const OPEN_CHILDREN = 50;

/** `text` is the payload as it is stored. What is no JSON is shown as it is. */
export function JsonView({ text, label = "payload" }: { text: string; label?: string }) {
  const parsed = useMemo(() => parse(text), [text]);
  return (
    <div class="json">
      <div class="json-tools">
        <CopyButton text={text} label={`Copy ${label}`} />
      </div>
      <div class="json-tree">
        {parsed.ok ? <Value value={parsed.value} level={0} /> : <LongText text={text} quote={false} />}
      </div>
    </div>
  );
}

type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

function parse(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}

function Value({ value, level, name }: { value: unknown; level: number; name?: string | undefined }) {
  if (typeof value === "object" && value !== null) return <Branch value={value} level={level} name={name} />;
  return (
    <div class="json-line">
      {name !== undefined && <Name name={name} />}
      {typeof value === "string" ? (
        <LongText text={value} quote />
      ) : (
        <span class={`json-${value === null ? "null" : typeof value}`}>{String(value)}</span>
      )}
    </div>
  );
}

function Branch({ value, level, name }: { value: object; level: number; name?: string | undefined }) {
  const isList = Array.isArray(value);
  const keys = useMemo(() => Object.keys(value), [value]);
  const [isOpen, setOpen] = useState(level === 0 || (level < OPEN_LEVELS && keys.length <= OPEN_CHILDREN));
  const [most, setMost] = useState(CHILDREN_AT_FIRST);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (keys.length === 0) {
    return (
      <div class="json-line">
        {name !== undefined && <Name name={name} />}
        {open}
        {close}
      </div>
    );
  }
  return (
    <details class="json-branch" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {name !== undefined && <Name name={name} />}
        <span class="json-mark">{open}</span>
        {!isOpen && (
          <span class="json-count">
            {" "}
            {keys.length} {isList ? "items" : "fields"} {close}
          </span>
        )}
      </summary>
      {isOpen && (
        <div class="json-children">
          {keys.slice(0, most).map((key) => (
            <Value
              key={key}
              name={isList ? undefined : key}
              value={(value as Readonly<Record<string, unknown>>)[key]}
              level={level + 1}
            />
          ))}
          {keys.length > most && (
            <button type="button" class="button-small" onClick={() => setMost(most + CHILDREN_AT_FIRST)}>
              {Math.min(CHILDREN_AT_FIRST, keys.length - most)} more of {keys.length - most}
            </button>
          )}
        </div>
      )}
      {isOpen && <span class="json-mark">{close}</span>}
    </details>
  );
}

function Name({ name }: { name: string }) {
  return <span class="json-name">{JSON.stringify(name)}: </span>;
}

function LongText({ text, quote }: { text: string; quote: boolean }) {
  const [isWhole, setWhole] = useState(text.length <= CHARACTERS_AT_FIRST);
  const shown = isWhole ? text : text.slice(0, CHARACTERS_AT_FIRST);
  return (
    <>
      <span class={quote ? "json-string" : "json-text"}>{quote ? JSON.stringify(shown) : shown}</span>
      {!isWhole && (
        <button type="button" class="button-small" onClick={() => setWhole(true)}>
          show all {text.length} characters
        </button>
      )}
    </>
  );
}
