/** What the operator asks the marketplace for, signed (NIP-98). Loaded once somebody has signed in. */
import type * as z from 'zod';
import { MarketplaceHttp } from '../../../client/http.ts';
import type { Signer } from '../../../client/signer.ts';
import { LedgerReport, OperatorTables } from '../../schemas-operator.ts';
import { pageFacts } from '../lib/facts.ts';

export type Tables = z.output<typeof OperatorTables>['tables'];
export type TableView = Tables[number];
export type LedgerView = z.output<typeof LedgerReport>;

/** Longest wait for all tables, ms: sessions may have to be woken for one of them. */
const TABLES_TIMEOUT_MS = 30_000;

/** One operator at work. Every call is one signature. */
export class OperatorDesk {
  readonly #http = new MarketplaceHttp(pageFacts().url);
  readonly #signer: Signer;

  constructor(signer: Signer) {
    this.#signer = signer;
  }

  /** @throws ClientError, with what the marketplace said */
  async tables(): Promise<Tables> {
    const call = { signer: this.#signer, timeout_ms: TABLES_TIMEOUT_MS };
    return (await this.#http.ask(OperatorTables, '/operator/tables', call)).tables;
  }

  ledger(): Promise<LedgerView> {
    return this.#http.ask(LedgerReport, '/operator/ledger', {
      signer: this.#signer,
      timeout_ms: TABLES_TIMEOUT_MS,
    });
  }

  /** A table as the service exports it. */
  export(name: string, format: 'csv' | 'json'): Promise<string> {
    return this.#http.text(`/operator/tables/${name}?format=${format}`, { signer: this.#signer });
  }

  async block(pubkey: string, reason: string): Promise<void> {
    const body = { pubkey, reason };
    await this.#http.text('/operator/blocked', { method: 'POST', body, signer: this.#signer });
  }

  async unblock(pubkey: string): Promise<void> {
    await this.#http.text(`/operator/blocked/${pubkey}`, { method: 'DELETE', signer: this.#signer });
  }
}
