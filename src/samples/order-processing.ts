import type { Task, WorkflowActivityContext, WorkflowContext, WorkflowRuntime } from "../index.ts";
import { findItem, takeFromStock } from "./inventory.ts";

/** The input of `orderProcessingWorkflow`, as in Dapr's JavaScript quickstart. */
export interface Order {
  readonly itemName: string;
  readonly totalCost: number;
  readonly quantity: number;
}

export interface OrderResult {
  readonly processed: boolean;
}

const APPROVAL_LIMIT = 5000;
const APPROVAL_TIMEOUT_SECONDS = 30;

/**
 * An order from its receipt to its end: check the stock, have a person approve what costs more than 5,000 (the event
 * `approval_event` with the payload `true`, within 30 seconds), take the payment, take the goods out of stock.
 */
export async function* orderProcessingWorkflow(
  ctx: WorkflowContext,
  order: Order,
): AsyncGenerator<Task, OrderResult, never> {
  const orderId = ctx.getWorkflowInstanceId();
  yield ctx.callActivity(notify, `Received order ${orderId} for ${order.quantity} ${order.itemName}`);

  const inStock: boolean = yield ctx.callActivity(verifyInventory, order);
  if (!inStock) {
    yield ctx.callActivity(notify, `There is not enough ${order.itemName} for order ${orderId}`);
    return { processed: false };
  }

  if (order.totalCost > APPROVAL_LIMIT) {
    ctx.setCustomStatus("waiting for approval");
    yield ctx.callActivity(requestApproval, order);
    const approval = ctx.waitForExternalEvent("approval_event");
    const timeout = ctx.createTimer(APPROVAL_TIMEOUT_SECONDS);
    const first: Task = yield ctx.whenAny([approval, timeout]);
    if (first === timeout || !approval.getResult()) {
      ctx.setCustomStatus(first === timeout ? "approval timed out" : "refused");
      yield ctx.callActivity(notify, `Order ${orderId} was not approved`);
      return { processed: false };
    }
    ctx.setCustomStatus("approved");
  }

  yield ctx.callActivity(processPayment, order);
  const isTaken: boolean = yield ctx.callActivity(updateInventory, order);
  if (!isTaken) {
    yield ctx.callActivity(refundPayment, order);
    yield ctx.callActivity(notify, `Order ${orderId} failed: the stock was sold to somebody else meanwhile`);
    return { processed: false };
  }
  yield ctx.callActivity(notify, `Order ${orderId} is complete`);
  return { processed: true };
}

/** Stands for a message to the customer. */
export function notify(_ctx: WorkflowActivityContext, message: string): void {
  console.log(message);
}

export async function verifyInventory(_ctx: WorkflowActivityContext, order: Order): Promise<boolean> {
  const item = await findItem(order.itemName);
  return item !== undefined && item.quantity >= order.quantity;
}

/** Stands for a task in somebody's list. */
export function requestApproval(ctx: WorkflowActivityContext, order: Order): void {
  console.log(`Order ${ctx.getWorkflowInstanceId()} over ${order.totalCost} needs an approval`);
}

/** Stands for a call to a payment service, which is given `getTaskExecutionId()` so that it charges once. */
export function processPayment(ctx: WorkflowActivityContext, order: Order): void {
  console.log(`Charged ${order.totalCost} under the key ${ctx.getTaskExecutionId()}`);
}

export function refundPayment(ctx: WorkflowActivityContext, order: Order): void {
  console.log(`Refunded ${order.totalCost} under the key ${ctx.getTaskExecutionId()}`);
}

export function updateInventory(ctx: WorkflowActivityContext, order: Order): Promise<boolean> {
  return takeFromStock(order.itemName, order.quantity, ctx.getTaskExecutionId());
}

export function registerOrderProcessing(runtime: WorkflowRuntime): void {
  runtime
    .registerWorkflow(orderProcessingWorkflow)
    .registerActivity(notify)
    .registerActivity(verifyInventory)
    .registerActivity(requestApproval)
    .registerActivity(processPayment)
    .registerActivity(refundPayment)
    .registerActivity(updateInventory);
}
