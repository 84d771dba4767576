/** Fields of a form from the JSON Schema of an agent's parameters. What no plain field can hold is written as JSON. */
import * as z from 'zod/mini';
import type { Json } from '../../../errors.ts';

export type FieldKind = 'text' | 'number' | 'choice' | 'boolean' | 'json';

export interface ParameterField {
  readonly name: string;
  readonly kind: FieldKind;
  readonly hint: string;
  readonly required: boolean;
  /** Of a choice. */
  readonly choices: readonly string[];
  /** Shown where nothing is typed. */
  readonly placeholder: string;
  readonly whole: boolean;
  readonly min: number | undefined;
  readonly max: number | undefined;
}

const property = z.looseObject({
  type: z.optional(z.unknown()),
  description: z.optional(z.string()),
  enum: z.optional(z.array(z.unknown())),
  minimum: z.optional(z.number()),
  maximum: z.optional(z.number()),
  default: z.optional(z.unknown()),
});
const objectSchema = z.looseObject({
  properties: z.optional(z.record(z.string(), property)),
  required: z.optional(z.array(z.string())),
});

/** The fields of a schema; none where it is nothing this form understands. */
export function fieldsOf(schema: unknown): ParameterField[] {
  const read = objectSchema.safeParse(schema);
  if (!read.success) return [];
  const { properties = {}, required = [] } = read.data;
  return Object.entries(properties).map(([name, one]) => ({
    name,
    kind: kindOf(one),
    hint: one.description ?? '',
    required: required.includes(name),
    choices: (one.enum ?? []).filter((choice) => typeof choice === 'string'),
    placeholder: one.default === undefined ? '' : textOf(one.default),
    whole: one.type === 'integer',
    min: one.minimum,
    max: one.maximum,
  }));
}

function kindOf(one: z.output<typeof property>): FieldKind {
  if (one.enum?.every((choice) => typeof choice === 'string')) return 'choice';
  if (one.type === 'integer' || one.type === 'number') return 'number';
  if (one.type === 'boolean') return 'boolean';
  return one.type === 'string' ? 'text' : 'json';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a field holds, or what is wrong with it. `undefined` is nothing. */
export type ReadField = { readonly value: Json | undefined } | { readonly wrong: string };

/** Reads what was typed as what the schema wants. */
export function readField(field: ParameterField, typed: string): ReadField {
  const text = typed.trim();
  if (text === '') return field.required ? { wrong: 'This is needed.' } : { value: undefined };
  switch (field.kind) {
    case 'number':
      return readNumber(field, text);
    case 'boolean':
      return { value: text === 'true' };
    case 'json':
      return readJson(text);
    default:
      return { value: typed };
  }
}

function readNumber({ whole, min, max }: ParameterField, text: string): ReadField {
  const value = Number(text);
  if (!Number.isFinite(value)) return { wrong: `${text} is no number.` };
  if (whole && !Number.isInteger(value)) return { wrong: 'This is a whole number.' };
  if (min !== undefined && value < min) return { wrong: `The least is ${min.toLocaleString('en-GB')}.` };
  if (max !== undefined && value > max) return { wrong: `The most is ${max.toLocaleString('en-GB')}.` };
  return { value };
}

/** JSON as somebody typed it, with where it goes wrong. */
export function readJson(text: string): ReadField {
  try {
    const value: Json = JSON.parse(text);
    return { value };
  } catch (error) {
    const where = error instanceof Error ? error.message : 'it cannot be read';
    return { wrong: `This is no JSON: ${where}` };
  }
}
