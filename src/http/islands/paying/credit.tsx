/** @jsxImportSource preact */
/** The credit of who signs: what was paid before and not used pays first, without any invoice. */
import { useState } from 'preact/hooks';
import { priceText } from '../../pages/format.ts';
import { wordsOf } from '../lib/words.ts';
import type { Identity } from '../signing/identity.ts';
import type { AccountView } from './account.ts';

export function CreditLine({ identity }: { readonly identity: Identity }) {
  const [account, setAccount] = useState<AccountView | null>(null);
  const [said, say] = useState<string | null>(null);
  const ask = async () => {
    say('Asking …');
    try {
      const { readAccount } = await import('./account.ts');
      setAccount(await readAccount(identity));
      say(null);
    } catch (error) {
      say(wordsOf(error));
    }
  };
  if (account !== null)
    return (
      <p class="small">
        Your credit: <strong>{account.credit_msats === 0 ? 'none' : priceText(account.credit_msats)}</strong>
        {account.owing_msats > 0 ? `; you owe ${priceText(account.owing_msats)}` : ''}. It pays first, without
        an invoice.
      </p>
    );
  return (
    <p class="small row">
      <button type="button" onClick={ask}>
        Show my credit
      </button>
      <span class="soft" role="status">
        {said ?? 'Credit pays first. To see it takes a signature.'}
      </span>
    </p>
  );
}
