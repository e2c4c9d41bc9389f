import { apiFetch, errorOf } from "../app/api.ts";
import { changed } from "./changed.ts";
import type { ApiRequest } from "./shell.ts";

/** Sends what was shown, as it was shown. @returns what it was answered with, as it was written; empty where there is no body */
export async function send(request: ApiRequest): Promise<string> {
  const { method, path, query, body } = request;
  const response = await apiFetch(path, { method, query, ...(body !== undefined && { body }) });
  if (!response.ok) throw await errorOf(response);
  const text = await response.text();
  if (method !== "GET") changed.value++;
  return text;
}
