import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';

const folder = path.join(path.dirname(path.dirname(import.meta.dirname)), '.lifeboat', 'chromium');

/** Why there is no browser on this machine; null when there is one. */
export const noBrowser =
  process.platform === 'linux' && process.arch === 'x64'
    ? null
    : `the Chromium that comes by npm runs on Linux x64 only, this is ${process.platform} ${process.arch}`;

/** Starts a real headless Chromium, unpacked into the state folder, with the one font that it brings along. */
export async function startChromium(): Promise<Browser> {
  const fonts = path.join(folder, 'fontconfig');
  mkdirSync(fonts, { recursive: true });
  writeFileSync(
    path.join(fonts, 'fonts.conf'),
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>${path.join(folder, 'fonts')}</dir><cachedir>${path.join(folder, 'fontconfig', 'cache')}</cachedir></fontconfig>\n`,
  );
  // The package looks at these when it is imported; without its own fonts the browser would draw no text at all.
  process.env.TMPDIR = folder;
  process.env.FONTCONFIG_PATH = fonts;
  process.env.AWS_LAMBDA_JS_RUNTIME = 'nodejs24.x';
  const [{ default: packed }, { chromium }] = await Promise.all([
    import('@sparticuz/chromium'),
    import('playwright-core'),
  ]);
  // Its own arguments are made for Lambda: one process, and no web security, which is what is tested here.
  return await chromium.launch({
    executablePath: await packed.executablePath(),
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    headless: true,
  });
}
