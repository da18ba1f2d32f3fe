import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Side } from '../../contracts/ids.ts';
import { namesOf } from '../../contracts/names.ts';
import { SiteBucket } from '../constructs/site-bucket.ts';
import { SiteKey } from '../constructs/site-key.ts';
import { StepFunction } from '../constructs/step-function.ts';
import { probeFunction } from '../functions.ts';
import type { LifeboatStackProps } from './controller-stack.ts';

export type SiteStackProps = LifeboatStackProps & { readonly side: Side };

/** What stands in a site's own Region: its bucket, its half of the key, and a vantage that looks at the other site. */
export class SiteStack extends Stack {
  constructor(scope: Construct, props: SiteStackProps) {
    const { config, side } = props;
    super(scope, `${namesOf(config).prefix}-site-${side}`, {
      env: { account: config.account, region: config.sites[side].region },
      description: `MWAA Lifeboat: site ${side} of pair ${config.pair}`,
    });
    const key = new SiteKey(this, config, side);
    new SiteBucket(this, config, side, key);
    new StepFunction(this, { ...props, spec: probeFunction });
    new CfnOutput(this, 'KeyArn', { value: key.key.keyArn, description: 'Parameter PrimaryKeyArn of site b.' });
  }
}
