/** JSON from strangers: parsed once, bounded in depth, and refused with the place that is wrong. */
import { JobError, type Json } from '../errors.ts';
import { JOB_MAX_JSON_DEPTH } from '../limits.ts';

/** A JSON object as it came, its members not looked at yet. */
export type JsonObject = { readonly [key: string]: Json };

/**
 * Parses a text of a request.
 *
 * @param where names the text in the error, for example `request`
 * @throws JobError BAD_REQUEST when it is not JSON, or nested deeper than JOB_MAX_JSON_DEPTH
 */
export function parseRequestJson(text: string, where: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new JobError('BAD_REQUEST', `${where} is not valid JSON`, { path: where }, { cause });
  }
  if (!isJson(value, JOB_MAX_JSON_DEPTH)) {
    throw new JobError('BAD_REQUEST', `${where} is nested deeper than ${JOB_MAX_JSON_DEPTH} levels`, {
      path: where,
      limit_levels: JOB_MAX_JSON_DEPTH,
    });
  }
  return value;
}

/** Whether a value consists of JSON only and nests at most `depth` deep. The recursion is as deep as the bound. */
export function isJson(value: unknown, depth: number): value is Json {
  if (value === null) return true;
  if (typeof value !== 'object') {
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  }
  if (depth === 0) return false;
  return Object.values(value).every((item) => isJson(item, depth - 1));
}

/** Whether a JSON value is an object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a JSON value is a list (`Array.isArray` does not narrow read-only lists). */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** What a text of somebody's answer says as JSON; undefined where it is none. To be given to a schema. */
export function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
