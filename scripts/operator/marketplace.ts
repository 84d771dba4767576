/** A marketplace as its operator reaches it: where it is, and the key that proves who asks (NIP-98). */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { nip19 } from 'nostr-tools';
import { Problem } from '../../src/http/schemas.ts';
import { signEvent } from '../../src/nostr/event.ts';
import { fromHex, isHex32 } from '../../src/nostr/hex.ts';
import { KIND } from '../../src/nostr/kinds.ts';
import { DEFAULT_HOME, homeAt, readDevFile } from '../local/state.ts';

/** Exit code of a command that could not do its work; 1 is an answer. */
export const UNABLE = 2;

/** The command cannot go on; the message says why, and never holds a key. */
export class Unable extends Error {
  override readonly name = 'Unable';
}

/** Options every command takes, for `parseArgs`. */
export const ACCESS_OPTIONS = {
  url: { type: 'string' },
  'key-file': { type: 'string' },
  'persist-to': { type: 'string', default: DEFAULT_HOME },
} as const;

export const ACCESS_USAGE = `  --url URL         the marketplace (default: ERRAND_URL, else the one npm start runs here)
  --key-file FILE   the operator's secret key, hex or nsec (default: ERRAND_OPERATOR_KEY, else the one in dev.json)
  --persist-to DIR  where npm start keeps its dev.json (default .errand)
`;

export interface Access {
  /** Without a trailing slash. */
  readonly url: string;
  readonly secretKey: Uint8Array;
}

/** Where to ask and as whom: by options, else by environment, else what runs here. @throws Unable */
export function accessOf(
  options: { readonly url?: string; readonly 'key-file'?: string; readonly 'persist-to': string },
  env: NodeJS.ProcessEnv,
): Access {
  const dev = readDevFile(homeAt(options['persist-to']));
  const url = options.url ?? env.ERRAND_URL ?? dev?.url;
  if (url === undefined)
    throw new Unable('nothing is running here: npm start, or name a marketplace with --url');
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Unable(`${url} is no http(s) URL`);
  const file = options['key-file'];
  const key = file === undefined ? (env.ERRAND_OPERATOR_KEY ?? dev?.operator.secret_key) : readKey(file);
  if (key === undefined) throw new Unable("the operator's key is missing: name its file with --key-file");
  const secretKey = parseKey(key.trim());
  if (secretKey === undefined) throw new Unable("the operator's key must be 64 hex characters, or an nsec");
  return { url: url.replace(/\/+$/, ''), secretKey };
}

/**
 * Asks as the operator.
 *
 * @param path with its query
 * @returns the JSON of the answer
 * @throws Unable when it cannot be reached, or answers with an error
 */
export async function askAsOperator(access: Access, path: string, timeout_ms: number): Promise<unknown> {
  const url = `${access.url}${path}`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      headers: { authorization: tokenFor(url, access.secretKey) },
      // A token is for this URL only.
      redirect: 'error',
      signal: AbortSignal.timeout(timeout_ms),
    });
    text = await response.text();
  } catch (error) {
    throw new Unable(`${access.url} cannot be asked: ${reasonOf(error)}`, { cause: error });
  }
  const body = parseJson(text);
  if (response.ok && body !== undefined) return body;
  const problem = Problem.safeParse(body);
  throw new Unable(
    problem.success
      ? `${problem.data.code}: ${problem.data.detail}`
      : `${access.url} answered ${response.status} without saying more: is it an errand marketplace?`,
  );
}

function tokenFor(url: string, secretKey: Uint8Array): string {
  const event = signEvent(
    {
      kind: KIND.httpAuth,
      created_at: Math.floor(Date.now() / 1000),
      tags: [
        ['u', url],
        ['method', 'GET'],
        // A token counts once, so two in one second have to differ.
        ['nonce', randomUUID()],
      ],
      content: '',
    },
    secretKey,
  );
  return `Nostr ${Buffer.from(JSON.stringify(event)).toString('base64')}`;
}

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Unable(`${file} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

function parseKey(text: string): Uint8Array | undefined {
  if (!text.startsWith('nsec1')) return isHex32(text) ? fromHex(text) : undefined;
  try {
    const decoded = nip19.decode(text);
    return decoded.type === 'nsec' ? decoded.data : undefined;
  } catch {
    // Whatever is wrong with it, it is no key, and the message must not quote it.
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** `fetch` hides what happened in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
