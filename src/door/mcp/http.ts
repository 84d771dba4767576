/**
 * MCP over streamable HTTP, revision 2026-07-28, which keeps nothing between requests; clients of the 2025 revisions are
 * served without a standing session as well. What those call a session here is the secret of a guest: by it, jobs and
 * cancellations of the same client are told from those of others, and nobody has to keep anything.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports
 */
import * as z from 'zod';
import { HTTP_MAX_BODY_BYTES, MCP_KEEP_ALIVE_MS } from '../../limits.ts';
import { parseJson } from '../../protocol/json.ts';
import { isGuestSecret } from '../caller.ts';
import type { CallKey } from '../desk.ts';
import type { Purse } from '../purse.ts';
import { loadSdk, type McpCaller, mcpServer, type Sdk } from './server.ts';
import type { ToolHouse } from './tool.ts';
import { Toolbox } from './toolbox.ts';

export interface McpHttpOptions {
  readonly house: ToolHouse;
  /** Base URL of this deployment, whose host is the only one that may be asked for. */
  readonly publicUrl: string;
  /** Goes on with work when whoever asked is gone. */
  background(work: Promise<void>): void;
  /** What went wrong on our side. */
  log(what: string, error: unknown): void;
}

/** Header of the 2025 revisions that carries what is a guest's secret here. */
export const SESSION_HEADER = 'Mcp-Session-Id';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** The two messages that are looked at before the SDK has them. */
const lookedAt = z.union([
  z.object({ method: z.literal('initialize') }),
  z.object({
    method: z.literal('notifications/cancelled'),
    params: z.object({ requestId: z.union([z.string(), z.number()]) }),
  }),
]);

export class McpHttp {
  readonly #options: McpHttpOptions;
  readonly #toolbox: Toolbox;

  constructor(options: McpHttpOptions) {
    this.#options = options;
    this.#toolbox = new Toolbox(options.house);
  }

  /**
   * Answers one POST.
   *
   * @param known who asks, where it has proved it
   * @param admit asked before a job is posted
   */
  async answer(request: Request, known: Purse | null, admit: () => void): Promise<Response> {
    const sdk = await loadSdk();
    const strange = this.#strange(sdk, request);
    if (strange !== undefined) return strange;
    const text = await request.text();
    const message = lookedAt.safeParse(parseJson(text)).data;
    const session = sessionOf(request);
    const caller = this.#caller(known, session, admit);
    if (message?.method === 'notifications/cancelled') await this.#callOff(caller, message.params.requestId);
    const { house, log } = this.#options;
    const handler = sdk.createMcpHandler(() => mcpServer(sdk, house, this.#toolbox, caller), {
      keepAliveMs: MCP_KEEP_ALIVE_MS,
      maxRequestBodySize: HTTP_MAX_BODY_BYTES,
      onerror: (error) => log('an MCP request failed', error),
    });
    const response = await handler.fetch(
      new Request(request.url, {
        method: 'POST',
        headers: request.headers,
        body: text,
        signal: request.signal,
      }),
    );
    return message?.method === 'initialize' && response.ok ? this.#withSession(response) : response;
  }

  /** Names of hosts that a page of somebody else's could not have made a browser ask for (DNS rebinding). */
  #strange(sdk: Sdk, request: Request): Response | undefined {
    const own = new URL(this.#options.publicUrl).hostname;
    const local = LOOPBACK.includes(own);
    const hosts = local ? [own, ...LOOPBACK] : [own];
    const refused = sdk.hostHeaderValidationResponse(request, hosts);
    // Deployed, any page may ask, as it may any other path here: nothing is known by a cookie or by where one stands.
    return refused ?? (local ? sdk.originValidationResponse(request, hosts) : undefined);
  }

  #caller(known: Purse | null, session: string | null, admit: () => void): McpCaller {
    const purse = known ?? this.#options.house.desk.callers.guest(session ?? undefined);
    return {
      purse,
      keyOf: (requestId) => (session === null ? null : keyOf(session, requestId)),
      background: (work) => this.#options.background(work),
      admit,
      outputSchemas: true,
    };
  }

  /** Of the 2025 revisions: the call that is called off may be under way in another isolate, and its job is found by its key. */
  async #callOff({ purse, keyOf: key }: McpCaller, requestId: string | number): Promise<void> {
    const { door } = this.#options.house.desk;
    const name = key(requestId);
    const jobId = name === null ? null : await door.recall(purse, name.name);
    if (jobId !== null) await door.cancel(purse, jobId);
  }

  #withSession(response: Response): Response {
    const headers = new Headers(response.headers);
    headers.set(SESSION_HEADER, this.#options.house.desk.callers.newSecret());
    return new Response(response.body, { status: response.status, headers });
  }
}

function sessionOf({ headers }: Request): string | null {
  const session = headers.get(SESSION_HEADER);
  return session !== null && isGuestSecret(session) ? session : null;
}

function keyOf(session: string, requestId: string | number): CallKey {
  return { name: `mcp ${session} ${JSON.stringify(requestId)}` };
}
