/** `errand ledger check`: whether books and wallet agree, for people and for cron jobs. */
import type { z } from 'zod';
import { LedgerReport } from '../../src/http/schemas-operator.ts';
import { LEDGER_CHECK_GRACE_S } from '../../src/limits.ts';
import { formatSats, msats } from '../../src/payment/msats.ts';
import { fail, readOptions } from '../local/options.ts';
import type { Command } from './command.ts';
import { ACCESS_OPTIONS, ACCESS_USAGE, accessOf, askAsOperator, UNABLE, Unable } from './marketplace.ts';

/** A long list is read page by page while this waits, ms. */
const TIMEOUT_MS = 300_000;

const USAGE = `npm run errand -- ledger check [options]

  Compares the books with the wallet's own list of payments and prints each difference. Changes nothing.
  Ends with 0 when they agree, 1 when they do not, 2 when they could not be compared.

${ACCESS_USAGE}  --grace S         what moved less than this many seconds ago is not held against anybody (default ${LEDGER_CHECK_GRACE_S})
`;

type Report = z.infer<typeof LedgerReport>;

export const ledgerCheck: Command = {
  summary: "compares the books with the wallet's own list of payments",
  async run(args) {
    const options = readOptions(
      { args: [...args], options: { ...ACCESS_OPTIONS, grace: { type: 'string' } } },
      USAGE,
      UNABLE,
    );
    if (options === undefined) return;
    const { grace, ...access } = options.values;
    try {
      const query = grace === undefined ? '' : `?grace_s=${encodeURIComponent(grace)}`;
      const answer = await askAsOperator(
        accessOf(access, process.env),
        `/operator/ledger${query}`,
        TIMEOUT_MS,
      );
      const report = LedgerReport.safeParse(answer);
      if (!report.success)
        throw new Unable('the marketplace answered with another report: which version is it?');
      print(report.data);
    } catch (error) {
      if (!(error instanceof Unable)) throw error;
      fail(error.message, UNABLE);
    }
  },
};

/** The result on stdout; what is worth knowing beside it on stderr. */
function print({ differences, pending, notes, complete, payments, wallet_balance_msats }: Report): void {
  for (const note of notes) process.stderr.write(`note: ${lineOf(note)}\n`);
  for (const young of pending) process.stderr.write(`not yet: ${lineOf(young)}\n`);
  if (!complete)
    process.stderr.write('only the newest payments were compared: there are more than one check reads\n');
  for (const difference of differences) process.stdout.write(`${lineOf(difference)}\n`);
  if (differences.length > 0) {
    process.exitCode = 1;
    return;
  }
  const holds =
    wallet_balance_msats === null
      ? 'does not say what it holds'
      : `${formatSats(msats(wallet_balance_msats))} sats`;
  process.stdout.write(`ledger and wallet agree: ${payments} payments, wallet ${holds}\n`);
}

function lineOf({
  code,
  payment_hash,
  about,
  text,
}: Report['differences'][number] | Report['notes'][number]): string {
  return `${code} ${payment_hash ?? about ?? 'ledger'}: ${text}`;
}
