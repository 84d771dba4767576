/** `errand mail deliver`: hands a mail to the marketplace that runs here, as a mail server would. */
import { readFileSync } from 'node:fs';
import PostalMime from 'postal-mime';
import type { Command } from '../operator/command.ts';
import { UNABLE } from '../operator/marketplace.ts';
import { delivered } from './mail.ts';
import { fail, readOptions } from './options.ts';
import { DEFAULT_HOME, homeAt, readDevFile } from './state.ts';

const USAGE = `npm run errand -- mail deliver FILE [options]

  Hands a mail (a file as mail programs save them, .eml) to the marketplace that npm start runs here.
  Ends with 0 when it is taken, 1 when it is rejected, 2 when it could not be handed over.

  --from ADDRESS    envelope sender (default: the mail's From)
  --to ADDRESS      envelope recipient (default: the mail's To)
  --persist-to DIR  where npm start keeps its dev.json (default .errand)
`;

export const mailDeliver: Command = {
  summary: 'hands a mail to the marketplace that runs here',
  async run(args) {
    const options = readOptions(
      {
        args: [...args],
        allowPositionals: true,
        options: {
          from: { type: 'string' },
          to: { type: 'string' },
          'persist-to': { type: 'string', default: DEFAULT_HOME },
        },
      },
      USAGE,
      UNABLE,
    );
    if (options === undefined) return;
    const [file] = options.positionals;
    if (file === undefined || options.positionals.length > 1) return fail(USAGE.trimEnd(), UNABLE);
    const dev = readDevFile(homeAt(options.values['persist-to']));
    if (dev === undefined) return fail('nothing is running here: npm start', UNABLE);
    const raw = readFileSync(file);
    const mail = await PostalMime.parse(raw);
    const from = options.values.from ?? mail.from?.address;
    const to = options.values.to ?? mail.to?.[0]?.address;
    if (from === undefined || to === undefined)
      return fail(`${file} does not say from and to whom it is: name them with --from and --to`, UNABLE);
    const response = await fetch(`${dev.mail.inbound}?${new URLSearchParams({ from, to })}`, {
      method: 'POST',
      body: raw,
    });
    const result = delivered.safeParse(await response.json());
    if (!result.success) return fail(`the marketplace answered with ${response.status}`, UNABLE);
    if (result.data.taken) process.stdout.write(`taken, from ${from} to ${to}\n`);
    else fail(`rejected: ${result.data.reason}`, result.data.temporary ? UNABLE : 1);
  },
};
