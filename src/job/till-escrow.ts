/** The escrow of a job: locked before it starts, taken before its result leaves, given back otherwise. */
import {
  advanceEscrow,
  type Escrow,
  type EscrowEffect,
  type EscrowInput,
  openEscrow,
} from '../payment/escrow.ts';
import type { Step } from '../payment/machine.ts';
import { type Msats, toNumber } from '../payment/msats.ts';
import { toPlain } from '../payment/wallet-json.ts';
import type { PaymentDemand } from '../protocol/model.ts';
import type { Live } from './live.ts';
import { escrowOf, withEscrow } from './money.ts';
import type { Driven, Meaning, MoneyNews } from './money-driver.ts';
import type { MoneyPorts } from './ports.ts';
import { bindingOf, purposeOf } from './till-bill.ts';
import { waitsForMoney } from './till-books.ts';
import { type Job, MONEY } from './types.ts';

/** Codes by which a wallet says that asking again is of no use: it cannot hold payments, or holds as many as it may. */
const FOR_GOOD: ReadonlySet<string> = new Set(['NOT_IMPLEMENTED', 'RESTRICTED', 'REFUSED']);

/** An escrow over `amount` for a job. Its preimage is made here, and stored sealed before the invoice is ordered. */
export function openJobEscrow(
  job: Job,
  amount: Msats,
  money: Pick<MoneyPorts, 'newSecret'>,
  now_ms: number,
): Step<Escrow, EscrowEffect> {
  return openEscrow({ id: job.id, amount, ...money.newSecret() }, now_ms);
}

export function drivenEscrow(
  money: MoneyPorts,
  fault: (point: string, about: string) => Promise<void>,
  /** The money moved, or will never come by this way: the till goes on. */
  moved: (live: Live) => void,
  log: (what: string, jobId: string, error: unknown) => void,
): Driven<Escrow, EscrowInput, EscrowEffect> {
  const hashOf = (live: Live): Escrow => {
    const escrow = live.record.money === null ? null : escrowOf(live.record.money);
    if (escrow === null) throw new Error('an effect of an escrow came without one');
    return escrow;
  };
  const look = async (live: Live): Promise<EscrowInput | null> => {
    const { paymentHash } = hashOf(live);
    const [found, node] = await Promise.all([
      money.wallet.lookup(paymentHash, 'incoming'),
      money.wallet.capabilities(),
    ]);
    await fault('K5', live.record.job.id);
    if (found.type !== 'ok') return null;
    return {
      type: 'seen',
      transaction: found.value,
      height: node.type === 'ok' ? node.value.blockHeight : null,
    };
  };
  return {
    name: 'escrow',
    stateOf: escrowOf,
    withState: withEscrow,
    advance: advanceEscrow,
    meaning,
    async perform(live, effect) {
      const { job } = live.record;
      switch (effect.type) {
        case 'make': {
          const own = await money.bind(effect.order.paymentHash, bindingOf(job.id));
          if (!own) return { type: 'unmade' };
          const answer = await money.wallet.makeHold({ ...effect.order, purpose: purposeOf(job) });
          await fault('K3', job.id);
          if (answer.type === 'ok') return { type: 'issued', invoice: answer.value };
          return answer.type === 'failed' ? { type: 'unmade', forGood: FOR_GOOD.has(answer.code) } : null;
        }
        case 'look':
          return await look(live);
        case 'settle': {
          const answer = await money.wallet.settleHold(money.openSecret(hashOf(live).sealedPreimage));
          await fault('K11', job.id);
          // Whatever it says, only a look tells what became of it.
          return answer.type === 'ok' ? await look(live) : null;
        }
        case 'cancel': {
          const answer = await money.wallet.cancelHold(hashOf(live).paymentHash);
          await fault('K11', job.id);
          return answer.type === 'ok' ? { type: 'cancelAnswered' } : null;
        }
        case 'offer':
          await money.watch(hashOf(live).paymentHash, job.id, effect.expiresAt_s);
          return null;
        case 'alert':
          log('an escrow is in trouble', job.id, new Error(effect.code));
          return null;
        case 'settled':
        case 'released':
        case 'lapsed':
          moved(live);
          return null;
        case 'held':
        case 'late':
          return null;
      }
    },
  };
}

function meaning(live: Live, effect: EscrowEffect, state: Escrow, before: Meaning): Meaning {
  switch (effect.type) {
    case 'offer': {
      const demand: PaymentDemand = {
        amount_msats: toNumber(state.amount),
        bolt11: effect.bolt11,
        paymentHash: state.paymentHash,
        expiresAt_s: effect.expiresAt_s,
        escrow: true,
      };
      return live.record.job.phase === 'waiting'
        ? { ...before, reports: [{ type: 'paymentRequired', demand }] }
        : before;
    }
    case 'held':
      return { ...before, news: { type: 'ready', key: MONEY } };
    case 'settled':
      return { ...before, money: { ...before.money, paid: toPlain(effect.payment) } };
    case 'released':
      // A wallet that makes no hold invoice may make an ordinary one: the same promise, kept by refund.
      return state.bolt11 === null
        ? { ...before, money: { ...before.money, way: 'prepaid' } }
        : { ...before, news: unpaid(live) };
    case 'lapsed':
      return { ...before, news: unpaid(live) };
    default:
      return before;
  }
}

/** What an escrow that ended without money means for a job that was to be paid by it, and has not ended. */
function unpaid(live: Live): MoneyNews | null {
  if (waitsForMoney(live)) return { type: 'lapse' };
  // It was paid for in another way meanwhile.
  if (live.record.money?.way !== 'escrow' || live.record.money.reserved) return null;
  const message = 'The money for this job had to be given back before it was done';
  return { type: 'defunded', failure: { code: 'TIMEOUT', message } };
}
