import { defineConfig } from 'drizzle-kit';

/** `npx drizzle-kit generate --name <what>` writes the next migration; wrangler applies them (docs/operating.md). */
export default defineConfig({ dialect: 'sqlite', schema: './src/store/schema.ts', out: './migrations' });
