/** Builds what the pages load; wrangler runs it before it bundles the Worker (wrangler.toml). */
import { buildPages } from './pages/build.ts';

const { assets } = await buildPages();
process.stdout.write(`pages: ${Object.keys(assets.files).length} files\n`);
