/**
 * The report of a team at work as feedback: `progress`, the data as JSON in a `report` tag, the words in the content.
 * A long report gives way in this order: first data, member by member, then the end of the words.
 */
import type { Json } from '../errors.ts';
import { JOB_SHORT_REPORT_BYTES } from '../limits.ts';
import type { EventTemplate, Tag } from '../nostr/event.ts';
import { isObject } from './json.ts';
import type { Report, Sealing } from './model.ts';
import { jsonBytes, withBeginning, withinEventLimit } from './size.ts';

type TeamReport = Extract<Report, { readonly type: 'teamReport' }>;

/** Stands at the end of words that were cut. */
const CUT = '\n\n*The rest of this report did not fit into the event.*';

/** @param make the event with that content and these tags beside its address and status */
export function teamFeedback(
  { done, total, content, data }: TeamReport,
  sealing: Sealing,
  make: (content: string, tags: readonly Tag[]) => EventTemplate,
): EventTemplate {
  const tags = (json: Json): Tag[] => [
    ['progress', String(done), String(total)],
    ['report', JSON.stringify(json)],
  ];
  return withinEventLimit(
    sealing,
    make(content, tags(data)),
    () => make(content, tags(shortened(data))),
    () => withBeginning(sealing, content, (beginning) => make(beginning + CUT, tags(shortened(data)))),
  );
}

/** The members of an object that fit, in their order, with the names of those left out as `omitted`. */
function shortened(data: Json): Json {
  if (!isObject(data)) return { omitted: true };
  const kept: { [name: string]: Json } = {};
  const omitted: string[] = [];
  let bytes = 0;
  for (const [name, value] of Object.entries(data)) {
    const more = jsonBytes({ [name]: value });
    if (bytes + more > JOB_SHORT_REPORT_BYTES) omitted.push(name);
    else {
      kept[name] = value;
      bytes += more;
    }
  }
  return { ...kept, omitted };
}
