import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escaped, html } from '../../../lib/report/html/markup.ts';
import { offset } from '../../../lib/report/html/times.ts';
import { reportPage } from '../../../lib/report/html.ts';
import type { ReportRecords } from '../../../lib/report/report-records.ts';
import { reportLines } from '../../../lib/report/text.ts';
import {
  held,
  hostile,
  hostileText,
  interrupted,
  recovered,
  recreated,
  reportOf,
  stoodDown,
  unfenced,
} from './fixture.ts';
import { at, op } from './records.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64');
const pageOf = (records: ReportRecords) => reportPage(reportOf(records), sha256);

/** What could end a text or a quote, begin an entity or turn the direction, between what could not. */
const character = fc.constantFrom(...'<>"\'&;#x39/ \u0000\u202e\u2066\u200fa\u00e9');

describe('markup', () => {
  it('escapes every value that is not markup itself', () => {
    expect(html`<p title="${'"&\''}">${'<b>'}${html`<i>${'x'}</i>`}${null}${false}${0}</p>`.text).toBe(
      '<p title="&quot;&amp;&#39;">&lt;b&gt;<i>x</i>0</p>',
    );
  });

  it('leaves no character that could end a text, a quote or turn the direction, whatever is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: character }), (text) => {
        expect(escaped(text)).not.toMatch(/[<>"'\u202a-\u202e\u2066-\u2069]|&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
    expect(escaped('a\u202eb\u0000')).toBe('a\ufffdb\ufffd');
  });

  it('counts from zero in both directions', () => {
    expect([offset(at(8.7), at(0)), offset(at(-31), at(0)), offset(at(0), at(0))]).toEqual([
      '+8.7 s',
      '\u221231 s',
      '0',
    ]);
  });
});

describe('the page of a report', () => {
  it.each([
    ['recovered', recovered],
    ['unfenced', unfenced],
    ['held', held],
    ['stood down', stoodDown],
    ['recreated', recreated],
    ['hostile', hostile],
  ])('of an op that is %s holds no script and nothing from elsewhere', (_, records) => {
    const page = pageOf(records());
    expect(page).not.toMatch(/<(script|img|iframe|link|object|embed|form|base)\b/i);
    expect(page).not.toMatch(/\s(on[a-z]+|style|src)="/i);
    expect(page.match(/url\([^)]*\)/g)?.every((address) => address.startsWith('url(#p-'))).toBe(true);
  });

  it('allows its own style sheet by digest and nothing else', () => {
    const page = pageOf(recovered());
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
    expect(page).toContain(
      `content="default-src &#39;none&#39;; style-src &#39;sha256-${sha256(style)}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`,
    );
  });

  it('shows hostile names as text', () => {
    const page = pageOf(hostile());
    expect(page).not.toContain(hostileText);
    expect(page).toContain('&lt;script&gt;window.hostile = 1&lt;/script&gt;');
  });

  it('names how the op stands in its title', () => {
    const title = (records: ReportRecords) => /<title>(.*?):/.exec(pageOf(records))?.[1];
    const { op: record } = stoodDown();
    expect(title(recovered())).toBe('Recovered');
    expect(title(unfenced())).toBe('Recovered, with warnings');
    expect(title(stoodDown())).toBe('Stood down');
    expect(title({ ...stoodDown(), op: { ...record, failure: 'HelperFailedError: x' } })).toBe(
      'Stood down after an error',
    );
    expect(title({ ...held(), op: { ...held().op, needs: null } })).toBe('In progress');
    expect(title({ ...held(), op: { ...held().op, needs: null, outcome: 'given-back', endedAt: at(700) } })).toBe(
      'Given back',
    );
  });

  it('is made of an op of which nothing is known but that it began', () => {
    const page = pageOf({
      ...recovered(),
      op: op(),
      steps: [],
      approval: null,
      fence: null,
      snapshots: [],
      period: null,
    });
    expect(page).toContain('In progress');
    expect(page).toContain('No step has begun.');
    expect(page).toContain('not yet');
  });

  it('has a close-up of the part after the withdrawal when a long wait makes that small', () => {
    expect(pageOf(recreated())).toContain('Close-up: from the withdrawal of the grant');
    expect(pageOf(stoodDown())).not.toContain('Close-up');
  });

  it('says how many there are when the journal names some of them', () => {
    const { steps, ...rest } = recovered();
    const many = steps.map((one) =>
      one.state === 'Import the rest' ? { ...one, output: { ...one.output, interruptedCount: 1200 } } : one,
    );
    expect(pageOf({ ...rest, steps: many })).toContain(`${interrupted.length} of 1200 are named here`);
  });

  it('folds what is longer than a screen of rows', () => {
    const { steps, ...rest } = recovered();
    const nextRuns = Array.from({ length: 90 }, (_, n) => ({ dagId: `dag_${n}`, logicalDate: null }));
    const many = steps.map((one) =>
      one.state === 'Promote the site' ? { ...one, output: { ...one.output, nextRuns } } : one,
    );
    expect(pageOf({ ...rest, steps: many })).toContain('<summary>70 more</summary>');
  });
});

describe('the report as text', () => {
  it('says what the op needs, why it ended, what was created and what was found behind a fence', () => {
    const { fence, ...rest } = unfenced();
    const text = reportLines(
      reportOf({
        ...rest,
        op: { ...rest.op, failure: 'HelperFailedError: no result' },
        fence: fence && { ...fence, reopenedAt: at(800) },
      }),
    ).join('\n');
    expect(text).toContain('ended after an error: HelperFailedError: no result');
    expect(text).toContain('production was found at work behind it 2026-11-24 12:13:20Z');
    expect(text).toContain('(6 min 14 s waiting for a person to approve)');
    expect(reportLines(reportOf(recreated())).join('\n')).toContain(
      'passed over: orders-b: orders-b in eu-central-1 is DELETING',
    );
    expect(reportLines(reportOf(held())).join('\n')).toContain('needs: HelperFailedError');
  });
});

describe('the recovery time', () => {
  const withTarget = (recoveryTimeTargetSeconds: number) => {
    const records = recovered();
    const timing = { ...records.config.timing, recoveryTimeTargetSeconds };
    return pageOf({ ...records, config: { ...records.config, timing } });
  };

  it.each([
    [86_400, 'within'],
    [1, 'beyond'],
  ])('is compared with its target of %i s: %s', (target, word) => {
    expect(withTarget(target)).toMatch(new RegExp(`${word}(</span>)+ the target`));
  });

  it('has no target when none is configured', () => {
    expect(pageOf(recovered())).toContain('No target is configured.');
  });
});
