/** @jsxImportSource preact */
/** The books held against the wallet, when the operator asks for it: it reads both as a whole. */
import { useState } from 'preact/hooks';
import { priceText } from '../../pages/format.ts';
import { wordsOf } from '../lib/words.ts';
import type { LedgerView, OperatorDesk } from './desk.ts';

export function Ledger({ desk }: { readonly desk: OperatorDesk }) {
  const [report, setReport] = useState<LedgerView | null>(null);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const compare = async () => {
    setBusy(true);
    setWrong(null);
    try {
      setReport(await desk.ledger());
    } catch (error) {
      setWrong(wordsOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <article class="panel" aria-labelledby="compare">
      <div class="row spread">
        <h3 id="compare">Wallet against ledger</h3>
        <button type="button" disabled={busy} onClick={() => void compare()}>
          {busy ? 'Comparing …' : 'Compare'}
        </button>
      </div>
      <div role="status">
        {wrong === null ? null : <p class="notice bad">{wrong}</p>}
        {report === null ? (
          <p class="small soft">
            Each payment of the wallet and each line of the books that moved it, and where they differ.
          </p>
        ) : (
          <Outcome report={report} />
        )}
      </div>
    </article>
  );
}

function Outcome({ report }: { readonly report: LedgerView }) {
  const { differences, pending, notes, payments, wallet_balance_msats, own_money_msats, complete } = report;
  const lists = [
    ['Differences', differences],
    ['Too young to tell', pending],
    ['Notes', notes],
  ] as const;
  return (
    <>
      <p class={`notice ${differences.length === 0 ? 'good' : 'bad'}`}>
        {differences.length === 0
          ? `They agree, on ${payments.toLocaleString('en-GB')} payments.`
          : `${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}.`}
        {complete ? '' : ' Only the newest were compared: there are more than one comparison reads.'}
      </p>
      <p class="small">
        The wallet holds{' '}
        {wallet_balance_msats === null ? 'what it does not say' : priceText(wallet_balance_msats)}
        {own_money_msats === null ? '' : `, ${priceText(own_money_msats)} of it yours beside the books`}.
      </p>
      {lists.map(([title, found]) =>
        found.length === 0 ? null : (
          <>
            <h4>
              {title} <span class="badge">{found.length}</span>
            </h4>
            <ul class="small findings" tabindex={0} aria-label={title}>
              {found.map(({ code, text, payment_hash }) => (
                <li>
                  <code>{code}</code> {text}
                  {payment_hash === null ? null : <span class="soft id"> {payment_hash}</span>}
                </li>
              ))}
            </ul>
          </>
        ),
      )}
    </>
  );
}
