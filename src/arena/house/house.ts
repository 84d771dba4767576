/**
 * The house of the arena: a season that is played round by round, and everything that has to be remembered of it. A round
 * is stored whole or not at all: until then it is a function of what is stored and of its seed, and one that was cut off
 * is simply played again. The record (D1) hears of it behind that, as often as it takes.
 */

import { planOf } from '../../checks/plan.ts';
import { judgeAll } from '../../checks/run.ts';
import { ARENA_ANSWER_TOKENS, ARENA_QUALIFY_POOL, ARENA_QUALIFY_TASKS } from '../../limits.ts';
import { sha256Hex } from '../../nostr/event.ts';
import type { ArenaNews } from '../../store/arena.ts';
import { first, migrate, type Sql } from '../../store/sql.ts';
import { maySolve } from '../collusion.ts';
import { unwrapped } from '../format.ts';
import { examination, examined } from '../qualification.ts';
import { pick, type Random, seededRandom } from '../random.ts';
import { playRound, type RoundRecord } from '../round.ts';
import { MODES, type Mode } from '../settings.ts';
import { checkOf, questionOf } from '../task.ts';
import { attemptRecord, entriesOf, resultsOf, taskRecord } from './entries.ts';
import { Examinations } from './examinations.ts';
import { KeptSeason } from './kept-season.ts';
import { Asking, type ModelAgent, modelSeat, Unanswered } from './model-seat.ts';
import { joined, News, NO_NEWS, type Unrecorded } from './news.ts';
import { type ModelAnswer, type ModelQuestion, Questions } from './questions.ts';
import { rememberingExecutor } from './remembering.ts';
import { ARENA_SCHEMA } from './schema.ts';
import { Scores } from './scores.ts';
import type { HouseOptions, HousePorts, Turn } from './types.ts';

const DAY_MS = 86_400_000;
export class ArenaHouse {
  readonly #sql: Sql;
  readonly #options: HouseOptions;
  readonly #ports: HousePorts;
  readonly #executor: ReturnType<typeof rememberingExecutor>;
  readonly #season: KeptSeason;
  readonly #scores: Scores;
  readonly #questions: Questions;
  readonly #examinations: Examinations;
  readonly #news: News;

  constructor(sql: Sql, options: HouseOptions, ports: HousePorts) {
    this.#sql = sql;
    this.#options = options;
    this.#ports = ports;
    migrate(sql, ARENA_SCHEMA);
    this.#executor = rememberingExecutor(ports.executor);
    this.#season = new KeptSeason(sql);
    this.#scores = new Scores(sql);
    this.#questions = new Questions(sql);
    this.#examinations = new Examinations(sql);
    this.#news = new News(sql);
    this.#questions.keepOnly(options.agents.map(({ agent }) => agent));
    this.#season.begin(options.language, options.seed, options.seeds, options.settings.bufferTasks);
  }

  /** Rounds played. */
  get round(): number {
    return this.#season.round;
  }

  /**
   * Plays the next round or examination as far as it can be played now.
   *
   * @throws JobError SERVICE_UNAVAILABLE when there is no executor; nothing has changed then
   */
  async turn(signal: AbortSignal): Promise<Turn> {
    const now_ms = this.#ports.now();
    const rounds = this.#roundsToday(now_ms);
    if (rounds >= this.#options.roundsPerDay) {
      return { type: 'spent', until_ms: (Math.floor(now_ms / DAY_MS) + 1) * DAY_MS };
    }
    await this.#sendUnsent();
    return (await this.#examine(now_ms, signal)) ?? (await this.#round(now_ms, signal));
  }

  /** A question as whoever asks the model needs it; null when nobody waits for its answer any more. */
  question(key: string): ModelQuestion | null {
    return this.#questions.question(key);
  }

  /** Whether models are being asked. */
  get waits(): boolean {
    return this.#questions.open;
  }

  /** @returns whether somebody waited for it */
  answered(key: string, answer: ModelAnswer): boolean {
    return this.#questions.answered(key, answer);
  }

  /** What the record has not taken yet, the oldest first, and where it ends; null when it has everything. */
  news(): Unrecorded | null {
    return this.#news.next();
  }

  /** The record has taken the news up to there. */
  recorded(upto: number): void {
    this.#news.recorded(upto);
  }

  async #round(now_ms: number, signal: AbortSignal): Promise<Turn> {
    const { settings, language, probe } = this.#options;
    const number = this.#season.round + 1;
    const unit = `round:${number}`;
    for (;;) {
      const asking = new Asking(unit, this.#questions, now_ms);
      const seats = this.#modelsSit(unit)
        ? this.#options.agents.map((one) => modelSeat(one, asking, settings))
        : [];
      const random = this.#randomOf(unit);
      const mode = MODES[(number - 1) % MODES.length] ?? 'deduction';
      const proposer = pick([...this.#options.proposers, ...seats], random);
      if (proposer === undefined) throw new Error('nobody sits as proposer');
      const suspects = this.#scores.suspects(mode, proposer.agent);
      const solvers = [...this.#options.solvers, ...seats].filter(({ agent }) => !suspects.has(agent));
      const input = { mode, language, proposer, solvers, settings, probe, random, signal };
      const record = await unlessUnanswered(playRound(this.#season, { ...input, executor: this.#executor }));
      if (record !== null && asking.complete) return this.#settle(unit, record, asking, now_ms);
      if (asking.wanted.length === 0 || (await this.#ask(asking))) return { type: 'waiting' };
      // The day's tokens do not suffice: this round is played without models.
      this.#sql.transaction(() => {
        this.#sql.run('UPDATE season SET models = 0');
        this.#questions.forget(unit);
      });
    }
  }

  #settle(unit: string, record: RoundRecord, asking: Asking, now_ms: number): Turn {
    const { settings, proposers, solvers, agents } = this.#options;
    const owners = new Map([...proposers, ...solvers, ...agents].map(({ agent, owner }) => [agent, owner]));
    const entries = this.#sql.transaction(() => {
      this.#season.store(record.stored, settings.bufferTasks, settings.attempts);
      this.#scores.countPairs(record);
      const suspects = this.#scores.suspects(record.mode, record.proposer);
      const counted = entriesOf(record, suspects, asking.answers);
      const rows = counted.map((entry) =>
        attemptRecord(
          record,
          entry,
          owners.get(entry.agent) ?? '',
          this.#scores.groupOf(record.mode, entry.role),
          now_ms,
        ),
      );
      const closed = (['propose', 'solve'] as const).map((role) =>
        this.#scores.add(record.mode, role, resultsOf(record.round, role, counted), now_ms),
      );
      const news = closed.reduce<ArenaNews>((all, one) => joined(all, { ...NO_NEWS, ...one }), {
        ...NO_NEWS,
        tasks: taskRecord(record, now_ms),
        attempts: rows,
        frontier: [this.#scores.addToCourse(record, settings.attempts)],
      });
      this.#news.put(news);
      this.#questions.forget(unit);
      this.#sql.run('UPDATE season SET day_rounds = day_rounds + 1');
      return counted;
    });
    this.#executor.forget();
    return { type: 'round', record, entries };
  }

  /** The first examination that is due and can be held; null where there is none. */
  async #examine(now_ms: number, signal: AbortSignal): Promise<Turn | null> {
    for (const agent of this.#options.agents) {
      for (const mode of MODES) {
        if (!this.#examinations.isDue(agent, mode, now_ms)) continue;
        const turn = await this.#examineIn(agent, mode, now_ms, signal);
        if (turn !== null) return turn;
      }
    }
    return null;
  }

  async #examineIn(agent: ModelAgent, mode: Mode, now_ms: number, signal: AbortSignal): Promise<Turn | null> {
    const { settings } = this.#options;
    const pool = this.#season
      .frontier(mode, ARENA_QUALIFY_POOL)
      .filter(({ proposer }) => proposer === null || maySolve(agent, this.#seatOf(proposer)));
    if (pool.length < ARENA_QUALIFY_TASKS) return null;
    const unit = `exam:${agent.agent}:${mode}`;
    const asking = new Asking(unit, this.#questions, now_ms);
    const seat = modelSeat(agent, asking, settings);
    const random = this.#randomOf(`${unit}:${this.#season.round}`);
    const tasks = examination(pool, random).map(({ task }) => task);
    const texts: string[] = [];
    for (const task of tasks) texts.push(await seat.solve(questionOf(task), [], random));
    if (!asking.complete) {
      if (asking.wanted.length === 0 || (await this.#ask(asking))) return { type: 'waiting' };
      return null;
    }
    const plans = tasks.map((task, i) =>
      planOf(checkOf(task), unwrapped(texts[i] ?? '', settings.wrapper).answer),
    );
    const { verdicts } = await judgeAll(this.#executor, plans, signal);
    // What broke is the task's fault, and says nothing of the answer.
    const passes = verdicts.flatMap(({ code, passed }, i) => {
      const { wellFormed } = unwrapped(texts[i] ?? '', settings.wrapper);
      return code === 'broken' ? [] : [passed && wellFormed];
    });
    const qualified = examined(passes) ?? false;
    const verdict = { agent: agent.agent, mode, qualified, at_ms: now_ms, models: agent.models };
    this.#sql.transaction(() => {
      this.#examinations.put(verdict);
      this.#news.put({ ...NO_NEWS, qualifications: [verdict] });
      this.#questions.forget(unit);
    });
    this.#executor.forget();
    return { type: 'examination', agent: agent.agent, mode, qualified };
  }

  /** Stores questions and hands them on; false where the day's tokens do not suffice. */
  async #ask({ wanted }: Asking): Promise<boolean> {
    if (!this.#questions.add(wanted, this.#options.tokensPerDay)) return false;
    await this.#sendUnsent();
    return true;
  }

  async #sendUnsent(): Promise<void> {
    const keys = this.#questions.unsent();
    if (keys.length === 0) return;
    await this.#ports.order(keys);
    this.#questions.sent(keys, this.#ports.now());
  }

  #modelsSit(unit: string): boolean {
    const row = first(this.#sql, 'SELECT models, day_tokens FROM season');
    if (row?.models === 0 || this.#options.agents.length === 0) return false;
    // Without the tokens of one answer there is no use in trying.
    const left = this.#options.tokensPerDay - Number(row?.day_tokens ?? 0);
    return left > ARENA_ANSWER_TOKENS || this.#questions.has(unit);
  }

  /** Who proposed a task; somebody who has left has no owner that could be another's. */
  #seatOf(agent: string): { readonly agent: string; readonly owner: string } {
    const { proposers, agents } = this.#options;
    return [...proposers, ...agents].find((one) => one.agent === agent) ?? { agent, owner: '' };
  }

  #randomOf(unit: string): Random {
    const seed = first(this.#sql, 'SELECT seed FROM season')?.seed;
    return seededRandom(Number.parseInt(sha256Hex(`${String(seed)}/${unit}`).slice(0, 8), 16));
  }

  #roundsToday(now_ms: number): number {
    const day = Math.floor(now_ms / DAY_MS);
    const row = first(this.#sql, 'SELECT day, day_rounds FROM season');
    if (Number(row?.day) === day) return Number(row?.day_rounds);
    this.#sql.run('UPDATE season SET day = ?, day_rounds = 0, day_tokens = 0', day);
    return 0;
  }
}

async function unlessUnanswered<T>(playing: Promise<T>): Promise<T | null> {
  try {
    return await playing;
  } catch (error) {
    if (error instanceof Unanswered) return null;
    throw error;
  }
}
