/**
 * A2A over HTTP: JSON-RPC of version 1.0, and of 0.3 (`message/send`, `tasks/get`) for clients that name no version. What
 * a method does is in handler.ts; what it looks like on the wire is the official SDK's.
 */
import { parseJson } from '../../protocol/json.ts';
import { type A2aDoor, a2aHandler } from './handler.ts';
import { loadA2a } from './sdk.ts';

export type A2aRequest = Omit<A2aDoor, 'sdk'>;

const VERSION_HEADER = 'A2A-Version';
const LEGACY_VERSION = '0.3';
const LATEST_VERSION = '1.0';
const PARSE_ERROR = { code: -32_700, message: 'The body is no JSON' };

/** Answers one POST. @param log told of what went wrong on our side */
export async function answerA2a(
  request: Request,
  door: A2aRequest,
  log: (what: string, error: unknown) => void,
): Promise<Response> {
  const sdk = await loadA2a();
  const body = parseJson(await request.text());
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return json({ error: PARSE_ERROR, id: null }, 400);
  const version = request.headers.get(VERSION_HEADER) ?? LEGACY_VERSION;
  const handler = a2aHandler({ ...door, sdk });
  const { JsonRpcTransportHandler, ServerCallContext } = sdk.server;
  const { LegacyJsonRpcTransportHandler } = sdk.legacy;
  const legacy = version === LEGACY_VERSION;
  const context = new ServerCallContext({ requestedVersion: version });
  const failed = (error: unknown) =>
    legacy
      ? LegacyJsonRpcTransportHandler.mapToLegacyJSONRPCError(error)
      : JsonRpcTransportHandler.mapToJSONRPCError(error);
  const id = 'id' in body && (typeof body.id === 'string' || typeof body.id === 'number') ? body.id : null;
  if (!legacy && version !== LATEST_VERSION)
    return json({
      id,
      error: failed(new sdk.errors.VersionNotSupportedError(`Version ${version} is not spoken here`)),
    });
  try {
    const transport = legacy
      ? new LegacyJsonRpcTransportHandler(handler)
      : new JsonRpcTransportHandler(handler);
    const answer = await transport.handle({ ...body }, context);
    if (!(Symbol.asyncIterator in answer)) return json(answer);
    const first = await answer.next();
    return stream(first, answer, (error) => ({ jsonrpc: '2.0', id, error: failed(error) }), log);
  } catch (error) {
    return json({ id, error: failed(error) });
  }
}

function json(answer: object, status = 200): Response {
  return Response.json({ jsonrpc: '2.0', ...answer }, { status });
}

/** Answers as server-sent events. Who stops reading stops the following, and not the job. */
function stream(
  first: IteratorResult<unknown>,
  rest: AsyncGenerator<unknown, void>,
  failed: (error: unknown) => object,
  log: (what: string, error: unknown) => void,
): Response {
  const encoder = new TextEncoder();
  const frame = (data: unknown, event = '') => encoder.encode(`${event}data: ${JSON.stringify(data)}\n\n`);
  let next: IteratorResult<unknown> | null = first;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = next ?? (await rest.next());
        next = null;
        if (done === true) controller.close();
        else controller.enqueue(frame(value));
      } catch (error) {
        log('an A2A stream broke off', error);
        controller.enqueue(frame(failed(error), 'event: error\n'));
        controller.close();
      }
    },
    async cancel() {
      await rest.return();
    },
  });
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
  });
}
