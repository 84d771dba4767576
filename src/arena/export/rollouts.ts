/** Every response with its reward: enough to compute the baselines again. */
import { jsonLines } from './lines.ts';
import type { Rollout } from './rollout.ts';
import { turnsJson } from './turns.ts';

export function rolloutLines(rollouts: readonly Rollout[]): string {
  return jsonLines(
    rollouts.map((one) => ({
      uid: one.uid,
      group: one.group,
      mode: one.mode,
      role: one.role,
      task: one.task?.id ?? null,
      prompt: turnsJson(one.prompt),
      completion: one.completion,
      accuracy: one.accuracy,
      format: one.wellFormed ? 1 : 0,
      reward: one.reward,
      advantage: one.advantage,
      length: one.length,
      model: one.model,
      agent: one.agent,
      ts: one.at_ms,
    })),
  );
}
