/**
 * The arena's object: it plays by alarm, one round at a time. Its house (`src/arena/house/`) does the rest. What only waits,
 * the questions to models, goes through the queue to the runner, as waiting is billed here and not there; running programs
 * is the sandbox' work, a few at a time with pauses between, so that jobs get their turn.
 */
import { DurableObject } from 'cloudflare:workers';
import { baselineProposers, baselineSolvers } from '../src/arena/baseline/seats.ts';
import { ArenaHouse } from '../src/arena/house/house.ts';
import type { ModelAgent } from '../src/arena/house/model-seat.ts';
import { pacedExecutor, pacedSolver } from '../src/arena/house/paced.ts';
import type { ModelAnswer, ModelQuestion } from '../src/arena/house/questions.ts';
import type { Turn } from '../src/arena/house/types.ts';
import { seedTasks } from '../src/arena/seeds/seeds.ts';
import { settingsOf } from '../src/arena/settings.ts';
import { JobError } from '../src/errors.ts';
import {
  ARENA_ANSWER_PATIENCE_MS,
  ARENA_MIN_PAUSE_MS,
  ARENA_REST_MS,
  ARENA_SLICE_EXECUTIONS,
  ARENA_SLICE_PAUSE_MS,
} from '../src/limits.ts';
import { sandboxExecutor } from '../src/sandbox/executor.ts';
import { remoteSandbox } from '../src/sandbox/remote.ts';
import { recordArena } from '../src/store/arena.ts';
import { openDb } from '../src/store/db.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';
import type { ArenaRpc } from './rpc.ts';
import { durableSql } from './sql.ts';

const DAY_MS = 86_400_000;

export class Arena extends DurableObject<Env> implements ArenaRpc {
  #house: ArenaHouse | null = null;
  #playing: Promise<void> | null = null;

  async keepPlaying(): Promise<void> {
    const { roundsPerDay } = marketplaceOf(this.env).config.arena;
    if (roundsPerDay === 0) return await this.ctx.storage.deleteAlarm();
    if ((await this.ctx.storage.getAlarm()) !== null) return;
    await this.ctx.storage.setAlarm(Date.now() + this.#pause_ms());
  }

  async question(key: string): Promise<ModelQuestion | null> {
    return this.#open().question(key);
  }

  async answered(key: string, answer: ModelAnswer): Promise<void> {
    const house = this.#open();
    if (!house.answered(key, answer) || house.waits) return;
    await this.ctx.storage.setAlarm(Date.now());
  }

  override async alarm(): Promise<void> {
    // One at a time: a second would play the same round beside the first.
    this.#playing ??= this.#play().finally(() => {
      this.#playing = null;
    });
    await this.#playing;
  }

  async #play(): Promise<void> {
    const { roundsPerDay } = marketplaceOf(this.env).config.arena;
    if (roundsPerDay === 0) return;
    let next_ms: number;
    try {
      const house = this.#open();
      // What the record lacks comes first: while it takes nothing, nothing is played that it would have to take.
      await this.#record(house);
      const turn = await house.turn(new AbortController().signal);
      await this.#record(house);
      next_ms = this.#after(turn);
    } catch (error) {
      // After six throws the platform would give the alarm up for good.
      const away = error instanceof JobError && error.code === 'SERVICE_UNAVAILABLE';
      if (away) console.warn('the arena rests: the sandbox is away');
      else console.error('the arena rests', error);
      next_ms = Date.now() + ARENA_REST_MS;
    }
    await this.ctx.storage.setAlarm(next_ms);
  }

  async #record(house: ArenaHouse): Promise<void> {
    const db = openDb(this.env.DB);
    for (let next = house.news(); next !== null; next = house.news()) {
      await recordArena(db, next.news);
      house.recorded(next.upto);
    }
  }

  /** Unix ms. */
  #after(turn: Turn): number {
    switch (turn.type) {
      case 'waiting':
        // The last answer comes with an alarm of its own, unless it is the one that never comes.
        return Date.now() + (this.#open().waits ? ARENA_ANSWER_PATIENCE_MS : 0);
      case 'spent':
        return turn.until_ms;
      case 'round':
      case 'examination':
        return Date.now() + this.#pause_ms();
    }
  }

  /** The day's rounds are spread over the day. */
  #pause_ms(): number {
    const { roundsPerDay } = marketplaceOf(this.env).config.arena;
    return Math.max(ARENA_MIN_PAUSE_MS, Math.floor(DAY_MS / roundsPerDay));
  }

  #open(): ArenaHouse {
    if (this.#house !== null) return this.#house;
    const { config, agents } = marketplaceOf(this.env);
    const { language, probe, roundsPerDay, tokensPerDay } = config.arena;
    const settings = settingsOf(config.arena);
    const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
    this.#house = new ArenaHouse(
      durableSql(this.ctx.storage),
      {
        language,
        seed,
        seeds: seedTasks(language),
        settings,
        probe,
        proposers: baselineProposers(settings.inductionInputs),
        solvers: baselineSolvers().map((solver) => pacedSolver(solver, pause)),
        agents: agents.flatMap((agent): ModelAgent[] =>
          agent.arena === true
            ? [{ agent: agent.slug, owner: ownerOf(agent.owners), models: agent.models }]
            : [],
        ),
        roundsPerDay,
        tokensPerDay,
      },
      {
        executor: pacedExecutor(
          sandboxExecutor(remoteSandbox(this.env.SANDBOX)),
          ARENA_SLICE_EXECUTIONS,
          pause,
        ),
        now: Date.now,
        order: async (keys) => {
          await this.env.STEPS.sendBatch(keys.map((arena) => ({ body: { arena } })));
        },
      },
    );
    return this.#house;
  }
}

const pause = (): Promise<void> => scheduler.wait(ARENA_SLICE_PAUSE_MS);

/** An agent that nobody is named for is the operator's. */
function ownerOf(owners: readonly { readonly payee: string }[]): string {
  return owners.length === 0
    ? 'operator'
    : owners
        .map(({ payee }) => payee)
        .sort()
        .join('|');
}
