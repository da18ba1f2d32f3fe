import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Pager } from '../ports/pager.ts';

/** SNS refuses a longer subject, and a longer message (bytes); a page that is cut short is better than none. */
const SUBJECT_CHARACTERS = 100;
const TEXT_BYTES = 256 * 1024;
const CUT = '\n(cut here: the message was longer than SNS allows)';

/** Tells people through the pair's SNS topic. */
export class SnsPager implements Pager {
  readonly #client: SNSClient;
  readonly #topicArn: string;

  constructor(options: { client: SNSClient; topicArn: string }) {
    this.#client = options.client;
    this.#topicArn = options.topicArn;
  }

  async page(message: { subject: string; text: string }): Promise<void> {
    const Subject = subjectLine(message.subject);
    await this.#client.send(
      new PublishCommand({ TopicArn: this.#topicArn, Subject, Message: withinBytes(message.text, TEXT_BYTES) }),
    );
  }
}

/** SNS takes one line of printable ASCII that begins with a letter, a digit or punctuation. */
export function subjectLine(text: string): string {
  const plain = text
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[\u2012-\u2015]/g, '-')
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .trim();
  return plain.slice(0, SUBJECT_CHARACTERS).trimEnd() || 'MWAA Lifeboat';
}

function withinBytes(text: string, limit: number): string {
  if (Buffer.byteLength(text) <= limit) return text;
  const room = Buffer.from(text).subarray(0, limit - Buffer.byteLength(CUT));
  // A character that was cut in half decodes to the replacement character, which may be longer: it is taken away.
  return room.toString('utf8').replace(/\ufffd+$/, '') + CUT;
}
