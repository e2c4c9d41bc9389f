import { env } from "cloudflare:workers";
import type { StateStore } from "../authoring/state-store.ts";

/** What is in stock of an item, and what one of it costs. */
export interface StockItem {
  readonly perItemCost: number;
  readonly quantity: number;
}

/** What the shop starts with. */
const initialStock = new Map<string, StockItem>([
  ["car", { perItemCost: 5000, quantity: 1000 }],
  ["paperclip", { perItemCost: 5, quantity: 10_000 }],
  ["computer", { perItemCost: 500, quantity: 100 }],
]);

/** `undefined` for an item that the shop does not have. */
export async function findItem(itemName: string): Promise<StockItem | undefined> {
  const [saved] = await inventory().get([itemKey(itemName)]);
  return parseStock(saved) ?? initialStock.get(itemName);
}

/**
 * Takes goods out of stock. False when there are not enough. An activity may run twice, so a sale has an ID of its own,
 * recorded together with the new stock: the second time it is found, and nothing is taken.
 */
export async function takeFromStock(itemName: string, quantity: number, saleId: string): Promise<boolean> {
  const [item, sale] = [itemKey(itemName), `sale:${saleId}`];
  for (;;) {
    const [saved, sold] = await inventory().get([item, sale]);
    if (sold !== undefined) return true;
    const stock = parseStock(saved) ?? initialStock.get(itemName);
    if (stock === undefined || stock.quantity < quantity) return false;
    const left: StockItem = { ...stock, quantity: stock.quantity - quantity };
    const isSaved = await inventory().save(
      [
        { key: item, value: JSON.stringify(left) },
        { key: sale, value: "true" },
      ],
      [
        { key: item, value: saved },
        { key: sale, value: undefined },
      ],
    );
    if (isSaved) return true;
  }
}

function inventory(): DurableObjectStub<StateStore> {
  return (env as unknown as { STATE_STORE: DurableObjectNamespace<StateStore> }).STATE_STORE.getByName("inventory");
}

function parseStock(saved: string | undefined): StockItem | undefined {
  return saved === undefined ? undefined : (JSON.parse(saved) as StockItem);
}

function itemKey(itemName: string): string {
  return `item:${itemName}`;
}
