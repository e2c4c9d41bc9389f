// Written for @dapr/dapr: an order that looks into a state store, pays, and takes goods out of stock.
import {
  CommunicationProtocolEnum,
  DaprClient,
  DaprWorkflowClient,
  type WorkflowActivityContext,
  type WorkflowContext,
  WorkflowRuntime,
} from "@dapr/dapr";

const STORE = "statestore";
const daprHost = "127.0.0.1";
const daprPort = "50001";

interface Item {
  name: string;
  cost: number;
  quantity: number;
}
interface Order {
  item: string;
  amount: number;
}

const daprClient = new DaprClient({ daprHost, daprPort, communicationProtocol: CommunicationProtocolEnum.GRPC });
export const client = new DaprWorkflowClient({ daprHost, daprPort });
export const notes: string[] = [];

export async function fillStock(items: Item[]): Promise<unknown> {
  return daprClient.state.save(
    STORE,
    items.map((item) => ({ key: item.name, value: item })),
  );
}
export async function stockOf(name: string): Promise<number> {
  const item: any = await daprClient.state.get(STORE, name);
  return item === "" ? 0 : item.quantity;
}

const tellAboutOrder = async (_: WorkflowActivityContext, text: string) => {
  notes.push(text);
};
const reserve = async (_: WorkflowActivityContext, order: Order) => {
  const item: any = await daprClient.state.get(STORE, order.item);
  return item !== "" && item.quantity >= order.amount;
};
const pay = async (_: WorkflowActivityContext, order: Order) => {
  notes.push(`paid for ${order.amount} ${order.item}`);
};
const takeOut = async (_: WorkflowActivityContext, order: Order) => {
  const item: any = await daprClient.state.get(STORE, order.item);
  const left = { ...item, quantity: item.quantity - order.amount };
  await daprClient.state.transaction(STORE, [{ operation: "upsert", request: { key: order.item, value: left } }]);
  return left.quantity;
};

export const shopOrder = async function* (ctx: WorkflowContext, order: Order): any {
  const id = ctx.getWorkflowInstanceId();
  yield ctx.callActivity(tellAboutOrder, `got ${id}`);
  const isThere = yield ctx.callActivity(reserve, order);
  if (!isThere) {
    yield ctx.callActivity(tellAboutOrder, `no ${order.item} left`);
    return { processed: false };
  }
  if (order.amount > 10) {
    const approval = ctx.waitForExternalEvent("approve_order");
    const winner = yield ctx.whenAny([approval, ctx.createTimer(60)]);
    if (winner !== approval) return { processed: false };
    yield ctx.callActivity(tellAboutOrder, `approved by ${approval.getResult().by}`);
  }
  yield ctx.callActivity(pay, order);
  const left = yield ctx.callActivity(takeOut, order);
  return { processed: true, left };
};

const runtime = new WorkflowRuntime({ daprHost, daprPort, daprApiToken: "ignored here", grpcOptions: {} });
runtime
  .registerWorkflow(shopOrder)
  .registerActivity(tellAboutOrder)
  .registerActivity(reserve)
  .registerActivity(pay)
  .registerActivity(takeOut);
void runtime.start();
