/** A customer of errand as a stranger writes it: NIP-90 by nostr-tools, paying by Alby's SDK. */
import { type Event, finalizeEvent, generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import { Relay } from 'nostr-tools/relay';
import { NWCClient } from '../../peers/alby.ts';
import { customerSetting, type Stopwatch, serveOrders } from './customer.ts';

/** A job nobody serves has failed, ms: as long as askexperts waits for a wallet and a reply together. */
const PATIENCE_MS = 180_000;

interface OpenJob {
  readonly watch: Stopwatch;
  readonly end: (content: string) => void;
  readonly fail: (error: Error) => void;
}

const { relay: url, wallet, agent, world_s } = customerSetting.parse(JSON.parse(process.argv[2] ?? ''));
const secretKey = generateSecretKey();
const relay = await Relay.connect(url);
const payer = new NWCClient({ nostrWalletConnectUrl: wallet });
const open = new Map<string, OpenJob>();
let jobs = 0;

relay.subscribe([{ kinds: [7000, 6300], '#p': [getPublicKey(secretKey)] }], {
  onevent: take,
  oneose: () => serveOrders(world_s, ask),
});

function ask(query: string, watch: Stopwatch): Promise<string> {
  const tags = [
    ['i', query, 'text'],
    ['p', agent],
    ['job', String(jobs++)],
  ];
  const template = { kind: 5300, created_at: Math.floor(Date.now() / 1_000), tags, content: '' };
  const request = finalizeEvent(template, secretKey);
  return new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error('no answer')), PATIENCE_MS);
    const closed = () => {
      clearTimeout(timer);
      open.delete(request.id);
    };
    const fail = (error: Error) => {
      closed();
      reject(error);
    };
    const end = (content: string) => {
      closed();
      resolve(content);
    };
    open.set(request.id, { watch, end, fail });
    relay.publish(request).catch(fail);
  });
}

function take(event: Event): void {
  const value = (name: string) => event.tags.find((tag) => tag[0] === name);
  const job = open.get(value('e')?.[1] ?? '');
  if (job === undefined) return;
  if (event.kind === 6300) {
    job.watch.reached('running');
    job.end(event.content);
    return;
  }
  const status = value('status')?.[1];
  const bolt11 = value('amount')?.[2];
  if (status === 'processing') job.watch.reached('running');
  else if (status === 'error') job.fail(new Error(JSON.stringify(event.tags)));
  else if (status === 'payment-required' && bolt11 !== undefined) {
    payer.payInvoice({ invoice: bolt11 }).then(
      () => job.watch.reached('paid'),
      // Whether it was paid nobody knows; the service does, and the job goes on when it was.
      (error: unknown) => process.stderr.write(`customer: the wallet: ${String(error)}\n`),
    );
  }
}
