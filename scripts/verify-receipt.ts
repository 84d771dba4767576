/** `npm run verify-receipt`: judges again what a verdict event says was judged, on this machine. */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Filter } from 'nostr-tools/filter';
import { Relay } from 'nostr-tools/relay';
import { parseEvent, type VerifiedEvent, verifyEvent } from '../src/nostr/event.ts';
import { isHex32 } from '../src/nostr/hex.ts';
import { DEFAULT_AGENT_KINDS } from '../src/nostr/kinds.ts';
import { parseJson } from '../src/protocol/json.ts';
import { recheck } from '../src/protocol/recheck.ts';
import { sandboxExecutor } from '../src/sandbox/executor.ts';
import { fail, readOptions } from './local/options.ts';
import { DEFAULT_HOME, homeAt, readDevFile } from './local/state.ts';
import { nodeSandbox } from './sandbox/engines.ts';

const USAGE = `npm run verify-receipt -- <event>

  <event>            a file with the verdict event, the event's JSON, - for standard input, or the id of the job or of the
                     verdict, which is then asked for at the relay
  --relay URL        where to ask (default: the marketplace started here)
  --marketplace KEY  the public key that has to have signed it, hex: \`self\` of the relay's information document (NIP-11)
  --kind N           the kind of verdicts (default ${DEFAULT_AGENT_KINDS.verdict})

  Exits with 0 when everything comes out the same, 1 when something does not.
`;
/** How long a relay may take, ms. */
const RELAY_TIMEOUT_MS = 10_000;

const options = readOptions(
  {
    allowPositionals: true,
    options: {
      relay: { type: 'string' },
      marketplace: { type: 'string' },
      kind: { type: 'string', default: String(DEFAULT_AGENT_KINDS.verdict) },
      'persist-to': { type: 'string', default: DEFAULT_HOME },
    },
  },
  USAGE,
);

type Values = NonNullable<typeof options>['values'];

if (options !== undefined) {
  try {
    await main(options.values, options.positionals);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    fail(error.message);
  }
  // The engines leave something behind that would keep this process alive.
  process.exit();
}

async function main(values: Values, [source, ...more]: readonly string[]): Promise<void> {
  if (source === undefined || more.length > 0) throw new RangeError(`which event?\n\n${USAGE.trimEnd()}`);
  const event = await eventOf(source, values);
  if (event.kind !== Number(values.kind))
    throw new RangeError(`this event is of kind ${event.kind}; verdicts are of kind ${values.kind}`);
  const signer = values.marketplace ?? (await marketplaceAt(values));
  if (signer !== null && signer !== event.pubkey)
    return fail(`signed by ${event.pubkey}, and not by the marketplace ${signer}`);
  if (event.tags.some(([name]) => name === 'encrypted'))
    throw new RangeError('this verdict is encrypted: hand in the event with its content decrypted');
  const found = await recheck(
    event.content,
    sandboxExecutor(await nodeSandbox()),
    new AbortController().signal,
  );
  const by = `signed by ${event.pubkey}${signer === null ? '' : ', the marketplace'}`;
  switch (found.type) {
    case 'unusable':
      return fail(`cannot be judged again: ${found.reason}`);
    case 'different':
      return fail(`does NOT come out the same:\n  ${found.differences.join('\n  ')}\n${by}`);
    case 'same': {
      const { verdict, receipts } = found.content;
      const runs = receipts.map(({ executor, fuel }) => `  ${executor}: ${fuel} units of fuel\n`).join('');
      process.stdout.write(`comes out the same: ${verdict}\n${runs}${by}\n`);
    }
  }
}

async function eventOf(source: string, values: Values): Promise<VerifiedEvent> {
  const id: unknown = source;
  if (isHex32(id)) return await askedFor(id, values);
  const json =
    source === '-' ? await text(process.stdin) : source.trimStart().startsWith('{') ? source : read(source);
  const event = parseEvent(parseJson(json.trim()));
  if (typeof event === 'string') throw new RangeError(`this is no event: ${event}`);
  return verified(event);
}

function verified(event: Parameters<typeof verifyEvent>[0]): VerifiedEvent {
  const found = verifyEvent(event);
  if (typeof found === 'string') throw new RangeError(`this event is not what was signed: ${found}`);
  return found;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new RangeError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** The verdict by its own id, or the newest on the job of that id. @throws RangeError */
async function askedFor(id: string, values: Values): Promise<VerifiedEvent> {
  const url = values.relay ?? readDevFile(homeAt(values['persist-to']))?.relay;
  if (url === undefined) throw new RangeError('no marketplace is running here: name a relay with --relay');
  const kinds = [Number(values.kind)];
  const relay = await Relay.connect(url);
  try {
    const events = await stored(relay, [{ ids: [id] }, { kinds, '#e': [id] }]);
    const newest = events
      .filter(({ kind }) => kinds.includes(kind))
      .sort((a, b) => b.created_at - a.created_at)[0];
    const event = newest === undefined ? 'there is none' : parseEvent(newest);
    if (typeof event === 'string') throw new RangeError(`no verdict on ${id} at ${url}`);
    return verified(event);
  } finally {
    relay.close();
  }
}

type Stored = Parameters<NonNullable<Parameters<Relay['subscribe']>[1]['onevent']>>[0];

function stored(relay: Relay, filters: Filter[]): Promise<Stored[]> {
  return new Promise((resolve, reject) => {
    const events: Stored[] = [];
    const timer = setTimeout(() => reject(new RangeError('the relay does not answer')), RELAY_TIMEOUT_MS);
    const subscription = relay.subscribe(filters, {
      onevent: (event) => events.push(event),
      oneose() {
        clearTimeout(timer);
        subscription.close();
        resolve(events);
      },
    });
  });
}

/** The key the relay's information document names; null where there is no relay to ask. */
async function marketplaceAt(values: Values): Promise<string | null> {
  const url = values.relay ?? readDevFile(homeAt(values['persist-to']))?.relay;
  if (url === undefined) return null;
  try {
    const response = await fetch(url.replace(/^ws/, 'http'), {
      headers: { accept: 'application/nostr+json' },
    });
    const document: unknown = await response.json();
    const self = typeof document === 'object' && document !== null ? Reflect.get(document, 'self') : null;
    return isHex32(self) ? self : null;
  } catch (error) {
    process.stderr.write(`the relay says nothing of its key: ${String(error)}\n`);
    return null;
  }
}
