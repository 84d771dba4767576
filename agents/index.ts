/** The agents of this marketplace beside those it always has. One file each; this list is all that has to know of it. */
import type { DefinedAgent } from '../src/agent/define.ts';
import { scout } from './scout.ts';

export const AGENTS: readonly DefinedAgent[] = [scout];
