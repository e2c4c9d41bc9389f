import { askAgain, CutOffError } from "./lost-connection.ts";
import { piecesOf } from "./text-stream.ts";
import type { Query, WorkflowApi } from "./workflow-api.ts";

const WHAT = "The history in lines";

/** Lines with their ends. Asked again as long as the server has not answered; what breaks off later rejects. */
export async function* historyLines(api: WorkflowApi, path: string, query: Query): AsyncGenerator<string> {
  const begin = () =>
    piecesOf(WHAT, (signal) => api.open("application/jsonl", path, { ...query, format: "jsonl" }, signal));
  let pieces = begin();
  await askAgain(() => {
    pieces = begin();
    return pieces.next();
  });
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield `${line}\n`;
  }
  if (rest !== "") throw new CutOffError(`${WHAT} was cut off in the middle of one`);
}
