/** `errand mail deliver`: hands a mail to the marketplace that runs here, as a mail server would. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import PostalMime from 'postal-mime';
import * as z from 'zod';
import { delivered } from '../../scripts/local/mail.ts';
import { Ended, EXIT, UsageError } from '../exit.ts';
import { OUTPUT_FLAGS, PLACE_FLAGS, readJson } from '../settings.ts';
import type { CommandSpec } from '../spec.ts';

const door = z.looseObject({ mail: z.looseObject({ inbound: z.string() }) });

export const mailDeliver: CommandSpec = {
  name: 'mail deliver',
  summary: 'hands a mail to the marketplace that runs here',
  usage: 'FILE',
  arguments: [1, 1],
  about:
    'Hands a mail (a file as mail programs save them, .eml) to the marketplace that npm start runs here.',
  flags: {
    from: { value: 'ADDRESS', about: "envelope sender (default: the mail's From)" },
    to: { value: 'ADDRESS', about: "envelope recipient (default: the mail's To)" },
    'persist-to': PLACE_FLAGS['persist-to'],
    ...OUTPUT_FLAGS,
  },
  examples: [['errand mail deliver answer.eml', 'answer a report of a team']],
  codes: [
    [EXIT.done, 'it is taken'],
    [EXIT.failed, 'it is rejected'],
    [EXIT.usage, 'it could not be handed over'],
  ],
  async run({ flags, args: [file = ''], world }) {
    if (world.settings.dev === null) throw new UsageError('nothing is running here: npm start');
    const { mail: port } = door.parse(readJson(resolve(flags.text('persist-to') ?? '.errand', 'dev.json')));
    const raw = read(file);
    const mail = await PostalMime.parse(raw);
    const from = flags.text('from') ?? mail.from?.address;
    const to = flags.text('to') ?? mail.to?.[0]?.address;
    if (from === undefined || to === undefined)
      throw new UsageError(`${file} does not say from and to whom it is: name them with --from and --to`);
    const url = `${port.inbound}?${new URLSearchParams({ from, to })}`;
    const response = await fetch(url, { method: 'POST', body: new Uint8Array(raw) });
    const result = delivered.safeParse(await response.json());
    if (!result.success) throw new Ended(EXIT.usage, `the marketplace answered with ${response.status}`);
    world.screen.line({ type: 'mail', ...result.data });
    if (!result.data.taken) {
      const { reason, temporary } = result.data;
      throw new Ended(temporary ? EXIT.usage : EXIT.failed, `rejected: ${reason}`);
    }
    world.screen.result(`taken, from ${from} to ${to}`);
    return EXIT.done;
  },
};

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
