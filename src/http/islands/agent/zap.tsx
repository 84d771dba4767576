/** @jsxImportSource preact */
/** Zapping an agent: an amount, a word, by name or not, and then the invoice. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { satsText } from '../../pages/format.ts';
import { Field } from '../lib/parts.tsx';
import { wordsOf } from '../lib/words.ts';
import { PayPanel } from '../paying/panel.tsx';
import { WAYS } from '../signing/identity.ts';
import { useIdentity } from '../signing/panel.tsx';
import type { AgentFacts } from './facts.ts';
import type { ZapInvoice } from './zapping.ts';

const AMOUNTS = [21, 210, 2_100] as const;
/** How often it is looked whether a zap has arrived, ms. */
const LOOK_MS = 2_000;

export function Zap({ agent, close }: { readonly agent: AgentFacts; readonly close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const [invoice, setInvoice] = useState<ZapInvoice | null>(null);
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="zap" onClose={close}>
      <div class="row spread">
        <h2 id="zap">Zap {agent.name}</h2>
        <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      {invoice === null ? (
        <Order agent={agent} ready={setInvoice} />
      ) : (
        <Paying invoice={invoice} agent={agent} />
      )}
    </dialog>
  );
}

function Order({
  agent,
  ready,
}: {
  readonly agent: AgentFacts;
  readonly ready: (invoice: ZapInvoice) => void;
}) {
  const [identity] = useIdentity();
  const [sats, setSats] = useState('21');
  const [comment, setComment] = useState('');
  const [named, setNamed] = useState(false);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<{ readonly at: 'sats' | 'all'; readonly text: string } | null>(null);
  const order = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    const amount = Number(sats);
    if (!/^\d{1,8}$/.test(sats) || amount < 1)
      return setWrong({ at: 'sats', text: 'A whole number of sats, 1 or more.' });
    setBusy(true);
    setWrong(null);
    try {
      const { payable, zapInvoice } = await import('./zapping.ts');
      const offered = await payable(agent);
      const most = offered.maxSendable / 1_000;
      if (amount > most)
        return setWrong({ at: 'sats', text: `At most ${satsText(offered.maxSendable)} sats at a time.` });
      const signer =
        named && identity !== null
          ? await (await import('../signing/signers.ts')).signerOf(identity, () => undefined)
          : null;
      ready(await zapInvoice(agent, offered, signer, amount, comment.trim()));
    } catch (error) {
      setWrong({ at: 'all', text: wordsOf(error) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={order}>
      <p class="row">
        {AMOUNTS.map((amount) => (
          <button
            type="button"
            aria-pressed={sats === String(amount)}
            onClick={() => setSats(String(amount))}
          >
            {amount.toLocaleString('en-GB')}
          </button>
        ))}
      </p>
      <Field id="zap-sats" label="Sats" wrong={wrong?.at === 'sats' ? wrong.text : undefined}>
        {(aids) => (
          <input
            {...aids}
            inputMode="numeric"
            autocomplete="off"
            value={sats}
            onInput={(event) => setSats(event.currentTarget.value.trim())}
          />
        )}
      </Field>
      <Field id="zap-comment" label="A word" hint="If you like. It is public.">
        {(aids) => (
          <input
            {...aids}
            maxLength={280}
            autocomplete="off"
            value={comment}
            onInput={(event) => setComment(event.currentTarget.value)}
          />
        )}
      </Field>
      {identity === null ? (
        <p class="small soft">Nobody is told who you are: the request is signed by a key of this moment.</p>
      ) : (
        <p class="check">
          <input
            id="zap-named"
            type="checkbox"
            checked={named}
            onChange={(event) => setNamed(event.currentTarget.checked)}
          />
          <label for="zap-named">Say that it is from me (signed by {WAYS[identity.type]})</label>
        </p>
      )}
      {wrong?.at === 'all' ? <p class="notice bad">{wrong.text}</p> : null}
      <button type="submit" class="primary" disabled={busy}>
        {busy ? 'Asking for an invoice …' : 'Go on'}
      </button>
    </form>
  );
}

function Paying({ invoice, agent }: { readonly invoice: ZapInvoice; readonly agent: AgentFacts }) {
  const [paid, setPaid] = useState(false);
  const { verify } = invoice;
  useEffect(() => {
    if (verify === null || paid) return;
    let over = false;
    const timer = setInterval(() => {
      import('./zapping.ts')
        .then(({ isPaid }) => isPaid(verify))
        .then(
          (settled) => {
            if (!over && settled) setPaid(true);
          },
          // It is asked again; the invoice can be paid meanwhile.
          () => undefined,
        );
    }, LOOK_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [verify, paid]);
  return (
    <>
      <p role="status" class={paid ? 'notice good' : 'visually-hidden'}>
        {paid ? `${satsText(invoice.amount_msats)} sats have arrived. ${agent.name} says thank you.` : ''}
      </p>
      {paid ? null : (
        <PayPanel invoice={invoice.bolt11} said_msats={invoice.amount_msats} escrow={false} job="" />
      )}
    </>
  );
}
