/** What was learned of a wallet, kept in the object's storage so that a fresh life need not ask again. */
import * as z from 'zod';
import { first, type Sql } from '../../store/sql.ts';
import type { NwcFacts } from './client.ts';

const factsSchema = z.object({
  encryption: z.enum(['nip44_v2', 'nip04']),
  methods: z.array(z.string()),
  notifications: z.array(z.string()),
  at_ms: z.number(),
});

export class FactStore {
  readonly #sql: Sql;
  readonly #wallet: string;

  /** @param wallet its public key: what is known of another wallet, used before, is not used for this one */
  constructor(sql: Sql, wallet: string) {
    this.#sql = sql;
    this.#wallet = wallet;
    sql.run('CREATE TABLE IF NOT EXISTS wallet_facts (wallet TEXT PRIMARY KEY, facts TEXT NOT NULL)');
  }

  load(): NwcFacts | null {
    const row = first<{ facts: string }>(
      this.#sql,
      'SELECT facts FROM wallet_facts WHERE wallet = ?',
      this.#wallet,
    );
    return row === undefined ? null : factsSchema.parse(JSON.parse(row.facts));
  }

  save(facts: NwcFacts): void {
    this.#sql.run(
      'INSERT OR REPLACE INTO wallet_facts (wallet, facts) VALUES (?, ?)',
      this.#wallet,
      JSON.stringify(facts),
    );
  }
}
