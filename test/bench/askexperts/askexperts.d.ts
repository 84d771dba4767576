/**
 * What the bench uses of askexperts 0.7.118, after its published types. The package is only installed for the bench, so
 * that without it the types still have to hold.
 */
declare module 'askexperts/payments' {
  export class LightningPaymentManager {
    constructor(nwcString: string);
  }
}

declare module 'askexperts/server' {
  import type { LightningPaymentManager } from 'askexperts/payments';
  import type { SimplePool } from 'nostr-tools';

  interface Prompt {
    readonly id: string;
    readonly content: unknown;
  }

  export class AskExpertsServer {
    constructor(options: {
      readonly privkey: Uint8Array;
      readonly paymentManager: LightningPaymentManager;
      readonly discoveryRelays: string[];
      readonly promptRelays: string[];
      readonly pool: SimplePool;
      readonly onPromptPrice: (prompt: Prompt) => Promise<{ amountSats: number; description: string }>;
      readonly onPromptPaid: (prompt: Prompt) => Promise<{ content: string }>;
    });
    start(): Promise<void>;
  }
}

declare module 'askexperts/client' {
  import type { LightningPaymentManager } from 'askexperts/payments';

  interface Expert {
    readonly pubkey: string;
    readonly relays: string[];
    readonly formats: string[];
    readonly stream: boolean;
  }

  export class AskExpertsPayingClient {
    constructor(
      paymentManager: LightningPaymentManager,
      options: { readonly discoveryRelays: string[]; readonly maxAmountSats: number },
    );
    onPaid: (() => Promise<void>) | undefined;
    askExpert(question: {
      readonly expert: Expert;
      readonly content: string;
      readonly format: 'text';
    }): Promise<AsyncIterable<{ readonly content: unknown }>>;
  }
}
