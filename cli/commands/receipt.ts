/** `errand receipt verify`: judges again, on this machine, what a verdict event says was judged. */
import { readFileSync } from 'node:fs';
import { findRequest, heardOf, jobOf } from '../../src/client/follow.ts';
import { decodeEventId } from '../../src/client/naming.ts';
import { parseEvent, tagValue, type VerifiedEvent, verifyEvent } from '../../src/nostr/event.ts';
import { DEFAULT_AGENT_KINDS } from '../../src/nostr/kinds.ts';
import { parseJson } from '../../src/protocol/json.ts';
import { recheck } from '../../src/protocol/recheck.ts';
import { type EnginesMissing, openEngines } from '../engines.ts';
import { Ended, EXIT, UsageError } from '../exit.ts';
import { KEY_FLAGS, OUTPUT_FLAGS, PLACE_FLAGS } from '../settings.ts';
import type { CommandSpec } from '../spec.ts';
import type { World } from '../world.ts';

export const receiptVerify: CommandSpec = {
  name: 'receipt verify',
  summary: 'judges again what a verdict says was judged',
  usage: 'EVENT | JOB',
  arguments: [1, 1],
  about: `Takes a verdict (kind 7002): a file with the event, its JSON, - for standard input, or the id of the job or of the verdict, which is then asked for at the relays. It checks the signature and who signed, opens the check with what was revealed, runs the answer again in the same engines, and compares every receipt. A verdict of an encrypted job is opened with your key.`,
  flags: {
    kind: { value: 'N', about: `the kind of verdicts (default ${DEFAULT_AGENT_KINDS.verdict})` },
    ...KEY_FLAGS,
    ...PLACE_FLAGS,
    ...OUTPUT_FLAGS,
  },
  examples: [['errand receipt verify 5f0c…', 'was this job really judged like that?']],
  codes: [
    [EXIT.done, 'everything comes out the same'],
    [EXIT.failed, 'something does not, or somebody else signed it'],
  ],
  async run({ flags, args: [source = ''], world }) {
    const kind = flags.whole('kind') ?? DEFAULT_AGENT_KINDS.verdict;
    const event = await eventOf(source, kind, world);
    if (event.kind !== kind)
      throw new UsageError(`this event is of kind ${event.kind}; verdicts are of kind ${kind}`);
    const signer = await world.marketplace();
    if (signer !== null && signer !== event.pubkey)
      throw new Ended(EXIT.failed, `signed by ${event.pubkey}, and not by the marketplace ${signer}`);
    const content = await contentOf(event, world);
    const engines = await openEngines();
    if ('missing' in engines) throw new Ended(EXIT.unreachable, wordsOn(engines));
    const found = await recheck(content, engines.executor, new AbortController().signal);
    const by = `signed by ${event.pubkey}${signer === null ? '' : ', the marketplace'}`;
    world.screen.line({ type: 'receipt', found, signed_by: event.pubkey, is_marketplace: signer !== null });
    switch (found.type) {
      case 'unusable':
        throw new Ended(EXIT.failed, `cannot be judged again: ${found.reason}`);
      case 'different':
        throw new Ended(
          EXIT.failed,
          `does NOT come out the same:\n  ${found.differences.join('\n  ')}\n${by}`,
        );
      case 'same': {
        const { verdict, receipts } = found.content;
        const runs = receipts.map(({ executor, fuel }) => `  ${executor}: ${fuel} units of fuel\n`).join('');
        world.screen.result(`comes out the same: ${verdict}\n${runs}${by}\n`);
        return EXIT.done;
      }
    }
  },
};

function wordsOn({ missing }: EnginesMissing): string {
  return `the signature is right, but there are no engines here to judge it again (${missing}): run this in a clone of errand`;
}

async function eventOf(source: string, kind: number, world: World): Promise<VerifiedEvent> {
  const id = decodeEventId(source);
  if (id !== null) return await verdictOn(id.id, kind, world, id.relays);
  const json =
    source === '-' ? await world.input() : source.trimStart().startsWith('{') ? source : read(source);
  const event = parseEvent(parseJson(json.trim()));
  if (typeof event === 'string') throw new UsageError(`this is no event: ${event}`);
  const verified = verifyEvent(event);
  if (typeof verified === 'string')
    throw new Ended(EXIT.failed, `this event is not what was signed: ${verified}`);
  return verified;
}

/** The verdict by its own id, or the newest on the job of that id. */
async function verdictOn(
  id: string,
  kind: number,
  world: World,
  hints: readonly string[],
): Promise<VerifiedEvent> {
  const relays = await world.relays(hints);
  const events = await relays.query([{ ids: [id] }, { kinds: [kind], '#e': [id] }]);
  const verdicts = events.filter((event) => event.kind === kind);
  const [newest] = verdicts.sort((a, b) => b.created_at - a.created_at);
  if (newest !== undefined) return newest;
  throw new UsageError(`no verdict on ${id} at ${relays.urls.join(', ')}`);
}

/** What it says; of an encrypted one what the client's key opens. */
async function contentOf(event: VerifiedEvent, world: World): Promise<string> {
  if (!event.tags.some(([name]) => name === 'encrypted')) return event.content;
  const job = tagValue(event, 'e');
  if (job === undefined || world.settings.key === null)
    throw new UsageError('this verdict is encrypted: it is opened with the key of who asked for the job');
  const request = await findRequest(await world.relays(), job);
  const heard = await heardOf(event, jobOf(request, event.pubkey), await world.signer());
  if (heard.said === null) throw new UsageError('this verdict is encrypted to somebody else');
  return heard.said.content;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
