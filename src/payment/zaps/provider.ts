/** Zap providers of agents whose `lud16` is elsewhere: who signs their receipts, asked of themselves and remembered. */
import type { Clock } from '../../clock.ts';
import { ZAP_PROVIDER_KEEP_MS, ZAP_PROVIDER_RETRY_MS } from '../../limits.ts';
import { lightningAddressUrl } from '../lnurl/address.ts';
import { readOffer } from '../lnurl/client.ts';

export interface ZapProvider {
  /** Signs the receipts (`nostrPubkey`). */
  readonly pubkey: string;
  /** Spellings by which zap requests name the endpoint. */
  readonly endpoints: readonly string[];
}

interface Known {
  readonly until_ms: number;
  /** Null: it takes no zaps, or cannot be read. `away`: it could not be asked. */
  readonly provider: ZapProvider | null | 'away';
}

export class ZapProviders {
  readonly #now: Clock;
  readonly #fetch: (url: string) => Promise<string>;
  readonly #known = new Map<string, Known>();

  /** @param fetch the guarded way to a stranger's URL; rejects when nothing was read */
  constructor(now: Clock, fetch: (url: string) => Promise<string>) {
    this.#now = now;
    this.#fetch = fetch;
  }

  /**
   * The provider of a Lightning address, or null when its zaps cannot count.
   *
   * @param scheme `http` only for a marketplace that runs locally
   * @throws Error when it could not be asked: that may be different later
   */
  async of(address: string, scheme: 'https' | 'http' = 'https'): Promise<ZapProvider | null> {
    let known = this.#known.get(address);
    if (known === undefined || known.until_ms <= this.#now()) {
      known = await this.#ask(address, scheme);
      this.#known.set(address, known);
    }
    if (known.provider === 'away') throw new Error(`the zap provider of ${address} cannot be reached`);
    return known.provider;
  }

  async #ask(address: string, scheme: 'https' | 'http'): Promise<Known> {
    const url = lightningAddressUrl(address, scheme);
    if (url === null) return this.#keep(null, ZAP_PROVIDER_KEEP_MS);
    let text: string;
    try {
      text = await this.#fetch(url);
    } catch {
      return this.#keep('away', ZAP_PROVIDER_RETRY_MS);
    }
    const offer = readOffer(parsed(text));
    if ('refusal' in offer || offer.nostrPubkey === null) return this.#keep(null, ZAP_PROVIDER_KEEP_MS);
    const provider = { pubkey: offer.nostrPubkey, endpoints: [address, url, offer.callback] };
    return this.#keep(provider, ZAP_PROVIDER_KEEP_MS);
  }

  #keep(provider: Known['provider'], for_ms: number): Known {
    return { provider, until_ms: this.#now() + for_ms };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
