/** @jsxImportSource preact */
/** The price before the click, asked for as the form changes. */
import { useEffect, useState } from 'preact/hooks';
import { priceText } from '../../pages/format.ts';
import { CreditLine } from '../paying/credit.tsx';
import type { Identity } from '../signing/identity.ts';
import type { Asked } from './order.ts';
import { askQuote, type QuoteAnswer } from './quote.ts';

/** A price, or that it is being asked for, or that there is nothing to ask about. */
export type Price = QuoteAnswer | { readonly type: 'none' } | { readonly type: 'asking' };

/** After the last change, ms. */
const PAUSE_MS = 350;

/** Asks for the price of what the form says, a moment after it says so. */
export function usePrice(slug: string, asked: Asked | null, client: string | null): Price {
  const [price, setPrice] = useState<Price>({ type: 'none' });
  const key = asked === null ? null : JSON.stringify([asked, client]);
  useEffect(() => {
    if (asked === null) {
      setPrice({ type: 'none' });
      return;
    }
    const over = new AbortController();
    setPrice((before) => (before.type === 'none' ? { type: 'asking' } : before));
    const timer = setTimeout(() => {
      askQuote(slug, asked, client, over.signal).then(setPrice, (error: unknown) => {
        // What was asked for has changed meanwhile, and the next question is on its way.
        if (!over.signal.aborted) setPrice({ type: 'away', reason: String(error) });
      });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      over.abort();
    };
    // Everything asked is in the key.
  }, [slug, key]);
  return price;
}

/** What it costs, in one line. */
export function PriceLine(props: {
  readonly price: Price;
  readonly methods: readonly string[];
  readonly identity: Identity | null;
}) {
  const { price, methods, identity } = props;
  return (
    <div class="price panel" aria-live="polite">
      <PriceText price={price} />
      {methods.includes('credit') && identity !== null ? <CreditLine identity={identity} /> : null}
    </div>
  );
}

function PriceText({ price }: { readonly price: Price }) {
  switch (price.type) {
    case 'none':
      return <p class="soft">The price stands here as soon as you have said what is to be done.</p>;
    case 'asking':
      return <p class="soft">Asking for the price …</p>;
    case 'away':
      return <p class="wrong">{price.reason}</p>;
    case 'wrong':
      return <p class="wrong">This would be refused: {Object.values(price.wrongs).join(' ')}</p>;
    case 'quote': {
      const { max_msats, fixed, checked } = price.quote;
      if (max_msats === 0)
        return (
          <p>
            <strong class="amount">Free</strong>
            {checked ? ', and its answer is checked.' : null}
          </p>
        );
      return (
        <p>
          {fixed ? '' : 'At most '}
          <strong class="amount">{priceText(max_msats)}</strong>
          {fixed ? '' : '; what is not used comes back as credit'}
          {checked ? '. Only an answer that passes its check is paid.' : '.'}
        </p>
      );
    }
  }
}
