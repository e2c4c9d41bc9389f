// [K23] How a list is asked for: the parameters of a URL, and `q=`.
import { describe, expect, it } from "vitest";
import { readParameters } from "../../../src/catalog/query/parameters.ts";
import { parseQuery } from "../../../src/catalog/query/parser.ts";
import { prefixEnd } from "../../../src/catalog/query/prefix.ts";
import { fitEntry } from "../../../src/model/catalog-entry.ts";
import { announce, DAY, entry, listed, NOW, type Opened, openShard } from "./support.ts";

const read = (query: string) => readParameters(new URLSearchParams(query));
const q = (query: string) => () => parseQuery(query);

/** Ten instances, each with something of its own. */
function filled(): Opened {
  const opened = openShard();
  const all = [
    entry("order-1", { createdAtMs: DAY + 1, status: "RUNNING", waitingFor: "event:approval", version: "2" }),
    entry("order-2", {
      createdAtMs: DAY + 2,
      status: "FAILED",
      failure: { errorType: "TypeError", message: "no pens" },
    }),
    entry("order-3", {
      createdAtMs: DAY + 3,
      endedAtMs: DAY + 50,
      searchAttributes: { customer: "c995", total: 12.5 },
    }),
    entry("order-4", {
      createdAtMs: DAY + 4,
      endedAtMs: DAY + 60,
      searchAttributes: { customer: "c1", vip: true, code: "007", big: "12345678901234567890" },
    }),
    entry("order-5", { createdAtMs: DAY + 5, searchAttributes: { tags: ["red", "blue"], total: 7, n: "12" } }),
    entry("ship-6", { createdAtMs: DAY + 6, workflowName: "shipping", parentInstanceId: "order-1", status: "STALLED" }),
    entry("ship-7", { createdAtMs: DAY + 7, workflowName: "ship*", status: "SUSPENDED", retrying: true }),
    entry("bill-8", { createdAtMs: DAY + 8, workflowName: "billing", status: "TERMINATED", customStatus: "gave 'up'" }),
    entry("bill-9", { createdAtMs: DAY + 9, workflowName: "billing", status: "CANCELED", version: "10" }),
    entry("😀-10", { createdAtMs: DAY + 10, status: "PENDING", waitingFor: "timer:2026-12-01T00:00:00Z" }),
  ];
  opened.store.tell(
    all.map((one) => announce(one, 1)),
    NOW,
  );
  return opened;
}

const numbers = (opened: Opened, query: string) =>
  listed(opened, query)
    .map((id) => Number(id.split("-")[1]))
    .sort((a, b) => a - b);

describe("[K23] Parameters", () => {
  const opened = filled();

  it.each<[string, number[]]>([
    ["", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ["status=FAILED", [2]],
    ["status=failed,RUNNING, canceled", [1, 2, 9]],
    ["status=COMPLETED,PENDING", [3, 4, 5, 10]],
    ["name=billing", [8, 9]],
    ["name=ship*", [6, 7]],
    ["name=*", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ["name=nope", []],
    ["idPrefix=order-", [1, 2, 3, 4, 5]],
    ["idPrefix=😀", [10]],
    ["idPrefix=", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ["createdAfter=2026-11-28T00:00:00.009Z", [9, 10]],
    ["createdBefore=2026-11-28T00:00:00.002Z", [1]],
    ["createdAfter=2026-11-28T01:00:00.003%2B01:00&createdBefore=2026-11-28T00:00:00.006Z", [3, 4, 5]],
    ["createdAfter=2026-11-29", []],
    ["createdAfter=2026-11-29&createdBefore=2026-11-28", []],
    ["endedAfter=2026-11-28T00:00:00.050Z", [3, 4]],
    ["endedAfter=2026-11-28T00:00:00.051Z", [4]],
    ["endedBefore=2026-11-28T00:00:00.060Z", [3]],
    ["parent=order-1", [6]],
    ["version=2", [1]],
    ["waitingFor=event:approval", [1]],
    ["waitingFor=timer:*", [10]],
    ["waitingFor=timer:2026-12-01T00:00:00Z", [10]],
    ["waitingFor=timer:2026-12-01T01:00:00.000%2B01:00", [10]],
    ["waitingFor=timer:2026-12-01*", [10]],
    ["waitingFor=start:2026-12-01T00:00:00Z", []],
    ["waitingFor=*", [1, 10]],
    ["retrying=true", [7]],
    ["retrying=false&name=ship*", [6]],
    ["attr.customer=c995", [3]],
    ["attr.vip=true", [4]],
    ["attr.total=12.5", [3]],
    ["attr.total=7", [5]],
    ["attr.n=12", [5]],
    ['attr.total="7"', []],
    ["attr.tags=red", [5]],
    ["attr.tags=green", []],
    ["attr.vip=1", []],
    ["attr.none=x", []],
    [Array.from({ length: 20 }, (_, n) => `attr.k${n}=${n}`).join("&"), []],
    ["status=RUNNING&name=order&version=2&idPrefix=o", [1]],
    ["q=Name%20%3D%20'billing'&status=CANCELED", [9]],
  ])("[K23.1] %s", (query, expected) => {
    expect(numbers(opened, query)).toEqual(expected);
  });

  it("[K23.7] what is waited for is found by its whole text, which the list has cut", () => {
    const longest = "x".repeat(256);
    const one = openShard();
    one.store.tell([announce(fitEntry(entry("p", { status: "RUNNING", waitingFor: `child:${longest}` })), 1)], NOW);
    expect(listed(one, `waitingFor=child:${longest}`)).toEqual(["p"]);
    expect(listed(one, `waitingFor=child:${longest.slice(0, 200)}*`)).toEqual(["p"]);
    expect(listed(one, `waitingFor=child:${longest.slice(0, 200)}`)).toEqual([]);
  });

  it("[K23.2] a page: newest first, 100 rows, unless it is asked for otherwise", () => {
    expect(read("")).toMatchObject({ type: "page", order: "desc", pageSize: 100 });
    expect(read("order=asc&pageSize=1024&continuationToken=x")).toMatchObject({
      type: "page",
      order: "asc",
      pageSize: 1_024,
      continuationToken: "x",
    });
    expect(read("countBy=status,name,status")).toMatchObject({ type: "count", by: ["status", "name"] });
    expect(read("since=&pageSize=5&status=FAILED")).toMatchObject({ type: "changes", since: "", pageSize: 5 });
  });

  it.each([
    ["pagesize=5", 'unknown parameter "pagesize", did you mean pageSize? Known: status, name, idPrefix'],
    ["x=1", 'unknown parameter "x". Known: status, name, idPrefix'],
    ["pageSize=0", 'pageSize: expected a whole number from 1 to 1024, found "0"'],
    ["pageSize=1025", 'pageSize: expected a whole number from 1 to 1024, found "1025"'],
    ["pageSize=1e2", 'found "1e2"'],
    ["order=up", 'order: expected desc, asc, found "up"'],
    ["status=DONE", "status: expected one or more of PENDING, RUNNING"],
    ["status=", 'found ""'],
    [
      "waitingFor=approval",
      'waitingFor: expected event:NAME, timer:TIME, activity:NAME, child:ID, condition, limit:NAME, start:TIME, or a beginning as event:*, found "approval"',
    ],
    ["waitingFor=approval*", 'found "approval*"'],
    ["waitingFor=event", 'found "event"'],
    [
      "waitingFor=timer:soon",
      'waitingFor: expected timer: and a time as 2026-11-28T10:00:00Z, or a beginning as timer:2026-11-28*, found "timer:soon"',
    ],
    ["waitingFor=timer:2026-12-01", 'or a beginning as timer:2026-11-28*, found "timer:2026-12-01"'],
    [
      "waitingFor=start:",
      'expected start: and a time as 2026-11-28T10:00:00Z, or a beginning as start:2026-11-28*, found "start:"',
    ],
    ["retrying=yes", 'retrying: expected true, false, found "yes"'],
    ["createdAfter=yesterday", "createdAfter: expected a time as 2026-11-28T10:00:00Z, or a day as 2026-11-28, found"],
    ["createdAfter=2026-02-30", 'found "2026-02-30"'],
    ["createdAfter=2026-11-28T10:00:00", 'found "2026-11-28T10:00:00"'],
    ["countBy=colour", 'countBy: expected status, name, version, errorType, day, found "colour"'],
    ["countBy=status&order=asc", "countBy: expected no order beside it, found one"],
    ["since=x&continuationToken=y", "since: expected no continuationToken beside it, found one"],
    ["status=FAILED&status=RUNNING", "status: expected once, found twice"],
    ["attr.=x", "attr.: expected a key of 1 to 64 characters"],
    ['attr.a"b=x', "without quotes"],
    ["constructor=x", 'unknown parameter "constructor"'],
    [
      Array.from({ length: 21 }, (_, n) => `attr.k${n}=x`).join("&"),
      "the filter: expected at most 20 conditions, found 21",
    ],
    [
      Array.from({ length: 21 }, (_, n) => `attr.k${n}=${n}`).join("&"),
      "the filter: expected at most 20 conditions, found 21",
    ],
    [
      `${Array.from({ length: 19 }, (_, n) => `attr.k${n}=${n}`).join("&")}&q=Name IN (a, b)`,
      "the filter: expected at most 20 conditions, found 21",
    ],
    [`q=InstanceID IN (${Array.from({ length: 21 }, () => "'a'").join()})`, "at most 20 conditions, found 21"],
  ])("[K23.3] %s is refused, with what was expected", (query, says) => {
    expect(() => read(query)).toThrow(
      expect.objectContaining({ name: "FilterError", message: expect.stringContaining(says) }),
    );
  });
});

describe("[K23] q=", () => {
  const opened = filled();
  const found = (query: string) => numbers(opened, new URLSearchParams({ q: query }).toString());

  it.each<[string, number[]]>([
    ["Status = 'FAILED'", [2]],
    ["status=failed", [2]],
    ["Status != 'COMPLETED' AND Name = 'order'", [1, 2, 10]],
    ["Status IN ('FAILED', RUNNING)", [1, 2]],
    ["Name = 'billing' OR Name STARTS_WITH 'ship'", [6, 7, 8, 9]],
    ["Name = 'billing' or InstanceID = 'order-1' and Version = '2'", [1, 8, 9]],
    ["(Name = 'billing' OR InstanceID = 'order-1') AND Version = 2", [1]],
    ["Name != 'order'", [6, 7, 8, 9]],
    ["Name CONTAINS 'ill'", [8, 9]],
    ["Name >= 'ship' AND Name < 'shipping'", [7]],
    ["InstanceID CONTAINS '%'", []],
    ["InstanceID STARTS_WITH 'ship'", [6, 7]],
    ["Version != '2' AND Name = 'billing'", [8, 9]],
    ["Version > '1'", [1, 9]],
    ["Created BETWEEN '2026-11-28T00:00:00.002Z' AND '2026-11-28T00:00:00.004Z'", [2, 3, 4]],
    ["Created > 2026-11-28T00:00:00.009Z", [10]],
    ["Created > 2026-11-28T01:00:00.009+01:00", [10]],
    ["Created <= '2026-11-28T00:00:00.001Z'", [1]],
    ["Created = '2026-11-28T00:00:00.007Z'", [7]],
    ["Created != '2026-11-28T00:00:00.007Z' AND Name STARTS_WITH 'ship'", [6]],
    ["Ended >= '2026-11-28T00:00:00.060Z'", [4]],
    ["Updated < 2026-11-29 AND Status = STALLED", [6]],
    ["Parent = 'order-1'", [6]],
    ["FailureType = 'TypeError'", [2]],
    ["FailureMessage CONTAINS 'pens'", [2]],
    ["FailureMessage CONTAINS 'PENS'", []],
    ["CustomStatus = 'gave ''up'''", [8]],
    [`CustomStatus = "gave 'up'"`, [8]],
    ["WaitingFor STARTS_WITH 'event:'", [1]],
    ["Retrying = true", [7]],
    ["Retrying != true AND Status = SUSPENDED", []],
    ["attr.customer = 'c995'", [3]],
    ["attr.customer != 'c995' AND attr.customer STARTS_WITH 'c'", [4]],
    ["attr.customer IN ('c1', 'c995')", [3, 4]],
    ["attr.total > 7", [3]],
    ["attr.total >= 7", [3, 5]],
    ["attr.total BETWEEN 0 AND 10", [5]],
    ["attr.total = '7'", []],
    ["attr.n > 5", []],
    ["attr.code = 007", [4]],
    ["attr.code = 7", []],
    ["attr.code STARTS_WITH 00", [4]],
    ["attr.big IN (12345678901234567890, 5)", [4]],
    ["attr.n > '1'", [5]],
    ["attr.tags = 'blue'", [5]],
    ["attr.tags CONTAINS 'lu'", [5]],
    ["attr.tags STARTS_WITH 'r'", [5]],
    ["attr.tags != 'blue' AND attr.total >= 0", [3]],
    ["attr.vip = true", [4]],
    ["attr.vip != true AND attr.customer = 'c1'", []],
    [`"attr.customer" = 'c1'`, [4]],
    ["((((Status = FAILED))))", [2]],
  ])("[K23.4] %s", (query, expected) => {
    expect(found(query)).toEqual(expected);
  });

  it.each([
    ["", "q: at position 1, expected a field (Status, Name, InstanceID,"],
    ["Stat = 'x'", "q: at position 1, expected a field (Status"],
    ["Statu = 'x'", 'found "Statu", did you mean Status?'],
    ["Status", "q: at position 7, expected =, !=, <, <=, >, >=, STARTS_WITH, CONTAINS, BETWEEN or IN, found the end"],
    [
      "Status LIKE 'x'",
      'at position 8, expected =, !=, <, <=, >, >=, STARTS_WITH, CONTAINS, BETWEEN or IN, found "LIKE"',
    ],
    [
      "Status = 'DONE'",
      'at position 10, expected a status (PENDING, RUNNING, SUSPENDED, STALLED, COMPLETED, FAILED, CANCELED, TERMINATED), found "DONE"',
    ],
    ["Status > 'FAILED'", "expected =, != or IN for Status, found >"],
    ["Status BETWEEN FAILED AND STALLED", 'at position 8, expected =, != or IN for Status, found "BETWEEN"'],
    ["Retrying between false AND true", 'at position 10, expected =, != or IN for Retrying, found "between"'],
    ["Name = ", "at position 8, expected a value, found the end"],
    ["Name = AND", 'at position 8, expected a value, found "AND"'],
    ["Name = 'open", "at position 8, expected a text that ends with ', found no such end"],
    ["Name = 'a' Name = 'b'", 'at position 12, expected AND, OR or the end, found "Name"'],
    ["(Name = 'a'", "at position 12, expected AND, OR or ), found the end"],
    ["Name = 'a')", 'at position 11, expected AND, OR or the end, found ")"'],
    ["Name IN 'a'", 'at position 9, expected (, found "a"'],
    ["Name IN ('a' 'b')", 'at position 14, expected , or ), found "b"'],
    ["Name BETWEEN 'a' 'b'", 'at position 18, expected AND and the end of the range, found "b"'],
    [
      "Created > 'soon'",
      'at position 11, expected a time as 2026-11-28T10:00:00Z, or a day as 2026-11-28, found "soon"',
    ],
    ["Created CONTAINS '2026'", "expected =, !=, <, <=, >, >=, BETWEEN or IN for times and numbers, found CONTAINS"],
    ["attr.total STARTS_WITH 5", "for times and numbers, found STARTS_WITH"],
    ["attr.vip > true", "expected =, != or IN for true and false, found >"],
    ["Retrying = 1", 'expected true or false, found "1"'],
    [
      "Name = 'a'; DROP TABLE entry",
      'at position 11, expected a field, an operator or a value, found "; DROP TABLE entry"',
    ],
    [`"attr.a""b" = 1`, "expected attr. and a key of 1 to 64 characters"],
    [`${"(".repeat(21)}Name = 'a'${")".repeat(21)}`, "at position 21, expected at most 20 parentheses in each other"],
    ["x".repeat(4_097), "q: expected at most 4096 characters, found 4097"],
  ])("[K23.5] %s is refused: where, what was expected, what was found", (query, says) => {
    expect(q(query)).toThrow(expect.objectContaining({ name: "FilterError", message: expect.stringContaining(says) }));
  });

  it("[K23.6] a prefix is a range that ends before the next text, by code point", () => {
    expect(prefixEnd("ab")).toBe("ac");
    expect(prefixEnd("a\ud7ff")).toBe("a\ue000");
    expect(prefixEnd("a\u{10ffff}")).toBe("b");
    expect(prefixEnd("\uffff")).toBe("\u{10000}");
    expect([prefixEnd(""), prefixEnd("\u{10ffff}")]).toEqual([undefined, undefined]);
  });
});
