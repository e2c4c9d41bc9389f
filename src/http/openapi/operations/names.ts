import type { ParameterName, SegmentName } from "./operation-doc.ts";

export const PARAMETERS: Readonly<Record<ParameterName, string>> = {
  after:
    "The `id` of the last event that is known: the stream goes on after it. The header `Last-Event-ID` counts before it.",
  appID: "The app that is meant. A deployment is one app: any other than its own is refused.",
  appid: "Asks whether this is that app.",
  "attr.KEY":
    "Beyond Dapr: a search attribute, by which lists find the instance; its key stands in the place of KEY. JSON of a text, a number, true, false or an array of texts, or a text that is no JSON. At most 20, and 2,048 bytes as JSON. Never encrypted.",
  count: "How many times.",
  countBy: "Counts in place of a page, by all of these together. `day` is the day of the creation, in UTC.",
  createdAfter: "Created at this time or later: RFC 3339, or a day in UTC.",
  createdBefore: "Created before this time.",
  confirm: "How many instances may match at most. More than 1,000 are called only with it.",
  continuationToken: "That of the page before. There are more pages as long as there is one.",
  dryRun: "`true`: tells how many match, and who the first are, and begins nothing. Default: `false`.",
  endedAfter: "Ended at this time or later.",
  endedBefore: "Ended before this time.",
  fetchPayloads: "Beyond Dapr: `false` leaves out input and output. Default: `true`.",
  force: "Beyond Dapr's HTTP API: whatever the status; its code does not run. Default: `false`.",
  idPrefix: "The ID begins with this.",
  input: "The input of the query: JSON, or any text.",
  instanceID:
    "At most 64 bytes of letters, digits, _ and -. Default: a UUID, behind the prefix of the token where that has one.",
  contains:
    "Only events with this text in one of theirs: names, payloads, failures, reasons. Upper and lower case count.",
  detail: "Beyond Dapr: `full` tells all that there is to tell. Its code may be replayed for that, as for a query.",
  at: "Beyond Dapr: with `detail=full`, `past` tells where today's code stood after so many events. It runs over them once more, as for a query.",
  format: "`jsonl`: the whole history as one answer, which the test kit replays. Default: `json`, in pages.",
  limit: "How many events at most.",
  name: "The name of the workflow; `order*` is each that begins with `order`.",
  top: "How many keys of each limit are told at most. Default: 10.",
  types: "Only events of these types, separated by commas.",
  nonRecursive: "Beyond Dapr: `true` spares the children. Default: `false`.",
  order: "By creation: `desc`, the newest first, or `asc`.",
  pageSize: "How many instances at most; of changes, how many of each shard.",
  parent: "The ID of the parent.",
  q: "A filter such as `Status IN (FAILED, STALLED) AND FailureType = 'TypeError'`: docs/operations.md has its language.",
  raiseEvent:
    'Beyond Dapr: the name of an event that is raised with the start, in one step: on the new instance, or on one that runs already, which is not started again. The body is `{"input","eventPayload"}` then.',
  reuse:
    "Beyond Dapr: what becomes of an instance that has the ID. `replace`: one that runs is refused, one that has ended is replaced. `reject`: both are refused. `ignore`: both stay, and the answer is 202. `terminate`: one that runs is terminated with its children, and replaced. Default: `replace`.",
  reason:
    "Beyond Dapr: why, in at most 1,000 characters. Goes into the history; a field of that name in the body counts before it.",
  requestID: "Makes a request that is sent twice count once. At most 256 characters. Default: a UUID.",
  retention:
    "Beyond Dapr's HTTP API: how long after its end the instance is kept, a Go duration such as `24h`; `0s` purges it at its end. Default: as `stateRetentionPolicy` of the deployment has it, or for ever.",
  rps: "How many instances a second are called at most. Default: 50.",
  retrying: "Whether an activity has failed and will be tried again.",
  since:
    "Changes in place of a page: what has changed since the answer that gave this token; without text, a token alone, to begin with.",
  status: "One of these. Each parameter may stand once: `status=FAILED,STALLED`. Any case of letters is taken.",
  startTime: "Beyond Dapr: the time until which the instance is PENDING. Default: it starts at once.",
  timeoutSeconds: "Beyond Dapr: how long to wait, 0 to 600; then the answer comes as things are. Default: 60.",
  updateID: "Makes an update that is sent twice count once. At most 256 characters. Default: a UUID.",
  version: "The version of the workflow.",
  waitFor:
    "Beyond Dapr: answers when the instance is no longer PENDING, or has ended in any way. Default: answers at once.",
  waitingFor:
    "What it waits for, as the list has it: `event:approval`, `activity:charge`; `event:*` is each that begins with `event:`.",
};

export const SEGMENTS: Readonly<Record<SegmentName, string>> = {
  component: "Any name, for instance `dapr`.",
  id: "The ID of the instance.",
  name: "The name of the workflow.",
  event: "The name of the event.",
};
