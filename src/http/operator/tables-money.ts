/** Money: what stands on the accounts, how the wallet is, who is paid out. */

import { inWords } from '../../payment/account-kinds.ts';
import { toNumber } from '../../payment/msats.ts';
import { currentKindSums } from '../../store/ledger-report.ts';
import type { Row, Table } from './table.ts';

/** Kinds of accounts in words. */
const KINDS: Readonly<Record<string, string>> = {
  wallet: 'What the wallet should hold',
  routing: 'Fees paid on the way',
  hiring: 'Paid to agents of others',
  owing: 'Delivered, not paid yet',
  credit: 'Clients’ credit',
  job: 'Set aside for jobs under way',
  payee: 'Owed to owners',
  transit: 'On its way into owners’ books',
  sending: 'Payments out under way',
  revenue: 'Yours: fees and your own agents',
  capital: 'Yours: put in',
};

export const BALANCES: Table = {
  name: 'balances',
  title: 'Balances',
  about:
    'What stands on all accounts of a kind, as one says it. The comparison with the wallet is a table of its own.',
  columns: {
    account: ['Account', 'text'],
    about: ['What it is', 'text'],
    amount: ['Amount', 'msats'],
  },
  rows: async ({ db }) =>
    Object.entries(await currentKindSums(db)).map(([account, sum]) => ({
      account,
      about: KINDS[account] ?? '',
      amount: Number(inWords(account, BigInt(sum))),
    })),
};

export const WALLET: Table = {
  name: 'wallet',
  title: 'Wallet connection',
  about: 'How the connection to the wallet is. Without a wallet there is no row.',
  columns: {
    watches: ['Payments waited for', 'number'],
    waiting: ['Calls without an answer', 'number'],
    last_answer: ['Last answer', 'time'],
    last_fault: ['Last fault', 'text'],
  },
  async rows(ports) {
    const status = await ports.walletStatus();
    if (status === null) return [];
    const { watches, waiting, lastAnswerAt_ms, lastFault } = status;
    return [{ watches, waiting, last_answer: lastAnswerAt_ms, last_fault: lastFault }];
  },
};

export const OWNERS: Table = {
  name: 'owners',
  title: 'Owners',
  about: 'Everybody who earns by an agent, and what they have earned that was not sent yet.',
  columns: {
    payee: ['Address', 'text'],
    agents: ['Agents', 'text'],
    owed: ['Owed', 'msats'],
  },
  rows: async ({ operator }) =>
    (await operator.owners()).map(({ payee, agents, owed }) => ({
      payee,
      agents: agents.join(', '),
      owed: toNumber(owed),
    })),
};

export const PAYOUTS: Table = {
  name: 'payouts',
  title: 'Payouts',
  about: 'The newest payouts of every owner.',
  columns: {
    payee: ['Address', 'text'],
    state: ['State', 'text'],
    amount: ['Amount', 'msats'],
    opened: ['Begun', 'time'],
    closed: ['Ended', 'time'],
    problem: ['Problem', 'text'],
    id: ['Id', 'text'],
  },
  async rows({ operator }) {
    const rows: Row[] = (await operator.owners()).flatMap(({ payee, payouts }) =>
      payouts.map((one) => ({
        payee,
        state: one.state,
        amount: toNumber(one.amount),
        opened: one.openedAt_ms,
        closed: one.closedAt_ms,
        problem: one.problem,
        id: one.id,
      })),
    );
    return rows.sort((a, b) => Number(b.opened) - Number(a.opened));
  },
};

export const MODELS: Table = {
  name: 'models',
  title: 'Models',
  about: 'What each model used and cost, as far as it is counted (MODEL_PRICES).',
  columns: {
    model: ['Model', 'text'],
    input: ['Input tokens', 'number'],
    output: ['Output tokens', 'number'],
    cost: ['Cost', 'number'],
    currency: ['Currency', 'text'],
  },
  rows: async (ports) =>
    (await ports.modelFigures()).map(({ model, usage, cost }) => ({
      model,
      input: usage.prompt_tokens,
      output: usage.completion_tokens,
      cost: cost?.amount ?? null,
      currency: cost?.currency ?? null,
    })),
};
