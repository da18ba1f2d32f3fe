import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { PairConfig } from '../../contracts/config.ts';
import { namesOf } from '../../contracts/names.ts';
import { alarms, periodSeconds } from '../alarms.ts';
import { machinesIn } from '../functions.ts';
import { metricNamespace } from '../permissions.ts';

/** The alarms of the pair; each tells the topic when it goes off and when it is over, and names its runbook. */
export class Alarms extends Construct {
  constructor(scope: Construct, config: PairConfig, topic: ITopic) {
    super(scope, 'alarms');
    for (const spec of alarms) {
      if (!machinesIn(config.mode).includes(spec.publishedBy)) continue;
      const alarm = new Alarm(this, spec.name, {
        alarmName: `${namesOf(config).prefix}-${spec.name}`,
        alarmDescription: `${spec.says} Runbook: runbooks/${spec.name}.md`,
        metric: new Metric({
          namespace: metricNamespace,
          metricName: spec.metric,
          dimensionsMap: { Pair: config.pair },
          statistic: spec.statistic,
          period: Duration.seconds(periodSeconds(spec, config.timing)),
        }),
        threshold: spec.threshold(config.timing),
        comparisonOperator:
          spec.comparison === 'above'
            ? ComparisonOperator.GREATER_THAN_THRESHOLD
            : ComparisonOperator.LESS_THAN_THRESHOLD,
        evaluationPeriods: spec.periods,
        treatMissingData: spec.missing === 'breaching' ? TreatMissingData.BREACHING : TreatMissingData.IGNORE,
      });
      alarm.addAlarmAction(new SnsAction(topic));
      alarm.addOkAction(new SnsAction(topic));
    }
  }
}
