/**
 * NIP-90 parameters are strings; a card's schema says what they stand for. Only a text that is exactly a number,
 * a boolean or JSON is read as one; anything else is left for the schema to refuse.
 */
import type { Json } from '../errors.ts';
import { JOB_MAX_JSON_DEPTH } from '../limits.ts';
import { isJson, isList, isObject, type JsonObject } from './json.ts';

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** The parameters as the schema's types want them. */
export function coerceParameters(parameters: JsonObject, schema: JsonObject): JsonObject {
  const properties = schema.properties;
  if (!isObject(properties)) return parameters;
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      Object.hasOwn(properties, name) ? coerce(value, properties[name]) : value,
    ]),
  );
}

function coerce(value: Json, schema: Json | undefined): Json {
  if (!isObject(schema)) return value;
  const types = isList(schema.type) ? schema.type : [schema.type];
  if (types.includes('array')) return coerceList(value, schema.items);
  if (typeof value !== 'string' || types.includes('string')) return value;
  if ((types.includes('number') || types.includes('integer')) && NUMBER.test(value)) return Number(value);
  if (types.includes('boolean') && (value === 'true' || value === 'false')) return value === 'true';
  if (types.includes('object')) return jsonOrText(value);
  return value;
}

/** A list is written as several values, or as one value that is a JSON list; one plain value is a list of one. */
function coerceList(value: Json, items: Json | undefined): Json {
  if (typeof value === 'string' && value.startsWith('[')) {
    const list = jsonOrText(value);
    if (isList(list)) return list;
  }
  return (isList(value) ? value : [value]).map((item) => coerce(item, items));
}

/** JSON where a text is some; else the text. */
export function jsonOrText(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value, JOB_MAX_JSON_DEPTH) ? value : text;
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
