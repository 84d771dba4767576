/** Accounts of the ledger by kind, for whoever looks at all of them: the part of a name before the colon. */

/** Kinds that hold something on the debit side: what the operator has, is owed, or has spent. */
export const DEBIT_KINDS = ['wallet', 'routing', 'hiring', 'owing'] as const;
/** Kinds that hold something on the credit side: what it owes to others, or has earned. */
const CREDIT_KINDS = ['revenue', 'capital', 'credit', 'job', 'payee', 'transit', 'sending'] as const;
export const ACCOUNT_KINDS: readonly string[] = [...DEBIT_KINDS, ...CREDIT_KINDS];

const debit: ReadonlySet<string> = new Set(DEBIT_KINDS);

export function kindOf(account: string): string {
  return account.split(':', 1)[0] ?? account;
}

/** A sum, debit positive, as one says it in words: the wallet *has*, a client *has to its credit*. */
export function inWords(account: string, sum: bigint): bigint {
  return debit.has(kindOf(account)) ? sum : -sum;
}
