/** `errand doctor`: looks at everything a job needs, and says what to do about what is wrong. */
import { nip19 } from 'nostr-tools';
import * as z from 'zod';
import { agentsIn, type FoundAgent } from '../../src/client/agents.ts';
import { fetchCard } from '../../src/client/card.ts';
import { ClientRelays } from '../../src/client/relays.ts';
import { HTTP_AUTH_WINDOW_S } from '../../src/limits.ts';
import { DEFAULT_AGENT_KINDS, KIND } from '../../src/nostr/kinds.ts';
import { formatSats } from '../../src/payment/msats.ts';
import { EXIT, endOf } from '../exit.ts';
import { KEY_FLAGS, OUTPUT_FLAGS, PLACE_FLAGS, WALLET_FLAGS } from '../settings.ts';
import type { CommandSpec } from '../spec.ts';
import { relayInformation, type World } from '../world.ts';

const RELAY_TIMEOUT_MS = 8_000;
/** A clock that is off by more than this is told; by more than the window of NIP-98, nothing signed is taken, s. */
const CLOCK_WARN_S = 10;
const CARDS_CHECKED = 3;

/** `ok`, worth knowing, or in the way. */
type Grade = 'ok' | 'warn' | 'fail';

interface Finding {
  readonly about: string;
  readonly grade: Grade;
  readonly found: string;
  /** What to do; empty where nothing has to be done. */
  readonly advice: string;
}

export const doctor: CommandSpec = {
  name: 'doctor',
  summary: 'checks key, clock, relays, wallet and marketplace, and says what to do',
  usage: '',
  arguments: [0, 0],
  about: `Looks at everything a job needs: the key and its file, the clock against the servers', each relay, the wallet and what it may do, the marketplace and its parts, and whether agents' cards are what they signed. Changes nothing, pays nothing, and prints no secret.`,
  flags: {
    'nwc-file': WALLET_FLAGS['nwc-file'],
    ...KEY_FLAGS,
    ...PLACE_FLAGS,
    ...OUTPUT_FLAGS,
  },
  examples: [['errand doctor', 'before you ask somebody']],
  codes: [
    [EXIT.done, 'a job can be posted'],
    [EXIT.failed, 'something is in the way'],
  ],
  async run({ world }) {
    const findings = [
      node(),
      await looked('key', () => key(world)),
      ...(await each('relays', () => relays(world))),
      await looked('wallet', () => wallet(world)),
      ...(await each('marketplace', () => marketplace(world))),
    ];
    for (const finding of findings) {
      world.screen.line({ type: 'finding', ...finding });
      const { about, grade, found, advice } = finding;
      world.screen.result(`${MARK[grade]} ${about}: ${found}${advice === '' ? '' : `\n     -> ${advice}`}`);
    }
    return findings.some(({ grade }) => grade === 'fail') ? EXIT.failed : EXIT.done;
  },
};

const MARK = { ok: 'ok  ', warn: 'note', fail: 'BAD ' } as const;

const ok = (about: string, found: string): Finding => ({ about, grade: 'ok', found, advice: '' });
const warn = (about: string, found: string, advice: string): Finding => ({
  about,
  grade: 'warn',
  found,
  advice,
});
const fail = (about: string, found: string, advice: string): Finding => ({
  about,
  grade: 'fail',
  found,
  advice,
});

/** A look that cannot be had is a finding too. */
async function each(about: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    const { message } = endOf(error);
    const [found = '', ...advice] = message.split(/: (?=[a-z]+ )|\n/);
    return [fail(about, found, advice.join('; '))];
  }
}

async function looked(about: string, look: () => Promise<Finding>): Promise<Finding> {
  const [finding] = await each(about, async () => [await look()]);
  return finding ?? ok(about, '');
}

function node(): Finding {
  const [major = 0] = process.versions.node.split('.').map(Number);
  return major >= 20
    ? ok('node', process.versions.node)
    : fail('node', process.versions.node, 'errand needs Node 20 or later');
}

async function key(world: World): Promise<Finding> {
  const from = world.settings.key?.from;
  const pubkey = await (await world.signer()).getPublicKey();
  return ok('key', `${nip19.npubEncode(pubkey)}, from ${from}`);
}

async function relays(world: World): Promise<Finding[]> {
  const findings = await Promise.all(world.settings.relays.map((url) => oneRelay(url, world)));
  return findings.flat();
}

async function oneRelay(url: string, world: World): Promise<Finding[]> {
  const about = `relay ${url}`;
  const began_ms = Date.now();
  const relay = new ClientRelays([url], await world.ports());
  try {
    const kinds = [DEFAULT_AGENT_KINDS.card, KIND.handlerInformation];
    const [answer] = await relay.ask([{ kinds, limit: 100 }], RELAY_TIMEOUT_MS);
    if (answer === undefined || !answer.reached)
      return [fail(about, answer?.reason ?? 'no answer', 'is the address right? another one: --relay URL')];
    const took = `answers in ${Date.now() - began_ms} ms`;
    const { software, name } = await relayInformation(url);
    const who = [name, software].filter((word) => typeof word === 'string').join(', ');
    const agents = agentsIn(answer.events);
    const here = `${agents.length} agents announced`;
    return [
      agents.length > 0
        ? ok(about, `${took}, ${here}${who === '' ? '' : ` (${who})`}`)
        : warn(about, `${took}, ${here}`, 'ask for an agent by npub, or use the relay of a marketplace'),
      ...(await cards(agents)),
    ];
  } finally {
    relay.close();
  }
}

/** A card that is not what was signed is worth a warning about its marketplace. */
async function cards(agents: readonly FoundAgent[]): Promise<Finding[]> {
  const some = agents.filter(({ card }) => card !== null).slice(0, CARDS_CHECKED);
  return await Promise.all(
    some.map(async (agent) => {
      const about = `card of ${agent.slug}`;
      const [finding] = await each(about, async () => {
        await fetchCard(agent);
        return [ok(about, 'is what was signed')];
      });
      return finding?.grade === 'fail' ? { ...finding, grade: 'warn' as const } : (finding ?? ok(about, ''));
    }),
  );
}

async function wallet(world: World): Promise<Finding> {
  const { nwc } = world.settings;
  if (nwc === null)
    return warn(
      'wallet',
      'none',
      'to pay for jobs: set ERRAND_NWC to the connection string of your wallet (NWC)',
    );
  const opened = await world.wallet();
  const can = await opened.capabilities();
  if (can.type !== 'ok') {
    const why = can.type === 'failed' ? can.message : can.reason;
    return fail('wallet', why, 'is the wallet running, and its connection string still allowed?');
  }
  const { methods, alias, network } = can.value;
  if (!methods.includes('pay_invoice'))
    return fail('wallet', `may not pay (${methods.join(', ')})`, 'allow pay_invoice for this connection');
  const balance = await opened.balance();
  const holds = balance.type === 'ok' ? `, holds ${formatSats(balance.value)} sats` : '';
  const who = [alias, network].filter((word) => word !== null && word !== '').join(', ');
  return ok('wallet', `may pay${holds}${who === '' ? '' : ` (${who})`}, from ${nwc.from}`);
}

const health = z.looseObject({
  status: z.enum(['ok', 'degraded', 'failing']),
  draining: z.boolean().optional(),
  database: z.string().optional(),
  relay: z.string().optional(),
  links: z.string().optional(),
  wallet: z.string().optional(),
});

async function marketplace(world: World): Promise<Finding[]> {
  const { urlIfNamed } = world.settings;
  if (urlIfNamed === null)
    return [
      warn('marketplace', 'none named', 'only credit, refund, agent, arena and team need one: --url URL'),
    ];
  const about = `marketplace ${urlIfNamed}`;
  // An unhealthy one answers 503 with the same document.
  const response = await world.http().send('/health', {});
  const read = health.safeParse(await response.json().catch(() => null));
  const clock = clockFinding(response.headers.get('date'));
  if (!read.success)
    return [
      fail(about, `answered ${response.status} without its health`, 'is it an errand marketplace?'),
      clock,
    ];
  const { status, draining, ...parts } = read.data;
  const bad = ['database', 'relay', 'links', 'wallet'].flatMap((name) => {
    const word = parts[name];
    return word === 'failing' || word === 'degraded' ? [`${name} ${word}`] : [];
  });
  const state = [status, ...bad, ...(draining === true ? ['takes no new jobs'] : [])].join(', ');
  const advice = ADVICE.filter(([name]) => bad.some((word) => word.startsWith(name))).map(([, what]) => what);
  if (status === 'failing') return [fail(about, state, advice.join('; ') || 'tell its operator'), clock];
  return [
    bad.length > 0 || draining === true ? warn(about, state, advice.join('; ')) : ok(about, state),
    clock,
  ];
}

const ADVICE: readonly (readonly [string, string])[] = [
  ['database', 'its database does not answer: its operator looks at D1'],
  ['relay', 'its own relay does not answer: its operator looks at the logs'],
  ['links', 'some outside relays are out of reach; post to its own relay'],
  ['wallet', 'its wallet does not answer: jobs that are free or paid by credit go on'],
];

/** HTTP says the time by the second. */
function clockFinding(date: string | null): Finding {
  if (date === null || Number.isNaN(Date.parse(date))) return ok('clock', 'nobody said the time');
  const off_s = Math.round((Date.now() - Date.parse(date)) / 1_000);
  const found = Math.abs(off_s) <= 1 ? 'right' : `${Math.abs(off_s)} s ${off_s > 0 ? 'ahead' : 'behind'}`;
  if (Math.abs(off_s) > HTTP_AUTH_WINDOW_S)
    return fail('clock', found, 'set this machine’s clock: signatures of another time are refused');
  return Math.abs(off_s) > CLOCK_WARN_S
    ? warn('clock', found, 'set this machine’s clock')
    : ok('clock', found);
}
