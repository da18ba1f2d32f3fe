import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportPage } from '../../lib/report/html.ts';
import type { ReportRecords } from '../../lib/report/report-records.ts';
import {
  held,
  hostile,
  hostileText,
  recovered,
  recreated,
  reportOf,
  stoodDown,
  unfenced,
} from '../unit/report/fixture.ts';
import { noBrowser, startChromium } from './chromium.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64');
const address = 'http://report.test/';
const ops: Readonly<Record<string, () => ReportRecords>> = { recovered, unfenced, held, stoodDown, recreated, hostile };
const desktop = { width: 1280, height: 900 };
const phone = { width: 360, height: 740 };

type Measured = { readonly text: string; readonly ratio: number; readonly needs: number };
const weak = (found: readonly Measured[]) => found.filter(({ ratio, needs }) => ratio < needs);

describe.skipIf(noBrowser !== null)(`the page of a report in Chromium${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  /** The page of an op, what it said on the console and what it asked of the network beside itself. */
  async function open(name: string) {
    const page = await browser.newPage({ viewport: desktop });
    const said: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(String(error)));
    const body = reportPage(reportOf((ops[name] ?? recovered)()), sha256);
    await page.route('**/*', async (route) => {
      if (route.request().url() === address) return await route.fulfill({ contentType: 'text/html', body });
      asked.push(route.request().url());
      await route.abort();
    });
    await page.addInitScript({ path: path.join(import.meta.dirname, 'in-page.js') });
    await page.goto(address);
    const ask = <T>(call: string) => page.evaluate<T>(`inPage.${call}()`);
    return { page, said, asked, ask };
  }

  /** Does something with the page of an op and closes it. */
  async function withPage(name: string, act: (opened: Awaited<ReturnType<typeof open>>) => Promise<void>) {
    const opened = await open(name);
    try {
      await act(opened);
    } finally {
      await opened.page.close();
    }
  }

  const textOf = async (name: string, selector = 'body') => {
    let text = '';
    await withPage(name, async ({ page }) => {
      text = await page.locator(selector).innerText();
    });
    return text;
  };

  describe.each(Object.keys(ops))('of a %s op', (name) => {
    let opened: Awaited<ReturnType<typeof open>>;
    beforeAll(async () => {
      opened = await open(name);
      await opened.ask('openAll');
    });
    afterAll(async () => {
      await opened.page.close();
    });

    test('says nothing on the console, asks nothing of the network and has no script', async () => {
      expect(opened.said).toEqual([]);
      expect(opened.asked).toEqual([]);
      expect(await opened.page.locator('script').count()).toBe(0);
    });

    test('has landmarks, headings in order, captions, scopes and no dead link', async () => {
      expect(await opened.ask('faults')).toEqual([]);
    });

    test.each(['light', 'dark'] as const)('has the contrast of WCAG AA in the %s scheme', async (colorScheme) => {
      await opened.page.emulateMedia({ colorScheme });
      const texts = await opened.ask<Measured[]>('textContrasts');
      expect(texts.length).toBeGreaterThan(100);
      expect(weak(texts)).toEqual([]);
      expect(weak(await opened.ask('barContrasts'))).toEqual([]);
    });

    test('fits a phone of 360 px with everything opened', async () => {
      await opened.page.setViewportSize(phone);
      expect(await opened.page.evaluate('document.documentElement.scrollWidth')).toBe(phone.width);
      expect(await opened.ask('beyondTheEdge')).toEqual([]);
    });
  });

  test('is held to its own style sheet by its policy: what somebody puts into it is not run or fetched', async () => {
    await withPage('recovered', async ({ page, asked, said, ask }) => {
      await ask('plant');
      expect(await page.evaluate('window.hostile')).toBeUndefined();
      expect(await page.evaluate('getComputedStyle(document.querySelector("h1")).color')).not.toBe('rgb(255, 0, 0)');
      expect(asked).toEqual([]);
      expect(said.filter((line) => line.includes('Content Security Policy')).length).toBeGreaterThanOrEqual(3);
    });
  });

  test('tells what happened: outcome, figures, picture, steps, verdict, fence, runs', async () => {
    await withPage('recovered', async ({ page }) => {
      const text = await page.locator('main').innerText();
      for (const said of [
        '9 min 36 s',
        'No target is configured',
        'waited 6 min 14 s for a person to approve',
        'no sign of life 3 min 10 s, then down 9 min 12 s, then coming back 1 min 6 s, then runs on site b',
        'Judge again',
        'ENV_DOWN',
        'Proved to be stopped',
        'post_batch[3]',
        'when its datasets or a person start it',
        'outside Airflow',
      ]) {
        expect(text).toContain(said);
      }
      expect(await page.locator('.status').innerText()).toBe('Recovered');
    });
  });

  test.each([
    ['unfenced', ['Site a was not fenced', 'eu-west-1 is gone for hours', '312 catch-up runs', 'ObjectCorruptError']],
    ['held', ['Held: needs a person', 'No site runs production: the grant is withdrawn.', '2 h so far']],
    ['recreated', ['orders-b-2', 'orders-b in eu-central-1 is DELETING', 'version 8sK2 is not in the other bucket']],
    ['stoodDown', ['Production was not touched', 'HEALTHY again before anybody approved']],
  ])('tells what is not as usual in a %s op', async (name, sentences) => {
    const text = await textOf(name);
    for (const sentence of sentences) expect(text).toContain(sentence);
  });

  test('draws the bars to the scale of time', async () => {
    await withPage('recovered', async ({ page }) => {
      const bars = await page.locator('#timeline figure').first().locator('.lane').first().locator('.bar').all();
      const [silent = 0, down = 0, returning = 0] = await Promise.all(
        bars.map(async (bar) => (await bar.boundingBox())?.width ?? 0),
      );
      // A bar is drawn with its outline, which adds a pixel or two to what it measures.
      expect(down / silent).toBeCloseTo(552.1 / 190, 0);
      expect(down / returning).toBeGreaterThan(7);
    });
  });

  test('keeps its tables tables on a phone', async () => {
    await withPage('recovered', async ({ page }) => {
      await page.setViewportSize(phone);
      const steps = page.getByRole('table', { name: /Steps of the op/ });
      expect(await steps.getByRole('row').count()).toBe(15);
      expect(await steps.getByRole('columnheader').count()).toBe(5);
      expect(await steps.getByRole('rowheader', { name: 'Fence the losing site' }).count()).toBe(1);
    });
  });

  test('is read with the keyboard: skip link, links, folded parts that Enter opens, a focus that is seen', async () => {
    await withPage('recovered', async ({ page, ask }) => {
      type Focused = { tag: string; text: string; isSeen: boolean };
      await page.keyboard.press('Tab');
      expect(await ask('focused')).toEqual({ tag: 'A', text: 'Skip to the report', isSeen: true });
      await page.keyboard.press('Enter');
      expect((await ask<Focused>('focused')).tag).toBe('MAIN');
      const visited: string[] = [];
      while (visited.length < 40 && !visited.includes('Evidence: 10 readings')) {
        await page.keyboard.press('Tab');
        const now = await ask<Focused>('focused');
        expect(now.isSeen, now.text).toBe(true);
        visited.push(now.text);
      }
      expect(visited).toEqual(expect.arrayContaining(['may still run', 'What the patterns mean']));
      const readings = page.getByRole('table', { name: /Readings of site a/ });
      await page.keyboard.press('Enter');
      expect(await readings.isVisible()).toBe(true);
      await page.keyboard.press('Enter');
      expect(await readings.isVisible()).toBe(false);
    });
  });

  test('prints what is folded, on white, without the links that paper has no use for', async () => {
    await withPage('unfenced', async ({ page, ask }) => {
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      const folded = await page.locator('details:not([open]) > :not(summary)').all();
      expect(folded.length).toBeGreaterThan(5);
      for (const part of folded) expect((await part.boundingBox())?.height).toBeGreaterThan(0);
      expect(weak(await ask('textContrasts'))).toEqual([]);
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
      expect(await page.locator('.contents').isVisible()).toBe(false);
      expect((await page.pdf({ format: 'A4' })).subarray(0, 5).toString()).toBe('%PDF-');
    });
  });

  test('shows what customers have named as the text that it is', async () => {
    const sections = (page: Page) => page.locator('main > section').evaluateAll((found) => found.map(({ id }) => id));
    await withPage('hostile', async ({ page }) => {
      expect(await page.evaluate('window.hostile')).toBeUndefined();
      expect(await page.locator('img, script, [onerror]').count()).toBe(0);
      const shown = hostileText.replace('\u0000', '\ufffd').replace('\u202e', '\ufffd');
      expect(await page.locator('#left-paused tbody th').innerText()).toBe(shown);
      await withPage('unfenced', async (other) => expect(await sections(page)).toEqual(await sections(other.page)));
    });
  });
});
