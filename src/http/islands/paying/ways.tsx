/** @jsxImportSource preact */
/** The ways to pay an invoice, and how long it can be paid. */
import { useEffect, useState } from 'preact/hooks';
import type { Invoice } from '../../../payment/bolt11/invoice.ts';
import { agoText } from '../../pages/format.ts';
import { Copy, Field } from '../lib/parts.tsx';
import { readStored, writeStored } from '../lib/storage.ts';
import { wordsOf } from '../lib/words.ts';
import type { KeptPayment } from './kept.ts';
import { type PayOutcome, pay, readInvoice, type Way, webln } from './pay.ts';
import { Qr } from './qr.tsx';

export { readInvoice };

export interface PanelBodyProps {
  readonly invoice: Invoice;
  readonly said_msats: number | null;
  /** What this browser knows of paying it; null for nothing. */
  readonly payment: KeptPayment | null;
  readonly changed: () => void;
}

const NWC = 'nwc';

export function PanelBody({ invoice, said_msats, payment, changed }: PanelBodyProps) {
  const left_s = useCountdown(invoice.expiresAt_s);
  const [busy, setBusy] = useState<Way['type'] | null>(null);
  const [said, say] = useState<string | null>(null);
  const [again, setAgain] = useState(false);
  const begin = async (way: Way) => {
    if (busy !== null) return;
    setBusy(way.type);
    say('Asking the wallet …');
    try {
      say(outcomeText(await pay(invoice, said_msats, way)));
    } catch (error) {
      say(wordsOf(error));
    } finally {
      setBusy(null);
      setAgain(false);
      changed();
    }
  };
  if (left_s <= 0 && payment?.state !== 'paid')
    return (
      <p class="notice warn" role="status">
        This invoice has expired, and nothing was taken. Post the job again to have it done.
      </p>
    );
  const begun = payment !== null && payment.state !== 'failed' && busy === null && !again;
  return (
    <>
      {payment !== null && begun ? <Begun payment={payment} again={() => setAgain(true)} /> : null}
      {begun ? null : <Wallets busy={busy} begin={begin} />}
      <p role="status" class={said === null ? 'visually-hidden' : 'small'}>
        {said ?? ''}
      </p>
      {begun ? null : (
        <>
          <div class="row invoice">
            <a href={`lightning:${invoice.text}`} aria-label="Open the invoice in a wallet on this device">
              <Qr text={invoice.text} />
            </a>
            <div>
              <p>
                Scan it with any Lightning wallet, or{' '}
                <a href={`lightning:${invoice.text}`}>open one on this device</a>.
              </p>
              <p>
                <Copy text={invoice.text} label="Copy the invoice" />
              </p>
              <Left left_s={left_s} />
            </div>
          </div>
          <details>
            <summary>The invoice as text</summary>
            <p class="id">{invoice.text}</p>
          </details>
        </>
      )}
    </>
  );
}

function Begun({ payment, again }: { readonly payment: KeptPayment; readonly again: () => void }) {
  const way = payment.way === 'webln' ? 'the wallet in this browser' : 'your connected wallet';
  if (payment.state === 'paid')
    return (
      <p class="notice good" role="status">
        Paid by {way} {agoText(Date.now() - payment.at_ms)}. The job goes on as soon as the money has arrived.
      </p>
    );
  return (
    <div class="notice warn">
      <p role="status">
        A payment by {way} was begun {agoText(Date.now() - payment.at_ms)}, and its outcome is not known here.
        When it arrives, this page goes on by itself.
      </p>
      <p class="small">
        If your wallet says that it failed, pay the same invoice again: an invoice is settled once, so it
        cannot take money twice.
      </p>
      <button type="button" onClick={again}>
        Pay the same invoice again
      </button>
    </div>
  );
}

function Wallets({ busy, begin }: { readonly busy: Way['type'] | null; readonly begin: (way: Way) => void }) {
  const [uri, setUri] = useState(() => readStored(NWC, 'session') ?? readStored(NWC) ?? '');
  const [keep, setKeep] = useState(() => readStored(NWC) !== null);
  const [wrong, setWrong] = useState<string | undefined>(undefined);
  const hasWebLn = useWebLn();
  const byNwc = (event: Event) => {
    event.preventDefault();
    const text = uri.trim();
    if (!text.startsWith('nostr+walletconnect://'))
      return setWrong('A connection string begins with nostr+walletconnect://');
    setWrong(undefined);
    writeStored(NWC, text, 'session');
    writeStored(NWC, keep ? text : null);
    begin({ type: 'nwc', uri: text });
  };
  return (
    <>
      {hasWebLn ? (
        <p>
          <button
            type="button"
            class="primary"
            disabled={busy !== null}
            onClick={() => begin({ type: 'webln' })}
          >
            {busy === 'webln' ? 'Paying …' : 'Pay by the wallet in this browser'}
          </button>
        </p>
      ) : null}
      <details open={uri !== ''}>
        <summary>Pay by a connected wallet (NWC)</summary>
        <form onSubmit={byNwc}>
          <Field
            id="nwc"
            label="Connection string"
            hint="It may spend, so give one with a small budget. It stays in this tab unless you keep it."
            wrong={wrong}
          >
            {(aids) => (
              <input
                {...aids}
                type="password"
                autocomplete="off"
                value={uri}
                onInput={(event) => setUri(event.currentTarget.value)}
              />
            )}
          </Field>
          <div class="row">
            <button type="submit" disabled={busy !== null}>
              {busy === 'nwc' ? 'Paying …' : 'Pay'}
            </button>
            <span class="check">
              <input
                id="nwc-keep"
                type="checkbox"
                checked={keep}
                onChange={(event) => setKeep(event.currentTarget.checked)}
              />
              <label for="nwc-keep">Keep it in this browser</label>
            </span>
          </div>
        </form>
      </details>
    </>
  );
}

function Left({ left_s }: { readonly left_s: number }) {
  const minutes = Math.floor(left_s / 60);
  const text = `${minutes}:${String(left_s % 60).padStart(2, '0')}`;
  return (
    <p class="soft small">
      Can be paid for{' '}
      <span class="figure" role="timer" data-left={left_s}>
        {text}
      </span>{' '}
      minutes
    </p>
  );
}

/** Seconds until then, counted down. */
function useCountdown(until_s: number): number {
  const left = () => Math.max(0, until_s - Math.floor(Date.now() / 1_000));
  const [left_s, set] = useState(left);
  useEffect(() => {
    set(left());
    const timer = setInterval(() => set(left()), 1_000);
    return () => clearInterval(timer);
  }, [until_s]);
  return left_s;
}

/** Wallets of the browser come a moment after the page, as extensions do. */
function useWebLn(): boolean {
  const [found, set] = useState(() => webln() !== null);
  useEffect(() => {
    if (found) return;
    const look = () => set(webln() !== null);
    addEventListener('webln:ready', look);
    const timer = setTimeout(look, 1_000);
    return () => {
      removeEventListener('webln:ready', look);
      clearTimeout(timer);
    };
  }, [found]);
  return found;
}

function outcomeText(outcome: PayOutcome): string {
  switch (outcome.type) {
    case 'paid':
      return 'Paid.';
    case 'unknown':
      return `The wallet does not say what became of it: ${outcome.reason}`;
    case 'failed':
      return `Not paid: ${outcome.reason}`;
    case 'refused':
      return `Not paid: ${outcome.reason}`;
    case 'elsewhere':
      return 'It is being paid, or was paid, in another tab of this browser.';
    case 'forgetful':
      return 'This browser keeps nothing, so a payment could not be remembered. Pay by the QR code.';
  }
}
