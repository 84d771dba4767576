/**
 * MCP over Nostr: a message comes as a signed event, so whoever asks is known by its key, and the purse is that key's.
 * Each message is answered by a server made for it.
 */
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { KeyPair, Tag, VerifiedEvent } from '../../nostr/event.ts';
import type { RandomBytes } from '../../nostr/random.ts';
import type { CallKey } from '../desk.ts';
import { isTooLarge, type McpLetter, writeLetter } from './nostr-message.ts';
import { INSTRUCTIONS, loadSdk, type McpCaller, mcpServer, type Sdk } from './server.ts';
import type { ToolHouse } from './tool.ts';
import { Toolbox } from './toolbox.ts';

export interface McpNostrOptions {
  readonly house: ToolHouse;
  /** What the server signs with. */
  readonly keys: KeyPair;
  readonly publicUrl: string;
  /** Unix s. */
  now_s(): number;
  readonly random: RandomBytes;
  log(what: string, error: unknown): void;
}

const cancelledShape = z.object({
  method: z.literal('notifications/cancelled'),
  params: z.object({ requestId: z.union([z.string(), z.number()]) }),
});
/** JSON-RPC: a request has an id, a notification has none. */
const requestShape = z.object({ id: z.union([z.string(), z.number()]), method: z.string() });

export class McpNostr {
  readonly #options: McpNostrOptions;
  readonly #toolbox: Toolbox;

  constructor(options: McpNostrOptions) {
    this.#options = options;
    this.#toolbox = new Toolbox(options.house);
  }

  /**
   * Answers a message. Repeat-safe: a job that was posted for it once is the same job again.
   *
   * @param publish brings an event to where the client listens
   */
  async answer(letter: McpLetter, publish: (event: VerifiedEvent) => Promise<void>): Promise<void> {
    const sdk = await loadSdk();
    const { message } = letter;
    const cancelled = cancelledShape.safeParse(message).data;
    if (cancelled !== undefined) return await this.#callOff(letter, cancelled.params.requestId);
    const request = requestShape.safeParse(message).data;
    // Other notifications ask for nothing, and answers to us cannot be: we ask nothing.
    if (request === undefined) return;
    const tags = request.method === 'initialize' ? this.serverTags() : [];
    await this.#serve(sdk, letter, request.id, async (reply) => {
      await publish(this.#written(letter, reply, request.id, tags));
    });
  }

  /** Results of requests of ours to the server, as they are announced. @returns null for one that fails */
  async ask(method: 'initialize' | 'tools/list' | 'resources/list', params: object): Promise<unknown> {
    const sdk = await loadSdk();
    const { keys } = this.#options;
    const message = { jsonrpc: '2.0', id: 1, method, params };
    const letter: McpLetter = { client: keys.publicKey, id: '', message, wrapKind: null };
    const replies: JSONRPCMessage[] = [];
    await this.#serve(sdk, letter, 1, async (reply) => void replies.push(reply));
    const [reply] = replies;
    return reply !== undefined && 'result' in reply ? reply.result : null;
  }

  /** What a server tells of itself in tags (CEP-6). */
  serverTags(): Tag[] {
    const { publicUrl } = this.#options;
    return [
      ['name', 'errand'],
      ['about', INSTRUCTIONS],
      ['website', publicUrl],
    ];
  }

  async #serve(
    sdk: Sdk,
    letter: McpLetter,
    requestId: string | number,
    send: (reply: JSONRPCMessage) => Promise<void>,
  ): Promise<void> {
    const { house } = this.#options;
    const server = mcpServer(sdk, house, this.#toolbox, this.#caller(letter));
    const transport = new EventTransport(requestId, send);
    await server.connect(transport);
    transport.onmessage?.(sdk.parseJSONRPCMessage(letter.message));
    try {
      await transport.answered;
    } finally {
      await server.close();
    }
  }

  #caller({ client, id }: McpLetter): McpCaller {
    return {
      purse: this.#options.house.desk.callers.nostr(client),
      keyOf: (requestId) => ({ ...keyOf(requestId), call: id }),
      // The queue waits for the answer, and nothing goes on behind it.
      background: () => undefined,
      // A key has its limits at each agent, like every client's.
      admit: () => undefined,
      outputSchemas: false,
    };
  }

  async #callOff(letter: McpLetter, requestId: string | number): Promise<void> {
    const { desk } = this.#options.house;
    const purse = desk.callers.nostr(letter.client);
    const jobId = await desk.door.recall(purse, keyOf(requestId).name);
    if (jobId !== null) await desk.door.cancel(purse, jobId);
  }

  #written(
    letter: McpLetter,
    reply: JSONRPCMessage,
    id: string | number,
    tags: readonly Tag[],
  ): VerifiedEvent {
    const { keys, now_s, random, publicUrl } = this.#options;
    const fits = !isTooLarge(reply);
    if (!fits) this.#options.log('an MCP answer is too large for an event', id);
    const message = fits
      ? reply
      : {
          jsonrpc: '2.0',
          id,
          error: {
            code: -32_000,
            message: `The answer is too large for an event: ask ${publicUrl}/mcp for it`,
          },
        };
    return writeLetter(letter, message, keys, { now_s: now_s(), random, tags });
  }
}

/** Clients count their requests anew whenever they start, so the newest of a number is meant. */
function keyOf(requestId: string | number): CallKey {
  return { name: `mcp nostr ${JSON.stringify(requestId)}` };
}

/** A connection that is one request long. */
class EventTransport implements Transport {
  onmessage?: (message: JSONRPCMessage) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  readonly #send: (message: JSONRPCMessage) => Promise<void>;
  readonly #requestId: string | number;
  readonly #answered = Promise.withResolvers<void>();

  constructor(requestId: string | number, send: (message: JSONRPCMessage) => Promise<void>) {
    this.#requestId = requestId;
    this.#send = send;
  }

  /** Resolves when the request is answered; rejects when the answer could not be sent. */
  get answered(): Promise<void> {
    return this.#answered.promise;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const last = 'id' in message && message.id === this.#requestId && !('method' in message);
    try {
      await this.#send(message);
    } catch (error) {
      if (last) this.#answered.reject(error);
      throw error;
    }
    if (last) this.#answered.resolve();
  }

  close(): Promise<void> {
    this.onclose?.();
    return Promise.resolve();
  }
}
