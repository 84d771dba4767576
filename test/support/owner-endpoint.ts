/** An endpoint of an owner on loopback: a model, and a webhook that checks its signatures as Standard Webhooks has it. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Event, verifyEvent } from 'nostr-tools/pure';
import { loopbackServer } from './http-server.ts';

/** What the webhook was sent, once its signatures were found good. */
export interface HookedJob {
  readonly id: string;
  readonly agent: string;
  readonly body: {
    readonly type: string;
    readonly data: { readonly job: string; readonly messages: { readonly content: string }[] };
  };
}

export interface OwnerEndpoint {
  readonly origin: string;
  readonly hooked: HookedJob[];
  /** `Authorization` headers of questions to the model. */
  readonly keys: (string | undefined)[];
  /** What is done instead of answering; null to answer. */
  misbehave: ((request: IncomingMessage, response: ServerResponse) => void) | null;
  /** Answers wait for it. */
  gate: Promise<void>;
  close(): Promise<void>;
}

/** @param secret of the webhook, `whsec_…` */
export async function startOwnerEndpoint(secret: string): Promise<OwnerEndpoint> {
  const hooked: HookedJob[] = [];
  const keys: (string | undefined)[] = [];
  const server = await loopbackServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      response.statusCode = 400;
      response.end(String(error));
    });
  });
  const endpoint: OwnerEndpoint = {
    origin: server.origin,
    hooked,
    keys,
    misbehave: null,
    gate: Promise.resolve(),
    close: () => server.close(),
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    await endpoint.gate;
    if (endpoint.misbehave !== null) return endpoint.misbehave(request, response);
    if (request.url === '/v1/models') return json(response, { data: [] });
    if (request.url === '/v1/chat/completions') return model(request, response, body);
    if (request.url === '/hook') return hook(request, response, body);
    response.statusCode = 404;
    response.end();
  }

  function model(request: IncomingMessage, response: ServerResponse, body: string): void {
    keys.push(request.headers.authorization);
    const { messages } = JSON.parse(body);
    const chunks = ['The model says: ', String(messages.at(-1).content)];
    response.setHeader('content-type', 'text/event-stream');
    for (const content of chunks) send(response, { choices: [{ index: 0, delta: { content } }] });
    send(response, { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    send(response, { choices: [], usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 } });
    response.end('data: [DONE]\n\n');
  }

  function hook(request: IncomingMessage, response: ServerResponse, body: string): void {
    const id = String(request.headers['webhook-id']);
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const signed = `${id}.${request.headers['webhook-timestamp']}.${body}`;
    const good = Buffer.from(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    const given = Buffer.from(String(request.headers['webhook-signature']));
    if (good.length !== given.length || !timingSafeEqual(good, given)) throw new Error('bad signature');
    const token: Event = JSON.parse(
      Buffer.from(String(request.headers.authorization).slice('Nostr '.length), 'base64').toString(),
    );
    if (!verifyEvent(token)) throw new Error('bad token');
    const parsed = JSON.parse(body);
    if (parsed.type === 'ping') {
      json(response, {});
      return;
    }
    hooked.push({ id, agent: token.pubkey, body: parsed });
    response.setHeader('content-type', 'text/event-stream');
    send(response, { type: 'progress', done: 1, total: 2, note: 'half way' });
    send(response, { type: 'delta', text: 'The hook says: ' });
    send(response, { type: 'delta', text: parsed.data.messages.at(-1).content });
    send(response, { type: 'result' });
    response.end();
  }
  return endpoint;
}

function send(response: ServerResponse, value: object): void {
  response.write(`data: ${JSON.stringify(value)}\n\n`);
}

function json(response: ServerResponse, value: object): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}
