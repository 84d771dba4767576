/** What a round leaves for trainers: every response that earned something, with the prompt a model would have had. */
import { sha256Hex } from '../../nostr/event.ts';
import type { Entry } from '../house/entries.ts';
import { proposePrompt } from '../prompts/propose.ts';
import { solvePrompt } from '../prompts/solve.ts';
import { type RoundRecord, referenceOf } from '../round.ts';
import type { ArenaSettings } from '../settings.ts';
import { questionOf } from '../task.ts';
import type { ChatTurn, Rollout } from './rollout.ts';

export interface RolloutFacts {
  readonly settings: ArenaSettings;
  /** Tells seasons apart: the same round of another one is another response. */
  readonly season: string;
  /** The group a response counts in, and its advantage once that is closed; null where it counts in none. */
  readonly standing: (
    round: number,
    at: number,
  ) => { readonly group: string; readonly advantage: number | null } | null;
  readonly countTokens: (text: string) => number;
  /** Unix ms. */
  readonly at_ms: number;
}

/** Responses that earned nothing because they count for nobody are left out. */
export function rolloutsOf(
  record: RoundRecord,
  entries: readonly Entry[],
  facts: RolloutFacts,
): readonly Rollout[] {
  const { round, mode, stored, shown, proposer } = record;
  return entries.flatMap((entry): Rollout[] => {
    const standing = facts.standing(round, entry.at);
    if (entry.reward === null || standing === null) return [];
    const { role, agent, text } = entry;
    const shownBy = shown.flatMap((one) => one.proposer ?? []);
    return [
      {
        uid: sha256Hex(`${facts.season}/${round}/${entry.at}`).slice(0, 32),
        group: standing.group,
        mode,
        role,
        task: stored === null ? null : { id: stored.id, content: stored.task },
        references: role === 'propose' ? shown.map(({ id }) => id) : [],
        prompt: promptOf(record, entry, facts.settings),
        completion: text,
        accuracy: entry.accuracy,
        wellFormed: entry.wellFormed,
        reward: entry.reward,
        advantage: standing.advantage,
        // A response of nothing counts as one token: it was answered all the same.
        length: Math.max(1, facts.countTokens(text)),
        model: entry.asked?.model ?? agent,
        agent,
        contributors: [...new Set(role === 'solve' ? [proposer] : shownBy)],
        at_ms: facts.at_ms,
      },
    ];
  });
}

function promptOf(
  { order, shown, stored }: RoundRecord,
  { role }: Entry,
  settings: ArenaSettings,
): readonly ChatTurn[] {
  if (role === 'propose') return order === null ? [] : proposePrompt(order, shown.map(referenceOf), settings);
  return stored === null ? [] : solvePrompt(questionOf(stored.task), settings);
}
