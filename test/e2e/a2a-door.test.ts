/**
 * Goal: agents that speak A2A hire ours: the official client runs unchanged, in version 1.0 and 0.3 of the protocol.
 * Method: the started service, a scripted model, development money. Does not prove: gRPC and REST, which are not served.
 */
import type { Message, StreamResponse, Task } from '@a2a-js/sdk';
import { Role, TaskState } from '@a2a-js/sdk';
import { type Client, ClientFactory } from '@a2a-js/sdk/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { NWCClient } from '../peers/alby.ts';
import { answer, type ModelServer, modelServer } from '../support/model-server.ts';
import { type Service, startService } from '../support/service.ts';

let service: Service;
let model: ModelServer;
let payer: NWCClient;
let market: Client;

beforeAll(async () => {
  model = await modelServer();
  service = await startService({ env: { MODEL_BASE_URL: model.baseUrl, MODEL: 'small' } });
  payer = new NWCClient({ nostrWalletConnectUrl: service.dev.customer.nwc ?? '' });
  market = await new ClientFactory().createFromUrl(service.url);
});

afterAll(async () => {
  payer?.close();
  await service?.stop();
  await model?.close();
});

let messages = 0;
const message = (text: string, more: Partial<Message> = {}): Message => ({
  messageId: `m${++messages}`,
  contextId: '',
  taskId: '',
  role: Role.ROLE_USER,
  parts: [
    { content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: 'text/plain' },
  ],
  metadata: undefined,
  extensions: [],
  referenceTaskIds: [],
  ...more,
});
const request = (one: Message, returnImmediately = false) => ({
  tenant: '',
  message: one,
  configuration: { acceptedOutputModes: [], taskPushNotificationConfig: undefined, returnImmediately },
  metadata: undefined,
});
const send = async (one: Message, returnImmediately = false, client = market): Promise<Task> => {
  const result = await client.sendMessage(request(one, returnImmediately));
  if (!('status' in result)) throw new Error('a message instead of a task');
  return result;
};
const task = (id: string) => ({ tenant: '', id, metadata: undefined });
const textOf = ({ artifacts }: Task) =>
  artifacts.map(({ parts }) => parts.map(({ content }) => content?.value).join('')).join('');
const paymentOf = ({ status }: Task) => {
  const data = status?.message?.parts.flatMap(({ content }) =>
    content?.$case === 'data' ? [content.value] : [],
  );
  return z.object({ payment: z.object({ bolt11: z.string(), amount_sats: z.number() }) }).parse(data?.[0])
    .payment;
};

describe('the official client', () => {
  test('reads the card of the market and of an agent, and sends a message', async () => {
    const card = await market.getAgentCard();
    expect(card.skills.map(({ id }) => id).sort()).toEqual(service.dev.agents.map(({ slug }) => slug).sort());
    const done = await send(message('kestrel', { metadata: { skill: 'discover' } }));
    expect(done).toMatchObject({
      status: { state: TaskState.TASK_STATE_COMPLETED },
      metadata: { agent: 'discover' },
    });
    expect(textOf(done)).toBe('[]');

    const discover = await new ClientFactory().createFromUrl(service.url, 'agents/discover/agent-card.json');
    expect(textOf(await send(message('kestrel'), false, discover))).toBe('[]');
    await expect(send(message('x', { metadata: { skill: 'nobody' } }))).rejects.toThrow(/skill/);
  });

  test('streams an answer as it is written, and goes on in the same context', async () => {
    model.script(answer('one ', 'two'));
    const heard: StreamResponse[] = [];
    for await (const one of market.sendMessageStream(request(message('count')))) heard.push(one);
    const [first] = heard;
    const started = first?.payload?.$case === 'task' ? first.payload.value : undefined;
    expect(started?.metadata).toEqual({ agent: 'chat' });
    const pieces = heard.flatMap(({ payload }) =>
      payload?.$case === 'artifactUpdate' ? [payload.value] : [],
    );
    expect(pieces.map(({ artifact }) => artifact?.parts[0]?.content?.value).join('')).toBe('one two');
    const states = heard.flatMap(({ payload }) =>
      payload?.$case === 'statusUpdate' ? [payload.value.status?.state] : [],
    );
    expect(states.at(-1)).toBe(TaskState.TASK_STATE_COMPLETED);

    model.script(answer('three'));
    const next = await send(message('go on', { contextId: started?.contextId ?? '' }));
    expect(next.contextId).toBe(started?.contextId);
    const known = z
      .object({ messages: z.array(z.object({ content: z.string() })) })
      .parse(model.asked.at(-1)?.body);
    expect(known.messages.map(({ content }) => content)).toEqual(
      expect.arrayContaining(['count', 'one two', 'go on']),
    );
  });

  test('a task is looked at, subscribed to again, and called off', async () => {
    const held = Promise.withResolvers<void>();
    model.script([{ say: 'slow' }, { hold: held.promise }, { finish: 'stop' }, { raw: 'data: [DONE]\n\n' }]);
    const { id, contextId } = await send(message('slowly'), true);
    const stream = market.resubscribeTask(task(id));
    const first = await stream.next();
    expect(first.value?.payload?.$case).toBe('task');
    held.resolve();
    let last: StreamResponse | undefined;
    for await (const one of stream) last = one;
    expect(last?.payload).toMatchObject({ value: { status: { state: TaskState.TASK_STATE_COMPLETED } } });
    expect(await market.getTask(task(id))).toMatchObject({
      id,
      contextId,
      status: { state: TaskState.TASK_STATE_COMPLETED },
    });
    await expect(market.cancelTask(task(id))).rejects.toThrow(/over/);

    const never = Promise.withResolvers<void>();
    model.script([{ hold: never.promise }]);
    const other = await send(message('never'), true);
    expect((await market.cancelTask(task(other.id))).status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    never.resolve();
    const [job] = id.split('.');
    await expect(market.getTask(task(`${job}.${'0'.repeat(32)}`))).rejects.toThrow(/NOT_FOUND/);
  });

  test('priced work needs a cap, waits with an invoice, and goes on when that is paid', async () => {
    const skill = 'discover-prepaid';
    await expect(send(message('kestrel', { metadata: { skill } }))).rejects.toThrow(/max_sats/);
    const asked = await send(message('kestrel', { metadata: { skill, max_sats: 21 } }));
    expect(asked.status?.state).toBe(TaskState.TASK_STATE_INPUT_REQUIRED);
    const { bolt11, amount_sats } = paymentOf(asked);
    expect(amount_sats).toBe(21);
    // Who says that it will be paid hears how the same task goes on.
    const { id, contextId } = asked;
    const stream = market.sendMessageStream(request(message('I pay', { taskId: id, contextId })));
    await stream.next();
    await payer.payInvoice({ invoice: bolt11 });
    let last: StreamResponse | undefined;
    for await (const one of stream) last = one;
    expect(last?.payload).toMatchObject({
      value: { taskId: id, status: { state: TaskState.TASK_STATE_COMPLETED } },
    });
    expect(await market.getTask(task(id))).toMatchObject({ metadata: { cost_sats: 21 } });
  });
});

test('version 0.3 of the protocol: message/send, tasks/get and message/stream', async () => {
  const call = async (method: string, params: object) =>
    await fetch(`${service.url}/a2a`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
  const said = {
    message: {
      kind: 'message',
      messageId: 'm',
      role: 'user',
      parts: [{ kind: 'text', text: 'kestrel' }],
      metadata: { skill: 'discover' },
    },
  };
  const sent = z
    .object({
      result: z.object({ kind: z.literal('task'), id: z.string(), status: z.object({ state: z.string() }) }),
    })
    .parse(await (await call('message/send', { ...said, configuration: { blocking: true } })).json()).result;
  expect(sent.status.state).toBe('completed');
  expect(await (await call('tasks/get', { id: sent.id })).json()).toMatchObject({ result: { id: sent.id } });
  const streamed = await (await call('message/stream', said)).text();
  expect(streamed).toContain('"state":"completed"');
});
