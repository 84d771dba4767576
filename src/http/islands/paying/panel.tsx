/** @jsxImportSource preact */
/** Paying one invoice: by a wallet in the browser, by a connected one, or by any phone. */
import { useEffect, useState } from 'preact/hooks';
import { priceText } from '../../pages/format.ts';
import { wordsOf } from '../lib/words.ts';
import { readPayment, watchPayment } from './kept.ts';
import type { PanelBodyProps } from './ways.tsx';

type Body = (props: PanelBodyProps) => preact.JSX.Element;
type Loaded = { readonly Body: Body; readonly invoice: PanelBodyProps['invoice'] };

/**
 * The panel. What it needs (reading invoices, wallets, the QR code) comes when there is something to pay.
 *
 * @param after true for work that is done already
 */
export function PayPanel(props: {
  readonly invoice: string;
  readonly said_msats: number | null;
  readonly escrow: boolean;
  readonly job: string;
  readonly after?: boolean;
}) {
  const { invoice: text, said_msats, escrow, after = false } = props;
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  useEffect(() => {
    let over = false;
    import('./ways.tsx').then(
      ({ PanelBody, readInvoice }) => {
        if (over) return;
        const invoice = readInvoice(text);
        if (invoice?.amount == null) setWrong('What the agent asks for is no invoice that could be paid.');
        else if (said_msats !== null && BigInt(said_msats) !== invoice.amount)
          setWrong(
            `The agent says ${priceText(said_msats)}, and its invoice is over ${priceText(Number(invoice.amount))}: do not pay it.`,
          );
        else setLoaded({ Body: PanelBody, invoice });
      },
      (error: unknown) => setWrong(wordsOf(error)),
    );
    return () => {
      over = true;
    };
  }, [text, said_msats]);
  const hash = loaded?.invoice.paymentHash ?? null;
  const [payment, setPayment] = useState(hash === null ? null : readPayment(hash));
  useEffect(() => {
    if (hash === null) return;
    const look = () => setPayment(readPayment(hash));
    look();
    return watchPayment(hash, look);
  }, [hash]);
  return (
    <section class="panel pay" aria-labelledby="pay">
      <h2 id="pay">
        {after ? 'To be paid' : 'Pay'} {loaded === null ? '' : priceText(Number(loaded.invoice.amount))}
      </h2>
      {escrow ? (
        <p>
          The money is <strong>locked, not spent</strong>: it is taken with the result, and comes back by
          itself if the job fails.
        </p>
      ) : null}
      {wrong === null ? null : <p class="notice bad">{wrong}</p>}
      {loaded === null ? null : (
        <loaded.Body
          invoice={loaded.invoice}
          said_msats={said_msats}
          payment={payment}
          changed={() => setPayment(readPayment(loaded.invoice.paymentHash))}
        />
      )}
    </section>
  );
}
