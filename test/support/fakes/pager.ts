import type { Pager } from '../../../lib/ports/pager.ts';

/** Remembers what people would have been told. */
export class RecordingPager implements Pager {
  readonly pages: { subject: string; text: string }[] = [];
  /** Thrown by every call while it is set. */
  outage: Error | null = null;

  async page(message: { subject: string; text: string }): Promise<void> {
    if (this.outage !== null) throw this.outage;
    this.pages.push({ ...message });
  }
}
