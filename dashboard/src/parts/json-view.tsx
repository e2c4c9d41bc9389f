import { useMemo, useState } from "preact/hooks";
import { CopyButton } from "./copy-button.tsx";
import { type JsonBranch, type JsonNode, jsonTree } from "./json-tree.ts";

/*
 * A payload, which is somebody else's text: it becomes text nodes and nothing else. Large ones must not freeze the page, so a level shows some
 * children at first, a long text its beginning, and what is deep begins closed.
 */

const CHILDREN_AT_FIRST = 200;
const CHARACTERS_AT_FIRST = 10_000;
const OPEN_LEVELS = 2;
/** Of more children than this, a level begins closed. */
const OPEN_CHILDREN = 50;

/** `text` is the payload as it is stored, and is shown so, numbers digit by digit. What is no JSON is shown as it is. */
export function JsonView({ text, label = "payload" }: { text: string; label?: string }) {
  const tree = useMemo(() => jsonTree(text), [text]);
  return (
    <div class="json">
      <div class="json-tools">
        <CopyButton text={text} label={`Copy ${label}`} />
      </div>
      <div class="json-tree">
        {tree === undefined ? <LongText text={text} quote={false} /> : <Value node={tree} level={0} />}
      </div>
    </div>
  );
}

function Value({ node, level, name }: { node: JsonNode; level: number; name?: string | undefined }) {
  if ("children" in node) return <Branch branch={node} level={level} name={name} />;
  return (
    <div class="json-line">
      {name !== undefined && <Name name={name} />}
      {node.kind === "string" ? (
        <LongText text={JSON.parse(node.source)} quote />
      ) : (
        <span class={`json-${node.kind}`}>{node.source}</span>
      )}
    </div>
  );
}

function Branch({ branch, level, name }: { branch: JsonBranch; level: number; name?: string | undefined }) {
  const isList = branch.kind === "list";
  const { children } = branch;
  const [isOpen, setOpen] = useState(level === 0 || (level < OPEN_LEVELS && children.length <= OPEN_CHILDREN));
  const [most, setMost] = useState(CHILDREN_AT_FIRST);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (children.length === 0) {
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
            {children.length} {isList ? "item" : "field"}
            {children.length === 1 ? "" : "s"} {close}
          </span>
        )}
      </summary>
      {isOpen && (
        <div class="json-children">
          {children.slice(0, most).map(({ name, node }, index) => (
            <Value key={index} name={name} node={node} level={level + 1} />
          ))}
          {children.length > most && (
            <button type="button" class="button-small" onClick={() => setMost(most + CHILDREN_AT_FIRST)}>
              {Math.min(CHILDREN_AT_FIRST, children.length - most)} more of {children.length - most}
            </button>
          )}
        </div>
      )}
      {isOpen && <span class="json-mark">{close}</span>}
    </details>
  );
}

function Name({ name }: { name: string }) {
  return <span class="json-name">{quoted(name)}: </span>;
}

function LongText({ text, quote }: { text: string; quote: boolean }) {
  const [isWhole, setWhole] = useState(text.length <= CHARACTERS_AT_FIRST);
  const shown = isWhole ? text : text.slice(0, CHARACTERS_AT_FIRST);
  return (
    <>
      <span class={quote ? "json-string" : "json-text"}>{quote ? quoted(shown) : shown}</span>
      {!isWhole && (
        <button type="button" class="button-small" onClick={() => setWhole(true)}>
          show all {text.length} characters
        </button>
      )}
    </>
  );
}

/** Marks that would turn the direction of what stands around them, or cannot be seen. */
const UNSEEN = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** As JSON has it; what cannot be seen as its code. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(UNSEEN, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
