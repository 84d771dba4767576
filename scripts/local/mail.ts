/**
 * Mail on this machine: what the Worker sends becomes a file, and what is handed in reaches the Worker's `email()` as
 * Email Routing would bring it. No mail leaves the machine.
 */
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { basename, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Miniflare } from 'miniflare';
import * as z from 'zod';

/** The binding of wrangler.toml that is left out there until a deployment has mail. */
export const MAIL_BINDING = { send_email: [{ name: 'MAIL' }] };

/** How the runtime library says where it has put a mail; it removes the file when it ends. */
const WRITTEN = /send_email binding called[\s\S]*\nEmail: (.+\.eml)\s*$/;

/**
 * Keeps a mail for good that the runtime library tells of, under its time and Message-ID.
 *
 * @param message a line of its log
 * @param folder made when it is missing
 * @returns whether it told of a mail
 */
export function keepSentMail(message: string, folder: string, now_ms: number): boolean {
  const written = WRITTEN.exec(message)?.[1];
  if (written === undefined) return false;
  // They hold addresses that steer runs.
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const name = `${new Date(now_ms).toISOString().replaceAll(':', '')}-${basename(written)}`;
  // A reader never sees half a file.
  const draft = join(folder, `.${name}`);
  copyFileSync(written, draft);
  renameSync(draft, join(folder, name));
  return true;
}

/** What became of a mail that was handed in. */
export const delivered = z.union([
  z.object({ taken: z.literal(true) }),
  /** `temporary`: as if a mail server would try again. */
  z.object({ taken: z.literal(false), reason: z.string(), temporary: z.boolean() }),
]);
export type Delivered = z.infer<typeof delivered>;

const outcome = z.object({ outcome: z.enum(['ok', 'exception']), rejectReason: z.string().optional() });

export interface MailDoor {
  /** Takes `POST <url>?from=<envelope sender>&to=<envelope recipient>` with the raw mail as body. */
  readonly url: string;
  close(): Promise<void>;
}

/** Opens the way in, on a free port of this machine. */
export async function openMailDoor(miniflare: Miniflare, host: string): Promise<MailDoor> {
  const server = createServer((request, response) => {
    handIn(miniflare, request).then(
      (result) => answer(response, 'status' in result ? result.status : 200, result),
      (error: unknown) => answer(response, 500, { error: String(error) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the way in for mail has no port');
  return {
    url: `http://${host}:${address.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handIn(
  miniflare: Miniflare,
  request: IncomingMessage,
): Promise<Delivered | { readonly status: number; readonly error: string }> {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const from = searchParams.get('from');
  const to = searchParams.get('to');
  // A page in a browser names its origin, and has no business here.
  if (request.method !== 'POST' || request.headers.origin !== undefined || from === null || to === null)
    return { status: 400, error: 'POST a mail to ?from=<sender>&to=<recipient>' };
  const query = new URLSearchParams({ format: 'json', from, to });
  const response = await miniflare.dispatchFetch(`http://localhost/cdn-cgi/local/email?${query}`, {
    method: 'POST',
    body: await buffer(request),
  });
  const said = await response.text();
  // What is no mail at all is refused by the runtime library, in words.
  if (response.status === 400) return { taken: false, reason: said, temporary: false };
  const { outcome: how, rejectReason } = outcome.parse(JSON.parse(said));
  if (how === 'exception') return { taken: false, reason: 'the Worker failed: see its log', temporary: true };
  return rejectReason === undefined
    ? { taken: true }
    : { taken: false, reason: rejectReason, temporary: false };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}
