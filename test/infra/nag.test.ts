import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { synthesise } from '../support/synthesised.ts';

describe('cdk-nag', () => {
  it('finds nothing that is not acknowledged with a reason', () => {
    expect(() => synthesise()).not.toThrow();
  });

  it('fails the synthesis when it finds something', () => {
    const outdir = mkdtempSync(join(tmpdir(), 'lifeboat-nag-'));
    try {
      const app = new App({ outdir });
      Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
      new Bucket(new Stack(app, 'Planted'), 'Open');
      expect(() => app.synth()).toThrow('AwsSolutions-S1');
    } finally {
      rmSync(outdir, { recursive: true, force: true });
    }
  });
});
