/** What a command acts on, opened when it is first wanted and closed when the command ends. */
import { text } from 'node:stream/consumers';
import { useWebSocketImplementation } from 'nostr-tools/pool';
import WebSocket from 'ws';
import { MarketplaceHttp } from '../src/client/http.ts';
import { decodeKey } from '../src/client/naming.ts';
import { openWallet } from '../src/client/nwc.ts';
import { type ClientPorts, webPorts } from '../src/client/ports.ts';
import { Purse } from '../src/client/purse.ts';
import { ClientRelays } from '../src/client/relays.ts';
import type { Signer } from '../src/client/signer.ts';
import { signAs } from '../src/nostr/event.ts';
import { isHex32 } from '../src/nostr/hex.ts';
import { authTemplate } from '../src/nostr/nip42.ts';
import type { Msats } from '../src/payment/msats.ts';
import type { Wallet } from '../src/payment/wallet.ts';
import { nodeDial } from './dial.ts';
import { UsageError } from './exit.ts';
import type { Flags } from './flags.ts';
import { type OpenSigner, openSigner } from './keys.ts';
import { Screen } from './screen.ts';
import { Settings } from './settings.ts';

/** How long a relay may take to say who it is, ms: it is only asked on the side. */
const INFORMATION_TIMEOUT_MS = 3_000;

export class World {
  readonly env: NodeJS.ProcessEnv;
  readonly screen: Screen;
  readonly settings: Settings;
  readonly #close: (() => Promise<void> | void)[] = [];
  #signer: Promise<OpenSigner> | undefined;
  #ports: ClientPorts | undefined;

  /** @throws UsageError for settings that cannot be read */
  constructor(flags: Flags, env: NodeJS.ProcessEnv) {
    this.env = env;
    this.screen = new Screen(process, { json: flags.on('json'), quiet: flags.on('quiet') });
    this.settings = new Settings(flags, env);
    // nostr-tools takes the global one, which Node 20 has not.
    useWebSocketImplementation(WebSocket);
  }

  /** Sockets and timers; relays that ask who one is are told by the key, where it is held here. */
  async ports(): Promise<ClientPorts> {
    if (this.#ports !== undefined) return this.#ports;
    const plain = webPorts(nodeDial);
    const keys = this.settings.key === null ? null : (await this.open()).keys;
    this.#ports =
      keys === null
        ? plain
        : {
            ...plain,
            auth: {
              pubkey: keys.publicKey,
              sign: (relay, challenge) =>
                signAs(authTemplate(challenge, relay, Math.floor(plain.now() / 1_000)), keys),
            },
          };
    return this.#ports;
  }

  /** Who signs. @throws UsageError without a key */
  async signer(): Promise<Signer> {
    return (await this.open()).signer;
  }

  /** Who signs, and the key where it is held here. @throws UsageError without one */
  open(): Promise<OpenSigner> {
    this.#signer ??= this.#openSigner();
    return this.#signer;
  }

  async #openSigner(): Promise<OpenSigner> {
    const { key } = this.settings;
    if (key === null)
      throw new UsageError(
        'there is no key to sign with: errand key new makes one; or set ERRAND_KEY, or name a file: --key-file FILE',
      );
    const opened = await openSigner(key, this.env, webPorts(nodeDial), (url) =>
      this.screen.note(`the bunker wants you to allow this: ${url}`),
    );
    this.#close.push(opened.close);
    return opened;
  }

  /** The relays named, and these besides. @throws UsageError when none is named */
  async relays(more: readonly string[] = []): Promise<ClientRelays> {
    // A name that says where it is found needs no other relay.
    const named = more.length > 0 && this.#noneNamed() ? [] : this.settings.relays;
    const relays = new ClientRelays([...named, ...more], await this.ports());
    this.#close.push(() => relays.close());
    return relays;
  }

  #noneNamed(): boolean {
    try {
      return this.settings.relays.length === 0;
    } catch (error) {
      if (error instanceof UsageError) return true;
      throw error;
    }
  }

  /** The marketplace over HTTP. @throws UsageError when none is named */
  http(): MarketplaceHttp {
    return new MarketplaceHttp(this.settings.url);
  }

  /** The wallet that pays. @throws UsageError without one */
  async wallet(): Promise<Wallet> {
    const { nwc } = this.settings;
    if (nwc === null)
      throw new UsageError('there is no wallet to pay from: set ERRAND_NWC, or name a file: --nwc-file FILE');
    const { wallet, close } = openWallet(nwc.text, await this.ports());
    this.#close.push(close);
    return wallet;
  }

  /** The wallet with a cap. */
  async purse(cap: Msats): Promise<Purse> {
    const wallet = await this.wallet();
    return new Purse((invoice) => wallet.pay(invoice), cap);
  }

  /** Whose verdicts count: by setting, else whom the relay names (NIP-11); null when nobody says. @throws ClientError USAGE */
  async marketplace(): Promise<string | null> {
    const { marketplace } = this.settings;
    if (marketplace !== null) {
      const named = decodeKey(marketplace);
      if (named !== null) return named.pubkey;
      throw new UsageError('the marketplace has to be named by its public key, npub or hex');
    }
    for (const relay of this.#noneNamed() ? [] : this.settings.relays) {
      const self = (await relayInformation(relay)).self;
      if (isHex32(self)) return self;
    }
    return null;
  }

  /** Everything on standard input. */
  async input(): Promise<string> {
    return await text(process.stdin);
  }

  async close(): Promise<void> {
    for (const close of this.#close.reverse()) await close();
  }
}

/** A relay's information document (NIP-11); empty when it has none. */
export async function relayInformation(relay: string): Promise<{ readonly [member: string]: unknown }> {
  try {
    const response = await fetch(relay.replace(/^ws/, 'http'), {
      headers: { accept: 'application/nostr+json' },
      signal: AbortSignal.timeout(INFORMATION_TIMEOUT_MS),
    });
    const document: unknown = await response.json();
    return typeof document === 'object' && document !== null ? { ...document } : {};
  } catch {
    // Many relays say nothing of themselves, and nothing depends on it.
    return {};
  }
}
