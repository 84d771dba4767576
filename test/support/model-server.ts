/**
 * A scripted OpenAI-compatible server on loopback. The script of each request says what happens on the wire, so
 * that tests can make a provider behave, misbehave and die at chosen points.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { loopbackServer } from './http-server.ts';

/** One thing the server does, in order. */
export type Step =
  /** A chunk with a piece of the answer. */
  | { readonly say: string }
  /** The chunk that ends the answer. */
  | { readonly finish: string }
  /** The chunk with the token counts, which OpenAI sends after the last choice. */
  | { readonly usage: readonly [prompt: number, completion: number] }
  /** Bytes as they are. */
  | { readonly raw: string }
  /** Waits until the test lets it go on, or for ever. */
  | { readonly hold: Promise<void> }
  /** Cuts the connection. */
  | { readonly cut: true };

export type Script =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  | readonly Step[];

/** What the server was asked. */
export interface AskedModel {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: { readonly [name: string]: unknown };
}

export interface ModelServer {
  /** For MODEL_BASE_URL. */
  readonly baseUrl: string;
  readonly asked: AskedModel[];
  /** Requests whose other side went away before the answer was over. */
  readonly hungUp: number;
  /** Resolves when the next client hangs up. */
  nextHangUp(): Promise<void>;
  /** What the following requests get, one script each; the last one stays. */
  script(...scripts: Script[]): void;
  /** From now on each request gets what is chosen for it, until the next `script`. */
  scriptBy(choose: (asked: AskedModel) => Script): void;
  close(): Promise<void>;
}

/** An answer in pieces, ended as a well-behaved provider ends it. */
export function answer(...pieces: string[]): Script {
  return [
    ...pieces.map((say) => ({ say })),
    { finish: 'stop' },
    { usage: [7, pieces.length] },
    { raw: 'data: [DONE]\n\n' },
  ];
}

/** Starts the server. */
export async function modelServer(): Promise<ModelServer> {
  let scripts: Script[] = [answer('ok')];
  let choose: ((asked: AskedModel) => Script) | null = null;
  const asked: AskedModel[] = [];
  let hungUp = 0;
  let hangUp = Promise.withResolvers<void>();

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await readJson(request);
    const question = { path: request.url ?? '', authorization: request.headers.authorization, body };
    asked.push(question);
    const script = choose?.(question) ?? (scripts.length > 1 ? scripts.shift() : scripts[0]) ?? [];
    response.on('close', () => {
      if (response.writableFinished) return;
      hungUp++;
      hangUp.resolve();
      hangUp = Promise.withResolvers();
    });
    await play(script, response);
  };
  const server = await loopbackServer((request, response) => {
    serve(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  });
  return {
    baseUrl: `${server.origin}/v1`,
    asked,
    get hungUp() {
      return hungUp;
    },
    nextHangUp: () => hangUp.promise,
    script(...next) {
      scripts = next;
      choose = null;
    },
    scriptBy(by) {
      choose = by;
    },
    close: () => server.close(),
  };
}

async function play(script: Script, response: ServerResponse): Promise<void> {
  if (!isSteps(script)) {
    response.writeHead(script.status, { 'content-type': 'application/json', ...script.headers });
    response.end(JSON.stringify(script.body ?? {}));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  for (const step of script) {
    if (response.destroyed) return;
    if ('hold' in step) await Promise.race([step.hold, once(response, 'close')]);
    else if ('cut' in step) {
      response.destroy();
      return;
    } else if (!response.write(wire(step)))
      await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
  response.end();
}

function isSteps(script: Script): script is readonly Step[] {
  return Array.isArray(script);
}

function wire(step: Exclude<Step, { hold: unknown } | { cut: unknown }>): string {
  if ('raw' in step) return step.raw;
  const chunk = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'scripted' };
  if ('say' in step)
    return event({ ...chunk, choices: [{ index: 0, delta: { content: step.say }, finish_reason: null }] });
  if ('finish' in step)
    return event({ ...chunk, choices: [{ index: 0, delta: {}, finish_reason: step.finish }] });
  const [prompt_tokens, completion_tokens] = step.usage;
  return event({
    ...chunk,
    choices: [],
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  });
}

function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

async function readJson(request: IncomingMessage): Promise<{ readonly [name: string]: unknown }> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const value: unknown = JSON.parse(text);
  return Object.fromEntries(Object.entries(typeof value === 'object' && value !== null ? value : {}));
}
