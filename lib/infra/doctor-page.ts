import { allChecks } from '../core/preflight/checks.ts';

const head = `# Doctor

\`lifeboat doctor\` looks whether a failover would work now. It reads, changes nothing, and says for each thing that is
wrong what was found, the cause, the fix and the page to read. Run it before the first deployment, after each one, and
on a schedule:

\`\`\`sh
lifeboat doctor
lifeboat doctor --only key,replication
lifeboat doctor --json
\`\`\`

It ends with 0 when the pair is ready and with 4 when it is not. Each check is

* \`ok\`: it was looked at and is right;
* \`fail\`: a failover would stop there, lose more than it must, or run production twice;
* \`unknown\`: it could not be looked at. What is not known is not ready;
* \`warning\`: look at it; it does not keep a failover from working.

Values of Airflow configuration options are never shown: only names of options that are wrong.

## JSON

\`--json\` prints one document; fields may be added, none goes away.

\`\`\`json
{
  "pair": "demo",
  "at": "2026-11-24T12:00:00.000Z",
  "ready": false,
  "strategy": "warm-standby",
  "target": "b",
  "checks": [{ "id": "key", "title": "...", "state": "fail" }],
  "findings": [
    { "id": "key", "level": "fail", "found": "...", "cause": "...", "fix": "...", "runbook": "runbooks/doctor.md#key" }
  ]
}
\`\`\`

## Permissions

All of them read. \`kms:GenerateDataKeyWithoutPlaintext\` and \`kms:Decrypt\` are asked for once in each direction, with a
context of their own (\`pair\` and a snapshot \`doctor\` that never exists); what they make is dropped.

| Service | Actions |
|---|---|
| DynamoDB | \`GetItem\`, \`Query\`, \`DescribeTable\`, \`DescribeContinuousBackups\` |
| S3 | \`ListBucket\`, \`GetObject\`, \`GetObjectVersion\`, \`GetBucketLocation\`, \`GetBucketVersioning\`, \`GetEncryptionConfiguration\`, \`GetReplicationConfiguration\`, \`GetBucketPolicy\`, on the Lifeboat buckets and the DAG buckets |
| KMS | \`DescribeKey\`, \`GetKeyPolicy\`, \`GenerateDataKeyWithoutPlaintext\`, \`Decrypt\` |
| IAM | \`GetRole\`, \`SimulatePrincipalPolicy\` |
| Lambda, Step Functions, Scheduler | \`GetFunctionConfiguration\`, \`DescribeStateMachine\`, \`GetSchedule\` |
| SNS, STS | \`ListSubscriptionsByTopic\`; \`GetCallerIdentity\` takes none |
| MWAA | \`GetEnvironment\`, \`ListEnvironments\`, \`InvokeRestApi\` |
| CloudWatch | \`GetMetricData\` |
| EC2, Service Quotas | \`DescribeSubnets\`, \`DescribeSecurityGroups\`; \`ListServiceQuotas\` |

## Checks

In the order in which they are shown. This page is made from the checks themselves (\`npm run generate\`).
`;

/** Text of docs/doctor.md, made from the table of checks so that neither can say something else. */
export function doctorPage(): string {
  const sections = allChecks('').map(
    ({ id, title, proves, fix }) =>
      `### ${id}\n\n${wrapped(`Right when ${title}.`)}\n\n${wrapped(proves)}\n\n${wrapped(`Fix: ${fix} See [runbooks/doctor.md](../runbooks/doctor.md#${id}).`)}\n`,
  );
  return `${head}\n${sections.join('\n')}`;
}

const columns = 120;

/** Breaks a paragraph at spaces into lines that fit. */
function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > columns) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join('\n');
}
