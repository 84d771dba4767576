/**
 * Questions to models, asked once and kept until what they belong to is over. A round that needs an answer that is not
 * there ends unfinished; when the answers have come it is played again from its seed, and finds them here.
 */
import { ARENA_ANSWER_PATIENCE_MS, ARENA_ANSWER_TOKENS } from '../../limits.ts';
import { sha256Hex } from '../../nostr/event.ts';
import { first, type Sql } from '../../store/sql.ts';
import type { ChatTurn } from '../export/rollout.ts';

/** A question as whoever asks the model gets it. */
export interface ModelQuestion {
  /** Slug of the agent that is asked. */
  readonly agent: string;
  readonly prompt: readonly ChatTurn[];
  readonly maxTokens: number;
}

/** What came of it. An empty text stands for a model that failed. */
export interface ModelAnswer {
  readonly text: string;
  readonly model: string;
  readonly tokens: number;
  readonly took_ms: number;
}

export interface Wanted {
  readonly key: string;
  readonly agent: string;
  readonly prompt: readonly ChatTurn[];
}

export class Questions {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The answer; null while it is open, undefined when it was never asked. */
  answer(key: string, now_ms: number): ModelAnswer | null | undefined {
    const row = first(this.#sql, 'SELECT * FROM questions WHERE key = ?', key);
    if (row === undefined) return undefined;
    const asked_ms = Number(row.asked_ms);
    if (row.text === null) {
      const late = asked_ms > 0 && now_ms - asked_ms >= ARENA_ANSWER_PATIENCE_MS;
      return late ? { text: '', model: '', tokens: 0, took_ms: now_ms - asked_ms } : null;
    }
    return {
      text: String(row.text),
      model: String(row.model),
      tokens: Number(row.tokens),
      took_ms: Number(row.took_ms),
    };
  }

  /** Those that were stored and perhaps not handed on. */
  unsent(): readonly string[] {
    return this.#sql
      .all('SELECT key FROM questions WHERE asked_ms = 0 ORDER BY key')
      .map(({ key }) => String(key));
  }

  /** Whether there are any without an answer. */
  get open(): boolean {
    return first(this.#sql, 'SELECT 1 AS one FROM questions WHERE text IS NULL LIMIT 1') !== undefined;
  }

  /** Stores new questions, if the day's tokens suffice for all of them. */
  add(wanted: readonly Wanted[], tokensPerDay: number): boolean {
    const costs = wanted.map(({ prompt }) => costOf(prompt));
    const total = costs.reduce((sum, cost) => sum + cost, 0);
    return this.#sql.transaction(() => {
      const used = Number(first(this.#sql, 'SELECT day_tokens FROM season')?.day_tokens ?? 0);
      if (used + total > tokensPerDay) return false;
      for (const [i, { key, agent, prompt }] of wanted.entries()) {
        this.#sql.run(
          'INSERT INTO questions (key, agent, prompt, asked_ms, reserved) VALUES (?, ?, ?, 0, ?)',
          key,
          agent,
          JSON.stringify(prompt),
          costs[i] ?? 0,
        );
      }
      this.#sql.run('UPDATE season SET day_tokens = day_tokens + ?', total);
      return true;
    });
  }

  sent(keys: readonly string[], now_ms: number): void {
    for (const key of keys) {
      this.#sql.run('UPDATE questions SET asked_ms = ? WHERE key = ? AND asked_ms = 0', now_ms, key);
    }
  }

  /** What to ask; null for a question that is answered, or over. */
  question(key: string): ModelQuestion | null {
    const row = first(this.#sql, 'SELECT agent, prompt FROM questions WHERE key = ? AND text IS NULL', key);
    if (row === undefined) return null;
    const prompt: readonly ChatTurn[] = JSON.parse(String(row.prompt));
    return { agent: String(row.agent), prompt, maxTokens: ARENA_ANSWER_TOKENS };
  }

  /** The first answer counts. @returns whether it was waited for */
  answered(key: string, { text, model, tokens, took_ms }: ModelAnswer): boolean {
    return this.#sql.transaction(() => {
      const row = first(this.#sql, 'SELECT reserved FROM questions WHERE key = ? AND text IS NULL', key);
      if (row === undefined) return false;
      this.#sql.run(
        'UPDATE questions SET text = ?, model = ?, tokens = ?, took_ms = ? WHERE key = ?',
        text,
        model,
        tokens,
        took_ms,
        key,
      );
      this.#sql.run('UPDATE season SET day_tokens = max(0, day_tokens + ?)', tokens - Number(row.reserved));
      return true;
    });
  }

  /** Whether there are any of this round or examination. */
  has(unit: string): boolean {
    const [from, to] = rangeOf(unit);
    return (
      first(this.#sql, 'SELECT 1 AS one FROM questions WHERE key >= ? AND key < ? LIMIT 1', from, to) !==
      undefined
    );
  }

  /** Forgets those to agents that have left: nobody will answer them. */
  keepOnly(agents: readonly string[]): void {
    for (const { agent } of this.#sql.all('SELECT DISTINCT agent FROM questions')) {
      if (!agents.includes(String(agent)))
        this.#sql.run('DELETE FROM questions WHERE agent = ?', agent ?? null);
    }
  }

  /** Forgets those of a round or examination. Call it within a transaction. */
  forget(unit: string): void {
    this.#sql.run('DELETE FROM questions WHERE key >= ? AND key < ?', ...rangeOf(unit));
  }
}

/** The key of a question: another prompt is another question. */
export function questionKey(unit: string, agent: string, nth: number, prompt: readonly ChatTurn[]): string {
  return `${unit}/${agent}/${nth}/${promptHash(prompt).slice(0, 16)}`;
}

export function promptHash(prompt: readonly ChatTurn[]): string {
  return sha256Hex(JSON.stringify(prompt));
}

/** `0` follows `/`. */
function rangeOf(unit: string): [string, string] {
  return [`${unit}/`, `${unit}0`];
}

/** The most it can cost, tokens. A character is seldom more than a token, and mostly a quarter of one. */
function costOf(prompt: readonly ChatTurn[]): number {
  const characters = prompt.reduce((sum, { content }) => sum + content.length, 0);
  return Math.ceil(characters / 3) + ARENA_ANSWER_TOKENS;
}
