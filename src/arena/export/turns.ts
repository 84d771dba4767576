/** Messages as rows hold them. */
import type { Json } from '../../errors.ts';
import type { ChatTurn } from './rollout.ts';

export function turnsJson(turns: readonly ChatTurn[]): Json {
  return turns.map(({ role, content }) => ({ role, content }));
}

export function completionJson(content: string): Json {
  return [{ role: 'assistant', content }];
}
