/** Whether JSON is what a schema asks for. */
import { Validator } from '@cfworker/json-schema';
import type { Json } from '../errors.ts';
import { settled, type Verdict } from './verdict.ts';

/** @param schema one that `schemaProblem` has nothing against */
export function passesSchema(schema: Json, value: Json): Verdict {
  if (typeof schema === 'boolean') {
    return schema ? settled('passed', '') : settled('wrong', 'the schema takes nothing');
  }
  const copy: unknown = structuredClone(schema);
  if (typeof copy !== 'object' || copy === null) return settled('broken', 'there is no schema');
  const { valid, errors } = new Validator(copy, '2020-12').validate(value);
  if (valid) return settled('passed', '');
  const cause = errors.at(-1);
  return settled('wrong', `${cause?.instanceLocation ?? '#'}: ${cause?.error ?? 'the schema refuses it'}`);
}
