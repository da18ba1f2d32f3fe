import { GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { awsClients } from '../../lib/adapters/aws-clients.ts';
import { CloudWatchMetrics } from '../../lib/adapters/cloudwatch-metrics.ts';
import { SnsPager, subjectLine } from '../../lib/adapters/sns-pager.ts';
import { useMoto } from '../support/moto-server.ts';
import { useRawEndpoint } from '../support/raw-endpoint.ts';

describe('the pager', () => {
  const moto = useMoto();
  const raw = useRawEndpoint();

  it('publishes to a real topic, also what SNS would refuse as it is', async () => {
    const client = awsClients(moto.place()).sns();
    const { TopicArn = '' } = await client.send(new CreateTopicCommand({ Name: `lifeboat-pager-${process.pid}` }));
    const pager = new SnsPager({ client, topicArn: TopicArn });
    await pager.page({ subject: 'site a is down', text: 'Look at the runbook.' });
    await pager.page({ subject: `two\nlines – ${'and long '.repeat(30)}`, text: 'ü'.repeat(200_000) });
  });

  it('sends subject and text', async () => {
    raw.answer(() => ({
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body: '<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>',
    }));
    const pager = new SnsPager({ client: awsClients(raw.place()).sns(), topicArn: 'arn:aws:sns:eu-west-1:1:demo' });
    await pager.page({ subject: 'short', text: 'ü'.repeat(200_000) });
    const sent = new URLSearchParams(raw.requests[0]?.body);
    expect(sent.get('Subject')).toBe('short');
    expect(Buffer.byteLength(sent.get('Message') ?? '')).toBeLessThanOrEqual(256 * 1024);
    expect(sent.get('Message')).toMatch(/ü\n\(cut here/);
  });

  it('makes one line of printable ASCII of any subject', () => {
    expect(subjectLine('Site a: WORKERS_STUCK – it’s degraded\n since 03:00')).toBe(
      "Site a: WORKERS_STUCK - it's degraded since 03:00",
    );
    expect(subjectLine('x'.repeat(300))).toHaveLength(100);
    expect(subjectLine(' \n ')).toBe('MWAA Lifeboat');
    expect(subjectLine('Größe')).toBe('Gr??e');
  });
});

describe("the product's metrics", () => {
  const moto = useMoto();

  it('are published with their unit under the pair', async () => {
    const client = awsClients(moto.place()).cloudWatch();
    const pair = `metrics-${process.pid}`;
    await new CloudWatchMetrics({ client, pair }).publish({
      SnapshotAge: { value: 61.5, unit: 'Seconds' },
      Unprotected: { value: 1, unit: 'Count' },
    });
    const found = await client.send(
      new GetMetricStatisticsCommand({
        Namespace: 'Lifeboat',
        MetricName: 'SnapshotAge',
        Dimensions: [{ Name: 'Pair', Value: pair }],
        StartTime: new Date(Date.now() - 300_000),
        EndTime: new Date(Date.now() + 60_000),
        Period: 60,
        Statistics: ['Maximum'],
      }),
    );
    expect(found.Datapoints).toMatchObject([{ Maximum: 61.5, Unit: 'Seconds' }]);
  });

  it('need no call when there is none', async () => {
    const client = awsClients({ ...moto.place(), endpoint: 'http://127.0.0.1:1' }).cloudWatch();
    await new CloudWatchMetrics({ client, pair: 'demo' }).publish({});
  });
});
