/** `errand watch`, `reply`, `cancel` and `pay`: what is done with a job that was posted. */
import { findRequest, jobOf, readJob } from '../../src/client/follow.ts';
import { decodeEventId } from '../../src/client/naming.ts';
import type { ClientRelays } from '../../src/client/relays.ts';
import { signDraft } from '../../src/client/request.ts';
import { cancellation, wordsTo } from '../../src/client/words.ts';
import type { VerifiedEvent } from '../../src/nostr/event.ts';
import { Ended, EXIT, UsageError } from '../exit.ts';
import { followJob, tell } from '../job.ts';
import { KEY_FLAGS, OUTPUT_FLAGS, PLACE_FLAGS, WALLET_FLAGS } from '../settings.ts';
import type { Call, CommandSpec } from '../spec.ts';
import type { World } from '../world.ts';

/** How long a wallet is waited for, ms: what is locked is answered when the job has ended. */
const LOCKED_MS = 10_000;
const USUAL_TIMEOUT_S = 3_600;

export const watch: CommandSpec = {
  name: 'watch',
  summary: 'follows a job to its end',
  usage: 'JOB',
  arguments: [1, 1],
  about: `Shows what was said of a job and what comes until its end, and prints the result. JOB is the id of its request, in hex or as note or nevent. With your key it reads what was encrypted to you; with --max-sats it pays what is asked for.`,
  flags: {
    timeout: { value: 'SECONDS', about: `how long to wait for the end (default ${USUAL_TIMEOUT_S})` },
    escrow: { about: 'pay only what is locked until the job is done' },
    ...WALLET_FLAGS,
    ...KEY_FLAGS,
    ...PLACE_FLAGS,
    ...OUTPUT_FLAGS,
  },
  examples: [['errand watch 5f0c…', 'follow a job that was posted by errand post --detach']],
  async run({ flags, args, world }) {
    const { request, relays } = await jobNamed(args, world);
    const signer = world.settings.key === null ? null : await world.signer();
    const cap = flags.sats('max-sats');
    const timeout_ms = flags.milliseconds('timeout') ?? USUAL_TIMEOUT_S * 1_000;
    const purse = cap === undefined ? null : await world.purse(cap);
    const checked = request.tags.some(([name]) => name === 'contract' || name === 'encrypted');
    return await followJob(world, {
      request,
      relays,
      signer,
      purse,
      escrow: flags.on('escrow'),
      checked,
      timeout_ms,
    });
  },
};

export const reply: CommandSpec = {
  name: 'reply',
  summary: 'says something to the team that works on a job',
  usage: 'JOB TEXT…',
  arguments: [2, Number.POSITIVE_INFINITY],
  about: `Hands words to a running team: plain words become a directive, "@writer …" one for a role, and finish, pause, resume, cancel, "budget: 5000 sats" and "cadence: daily" are orders (docs/teams.md has all of them). They go into the session of the job, encrypted as it is; a job without a session gets a comment, which everybody can read.`,
  flags: { ...KEY_FLAGS, ...PLACE_FLAGS, ...OUTPUT_FLAGS },
  examples: [
    ['errand reply 5f0c… "Shorter, and say what it eats."', 'a directive for everybody'],
    ['errand reply 5f0c… finish', 'end with what there is'],
  ],
  async run({ args: [job = '', ...words], world }) {
    const { request, relays } = await jobNamed([job], world);
    const signer = await world.signer();
    if ((await signer.getPublicKey()) !== request.pubkey)
      throw new UsageError('this job is somebody else’s: a team hears only who asked');
    const view = await readJob(jobOf(request, null), relays, signer);
    if (view.agent === null)
      throw new UsageError('nobody has taken this job yet, so there is nobody to hear it');
    const now_s = Math.floor(Date.now() / 1_000);
    const event = await signDraft(wordsTo(request, view.agent, words.join(' '), relays.urls, now_s), signer);
    return await said(world, relays, event, 'said');
  },
};

export const cancel: CommandSpec = {
  name: 'cancel',
  summary: 'calls a job off, or erases it when it has ended',
  usage: 'JOB',
  arguments: [1, 1],
  about: `Deletes the request (NIP-09). A job that has not ended is called off: what is locked or was not used comes back. Of one that has ended, prompt and output are erased; amounts stay in the books.`,
  flags: {
    reason: { value: 'TEXT', about: 'why, for whoever reads it' },
    ...KEY_FLAGS,
    ...PLACE_FLAGS,
    ...OUTPUT_FLAGS,
  },
  examples: [['errand cancel 5f0c…', 'never mind']],
  async run({ flags, args, world }) {
    const { request, relays } = await jobNamed(args, world);
    const signer = await world.signer();
    if ((await signer.getPublicKey()) !== request.pubkey)
      throw new UsageError('this job is somebody else’s: only who asked can call it off');
    const template = cancellation(request, flags.text('reason') ?? '', Math.floor(Date.now() / 1_000));
    return await said(world, relays, await signer.signEvent(template), 'called off');
  },
};

export const pay: CommandSpec = {
  name: 'pay',
  summary: 'pays what a job asks for',
  usage: 'JOB',
  arguments: [1, 1],
  about: `Pays the invoice of a job that waits for its money, or of a result that is still to be paid, from your wallet. Nothing is paid twice: a wallet pays one invoice once.`,
  flags: { ...WALLET_FLAGS, ...KEY_FLAGS, ...PLACE_FLAGS, ...OUTPUT_FLAGS },
  examples: [['errand pay 5f0c… --max-sats 21', 'pay what a job posted earlier asks for']],
  async run({ flags, args, world }) {
    const cap = flags.sats('max-sats');
    if (cap === undefined) throw new UsageError('say how much it may be at the most: --max-sats SATS');
    const { request, relays } = await jobNamed(args, world);
    const signer = world.settings.key === null ? null : await world.signer();
    const { phase, demand, due } = await readJob(jobOf(request, null), relays, signer);
    const invoice = phase === 'payment' ? demand?.invoice : due;
    if (invoice == null) throw new Ended(EXIT.failed, `nothing is to be paid: the job is ${phase}`);
    const purse = await world.purse(cap);
    const said_msats = phase === 'payment' ? (demand?.amount_msats ?? null) : null;
    const late = new Promise<null>((resolve) => setTimeout(resolve, LOCKED_MS, null).unref());
    const payment = await Promise.race([purse.pay(invoice, said_msats), late]);
    if (payment === null) {
      world.screen.note('locked, or still on its way: the wallet answers when the job has ended');
      return EXIT.done;
    }
    tell(world, payment, invoice);
    if (payment.type === 'paid') return EXIT.done;
    if (payment.type === 'unknown') return EXIT.timeout;
    throw new Ended(EXIT.unpaid, `not paid: ${payment.reason}`);
  },
};

/** The request of the job that is named. @throws UsageError, ClientError NOT_FOUND, RELAY */
export async function jobNamed(
  [name = '']: Call['args'],
  world: World,
): Promise<{ readonly request: VerifiedEvent; readonly relays: ClientRelays }> {
  const named = decodeEventId(name);
  if (named === null)
    throw new UsageError(
      `${name} is no job: name one by the id of its request, 64 hex characters, note or nevent`,
    );
  const relays = await world.relays(named.relays);
  return { request: await findRequest(relays, named.id), relays };
}

async function said(world: World, relays: ClientRelays, event: VerifiedEvent, what: string): Promise<number> {
  const { taken, refused } = await relays.publish(event);
  world.screen.line({ type: 'published', event, relays: taken });
  for (const { relay, reason } of refused) world.screen.note(`${relay} did not take it: ${reason}`);
  world.screen.note(`${what}, at ${taken.join(', ')}`);
  return EXIT.done;
}
