/**
 * A season of the arena in this process: the house that `workers/arena.ts` holds, over a database in memory, with the
 * baseline in all seats. It has no clock, so a seed is all there is to it: a round is a nominal minute.
 */
import { loadTokenizer } from '../../src/agent/window/tokenizer.ts';
import { baselineProposers, baselineSolvers } from '../../src/arena/baseline/seats.ts';
import { rolloutsOf } from '../../src/arena/export/from-round.ts';
import type { Rollout } from '../../src/arena/export/rollout.ts';
import type { Entry } from '../../src/arena/house/entries.ts';
import { ArenaHouse } from '../../src/arena/house/house.ts';
import type { RoundRecord } from '../../src/arena/round.ts';
import { seedTasks } from '../../src/arena/seeds/seeds.ts';
import { DEFAULT_SETTINGS } from '../../src/arena/settings.ts';
import type { Executor, Language } from '../../src/checks/executor.ts';
import type { ArenaFrontierRecord } from '../../src/store/arena.ts';
import type { RatingRecord } from '../../src/store/arena-record.ts';
import { nodeSql } from '../local/node-sql.ts';

export interface SeasonOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly language: Language;
  readonly executor: Executor;
}

export interface PlayedSeason {
  readonly records: readonly RoundRecord[];
  readonly ratings: readonly RatingRecord[];
  readonly frontier: readonly ArenaFrontierRecord[];
  rollouts(): Promise<readonly Rollout[]>;
}

const ROUND_MS = 60_000;

export async function playSeason({ rounds, seed, language, executor }: SeasonOptions): Promise<PlayedSeason> {
  let now_ms = 0;
  const house = new ArenaHouse(
    nodeSql(),
    {
      language,
      seed,
      seeds: seedTasks(language),
      settings: DEFAULT_SETTINGS,
      probe: null,
      proposers: baselineProposers(DEFAULT_SETTINGS.inductionInputs),
      solvers: baselineSolvers(),
      agents: [],
      roundsPerDay: Number.POSITIVE_INFINITY,
      tokensPerDay: 0,
    },
    { executor, now: () => now_ms, order: async () => undefined },
  );
  const played: {
    readonly record: RoundRecord;
    readonly entries: readonly Entry[];
    readonly at_ms: number;
  }[] = [];
  const ratings = new Map<string, RatingRecord>();
  const frontier = new Map<string, ArenaFrontierRecord>();
  const standings = new Map<string, { readonly group: string; readonly advantage: number | null }>();
  const { signal } = new AbortController();
  for (let i = 0; i < rounds; i += 1) {
    const turn = await house.turn(signal);
    if (turn.type !== 'round') throw new Error(`a season without models came to ${turn.type}`);
    played.push({ record: turn.record, entries: turn.entries, at_ms: now_ms });
    now_ms += ROUND_MS;
    for (let next = house.news(); next !== null; next = house.news()) {
      house.recorded(next.upto);
      for (const { round, at, group } of next.news.attempts) {
        if (group != null) standings.set(`${round}/${at}`, { group, advantage: null });
      }
      for (const { round, at, advantage } of next.news.advantages) {
        const known = standings.get(`${round}/${at}`);
        if (known !== undefined) standings.set(`${round}/${at}`, { ...known, advantage });
      }
      for (const one of next.news.ratings) ratings.set(`${one.agent}/${one.mode}/${one.role}`, one);
      for (const one of next.news.frontier) frontier.set(`${one.mode}/${one.stretch}`, one);
    }
  }
  return {
    records: played.map(({ record }) => record),
    ratings: [...ratings.values()],
    frontier: [...frontier.values()].sort(
      (a, b) => a.stretch - b.stretch || (a.mode < b.mode ? -1 : Number(a.mode > b.mode)),
    ),
    async rollouts() {
      const countTokens = await loadTokenizer();
      return played.flatMap(({ record, entries, at_ms }) =>
        rolloutsOf(record, entries, {
          settings: DEFAULT_SETTINGS,
          season: `${language}/${seed}`,
          standing: (round, at) => standings.get(`${round}/${at}`) ?? null,
          countTokens,
          at_ms,
        }),
      );
    },
  };
}
