/** Tells people. */
export interface Pager {
  page(message: { subject: string; text: string }): Promise<void>;
}
