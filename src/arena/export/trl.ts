/** Rows in the columns that TRL's trainers read, in its conversational form. */
import { jsonLines } from './lines.ts';
import type { Rollout } from './rollout.ts';
import { completionJson, turnsJson } from './turns.ts';

/** GRPO: prompts alone, each once, with what a reward function needs to judge. */
export function grpoLines(rollouts: readonly Rollout[]): string {
  const byPrompt = Map.groupBy(
    rollouts.filter(({ role }) => role === 'solve'),
    promptKey,
  );
  return jsonLines(
    [...byPrompt.values()].flatMap(([first]) =>
      first === undefined || first.task === null
        ? []
        : [{ prompt: turnsJson(first.prompt), mode: first.mode, task: taskJson(first) }],
    ),
  );
}

/** SFT: what was right. */
export function sftLines(rollouts: readonly Rollout[]): string {
  return jsonLines(
    rollouts.filter(isRight).map(({ prompt, completion }) => ({
      prompt: turnsJson(prompt),
      completion: completionJson(completion),
    })),
  );
}

/** KTO: everything, with whether it earned something. */
export function ktoLines(rollouts: readonly Rollout[]): string {
  return jsonLines(
    rollouts.map(({ prompt, completion, reward }) => ({
      prompt: turnsJson(prompt),
      completion: completionJson(completion),
      label: reward > 0,
    })),
  );
}

/** DPO: a right and a wrong answer to one prompt; each answer in one pair at the most. */
export function dpoLines(rollouts: readonly Rollout[]): string {
  const byPrompt = Map.groupBy(
    rollouts.filter(({ role }) => role === 'solve'),
    promptKey,
  );
  return jsonLines(
    [...byPrompt.values()].flatMap((answers) => {
      const right = answers.filter(isRight);
      const wrong = answers.filter((answer) => !isRight(answer));
      return right.slice(0, wrong.length).map((chosen, i) => ({
        prompt: turnsJson(chosen.prompt),
        chosen: completionJson(chosen.completion),
        rejected: completionJson(wrong[i]?.completion ?? ''),
      }));
    }),
  );
}

function isRight({ role, reward }: Rollout): boolean {
  return role === 'solve' && reward > 0;
}

function promptKey({ mode, prompt }: Rollout): string {
  return JSON.stringify([mode, prompt]);
}

/** As text: the columns of all rows have to have one type. */
function taskJson({ task }: Rollout): string {
  return JSON.stringify(task?.content ?? null);
}
