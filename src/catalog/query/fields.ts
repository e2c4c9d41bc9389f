import type { TextField, TimeField } from "./condition.ts";

/** What a filter can ask of an instance, by the names that `q=` has for it. */
export type Field =
  | { readonly type: "status" }
  | { readonly type: "retrying" }
  | { readonly type: "text"; readonly field: TextField }
  | { readonly type: "time"; readonly field: TimeField }
  | { readonly type: "attribute"; readonly key: string };

const text = (field: TextField): Field => ({ type: "text", field });
const time = (field: TimeField): Field => ({ type: "time", field });

const FIELDS: Readonly<Record<string, Field>> = {
  Status: { type: "status" },
  Name: text("name"),
  InstanceID: text("id"),
  Version: text("version"),
  Parent: text("parent"),
  Created: time("created"),
  Updated: time("updated"),
  Ended: time("ended"),
  FailureType: text("errorType"),
  FailureMessage: text("errorMessage"),
  CustomStatus: text("customStatus"),
  WaitingFor: text("waitingFor"),
  Retrying: { type: "retrying" },
};

export const FIELD_NAMES = [...Object.keys(FIELDS), "attr.KEY"];

/** In any case of letters, but for the key of an attribute. */
export function fieldOf(name: string): Field | undefined {
  if (/^attr\./i.test(name)) return { type: "attribute", key: name.slice("attr.".length) };
  const known = Object.keys(FIELDS).find((field) => field.toLowerCase() === name.toLowerCase());
  return known === undefined ? undefined : FIELDS[known];
}
