/** From what was typed to what is asked for, with what is wrong by field. */
import type { JobOrder } from '../../../client/request.ts';
import type { Json } from '../../../errors.ts';
import type { FormDraft } from '../lib/draft.ts';
import { type ParameterField, readField, readJson } from './schema-fields.ts';

/** What is wrong, by the field it is about; `form` is about all of it. Parameters are `parameters.<name>`. */
export type Wrongs = Readonly<Record<string, string>>;

/** What the form asks for, apart from who asks. */
export interface Asked {
  readonly text: string;
  readonly parameters: { readonly [name: string]: Json };
  readonly contract: { readonly [key: string]: Json } | null;
  readonly session: string | null;
  readonly encrypted: boolean;
}

/** Reads the form. What the browser can see is told here; the rest the marketplace tells with the price. */
export function readForm(
  draft: FormDraft,
  fields: readonly ParameterField[],
): { readonly asked: Asked } | { readonly wrongs: Wrongs } {
  const wrongs: Record<string, string> = {};
  if (draft.text.trim() === '') wrongs.text = 'Say what is to be done.';
  const parameters: Record<string, Json> = {};
  for (const field of fields) {
    const read = readField(field, draft.parameters[field.name] ?? '');
    if ('wrong' in read) wrongs[`parameters.${field.name}`] = read.wrong;
    else if (read.value !== undefined) parameters[field.name] = read.value;
  }
  const contract = readContract(draft, wrongs);
  return Object.keys(wrongs).length > 0
    ? { wrongs }
    : {
        asked: {
          text: draft.text,
          parameters,
          contract,
          session: draft.session.trim() === '' ? null : draft.session.trim(),
          encrypted: draft.encrypted,
        },
      };
}

function readContract(draft: FormDraft, wrongs: Record<string, string>): Asked['contract'] {
  let contract: Record<string, Json> | null = null;
  if (draft.contract.trim() !== '') {
    const read = readJson(draft.contract);
    if ('wrong' in read) wrongs.contract = read.wrong;
    else if (typeof read.value !== 'object' || read.value === null || Array.isArray(read.value))
      wrongs.contract = 'A check is a JSON object.';
    else contract = { verify: read.value };
  }
  const most = draft.most_sats.trim();
  if (most !== '') {
    if (!/^\d{1,10}$/.test(most)) wrongs.most_sats = 'This is a whole number of sats.';
    else contract = { ...contract, payment_amount_sats: Number(most) };
  }
  return contract;
}

/** The order that is signed. @param relays where answers are wanted besides */
export function orderOf(asked: Asked, agent: string, kind: number): JobOrder {
  return {
    kind,
    agent,
    text: asked.text,
    parameters: asked.parameters,
    ...(asked.session === null ? {} : { session: asked.session }),
    ...(asked.contract === null ? {} : { contract: asked.contract }),
    ...(asked.encrypted ? { encrypted: true } : {}),
  };
}

/** Which field a path of the marketplace's (`$.parameters.limit`) is about. */
export function fieldAt(path: string): string {
  const parameter = /^\$\.parameters\.([A-Za-z_]\w*)/.exec(path)?.[1];
  if (parameter !== undefined) return `parameters.${parameter}`;
  if (path.includes('payment_amount_sats')) return 'most_sats';
  if (path.startsWith('$.contract') || path.startsWith('contract')) return 'contract';
  return path.startsWith('$.messages') ? 'text' : 'form';
}
