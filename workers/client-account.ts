import { DurableObject } from 'cloudflare:workers';
import type { Env } from './env.ts';

export class ClientAccount extends DurableObject<Env> {}
