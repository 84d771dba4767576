/** `errand ledger check`: whether books and wallet agree, for operators and their cron jobs. */
import * as z from 'zod';
import { ClientError } from '../../src/client/failure.ts';
import { keySigner } from '../../src/client/signer.ts';
import { LEDGER_CHECK_GRACE_S } from '../../src/limits.ts';
import { Ended, EXIT, UsageError } from '../exit.ts';
import { satsOf } from '../job-screen.ts';
import { parseKey } from '../keys.ts';
import { OUTPUT_FLAGS, PLACE_FLAGS } from '../settings.ts';
import type { CommandSpec } from '../spec.ts';
import type { World } from '../world.ts';

/** A long list is read page by page while this waits, ms. */
const TIMEOUT_MS = 300_000;
/** 1 is an answer, so what could not be compared is 2, whatever the reason. */
const UNABLE = 2;

const finding = z.looseObject({
  code: z.string(),
  payment_hash: z.string().nullable(),
  about: z.string().nullable(),
  text: z.string(),
});
const report = z.looseObject({
  complete: z.boolean(),
  payments: z.number(),
  wallet_balance_msats: z.number().nullable(),
  differences: z.array(finding),
  pending: z.array(finding),
  notes: z.array(finding),
});

export const ledgerCheck: CommandSpec = {
  name: 'ledger check',
  summary: "compares the books with the wallet's own list of payments",
  usage: '',
  arguments: [0, 0],
  about: `Compares the books of a marketplace with its wallet's own list of payments and prints each difference. Changes nothing. It is for the operator, whose key signs: --key-file or ERRAND_OPERATOR_KEY, else the one of the marketplace that runs here.`,
  flags: {
    grace: {
      value: 'SECONDS',
      about: `what moved less than so long ago is not held against anybody (default ${LEDGER_CHECK_GRACE_S})`,
    },
    url: PLACE_FLAGS.url,
    'key-file': {
      value: 'FILE',
      about: "the operator's secret key, hex or nsec (ERRAND_OPERATOR_KEY)",
      file: true,
    },
    'persist-to': PLACE_FLAGS['persist-to'],
    config: PLACE_FLAGS.config,
    ...OUTPUT_FLAGS,
  },
  examples: [['errand ledger check --url https://errand.example --key-file operator.key', 'from a cron job']],
  codes: [
    [EXIT.done, 'they agree'],
    [EXIT.failed, 'they do not'],
    [UNABLE, 'they could not be compared'],
  ],
  async run({ flags, world }) {
    const grace = flags.text('grace');
    const query = grace === undefined ? '' : `?grace_s=${encodeURIComponent(grace)}`;
    const http = world.http();
    const key = world.settings.operatorKey;
    if (key === null) throw new UsageError("the operator's key is missing: name its file with --key-file");
    try {
      const found = await http.ask(report, `/operator/ledger${query}`, {
        signer: keySigner(parseKey(key)),
        timeout_ms: TIMEOUT_MS,
      });
      world.screen.line({ type: 'ledger', ...found });
      return print(world, found);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      throw new Ended(UNABLE, error.message);
    }
  },
};

/** The result on stdout; what is worth knowing beside it on stderr. */
function print({ screen }: World, found: z.output<typeof report>): number {
  const { differences, pending, notes, complete, payments, wallet_balance_msats } = found;
  for (const note of notes) screen.note(`note: ${lineOf(note)}`);
  for (const young of pending) screen.note(`not yet: ${lineOf(young)}`);
  if (!complete) screen.note('only the newest payments were compared: there are more than one check reads');
  for (const difference of differences) screen.result(lineOf(difference));
  if (differences.length > 0) return EXIT.failed;
  const holds =
    wallet_balance_msats === null ? 'does not say what it holds' : `${satsOf(wallet_balance_msats)} sats`;
  screen.result(`ledger and wallet agree: ${payments} payments, wallet ${holds}`);
  return EXIT.done;
}

function lineOf({ code, payment_hash, about, text }: z.output<typeof finding>): string {
  return `${code} ${payment_hash ?? about ?? 'ledger'}: ${text}`;
}
