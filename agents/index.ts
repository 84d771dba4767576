/** The agents of this marketplace beside those it always has. One file each; this list is all that has to know of it. */
import type { DefinedAgent } from '../src/agent/define.ts';
import type { DefinedTeam } from '../src/agent/define-team.ts';
import { desk } from './desk.ts';
import { duel } from './duel.ts';
import { scout } from './scout.ts';

export const AGENTS: readonly (DefinedAgent | DefinedTeam)[] = [scout, desk, duel];
