import { randomUUID } from 'node:crypto';
import type { Pager } from '../../../lib/ports/pager.ts';
import type { Reply } from '../../../sandbox/cloud/lambda-api.ts';

/** SNS as far as the product uses it: Publish, which pages people. */
export async function answerSns(pager: Pager, form: string): Promise<Reply> {
  const members = new URLSearchParams(form);
  await pager.page({ subject: members.get('Subject') ?? '', text: members.get('Message') ?? '' });
  const id = randomUUID();
  const body =
    `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>${id}</MessageId>` +
    `</PublishResult><ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata></PublishResponse>`;
  return { status: 200, headers: { 'content-type': 'text/xml' }, body };
}
